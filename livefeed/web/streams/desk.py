"""The desk's streams: its log, for those who work on the feed, by WebSocket and by server-sent events.

They are no readers: nobody counts them or bounds them, and they follow drafts and closed feeds alike.
"""

from __future__ import annotations

import asyncio

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, WebSocketRoute

from livefeed.errors import ForeignOrigin
from livefeed.fanout.admission import Seat
from livefeed.web.auth import enter
from livefeed.web.channels import Admitted, pass_of
from livefeed.web.readers import is_own_page
from livefeed.web.site import site_of
from livefeed.web.streams.events import follow
from livefeed.web.streams.sockets import Socket

__all__ = ["desk_events", "desk_routes", "open_desk"]


async def open_desk(connection: HTTPConnection) -> Admitted:
    """The desk's channel of the feed that the path names.

    Raises:
        FeedNotFound
        Unauthenticated, Forbidden: not somebody who works on this feed.
        ForeignOrigin: with the session's cookie, from a page that is not ours.
        StoreError
    """
    since = asyncio.get_running_loop().time()
    slug, token = await enter(connection, "contributor")
    if token.session is not None and not is_own_page(connection):
        raise ForeignOrigin("With a session, the desk is followed from its own page only.")
    channel = await site_of(connection).hub.channel(slug, "desklog")
    return Admitted(channel, Seat(None, None, None), {}, pass_of(token, since))


async def desk_events(request: Request) -> Response:
    """``GET /v1/feeds/{feed}/desk/events``, from ``Last-Event-ID``, else ``?after=``, else all items."""
    return await follow(request, open_desk)


desk_routes: list[BaseRoute] = [WebSocketRoute("/v1/feeds/{feed}/desk/socket", Socket(open_desk))]
