"""A channel: one log in one process, with its window and those who wait for what comes next."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import orjson

from livefeed.core import messages
from livefeed.core.changes import FEED_KEY
from livefeed.core.messages import ByeReason
from livefeed.core.models import Feed
from livefeed.core.position import Position, Reigns, Verdict
from livefeed.core.window import Entry, Window
from livefeed.store.log import Attached, Log, LogEntry

__all__ = ["Channel"]


class Channel:
    """One log in this process.

    Its state changes in whole steps without an await: :meth:`rebuild` (stand on the log as it is),
    :meth:`adopt` (the same history, seen again) and :meth:`dispatch` (what comes next). Readers
    notice another history by their own position, which is then no longer good.
    """

    def __init__(self, log: Log, *, window_entries: int, window_bytes: int) -> None:
        self.log = log
        self.readers = 0
        """Streams open now."""
        self.readers_elsewhere = 0
        """Streams that other processes have open, as they said a moment ago."""
        self.ended: ByeReason | None = None
        """Nothing comes any more, for this reason: the feed was removed, or its log cannot be read."""
        self.feed: dict[str, Any] = {}
        """The feed's own fields, as of the head."""
        self._described: tuple[dict[str, Any], Feed] | None = None
        self._bounds = {"max_entries": window_entries, "max_bytes": window_bytes}
        self._window = Window(floor=0, **self._bounds)
        self._stands_on = Position("", 0)
        self.reigns = Reigns((("", 0),), 0, 0)
        """The reigns as far as this process knows them."""
        self.position = self.reigns.position
        """Where one stands who knows what this process knows; the same object while nothing changes."""
        self._turn = asyncio.Event()

    @property
    def head(self) -> int:
        """The last offset that this process knows."""
        return self._window.head

    @property
    def stands_on(self) -> Position:
        """The last entry read, in the reign that wrote it: where this is good, so is all that is here."""
        return self._stands_on

    @property
    def readers_everywhere(self) -> int:
        """For the heartbeats."""
        return self.readers + self.readers_elsewhere

    def describe(self) -> Feed:
        """The feed's own fields, read once after each change of them."""
        if self._described is None or self._described[0] is not self.feed:
            self._described = self.feed, Feed.model_validate(self.feed)
        return self._described[1]

    @property
    def is_desk(self) -> bool:
        """Whether it is the desk's log, which goes on whatever the feed's status."""
        return self.log.name == "desklog"

    @property
    def is_draft(self) -> bool:
        return not self.is_desk and self.feed.get("status") == "draft"

    def goes_on(self, *, with_draft: bool = False) -> bool:
        """Whether a reader can expect more; of a draft only one who may see it."""
        status = self.feed.get("status")
        return not self.ended and (self.is_desk or status == "open" or (with_draft and status == "draft"))

    # What the hub does --------------------------------------------------------------------------

    def rebuild(self, newest: Attached) -> None:
        """Stand on the log as it is now; ``newest`` came with its newest entries."""
        reigns, entries = newest.reigns, newest.entries
        whole = len(entries) < self._bounds["max_entries"]
        floor = reigns.floor if whole else entries[0].offset - 1
        self._window = Window(floor=floor, **self._bounds)
        self._stands_on = reigns.position
        self._reign(reigns)
        self._append(entries)
        self.feed = newest.feed
        self.wake()

    def adopt(self, attached: Attached) -> None:
        """Take over what Redis says of reigns, floor and feed; the head stays what was read."""
        known = self.reigns.epochs
        self._reign(attached.reigns)
        if attached.reigns.head == self.head:
            self.feed = attached.feed
        if known != self.reigns.epochs:
            self.wake()  # who has come further than we have may stand on a tail that was lost

    def fits(self, entry: LogEntry) -> bool:
        """Whether it was written in the reign that, as far as known here, its offset belongs to."""
        began = [epoch for epoch, first in self.reigns.epochs if first <= entry.offset]
        return bool(began) and began[-1] == entry.epoch

    def dispatch(self, entries: Sequence[LogEntry]) -> None:
        """Take in what comes next; what is known already is passed over."""
        self._append(entries)
        self.wake()

    def end(self, reason: ByeReason) -> None:
        """Nothing will come any more; whoever waits is to go."""
        self.ended = reason
        self.wake()

    def wake(self) -> None:
        """Let everybody who waits look again."""
        turn, self._turn = self._turn, asyncio.Event()
        turn.set()

    def _append(self, entries: Sequence[LogEntry]) -> None:
        for entry in entries:
            if entry.offset <= self.head:
                continue
            made = messages.change_entry(entry.change, after=self.head, position=entry.position)
            self._window.append(made)
            self._stands_on = entry.position
            if entry.change.key == FEED_KEY:
                self.feed = orjson.loads(entry.change.raw)["feed"]
        self._reign(self.reigns)

    def _reign(self, known: Reigns) -> None:
        """Take over reigns and floor; the head is what was read."""
        self.reigns = Reigns(known.epochs, self.head, known.floor)
        if self.position != self.reigns.position:
            self.position = self.reigns.position

    # What streams do ----------------------------------------------------------------------------

    def judge(self, position: Position) -> Verdict:
        return self.reigns.judge(position)

    def missed(self, offset: int) -> list[Entry] | None:
        """What somebody at ``offset`` missed, or None where the window does not reach back so far."""
        try:
            return self._window.after(offset)
        except LookupError:
            return None

    @property
    def turn(self) -> asyncio.Event:
        """Set when something happens here from now on."""
        return self._turn

    async def next_turn(self, timeout_s: float) -> None:
        """Wait until something happened here, at most ``timeout_s``."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._turn.wait(), timeout_s)

    def statistics(self) -> dict[str, int]:
        return {
            "readers": self.readers,
            "window_entries": len(self._window),
            "window_bytes": self._window.size_bytes,
        }
