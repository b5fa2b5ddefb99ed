"""95,000 WebSocket readers at once: ``python -m bench.many``.

livefeed with five workers and as many load clients on the same machine; each process has at most 20,000
descriptors. Every reader must have joined in time, and get one update in time, exactly once.
"""

from __future__ import annotations

import resource
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from rich.console import Console

from bench import livefeed_servers, messages
from bench.load import Load, Stream
from bench.processes import Failed, rss_kb
from bench.server import Server

__all__ = ["main"]

STREAM = Stream("ws", livefeed_servers.SOCKET, greets=True)
IN_FLIGHT = 64
"""Connections under way in each load client: together they stay below the workers' backlog."""


@click.command()
@click.option("--readers", default=95_000, show_default=True)
@click.option("--workers", default=5, show_default=True)
@click.option("--clients", default=5, show_default=True, help="Load clients, at most 19,900 readers each.")
@click.option("--updates", default=3, show_default=True)
def main(readers: int, workers: int, clients: int, updates: int) -> None:
    """Exit 1 if an update was lost or doubled."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if readers / min(clients, workers) > most - 100:
        raise SystemExit(f"a process may have {most} descriptors: take more --clients and --workers")
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    console = Console()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="livefeed-bench-")))
        server = livefeed_servers.serve(folder, workers=workers)
        stack.callback(server.stop)
        loads = [
            stack.enter_context(Load(server.port, STREAM, source=f"127.0.{i + 1}.1", in_flight=IN_FLIGHT))
            for i in range(clients)
        ]
        try:
            _run(server, loads, readers, updates, console)
        except Failed as error:
            sys.exit(f"failed: {error}")


def _run(server: Server, loads: list[Load], readers: int, updates: int, console: Console) -> None:
    console.print(f"before: {_memory(server)}")
    shares = [readers // len(loads) + (i < readers % len(loads)) for i in range(len(loads))]
    begun = time.monotonic()
    for load, share in zip(loads, shares, strict=True):
        load.begin_to_open(share)
    for load in loads:
        load.joined(timeout_s=600)
    console.print(f"{readers:,} readers joined in {time.monotonic() - begun:.1f} s")
    server.settle()
    console.print(f"idle: {_memory(server)}")
    for load in loads:
        load.expect(1, updates)
    published = []
    cpu_before = server.cpu_ns()
    with server.publisher() as publisher:
        for number in range(1, updates + 1):
            published.append(publisher.send(number, messages.SHORT))
            for load in loads:
                load.everywhere(number, timeout_s=120)
            publisher.answer()
    server.settle()
    reports = [load.report(published) for load in loads]
    for report in reports:
        report.check()
    cpu_us = (server.cpu_ns() - cpu_before) / 1000 / (readers * updates)
    last = [max(report.last_ms[i] for report in reports) for i in range(updates)]
    times = ", ".join(f"{ms / 1000:.2f} s" for ms in last)
    console.print(f"each of {updates} updates at every reader, none lost, none doubled, after {times}")
    console.print(f"server CPU {cpu_us:.1f} µs per delivery; after: {_memory(server)}")


def _memory(server: Server) -> str:
    """Resident memory of all processes but Redis: the supervisor, Python's resource tracker, the workers."""
    each = [rss_kb([pid]) / 1024 for pid in server.pids()]
    return f"{sum(each):.0f} MB ({' + '.join(f'{mb:.0f}' for mb in each)})"


if __name__ == "__main__":
    main()
