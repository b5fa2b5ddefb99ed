"""Rewriting the append-only file after deletions, so that a deleted text leaves the disk too."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Any

from redis.asyncio import RedisCluster

from livefeed.errors import StoreError
from livefeed.store.translate import translated

__all__ = ["Rewriter"]

_log = logging.getLogger("livefeed.store")

_RETRY_S = 0.1
_TRIES_AT_THE_END = 20


class Rewriter:
    """Asks Redis for ``BGREWRITEAOF`` after a deletion: at once, then at most once in ``interval_s``.

    Its task is never cancelled: redis-py may take a cancellation for a lost connection and go on.
    """

    def __init__(self, client: Any, *, interval_s: float) -> None:
        self._client, self._interval_s = client, interval_s
        self._wanted = False
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def request(self) -> None:
        """A text was deleted."""
        self._wanted = True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Rewrite now what is still waiting for its turn."""
        self._closing.set()
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        tries = _TRIES_AT_THE_END
        while self._wanted and tries:
            self._wanted = False
            if await self._rewrite():
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._interval_s):
                        await self._closing.wait()
            else:
                self._wanted = True
                tries -= self._closing.is_set()
                await asyncio.sleep(_RETRY_S)
        if self._wanted:
            _warn("another rewrite takes its time")

    async def _rewrite(self) -> bool:
        """Whether it was begun, or cannot be; False while another one is in progress."""
        try:
            with translated():
                if isinstance(self._client, RedisCluster):
                    await self._client.initialize()
                    await self._client.bgrewriteaof(target_nodes=self._client.get_primaries())
                else:
                    await self._client.bgrewriteaof()
        except StoreError as error:
            if "in progress" in str(error):
                return False
            _warn(error)
        return True


def _warn(reason: object) -> None:
    _log.warning("A deleted text stays in Redis's append-only file until its next rewrite: %s", reason)
