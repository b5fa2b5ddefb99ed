"""uvicorn's HTTP connection with bounds: on what a client may send, for how long, and what waits for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.utils import is_ssl
from uvicorn.server import ServerState

from livefeed.fanout.handover import hand_over
from livefeed.fanout.heads import Heads

__all__ = ["BoundedHttp"]

MAX_HEAD_BYTES = 16_384
"""The request line and headers; also what may come between two pieces of a body (chunk sizes, trailers)."""

MAX_PIPELINED = 8
"""Requests that may wait behind the one that is being answered."""

PIECE_BYTES = 2048
"""The parser is fed no more at once, so that what it has not got to the end of can be counted."""

UNWRITTEN_BYTES = 65_536
"""More than this in our own buffer, and the application waits. Over TLS it would be 512 KiB."""

CLOSE_S = 1.0
"""How long a client may take to agree to the close of a WebSocket that is uvicorn's."""

_heads_of: WeakKeyDictionary[ServerState, Heads] = WeakKeyDictionary()


class _Malformed(Exception):
    """A head that llhttp reads, and that we do not accept."""


class BoundedHttp(HttpToolsProtocol):
    """httptools is strict about a request's framing, but keeps whatever one connection sends; this does not.

    States: waiting for a head (``head_s`` at most), answering, waiting for the next request (uvicorn's
    keep-alive time), handed over or refused (``_is_deaf``: nothing more is read here).
    """

    head_s: ClassVar[float] = 10.0
    """How long a request's head may take to arrive, the handshake of a WebSocket included."""

    def __init__(
        self, config: Any, server_state: ServerState, app_state: dict[str, Any], **more: Any
    ) -> None:
        super().__init__(config, server_state, app_state, **more)
        # uvicorn has it read on after `Connection: close`.
        self.parser.set_dangerous_leniencies(lenient_data_after_close=False)
        heads = _heads_of.get(server_state)
        if heads is None:
            connections = server_state.connections
            heads = _heads_of[server_state] = Heads(self.loop, connections, within_s=self.head_s)
        self._heads = heads
        self._answered: RequestResponseCycle | None = None  # uvicorn's `cycle` is the one read last
        self._is_deaf = False
        self._in_body = False
        self._part_bytes = 0  # fed since the last part of a message was complete

    def deafen(self) -> None:
        """Read no more requests."""
        self._is_deaf = True
        self._heads.forget(self.transport)
        self._unset_keepalive_if_required()

    def let_go(self) -> None:
        """Nothing here acts on the transport any more: it is lost, or another protocol has it."""
        self.deafen()
        self.connections.discard(self)
        self.parser = None  # type: ignore[assignment]  # which knows us: neither would be freed at once

    # The connection

    def connection_made(self, transport: Any) -> None:
        # uvicorn makes a socket object twice to ask for addresses, of which our own is needed by nobody.
        self.connections.add(self)
        self.transport, self.flow = transport, FlowControl(transport)
        self.scheme = "https" if is_ssl(transport) else "http"
        peer = transport.get_extra_info("peername")
        self.client = peer[:2] if isinstance(peer, tuple) else None  # a Unix socket has none
        self._heads.expect(transport)
        transport.set_write_buffer_limits(high=UNWRITTEN_BYTES)

    def connection_lost(self, exc: Exception | None) -> None:
        self.let_go()
        super().connection_lost(exc)
        self._disconnect()

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        if self._is_deaf:
            self.flow.pause_reading()
            return
        try:
            self._feed(data)
        except HttpParserError as error:
            self.logger.debug("Invalid HTTP request received: %s", error)
            self._refuse(431 if self._part_bytes > MAX_HEAD_BYTES else 400)
        if self._is_deaf or self._is_answering:
            self._heads.forget(self.transport)
        else:
            self._heads.expect(self.transport)

    def _feed(self, data: bytes) -> None:
        fed = 0
        while fed < len(data) and not self._is_deaf:
            piece = data[fed : fed + PIECE_BYTES]
            self._part_bytes += len(piece)
            try:
                self.parser.feed_data(piece)
            except HttpParserUpgrade as upgrade:
                message_end = upgrade.args[0]
            else:
                fed += len(piece)
                if self._part_bytes > MAX_HEAD_BYTES:
                    raise HttpParserError("too long")
                continue
            fed += message_end
            if self._is_handshake():
                self.handle_websocket_upgrade(data[fed:])
            else:
                self._read_without_upgrade()

    # What the parser calls

    def on_message_begin(self) -> None:
        self._part_bytes = 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_body:
            return  # trailers are dropped
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        version = self.parser.get_http_version()
        self._check_head(version)
        if len(self.pipeline) >= MAX_PIPELINED:
            raise _Malformed("too many requests at once")
        if version == "1.0":
            self.expect_100_continue = False  # RFC 9110, section 10.1.1
        if self.parser.should_upgrade():  # then httptools stops here, whatever the framing is
            if self._is_answering and self._is_handshake():
                raise _Malformed("a handshake behind another request")
            return
        super().on_headers_complete()
        self._in_body, self._part_bytes = True, 0

    def on_body(self, body: bytes) -> None:
        self._part_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_body, self._part_bytes = False, 0
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def _check_head(self, version: str) -> None:
        """What h11 looked at and llhttp does not, or not in each of its versions."""
        hosts = [value for name, value in self.headers if name == b"host"]
        codings = [value.lower() for name, value in self.headers if name == b"transfer-encoding"]
        if version not in ("1.0", "1.1") or len(hosts) > 1 or (version == "1.1" and not hosts):
            raise _Malformed("version or host")
        if codings and (version == "1.0" or codings != [b"chunked"]):
            raise _Malformed("transfer encoding")
        if not self.url.isascii() or self.parser.get_method() == b"CONNECT":
            raise _Malformed("target")

    # Answering

    @property
    def _is_answering(self) -> bool:
        return self._answered is not None and not self._answered.response_complete

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answered = cycle
        super()._start_asgi_task(
            cycle, _unchunked(app, cycle) if cycle.scope["http_version"] == "1.0" else app
        )

    def _refuse(self, status: int) -> None:
        """Answer ``status`` and close. Whole requests that came before are answered first."""
        self._is_deaf = True
        if self._in_body and self.pipeline:
            self.pipeline.popleft()
        elif self._in_body:
            if not self.cycle.response_started:
                self._say(status)
            self._close()
            return
        if self._answered is not None and self._is_answering:
            last = self.pipeline[0][0] if self.pipeline else self._answered
            last.keep_alive = False
        else:
            self._say(status)
            self._close()

    def _close(self) -> None:
        self._disconnect()
        self.transport.close()

    def _say(self, status: int) -> None:
        if self.transport.is_closing():
            return
        line = STATUS_LINE[status]
        text = line.split(b" ", 2)[2].strip()
        headers = [
            *self.server_state.default_headers,
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(text)),
            (b"connection", b"close"),
        ]
        self.transport.write(b"".join([line, *(b"%s: %s\r\n" % header for header in headers), b"\r\n", text]))

    def _disconnect(self) -> None:
        """uvicorn tells the request that was read last; of several it is another that is being answered."""
        if self._answered is not None:
            self._answered.disconnected = not self._answered.response_complete
            self._answered.message_event.set()

    # Upgrades

    def _is_handshake(self) -> bool:
        """Whether this asks for a WebSocket. Any other upgrade is ignored (RFC 9110, section 7.8)."""
        names = {name for name, value in self.headers if value != b"0"}
        return (
            self._should_upgrade()
            and self.parser.get_method() == b"GET"
            and self.parser.get_http_version() == "1.1"
            and self.url.startswith(b"/")
            and names.isdisjoint((b"content-length", b"transfer-encoding"))
        )

    def _read_without_upgrade(self) -> None:
        """Read the head again as an ordinary one: httptools takes no body after one with an upgrade.

        Java's client sends `Upgrade: h2c` with each of its requests, bodies included.
        """
        headers = [header for header in self.headers if header[0] != b"upgrade"]
        line = b"%s %s HTTP/%s\r\n" % (
            self.parser.get_method(),
            self.url,
            self.parser.get_http_version().encode(),
        )
        self.parser = HttpRequestParser(self)
        self.parser.feed_data(b"".join([line, *(b"%s: %s\r\n" % header for header in headers), b"\r\n"]))

    def handle_websocket_upgrade(self, rest: bytes = b"") -> None:
        """A WebSocket is asked for; ``rest`` is what came behind the handshake."""
        if not all(value.isascii() for name, value in self.headers if name.startswith(b"sec-websocket-")):
            raise HttpParserError("a handshake in more than ASCII")
        self.give_to_uvicorn(self.app, rest)

    def give_to_uvicorn(self, application: Any, rest: bytes = b"") -> Any:
        """Hand the connection over to uvicorn's WebSocket protocol, which runs ``application``.

        Returns that protocol, or None where it has refused the handshake, and runs nothing.
        """
        self.let_go()
        protocol: Any = self.ws_protocol_class(  # type: ignore[call-arg, misc]
            config=self.config, server_state=self.server_state, app_state=self.app_state
        )
        protocol.app, protocol.close_timeout = application, CLOSE_S
        hand_over(self.transport, protocol, self.url, self.headers, rest)
        if self.flow.write_paused:  # which only we have been told
            protocol.pause_writing()
        return protocol if protocol.response.status_code == 101 else None

    def refuse_handshake(self) -> None:
        """The application returned without a word, or failed."""
        self._say(500)
        self._close()


def _unchunked(app: Any, cycle: RequestResponseCycle) -> Any:
    """HTTP/1.0 has no chunks, which uvicorn sends all the same: there a body ends with the connection."""
    cycle.chunked_encoding = False

    async def answer(scope: Any, receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:
        async def send_plain(message: Any) -> None:
            cycle.expected_content_length = len(message.get("body", b""))
            await send(message)

        await app(scope, receive, send_plain)

    return answer
