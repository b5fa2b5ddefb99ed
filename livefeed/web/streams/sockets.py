"""The WebSocket."""

from __future__ import annotations

import asyncio
import re
from contextlib import aclosing, suppress

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from livefeed.core.position import Position
from livefeed.errors import AccessError, FeedNotFound, ForeignOrigin, StoreError, TooManyReaders
from livefeed.fanout import closes
from livefeed.fanout.closes import Close
from livefeed.fanout.framing import SOCKET, SOCKET_DEFLATE
from livefeed.fanout.message import DRAIN_RETRY_S, OVERLOAD_RETRY_S, Message, bye
from livefeed.fanout.stream import watching
from livefeed.web.channels import Admitted, Opener, open_channel
from livefeed.web.site import Site, site_of
from livefeed.web.streams.following import position_of, pulled, takeover_of, unless_gone

__all__ = ["SOCKET_PATH", "Socket", "no_socket", "reader_routes", "socket"]

SOCKET_PATH = re.compile(r"/v1/feeds/(?P<feed>[^/]+)/socket")

_CLOSE_S = 1.0
"""How long a close may take to be sent; to a reader that takes nothing it never would be."""


class _Gone(Exception):
    """The reader left while something was being sent."""


class Socket:
    """``WS …?after=<position>``, an ASGI application; ``opener`` says what is followed there, and by whom.

    Who is refused is accepted and then closed with a code of ours: a page learns nothing from a failed
    handshake.
    """

    def __init__(self, opener: Opener) -> None:
        self._opener = opener

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        websocket = WebSocket(scope, receive, send)
        site = site_of(websocket)
        try:
            admitted = await self._opener(websocket)
            with admitted.seat, watching(admitted.channel):
                after = websocket.query_params.get("after") if scope["query_string"] else None
                await _serve(site, websocket, admitted, position_of(after))
        except FeedNotFound:
            await _close(websocket, closes.NO_SUCH_FEED)
        except ForeignOrigin:
            await _close(websocket, closes.ORIGIN_REFUSED)
        except AccessError:
            await _close(websocket, closes.SIGNED_OUT)
        except StoreError:
            await _refuse(websocket, bye("overload", OVERLOAD_RETRY_S))
        except TooManyReaders as error:
            await _refuse(websocket, bye("overload", error.retry_after_s))


async def _serve(site: Site, websocket: WebSocket, admitted: Admitted, position: Position | None) -> None:
    takeover = takeover_of(websocket, admitted)
    if site.hub.draining:
        await _refuse(websocket, bye("drain", DRAIN_RETRY_S))
    else:
        if takeover is not None:
            audience = site.hub.audience(admitted.channel)
            welcome = await audience.welcome(position, SOCKET_DEFLATE if takeover.deflate else SOCKET)
            if audience.admit(takeover.take, welcome, admitted.seat):
                return
        await websocket.accept()
        await _send_and_listen(site, websocket, admitted, position)


async def no_socket(request: Request) -> Response:
    """A plain GET of the socket's address.

    Raises:
        HTTPException: 426 (RFC 9110, section 15.5.22).
    """
    raise HTTPException(426, "This is a WebSocket.", {"Upgrade": "websocket", "Connection": "Upgrade"})


# Through ASGI -----------------------------------------------------------------------------------


async def _send_and_listen(
    site: Site, websocket: WebSocket, admitted: Admitted, position: Position | None
) -> None:
    await unless_gone(_send_all(site, websocket, admitted, position), _listen(websocket))


async def _send_all(site: Site, websocket: WebSocket, admitted: Admitted, position: Position | None) -> None:
    try:
        async with aclosing(pulled(site, admitted, position)) as batches:
            async for batch in batches:
                for message in batch:
                    await _send(websocket, message, timeout_s=site.settings.send_timeout_s)
                if batch[-1].reason is not None:
                    await _close(websocket, closes.BYE[batch[-1].reason])
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
        await _accept(websocket)
        await _send(websocket, message, timeout_s=_CLOSE_S)
        await _close(websocket, closes.BYE[message.reason])


async def _close(websocket: WebSocket, close: Close) -> None:
    with suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
        async with asyncio.timeout(_CLOSE_S):
            await _accept(websocket)
            await websocket.close(close.code, close.reason)


async def _accept(websocket: WebSocket) -> None:
    if websocket.client_state is WebSocketState.CONNECTING:
        await websocket.accept()


socket = Socket(open_channel)
"""``WS /v1/feeds/{feed}/socket``."""

reader_routes: list[BaseRoute] = [WebSocketRoute("/v1/feeds/{feed}/socket", socket)]
