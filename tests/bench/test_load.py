"""The load client against the loop of send(): what it counts, and that a lost or doubled delivery is seen."""

from __future__ import annotations

import asyncio
import gzip
import shutil
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from bench import messages, peers
from bench.load import Load, Report, Stream
from bench.processes import Failed
from bench.server import Post, Publisher, Server

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler, cc")

READERS = 50
SOCKET = Stream("ws", "/")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = peers.limit(tmp_path)
    yield server
    server.stop()


def published(server: Server, count: int, *, path: str = "/publish", timeout_s: float = 30.0) -> Report:
    """What readers say of so many updates."""
    with Load(server.port, SOCKET) as load:
        load.open(READERS)
        load.expect(1, count)
        times = []
        with Publisher(server.port, Post(path, messages.change)) as publisher:
            for number in range(1, count + 1):
                times.append(publisher.send(number, messages.SHORT))
                load.everywhere(number, timeout_s=timeout_s)
                publisher.answer()
        return load.report(times)


def test_each_delivery_is_counted(server: Server) -> None:
    report = published(server, 20)
    report.check()
    assert report.readers == READERS
    assert report.deliveries == report.segments == READERS * 20
    assert report.bytes == sum((len(messages.change(n, "")) + 4) * READERS for n in range(1, 21))
    assert len(report.last_ms) == 20
    assert 0 < report.p50_ms <= report.p99_ms <= report.max_ms == max(report.last_ms)
    assert all(first <= last for first, last in zip(report.first_ms, report.last_ms, strict=True))


def test_a_lost_delivery_fails(server: Server) -> None:
    report = published(server, 1, path="/publish-lose", timeout_s=0.5)
    assert report.missing == 1
    with pytest.raises(Failed, match="1 deliveries lost"):
        report.check()


def test_a_doubled_delivery_fails(server: Server) -> None:
    # Twice, so that the first one's double has come when the second one is everywhere.
    report = published(server, 2, path="/publish-double")
    assert report.doubled in (1, 2)
    with pytest.raises(Failed, match="doubled"):
        report.check()


def test_a_later_update_before_an_earlier_one_is_seen(server: Server) -> None:
    with Load(server.port, SOCKET) as load:
        load.open(READERS)
        load.expect(1, 2)
        times: list[int] = []
        with server.publisher() as publisher:
            for number in (2, 1):
                times.insert(0, publisher.send(number, ""))
                assert load.everywhere(number)
                publisher.answer()
        report = load.report(times)
    assert report.misordered == READERS
    report.check(in_order=False)
    with pytest.raises(Failed, match="out of order"):
        report.check()


def test_a_reader_that_is_dropped_fails(server: Server) -> None:
    with Load(server.port, SOCKET) as load:
        load.open(READERS)
        load.expect(1, 1)
        server.stop()
        with pytest.raises(Failed, match="dropped a reader"):
            load.everywhere(1)


def test_a_stalled_reader_is_counted_no_more(server: Server) -> None:
    with Load(server.port, SOCKET) as load:
        load.open(READERS)
        load.stall(1)
        load.expect(1, 1)
        with server.publisher() as publisher:
            times = [publisher.send(1, "")]
            assert load.everywhere(1)
            publisher.answer()
        assert load.report(times).deliveries == READERS - 1


# A small server in the test speaks what limit.c does not: SSE in pieces, compression, pings. -------------


