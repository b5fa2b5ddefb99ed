"""What one connection can send, and for how long, is bounded."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Iterator

import pytest
from starlette.types import Receive, Send
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT

from livefeed.fanout.http import UNWRITTEN_BYTES, BoundedHttp
from livefeed.fanout.server import STALLED_MS, UNSENT_BYTES
from tests.clients import TRANSPORTS, Client
from tests.fanout.wire import HANDSHAKE, Wire, wired
from tests.live import FEED, Serving, eventually, serving
from tests.redis_servers import RedisServer, newest_binary

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def shared_redis() -> Iterator[RedisServer]:
    with RedisServer(newest_binary()) as server:
        yield server


@pytest.fixture
async def served(shared_redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Serving]:
    shared_redis.clear()
    monkeypatch.setattr(BoundedHttp, "head_s", 0.2)
    async with serving(shared_redis.url) as served:
        await served.open_feed()
        yield served


async def answer_to(served: Serving, sent: bytes, *, more: bytes = b"", at_most: int = 1 << 30) -> bytes:
    """What comes until the server closes, if ``sent`` and then ``more`` without end is sent to it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(sent)

    async def flood() -> None:
        written = 0
        while more and written < at_most:
            writer.write(more)
            await writer.drain()
            written += len(more)

    flooding = asyncio.create_task(flood())
    try:
        return await asyncio.wait_for(reader.read(), 30)
    except ConnectionResetError:
        return b""
    finally:
        flooding.cancel()
        await asyncio.gather(flooding, return_exceptions=True)
        writer.close()


READ_BYTES = 256 << 10
"""asyncio's and uvloop's transports read no more at once."""

HEAD = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize("sent", [b"", b"GET /hea", HEAD, HEAD + b"Upgrade: websocket\r\n"])
async def test_a_head_that_does_not_come_is_not_waited_for(served: Serving, sent: bytes) -> None:
    assert await answer_to(served, sent) == b""


async def test_nor_is_half_a_second_one(served: Serving) -> None:
    answer = await answer_to(served, HEAD + b"\r\nGET /heal")
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert answer.count(b"HTTP/1.1") == 1


async def test_a_head_without_end_is_refused(served: Serving) -> None:
    answer = await answer_to(served, HEAD, more=b"X-More: " + b"x" * 8000 + b"\r\n")
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431")  # nothing, if a reset overtakes it


@pytest.mark.parametrize("transport", [TRANSPORTS["websocket"], TRANSPORTS["sse"]])
async def test_a_stream_outlives_the_time_for_heads(served: Serving, transport: type[Client]) -> None:
    async with transport(served.base, FEED) as client:
        await client.until(lambda: client.messages, "the first sync")
        loop = asyncio.get_running_loop()
        later = loop.time() + 3 * BoundedHttp.head_s
        await eventually(lambda: loop.time() > later, "the time for heads to pass")
        await served.publish("Still there")
        await client.until(lambda: client.texts == ["Still there"], "the update")
        assert client.reconnects == 0


async def test_only_so_many_pipelined_requests_are_read_ahead(served: Serving) -> None:
    """Who sends requests and reads no answers is not read any more, and nothing piles up here."""
    many = (b"GET /v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n") * 200
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port, limit=1)
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    sent = 0
    try:
        async with asyncio.timeout(1.0):
            while sent < 200 << 20:
                writer.write(many)
                await writer.drain()
                sent += len(many)
    except TimeoutError:
        pass
    assert sent < 100 << 20
    writer.transport.abort()
    del reader


async def test_each_socket_has_its_bounds(served: Serving) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    connections = served.server.server_state.connections
    await eventually(lambda: connections, "the connection")
    for connection in connections:
        kept = connection.transport.get_extra_info("socket")
        assert kept.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == STALLED_MS
        assert kept.getsockopt(socket.IPPROTO_TCP, 25) == UNSENT_BYTES
    writer.close()
    del reader


# What follows is sent to an application that tells what reached it.


@pytest.fixture
async def wire(caplog: pytest.LogCaptureFixture) -> AsyncIterator[Wire]:
    """Whatever is sent, it never shows in the log."""
    with caplog.at_level(logging.WARNING):
        async with wired() as wire:
            yield wire
    assert not caplog.get_records("call")


