"""What the live endpoints share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import AbstractContextManager, aclosing, nullcontext
from typing import Any, TypeVar

from starlette.requests import HTTPConnection
from starlette.types import Receive

from livefeed.core.position import Position
from livefeed.errors import BadPosition
from livefeed.fanout.channel import Channel
from livefeed.fanout.hub import Hub
from livefeed.fanout.message import Message
from livefeed.fanout.presence import Desk
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


async def pulled(
    site: Site, admitted: Admitted, position: Position | None
) -> AsyncGenerator[list[Message], None]:
    """The stream for a connection that stays with ASGI."""
    with _at_desk(site.hub, admitted.channel) as desk:
        batches = stream(
            site.hub,
            admitted.channel,
            position,
            draft_pass=admitted.draft_pass,
            desk=desk,
            ping_s=site.settings.ping_s,
            drain_s=site.settings.drain_s,
            rotate_s=site.settings.rotate_s,
        )
        async with aclosing(batches):
            async for batch in batches:
                yield batch


def _at_desk(hub: Hub, channel: Channel) -> AbstractContextManager[Desk | None]:
    if channel.is_desk:
        return hub.presence.watching(channel.log.feed, channel.wake)
    return nullcontext()


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
