"""The window: the newest part of a log in memory, bounded in entries and bytes, always compacted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from livefeed.core.changes import Change
from livefeed.core.position import Position

__all__ = ["Entry", "Window"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A change in its log.

    ``epoch`` is the reign in which it was written; ``after`` the offset of the entry that its
    hub read before it; ``message`` the ``change`` message, encoded once.
    """

    offset: int
    epoch: str
    after: int
    change: Change
    message: bytes

    @property
    def position(self) -> Position:
        return Position(self.epoch, self.offset)

    @property
    def size_bytes(self) -> int:
        return len(self.change.raw) + len(self.message)


class Window:
    """Entries with offsets in ``(floor, head]``, of each key the newest only.

    One dict does both the order and the compaction: dicts keep the order of insertion, and a
    superseded entry is taken out before its successor is put at the end.
    """

    __slots__ = ("_entries", "_max_bytes", "_max_entries", "floor", "head", "size_bytes")

    def __init__(self, *, floor: int, max_entries: int, max_bytes: int) -> None:
        self.floor = floor
        """Whoever stands at this offset or above can be caught up from here."""
        self.head = floor
        self.size_bytes = 0
        self._entries: dict[str, Entry] = {}
        self._max_entries = max_entries
        self._max_bytes = max_bytes

    def __len__(self) -> int:
        return len(self._entries)

    def append(self, entry: Entry) -> None:
        """Take the next entry in; the oldest ones leave when the bounds ask for it.

        Raises:
            ValueError: ``entry`` is not above the head.
        """
        if entry.offset <= self.head:
            raise ValueError(f"expected an offset above {self.head}, got {entry.offset}")
        superseded = self._entries.pop(entry.change.key, None)
        if superseded is not None:
            self.size_bytes -= superseded.size_bytes
        self._entries[entry.change.key] = entry
        self.size_bytes += entry.size_bytes
        self.head = entry.offset
        while len(self._entries) > self._max_entries or self.size_bytes > self._max_bytes:
            self._evict_oldest()

    def after(self, offset: int) -> list[Entry]:
        """What somebody at ``offset`` missed, oldest first; costs as much as there is to tell.

        Raises:
            LookupError: ``offset`` is below the floor.
        """
        if offset < self.floor:
            raise LookupError(f"{offset} is below the window's floor {self.floor}")
        missed = []
        for entry in reversed(self._entries.values()):
            if entry.offset <= offset:
                break
            missed.append(entry)
        missed.reverse()
        return missed

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def _evict_oldest(self) -> None:
        oldest = self._entries.pop(next(iter(self._entries)))
        self.size_bytes -= oldest.size_bytes
        self.floor = oldest.offset