POST = b"POST / HTTP/1.1\r\nHost: x\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
END = b"\r\n\r\n"


def get(path: bytes, *lines: bytes) -> bytes:
    return b"\r\n".join([b"GET " + path + b" HTTP/1.1", b"Host: x", *lines, b"", b""])


@pytest.mark.parametrize(
    "sent",
    [
        POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0" + END,
        POST + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        POST + b"Content-Length: 3, 3\r\n\r\nabc",
        POST + b"Content-Length: +3\r\n\r\nabc",
        POST + b"Content-Length: \r\n\r\n",
        POST + b"Content-Length: " + b"9" * 30 + END,
        POST + b"Transfer-Encoding: xchunked\r\n\r\n0" + END,
        POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0" + END,
        POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0" + END,
        b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0" + END,
        CHUNKED + b"xyz\r\n",
        CHUNKED + b"3\r\nabcd\r\n0" + END,
        CHUNKED + b"3 \r\nabc\r\n0" + END,
        CHUNKED + b"f" * 30 + b"\r\n",
        get(b"/", b"X: a", b" folded"),
        get(b"/", b"X: a\nY: b"),
        get(b"/", b"X: a\rY: b"),
        get(b"/", b"X: a\0b"),
        get(b"/", b"X y: a"),
        get(b"/", b"X : a"),
        get(b"/", b": a"),
        get(b"/", b"Host: y"),
        get("/é".encode()),
        get("/?é".encode()),
        get(b"foo"),
        get(b"http:///x"),
        get(b"http://x:99999/"),
        b"CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\nabc",
        b"get / HTTP/1.1\r\nHost: x" + END,
        b"GET / HTTP/1.1" + END,
        b"GET / HTTP/2.0\r\nHost: x" + END,
        b"GET /" + END,
        b"PRI * HTTP/2.0" + END + b"SM" + END,
        b"\x16\x03\x01\x02\x00\x01\x00",
    ],
)
async def test_what_is_no_request_is_refused(wire: Wire, sent: bytes) -> None:
    answer = await wire.answer(sent)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert answer.endswith(b"Bad Request")
    assert answer.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize(
    "sent",
    [
        get(b"/", b"X: " + b"x" * 24_000),
        get(b"/" + b"x" * 24_000),
        b"\r\n" * 12_000,
        CHUNKED + b"3;" + b"x" * 24_000,
        CHUNKED + b"3\r\nabc\r\n0\r\n" + b"A: b\r\n" * 5000,
    ],
    ids=["header", "path", "empty lines", "chunk extension", "trailers"],
)
async def test_no_part_of_a_request_is_longer_than_a_head_may_be(wire: Wire, sent: bytes) -> None:
    assert (await wire.answer(sent[:18_000], sent[18_000:])).startswith(b"HTTP/1.1 431 ")


async def test_a_head_of_almost_16_kib_is_read(wire: Wire) -> None:
    assert b"[GET / HTTP/1.1 host,x ]" in await wire.answer(get(b"/", b"X: " + b"x" * 16_000), until=b"]")


async def test_trailers_are_dropped(wire: Wire) -> None:
    sent = CHUNKED + b"3;a=b\r\nabc\r\n0\r\nHost: y\r\n\r\n"
    assert b"[POST / HTTP/1.1 host,transfer-encoding abc]" in await wire.answer(sent, until=b"]")


async def test_a_body_comes_whole_in_whatever_pieces(wire: Wire) -> None:
    body = b"x" * 300_000
    sent = POST + b"Content-Length: 300000\r\n\r\n" + body
    assert b" " + body + b"]" in await wire.answer(sent[:100], sent[100:200_000], sent[200_000:], until=b"]")


async def test_a_client_that_waits_is_told_to_go_on(wire: Wire) -> None:
    answer = await wire.answer(POST + b"Content-Length: 1\r\nExpect: 100-continue\r\n\r\n", until=END)
    assert answer == b"HTTP/1.1 100 Continue\r\n\r\n"


async def test_http_1_0_gets_no_chunks_and_no_100(wire: Wire) -> None:
    answer = await wire.answer(b"GET /stream HTTP/1.0\r\nExpect: 100-continue\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\nconnection: close\r\n\r\n[GET /stream HTTP/1.0 expect ]")


