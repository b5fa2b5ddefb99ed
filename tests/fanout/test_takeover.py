"""A connection changes hands: what that needs, what may happen meanwhile, what uvicorn still does."""

from __future__ import annotations

import asyncio
import gc
import importlib
import inspect
import socket
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from livefeed.core.position import Position
from livefeed.fanout import takeover
from livefeed.fanout.admission import Admission
from livefeed.fanout.framing import EVENTS, SOCKET
from livefeed.fanout.message import Message
from livefeed.fanout.server import Server
from livefeed.fanout.subscriber import State, Subscriber
from livefeed.fanout.takeover import EXTENSION, Http
from livefeed.settings import Settings
from tests.fanout import wire
from tests.fanout.wire import Wire, frame, wired
from tests.live import eventually

pytestmark = pytest.mark.anyio

# The contract -----------------------------------------------------------------------------------

_HTTP = "uvicorn.protocols.http.httptools_impl:HttpToolsProtocol"
_CYCLE = "uvicorn.protocols.http.httptools_impl:RequestResponseCycle"
_SOCKET = "uvicorn.protocols.websockets.websockets_sansio_impl:WebSocketsSansIOProtocol"

METHODS = {
    # What http.py, handover.py and takeover.py override or call, with the parameters that they rely on.
    f"{_HTTP}.__init__": "self config server_state app_state _loop",
    f"{_HTTP}.connection_made": "self transport",
    f"{_HTTP}.connection_lost": "self exc",
    f"{_HTTP}.data_received": "self data",
    f"{_HTTP}.on_message_begin": "self",
    f"{_HTTP}.on_header": "self name value",
    f"{_HTTP}.on_headers_complete": "self",
    f"{_HTTP}.on_body": "self body",
    f"{_HTTP}.on_message_complete": "self",
    f"{_HTTP}.handle_websocket_upgrade": "self",
    f"{_HTTP}.shutdown": "self",
    f"{_HTTP}._start_asgi_task": "self cycle app",
    f"{_HTTP}._should_upgrade": "self",
    f"{_HTTP}._unset_keepalive_if_required": "self",
    f"{_CYCLE}.run_asgi": "self app",
    f"{_SOCKET}.__init__": "self config server_state app_state _loop",
    f"{_SOCKET}.connection_made": "self transport",
    f"{_SOCKET}.connection_lost": "self exc",
    f"{_SOCKET}.data_received": "self data",
    f"{_SOCKET}.handle_connect": "self event",
    f"{_SOCKET}.pause_writing": "self",
    "uvicorn.protocols.utils:get_client_addr": "scope",
    "uvicorn.protocols.utils:get_path_with_query_string": "scope",
    "uvicorn.protocols.utils:is_ssl": "transport",
    "uvicorn.protocols.http.flow_control:FlowControl.__init__": "self transport",
    "uvicorn.server:Server.serve": "self sockets",
    "uvicorn.server:Server.startup": "self sockets",
    "uvicorn.server:Server.shutdown": "self sockets",
    "uvicorn.server:Server.handle_exit": "self sig frame",
    "uvicorn.protocols.http.flow_control:FlowControl.pause_reading": "self",
    "websockets.server:ServerProtocol.accept": "self request",
    "websockets.protocol:Protocol.parse": "self",
    "websockets.protocol:Protocol.receive_data": "self data",
    "websockets.protocol:Protocol.events_received": "self",
    "websockets.protocol:Protocol.data_to_send": "self",
    "websockets.protocol:Protocol.fail": "self code reason",
    "websockets.extensions.permessage_deflate:PerMessageDeflate.__init__": "self remote_no_context_takeover "
    "local_no_context_takeover remote_max_window_bits local_max_window_bits",
    "websockets.frames:Frame.serialize": "self mask extensions",
    "websockets.headers:build_extension": "extensions",
    "websockets.headers:parse_extension": "header",
    "websockets.utils:accept_key": "key",
    "websockets.extensions.permessage_deflate:ServerPerMessageDeflateFactory.process_request_params": "self "
    "params accepted_extensions",
}
"""Where it is → its parameters (those after them have defaults)."""

