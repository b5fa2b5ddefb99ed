"""A log in Redis: which one it is, attaching to it, reading it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from livefeed.core.changes import Change, parse_change
from livefeed.core.ids import new_epoch
from livefeed.core.position import Position, Reigns
from livefeed.errors import FeedNotFound, StoreInconsistent
from livefeed.store.keys import FeedKeys, LogName
from livefeed.store.scripts import Scripts
from livefeed.store.translate import translated

__all__ = ["Attached", "Log", "LogEntry", "parse_reigns"]


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A change as it stands in a log: its offset and the epoch that wrote it."""

    offset: int
    epoch: str
    change: Change

    @property
    def position(self) -> Position:
        return Position(self.epoch, self.offset)

    @classmethod
    def parse(cls, entry_id: bytes, fields: dict[bytes, bytes]) -> LogEntry:
        """Read a stream entry: ``<offset>-0`` and one field, the epoch, with the change's JSON.

        Raises:
            StoreInconsistent: it is not ours.
        """
        try:
            ((epoch, raw),) = fields.items()
            return cls(int(entry_id.removesuffix(b"-0")), epoch.decode(), parse_change(raw))
        except ValueError as error:
            raise StoreInconsistent(f"the log's entry {entry_id.decode()} was not written by livefeed") from error


@dataclass(frozen=True, slots=True)
class Attached:
    """What a log looks like at one moment, and the feed's own JSON."""

    reigns: Reigns
    feed: bytes


class Log:
    """One log of one feed."""

    def __init__(self, client: Any, scripts: Scripts, feed: str, name: LogName = "log") -> None:
        self.feed, self.name = feed, name
        self.key = FeedKeys(feed).log(name)
        self._client, self._scripts = client, scripts
        self._meta = FeedKeys(feed).meta

    async def attach(self) -> Attached:
        """Take part in the present reign, beginning a new one if the server process is another.

        Raises:
            FeedNotFound, StoreError
        """
        got = await self._scripts.attach([self._meta, self.key], [self.name, new_epoch()])
        if got[0] == b"missing":
            raise FeedNotFound(self.feed)
        return Attached(parse_reigns(got[0], got[1], got[2]), got[3])

    async def newest(self, count: int) -> list[LogEntry]:
        """The newest ``count`` entries, oldest first."""
        with translated():
            rows = await self._client.xrevrange(self.key, count=count)
        return [LogEntry.parse(*row) for row in reversed(rows)]

    async def after(self, offset: int, *, count: int) -> tuple[Attached, list[LogEntry]]:
        """At most ``count`` entries above ``offset``, with the log's state after they were read.

        What was trimmed or superseded meanwhile shows in that state: its floor, its head.
        """
        with translated():
            rows = await self._client.xrange(self.key, min=f"({offset}-0", count=count)
        entries = [LogEntry.parse(*row) for row in rows]
        return await self.attach(), entries


def parse_reigns(epochs: bytes, head: int, floor: int) -> Reigns:
    pairs = (item.split(":") for item in epochs.decode().split(","))
    return Reigns(tuple((epoch, int(first)) for epoch, first in pairs), int(head), int(floor))
