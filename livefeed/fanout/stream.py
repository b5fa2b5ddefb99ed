"""A reader's stream, served as a pull loop by position: what to send next, and when to wait.

It keeps nothing for its reader but a position. However slowly the reader takes what is sent,
what it missed meanwhile is told from the window when it asks again.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from livefeed.core import messages
from livefeed.core.messages import ByeReason
from livefeed.core.position import Position
from livefeed.core.window import Entry
from livefeed.errors import FeedNotFound, StoreError
from livefeed.fanout.channel import Channel
from livefeed.fanout.hub import Hub
from livefeed.fanout.joining import Joined

__all__ = ["Message", "bye", "poll", "stream", "watching"]


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its type, its JSON, and for ``sync`` and ``change`` the position it leads to."""

    type: Literal["sync", "change", "ping", "bye"]
    data: bytes
    position: Position | None = None
    reason: ByeReason | None = None
    retry_ms: int | None = None

    def sse(self) -> bytes:
        return messages.sse(self.type, self.data, position=self.position, retry_ms=self.retry_ms)


def bye(reason: ByeReason, retry_s: float | None) -> Message:
    """The last message of a stream. ``retry_s`` is spread to between half and one and a half times."""
    retry_ms = None if retry_s is None else int(retry_s * 1000 * random.uniform(0.5, 1.5))
    return Message("bye", messages.bye(reason, retry_ms), reason=reason, retry_ms=retry_ms)


@contextmanager
def watching(channel: Channel) -> Iterator[None]:
    """Be counted as a reader of this channel, which also keeps it open."""
    channel.readers += 1
    try:
        yield
    finally:
        channel.readers -= 1


async def stream(
    hub: Hub, channel: Channel, position: Position | None, *, ping_s: float, drain_s: float
) -> AsyncIterator[list[Message]]:
    """What to send to a reader at ``position``, in batches; the last one ends with a ``bye``.

    Raises:
        FeedNotFound, StoreError: before the first batch only.
    """
    loop = asyncio.get_running_loop()
    joined = await hub.join(channel, position)
    yield _syncs(joined)
    standing, generation = joined.position, joined.generation
    # Spread, so that readers who joined together are not pinged together.
    ping_at = loop.time() + ping_s * random.uniform(0.5, 1.0)
    while True:
        if hub.draining:
            await asyncio.sleep(drain_s * random.random())
            yield [bye("drain", 1.0)]
            return
        if channel.ended:
            yield [bye("closed", None)]
            return
        missed = channel.missed(standing.offset)
        if missed is None or channel.generation != generation:
            # The window has gone on without this reader, or another history began.
            try:
                joined = await hub.join(channel, standing)
            except (FeedNotFound, StoreError):
                yield [bye("overload", 5.0)]
                return
            yield _syncs(joined)
            standing, generation = joined.position, joined.generation
            continue
        if missed:
            standing, batch = _news(channel, standing, missed)
            yield batch
            continue
        if not channel.is_open:
            yield [bye("closed", None)]
            return
        if (now := loop.time()) >= ping_at:
            ping_at = now + ping_s
            yield [Message("ping", messages.ping(standing, channel.readers))]
            continue
        await channel.next_turn(ping_at - now)


async def poll(hub: Hub, channel: Channel, position: Position | None, *, wait_s: float) -> Message:
    """One ``sync``: at once if there is something to tell, else within ``wait_s``, then without changes.

    Raises:
        FeedNotFound, StoreError
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + wait_s
    while True:
        joined = await hub.join(channel, position)
        left = deadline - loop.time()
        if joined.news or left <= 0 or hub.draining or channel.ended:
            return _syncs(joined)[0]  # where there are more pieces, the next poll gets the next one
        await channel.next_turn(left)


def _news(channel: Channel, standing: Position, missed: list[Entry]) -> tuple[Position, list[Message]]:
    """The shared messages where they follow on from ``standing``, else a ``sync``; and where that leads."""
    if _follow_on(missed, standing.offset):
        return missed[-1].position, [Message("change", entry.message, entry.position) for entry in missed]
    head = channel.reigns.position
    return head, [Message("sync", data, at) for at, data in messages.sync_pieces(head, missed)]


def _follow_on(entries: list[Entry], offset: int) -> bool:
    """Whether each entry says that it follows what the reader has by then (compaction leaves gaps)."""
    for entry in entries:
        if entry.after > offset:
            return False
        offset = entry.offset
    return True


def _syncs(joined: Joined) -> list[Message]:
    return [Message("sync", data, at) for at, data in joined.pieces]

