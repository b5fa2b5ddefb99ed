"""What was measured, as a table for a terminal and for the documentation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.systems import SYSTEMS

__all__ = ["Sheet", "sheets", "show", "write"]

_TITLES = {system.key: system.title for system in SYSTEMS}
_COLUMNS = {
    "cpu_us": ("CPU µs per delivery", "{:.1f}"),
    "last_p50_ms": ("last reader p50 ms", "{:.1f}"),
    "last_p99_ms": ("p99 ms", "{:.1f}"),
    "last_max_ms": ("max ms", "{:.1f}"),
    "reader_p99_ms": ("any reader p99 ms", "{:.1f}"),
    "rss_kb": ("KB per idle reader", "{:.1f}"),
    "accepts_s": ("accepts per s", "{:,.0f}"),
    "bytes": ("bytes per update", "{:.0f}"),
    "client_cpu_us": ("load client µs", "{:.1f}"),
    "client_idle": ("load client idle", "{:.0%}"),
    "rounds": ("rounds", "{:.0f}"),
}


class Sheet:
    """A small table: its title, its heads, its rows of text."""

    def __init__(self, title: str, heads: list[str], rows: list[list[str]]) -> None:
        self.title, self.heads, self.rows = title, heads, rows

    def markdown(self) -> str:
        def line(cells: list[str]) -> str:
            return "| " + " | ".join(cells) + " |"

        rule = "|---|" + "---:|" * (len(self.heads) - 1)
        return "\n".join([f"**{self.title}**", "", line(self.heads), rule, *map(line, self.rows)])

    def rich(self) -> Table:
        table = Table(title=self.title)
        for i, head in enumerate(self.heads):
            table.add_column(head, justify="right" if i else "left", no_wrap=not i)
        for row in self.rows:
            table.add_row(*row)
        return table


def sheets(results: dict[str, Any]) -> Iterator[Sheet]:
    for readers, rows in results["tables"].items():
        yield _systems(int(readers), rows)
    yield _compression(results["compression"])
    if "burst" in results:
        yield _facts("50 changes in 50 ms to 5,000 readers, livefeed WebSocket", results["burst"])
        yield _facts("One stalled reader in 1,000, livefeed WebSocket", results["stalled"])
    if "targets" in results:
        yield _targets(results["targets"])


def _systems(readers: int, rows: dict[str, Any]) -> Sheet:
    heads = ["", *(title for title, _ in _COLUMNS.values())]
    lines = []
    for key in (key for key in _TITLES if key in rows):
        row = rows[key]
        cells = [form.format(row[name]) if name in row else "" for name, (_, form) in _COLUMNS.items()]
        if "note" in row:
            cells[0] = row["note"]
        lines.append([_TITLES[key], *cells])
    return Sheet(f"{readers:,} readers", heads, lines)


def _compression(rows: dict[str, Any]) -> Sheet:
    lines = []
    for key, row in rows.items():
        if "note" in row:
            lines.append([_TITLES[key], row["note"], "", "", "", ""])
            continue
        plain, small = row["plain_bytes"], row["compressed_bytes"]
        costs = [f"{row[f'{name}_cpu_us']:.1f}" for name in ("plain", "compressed")]
        lines.append([_TITLES[key], f"{plain:.0f}", f"{small:.0f}", f"{small / plain:.2f}", *costs])
    heads = ["", "bytes plain", "bytes compressed", "ratio", "CPU µs plain", "CPU µs compressed"]
    return Sheet("A change of 580 bytes on the wire", heads, lines)


def _facts(title: str, facts: dict[str, Any]) -> Sheet:
    rows = [[name, value if isinstance(value, str) else f"{value:.4g}"] for name, value in facts.items()]
    return Sheet(title, ["", "measured"], rows)


def _targets(targets: list[dict[str, Any]]) -> Sheet:
    words = {True: "met", False: "**not met**", None: "not measured"}
    lines = [
        [
            target["what"] + (f" ({target['note']})" if target["note"] else ""),
            f"{'≥' if target['at_least'] else '≤'} {target['limit']:g}",
            "" if target["value"] is None else f"{target['value']:.3g}",
            words[target["met"]],
        ]
        for target in targets
    ]
    return Sheet("Targets at 10,000 readers", ["", "target", "measured", ""], lines)


def show(results: dict[str, Any], console: Console) -> None:
    for sheet in sheets(results):
        console.print(sheet.rich())


def write(results: dict[str, Any], page: Path, section: str) -> None:
    """Put the tables between the marks of a section of a Markdown page."""
    intro = f"Measured on {results['day']}: {results['machine']}; it took {results['took_s']:.0f} s."
    body = "\n\n".join([intro, *(sheet.markdown() for sheet in sheets(results))])
    begin, end = f"<!-- {section}: begin -->", f"<!-- {section}: end -->"
    before, _, rest = page.read_text().partition(begin)
    _, _, after = rest.partition(end)
    page.write_text(f"{before}{begin}\n{body}\n{end}{after}")
