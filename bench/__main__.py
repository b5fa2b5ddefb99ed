"""``make bench``: what a delivery costs, here and elsewhere. docs/performance.md explains the numbers."""

from __future__ import annotations

import datetime
import json
import os
import platform
import signal
import sys
import time
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from bench import chart, report, targets
from bench.systems import DEFLATING, SYSTEMS, System
from bench.table import Say, measured

_ROOT = Path(__file__).resolve().parent.parent
_PAGE, _CHART = _ROOT / "docs/performance.md", _ROOT / "docs/performance.svg"
_NUMBERS = _ROOT / "docs/performance.json"
_RESULTS = Path(__file__).parent / "results"
_COMPRESSING = ("livefeed-ws", "livefeed-sse", "nchan-ws")
_SIZES = (1_000, 4_000, 16_000)
_TABLES_S = 225.0
"""What the tables may take; with the starting of servers and the compression it stays within five minutes."""


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return f"{os.cpu_count()} cores ({names[0] if names else platform.machine()}), Linux {platform.release()}"


def _tables(systems: list[System], sizes: tuple[int, ...], rounds: int, say: Say) -> dict[str, Any]:
    """Each size gets of the time what it has in readers, but a fifth at the least."""
    tables = {}
    end = time.monotonic() + _TABLES_S
    for i, size in enumerate(sizes):
        share = max(size / sum(sizes[i:]), 0.2)
        until = time.monotonic() + (end - time.monotonic()) * share
        tables[str(size)] = measured(systems, size, rounds=rounds, until=until, say=say)
    compressing = [DEFLATING if s.key == DEFLATING.key else s for s in systems if s.key in _COMPRESSING]
    return {"tables": tables, "compression": targets.compressions(compressing, 1_000, say)}


def _write(results: dict[str, Any], section: str) -> None:
    """Renew this section of the page; the chart shows the systems at the most readers."""
    report.write(results, _PAGE, section)
    numbers = json.loads(_NUMBERS.read_text()) if _NUMBERS.exists() else {}
    _NUMBERS.write_text(json.dumps({**numbers, section: results}, indent=1, sort_keys=True) + "\n")
    if section == "systems":
        _CHART.write_text(chart.draw(_panels(results["tables"])))


def _panels(tables: dict[str, Any]) -> list[chart.Panel]:
    readers = max(tables, key=int)
    rows = [(s, tables[readers][s.key]) for s in SYSTEMS if "cpu_us" in tables[readers].get(s.key, {})]

    def bars(name: str) -> list[tuple[str, float, bool]]:
        return [(s.title, row[name], s.key.startswith("livefeed")) for s, row in rows]

    at = f"{int(readers):,} readers"
    return [
        chart.Panel(f"Server CPU per delivery, µs, {at}", "{:.1f}", bars("cpu_us")),
        chart.Panel(f"From publish to the last reader, p99, ms, {at}", "{:.0f}", bars("last_p99_ms")),
        chart.Panel(f"Memory per idle reader, KB, {at}", "{:.1f}", bars("rss_kb")),
    ]


@click.command()
@click.option("--targets", "with_targets", is_flag=True, help="The targets at 10,000 readers instead.")
@click.option("--readers", multiple=True, type=int, help="Other numbers of readers (at most 19,000).")
@click.option(
    "--system", "only", multiple=True, help="Only these systems: " + ", ".join(s.key for s in SYSTEMS)
)
@click.option("--rounds", default=3, show_default=True)
@click.option("--write", is_flag=True, help="Renew docs/performance.md, its chart and its numbers.")
def main(
    with_targets: bool, readers: tuple[int, ...], only: tuple[str, ...], rounds: int, write: bool
) -> None:
    """Exit 1 if a delivery was lost or doubled anywhere, or a server failed."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    console, begun = Console(), time.monotonic()
    if not console.is_terminal:
        console = Console(width=180)
    systems = [system for system in SYSTEMS if not only or system.key in only]

    def say(line: str) -> None:
        console.print(f"[dim]{time.monotonic() - begun:5.0f} s  {line}[/dim]", highlight=False)

    results: dict[str, Any] = {
        "day": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": _machine(),
    }
    results |= (
        targets.run(systems, rounds, say)
        if with_targets
        else _tables(systems, readers or _SIZES, rounds, say)
    )
    results["took_s"] = round(time.monotonic() - begun, 1)
    report.show(results, console)
    console.print(f"took {results['took_s']:.0f} s")
    section = "targets" if with_targets else "systems"
    _RESULTS.mkdir(exist_ok=True)
    (_RESULTS / f"{section}.json").write_text(json.dumps(results, indent=2) + "\n")
    if write:
        _write(results, section)
    rows = [row for table in results["tables"].values() for row in table.values()]
    rows += [*results["compression"].values(), results.get("burst", {}), results.get("stalled", {})]
    if failed := [row["note"] for row in rows if row.get("failed")]:
        raise SystemExit("failed: " + "; ".join(failed))


if __name__ == "__main__":
    main()
