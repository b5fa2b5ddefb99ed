"""Takeover: an endpoint that has accepted a reader takes the connection over from uvicorn.

ASGI costs a task, a queue and some twenty kilobytes for each connection that is open. A streaming
endpoint does all that ASGI is for (routing, origin, limits, the response's head), then
calls what it finds in ``scope["extensions"]["livefeed.takeover"]`` with a
:class:`~livefeed.fanout.subscriber.Subscriber`, which becomes the connection's protocol, and returns.
It is ``Hijack`` in Go. uvicorn goes on counting the connection and shuts it down in the end.

What we lean on in uvicorn is named in tests/fanout/test_takeover.py. Where the extension is absent, or
says no, the endpoint serves the same messages through ASGI.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import unquote

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle
from uvicorn.protocols.utils import ClientDisconnected, get_client_addr, get_path_with_query_string

from livefeed.fanout.handshake import Asked, Lent, agreement, read, response
from livefeed.fanout.http import BoundedHttp
from livefeed.fanout.subscriber import MAX_HEARD_BYTES, Subscriber

__all__ = ["EXTENSION", "Http", "Takeover"]

EXTENSION = "livefeed.takeover"


@dataclass(frozen=True, slots=True)
class Takeover:
    """The extension: what makes a subscriber the connection's protocol.

    ``take`` is given the first bytes to send, too; on a WebSocket it sends the answer to the handshake before
    them. It returns False, and has done nothing, where that cannot be: the connection is on its way out or
    stuck, or the answer to a request has not begun. ``deflate``: the WebSocket will agree on
    ``permessage-deflate``.
    """

    take: Callable[[Subscriber, bytes], bool]
    deflate: bool = False


class Http(BoundedHttp):
    """uvicorn's connection, with the extension for event streams and for WebSockets.

    An event stream is taken over when its response has begun, to a GET in HTTP/1.1; a WebSocket when its
    handshake would be answered.
    """

    _socket: _Socket | None = None

    def data_received(self, data: bytes) -> None:
        if self._socket is not None:
            self._socket.hear(data)
        else:
            super().data_received(data)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        if self.parser.should_upgrade():
            return
        if self.scope["method"] == "GET" and self.scope["http_version"] == "1.1":
            take = partial(self._take_over, self.cycle)
            self.scope["extensions"] = {EXTENSION: Takeover(take)}  # type: ignore[dict-item]

    def _take_over(self, cycle: RequestResponseCycle, reader: Subscriber, first: bytes) -> bool:
        sending = cycle.response_started and cycle.chunked_encoding and not cycle.response_complete
        if not sending or cycle.disconnected or self.is_stuck_or_closing:
            return False
        cycle.disconnected = True  # for uvicorn the request is over, and the transport none of its business
        self.let_go()
        _hand_over(self, reader, first)
        return True

    def let_go(self) -> None:
        super().let_go()
        self._forget_extension()

    def on_response_complete(self) -> None:
        self._forget_extension()
        super().on_response_complete()

    def _forget_extension(self) -> None:
        """It knows us: neither would be freed at once."""
        if self._answered is not None:
            self._answered.scope.pop("extensions", None)

    def handle_websocket_upgrade(self, rest: bytes = b"") -> None:
        asked = read(self.headers)
        if asked is None:
            super().handle_websocket_upgrade(rest)
            return
        self.deafen()
        deflate = agreement(asked.offers) if asked.offers and self.config.ws_per_message_deflate else None
        self._socket = _Socket(self, asked, deflate, rest)
        task = self.loop.create_task(self._socket.run())
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    @property
    def is_stuck_or_closing(self) -> bool:
        """A protocol that is set while the transport is paused would never be told so."""
        return self.flow.write_paused or self.transport.is_closing()

    def log_socket(self, scope: Any) -> None:
        """The one line of the access log."""
        if self.access_log:
            who, what = get_client_addr(scope), get_path_with_query_string(scope)
            self.access_logger.info('%s - "%s %s HTTP/%s" %d', who, "GET", what, "1.1", 101)


class _Socket:
    """A WebSocket that was asked for: accepted by taking it over, or else by uvicorn."""

    def __init__(self, http: Http, asked: Asked, deflate: bytes | None, rest: bytes) -> None:
        self._http, self._asked, self._deflate, self._rest = http, asked, deflate, rest
        self._lent = Lent(self._give_to_uvicorn)
        self._uvicorns: Any = None
        self._taken = False
        raw_path, _, query = http.url.partition(b"?")
        self.scope = http.scope | {
            "type": "websocket",
            "asgi": {"version": http.asgi_version, "spec_version": "2.4"},
            "scheme": "wss" if http.scheme == "https" else "ws",
            "path": http.root_path + unquote(raw_path.decode("ascii")),
            "raw_path": http.root_path.encode("ascii") + raw_path,
            "query_string": query,
            "subprotocols": [],
            "extensions": {EXTENSION: Takeover(self._take_over, deflate is not None)},
        }

    async def run(self) -> None:
        """Run the application."""
        http = self._http
        try:
            await http.app(self.scope, self._lent.receive, self._send)
        except ClientDisconnected:
            pass
        except BaseException:
            http.logger.exception("Exception in ASGI application")
        finally:
            if self._lent.is_used:
                self._lent.give_back()
            elif not self._taken:
                http.refuse_handshake()
            # These know each other: nothing of it would be freed at once.
            del self.scope["extensions"], self._lent
            http._socket = None

    def hear(self, data: bytes) -> None:
        """A hasty client speaks before it has been answered."""
        self._rest += data
        if len(self._rest) > MAX_HEARD_BYTES:
            self._http.transport.abort()

    async def _send(self, message: Any) -> None:
        await self._lent.send(message)
        if self._rest and self._uvicorns is not None:  # the handshake has been answered
            self._rest = b""
            self._uvicorns.data_received(b"")

    def _take_over(self, reader: Subscriber, first: bytes) -> bool:
        http = self._http
        if self._taken or self._lent.is_used or http.is_stuck_or_closing:
            return False
        self._taken = True
        http.log_socket(self.scope)
        http.let_go()
        head = response(self._asked, self._deflate, http.server_state.default_headers)
        _hand_over(http, reader, head + first)
        if self._rest:  # a hasty client: heard when the reader has been admitted
            reader.partial, reader.heard = self._rest, len(self._rest)
            http.loop.call_soon(reader.data_received, b"")
        return True

    def _give_to_uvicorn(self, application: Any) -> bool:
        if self._http.transport.is_closing():
            return False
        self._uvicorns = self._http.give_to_uvicorn(application, self._rest)
        if self._uvicorns is None:
            return False
        self._http.log_socket(self.scope)
        return True


def _hand_over(http: Any, reader: Subscriber, data: bytes) -> None:
    reader.transport, reader.connections = http.transport, http.connections
    http.connections.add(reader)
    http.transport.set_protocol(reader)
    http.transport.resume_reading()  # uvicorn pauses it where it waits for the application to listen
    http.transport.write(data)  # last: it may ask the reader to pause
