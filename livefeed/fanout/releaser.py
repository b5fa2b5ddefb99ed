"""The releaser: every serving process looks at what is due on all desks, and lets it out."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta

from livefeed.errors import MediaUnavailable, StoreError
from livefeed.fanout.tasks import end
from livefeed.store.outgoing import Outgoing

__all__ = ["LOOK_S", "Releaser"]

_log = logging.getLogger("livefeed.releaser")

LOOK_S = 0.5
"""How often Redis is asked what is due: one process that dies is made up for by the next look of another."""

FINISH_S = 1.0
"""How long the end waits for what is being published."""


class Releaser:
    """Looks, lets out, and sleeps until the next item is due, at most :data:`LOOK_S`."""

    def __init__(self, outgoing: Outgoing) -> None:
        self._outgoing = outgoing
        self._feeds: list[str] = []
        self._closing = asyncio.Event()
        self._failing = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Look no more; what is being published is finished first."""
        self._closing.set()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=FINISH_S)
            await end([self._task])

    async def _run(self) -> None:
        while not self._closing.is_set():
            wait_s = LOOK_S
            try:
                wait_s = await self._look()
                self._failing = False
            except (MediaUnavailable, StoreError) as error:
                if not self._failing:
                    _log.warning("What is due on the desks waits; trying again: %s", error)
                self._failing = True
            except Exception:
                _log.exception("This is a bug; what is due on the desks is looked at again")
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._closing.wait()

    async def _look(self) -> float:
        """Let out what is due; how long there is nothing to do then."""
        now, known, due = await self._outgoing.next_due(self._feeds)
        self._feeds = known
        failed: Exception | None = None
        for feed in [feed for feed, at in due.items() if at <= now]:
            if self._closing.is_set():
                break
            try:
                await self._outgoing.let_out_due(feed)
            except Exception as error:  # that of one feed must not keep back what the others have
                failed = failed or error
        if failed is not None:
            raise failed
        ahead = [at - now for at in due.values() if at > now]
        return min([timedelta(seconds=LOOK_S), *ahead]).total_seconds()
