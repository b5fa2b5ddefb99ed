"""What one connection can send, and for how long, is bounded."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator

import pytest

from livefeed.fanout.http import STALLED_MS, UNSENT_BYTES, BoundedHttp
from tests.clients import TRANSPORTS, Client
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
        return await asyncio.wait_for(reader.read(), 10)
    except ConnectionResetError:
        return b""
    finally:
        flooding.cancel()
        await asyncio.gather(flooding, return_exceptions=True)
        writer.close()


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
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400")


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