ATTRIBUTES = {
    # On instances of a living connection.
    "http": "access_log access_logger app app_state asgi_version client config connections cycle "
    "expect_100_continue flow headers logger loop parser pipeline root_path scheme scope server_state tasks "
    "transport url ws_protocol_class",
    "cycle": "access_log chunked_encoding disconnected expected_content_length keep_alive message_event "
    "response_complete response_started scope",
    "flow": "resume_writing write_paused",
    "socket": "app close_timeout conn loop read_paused response",
    "websockets": "parser reader state",
    "server": "config force_exit server_state should_exit started",
    "state": "connections default_headers tasks total_requests",
}


@pytest.mark.parametrize("where", METHODS)
def test_a_method_that_we_lean_on(where: str) -> None:
    module, _, path = where.partition(":")
    found: Any = importlib.import_module(module)
    for name in path.split("."):
        found = getattr(found, name)
    parameters = list(inspect.signature(found).parameters.values())
    wanted = METHODS[where].split()
    assert [parameter.name for parameter in parameters[: len(wanted)]] == wanted
    for more in parameters[len(wanted) :]:
        assert more.default is not more.empty or more.kind in (more.VAR_KEYWORD, more.VAR_POSITIONAL), more


async def test_attributes_that_we_lean_on(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    hand_over = takeover._hand_over

    def noted(was: Any, *more: Any) -> None:
        seen.append(was)
        hand_over(was, *more)

    monkeypatch.setattr(takeover, "_hand_over", noted)
    async with taking() as taken, taken.by(GET), uvicorns_socket() as ws:
        (http,) = seen
        owners = {
            "http": http,
            "cycle": http.cycle,
            "flow": http.flow,
            "socket": ws,
            "websockets": ws.conn,
        }
        owners["state"] = taken.wire.state
        owners["server"] = Server(None, None, Settings())  # type: ignore[arg-type]
        for name, owner in owners.items():
            assert [each for each in ATTRIBUTES[name].split() if not hasattr(owner, each)] == [], name


@asynccontextmanager
async def uvicorns_socket() -> AsyncIterator[Any]:
    """The protocol object of a WebSocket that is not taken over."""
    async with wired(http=Http) as wire:
        _, writer = await asyncio.open_connection("127.0.0.1", wire.port)
        writer.write(HANDSHAKE)
        of_uvicorn = "WebSocketsSansIOProtocol"
        await eventually(
            lambda: [type(each).__name__ for each in wire.state.connections] == [of_uvicorn], "it"
        )
        yield next(iter(wire.state.connections))
        writer.close()


# Taking -----------------------------------------------------------------------------------------


class Audience:
    """Notes what its one reader asks of it."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def park(self, reader: Subscriber) -> None:
        reader.set_aside()
        self.asked.append("park")

    def bring_up(self, reader: Subscriber) -> None:
        reader.state = State.LIVE
        self.asked.append("bring up")

    def part(self, reader: Subscriber, state: State) -> None:
        reader.state = state

    def ping(self, position: Position) -> Message:
        return Message("ping", b"{}")


@dataclass
class Taken:
    """What became of those who came."""

    wire: Wire
    readers: list[Subscriber]
    refused: list[bool]
    lacking: list[str]
    audience: Audience

    @asynccontextmanager
    async def by(self, request: bytes, rcvbuf: int | None = None) -> AsyncIterator[Peer]:
        """A client that has asked, and whose connection was taken over."""
        known = len(self.readers)
        with socket.socket() as connection:
            connection.setblocking(False)
            if rcvbuf:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(connection, ("127.0.0.1", self.wire.port))
            await loop.sock_sendall(connection, request)
            await eventually(lambda: len(self.readers) > known, "the takeover")
            yield Peer(connection, self.readers[-1])


@dataclass
class Peer:
    connection: socket.socket
    reader: Subscriber

    async def read(self, until: bytes) -> bytes:
        got, loop = b"", asyncio.get_running_loop()
        async with asyncio.timeout(30):
            while not got.endswith(until) and (part := await loop.sock_recv(self.connection, 1 << 20)):
                got += part
        return got


Before = Callable[[Scope, Receive, Send], Awaitable[None]]


async def begun(scope: Scope, receive: Receive, send: Send) -> None:
    """Begin a response, as endpoints do; a WebSocket is answered by taking it over."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})


async def accepted(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept"})


@asynccontextmanager
async def taking(before: Before = begun, http: type[Http] = Http) -> AsyncIterator[Taken]:
    """An application that takes each connection over, after ``before``; errors in the log are failures."""
    admission = Admission(Settings())

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        extension = scope.get("extensions", {}).get(EXTENSION)
        if extension is None:
            taken.lacking.append(scope.get("method", scope["type"]))
            if scope["type"] == "websocket":
                await accepted(scope, receive, send)
            else:
                await begun(scope, receive, send)
                await send({"type": "http.response.body", "body": b"plain"})
            return
        await before(scope, receive, send)
        framing = SOCKET if scope["type"] == "websocket" else EVENTS
        reader = Subscriber(taken.audience, framing, Position("e", 1), admission.take(None, None))
        if extension.take(reader, b""):
            reader.state = max(reader.state, State.LIVE)
            taken.readers.append(reader)
        else:
            taken.refused.append(True)

    async with wired(app, http=http) as wire:
        taken = Taken(wire, [], [], [], Audience())
        yield taken


GET = b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n"
HANDSHAKE = wire.HANDSHAKE + b"\r\n"
both = pytest.mark.parametrize("request_", [GET, HANDSHAKE], ids=["http", "websocket"])


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    return "asyncio", {"use_uvloop": request.param}


@both
async def test_uvicorn_counts_it_and_has_no_task_for_it(request_: bytes) -> None:
    async with taking() as taken:
        async with taken.by(request_) as peer:
            state = taken.wire.state
            connections: list[object] = list(state.connections)
            assert connections == [peer.reader]
            await eventually(lambda: not state.tasks, "the task to end")
            assert peer.reader.transport.get_protocol() is peer.reader
            peer.reader.transport.write(b"more")
            assert (await peer.read(b"more")).endswith(b"more")
        await eventually(lambda: not state.connections, "the connection to be forgotten")


@pytest.mark.parametrize(
    "request_",
    [
        b"HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
    ],
)
async def test_only_a_get_in_http_1_1_may_be_taken(request_: bytes) -> None:
    async with taking() as taken:
        assert (await taken.wire.answer(request_)).startswith(b"HTTP/1.1 200")
        assert taken.lacking == [request_.split()[0].decode()]


async def not_begun(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()


async def measured(scope: Scope, receive: Receive, send: Send) -> None:
    """A response whose length is said."""
    headers = [(b"content-length", b"3")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})


async def ended(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await accepted(scope, receive, send)
        await send({"type": "websocket.close"})
    else:
        await begun(scope, receive, send)
        await send({"type": "http.response.body"})


@pytest.mark.parametrize(
    ("request_", "before"),
    [
        (GET, not_begun),
        (GET, measured),
        (GET, ended),
        (HANDSHAKE, accepted),
        (HANDSHAKE, ended),
    ],
)
async def test_refused_where_it_would_go_wrong(request_: bytes, before: Before) -> None:
    async with taking(before) as taken:
        _, writer = await asyncio.open_connection("127.0.0.1", taken.wire.port)
        writer.write(request_)
        await eventually(lambda: taken.refused or taken.readers, "the refusal")
        assert (taken.refused, taken.readers) == ([True], [])
        writer.close()


@pytest.mark.parametrize(
    "request_",
    [
        HANDSHAKE[:-2] + b"Sec-WebSocket-Protocol: chat\r\n\r\n",
        HANDSHAKE[:-2] + b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
        HANDSHAKE.replace(b"Version: 13", b"Version: 12"),
        HANDSHAKE.replace(b"dGhl", b"????"),
        HANDSHAKE[:-2] + b"Origin: http://a\r\nOrigin: http://b\r\n\r\n",
        HANDSHAKE[:-2] + b"Upgrade: websocket\r\n\r\n",
        HANDSHAKE[:-2] + b"Connection: Upgrade\r\n\r\n",
    ],
)
async def test_an_odd_handshake_is_uvicorn_s(request_: bytes) -> None:
    async with taking() as taken:
        answer = await taken.wire.answer(request_, until=b"\r\n\r\n")
        assert answer.split()[1] in (b"101", b"400", b"426")
        assert taken.lacking in ([], ["websocket"])
        assert taken.readers == []
        await eventually(lambda: not taken.wire.state.tasks, "no task to wait for ever")


async def test_what_a_hasty_client_says_is_heard_by_who_took_over() -> None:
    asked = asyncio.Event()

    async def slowly(scope: Scope, receive: Receive, send: Send) -> None:
        await asked.wait()

    async with taking(slowly) as taken:
        reader, writer = await asyncio.open_connection("127.0.0.1", taken.wire.port)
        writer.write(HANDSHAKE + frame(9, b"at once") + frame(9, b"in parts")[:3])
        await eventually(lambda: taken.wire.state.tasks, "the handshake to wait")
        writer.write(frame(9, b"in parts")[3:])
        await writer.drain()
        asked.set()
        answer = await asyncio.wait_for(reader.readuntil(b"\x8a\x08in parts"), 30)
        assert answer.startswith(b"HTTP/1.1 101")
        assert b"\x8a\x07at once" in answer
        writer.close()


async def test_an_application_that_says_nothing_is_answered_for(caplog: pytest.LogCaptureFixture) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("broken on purpose")

    async with wired(app, http=Http) as wire:
        assert (await wire.answer(HANDSHAKE)).startswith(b"HTTP/1.1 500")
    assert "broken on purpose" in caplog.text


async def test_what_a_hasty_client_says_is_heard_by_uvicorn_too() -> None:
    async with wired(http=Http) as wire:
        sent = HANDSHAKE + frame(1, b"hello") + frame(9, b"and")
        answer = await wire.answer(sent, until=b"/ws hello")
        assert answer.startswith(b"HTTP/1.1 101")


@pytest.mark.parametrize("request_", [wire.HANDSHAKE + b"\r\n", GET, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"])
async def test_nothing_is_left_for_the_garbage_collector(request_: bytes) -> None:
    made: weakref.WeakSet[Http] = weakref.WeakSet()

    class Noted(Http):
        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **more)
            made.add(self)

    async with taking(http=Noted) as taken:
        gc.collect()
        gc.disable()
        try:
            for _ in range(20):
                _, writer = await asyncio.open_connection("127.0.0.1", taken.wire.port)
                writer.write(request_)
                known = len(taken.readers)
                await eventually(lambda known=known: len(taken.readers) > known, "it")  # type: ignore[misc]
                writer.close()
            await eventually(lambda: not taken.wire.state.connections, "all to be gone")
            taken.readers.clear()
            await eventually(lambda: len(made) <= 1, "no connection to be kept")
        finally:
            gc.enable()


@both
async def test_refused_when_the_client_has_gone(request_: bytes) -> None:
    left = asyncio.Event()

    async def before(scope: Scope, receive: Receive, send: Send) -> None:
        await begun(scope, receive, send)
        left.set()
        while (await receive())["type"] not in ("http.disconnect", "websocket.disconnect"):
            pass

    async with taking(before) as taken:
        _, writer = await asyncio.open_connection("127.0.0.1", taken.wire.port)
        writer.write(request_)
        await left.wait()
        writer.transport.abort()
        await eventually(lambda: taken.refused, "the refusal")
        await eventually(lambda: not taken.wire.state.connections, "the connection to be forgotten")


@pytest.mark.parametrize("request_", [GET * 2, HANDSHAKE], ids=["pipelined", "websocket"])
async def test_its_end_is_noticed_at_once_though_uvicorn_had_paused_it(request_: bytes) -> None:
    async with taking() as taken:
        async with taken.by(request_):
            pass
        await eventually(lambda: taken.readers[0].state is State.GONE, "the end to be noticed")


@both
async def test_it_is_told_when_its_buffer_is_full_and_when_it_has_drained(request_: bytes) -> None:
    async with taking() as taken, taken.by(request_, rcvbuf=4096) as peer:
        peer.reader.transport.write(b"x" * 8_000_000 + b"end")
        assert taken.audience.asked == ["park"]
        await peer.read(b"end")
        assert taken.audience.asked == ["park", "bring up"]


@both
async def test_a_shutdown_aborts_it_when_bytes_are_stuck(request_: bytes) -> None:
    async with taking() as taken, taken.by(request_, rcvbuf=4096) as peer:
        peer.reader.transport.write(b"x" * 8_000_000)
        (connection,) = taken.wire.state.connections
        connection.shutdown()
        await eventually(lambda: peer.reader.state is State.GONE, "its end")


@both
async def test_a_shutdown_closes_it_otherwise(request_: bytes) -> None:
    async with taking() as taken, taken.by(request_) as peer:
        (connection,) = taken.wire.state.connections
        peer.reader.transport.write(b"last")
        connection.shutdown()
        assert (await peer.read(b"\0")).endswith(b"last")  # until its end
        await eventually(lambda: peer.reader.state is State.GONE, "its end")
