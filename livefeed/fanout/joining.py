"""Joining: what a reader who comes with a position, or without one, is told first."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

from livefeed.core import messages
from livefeed.core.paging import PageQuery
from livefeed.core.position import Position, Verdict
from livefeed.errors import StoreUnavailable
from livefeed.fanout.channel import Channel
from livefeed.store.log import LogEntry
from livefeed.store.updates import Updates

__all__ = ["Joined", "Refresher", "join"]

WAIT_FOR_HUB_S = 2.0
"""How long a reader whose position is ahead of this process is kept waiting for it."""

MAX_CATCH_UP = 1_000
"""A reader who missed more changes than this gets a snapshot, which is less to read."""


class Refresher(Protocol):
    async def refresh(self, channel: Channel) -> None:
        """Compare a channel with its log in Redis now."""


@dataclass(frozen=True, slots=True)
class Joined:
    """The ``sync`` messages with their positions; where they leave the reader; in which generation.

    ``news`` is False where they only say that nothing was missed.
    """

    pieces: list[tuple[Position, bytes]]
    position: Position
    generation: int
    news: bool


async def join(hub: Refresher, updates: Updates, channel: Channel, position: Position | None) -> Joined:
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
        if channel.judge(position) is Verdict.GOOD:
            missed = channel.missed(position.offset)
            if missed is not None:
                at = channel.reigns.position
                return Joined(list(messages.sync_pieces(at, missed)), at, channel.generation, bool(missed))
            if caught_up := await _from_log(hub, channel, position):
                return caught_up
    return await _snapshot(hub, updates, channel)


async def _ask_redis(hub: Refresher, channel: Channel, position: Position) -> None:
    """This process may be behind Redis: let it look, and wait for it where it is."""
    await hub.refresh(channel)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + WAIT_FOR_HUB_S
    while channel.judge(position) is Verdict.AHEAD and (left := deadline - loop.time()) > 0:
        await channel.next_turn(left)


async def _from_log(hub: Refresher, channel: Channel, position: Position) -> Joined | None:
    attached, entries = await channel.log.after(position.offset, count=MAX_CATCH_UP + 1)
    end: LogEntry | None = entries[-1] if entries else None
    standing = end.position if end else attached.reigns.position
    # Judged by what Redis said after the entries were read: a fail-over in between shows here.
    sound = attached.reigns.judge(position) is Verdict.GOOD and attached.reigns.judge(standing) is Verdict.GOOD
    if not sound or len(entries) > MAX_CATCH_UP:
        return None
    if not await _knows(hub, channel, standing):
        return None
    return Joined(list(messages.sync_pieces(standing, entries)), standing, channel.generation, bool(entries))


async def _snapshot(hub: Refresher, updates: Updates, channel: Channel) -> Joined:
    for _ in range(3):
        page = await updates.page(channel.log.feed, PageQuery())
        if await _knows(hub, channel, page.position):
            message = messages.snapshot(page.position, page.json())
            return Joined([(page.position, message)], page.position, channel.generation, True)
    raise StoreUnavailable("it changes its primary again and again")


async def _knows(hub: Refresher, channel: Channel, position: Position) -> bool:
    """Whether this process stands in the same history as ``position``, just read from Redis.

    It need not have come as far. If it stands in an older reign, it is made to look.
    """
    if channel.judge(position) is Verdict.BAD:
        await hub.refresh(channel)
    return channel.judge(position) is not Verdict.BAD
