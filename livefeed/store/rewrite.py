"""Rewriting the append-only file after deletions, so that a deleted text leaves the disk too."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from livefeed.errors import StoreError
from livefeed.store.translate import translated

__all__ = ["Rewriter"]

_log = logging.getLogger("livefeed.store")


class Rewriter:
    """Asks Redis for ``BGREWRITEAOF`` after a deletion: at once, then at most once in ``interval_s``."""

    def __init__(self, client: Any, *, interval_s: float) -> None:
        self._client, self._interval_s = client, interval_s
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def request(self) -> None:
        """A text was deleted."""
        self._wanted.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Rewrite now what is still waiting for its turn."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._wanted.is_set():
            await self._rewrite()

    async def _run(self) -> None:
        while self._wanted.is_set():
            self._wanted.clear()
            if not await self._rewrite():
                self._wanted.set()
            await asyncio.sleep(self._interval_s)

    async def _rewrite(self) -> bool:
        try:
            with translated():
                await self._client.bgrewriteaof()
        except StoreError as error:
            if "in progress" in str(error):
                return False
            _log.warning("A deleted text stays in Redis's append-only file until its next rewrite: %s", error)
        return True
