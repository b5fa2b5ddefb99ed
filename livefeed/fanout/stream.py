"""A reader's stream, served as a pull loop by position: what to send next, and when to wait.

It keeps nothing for its reader but a position. However slowly the reader takes what is sent,
what it missed meanwhile is told from the window when it asks again.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from livefeed.core import messages
from livefeed.core.position import Position
from livefeed.errors import FeedNotFound, StoreError
from livefeed.fanout.channel import Channel
from livefeed.fanout.hub import Hub
from livefeed.fanout.joining import Joined
from livefeed.fanout.message import DRAIN_RETRY_S, OVERLOAD_RETRY_S, ROTATE_RETRY_S, Message, bye
from livefeed.fanout.news import next_news
from livefeed.fanout.presence import Desk
from livefeed.fanout.wheel import lifetime

__all__ = ["DraftPass", "poll", "stream", "watching"]


@dataclass(frozen=True, slots=True)
class DraftPass:
    """By which token (its name) a reader may follow a draft; it was good at ``since`` (the loop's time).

    ``session``: by which session, if by one, and how long that lasts from then on.
    """

    token: str
    since: float
    session: str | None = None
    left_s: float = math.inf

    @property
    def ends_at(self) -> float:
        """When the session is over, by the loop's time."""
        return self.since + self.left_s

    def has_ended(self, hub: Hub) -> bool:
        """Whether the token was revoked since, or the session is over."""
        is_over = asyncio.get_running_loop().time() >= self.ends_at
        return is_over or hub.revoked_since(self.token, self.since, self.session)


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
    rotate_s: float = 0.0,
    draft_pass: DraftPass | None = None,
    desk: Desk | None = None,
) -> AsyncGenerator[list[Message], None]:
    """What to send to a reader at ``position``, in batches; the last one ends with a ``bye``.

    ``draft_pass``: the reader may follow the feed while it is a draft, or its desk.
    ``desk``: who is there is told with each ping, and when that has changed.

    Raises:
        FeedNotFound, StoreError: before the first batch only.
    """
    said: bytes | None = None
    loop = asyncio.get_running_loop()
    with_draft = draft_pass is not None
    joined = await hub.join(channel, position)
    standing = joined.position
    if with_draft or not channel.is_draft:
        yield [_sync(joined)]
    # Spread, so that readers who joined together are not pinged together.
    ping_at = loop.time() + ping_s * random.uniform(0.5, 1.0)
    rotate_at = loop.time() + lifetime(rotate_s)
    while True:
        if (end := await _end(hub, drain_s, draft_pass)) is not None:
            yield [end]
            return
        news = next_news(channel, standing, with_draft=with_draft)
        if news is None:
            try:
                joined = await hub.join(channel, standing)
            except (FeedNotFound, StoreError):
                yield [bye("overload", OVERLOAD_RETRY_S)]
                return
            standing = joined.position
            yield [_sync(joined)]
        elif news:
            yield news
            if news[-1].position is None:  # a bye
                return
            standing = news[-1].position
        elif desk is not None and desk.message is not None and desk.message != said:
            said = desk.message
            yield [Message("presence", said)]
        elif loop.time() >= rotate_at:
            yield [bye("rotate", ROTATE_RETRY_S)]
            return
        elif (now := loop.time()) >= ping_at:
            ping_at, said = now + ping_s, None
            yield [Message("ping", messages.ping(standing, channel.readers_everywhere))]
        else:
            ends_at = draft_pass.ends_at if draft_pass else math.inf
            await channel.next_turn(max(min(ping_at, ends_at) - now, 0.0))


async def _end(hub: Hub, drain_s: float, draft_pass: DraftPass | None) -> Message | None:
    """The good-bye to one who cannot stay, whatever there is to tell; drained, it takes up to ``drain_s``."""
    if hub.draining:
        await asyncio.sleep(drain_s * random.random())
        return bye("drain", DRAIN_RETRY_S)
    if draft_pass is not None and draft_pass.has_ended(hub):
        return bye("revoked", None)
    return None


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
        if draft_pass is not None and draft_pass.has_ended(hub):
            raise FeedNotFound(channel.log.feed)
        left = deadline - loop.time()
        if joined.news or left <= 0 or hub.draining or channel.ended:
            return _sync(joined)
        if channel.head <= joined.position.offset:
            await channel.next_turn(left)


def _sync(joined: Joined) -> Message:
    return Message("sync", joined.message, joined.position)
