"""The hub: one per process. It has a channel for each feed that somebody watches, and keeps it current."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any, TypeVar

from livefeed.core.messages import ByeReason
from livefeed.core.models import SLUG_PATTERN
from livefeed.core.position import Position, Reigns, Verdict
from livefeed.errors import FeedNotFound, LivefeedError, StoreError
from livefeed.fanout import joining
from livefeed.fanout.audience import Audience
from livefeed.fanout.channel import Channel
from livefeed.fanout.counting import ReaderCounts
from livefeed.fanout.pass_news import Tally
from livefeed.fanout.presence import DeskPresence
from livefeed.fanout.tail import ATTACH_S, Tail
from livefeed.fanout.tasks import end, share
from livefeed.fanout.wheel import Wheel
from livefeed.settings import Settings
from livefeed.store.keys import LogName
from livefeed.store.log import Attached, Log
from livefeed.store.store import Store

__all__ = ["Hub"]

_log = logging.getLogger("livefeed.hub")

IDLE_S = 300.0
"""A channel that nobody has watched for this long is dropped."""

MAX_REVOKED = 1_000
"""So many revocations are remembered, the latest ones, for streams that began before."""

CANARY_S = 5.0
"""How often a canary goes through Redis."""

REFRESHED_TOGETHER = 50
"""Channels whose logs are looked at in one round trip; readers wait some 2 ms meanwhile."""

REBUILT_TOGETHER = 8
"""Channels that read their whole window at a time, when Redis has lost what they had."""

T = TypeVar("T")


class Hub:
    """Opens channels and keeps them current: through one tail, or one a log on Cluster.

    (On Cluster several logs cannot be read at once: they are in different slots.)
    """

    def __init__(self, store: Store, settings: Settings, *, idle_s: float = IDLE_S) -> None:
        self.draining = False
        self._store, self._settings, self._idle_s = store, settings, idle_s
        self._channels: dict[str, Channel] = {}
        """By the keys of their logs; those of desks too."""
        self._public: dict[str, Channel] = {}
        """Those that readers follow, by feed."""
        self._audiences: dict[Channel, Audience] = {}
        self._tally = Tally()
        self._wheel = Wheel(
            ping_s=settings.ping_s, rotate_s=settings.rotate_s, patience_s=settings.send_timeout_s
        )
        self._opening: dict[str, asyncio.Task[Channel]] = {}
        self._refreshing: dict[Channel, asyncio.Task[Reigns]] = {}
        self._idle_since: dict[Channel, float] = {}
        self._tail: Tail
        self._own_tails: dict[Channel, Tail] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._rebuilding = asyncio.Semaphore(REBUILT_TOGETHER)
        self._name = secrets.token_hex(8)
        self.counts = ReaderCounts(store.readers, self._public, self._name)
        self.presence = DeskPresence(store.presence)
        self._revoked: dict[tuple[str, str], float] = {}
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
        self._spawn(self._look_after())
        self._spawn(self._canary())
        self._spawn(self._wheel.run())
        self._spawn(self.counts.run())
        self._spawn(self.presence.run())

    async def close(self) -> None:
        """Stop reading; these readers do not count any more."""
        await asyncio.gather(self._tail.close(), *(tail.close() for tail in self._own_tails.values()))
        await end([*self._tasks, *self._opening.values(), *self._refreshing.values()])
        await asyncio.gather(*(audience.close() for audience in self._audiences.values()))
        await self.counts.withdraw()

    def drain(self) -> None:
        """Send every reader away, over the drain window; refuse new ones."""
        self.draining = True
        for channel in self._channels.values():
            channel.wake()
        self._spawn(self._wheel.send_away(self._settings.drain_s))

    # What endpoints ask -------------------------------------------------------------------------

    async def channel(self, feed: str, name: LogName = "log") -> Channel:
        """The channel of a feed's log, opened if need be; while Redis is away the ones open already serve.

        Raises:
            FeedNotFound, StoreError
        """
        if name == "log" and (channel := self._public.get(feed)) is not None:
            return channel
        if not SLUG_PATTERN.fullmatch(feed):
            raise FeedNotFound(feed)
        log = self._store.log(feed, name)
        if (channel := self._channels.get(log.key)) is not None:
            return channel
        return await share(self._opening, log.key, lambda: self._open(log))

    def audience(self, channel: Channel) -> Audience:
        """The readers of a channel whose connections are ours."""
        if (audience := self._audiences.get(channel)) is None:
            audience = self._audiences[channel] = Audience(channel, self, self._wheel, self._tally)
        return audience

    async def join(self, channel: Channel, position: Position | None) -> joining.Joined:
        """See :func:`livefeed.fanout.joining.join`."""
        snapshots: joining.Snapshots = self._store.items if channel.is_desk else self._store.updates
        return await joining.join(self, snapshots, channel, position)

    def revoked_since(self, token: str, began: float, session: str | None = None) -> bool:
        """Whether the token was revoked after ``began`` (the loop's time), or the session closed."""
        ends = [("token", token)] if session is None else [("token", token), ("session", session)]
        return any(self._revoked.get(end, began) > began for end in ends)

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
        at_desks = sum(channel.readers for channel in self._channels.values() if channel.is_desk)
        return {
            **totals,
            "readers": totals["readers"] - at_desks,
            "desk_streams": at_desks,
            "channels": len(self._channels),
            "changes_total": sum(tail.changes for tail in tails),
            "redis_reconnects_total": sum(tail.reconnects for tail in tails),
            **asdict(self._tally),
            "redis_connected": int(all(tail.connected for tail in tails)),
        }

    # Channels -----------------------------------------------------------------------------------

    async def _open(self, log: Log) -> Channel:
        channel = Channel(
            log,
            window_entries=self._settings.window_entries,
            window_bytes=self._settings.window_bytes,
        )
        await self._rebuild(channel)
        self._channels[log.key] = channel
        if not channel.is_desk:
            self._public[log.feed] = channel
        if self._store.connector.is_cluster:
            self._own_tails[channel] = Tail(self._store.blocked_reader(), {log.key: channel}, self, None)
        else:
            await self._tail.follow_changes()
        return channel

    def _drop(self, channel: Channel) -> None:
        # By now the feed may have been created anew, and have another channel.
        if self._channels.get(channel.log.key) is channel:
            del self._channels[channel.log.key]
            if not channel.is_desk:
                del self._public[channel.log.feed]
        self._idle_since.pop(channel, None)
        if (audience := self._audiences.pop(channel, None)) is not None and channel.ended is None:
            self._spawn(audience.close())  # of one that ended the readers have yet to hear
        if (tail := self._own_tails.pop(channel, None)) is not None:
            self._spawn(tail.close())

    async def _rebuild(self, channel: Channel) -> Attached:
        newest = await channel.log.newest(self._settings.window_entries)
        channel.rebuild(newest)
        return newest

    async def refresh(self, channel: Channel) -> Reigns:
        """Compare a channel with its log in Redis now, and say what reigns there.

        Calls at the same time share one look.

        Raises:
            FeedNotFound, StoreError
        """
        return await share(
            self._refreshing, channel, lambda: self._refresh(channel, channel.stands_on, channel.log.attach)
        )

    async def refresh_all(self, channels: Sequence[Channel]) -> list[BaseException | None]:
        """The same for many channels, in few round trips; what went wrong with each, in its place."""
        wrong: list[BaseException | None] = []
        for at in range(0, len(channels), REFRESHED_TOGETHER):
            looks = self._refresh_together(channels[at : at + REFRESHED_TOGETHER])
            got = await asyncio.gather(*looks, return_exceptions=True)
            wrong += [each if isinstance(each, BaseException) else None for each in got]
        return wrong

    def _refresh_together(self, channels: Sequence[Channel]) -> list[Awaitable[Reigns]]:
        asking = self._spawn(self._store.attach_all([channel.log for channel in channels]))

        async def attached(at: int) -> Attached:
            got = (await asking)[at]
            if isinstance(got, Exception):
                raise got
            return got

        # What each stands on is noted before Redis is asked.
        return [
            share(
                self._refreshing,
                channel,
                partial(self._refresh, channel, channel.stands_on, partial(attached, at)),
            )
            for at, channel in enumerate(channels)
        ]

    async def _refresh(
        self, channel: Channel, before: Position, attach: Callable[[], Awaitable[Attached]]
    ) -> Reigns:
        attached = await attach()
        # What was ours before must be there still. What was read while we asked may be newer than the
        # answer; or it came from a primary that was deposed meanwhile, and is not in the new history.
        is_kept = attached.reigns.judge(before) is Verdict.GOOD
        if is_kept and attached.reigns.judge(channel.stands_on) is not Verdict.BAD:
            channel.adopt(attached)
        else:
            _log.warning(
                "%s: Redis has not kept what was read before; syncing readers anew", channel.log.feed
            )
            async with self._rebuilding:
                attached = await self._rebuild(channel)
        return attached.reigns

    # What tails tell ----------------------------------------------------------------------------

    def on_control(self, event: dict[str, Any]) -> None:
        match event:
            case {"event": "canary", "hub": self._name}:
                self._canary_seen.set()
            case {"event": "token-revoked", "name": str(name)}:
                self._revoke("token", name)
            case {"event": "session-closed", "session": str(session)}:
                self._revoke("session", session)
            case {"event": "feed-removed", "feed": str(feed)}:
                for channel in self._channels.values():
                    if channel.log.feed == feed:
                        self._spawn(self._end_if_removed(channel))

    def _revoke(self, what: str, name: str) -> None:
        self._revoked[what, name] = asyncio.get_running_loop().time()
        if len(self._revoked) > MAX_REVOKED:
            del self._revoked[next(iter(self._revoked))]
        for channel in self._channels.values():
            channel.wake()

    def on_broken(self, channel: Channel) -> None:
        self._end(channel, "overload")  # whoever comes back is told so until somebody has mended it

    async def _end_if_removed(self, channel: Channel) -> None:
        """The word of a removal may come after the feed was created anew: then that is what readers get."""
        try:
            await channel.log.attach()  # a look of its own: one under way may have begun before
            await self.refresh(channel)
        except FeedNotFound:
            self._end(channel, "closed")
        except StoreError:
            self._end(channel, "overload")  # who comes back is told what became of it

    def _end(self, channel: Channel, reason: ByeReason) -> None:
        channel.end(reason)
        self._drop(channel)

    # The tasks ----------------------------------------------------------------------------------

    def _spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _look_after(self) -> None:
        """Drop channels that nobody watches."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._idle_s / 10)
            for channel in list(self._channels.values()):
                if channel.readers:
                    self._idle_since.pop(channel, None)
                elif loop.time() - self._idle_since.setdefault(channel, loop.time()) > self._idle_s:
                    self._drop(channel)

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
