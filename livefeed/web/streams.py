"""Readers' live endpoints: WebSocket, server-sent events, long poll."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from livefeed.core.position import Position, Verdict
from livefeed.errors import BadPosition, FeedNotFound, Forbidden, InvalidInput, StoreError
from livefeed.fanout import closes
from livefeed.fanout.channel import Channel
from livefeed.fanout.closes import Close
from livefeed.fanout.stream import Message, bye, poll, stream, watching
from livefeed.web import caching, origins
from livefeed.web.site import Site, site_of

__all__ = ["routes"]

MAX_WAIT_S = 55
OVERLOAD_RETRY_S = 5.0

_STREAM_HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
    "X-Content-Type-Options": "nosniff",
}


async def _channel(site: Site, feed: str) -> Channel:
    """The channel of a feed that readers may see.

    Raises:
        FeedNotFound, StoreError
    """
    channel = await site.hub.channel(feed)
    if channel.feed["status"] == "draft":
        raise FeedNotFound(feed)
    return channel


def _admits(site: Site, channel: Channel, connection: HTTPConnection) -> bool:
    headers = connection.headers
    origin, own = origins.origin_of(site.settings, headers), origins.own_origin(site.settings, headers)
    return origins.allowed(origin, channel.feed["origins"], own)


def _cors(site: Site, channel: Channel, request: Request) -> dict[str, str]:
    """The CORS headers of an answer.

    Raises:
        Forbidden: this site may not use the feed.
    """
    if not _admits(site, channel, request):
        raise Forbidden("This site may not use this feed: ask its owner to allow your origin.")
    own = origins.own_origin(site.settings, request.headers)
    return origins.cors_headers(request.headers.get("origin"), channel.feed["origins"], own)


def _position(text: str | None) -> Position | None:
    """On a stream an unreadable position is like none: the answer is a snapshot, said aloud."""
    try:
        return Position.parse(text) if text else None
    except BadPosition:
        return None


def _stream(site: Site, channel: Channel, position: Position | None) -> AsyncIterator[list[Message]]:
    return stream(
        site.hub, channel, position, ping_s=site.settings.ping_s, drain_s=site.settings.drain_s
    )


# WebSocket --------------------------------------------------------------------------------------


async def socket(websocket: WebSocket) -> None:
    """``WS /v1/feeds/{feed}/socket?after=<position>``.

    What is refused is accepted first and closed with a code of ours: a page learns nothing from a
    failed handshake.
    """
    site = site_of(websocket)
    await websocket.accept()
    try:
        channel = await _channel(site, websocket.path_params["feed"])
    except FeedNotFound:
        return await _close(websocket, closes.NO_SUCH_FEED)
    except StoreError:
        return await _refuse(websocket, bye("overload", OVERLOAD_RETRY_S))
    if not _admits(site, channel, websocket):
        return await _close(websocket, closes.ORIGIN_REFUSED)
    if site.hub.draining:
        return await _refuse(websocket, bye("drain", 1.0))
    with watching(channel):
        sending = asyncio.create_task(_send_all(site, websocket, channel))
        listening = asyncio.create_task(_listen(websocket))
        try:
            await asyncio.wait([sending, listening], return_when=asyncio.FIRST_COMPLETED)
        finally:
            sending.cancel()
            listening.cancel()
            await asyncio.gather(sending, listening, return_exceptions=True)


async def _send_all(site: Site, websocket: WebSocket, channel: Channel) -> None:
    position = _position(websocket.query_params.get("after"))
    try:
        async with aclosing(_stream(site, channel, position)) as batches:
            async for batch in batches:
                async with asyncio.timeout(site.settings.send_timeout_s):
                    for message in batch:
                        await websocket.send_text(message.data.decode())
                if batch[-1].reason is not None:
                    return await _close(websocket, closes.BYE[batch[-1].reason])
    except FeedNotFound:
        await _close(websocket, closes.NO_SUCH_FEED)
    except StoreError:
        await _refuse(websocket, bye("overload", OVERLOAD_RETRY_S))
    except TimeoutError:
        await _close(websocket, closes.SLOW)
    except (WebSocketDisconnect, RuntimeError, OSError):
        pass  # gone while something was being sent


async def _listen(websocket: WebSocket) -> None:
    """Readers have nothing to say: returns when they leave, or when they say something."""
    message = await websocket.receive()
    if message["type"] == "websocket.receive":
        await _close(websocket, closes.POLICY)


async def _refuse(websocket: WebSocket, message: Message) -> None:
    assert message.reason is not None
    try:
        await websocket.send_text(message.data.decode())
    except (WebSocketDisconnect, RuntimeError, OSError):
        return
    await _close(websocket, closes.BYE[message.reason])


async def _close(websocket: WebSocket, close: Close) -> None:
    try:
        await websocket.close(close.code, close.reason)
    except (WebSocketDisconnect, RuntimeError, OSError):
        pass


# Server-sent events -----------------------------------------------------------------------------


class _EventStream(Response):
    """Sends batches as server-sent events until they end or the reader leaves."""

    media_type = None

    def __init__(self, site: Site, channel: Channel | None, batches: AsyncIterator[list[Message]], cors: dict[str, str]):
        super().__init__(headers={**_STREAM_HEADERS, **cors})
        del self.headers["content-length"]
        self._site, self._channel, self._batches = site, channel, batches

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        if scope["method"] == "HEAD":
            return await send({"type": "http.response.body"})
        sending = asyncio.create_task(self._send_all(send))
        listening = asyncio.create_task(_disconnected(receive))
        try:
            await asyncio.wait([sending, listening], return_when=asyncio.FIRST_COMPLETED)
        finally:
            sending.cancel()
            listening.cancel()
            await asyncio.gather(sending, listening, return_exceptions=True)

    async def _send_all(self, send: Send) -> None:
        try:
            if self._channel is None:
                await self._send_batches(send)
            else:
                with watching(self._channel):
                    await self._send_batches(send)
            await send({"type": "http.response.body"})
        except (TimeoutError, OSError):
            pass  # gone, or takes nothing any more: the connection is dropped

    async def _send_batches(self, send: Send) -> None:
        async for batch in self._batches:
            body = b"".join(message.sse() for message in batch)
            async with asyncio.timeout(self._site.settings.send_timeout_s):
                await send({"type": "http.response.body", "body": body, "more_body": True})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def events(request: Request) -> Response:
    """``GET /v1/feeds/{feed}/events``, from ``Last-Event-ID``, else ``?after=``, else a snapshot.

    ``EventSource`` gives up for ever on 429, 503 and 403, but comes back after 200 and a close. So
    what will pass (overload, drain, Redis away) is said with 200, ``retry:`` and ``bye``.
    """
    site = site_of(request)
    try:
        channel = await _channel(site, request.path_params["feed"])
    except StoreError:
        return _EventStream(site, None, _once(bye("overload", OVERLOAD_RETRY_S)), {"Access-Control-Allow-Origin": "*"})
    cors = _cors(site, channel, request)
    if site.hub.draining:
        return _EventStream(site, None, _once(bye("drain", 1.0)), cors)
    resumed = request.headers.get("last-event-id")
    position = _position(resumed or request.query_params.get("after"))
    if resumed and not channel.is_open and _is_up_to_date(channel, position):
        return Response(status_code=204, headers={**cors, "Cache-Control": "no-store"})
    return _EventStream(site, channel, _or_overload(_stream(site, channel, position)), cors)


def _is_up_to_date(channel: Channel, position: Position | None) -> bool:
    return position is not None and channel.judge(position) is Verdict.GOOD and not channel.missed(position.offset)


async def _once(message: Message) -> AsyncIterator[list[Message]]:
    yield [message]


async def _or_overload(batches: AsyncIterator[list[Message]]) -> AsyncIterator[list[Message]]:
    try:
        async for batch in batches:
            yield batch
    except (FeedNotFound, StoreError):
        yield [bye("overload", OVERLOAD_RETRY_S)]


# Long poll --------------------------------------------------------------------------------------


async def changes(request: Request) -> Response:
    """``GET /v1/feeds/{feed}/changes?after=<position>&wait=25``: one ``sync``.

    Raises:
        BadPosition, InvalidInput, FeedNotFound, Forbidden, StoreError
    """
    site = site_of(request)
    channel = await _channel(site, request.path_params["feed"])
    cors = _cors(site, channel, request)
    after, wait = request.query_params.get("after"), request.query_params.get("wait", "25")
    if not (wait.isascii() and wait.isdigit() and len(wait) <= 2 and int(wait) <= MAX_WAIT_S):
        raise InvalidInput.of("wait", f"give a whole number of seconds from 0 to {MAX_WAIT_S}")
    position = Position.parse(after) if after is not None else None
    with watching(channel):
        asking = asyncio.create_task(poll(site.hub, channel, position, wait_s=int(wait)))
        leaving = asyncio.create_task(_disconnected(request.receive))
        try:
            await asyncio.wait([asking, leaving], return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            if not asking.done():
                asking.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        message = await asking
    return caching.answer(request, message.data, headers=cors)


routes: list[BaseRoute] = [
    WebSocketRoute("/v1/feeds/{feed}/socket", socket),
    Route("/v1/feeds/{feed}/events", events, methods=["GET", "HEAD"]),
    Route("/v1/feeds/{feed}/changes", changes, methods=["GET", "HEAD"]),
]
