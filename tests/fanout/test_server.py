"""Listening, serving, and going away politely, but not late."""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from livefeed.errors import StartupError
from livefeed.fanout.server import bind, run
from tests.clients import SseClient, WebSocketClient
from tests.live import FEED, Live, eventually, live_hub, serving
from tests.redis_servers import RedisServer
from tests.serve_process import ServeProcess, serve_process

pytestmark = pytest.mark.anyio

# Binding ----------------------------------------------------------------------------------------


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody else listens on, and would share."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


@pytest.mark.parametrize("count", [1, 3])
def test_a_port_that_is_taken_is_one_clear_line(taken: int, count: int) -> None:
    with pytest.raises(StartupError) as error:
        bind("127.0.0.1", taken, count=count)
    assert str(taken) in str(error.value)
    assert "--port" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("host", ["203.0.113.1", "nowhere.invalid"])
def test_an_address_that_is_not_ours(host: str) -> None:
    with pytest.raises(StartupError, match="--host"):
        bind(host, 0)


def test_several_sockets_share_a_port() -> None:
    listeners = bind("127.0.0.1", 0, count=3)
    try:
        assert len({listener.getsockname() for listener in listeners}) == 1
    finally:
        for listener in listeners:
            listener.close()


def test_a_bound_socket_does_not_listen_yet() -> None:
    (listener,) = bind("127.0.0.1", 0)
    with listener, socket.socket() as client, pytest.raises(ConnectionRefusedError):
        client.connect(listener.getsockname())


def test_run_runs() -> None:
    done = []

    async def work() -> None:
        done.append(True)

    run(work())
    assert done


# Draining ---------------------------------------------------------------------------------------


async def test_readers_leave_within_the_drain_window(redis_server: RedisServer) -> None:
    async with serving(redis_server.url, drain_s=0.5) as served:
        await served.open_feed()
        clients = [
            transport(served.base, FEED) for transport in (WebSocketClient, SseClient) for _ in range(5)
        ]
        for client in clients:
            client.come()
        await eventually(lambda: served.hub.statistics()["readers"] == 10, "ten readers")
        began = time.monotonic()
        served.drain()
        for client in clients:
            await client.until(lambda client=client: client.of("bye"), "the bye")  # type: ignore[misc]
            await client.leave()
        assert time.monotonic() - began < 0.5 + 5
        await eventually(lambda: served.server.should_exit, "the server's end")


# Real processes ---------------------------------------------------------------------------------


@pytest.fixture
async def process(live: Live, redis_server: RedisServer, tmp_path: Path) -> AsyncIterator[ServeProcess]:
    async with serve_process(redis_server.url, tmp_path, drain_s=1) as process:
        yield process


def deaf_reader(process: ServeProcess, path: str = "events") -> socket.socket:
    """It asks, and reads nothing."""
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    reader.connect(("127.0.0.1", process.port))
    reader.sendall(f"GET /v1/feeds/{FEED}/{path} HTTP/1.1\r\nHost: test\r\n\r\n".encode())
    return reader


async def test_sigterm_ends_it_soon_whatever_readers_do(process: ServeProcess, live: Live) -> None:
    async with WebSocketClient(process.base, FEED) as client, SseClient(process.base, FEED) as other:
        await other.until(lambda: other.messages, "the snapshot")
        deaf = [deaf_reader(process) for _ in range(3)]
        for _ in range(300):  # more than fits into the buffers in between
            await live.publish("x" * 9_000)
        await client.until(lambda: client.reader.position and client.reader.position.offset == 301, "all")
        process.process.send_signal(signal.SIGTERM)
        await client.until(lambda: client.of("bye"), "the bye")
        await other.until(lambda: other.of("bye"), "the bye")
        assert await process.ended() < 1 + 9
        for reader in deaf:
            reader.close()
    assert process.process.returncode == 0, process.log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_without_readers_it_ends_at_once(
    live: Live, redis_server: RedisServer, tmp_path: Path, number: signal.Signals
) -> None:
    async with serve_process(redis_server.url, tmp_path, drain_s=60) as process:
        process.process.send_signal(number)
        await process.ended()
        assert process.process.returncode == 0, process.log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_second_signal_ends_it_at_once(
    live: Live, redis_server: RedisServer, tmp_path: Path, number: signal.Signals
) -> None:
    async with serve_process(redis_server.url, tmp_path, drain_s=60) as process:
        reader = deaf_reader(process)
        await asyncio.to_thread(reader.recv, 1)  # it is in: without a reader the first signal would end it
        process.process.send_signal(number)
        await process.draining()
        process.process.send_signal(number)
        await process.ended()
        reader.close()


async def test_a_second_server_on_the_same_port_says_so(process: ServeProcess, tmp_path: Path) -> None:
    folder = tmp_path / "second"
    folder.mkdir()
    with pytest.raises(AssertionError, match=f"Cannot listen on 127.0.0.1 port {process.port}"):
        async with serve_process("redis://127.0.0.1:1", folder, "--port", str(process.port)) as second:
            await second.ended(5)


async def test_the_hub_of_a_server_ends_with_it(redis_server: RedisServer) -> None:
    async with serving(redis_server.url):
        pass
    async with live_hub(redis_server.url):
        pass
    assert redis_server.info("clients")["connected_clients"] == 1
