"""Joining: what a reader who comes with a position, or without one, is told first."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

from livefeed.core import messages
from livefeed.core.position import Position, Reigns, Verdict
from livefeed.errors import StoreUnavailable
from livefeed.fanout.channel import Channel

__all__ = ["Joined", "Refresher", "Snapshot", "Snapshots", "join"]

WAIT_FOR_HUB_S = 2.0
"""How long a reader whose position is ahead of this process is kept waiting for it."""

MAX_CATCH_UP = 1_000
"""A reader who missed more changes than this gets a snapshot, which is less to read."""


class Snapshot(Protocol):
    @property
    def position(self) -> Position: ...

    def json(self) -> bytes: ...


class Snapshots(Protocol):
    async def newest(self, feed: str) -> Snapshot:
        """What a reader begins with, and where that leaves them in the log."""


class Refresher(Protocol):
    async def refresh(self, channel: Channel) -> Reigns:
        """Compare a channel with its log in Redis now, and say what reigns there."""


@dataclass(frozen=True, slots=True)
class Joined:
    """A ``sync`` and where it leaves the reader; ``news`` is False where it says that nothing was missed.

    Of a long catch-up it is the first piece: the rest is what the reader misses at that position,
    so that nobody holds more than a piece of it, and what is deleted meanwhile is not sent any more.
    """

    position: Position
    message: bytes
    news: bool


async def join(hub: Refresher, snapshots: Snapshots, channel: Channel, position: Position | None) -> Joined:
    """Bring a reader up to date: from the window, from the log in Redis, or with a snapshot.

    From the window nothing is awaited. In the other cases the reader may be left a little behind
    or ahead of this process; who sends it what comes next goes by its position.

    Raises:
        FeedNotFound
        StoreError: Redis was needed and cannot be reached.
    """
    if position is not None:
        if channel.judge(position) is not Verdict.GOOD:
            await _ask_redis(hub, channel, position)
        if joined := _from_window(channel, position):
            return joined
        if channel.judge(position) is not Verdict.BAD and (joined := await _from_log(hub, channel, position)):
            return joined
    return await _snapshot(hub, snapshots, channel)


async def _ask_redis(hub: Refresher, channel: Channel, position: Position) -> None:
    """This process may be behind Redis: let it look, and wait for it where it is."""
    reigns = await hub.refresh(channel)
    if reigns.judge(position) is not Verdict.GOOD:
        return
    loop = asyncio.get_running_loop()
    deadline = loop.time() + WAIT_FOR_HUB_S
    while channel.judge(position) is Verdict.AHEAD and (left := deadline - loop.time()) > 0:
        await channel.next_turn(left)


def _from_window(channel: Channel, position: Position) -> Joined | None:
    missed = channel.missed(position.offset)
    if missed is None or channel.judge(position) is not Verdict.GOOD:
        return None
    head = channel.reigns.position
    return Joined(*next(messages.sync_pieces(head, missed)), bool(missed))


async def _from_log(hub: Refresher, channel: Channel, position: Position) -> Joined | None:
    attached = await channel.log.after(position.offset, count=MAX_CATCH_UP + 1)
    head, missed = attached.reigns.position, attached.entries
    if attached.reigns.judge(position) is not Verdict.GOOD or len(missed) > MAX_CATCH_UP:
        return None
    if not await _knows(hub, channel, head):
        return None
    return Joined(*next(messages.sync_pieces(head, missed)), bool(missed))


async def _snapshot(hub: Refresher, snapshots: Snapshots, channel: Channel) -> Joined:
    for _ in range(3):
        page = await snapshots.newest(channel.log.feed)
        if await _knows(hub, channel, page.position):
            return Joined(page.position, messages.snapshot(page.position, page.json()), True)
    raise StoreUnavailable("it changes its primary again and again")


async def _knows(hub: Refresher, channel: Channel, position: Position) -> bool:
    """Whether this process stands in the same history as ``position``, just read from Redis.

    It need not have come as far. If it stands in an older reign, it is made to look.
    """
    if channel.judge(position) is Verdict.BAD:
        await hub.refresh(channel)
    return channel.judge(position) is not Verdict.BAD
