"""One round: open readers, publish updates one after the other, see what came and what it cost."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench import messages
from bench.load import Load, Report, Stream
from bench.processes import Failed
from bench.server import Server

__all__ = ["Opened", "Round", "Sent", "best", "measure", "next_numbers", "opened", "publish", "send"]

WARM_READERS = 200
MOST_UPDATES, LEAST_UPDATES = 20, 3
_numbers = iter(range(1, 1_000_000))


@dataclass(frozen=True)
class Sent:
    """What some updates cost."""

    cpu_us: float
    """Server CPU time per delivery, in µs."""
    report: Report

    @property
    def bytes_each(self) -> float:
        return self.report.bytes / self.report.deliveries


@dataclass(frozen=True)
class Round:
    sent: Sent
    accepts: float
    """Connections accepted per second."""
    rss_kb: float
    """Resident memory per idle reader, in KB; exact in a server's first round only."""


@dataclass(frozen=True)
class Opened:
    server: Server
    load: Load
    accepts: float
    rss_kb: float


@contextmanager
def opened(server: Server, stream: Stream, readers: int) -> Iterator[Opened]:
    """So many readers, joined and idle. The first ones, and an update to them, warm the server up."""
    with Load(server.port, stream) as load:
        warm = min(WARM_READERS, readers // 2)
        load.open(warm)
        publish(server, load, 1, messages.SHORT)
        before = server.rss_kb()
        accepts = (readers - warm) / load.open(readers - warm)
        server.settle()
        yield Opened(server, load, accepts, (server.rss_kb() - before) / (readers - warm))
        load.close()
        server.settle()


def send(at: Opened, body: str, *, seconds: float = 1.0) -> Sent:
    """Publish as many updates as fit in ``seconds``, within bounds; one goes ahead to warm up and to time it.

    Raises:
        Failed: a delivery was lost, doubled or out of order.
    """
    once = publish(at.server, at.load, 1, body).report.max_ms / 1000
    updates = min(max(int(seconds / once), LEAST_UPDATES), MOST_UPDATES)
    return publish(at.server, at.load, updates, body)


def next_numbers(updates: int) -> list[int]:
    """Numbers for updates that no reader has seen yet."""
    return [next(_numbers) for _ in range(updates)]


def publish(server: Server, load: Load, updates: int, body: str) -> Sent:
    """Publish so many updates, each after the last reader had the one before; let the server come to rest.

    Only then it is asked what came: a doubled delivery may be late.

    Raises:
        Failed: a delivery was lost, doubled or out of order.
    """
    numbers = next_numbers(updates)
    load.expect(numbers[0], updates)
    published = [0] * updates
    with server.publisher() as publisher:
        before = server.cpu_ns()
        for i, number in enumerate(numbers):
            published[i] = publisher.send(number, body)
            complete = load.everywhere(number)
            publisher.answer()
            if not complete:
                break
        server.settle()
        used_ns = server.cpu_ns() - before
    report = load.report(published)
    report.check()
    return Sent(used_ns / 1000 / report.deliveries, report)


def measure(server: Server, stream: Stream, readers: int) -> Round:
    with opened(server, stream, readers) as at:
        return Round(send(at, messages.SHORT), at.accepts, at.rss_kb)


def best(rounds: list[Round]) -> dict[str, float]:
    """The best of some rounds, each number for itself; memory is that of the first round."""
    if not rounds:
        raise Failed("no round came to an end")
    reports = [one.sent.report for one in rounds]
    last = [sorted(report.last_ms) for report in reports]
    fan_s, fan_cpu_s = sum(r.fan_s for r in reports), sum(r.fan_cpu_s for r in reports)
    return {
        "cpu_us": min(one.sent.cpu_us for one in rounds),
        "last_p50_ms": min(statistics.median(times) for times in last),
        "last_p99_ms": min(times[int(len(times) * 0.99)] for times in last),
        "last_max_ms": min(times[-1] for times in last),
        "reader_p50_ms": min(report.p50_ms for report in reports),
        "reader_p99_ms": min(report.p99_ms for report in reports),
        "first_p50_ms": min(statistics.median(report.first_ms) for report in reports),
        "rss_kb": rounds[0].rss_kb,
        "accepts_s": max(one.accepts for one in rounds),
        "bytes": min(one.sent.bytes_each for one in rounds),
        "rounds": len(rounds),
        "updates": sum(len(times) for times in last),
        "deliveries": sum(report.deliveries for report in reports),
        "client_cpu_us": fan_cpu_s * 1e6 / sum(report.deliveries for report in reports),
        "client_idle": max(0.0, 1 - fan_cpu_s / fan_s) if fan_s else 1.0,
    }
