"""What the table of systems does not show: compression, bursts, a reader that is stuck."""

from __future__ import annotations

import re
import time
import urllib.request
from contextlib import ExitStack
from dataclasses import asdict, dataclass

from bench import messages
from bench.rounds import next_numbers, opened, publish, send
from bench.server import Server
from bench.systems import System

__all__ = ["NotOffered", "burst", "compression", "stalled"]

WRITES_METRIC = "livefeed_writes_total"
"""Where the server counts its writes to readers, if it does."""


class NotOffered(Exception):
    """The server does not compress."""


def compression(system: System, readers: int, rounds: int = 3) -> dict[str, float]:
    """Bytes on the wire and CPU for a change of 580 bytes, plain and compressed, in turns.

    Raises:
        NotInstalled, NotOffered, Failed
    """
    found: dict[str, list[float]] = {}
    with system.running() as server:
        for _ in range(rounds):
            for name, stream in (("plain", system.stream), ("compressed", system.stream.compressed())):
                with opened(server, stream, readers) as at:
                    sent = send(at, messages.LONG, seconds=0.7)
                if name == "compressed" and sent.report.compressed < sent.report.deliveries:
                    raise NotOffered("it does not compress")
                found.setdefault(f"{name}_bytes", []).append(sent.bytes_each)
                found.setdefault(f"{name}_cpu_us", []).append(sent.cpu_us)
    return {name: min(values) for name, values in found.items()}


def burst(
    system: System, readers: int = 5_000, updates: int = 50, within_s: float = 0.05
) -> dict[str, float]:
    """So many updates in so little time, evenly: how many writes did each reader get them in?

    Counted at the readers, as TCP segments with data (on loopback each write is one) and as reads.
    """
    with ExitStack() as stack:
        server = stack.enter_context(system.running())
        load = stack.enter_context(opened(server, system.stream, readers)).load
        publishers = [stack.enter_context(server.publisher()) for _ in range(updates)]
        numbers = next_numbers(updates)
        writes_before = _counter(server)
        load.expect(numbers[0], updates)
        published: list[int] = []
        begun = time.monotonic()
        for i, (publisher, number) in enumerate(zip(publishers, numbers, strict=True)):
            time.sleep(max(0.0, begun + i * within_s / updates - time.monotonic()))
            published.append(publisher.send(number, messages.SHORT))
        took_s = time.monotonic() - begun
        load.everywhere(*numbers)
        for publisher in publishers:
            publisher.answer()
        server.settle()
        report = load.report(published)
        report.check(in_order=False)  # fifty connections: the server decides which comes first
        found = {
            "readers": readers,
            "updates": updates,
            "published_in_s": took_s,
            "last_ms": max(report.last_ms),
            "segments_each": report.segments / readers,
            "reads_each": report.reads / readers,
        }
        if writes_before is not None and (writes := _counter(server)) is not None:
            found["writes_each"] = (writes - writes_before) / readers
        return found


def _counter(server: Server) -> float | None:
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=10) as answer:
        found = re.search(rf"^{WRITES_METRIC}\S* (\S+)$", answer.read().decode(), re.MULTILINE)
    return float(found[1]) if found else None


@dataclass(frozen=True)
class _Stuck:
    p99_ms: float
    growth_kb: float


def stalled(system: System, readers: int = 1_000, rounds: int = 3) -> dict[str, float]:
    """One reader that takes nothing: what it does to the others' p99, and to the server's memory.

    1 MB of updates comes before the measured ones, so that its connection is full. Without it the
    same is done, in turns, and the memory compared is that of two fresh servers.
    """
    found: dict[str, list[_Stuck]] = {"with": [], "without": []}
    for _ in range(rounds):
        for name, stuck in (("without", 0), ("with", 1)):
            found[name].append(_stalled_once(system, readers, stuck))
    best = {
        f"{name}_{key}": min(getattr(one, key) for one in each)
        for name, each in found.items()
        for key in asdict(each[0])
    }
    return {**best, "slower": best["with_p99_ms"] / best["without_p99_ms"] - 1}


def _stalled_once(system: System, readers: int, stuck: int) -> _Stuck:
    with system.running() as server, opened(server, system.stream, readers) as at:
        before = server.rss_kb()
        if stuck:
            at.load.stall(stuck)
        publish(server, at.load, 64, "x" * 8_000)  # 16 KB each: as text and as HTML
        grown = server.rss_kb() - before
        return _Stuck(publish(server, at.load, 40, messages.SHORT).report.p99_ms, grown)
