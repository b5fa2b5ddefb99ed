"""A log in Redis: which one it is, attaching to it, reading it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from livefeed.core.changes import Change, parse_change
from livefeed.core.ids import new_epoch
from livefeed.core.position import Position, Reigns
from livefeed.errors import FeedNotFound, StoreError, StoreInconsistent
from livefeed.store.keys import FeedKeys, LogName
from livefeed.store.scripts import Call, Scripts

__all__ = ["Attached", "Log", "LogEntry", "attach_all", "parse_reigns"]


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
            raise StoreInconsistent(
                f"the log's entry {entry_id.decode()} was not written by livefeed"
            ) from error


@dataclass(frozen=True, slots=True)
class Attached:
    """What a log looks like at one moment: its reigns, the feed's own fields, the entries asked for."""

    reigns: Reigns
    feed: dict[str, Any]
    entries: tuple[LogEntry, ...]


class Log:
    """One log of one feed. Each look at it takes part in the present reign.

    (It begins a new one if the server process is another.) All methods raise ``FeedNotFound`` and
    ``StoreError``.
    """

    def __init__(self, scripts: Scripts, feed: str, name: LogName = "log") -> None:
        self.feed, self.name = feed, name
        self.key = FeedKeys(feed).log(name)
        self._scripts = scripts
        self._meta = FeedKeys(feed).meta

    async def attach(self) -> Attached:
        """The log as it stands now, without entries."""
        return await self._attach("", 0)

    async def newest(self, count: int) -> Attached:
        """The newest ``count`` entries, oldest first."""
        attached = await self._attach("", count)
        return replace(attached, entries=attached.entries[::-1])

    async def after(self, offset: int, *, count: int) -> Attached:
        """At most ``count`` entries above ``offset``, oldest first."""
        return await self._attach(str(offset), count)

    async def _attach(self, offset: str, count: int) -> Attached:
        return self._parse(await self._scripts.attach(*self._call(offset, count)))

    def _call(self, offset: str, count: int) -> Call:
        return [self._meta, self.key], [self.name, new_epoch(), offset, count]

    def _parse(self, got: list[Any]) -> Attached:
        if got[0] == b"missing":
            raise FeedNotFound(self.feed)
        epochs, head, floor, feed, rows = got
        entries = tuple(
            LogEntry.parse(entry_id, dict(zip(fields[::2], fields[1::2], strict=True)))
            for entry_id, fields in rows
        )
        try:
            return Attached(parse_reigns(epochs, head, floor), orjson.loads(feed), entries)
        except ValueError as error:
            raise StoreInconsistent(
                f"what is kept of the feed {self.feed} was not written by livefeed"
            ) from error


async def attach_all(scripts: Scripts, logs: Sequence[Log]) -> list[Attached | FeedNotFound | StoreError]:
    """Many logs as they stand now, in few round trips; what went wrong with one stands in its place."""
    answers = await scripts.attach_many([log._call("", 0) for log in logs])
    return [_attached(log, answer) for log, answer in zip(logs, answers, strict=True)]


def _attached(log: Log, answer: list[Any] | StoreError) -> Attached | FeedNotFound | StoreError:
    if isinstance(answer, StoreError):
        return answer
    try:
        return log._parse(answer)
    except (FeedNotFound, StoreError) as error:
        return error


def parse_reigns(epochs: bytes, head: int, floor: int) -> Reigns:
    pairs = (item.split(":") for item in epochs.decode().split(","))
    return Reigns(tuple((epoch, int(first)) for epoch, first in pairs), int(head), int(floor))
