"""Start-up time, time from publishing to every reader, and memory, on loopback.

Starts ``livefeed serve`` as an operator would (embedded Redis, every write fsynced), opens readers on
all three transports, publishes over HTTP and measures from before the POST until each reader has the
change. A lost or doubled delivery fails the run. ``.venv/bin/python bench/latency.py --updates 500``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import click
import httpx
import orjson
import websockets
from rich.console import Console
from rich.table import Table

TRANSPORTS = ("websocket", "sse", "poll")
DEADLINE_S = 30.0


class Server:
    """A running ``livefeed serve`` in a folder of its own."""

    def __init__(self, folder: str) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LIVEFEED_")}
        environment["LIVEFEED_MAX_READERS_PER_ADDRESS"] = "0"  # all readers here are of one address
        command = [sys.executable, "-m", "livefeed", "serve", "--port", "0", "--data-dir", f"{folder}/data"]
        begun = time.perf_counter()
        self.process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        said = ""
        assert self.process.stdout is not None
        while "Token" not in said:
            line = self.process.stdout.readline()
            if not line:
                raise SystemExit(f"livefeed did not start:\n{said}")
            said += line
        self.url = re.search(r"http://[^/\s]+", said)[0]  # type: ignore[index]
        self.token = re.search(r"lf_\S+", said)[0]  # type: ignore[index]
        httpx.get(f"{self.url}/healthz").raise_for_status()
        self.startup_s = time.perf_counter() - begun

    def memory_mb(self) -> float:
        """The process's resident memory (without the embedded Redis)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


@contextlib.contextmanager
def running() -> Iterator[Server]:
    with tempfile.TemporaryDirectory() as folder:
        server = Server(folder)
        try:
            yield server
        finally:
            server.stop()


async def websocket_messages(server: Server) -> AsyncIterator[bytes]:
    address = server.url.replace("http", "ws", 1) + "/v1/feeds/news/socket"
    async with websockets.connect(address, compression=None) as socket:
        async for message in socket:
            yield message.encode() if isinstance(message, str) else message


async def sse_messages(server: Server) -> AsyncIterator[bytes]:
    address = f"{server.url}/v1/feeds/news/events"
    async with httpx.AsyncClient(timeout=None) as client, client.stream("GET", address) as answer:
        async for line in answer.aiter_lines():
            if line.startswith("data: "):
                yield line[6:].encode()


async def poll_messages(server: Server) -> AsyncIterator[bytes]:
    position = None
    async with httpx.AsyncClient(timeout=None) as client:
        while True:
            params = {"wait": "25"} | ({"after": position} if position else {})
            answer = await client.get(f"{server.url}/v1/feeds/news/changes", params=params)
            position = answer.json()["position"]
            yield answer.content


class Arrivals:
    """When each published text came to each of the readers."""

    def __init__(self, readers: int) -> None:
        self._readers = readers
        self.connected = 0
        self.times: dict[str, list[float]] = {}
        self._more = asyncio.Event()

    def note(self, text: str | None) -> None:
        """A text came, or (None) a reader's first message."""
        if text is None:
            self.connected += 1
        else:
            self.times.setdefault(text, []).append(time.perf_counter())
        self._more.set()

    async def everywhere(self, text: str | None) -> None:
        """Wait until every reader has it, or (None) is connected."""
        async with asyncio.timeout(DEADLINE_S):
            while (self.connected if text is None else len(self.times.get(text, []))) < self._readers:
                self._more.clear()
                await self._more.wait()


async def read(server: Server, transport: str, arrivals: Arrivals) -> None:
    source = {"websocket": websocket_messages, "sse": sse_messages, "poll": poll_messages}[transport]
    is_first = True
    async for raw in source(server):
        message = orjson.loads(raw)
        if is_first:
            arrivals.note(None)
            is_first = False
            continue
        changes = [message["change"]] if message["type"] == "change" else message.get("changes", [])
        for change in changes:
            if change["op"] == "put":
                arrivals.note(change["update"]["text"])


async def measure(server: Server, transport: str, readers: int, updates: int) -> dict[str, float]:
    arrivals = Arrivals(readers)
    tasks = [asyncio.create_task(read(server, transport, arrivals)) for _ in range(readers)]
    await arrivals.everywhere(None)
    begun: dict[str, float] = {}
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {server.token}"}) as client:
        for number in range(updates):
            text = f"{transport} {number} " + "x" * 300
            begun[text] = time.perf_counter()
            (await client.post(f"{server.url}/v1/feeds/news/updates", json={"text": text})).raise_for_status()
            await arrivals.everywhere(text)
    memory = server.memory_mb()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    took = sorted(at - begun[text] for text, times in arrivals.times.items() for at in times)
    if len(took) != readers * updates:
        raise SystemExit(f"{transport}: {len(took)} deliveries, {readers * updates} expected")
    return {
        "p50_ms": took[len(took) // 2] * 1000,
        "p99_ms": took[int(len(took) * 0.99)] * 1000,
        "max_ms": took[-1] * 1000,
        "memory_mb": memory,
    }


@click.command()
@click.option("--updates", default=200, show_default=True)
@click.option(
    "--readers", default=20, show_default=True, help="Readers of each transport, one transport at a time."
)
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the numbers here too.")
def main(updates: int, readers: int, json_file: Path | None) -> None:
    with running() as server:
        idle = server.memory_mb()
        results = {name: asyncio.run(measure(server, name, readers, updates)) for name in TRANSPORTS}
        table = Table(
            "transport", "p50 ms", "p99 ms", "max ms", "memory MB", title="from POST to each reader"
        )
        for name, row in results.items():
            table.add_row(name, *(f"{value:.1f}" for value in row.values()))
        console = Console()
        console.print(f"start-up {server.startup_s:.2f} s, memory when idle {idle:.1f} MB")
        console.print(table)
        if json_file is not None:
            numbers = {"startup_s": server.startup_s, "idle_memory_mb": idle, "transports": results}
            json_file.write_text(json.dumps(numbers, indent=2) + "\n")


if __name__ == "__main__":
    main()
