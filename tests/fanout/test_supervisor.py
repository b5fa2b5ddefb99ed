"""Several processes on one port: they share the readers, and come back."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from tests.clients import Client, SseClient, WebSocketClient
from tests.live import FEED, Live, eventually
from tests.redis_servers import RedisServer
from tests.serve_process import ServeProcess, serve_process

pytestmark = pytest.mark.anyio


@pytest.fixture
async def process(live: Live, redis_server: RedisServer, tmp_path: Path) -> AsyncIterator[ServeProcess]:
    async with serve_process(redis_server.url, tmp_path, "--workers", "2", drain_s=0.5) as process:
        await eventually(lambda: all(listens(pid, process.port) for pid in process.workers), "both to listen")
        yield process


def connections(pid: int, port: int, state: str) -> int:
    """How many of a process's connections on ``port`` are in this state (see proc(5))."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    here = {line[9] for line in lines if line[1].endswith(f":{port:04X}") and line[3] == state}
    links = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            links.append(os.readlink(link))
        except FileNotFoundError:
            continue
    found = [re.fullmatch(r"socket:\[(\d+)\]", link) for link in links]
    return sum(match is not None and match[1] in here for match in found)


def listens(pid: int, port: int) -> bool:
    return connections(pid, port, "0A") > 0


def serves(pid: int, port: int) -> int:
    return connections(pid, port, "01")


async def come(stack: AsyncExitStack, process: ServeProcess, count: int) -> list[Client]:
    clients = [
        await stack.enter_async_context(transport(process.base, FEED))
        for transport in (WebSocketClient, SseClient)
        for _ in range(count // 2)
    ]
    for client in clients:
        await client.until(lambda client=client: client.messages, "the snapshot")  # type: ignore[misc]
    return clients


async def assert_all_have(clients: list[Client], text: str) -> None:
    for client in clients:
        await client.until(lambda client=client: text in client.texts, text)  # type: ignore[misc]
        assert (client.gaps, client.duplicates, client.refetches) == (0, 0, 0)


async def test_readers_of_a_killed_worker_go_on_with_another(process: ServeProcess, live: Live) -> None:
    async with AsyncExitStack() as stack:
        clients = await come(stack, process, 24)
        first, second = process.workers
        assert serves(first, process.port) > 0
        assert serves(second, process.port) > 0
        await live.publish("to both")
        await assert_all_have(clients, "to both")

        os.kill(first, signal.SIGKILL)
        await live.publish("meanwhile")
        await assert_all_have(clients, "meanwhile")
        assert any(client.reconnects for client in clients)
        recovered = [client.of("sync")[-1]["recovered"] for client in clients if client.reconnects]
        assert all(recovered)

        await eventually(lambda: len(process.workers) == 2 and first not in process.workers, "another worker")
        assert f"worker {first} died" in process.log


async def test_one_signal_drains_all(process: ServeProcess) -> None:
    async with AsyncExitStack() as stack:
        clients = await come(stack, process, 8)
        process.process.send_signal(signal.SIGTERM)
        for client in clients:
            await client.until(lambda client=client: client.of("bye"), "the bye")  # type: ignore[misc]
            assert client.of("bye")[0]["reason"] == "drain"
            await client.leave()
    assert await process.ended(within_s=5) < 0.5 + 2
    assert process.process.returncode == 0


async def test_ctrl_c_in_a_terminal_is_one_signal(
    live: Live, redis_server: RedisServer, tmp_path: Path
) -> None:
    """A terminal sends it to the whole group; workers hear it from their supervisor only."""
    async with serve_process(redis_server.url, tmp_path, "--workers", "2", drain_s=600) as process:
        await eventually(lambda: all(listens(pid, process.port) for pid in process.workers), "both to listen")
        assert [os.getpgid(pid) for pid in process.workers] == process.workers
        async with AsyncExitStack() as stack:
            (client, _) = await come(stack, process, 2)
            process.process.send_signal(signal.SIGINT)
            await process.draining()
            assert client.of("bye") == []  # it has up to ten minutes
            process.process.send_signal(signal.SIGINT)
            assert await process.ended(within_s=5) < 4


async def test_a_worker_that_has_gone_takes_no_connections(
    live: Live, redis_server: RedisServer, tmp_path: Path
) -> None:
    """One worker has nobody to send away, and ends; the other one still answers."""
    async with serve_process(redis_server.url, tmp_path, "--workers", "2", drain_s=600) as process:
        await eventually(lambda: all(listens(pid, process.port) for pid in process.workers), "both to listen")
        async with WebSocketClient(process.base, FEED) as client:
            await client.until(lambda: client.messages, "the snapshot")
            process.process.send_signal(signal.SIGTERM)
            await eventually(lambda: len(process.workers) == 1, "the other one to end")
            async with httpx.AsyncClient(base_url=process.base, timeout=2) as http:
                answers = [(await http.get("/healthz", headers={"Connection": "close"})) for _ in range(20)]
            assert {answer.status_code for answer in answers} == {200}


async def test_a_worker_killed_at_the_end_is_not_waited_for(process: ServeProcess) -> None:
    process.process.send_signal(signal.SIGTERM)
    for pid in process.workers:
        os.kill(pid, signal.SIGKILL)
    assert await process.ended(within_s=5) < 4
