"""Readers' live endpoints: WebSocket, server-sent events, long poll."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Mapping
from contextlib import ExitStack, aclosing, nullcontext, suppress
from typing import Any, TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from livefeed.core.position import Position, Verdict
from livefeed.errors import BadPosition, FeedNotFound, Forbidden, InvalidInput, StoreError, TooManyReaders
from livefeed.fanout import closes
from livefeed.fanout.admission import Seat
from livefeed.fanout.channel import Channel
from livefeed.fanout.closes import Close
from livefeed.fanout.stream import OVERLOAD_RETRY_S, Message, bye, poll, stream, watching
from livefeed.fanout.tasks import end
from livefeed.web import caching
from livefeed.web.channels import Admitted, open_channel
from livefeed.web.origins import cors_headers
from livefeed.web.problems import problem_response
from livefeed.web.site import Site, site_of

__all__ = ["changes", "events", "no_socket", "routes"]

_T = TypeVar("_T")

_MAX_WAIT_S = 55
_CLOSE_S = 1.0
"""How long a close may take to be sent; to a reader that takes nothing it never would be."""

_STREAM_HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
    "X-Content-Type-Options": "nosniff",
}


_TO_ALL = cors_headers(None, ["*"], "")
"""Of a refusal that says nothing of the feed."""


def _position(text: str | None) -> Position | None:
    """On a stream an unreadable position is like none: the answer is a snapshot, said aloud."""
    try:
        return Position.parse(text) if text else None
    except BadPosition:
        return None


def _stream(site: Site, admitted: Admitted, position: Position | None) -> AsyncGenerator[list[Message], None]:
    return stream(
        site.hub,
        admitted.channel,
        position,
        draft_pass=admitted.draft_pass,
        ping_s=site.settings.ping_s,
        drain_s=site.settings.drain_s,
    )


async def _unless_gone(work: Coroutine[Any, Any, _T], gone: Coroutine[Any, Any, None]) -> _T | None:
    """What ``work`` returns or raises; None if ``gone`` ends first."""
    working, leaving = asyncio.create_task(work), asyncio.create_task(gone)
    try:
        await asyncio.wait([working, leaving], return_when=asyncio.FIRST_COMPLETED)
    finally:
        await end([working, leaving])
    return None if working.cancelled() else working.result()


# WebSocket --------------------------------------------------------------------------------------


class _Gone(Exception):
    """The reader left while something was being sent."""


async def _socket(websocket: WebSocket) -> None:
    """``WS /v1/feeds/{feed}/socket?after=<position>``.

    What is refused is accepted first and closed with a code of ours: a page learns nothing from a
    failed handshake.
    """
    site = site_of(websocket)
    await websocket.accept()
    try:
        admitted = await open_channel(websocket)
    except FeedNotFound:
        await _close(websocket, closes.NO_SUCH_FEED)
    except Forbidden:
        await _close(websocket, closes.ORIGIN_REFUSED)
    except StoreError:
        await _refuse(websocket, bye("overload", OVERLOAD_RETRY_S))
    except TooManyReaders as error:
        await _refuse(websocket, bye("overload", error.retry_after_s))
    else:
        with admitted.seat:
            if site.hub.draining:
                await _refuse(websocket, bye("drain", 1.0))
                return
            with watching(admitted.channel):
                await _unless_gone(_send_all(site, websocket, admitted), _listen(websocket))


async def no_socket(request: Request) -> Response:
    """A plain GET of the socket's address.

    Raises:
        HTTPException: 426 (RFC 9110, section 15.5.22).
    """
    raise HTTPException(426, "This is a WebSocket.", {"Upgrade": "websocket", "Connection": "Upgrade"})


async def _send_all(site: Site, websocket: WebSocket, admitted: Admitted) -> None:
    position = _position(websocket.query_params.get("after"))
    try:
        async with aclosing(_stream(site, admitted, position)) as batches:
            async for batch in batches:
                for message in batch:
                    await _send(websocket, message, timeout_s=site.settings.send_timeout_s)
                if batch[-1].reason is not None:
                    await _close(websocket, closes.BYE[batch[-1].reason])
    except FeedNotFound:
        await _close(websocket, closes.NO_SUCH_FEED)
    except StoreError:
        await _refuse(websocket, bye("overload", OVERLOAD_RETRY_S))
    except TimeoutError:
        await _close(websocket, closes.SLOW)
    except _Gone:
        pass


async def _listen(websocket: WebSocket) -> None:
    """Readers have nothing to say: returns when they leave, or when they say something."""
    message = await websocket.receive()
    if message["type"] == "websocket.receive":
        await _close(websocket, closes.POLICY)


async def _send(websocket: WebSocket, message: Message, *, timeout_s: float) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            await websocket.send_text(message.data.decode())
    except (WebSocketDisconnect, RuntimeError) as error:  # RuntimeError: a close was sent already
        raise _Gone from error


async def _refuse(websocket: WebSocket, message: Message) -> None:
    assert message.reason is not None
    with suppress(_Gone, TimeoutError):
        await _send(websocket, message, timeout_s=_CLOSE_S)
        await _close(websocket, closes.BYE[message.reason])


async def _close(websocket: WebSocket, close: Close) -> None:
    with suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
        async with asyncio.timeout(_CLOSE_S):
            await websocket.close(close.code, close.reason)


# Server-sent events -----------------------------------------------------------------------------


class _EventStream(Response):
    """Sends batches as server-sent events until they end or the reader leaves."""

    media_type = None

    def __init__(
        self,
        site: Site,
        channel: Channel | None,
        batches: AsyncGenerator[list[Message], None],
        cors: Mapping[str, str],
        seat: Seat | None = None,
    ):
        super().__init__(headers={**_STREAM_HEADERS, **cors})
        del self.headers["content-length"]
        self._site, self._channel, self._batches = site, channel, batches
        self._seat = seat

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._seat or nullcontext():
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Counted before anything is awaited: a channel that nobody watches may be dropped.
        with watching(self._channel) if self._channel else nullcontext():
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            if scope["method"] == "HEAD":
                await send({"type": "http.response.body"})
                return
            stuck = await _unless_gone(self._send_all(send), _disconnected(receive))
        if stuck:
            # Neither said good-bye to nor counted any more, but still in its seat. ASGI cannot cut a
            # connection: the kernel does, after fanout.http.STALLED_MS.
            await _disconnected(receive)

    async def _send_all(self, send: Send) -> bool:
        """Send until the end; True if the reader took nothing for too long."""
        try:
            async with aclosing(self._batches) as batches:
                async for batch in batches:
                    body = b"".join(message.sse() for message in batch)
                    async with asyncio.timeout(self._site.settings.send_timeout_s):
                        await send({"type": "http.response.body", "body": body, "more_body": True})
            await send({"type": "http.response.body"})
        except TimeoutError:
            return True
        except OSError:
            pass  # gone
        return False


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
        admitted = await open_channel(request)
    except StoreError:
        return _EventStream(site, None, _once(bye("overload", OVERLOAD_RETRY_S)), _TO_ALL)
    except TooManyReaders as error:
        return _EventStream(site, None, _once(bye("overload", error.retry_after_s)), _TO_ALL)
    with ExitStack() as seated:
        seated.enter_context(admitted.seat)
        channel, headers = admitted.channel, admitted.headers
        if site.hub.draining:
            return _EventStream(site, None, _once(bye("drain", 1.0)), headers)
        resumed = request.headers.get("last-event-id")
        position = _position(resumed or request.query_params.get("after"))
        goes_on = channel.goes_on(with_draft=admitted.draft_pass is not None)
        if resumed and not goes_on and _is_up_to_date(channel, position):
            return Response(status_code=204, headers={**headers, "Cache-Control": "no-store"})
        batches = _or_overload(_stream(site, admitted, position))
        answer = _EventStream(site, channel, batches, headers, admitted.seat)
        seated.pop_all()  # from here on the answer has the seat, and gives it back
        return answer


def _is_up_to_date(channel: Channel, position: Position | None) -> bool:
    return (
        position is not None
        and channel.judge(position) is Verdict.GOOD
        and channel.missed(position.offset) == []
    )


async def _once(message: Message) -> AsyncGenerator[list[Message], None]:
    yield [message]


async def _or_overload(batches: AsyncGenerator[list[Message], None]) -> AsyncGenerator[list[Message], None]:
    try:
        async with aclosing(batches):
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
    try:
        admitted = await open_channel(request)
    except TooManyReaders as error:
        response = problem_response(request, error)
        response.headers.update(_TO_ALL)  # a page is to learn when it may come back
        return response
    with admitted.seat:
        return await _changes(request, admitted)


async def _changes(request: Request, admitted: Admitted) -> Response:
    site, channel = site_of(request), admitted.channel
    after, wait = request.query_params.get("after"), request.query_params.get("wait", "25")
    if not (wait.isascii() and wait.isdigit() and len(wait) <= 2 and int(wait) <= _MAX_WAIT_S):
        raise InvalidInput.of("wait", f"give a whole number of seconds from 0 to {_MAX_WAIT_S}")
    position = Position.parse(after) if after is not None else None
    with watching(channel):
        message = await _unless_gone(
            poll(site.hub, channel, position, wait_s=int(wait), draft_pass=admitted.draft_pass),
            _disconnected(request.receive),
        )
    if message is None:
        return Response()  # nobody is there to read it
    cache = caching.BRIEF if admitted.draft_pass is None else caching.NO_STORE
    return caching.answer(request, message.data, cache=cache, headers=admitted.headers)


routes: list[BaseRoute] = [WebSocketRoute("/v1/feeds/{feed}/socket", _socket)]
"""The others are in :mod:`livefeed.web.contract`, with their description."""
