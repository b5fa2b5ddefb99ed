"""The Lua scripts: loaded once, run by their hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from importlib import resources
from typing import Any

import orjson
from redis.exceptions import NoScriptError

from livefeed.store.translate import translated

__all__ = ["Scripts", "pairs_of"]

Argument = str | bytes | int


class _Script:
    def __init__(self, name: str) -> None:
        folder = resources.files("livefeed.store")
        reign, own = ((folder / file).read_text("utf-8") for file in ("reign.lua", f"{name}.lua"))
        self.text = reign + "\n" + own
        self.sha = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()


class Scripts:
    """Runs the scripts on one client. Each raises :class:`~livefeed.errors.StoreError` only."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._attach, self._page, self._commit = (_Script(name) for name in ("attach", "page", "commit"))
        self._read = _Script("read")

    async def attach(self, keys: Sequence[str], args: Sequence[Argument]) -> list[Any]:
        return await self._run(self._attach, keys, args)

    async def page(self, keys: Sequence[str], args: Sequence[Argument]) -> list[Any]:
        return await self._run(self._page, keys, args)

    async def read(self, key: str, *commands: Sequence[str | int]) -> list[Any]:
        """Several reads at one moment, of keys in one slot with ``key``; answers are raw.

        (A script, since redis-py's transactions stumble over many commands on a cluster.)
        """
        return await self._run(self._read, [key], [orjson.dumps(commands)])

    async def commit(self, keys: Sequence[str], args: Sequence[Argument]) -> list[Any]:
        return await self._run(self._commit, keys, args)

    async def commit_and_wait(
        self, keys: Sequence[str], args: Sequence[Argument], *, replicas: int, timeout_ms: int
    ) -> tuple[list[Any], int]:
        """Commit, then ``WAIT`` on the same connection: on another one it answers for nothing.

        Returns what the script returned and how many replicas confirmed in time.
        """
        with translated():
            pipeline = self._client.pipeline(transaction=False)
            pipeline.eval(self._commit.text, len(keys), *keys, *args)
            pipeline.wait(replicas, timeout_ms)
            committed, confirmed = await pipeline.execute()
        return committed, confirmed

    async def _run(self, script: _Script, keys: Sequence[str], args: Sequence[Argument]) -> list[Any]:
        with translated():
            try:
                got = await self._client.evalsha(script.sha, len(keys), *keys, *args)
            except NoScriptError:  # nothing ran: a new server, or a replica that took over
                got = await self._client.eval(script.text, len(keys), *keys, *args)
        return list(got)


def pairs_of(answer: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """The pairs of a raw answer: field and value, member and score."""
    return zip(answer[::2], answer[1::2], strict=True)
