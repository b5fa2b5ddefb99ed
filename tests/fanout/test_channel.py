"""A channel's state: what it takes over from Redis, and what its readers find."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import orjson
import pytest

from livefeed.core.changes import delete_change, feed_change
from livefeed.core.position import Position, Reigns, Verdict
from livefeed.fanout.channel import Channel
from livefeed.store.log import Attached, Log, LogEntry
from livefeed.store.scripts import Scripts

pytestmark = pytest.mark.anyio

Epochs = tuple[tuple[str, int], ...]
FIRST: Epochs = (("e1", 1),)


def entry(offset: int, epoch: str = "e1", key: str | None = None) -> LogEntry:
    return LogEntry(offset, epoch, delete_change(key or f"u{offset}", "2026-01-01T00:00:00Z"))


def feed_entry(offset: int, status: str) -> LogEntry:
    return LogEntry(offset, "e1", feed_change(orjson.dumps({"status": status})))


def attached(
    head: int,
    entries: Sequence[LogEntry] = (),
    *,
    epochs: Epochs = FIRST,
    floor: int = 0,
    status: str = "open",
) -> Attached:
    return Attached(Reigns(epochs, head, floor), {"status": status}, tuple(entries))


def channel_at(head: int, *, first: int = 1, floor: int = 0, window_entries: int = 100) -> Channel:
    """A channel that has read the entries from ``first`` to ``head``."""
    log = Log(Scripts(None), "news")
    channel = Channel(log, window_entries=window_entries, window_bytes=1_000_000)
    channel.rebuild(attached(head, [entry(offset) for offset in range(first, head + 1)], floor=floor))
    return channel


def missed(channel: Channel, offset: int) -> list[int] | None:
    entries = channel.missed(offset)
    return None if entries is None else [entry.offset for entry in entries]


async def wakes(channel: Channel) -> asyncio.Task[None]:
    """A reader that waits for the channel's next turn."""
    task = asyncio.create_task(channel.next_turn(60))
    await asyncio.sleep(0)
    return task


def test_it_stands_where_the_log_ends() -> None:
    channel = channel_at(3)
    assert channel.reigns.position == channel.stands_on == Position("e1", 3)
    assert missed(channel, 1) == [2, 3]


def test_a_whole_log_reaches_down_to_its_floor() -> None:
    channel = channel_at(9, first=7, floor=4)
    assert missed(channel, 4) == [7, 8, 9]
    assert missed(channel, 3) is None


def test_a_part_of_a_log_reaches_down_to_its_first_entry() -> None:
    channel = channel_at(9, first=7, window_entries=3)
    assert missed(channel, 6) == [7, 8, 9]
    assert missed(channel, 5) is None


def test_each_entry_says_what_it_follows() -> None:
    channel = channel_at(2)
    channel.dispatch([entry(3), entry(7)])
    assert [made.after for made in channel.missed(0) or []] == [0, 1, 2, 3]


def test_what_is_known_is_passed_over() -> None:
    channel = channel_at(3)
    channel.dispatch([entry(2), entry(3), entry(4)])
    assert missed(channel, 0) == [1, 2, 3, 4]


def test_of_one_update_only_the_newest_entry_stays() -> None:
    channel = channel_at(3)
    channel.dispatch([entry(4, key="u2")])
    assert missed(channel, 0) == [1, 3, 4]


def test_the_feed_is_what_its_last_change_says() -> None:
    channel = channel_at(3)
    assert channel.goes_on()
    channel.dispatch([feed_entry(4, "closed")])
    assert not channel.goes_on()


def test_an_old_answer_does_not_reopen_a_feed() -> None:
    """It was asked for before the change was read, and comes after it."""
    channel = channel_at(3)
    channel.dispatch([feed_entry(4, "closed")])
    channel.adopt(attached(3, status="open"))
    assert not channel.goes_on()


def test_a_feed_does_not_close_before_its_changes_are_here() -> None:
    channel = channel_at(3)
    channel.adopt(attached(5, status="closed"))
    assert channel.goes_on()


@pytest.mark.parametrize(
    ("epoch", "offset", "fits"),
    [("e1", 3, True), ("e1", 8, True), ("e2", 9, True), ("e1", 9, False), ("e2", 8, False), ("e3", 9, False)],
)
def test_an_entry_fits_into_its_reign(epoch: str, offset: int, fits: bool) -> None:
    channel = channel_at(8)
    channel.adopt(attached(8, epochs=(("e1", 1), ("e2", 9))))
    assert channel.fits(entry(offset, epoch)) is fits


def test_a_position_from_a_lost_tail_is_bad() -> None:
    channel = channel_at(8)
    assert channel.judge(Position("e1", 10)) is Verdict.AHEAD
    channel.adopt(attached(8, epochs=(("e1", 1), ("e2", 9))))
    assert channel.judge(Position("e1", 10)) is Verdict.BAD
    channel.dispatch([entry(9, "e2"), entry(10, "e2"), entry(11, "e2")])
    assert channel.judge(Position("e1", 10)) is Verdict.BAD
    assert channel.judge(Position("e1", 8)) is Verdict.GOOD


async def test_what_comes_wakes_those_who_wait() -> None:
    channel = channel_at(3)
    waiting = await wakes(channel)
    channel.dispatch([entry(4)])
    await asyncio.wait_for(waiting, 30)


async def test_a_new_reign_wakes_those_who_wait() -> None:
    channel = channel_at(3)
    waiting = await wakes(channel)
    channel.adopt(attached(3))
    await asyncio.sleep(0)
    assert not waiting.done()  # nothing new in that
    channel.adopt(attached(3, epochs=(("e1", 1), ("e2", 4))))
    await asyncio.wait_for(waiting, 30)


async def test_an_end_wakes_those_who_wait() -> None:
    channel = channel_at(3)
    waiting = await wakes(channel)
    channel.end("closed")
    await asyncio.wait_for(waiting, 30)
    assert channel.ended
    assert not channel.goes_on()


async def test_a_turn_is_waited_for_no_longer_than_asked() -> None:
    await asyncio.wait_for(channel_at(3).next_turn(0.001), 30)


def test_its_size_is_told() -> None:
    channel = channel_at(3)
    statistics = channel.statistics()
    assert (statistics["readers"], statistics["window_entries"]) == (0, 3)
    assert statistics["window_bytes"] == sum(made.size_bytes for made in channel.missed(0) or [])
