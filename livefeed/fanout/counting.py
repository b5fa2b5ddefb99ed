"""Counting readers over all processes: each says how many it has, and adds what the others said."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from contextlib import suppress

from livefeed.errors import StoreError
from livefeed.fanout.channel import Channel
from livefeed.store.readers import GOOD_S, Readers

__all__ = ["COUNT_S", "ReaderCounts"]

COUNT_S = 5.0
"""How often the counts are exchanged."""

AGAIN_S = GOOD_S / 2
"""A count that did not change is said again when it is as old as this: each time is a write to disk."""

WITHDRAW_S = 1.0
"""How long the end of a hub waits for Redis to forget its counts; they go by themselves too."""

_NOTHING = (0, float("-inf"))


class ReaderCounts:
    """The counts of one hub's ``channels`` (a live view). While Redis is away the last ones known stay."""

    def __init__(self, readers: Readers, channels: Mapping[str, Channel], hub: str) -> None:
        self._readers, self._channels, self._hub = readers, channels, hub
        self._said: dict[str, tuple[int, float]] = {}
        """Feed → the count that Redis has of us, and when it got it (the loop's time)."""

    async def run(self) -> None:
        while True:
            await self.exchange()
            await asyncio.sleep(COUNT_S)

    async def exchange(self) -> None:
        """Say what changed or grows old, and hear how many readers there are elsewhere.

        Feeds that nobody reads here, then and now, are left alone.
        """
        now = asyncio.get_running_loop().time()
        counts = {feed: channel.readers for feed, channel in self._channels.items() if channel.readers}
        counts |= dict.fromkeys(self._said.keys() - counts, 0)
        said = {feed: self._to_say(feed, count, now) for feed, count in counts.items()}
        answers = await self._readers.exchange(self._hub, said)
        for feed, elsewhere in answers.items():
            if isinstance(elsewhere, StoreError):
                continue
            if said[feed] == 0:
                self._said.pop(feed, None)
            elif said[feed] is not None:
                self._said[feed] = (counts[feed], now)
            if feed in self._channels:
                self._channels[feed].readers_elsewhere = elsewhere

    async def everywhere(self, feeds: Collection[str]) -> dict[str, int]:
        """How many read each of these feeds now, over all processes. Nothing is written.

        Raises:
            StoreError
        """
        elsewhere = await self._readers.exchange(self._hub, dict.fromkeys(feeds))
        totals = {}
        for feed, count in elsewhere.items():
            if isinstance(count, StoreError):
                raise count
            totals[feed] = count + (self._channels[feed].readers if feed in self._channels else 0)
        return totals

    async def withdraw(self) -> None:
        """At the end: these readers are gone, or with another hub."""
        with suppress(TimeoutError):
            async with asyncio.timeout(WITHDRAW_S):
                await self._readers.exchange(self._hub, dict.fromkeys(self._said, 0))

    def _to_say(self, feed: str, count: int, now: float) -> int | None:
        known, at = self._said.get(feed, _NOTHING)
        return count if count != known or now - at >= AGAIN_S else None
