"""Several processes on one port: they share the readers, and come back."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from tests.clients import Client, SseClient, WebSocketClient, fresh_page
from tests.live import FEED, Live, eventually
from tests.plain_http import plain_http
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


def at_the_door(port: int) -> int:
    """How many connections on ``port`` the kernel has taken, and nobody has accepted."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(line[1].endswith(f":{port:04X}") and line[3] == "01" and line[9] == "0" for line in lines)


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
    await process.ended(within_s=10)
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
            await process.ended(within_s=10)


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
            async with plain_http(process.base, timeout=30) as http:
                answers = [(await http.get("/healthz", headers={"Connection": "close"})) for _ in range(20)]
            assert {answer.status_code for answer in answers} == {200}


async def test_a_worker_killed_at_the_end_is_not_waited_for(process: ServeProcess) -> None:
    process.process.send_signal(signal.SIGTERM)
    for pid in process.workers:
        os.kill(pid, signal.SIGKILL)
    await process.ended(within_s=10)


# A worker that dies ---------------------------------------------------------------------------------


async def test_nothing_is_lost_or_told_twice_while_a_worker_dies(
    live: Live, redis_server: RedisServer, tmp_path: Path
) -> None:
    """Under readers of both, while updates are published; the next one takes readers; all are counted."""
    async with (
        serve_process(redis_server.url, tmp_path, "--workers", "2", ping_s=0.2) as process,
        AsyncExitStack() as stack,
    ):
        await eventually(lambda: all(listens(pid, process.port) for pid in process.workers), "both to listen")
        clients = await come(stack, process, 24)
        await assert_all_are_told_of(clients, 24)
        first = process.workers[0]
        assert serves(first, process.port) > 0
        deleted = await live.publish("deleted in between")
        publishing = asyncio.create_task(publish_and_delete(live, 60, deleted))
        await eventually(lambda: any("30" in client.texts for client in clients), "half of them")
        os.kill(first, signal.SIGKILL)
        await publishing
        await assert_all_have(clients, "last")
        fresh = await fresh_page(process.base, FEED, None)
        for client in clients:
            assert client.texts == ["last", *(str(number) for number in reversed(range(60)))]
            assert client.reader.page() == fresh
            assert all(sync["recovered"] for sync in client.of("sync")[1:])
        assert any(client.reconnects for client in clients)

        await eventually(
            lambda: len(process.workers) == 2 and all(listens(pid, process.port) for pid in process.workers),
            "another worker",
        )
        newcomers = await come(stack, process, 24)
        assert serves(process.workers[-1], process.port) > 0
        await assert_all_are_told_of([*clients, *newcomers], 48)


async def publish_and_delete(live: Live, count: int, deleted: str) -> None:
    for number in range(count):
        await live.publish(str(number))
        if number == count // 2:
            await live.delete(deleted)
        await asyncio.sleep(0.005)  # so that it takes a while
    await live.publish("last")


async def assert_all_are_told_of(clients: list[Client], readers: int) -> None:
    """The counts of a killed worker stay for 15 s, and the others are told every 5 s."""
    for client in clients:
        await client.until(
            lambda client=client: [ping["readers"] for ping in client.of("ping")][-1:] == [readers],  # type: ignore[misc]
            f"a heartbeat that tells of {readers}",
            within_s=60,
        )


async def test_who_waits_at_the_door_of_a_worker_that_dies_is_let_in_elsewhere(process: ServeProcess) -> None:
    """The kernel had taken their connections; with the worker it breaks them."""
    first, second = process.workers
    os.kill(first, signal.SIGSTOP)
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(transport(process.base, FEED))
            for transport in (WebSocketClient, SseClient)
            for _ in range(12)
        ]

        def served() -> int:
            return sum(bool(client.messages) for client in clients)

        await eventually(
            lambda: served() + at_the_door(process.port) == 24, "all to be served, or to be connected"
        )
        assert 0 < served() < 24
        assert serves(second, process.port) == served()
        os.kill(first, signal.SIGKILL)
        for client in clients:
            await client.until(lambda client=client: client.messages, "the snapshot")  # type: ignore[misc]


async def test_a_worker_that_cannot_start_is_tried_once_a_second(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    """With a line that says why, until it can."""
    async with serve_process(redis_server.url, tmp_path, "--workers", "2") as process:
        await eventually(lambda: all(listens(pid, process.port) for pid in process.workers), "both to listen")
        redis_server.stop()
        try:
            os.kill(process.workers[0], signal.SIGKILL)
            await eventually(lambda: len(deaths(process)) == 3, "two more attempts")
        finally:
            redis_server.start()
        await eventually(
            lambda: len(process.workers) == 2 and all(listens(pid, process.port) for pid in process.workers),
            "both to serve again",
        )
        times = deaths(process)
        assert all(later - earlier > timedelta(seconds=0.9) for earlier, later in pairwise(times[1:]))
        reasons = [
            line for line in process.log.splitlines() if "ERROR livefeed: Redis cannot be reached" in line
        ]
        assert len(reasons) == len(times) - 1
        assert "Traceback" not in process.log


def deaths(process: ServeProcess) -> list[datetime]:
    return [
        datetime.fromisoformat(line[:23].replace(",", "."))
        for line in process.log.splitlines()
        if re.search(r"worker \d+ died", line)
    ]


async def test_workers_do_not_outlive_their_supervisor(process: ServeProcess) -> None:
    """Not even one that was killed: their readers are sent away as at any end."""
    async with AsyncExitStack() as stack:
        clients = await come(stack, process, 8)
        workers = process.workers
        process.process.kill()
        for client in clients:
            await client.until(lambda client=client: client.of("bye"), "the bye")  # type: ignore[misc]
            assert client.of("bye")[0]["reason"] == "drain"
            await client.leave()
        await eventually(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in workers), "their end")
