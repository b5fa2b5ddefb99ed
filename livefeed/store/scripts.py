"""The Lua scripts: loaded once, run by their hash."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Sequence
from importlib import resources
from typing import Any, Final, Literal, TypeAlias

import orjson
from redis.asyncio import RedisCluster
from redis.exceptions import NoScriptError

from livefeed.errors import StoreError
from livefeed.store.translate import translated

__all__ = ["Scripts", "Writer", "pairs_of"]

Argument = str | bytes | int
Call = tuple[Sequence[str], Sequence[Argument]]
"""The keys and the arguments of one run of a script."""

Writer: TypeAlias = Literal["commit", "item"]

_AT_ONCE = 100
"""So many runs are sent together; Redis serves nobody else meanwhile (some 3 ms)."""

_AT_ONCE_ON_CLUSTER = 16


_SHARED: Final = ("log", "update", "pictures")
"""What is put before the scripts that write."""


class _Script:
    def __init__(self, name: str, *shared: str) -> None:
        folder = resources.files("livefeed.store")
        parts = ((folder / f"{part}.lua").read_text("utf-8") for part in ("reign", *shared, name))
        self.text = "\n".join(parts)
        self.sha = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()


class Scripts:
    """Runs the scripts on one client. Each raises :class:`~livefeed.errors.StoreError` only."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._attach, self._page, self._items = (_Script(name) for name in ("attach", "page", "items"))
        self._read, self._readers = _Script("read"), _Script("readers")
        self._writers = {name: _Script(name, *_SHARED) for name in ("commit", "item")}
        self._presence = _Script("presence")

    async def attach(self, keys: Sequence[str], args: Sequence[Argument]) -> list[Any]:
        return await self._run(self._attach, keys, args)

    async def attach_many(self, calls: Sequence[Call]) -> list[list[Any] | StoreError]:
        """See :meth:`_run_many`."""
        return await self._run_many(self._attach, calls)

    async def readers_many(self, calls: Sequence[Call]) -> list[list[Any] | StoreError]:
        """See :meth:`_run_many`."""
        return await self._run_many(self._readers, calls)

    async def presence_many(self, calls: Sequence[Call]) -> list[list[Any] | StoreError]:
        """See :meth:`_run_many`."""
        return await self._run_many(self._presence, calls)

    async def page(self, keys: Sequence[str], args: Sequence[Argument]) -> list[Any]:
        return await self._run(self._page, keys, args)

    async def read(self, key: str, *commands: Sequence[str | int]) -> list[Any]:
        """Several reads at one moment, of keys in one slot with ``key``; answers are raw.

        (A script, since redis-py's transactions stumble over many commands on a cluster.)
        """
        return await self._run(self._read, [key], [orjson.dumps(commands)])

    async def items(self, keys: Sequence[str], args: Sequence[Argument]) -> list[Any]:
        return await self._run(self._items, keys, args)

    async def write(self, writer: Writer, keys: Sequence[str], args: Sequence[Argument]) -> list[Any]:
        """Run one of the scripts that write a feed."""
        return await self._run(self._writers[writer], keys, args)

    async def write_and_wait(
        self,
        writer: Writer,
        keys: Sequence[str],
        args: Sequence[Argument],
        *,
        replicas: int,
        timeout_ms: int,
    ) -> tuple[list[Any], int]:
        """Write, then ``WAIT`` on the same connection: on another one it answers for nothing.

        Returns what the script returned and how many replicas confirmed in time.
        """
        with translated():
            pipeline = self._client.pipeline(transaction=False)
            pipeline.eval(self._writers[writer].text, len(keys), *keys, *args)
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

    async def _run_many(self, script: _Script, calls: Sequence[Call]) -> list[list[Any] | StoreError]:
        """Many runs of one script in few round trips; what went wrong with one stands in its place.

        (On Cluster each goes its own way, some at the same time.)
        """
        answers: list[list[Any] | StoreError] = []
        if isinstance(self._client, RedisCluster):
            for some in _pieces(calls, _AT_ONCE_ON_CLUSTER):
                answers += await asyncio.gather(*(self._run_or_error(script, *call) for call in some))
        else:
            for some in _pieces(calls, _AT_ONCE):
                answers += await self._pipelined(script, some)
        return answers

    async def _pipelined(self, script: _Script, calls: Sequence[Call]) -> list[list[Any] | StoreError]:
        pipeline = self._client.pipeline(transaction=False)
        for keys, args in calls:
            pipeline.evalsha(script.sha, len(keys), *keys, *args)
        try:
            with translated():
                got = await pipeline.execute(raise_on_error=False)
        except StoreError as error:
            return [error] * len(calls)
        return [
            # Nothing ran: the first one loads the script, for those that come after it too.
            await self._run_or_error(script, *call)
            if isinstance(answer, NoScriptError)
            else _error_of(answer)
            if isinstance(answer, Exception)
            else list(answer)
            for call, answer in zip(calls, got, strict=True)
        ]

    async def _run_or_error(
        self, script: _Script, keys: Sequence[str], args: Sequence[Argument]
    ) -> list[Any] | StoreError:
        try:
            return await self._run(script, keys, args)
        except StoreError as error:
            return error


def _pieces(calls: Sequence[Call], size: int) -> Iterator[Sequence[Call]]:
    for at in range(0, len(calls), size):
        yield calls[at : at + size]


def _error_of(error: Exception) -> StoreError:
    try:
        with translated():
            raise error
    except StoreError as ours:
        return ours


def pairs_of(answer: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """The pairs of a raw answer: field and value, member and score."""
    return zip(answer[::2], answer[1::2], strict=True)
