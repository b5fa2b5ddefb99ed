"""The hub: one per process. It has a channel for each feed that somebody watches, and keeps it current."""

from __future__ import annotations

import asyncio
import logging
import secrets
from typing import Any

from livefeed.core.position import Position, Verdict
from livefeed.errors import LivefeedError
from livefeed.fanout import joining
from livefeed.fanout.channel import Channel
from livefeed.fanout.tail import ATTACH_S, Tail
from livefeed.settings import Settings
from livefeed.store.store import Store

__all__ = ["Hub"]

_log = logging.getLogger("livefeed.hub")

IDLE_S = 300.0
"""A channel that nobody has watched for this long is dropped."""

CANARY_S = 5.0
"""How often a canary goes through Redis."""


class Hub:
    """Opens channels and keeps them current: through one tail, or one a log on Cluster.

    (On Cluster several logs cannot be read at once: they are in different slots.)
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self.draining = False
        self._store, self._settings = store, settings
        self._channels: dict[str, Channel] = {}
        self._opening: dict[str, asyncio.Task[Channel]] = {}
        self._refreshing: dict[Channel, asyncio.Task[None]] = {}
        self._idle_since: dict[Channel, float] = {}
        self._tail: Tail
        self._own_tails: dict[Channel, Tail] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._name = secrets.token_hex(8)
        self._canary_seen = asyncio.Event()
        self._canary_at: float | None = None

    # Life ---------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Begin to read.

        Raises:
            StoreError: Redis cannot be reached.
        """
        control_id = await self._store.control.last_id()
        followed = {} if self._store.connector.is_cluster else self._channels
        self._tail = Tail(self._store.blocked_reader(), followed, self, control_id)
        self._tasks = [asyncio.create_task(self._look_after()), asyncio.create_task(self._canary())]

    async def close(self) -> None:
        """Stop reading."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(self._tail.close(), *(tail.close() for tail in self._own_tails.values()))

    def drain(self) -> None:
        """Send every reader away, over the drain window; refuse new ones."""
        self.draining = True
        for channel in self._channels.values():
            channel.wake()

    # What endpoints ask -------------------------------------------------------------------------

    async def channel(self, feed: str) -> Channel:
        """The channel of a feed, opened if need be; while Redis is away the ones open already serve.

        Raises:
            FeedNotFound, StoreError
        """
        if (channel := self._channels.get(feed)) is not None:
            return channel
        if (opening := self._opening.get(feed)) is None:
            opening = self._opening[feed] = asyncio.create_task(self._open(feed))
            opening.add_done_callback(lambda _: self._opening.pop(feed, None))
        return await asyncio.shield(opening)

    async def join(self, channel: Channel, position: Position | None) -> joining.Joined:
        """See :func:`livefeed.fanout.joining.join`."""
        return await joining.join(self, self._store.updates, channel, position)

    def readers(self, feed: str) -> int:
        """Streams of this feed that are open in this process."""
        channel = self._channels.get(feed)
        return channel.readers if channel else 0

    @property
    def canary_age_s(self) -> float | None:
        """Seconds since a canary last came from Redis through this hub; None if none ever did."""
        return None if self._canary_at is None else asyncio.get_running_loop().time() - self._canary_at

    def statistics(self) -> dict[str, int | float]:
        """Numbers for ``/metrics``."""
        tails = [self._tail, *self._own_tails.values()]
        totals: dict[str, int | float] = {"readers": 0, "window_entries": 0, "window_bytes": 0}
        for channel in self._channels.values():
            for name, value in channel.statistics().items():
                totals[name] += value
        return {
            **totals,
            "channels": len(self._channels),
            "changes_total": sum(tail.changes for tail in tails),
            "redis_reconnects_total": sum(tail.reconnects for tail in tails),
            "redis_connected": int(all(tail.connected for tail in tails)),
        }

    # Channels -----------------------------------------------------------------------------------

    async def _open(self, feed: str) -> Channel:
        channel = Channel(
            self._store.log(feed),
            window_entries=self._settings.window_entries,
            window_bytes=self._settings.window_bytes,
        )
        await self._rebuild(channel)
        self._channels[feed] = channel
        if self._store.connector.is_cluster:
            self._own_tails[channel] = Tail(self._store.blocked_reader(), {feed: channel}, self, None)
        else:
            await self._tail.follow_changes()
        return channel

    async def _drop(self, feed: str) -> None:
        channel = self._channels.pop(feed)
        self._idle_since.pop(channel, None)
        if (tail := self._own_tails.pop(channel, None)) is not None:
            await tail.close()

    async def _rebuild(self, channel: Channel) -> None:
        attached = await channel.log.attach()
        channel.rebuild(attached, await channel.log.newest(self._settings.window_entries))

    async def refresh(self, channel: Channel) -> None:
        """Compare a channel with its log in Redis now; calls at the same time share one look.

        Raises:
            FeedNotFound, StoreError
        """
        if (task := self._refreshing.get(channel)) is None:
            task = self._refreshing[channel] = asyncio.create_task(self._refresh(channel))
            task.add_done_callback(lambda _: self._refreshing.pop(channel, None))
        await asyncio.shield(task)

    async def _refresh(self, channel: Channel) -> None:
        # Taken before asking: heads only grow, so whatever was ours before must be there still.
        standing = channel.reigns.position
        attached = await channel.log.attach()
        if attached.reigns.judge(standing) is Verdict.GOOD:
            channel.adopt(attached)
        else:
            _log.warning("%s: Redis lost changes that were read before; syncing all readers anew", channel.log.feed)
            await self._rebuild(channel)

    # What tails tell ----------------------------------------------------------------------------

    def on_control(self, event: dict[str, Any]) -> None:
        match event:
            case {"event": "canary", "hub": self._name}:
                self._canary_seen.set()
            case {"event": "feed-removed", "feed": str(feed)} if feed in self._channels:
                self._end(self._channels[feed])

    def on_broken(self, channel: Channel) -> None:
        self._end(channel)

    def _end(self, channel: Channel) -> None:
        channel.end()
        self._tasks.append(asyncio.create_task(self._drop(channel.log.feed)))

    # The tasks ----------------------------------------------------------------------------------

    async def _look_after(self) -> None:
        """Drop channels that nobody watches."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(IDLE_S / 10)
            for feed, channel in list(self._channels.items()):
                if channel.readers:
                    self._idle_since.pop(channel, None)
                elif loop.time() - self._idle_since.setdefault(channel, loop.time()) > IDLE_S:
                    await self._drop(feed)

    async def _canary(self) -> None:
        """Send a canary through Redis and this hub's own reading, and note when it arrived."""
        loop = asyncio.get_running_loop()
        while True:
            self._canary_seen.clear()
            try:
                await self._store.control.say({"event": "canary", "hub": self._name})
                await asyncio.wait_for(self._canary_seen.wait(), ATTACH_S)
                self._canary_at = loop.time()
            except (LivefeedError, TimeoutError):
                pass
            await asyncio.sleep(CANARY_S)
