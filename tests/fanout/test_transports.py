"""A taken stream from its first message to its last, in each form, over TLS and not, on both loops."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from typing import Any, TypeAlias

import httpx
import orjson
import pytest
import websockets

from livefeed.fanout.http import UNWRITTEN_BYTES
from livefeed.fanout.subscriber import State, Subscriber
from tests.certificates import Certificate
from tests.fanout.wire import HANDSHAKE
from tests.live import FEED, Serving, eventually, serving
from tests.redis_servers import RedisServer

pytestmark = pytest.mark.anyio

Json: TypeAlias = dict[str, Any]
PIECE_BYTES = 66_000
"""What is told at once at most (64 KiB of JSON), with what goes around it."""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return Certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    return "asyncio", {"use_uvloop": request.param}


@pytest.fixture(params=["http", "https"])
def trusted(request: pytest.FixtureRequest, certificate: Certificate) -> ssl.SSLContext | None:
    return certificate.trusted if request.param == "https" else None


@pytest.fixture
def ping_s() -> float:
    return 0.1


UNHURRIED = pytest.mark.parametrize("ping_s", [15.0], ids=[""])
"""For readers who answer no ping: they would be taken for dead."""


@pytest.fixture
async def served(
    redis_server: RedisServer, certificate: Certificate, trusted: ssl.SSLContext | None, ping_s: float
) -> AsyncIterator[Serving]:
    tls = certificate.settings if trusted else {}
    async with serving(redis_server.url, ping_s=ping_s, **tls) as served:
        await served.open_feed()
        yield served


async def by_websocket(
    served: Serving, trusted: ssl.SSLContext | None, compressed: bool
) -> AsyncGenerator[Json, None]:
    url = f"{served.base}/v1/feeds/{FEED}/socket".replace("http", "ws", 1)
    compression = "deflate" if compressed else None
    async with websockets.connect(url, ssl=trusted, compression=compression, proxy=None) as connection:
        with suppress(websockets.ConnectionClosedError):
            async for text in connection:
                yield orjson.loads(text)
    assert connection.close_code == 1012


async def by_sse(
    served: Serving, trusted: ssl.SSLContext | None, compressed: bool
) -> AsyncGenerator[Json, None]:
    headers = {"Accept-Encoding": "gzip" if compressed else "identity"}
    async with (
        httpx.AsyncClient(verify=trusted or False, trust_env=False, timeout=30) as http,
        http.stream("GET", f"{served.base}/v1/feeds/{FEED}/events", headers=headers) as answer,
    ):
        assert answer.headers.get("content-encoding") == ("gzip" if compressed else None)
        async for line in answer.aiter_lines():
            if line.startswith("data: "):
                yield orjson.loads(line.removeprefix("data: "))


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "compressed"])
@pytest.mark.parametrize("read", [by_websocket, by_sse])
async def test_from_the_first_message_to_the_last(
    served: Serving, trusted: ssl.SSLContext | None, read: Any, compressed: bool
) -> None:
    async with asyncio.timeout(30), aclosing(read(served, trusted, compressed)) as messages:
        first = await anext(messages)
        assert first["type"] == "sync"
        (reader,) = taken(served)
        assert reader.framing.compressed is compressed
        for number in range(3):
            await served.publish(f"Number {number}" * 50)
        await served.caught_up()
        head = (await served.hub.channel(FEED)).reigns.position
        seen: list[Json] = []
        async for message in messages:
            seen.append(message)
            if message["type"] == "ping" and message["position"] == str(head):
                break
        texts = [message["change"]["update"]["text"][:8] for message in seen if message["type"] == "change"]
        assert texts == ["Number 0", "Number 1", "Number 2"]
        served.hub.drain()
        rest = [message async for message in messages]
        assert [message["reason"] for message in rest if message["type"] != "ping"] == ["drain"]
    await eventually(lambda: not served.server.server_state.connections, "nobody")


@UNHURRIED
@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "compressed"])
@pytest.mark.parametrize("path", ["socket", "events"])
async def test_a_reader_that_takes_nothing_is_parked_and_caught_up(
    served: Serving, trusted: ssl.SSLContext | None, path: str, compressed: bool
) -> None:
    reader, writer = await connected(served, trusted)
    writer.write(request(path, compressed))
    await eventually(lambda: taken(served) and taken(served)[0].state is State.LIVE, "the takeover")
    (subscriber,) = taken(served)
    most = 0
    async with asyncio.timeout(30):
        while subscriber.state is not State.PARKED:
            await served.publish(os.urandom(4_500).hex())
            most = max(most, subscriber.transport.get_write_buffer_size())
    assert subscriber.framing.compressed is compressed
    for _ in range(20):
        await served.publish(os.urandom(4_500).hex())
    await served.caught_up()
    most = max(most, subscriber.transport.get_write_buffer_size())
    assert UNWRITTEN_BYTES // 4 < most <= UNWRITTEN_BYTES + PIECE_BYTES

    head = (await served.hub.channel(FEED)).head
    reading = asyncio.create_task(read_on(reader))
    await eventually(
        lambda: subscriber.state is State.LIVE and subscriber.position.offset == head, "to be caught up"
    )
    assert served.hub.statistics()["parked_total"] >= 1
    writer.transport.abort()
    await reading
    await eventually(lambda: not served.server.server_state.connections, "nobody")


@UNHURRIED
@pytest.mark.parametrize("path", ["socket", "events"])
async def test_a_reader_that_takes_nothing_does_not_hold_up_the_end(
    served: Serving, trusted: ssl.SSLContext | None, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    _, writer = await connected(served, trusted)
    writer.write(request(path, compressed=False))
    await eventually(lambda: taken(served) and taken(served)[0].state is State.LIVE, "the takeover")
    (subscriber,) = taken(served)
    while subscriber.state is not State.PARKED:
        await served.publish("x" * 9_000)
    loop = asyncio.get_running_loop()
    began = loop.time()
    served.drain()
    await eventually(lambda: not served.server.server_state.connections, "nobody")
    assert loop.time() - began < 2
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
    writer.transport.abort()


def taken(served: Serving) -> list[Subscriber]:
    connections: list[object] = list(served.server.server_state.connections)
    return [connection for connection in connections if isinstance(connection, Subscriber)]


async def connected(
    served: Serving, trusted: ssl.SSLContext | None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A client with little room in its buffers."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.setblocking(False)
    await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", served.port))
    name = "127.0.0.1" if trusted else None
    return await asyncio.open_connection(sock=connection, ssl=trusted, server_hostname=name, limit=1024)


def request(path: str, compressed: bool) -> bytes:
    head = f"GET /v1/feeds/{FEED}/{path} HTTP/1.1\r\nHost: x\r\n".encode()
    if path == "socket":
        head += HANDSHAKE.split(b"\r\n", 2)[2]
        head += b"Sec-WebSocket-Extensions: permessage-deflate\r\n" if compressed else b""
    elif compressed:
        head += b"Accept-Encoding: gzip\r\n"
    return head + b"\r\n"


async def read_on(reader: asyncio.StreamReader) -> None:
    while await reader.read(1 << 16):
        pass
