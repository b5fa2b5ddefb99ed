"""Takeover: an endpoint that has accepted a reader takes the connection over from uvicorn.

ASGI costs a task, a queue and some twenty kilobytes for each connection that is open. A streaming
endpoint does all that ASGI is for (routing, origin, limits, the accept or the response's head), then
calls what it finds in ``scope["extensions"]["livefeed.takeover"]`` with a
:class:`~livefeed.fanout.subscriber.Subscriber`, which becomes the connection's protocol, and returns.
It is ``Hijack`` in Go. uvicorn goes on counting the connection and shuts it down in the end.

What we lean on in uvicorn is named in tests/fanout/test_takeover.py. Where the extension is absent, or
says no, the endpoint serves the same messages through ASGI.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle
from uvicorn.protocols.utils import get_client_addr, get_path_with_query_string
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import NegotiationError
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory

from livefeed.fanout.http import BoundedHttp
from livefeed.fanout.subscriber import Subscriber

__all__ = ["EXTENSION", "DeflateSocket", "Http", "Socket", "Takeover"]

_access_log = logging.getLogger("uvicorn.access")

EXTENSION = "livefeed.takeover"


@dataclass(frozen=True, slots=True)
class Takeover:
    """The extension: what makes a subscriber the connection's protocol.

    ``take`` returns False, and has done nothing, where that cannot be: the connection is on its way out,
    stuck, or not as far yet. ``deflate``: the WebSocket has agreed on ``permessage-deflate``.
    """

    take: Callable[[Subscriber], bool]
    deflate: bool = False


class Http(BoundedHttp):
    """Event streams: an HTTP/1.1 GET whose response has begun and is sent in chunks."""

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        if (
            self.parser.should_upgrade()
            or self.scope["http_version"] != "1.1"
            or self.scope["method"] != "GET"
        ):
            return
        take = partial(self._take_over, self.cycle)
        self.scope["extensions"] = {EXTENSION: Takeover(take)}  # type: ignore[dict-item]

    def _take_over(self, cycle: RequestResponseCycle, reader: Subscriber) -> bool:
        sending = cycle.response_started and cycle.chunked_encoding and not cycle.response_complete
        if not sending or cycle.disconnected or self.flow.write_paused or self.transport.is_closing():
            return False
        cycle.disconnected = True  # for uvicorn the request is over, and the transport none of its business
        self.let_go()
        _hand_over(self, self.transport, reader)
        return True


class Socket(WebSocketsSansIOProtocol):
    """WebSockets whose handshake is complete, and who have sent nothing yet."""

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            self.scope["extensions"][EXTENSION] = Takeover(  # type: ignore[assignment]
                self._take_over, bool(self.conn.extensions)
            )

    async def send(self, message: Any) -> None:
        if message["type"] == "websocket.accept" and self.config.access_log:
            # As of any other request; uvicorn tells it among its own errors.
            _access_log.info(
                '%s - "%s %s HTTP/%s" %d',
                get_client_addr(self.scope),
                "GET",
                get_path_with_query_string(self.scope),
                self.scope["http_version"],
                101,
            )
        await super().send(message)
        if message["type"] == "websocket.accept" and self.conn.reader.buffer:
            self.loop.call_soon(self.data_received, b"")  # frames came before it, and none may follow

    def _take_over(self, reader: Subscriber) -> bool:
        if not self.handshake_complete or self.close_sent or self.disconnected or self._has_spoken:
            return False
        if not self.writable.is_set() or self.transport.is_closing():
            return False
        self.stop_keepalive()
        transport, self.transport = self.transport, _HandedOver()
        _hand_over(self, transport, reader)
        return True

    @property
    def _has_spoken(self) -> bool:
        """Whether frames came with the handshake, or before it was answered."""
        return bool(self.conn.reader.buffer) or not self.queue.empty()


class DeflateSocket(Socket):
    """The same, agreeing on ``permessage-deflate`` so that one compressed frame serves all readers."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conn.available_extensions = [_SharedDeflate()]


class _SharedDeflate(ServerPerMessageDeflateFactory):
    def __init__(self) -> None:
        super().__init__(server_no_context_takeover=True, client_no_context_takeover=True)

    def process_request_params(
        self, params: Sequence[tuple[str, str | None]], accepted_extensions: Sequence[Any]
    ) -> Any:
        answer, extension = super().process_request_params(params, accepted_extensions)
        if extension.local_max_window_bits < 15:
            raise NegotiationError("the shared frames have a window of 15 bits")
        return answer, extension


class _HandedOver(asyncio.Transport):
    """What uvicorn's protocol is left with: it closes this when the ASGI application has returned."""

    def close(self) -> None:
        pass


def _hand_over(was: Any, transport: asyncio.Transport, reader: Subscriber) -> None:
    reader.transport, reader.connections = transport, was.connections
    was.connections.discard(was)
    was.connections.add(reader)
    transport.set_protocol(reader)
    transport.resume_reading()  # uvicorn pauses it where it waits for the application to listen
