"""When files of unused pictures are removed: at once after a deletion, and now and then."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Protocol

from livefeed.errors import LivefeedError

__all__ = ["SWEEP_S", "Sweepable", "Sweeper"]

_log = logging.getLogger("livefeed.store")

SWEEP_S = 600.0
"""At least so often, for what ran out or was left by who died."""


class Sweepable(Protocol):
    async def sweep(self) -> float | None:
        """Returns in how many seconds to look again, None if there is no reason to."""


class Sweeper:
    """Sweeps in a task of its own, which is never cancelled (as that of the rewriter)."""

    def __init__(self, pictures: Sweepable) -> None:
        self._pictures = pictures
        self._wanted = self._keeps_on = False
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Sweep now, and from then on."""
        self._keeps_on = True
        self.request()

    def request(self) -> None:
        """Something was deleted."""
        self._wanted = True
        self._wake.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Sweep what was asked for, and no more after that."""
        self._keeps_on = False
        self._wake.set()
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        while self._wanted or self._keeps_on:
            self._wanted = False
            self._wake.clear()
            wait_s = await self._sweep()
            if self._keeps_on:
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await self._wake.wait()

    async def _sweep(self) -> float:
        try:
            due_s = await self._pictures.sweep()
        except LivefeedError as error:
            _log.warning("Pictures that are not used any more stay for now: %s", error)
            return SWEEP_S / 10
        return SWEEP_S if due_s is None else min(due_s + 0.1, SWEEP_S)
