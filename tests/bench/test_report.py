"""What is made of the numbers: verdicts, tables on a page, a chart."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

from bench import chart, messages, report, targets
from bench.systems import SYSTEMS

ROW = {
    "cpu_us": 8.0,
    "last_p50_ms": 80.0,
    "last_p99_ms": 90.0,
    "last_max_ms": 91.0,
    "reader_p99_ms": 89.0,
    "rss_kb": 2.5,
    "accepts_s": 9_000.0,
    "bytes": 441.0,
    "client_cpu_us": 4.0,
    "client_idle": 0.6,
    "rounds": 3,
}
TABLES: dict[str, Any] = {
    "10000": {
        "limit": {**ROW, "cpu_us": 5.0},
        "livefeed-ws": ROW,
        "livefeed-sse": {**ROW, "rss_kb": 4.5},
        "nchan-ws": {**ROW, "cpu_us": 10.0, "last_p99_ms": 100.0, "accepts_s": 20_000.0},
        "centrifugo": {"note": "centrifugo is not on PATH"},
    },
    "1000": {"livefeed-ws": {**ROW, "cpu_us": 7.0}},
    "16000": {"livefeed-ws": {**ROW, "cpu_us": 10.5}},
}
BURST = {"segments_each": 8.0, "reads_each": 7.0}
STALLED = {"slower": 0.05, "with_growth_kb": 300.0, "without_growth_kb": 200.0}
SMALL = {"plain_bytes": 580.0, "compressed_bytes": 290.0, "plain_cpu_us": 9.0, "compressed_cpu_us": 9.5}
COMPRESSED = {"livefeed-ws": SMALL, "livefeed-sse": {"note": "it does not compress"}}


def verdicts() -> dict[str, bool | None]:
    return {target.what: target.met for target in targets.judge(TABLES, BURST, STALLED, COMPRESSED)}


def test_targets_are_ratios_within_the_run() -> None:
    found = verdicts()
    assert found["CPU per delivery, livefeed : C loop"] is True  # 1.6
    assert found["CPU per delivery, livefeed : Nchan"] is True
    assert found["KB per idle reader, SSE"] is False
    assert found["CPU per delivery, 16,000 : 1,000 readers"] is False  # 1.5
    assert found["connections accepted per second, livefeed : Nchan"] is True  # at least
    assert found["writes to each of 5,000 readers for 50 changes in 50 ms"] is True
    assert found["CPU per delivery, WebSocket, compressed : plain"] is False


def test_what_was_not_measured_is_no_verdict() -> None:
    found = verdicts()
    assert found["CPU per delivery, livefeed : naive Starlette"] is None
    assert found["bytes of a 580-byte change, SSE, compressed : plain"] is None
    failed = {"note": "1 deliveries lost", "failed": True}
    assert {target.met for target in targets.judge({}, failed, failed, {})} == {None}


def test_tables_go_between_the_marks_of_a_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Before\n<!-- systems: begin -->\nold\n<!-- systems: end -->\nAfter\n")
    results = {"day": "2026-11-23", "machine": "2 cores", "took_s": 290.4}
    results |= {"tables": TABLES, "compression": COMPRESSED, "burst": BURST, "stalled": STALLED}
    for _ in range(2):
        report.write(results, page, "systems")
    text = page.read_text()
    assert text.startswith("Before\n<!-- systems: begin -->\nMeasured on 2026-11-23: 2 cores; it took 290 s.")
    assert text.endswith("\n<!-- systems: end -->\nAfter\n")
    assert text.count("**10,000 readers**") == 1
    assert "| Centrifugo, WebSocket | centrifugo is not on PATH |" in text
    assert "old" not in text


def test_the_chart_is_well_formed() -> None:
    bars = [(system.title, 1.0 + i, i == 0) for i, system in enumerate(SYSTEMS)]
    drawn = chart.draw([chart.Panel("CPU < all", "{:.1f}", bars), chart.Panel("none", "{}", [])])
    root = ElementTree.fromstring(drawn)
    assert sum(element.tag.endswith("rect") for element in root.iter()) == len(SYSTEMS)
    assert float(root.attrib["height"]) < 400


def test_an_update_has_the_length_that_is_told() -> None:
    assert 435 <= len(messages.change(100, messages.SHORT)) <= 441
    assert 575 <= len(messages.change(1, messages.LONG)) <= 585
    assert json.loads(messages.change(7, "x"))["change"]["update"]["text"] == "bench-000007-x"