async def test_requests_are_answered_in_their_order_and_none_after_one_that_closes(wire: Wire) -> None:
    sent = get(b"/1") + get(b"/2") + get(b"/3", b"Connection: close") + get(b"/4")
    answer = await wire.answer(sent)
    paths = [line.split()[1] for line in answer.splitlines() if line.startswith(b"[GET")]
    assert [path.split(b"HTTP")[0] for path in paths] == [b"/1", b"/2", b"/3"]


async def test_a_bounded_number_waits_behind_another(wire: Wire) -> None:
    answer = await wire.answer(get(b"/") * 50)
    assert answer.count(b"[GET / ") == 9
    assert answer.count(b"HTTP/1.1 200 OK") == 9


@pytest.mark.parametrize("bad", [b"GET / FOO" + END, CHUNKED + b"xyz\r\n", HANDSHAKE + b"\r\n"])
async def test_requests_before_a_bad_one_are_answered(wire: Wire, bad: bytes) -> None:
    answer = await wire.answer(get(b"/1") + get(b"/2") + bad)
    assert b"[GET /1 " in answer
    assert b"[GET /2 " in answer
    assert answer.count(b"content-length: ") == 2


async def test_who_is_answered_while_others_wait_learns_that_the_connection_is_lost() -> None:
    begun, told = asyncio.Event(), asyncio.Event()

    async def listens(scope: object, receive: Receive, send: Send) -> None:
        await receive()
        begun.set()
        assert (await receive())["type"] == "http.disconnect"
        told.set()

    async with wired(listens) as wire:
        _, writer = await asyncio.open_connection("127.0.0.1", wire.port)
        writer.write(get(b"/1"))
        await begun.wait()
        writer.write(get(b"/2"))
        (connection,) = wire.state.connections
        assert isinstance(connection, BoundedHttp)
        await eventually(lambda: connection.pipeline, "the second request")
        connection.transport.abort()
        await asyncio.wait_for(told.wait(), 30)
        writer.close()


@pytest.mark.parametrize("upgrade", [b"h2c", b"websocket"])
async def test_another_upgrade_is_ignored_and_nothing_behind_it_is_lost(wire: Wire, upgrade: bytes) -> None:
    """Java's client asks for h2c with each request. A body is a body, even if it looks like a request."""
    body = get(b"/smuggled")
    lines = b"Upgrade: " + upgrade + b"\r\nConnection: Upgrade\r\nContent-Length: %d" % len(body) + END
    answer = await wire.answer(POST + lines + body + get(b"/2", b"Connection: close"))
    assert b"[POST / HTTP/1.1 host,connection,content-length " + body + b"]" in answer
    assert b"[GET /2 HTTP/1.1 " in answer
    assert answer.count(b"HTTP/1.1 200 OK") == 2


async def test_the_buffer_of_a_connection_is_bounded(wire: Wire) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", wire.port)
    connections = wire.state.connections
    await eventually(lambda: connections, "the connection")
    for connection in connections:
        assert connection.transport.get_write_buffer_limits()[1] == UNWRITTEN_BYTES
    writer.close()


@pytest.mark.parametrize("before", [b"", get(b"/1"), get(b"/1") * 5], ids=["alone", "second", "sixth"])
async def test_a_body_that_nobody_takes_is_not_read(before: bytes) -> None:
    taken = asyncio.Event()

    async def waits(scope: object, receive: Receive, send: Send) -> None:
        await taken.wait()

    async with wired(waits) as wire:
        _, writer = await asyncio.open_connection("127.0.0.1", wire.port)
        writer.write(before + POST + b"Content-Length: 90000000\r\n\r\n")
        writer.write(b"x" * 20_000_000)
        await eventually(lambda: wire.state.connections, "the connection")
        (connection,) = wire.state.connections
        assert isinstance(connection, BoundedHttp)
        await eventually(lambda: connection.flow is not None and connection.flow.read_paused, "the pause")
        assert not connection.transport.is_reading()
        assert len(connection.cycle.body) <= HIGH_WATER_LIMIT + READ_BYTES
        connection.transport.abort()
        taken.set()
        writer.close()
