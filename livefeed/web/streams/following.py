"""What the live endpoints share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from functools import partial
from typing import Any, TypeVar

from starlette.requests import HTTPConnection
from starlette.types import Receive

from livefeed.core.position import Position
from livefeed.errors import BadPosition
from livefeed.fanout.channel import Channel
from livefeed.fanout.message import Message
from livefeed.fanout.stream import stream
from livefeed.fanout.takeover import EXTENSION, Takeover
from livefeed.fanout.tasks import end
from livefeed.web.channels import Admitted
from livefeed.web.origins import cors_headers
from livefeed.web.site import Site

__all__ = ["TO_ALL", "disconnected", "position_of", "pulled", "takeover_of", "unless_gone"]

_T = TypeVar("_T")

TO_ALL = cors_headers(None, ["*"], "")
"""Of a refusal that says nothing of the feed."""


def position_of(text: str | None) -> Position | None:
    """On a stream an unreadable position is like none: the answer is a snapshot, said aloud."""
    try:
        return Position.parse(text) if text else None
    except BadPosition:
        return None


def takeover_of(connection: HTTPConnection, admitted: Admitted) -> Takeover | None:
    """The means to take the connection over, where the server gives it.

    The few who follow a draft are served through ASGI: their tokens are looked after there.
    """
    if admitted.draft_pass is not None:
        return None
    found = connection.scope.get("extensions", {}).get(EXTENSION)
    return found if isinstance(found, Takeover) else None


def pulled(site: Site, admitted: Admitted, position: Position | None) -> AsyncGenerator[list[Message], None]:
    """The stream for a connection that stays with ASGI; a desk's tells too who is there."""
    channel = admitted.channel
    following = partial(
        stream,
        site.hub,
        channel,
        position,
        draft_pass=admitted.draft_pass,
        ping_s=site.settings.ping_s,
        drain_s=site.settings.drain_s,
        rotate_s=site.settings.rotate_s,
    )
    return _with_presence(site, channel, following) if channel.is_desk else following()


async def _with_presence(
    site: Site, channel: Channel, following: Callable[..., AsyncGenerator[list[Message], None]]
) -> AsyncGenerator[list[Message], None]:
    with site.hub.presence.watching(channel.log.feed, channel.wake) as desk:
        async with aclosing(following(aside=lambda: desk.message)) as batches:
            async for batch in batches:
                yield batch


async def unless_gone(work: Coroutine[Any, Any, _T], gone: Coroutine[Any, Any, None]) -> _T | None:
    """What ``work`` returns or raises; None if ``gone`` ends first."""
    working, leaving = asyncio.create_task(work), asyncio.create_task(gone)
    try:
        await asyncio.wait([working, leaving], return_when=asyncio.FIRST_COMPLETED)
    finally:
        await end([working, leaving])
    return None if working.cancelled() else working.result()


async def disconnected(receive: Receive) -> None:
    """Wait until an HTTP client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
