"""Whether a log agrees with what is kept of it: its head, its floor, its epochs, its offsets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from livefeed.store.log import LogEntry, parse_reigns

__all__ = ["check_ends", "check_offsets"]


def check_ends(
    name: str, meta: Mapping[bytes, bytes], info: Mapping[bytes, Any], entries: Sequence[LogEntry]
) -> list[str]:
    """``info`` is what ``XINFO STREAM`` says, empty where there is no log."""
    fields = {part: meta.get(f"{name}:{part}".encode()) for part in ("epochs", "run_id", "head", "floor")}
    epochs = fields["epochs"]
    if epochs is None or None in fields.values():
        return [
            f"meta lacks {', '.join(f'{name}:{part}' for part, value in fields.items() if value is None)}"
        ]
    head, floor = int(fields["head"] or 0), int(fields["floor"] or 0)
    last_id = info.get(b"last-generated-id", b"0-0").decode()
    problems = []
    if last_id != f"{head}-0":
        problems.append(f"the {name}'s last id is {last_id}, its head is {head}")
    firsts = [first for _, first in parse_reigns(epochs, head, floor).epochs]
    if firsts != sorted(firsts) or firsts[-1] > head + 1:
        problems.append(f"the {name}'s epochs are out of order: {epochs.decode()}")
    if entries and entries[0].offset <= floor:
        problems.append(f"offset {entries[0].offset} is in the {name}, but the floor is {floor}")
    return problems


def check_offsets(name: str, offsets: Mapping[bytes, bytes], entries: Sequence[LogEntry]) -> list[str]:
    """Of each key there is one entry, and its offset is known."""
    stands = {entry.change.key: entry.offset for entry in entries}
    problems = []
    if len(stands) != len(entries):
        problems.append(f"a key stands in the {name} twice")
    if stands != {key.decode(): int(offset) for key, offset in offsets.items()}:
        problems.append(f"the offsets are not those of the {name}'s entries")
    return problems
