"""A drain as operators see it: thousands of readers of a process of its own, some of whom take nothing."""

from __future__ import annotations

import asyncio
import gc
import re
import selectors
import signal
import socket
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.live import FEED, Live
from tests.plain_http import plain_http
from tests.redis_servers import RedisServer
from tests.serve_process import ServeProcess, serve_process

pytestmark = pytest.mark.anyio

READERS, STALLED = 2_000, 50
DRAIN_S = 2.0
PACE_S = 0.02
"""Between newcomers: the thread that reads what the crowd is told needs the interpreter, too."""
LOUD = "loud"
"""The feed of those who are stalled: enough is said there to fill all buffers in between."""

_BYE = re.compile(rb'event: bye\nretry: (\d+)\ndata: {"type":"bye","reason":"(\w+)"')


@dataclass
class Crowd:
    """Readers by server-sent events, looked after by one selector."""

    port: int
    readers: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    synced: int = 0
    byes: list[tuple[float, int, bytes]] = field(default_factory=list)
    """When, ``retry`` in milliseconds, the reason."""
    ended: int = 0

    def come(self, count: int) -> None:
        for _ in range(count):
            self.readers.register(ask(self.port, FEED), selectors.EVENT_READ, bytearray())

    def read_until(self, count: int, what: str) -> None:
        """Read until ``count`` of them are ``synced``, or have ``ended``."""
        deadline = time.monotonic() + 30
        while getattr(self, what) < count:
            assert time.monotonic() < deadline, f"{getattr(self, what)} of {count} {what}"
            for key, _ in self.readers.select(0.1):
                self._read(key)

    def _read(self, key: selectors.SelectorKey) -> None:
        connection, got = key.fileobj, key.data
        assert isinstance(connection, socket.socket)
        part = connection.recv(65_536)
        was_synced = b"event: sync" in got
        got += part
        self.synced += b"event: sync" in got and not was_synced
        if found := _BYE.search(got):
            self.byes.append((time.monotonic(), int(found[1]), found[2]))
            got.clear()
        if not part:
            self.ended += 1
            self.readers.unregister(connection)
            connection.close()


def ask(port: int, feed: str, rcvbuf: int | None = None) -> socket.socket:
    connection = socket.socket()
    if rcvbuf:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
    connection.connect(("127.0.0.1", port))
    connection.sendall(f"GET /v1/feeds/{feed}/events HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    return connection


@contextmanager
def stalled(port: int) -> Iterator[None]:
    deaf = [ask(port, LOUD, rcvbuf=2048) for _ in range(STALLED)]
    try:
        yield
    finally:
        for connection in deaf:
            connection.close()


async def until_parked(process: ServeProcess, live: Live) -> None:
    async with (
        plain_http(process.base, timeout=30) as http,
        asyncio.timeout(30),
    ):
        while f"livefeed_parked_total {STALLED}.0" not in (await http.get("/metrics")).text:
            await asyncio.gather(*(live.publish("x" * 9_000, feed=LOUD) for _ in range(20)))


async def newcomers(process: ServeProcess) -> tuple[Counter[str], float]:
    """What those are told who come during the drain, one after the other; when nobody listens any more."""
    answers: Counter[str] = Counter()
    while True:
        try:
            async with plain_http(process.base, timeout=30) as http:
                stream = (await http.get(f"/v1/feeds/{FEED}/events")).text
                found = _BYE.search(stream.encode())
                assert found is not None, stream
                answers[found[2].decode()] += 1
                answers[str((await http.get("/readyz")).status_code)] += 1
        except httpx.ConnectError:
            return answers, time.monotonic()
        except httpx.TransportError:  # it was let in, and then it was over
            answers["cut off"] += 1
        await asyncio.sleep(PACE_S)


async def test_thousands_are_sent_away_evenly_and_the_stalled_do_not_hold_it_up(
    live: Live, redis_server: RedisServer, tmp_path: Path
) -> None:
    await live.open_feed(LOUD)
    caps = {"max_readers_per_address": 0, "max_joins_per_s": 0}
    async with serve_process(redis_server.url, tmp_path, drain_s=DRAIN_S, **caps) as process:
        with stalled(process.port):
            await until_parked(process, live)
            crowd = Crowd(process.port)
            await asyncio.to_thread(crowd.come, READERS)
            await asyncio.to_thread(crowd.read_until, READERS, "synced")
            gc.freeze()  # what thousands of tests before have left takes the collector a second

            began = time.monotonic()
            process.process.send_signal(signal.SIGTERM)
            await process.draining()
            reading = asyncio.to_thread(crowd.read_until, READERS, "ended")
            (answers, closed_at), _ = await asyncio.gather(newcomers(process), reading)
            await process.ended()
            took_s = time.monotonic() - began
            gc.unfreeze()
    assert process.process.returncode == 0, process.log
    assert took_s < DRAIN_S + 5

    assert {reason for _, _, reason in crowd.byes} == {b"drain"}
    assert len(crowd.byes) == READERS
    gone = sorted(at for at, _, _ in crowd.byes)
    span_s = gone[-1] - gone[0]
    assert span_s > DRAIN_S / 2
    # By which part of it anybody was early or late: a busy machine holds up some, all at once is 1.
    uneven = max(abs((at - gone[0]) / span_s - number / READERS) for number, at in enumerate(gone))
    assert uneven < 0.45, uneven
    retries = [retry for _, retry, _ in crowd.byes]
    assert 500 <= min(retries) < 550 < 1_450 < max(retries) <= 1_500
    assert 950 < sum(retries) / READERS < 1_050

    assert closed_at > max(at for at, _, _ in crowd.byes)  # the listener closes last
    assert answers["drain"] > 5
    assert answers["503"] > 5
    assert set(answers) <= {"drain", "503", "cut off"}
    assert answers["cut off"] <= 2


async def test_a_second_signal_ends_it_at_once_with_thousands(
    live: Live, redis_server: RedisServer, tmp_path: Path
) -> None:
    await live.open_feed(LOUD)
    caps = {"max_readers_per_address": 0, "max_joins_per_s": 0}
    async with serve_process(redis_server.url, tmp_path, drain_s=60, **caps) as process:
        with stalled(process.port):
            await until_parked(process, live)
            crowd = Crowd(process.port)
            await asyncio.to_thread(crowd.come, READERS)
            await asyncio.to_thread(crowd.read_until, READERS, "synced")
            process.process.send_signal(signal.SIGTERM)
            await process.draining()
            process.process.send_signal(signal.SIGTERM)
            reading = asyncio.to_thread(crowd.read_until, READERS, "ended")
            took_s, _ = await asyncio.gather(process.ended(), reading)
            assert took_s < 20
