"""What livefeed is to reach, at 10,000 readers: ratios within one run, best of three."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench import scenarios
from bench.processes import Failed
from bench.server import NotInstalled
from bench.systems import SYSTEMS, System
from bench.table import Say, measured

__all__ = ["READERS", "Target", "compressions", "run"]

READERS = 10_000


@dataclass(frozen=True)
class Target:
    what: str
    limit: float
    value: float | None
    at_least: bool = False
    note: str = ""

    @property
    def met(self) -> bool | None:
        if self.value is None:
            return None
        return self.value >= self.limit if self.at_least else self.value <= self.limit


def compressions(systems: Sequence[System], readers: int, say: Say) -> dict[str, dict[str, Any]]:
    """By system, plain and compressed; or a ``note``."""
    rows: dict[str, dict[str, Any]] = {}
    for system in systems:
        say(f"compression: {system.title}")
        try:
            rows[system.key] = _tried(scenarios.compression, system, readers)
        except (NotInstalled, scenarios.NotOffered) as error:
            rows[system.key] = {"note": str(error)}
    return rows


def _tried(work: Callable[..., dict[str, float]], *arguments: object) -> dict[str, Any]:
    """What it measures; or a ``note`` that it failed."""
    try:
        return {**work(*arguments)}
    except Failed as error:
        return {"note": str(error), "failed": True}


def run(systems: Sequence[System], rounds: int, say: Say) -> dict[str, Any]:
    """Everything that the targets need, and the targets."""
    ours = [system for system in SYSTEMS if system.key in ("livefeed-ws", "livefeed-sse")]
    tables: dict[str, Any] = {}
    for readers, which in ((READERS, systems), (1_000, ours[:1]), (16_000, ours[:1])):
        until = time.monotonic() + 3600
        tables[str(readers)] = measured(which, readers, rounds=rounds, until=until, say=say)
    say("a burst: 50 updates in 50 ms, 5,000 readers")
    burst = _tried(scenarios.burst, ours[0])
    say("one reader of 1,000 that takes nothing")
    stalled = _tried(scenarios.stalled, ours[0], 1_000, rounds)
    compressed = compressions(ours, 4_000, say)
    found = judge(tables, burst, stalled, compressed)
    return {
        "tables": tables,
        "burst": burst,
        "stalled": stalled,
        "compression": compressed,
        "targets": [{**asdict(target), "met": target.met} for target in found],
    }


def judge(
    tables: dict[str, Any], burst: dict[str, Any], stalled: dict[str, Any], compressed: dict[str, Any]
) -> list[Target]:
    def number(key: str, name: str, readers: int = READERS) -> float | None:
        value = tables.get(str(readers), {}).get(key, {}).get(name)
        return None if value is None else float(value)

    def ratio(above: float | None, below: float | None) -> float | None:
        return above / below if above is not None and below else None

    cpu = number("livefeed-ws", "cpu_us")
    nchan_last, nchan_accepts = number("nchan-ws", "last_p99_ms"), number("nchan-ws", "accepts_s")
    found = [
        Target("CPU per delivery, livefeed : C loop", 1.6, ratio(cpu, number("limit", "cpu_us"))),
        Target("CPU per delivery, livefeed : Nchan", 0.95, ratio(cpu, number("nchan-ws", "cpu_us"))),
        Target("CPU per delivery, livefeed : naive Starlette", 0.3, ratio(cpu, number("naive", "cpu_us"))),
        Target(
            "p99 from publish to last reader, livefeed : Nchan",
            1.0,
            ratio(number("livefeed-ws", "last_p99_ms"), nchan_last),
        ),
        Target("KB per idle reader, WebSocket", 4.0, number("livefeed-ws", "rss_kb")),
        Target("KB per idle reader, SSE", 4.0, number("livefeed-sse", "rss_kb")),
        Target(
            "CPU per delivery, 16,000 : 1,000 readers",
            1.3,
            ratio(number("livefeed-ws", "cpu_us", 16_000), number("livefeed-ws", "cpu_us", 1_000)),
        ),
        Target(
            "connections accepted per second, livefeed : Nchan",
            0.4,
            ratio(number("livefeed-ws", "accepts_s"), nchan_accepts),
            at_least=True,
        ),
        Target(
            "writes to each of 5,000 readers for 50 changes in 50 ms",
            10,
            burst.get("writes_each", burst.get("segments_each")),
            note="as the server counts them" if "writes_each" in burst else "as the readers' segments",
        ),
    ]
    for name, key in (("WebSocket", "livefeed-ws"), ("SSE", "livefeed-sse")):
        row = compressed.get(key, {})
        smaller, cheaper = (
            ratio(row.get(f"compressed_{unit}"), row.get(f"plain_{unit}")) for unit in ("bytes", "cpu_us")
        )
        note = row.get("note", "")
        found.append(
            Target(f"bytes of a 580-byte change, {name}, compressed : plain", 0.55, smaller, note=note)
        )
        found.append(Target(f"CPU per delivery, {name}, compressed : plain", 1.0, cheaper, note=note))
    grown_kb = None if "note" in stalled else stalled["with_growth_kb"] - stalled["without_growth_kb"]
    found += [
        Target("one stalled reader in 1,000: the others' p99, slower by", 0.1, stalled.get("slower")),
        Target("one stalled reader in 1,000: KB more in memory", 1024, grown_kb),
    ]
    return found
