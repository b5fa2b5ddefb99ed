"""A reader's stream, served as a pull loop by position: what to send next, and when to wait.

It keeps nothing for its reader but a position. However slowly the reader takes what is sent,
what it missed meanwhile is told from the window when it asks again.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from livefeed.core import messages
from livefeed.core.messages import ByeReason
from livefeed.core.position import Position, Verdict
from livefeed.core.window import Entry
from livefeed.errors import FeedNotFound, StoreError
from livefeed.fanout.channel import Channel
from livefeed.fanout.hub import Hub
from livefeed.fanout.joining import Joined

__all__ = ["OVERLOAD_RETRY_S", "DraftPass", "Message", "bye", "poll", "stream", "watching"]

OVERLOAD_RETRY_S = 5.0
"""When a reader is to come back where Redis was needed and is away."""


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


@dataclass(frozen=True, slots=True)
class DraftPass:
    """By which token (its name) a reader may follow a draft; it was good at ``since`` (the loop's time)."""

    token: str
    since: float


@contextmanager
def watching(channel: Channel) -> Iterator[None]:
    """Be counted as a reader of this channel, which also keeps it open."""
    channel.readers += 1
    try:
        yield
    finally:
        channel.readers -= 1


async def stream(
    hub: Hub,
    channel: Channel,
    position: Position | None,
    *,
    ping_s: float,
    drain_s: float,
    draft_pass: DraftPass | None = None,
) -> AsyncGenerator[list[Message], None]:
    """What to send to a reader at ``position``, in batches; the last one ends with a ``bye``.

    ``draft_pass``: the reader may follow the feed while it is a draft.

    Raises:
        FeedNotFound, StoreError: before the first batch only.
    """
    loop = asyncio.get_running_loop()
    with_draft = draft_pass is not None
    joined = await hub.join(channel, position)
    standing = joined.position
    if with_draft or not channel.is_draft:
        yield [_sync(joined)]
    # Spread, so that readers who joined together are not pinged together.
    ping_at = loop.time() + ping_s * random.uniform(0.5, 1.0)
    while True:
        if hub.draining:
            await asyncio.sleep(drain_s * random.random())
            yield [bye("drain", 1.0)]
            return
        if channel.ended:
            yield [bye(channel.ended, None if channel.ended == "closed" else OVERLOAD_RETRY_S)]
            return
        if draft_pass is not None and hub.revoked_since(draft_pass.token, draft_pass.since):
            yield [bye("revoked", None)]
            return
        if channel.is_draft and not with_draft:
            yield [bye("closed", None)]  # at once: what comes next is not for readers any more
            return
        missed = channel.missed(standing.offset)
        if missed is None or channel.judge(standing) is Verdict.BAD:
            # The window has gone on without this reader, or another history began.
            try:
                joined = await hub.join(channel, standing)
            except (FeedNotFound, StoreError):
                yield [bye("overload", OVERLOAD_RETRY_S)]
                return
            standing = joined.position
            yield [_sync(joined)]
        elif missed:
            standing, batch = _news(channel, standing, missed)
            yield batch
        elif not channel.goes_on(with_draft=with_draft) and channel.judge(standing) is Verdict.GOOD:
            yield [bye("closed", None)]
            return
        elif (now := loop.time()) >= ping_at:
            ping_at = now + ping_s
            yield [Message("ping", messages.ping(standing, channel.readers_everywhere))]
        else:
            await channel.next_turn(ping_at - now)


async def poll(
    hub: Hub,
    channel: Channel,
    position: Position | None,
    *,
    wait_s: float,
    draft_pass: DraftPass | None = None,
) -> Message:
    """One ``sync``: at once if there is something to tell, else within ``wait_s``, then without changes.

    Raises:
        FeedNotFound: it has become a draft meanwhile, or the token for it was revoked.
        StoreError
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + wait_s
    while True:
        joined = await hub.join(channel, position)
        if draft_pass is None and channel.is_draft:
            raise FeedNotFound(channel.log.feed)
        if draft_pass is not None and hub.revoked_since(draft_pass.token, draft_pass.since):
            raise FeedNotFound(channel.log.feed)
        left = deadline - loop.time()
        if joined.news or left <= 0 or hub.draining or channel.ended:
            return _sync(joined)
        if channel.head <= joined.position.offset:
            await channel.next_turn(left)


def _news(channel: Channel, standing: Position, missed: list[Entry]) -> tuple[Position, list[Message]]:
    """The next of what was missed, at most about a piece of it, and where that leads.

    These are the shared messages where they follow on from ``standing``, else it is a ``sync``.
    """
    batch: list[Message] = []
    room = messages.PIECE_BYTES
    for entry in missed:
        if entry.after > standing.offset or (batch and len(entry.message) > room):
            break
        batch.append(Message("change", entry.message, entry.position))
        room -= len(entry.message)
        standing = entry.position
    if not batch:  # compaction took out what the first one follows
        standing, data = next(messages.sync_pieces(channel.reigns.position, missed))
        batch = [Message("sync", data, standing)]
    return standing, batch


def _sync(joined: Joined) -> Message:
    return Message("sync", joined.message, joined.position)
