"""Streams whose connections were taken over, as served: nothing is lost and nobody is left."""

from __future__ import annotations

import asyncio
import signal
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from livefeed.core import frames
from tests.clients import SseClient, WebSocketClient
from tests.fanout.wire import HANDSHAKE, frame
from tests.live import FEED, Live, Serving, eventually, serving
from tests.redis_servers import RedisServer
from tests.serve_process import serve_process

pytestmark = pytest.mark.anyio


def stream(path: str, *more: bytes) -> bytes:
    head = f"GET /v1/feeds/{FEED}/{path} HTTP/1.1\r\nHost: x\r\n".encode()
    return head + (HANDSHAKE.split(b"\r\n", 2)[2] if "socket" in path else b"") + b"\r\n" + b"".join(more)


@asynccontextmanager
async def served_feed(redis: RedisServer, **settings: Any) -> AsyncIterator[Serving]:
    async with serving(redis.url, **settings) as served:
        await served.open_feed()
        yield served


async def nobody_left(served: Serving) -> None:
    await eventually(lambda: not served.admission.readers, "every place to be free")
    await eventually(lambda: not served.hub.statistics()["readers"], "nobody to watch")
    state = served.server.server_state
    await eventually(lambda: not state.connections and not state.tasks, "uvicorn to have nobody")


async def told(served: Serving, sent: bytes, until: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    try:
        writer.write(sent)
        return await asyncio.wait_for(reader.readuntil(until), 30)
    finally:
        writer.transport.abort()


async def test_frames_that_come_with_the_request_are_not_lost(redis_server: RedisServer) -> None:
    async with served_feed(redis_server) as served:
        sent = stream("socket", frame(9, b"here"), frame(8, b"\x03\xe8"))
        answer = await told(served, sent, b"\x88\x02\x03\xe8")
        assert b"\x8a\x04here" in answer
        assert b"1008" not in await told(served, stream("socket", frame(1, b"hello")), b"readers do not send")
        await nobody_left(served)


async def test_http_1_0_and_head_are_answered_plainly(redis_server: RedisServer) -> None:
    async with served_feed(redis_server) as served:
        asked = stream("events")
        answer = await told(served, asked.replace(b"HTTP/1.1", b"HTTP/1.0"), b'"type":"sync"')
        head, _, body = answer.partition(b"\r\n\r\n")
        assert b"transfer-encoding" not in head.lower()
        assert body.startswith(b"event: sync\n")
        answer = await told(served, asked.replace(b"GET", b"HEAD"), b"\r\n\r\n")
        assert b"content-type: text/event-stream" in answer
        await nobody_left(served)


async def test_requests_before_and_behind_a_stream(redis_server: RedisServer) -> None:
    """What was asked before is answered before; a stream is the last answer on its connection."""
    async with served_feed(redis_server) as served:
        other = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
        answer = await told(served, other + stream("events", other), b"event: ping")
        assert answer.count(b"HTTP/1.1 200") == 2
        assert answer.index(b"alive") < answer.index(b"event: sync")
        await nobody_left(served)


@pytest.mark.parametrize("path", ["events", "socket", "events?after=never:1", "socket?after=never:1"])
async def test_who_vanishes_at_any_moment_leaves_nothing(
    redis_server: RedisServer, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with served_feed(redis_server) as served:
        for moment in range(60):
            connection = socket.create_connection(("127.0.0.1", served.port))
            if moment % 2:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.sendall(stream(path))
            for _ in range(moment // 2):  # so many turns of the loop, which is the server's too
                await asyncio.sleep(0)
            connection.close()
        await nobody_left(served)
        assert served.hub.statistics()["parked_total"] == 0
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_uvicorn_s_shutdown_reaches_taken_connections(redis_server: RedisServer) -> None:
    async with served_feed(redis_server) as served:
        assert served.server.config.timeout_graceful_shutdown == 1  # the last resort
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(stream("events"))
        await reader.readuntil(b"event: sync")
    assert await asyncio.wait_for(reader.read(), 30)
    writer.close()


@pytest.mark.parametrize("wanted", [True, False])
async def test_the_access_log_has_a_line_for_each_stream(
    live: Live, redis_server: RedisServer, tmp_path: Path, wanted: bool
) -> None:
    async with serve_process(redis_server.url, tmp_path, access_log=str(wanted).lower()) as process:
        for path in ("events", "socket"):
            reader, writer = await asyncio.open_connection("127.0.0.1", process.port)
            writer.write(stream(path))
            await reader.readuntil(b'"sync"')
            writer.close()
        process.process.send_signal(signal.SIGTERM)
        await process.ended(10)
        streams = [line for line in process.log.splitlines() if f"/v1/feeds/{FEED}/" in line]
        assert len(streams) == (2 if wanted else 0), process.log
        if wanted:
            assert streams[0].endswith(f'"GET /v1/feeds/{FEED}/events HTTP/1.1" 200')
            assert streams[1].endswith(f'"GET /v1/feeds/{FEED}/socket HTTP/1.1" 101')


async def test_who_answers_no_ping_is_gone_at_the_third_beat(redis_server: RedisServer) -> None:
    """It reads all the time; nobody but the one who is silent goes."""
    async with (
        served_feed(redis_server, ping_s=0.2) as served,
        WebSocketClient(served.base, FEED) as answering,
        SseClient(served.base, FEED) as by_events,
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(stream("socket"))
        with suppress(ConnectionResetError):
            heard = b""
            while part := await asyncio.wait_for(reader.read(4096), 30):
                heard += part
        writer.close()
        assert heard.count(b'"type":"ping"') == heard.count(frames.PING) == 2
        pings = len(answering.of("ping"))
        await answering.until(lambda: len(answering.of("ping")) > pings + 3, "more pings")
        assert (answering.reconnects, by_events.reconnects) == (0, 0)
        assert served.hub.statistics()["readers"] == 2