class Talker:
    """Answers each connection with ``head``; ``say`` sends the same bytes to all, in pieces."""

    def __init__(self, head: bytes) -> None:
        self._head = head
        self._writers: list[asyncio.StreamWriter] = []
        self.heard: list[bytes] = []

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(self._head)
        self._writers.append(writer)
        with suppress(ConnectionResetError):  # that is how the load client closes
            while data := await reader.read(1000):
                self.heard.append(data)
        writer.close()

    async def say(self, data: bytes, *, pieces: int = 1) -> None:
        size = -(-len(data) // pieces)
        for begin in range(0, len(data), size):
            for writer in self._writers:
                writer.write(data[begin : begin + size])
                await writer.drain()
            await asyncio.sleep(0.01)  # nothing waits for it: pieces are more likely read one by one


@asynccontextmanager
async def talking(head: bytes, stream: Stream) -> AsyncIterator[tuple[Talker, Load]]:
    talker = Talker(b"HTTP/1.1 " + head + b"\r\n\r\n")
    server = await asyncio.start_server(talker.connected, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with Load(port, stream) as load:
            await asyncio.to_thread(load.open, 3)
            await asyncio.to_thread(load.expect, 1, 2)
            yield talker, load
            await asyncio.to_thread(load.close)


async def two_updates(talker: Talker, load: Load, wire: list[bytes], pieces: int) -> Report:
    for number, data in enumerate(wire, 1):
        await talker.say(data, pieces=pieces)
        assert await asyncio.to_thread(load.everywhere, number)
    return await asyncio.to_thread(load.report, [0, 0])


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def event(number: int) -> bytes:
    return f"id: {number}\ndata: {messages.change(number, 'x' * 300)}\n\n".encode()


SWITCHED = b"101 Switching Protocols\r\nUpgrade: websocket"
CHUNKED = b"200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked"


@pytest.mark.anyio
@pytest.mark.parametrize("pieces", [1, 3, 40])
async def test_events_in_pieces(pieces: int) -> None:
    async with talking(CHUNKED, Stream("sse", "/")) as (talker, load):
        apart = chunk(event(2)[:100]) + chunk(event(2)[100:])
        report = await two_updates(talker, load, [chunk(event(1)), apart], pieces)
    report.check()
    assert (report.deliveries, report.compressed) == (6, 0)


@pytest.mark.anyio
@pytest.mark.parametrize("pieces", [1, 7])
async def test_events_without_chunks(pieces: int) -> None:
    async with talking(b"200 OK", Stream("sse", "/")) as (talker, load):
        report = await two_updates(talker, load, [event(1), event(2)], pieces)
    report.check()
    assert report.deliveries == 6


def deflated(data: bytes) -> bytes:
    deflate = zlib.compressobj(wbits=-15)
    return deflate.compress(data) + deflate.flush(zlib.Z_FULL_FLUSH)


@pytest.mark.anyio
async def test_events_in_full_flushed_gzip() -> None:
    stream = Stream("sse", "/").compressed()
    assert stream.headers == ("Accept-Encoding: gzip",)
    header = gzip.compress(b"")[:10]
    async with talking(CHUNKED + b"\r\nContent-Encoding: gzip", stream) as (talker, load):
        wire = [chunk(header) + chunk(deflated(event(1))), chunk(deflated(event(2)))]
        report = await two_updates(talker, load, wire, 2)
    report.check()
    assert report.compressed == 6


def frame(first: int, payload: bytes) -> bytes:
    size = bytes([len(payload)]) if len(payload) < 126 else b"\x7e" + len(payload).to_bytes(2, "big")
    return bytes([first]) + size + payload


@pytest.mark.anyio
async def test_compressed_frames_and_pings() -> None:
    async with talking(SWITCHED, Stream("ws", "/").compressed()) as (talker, load):
        wire = [
            frame(0x89, b"here?") + frame(0xC1, deflated(messages.change(1, "").encode())[:-4]),
            frame(0xC1, deflated(messages.change(2, "").encode())[:-4]),
        ]
        report = await two_updates(talker, load, wire, 3)
        while len(talker.heard) < 3:
            await asyncio.sleep(0)
    report.check()
    assert report.compressed == 6
    assert talker.heard == [b"\x8a\x85\0\0\0\0here?"] * 3


@pytest.mark.anyio
async def test_a_refusal_is_told() -> None:
    talker = Talker(b"HTTP/1.1 503 Away\r\n\r\n")
    server = await asyncio.start_server(talker.connected, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with Load(port, SOCKET) as load, pytest.raises(Failed, match="503 Away"):
            await asyncio.to_thread(load.open, 1)
