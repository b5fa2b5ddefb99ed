"""What a reader at a position is told next."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livefeed.core.changes import Change, compact, delete_change, feed_change
from livefeed.core.messages import PIECE_BYTES
from livefeed.core.position import Position, Reigns
from livefeed.fanout.channel import Channel
from livefeed.fanout.message import Message
from livefeed.fanout.news import next_news
from livefeed.store.log import Attached, Log, LogEntry
from livefeed.store.scripts import Scripts

EPOCHS = (("e1", 1), ("e2", 11))
"""The second reign began after ten changes."""


def put(key: str, size: int = 1) -> Change:
    return Change("put", key, b'{"op":"put","update":{"id":"%s","x":"%s"}}' % (key.encode(), b"x" * size))


def at(offset: int, epoch: str | None = None) -> Position:
    return Position(epoch or ("e1" if offset <= 10 else "e2"), offset)


def channel_of(
    changes: list[Change], *, status: str = "open", first: int = 1, window_entries: int = 1_000
) -> Channel:
    channel = Channel(Log(Scripts(None), "news"), window_entries=window_entries, window_bytes=1 << 24)
    channel.rebuild(Attached(Reigns(EPOCHS, first - 1, first - 1), {"status": status}, ()))
    channel.dispatch(
        [LogEntry(offset, at(offset).epoch, change) for offset, change in enumerate(changes, first)]
    )
    return channel


def told(channel: Channel, position: Position, *, with_draft: bool = False) -> list[dict[str, Any]]:
    news = next_news(channel, position, with_draft=with_draft)
    assert news is not None
    return [orjson.loads(message.data) for message in news]


def follow(channel: Channel, position: Position) -> tuple[list[list[Message]], Position]:
    """All that is told from there on, and where it ends."""
    batches = []
    while news := next_news(channel, position):
        batches.append(news)
        assert news[-1].position is not None
        assert news[-1].position.offset > position.offset
        position = news[-1].position
    return batches, position


def changes_in(message: Message) -> list[Any]:
    read = orjson.loads(message.data)
    return [read["change"]] if read["type"] == "change" else read["changes"]


def test_at_the_head_there_is_none() -> None:
    assert next_news(channel_of([put("a")]), at(1)) == []


def test_the_shared_messages_where_they_follow_on() -> None:
    channel = channel_of([put("a"), put("b"), put("c")])
    news = next_news(channel, at(1)) or []
    assert [(message.type, message.position) for message in news] == [("change", at(2)), ("change", at(3))]
    (_, b, _) = channel.missed(0) or []
    assert news[0].data is b.message  # the very same bytes, encoded once


def test_one_sync_where_compaction_took_what_the_first_one_follows() -> None:
    channel = channel_of([put("a"), put("b"), put("c"), put("b")])
    (message,) = told(channel, at(1))
    assert (message["type"], message["recovered"], message["position"]) == ("sync", True, "e2:4")
    assert [change["update"]["id"] for change in message["changes"]] == ["c", "b"]


def test_what_follows_on_goes_first() -> None:
    channel = channel_of([put("a"), put("b"), put("c"), put("d"), put("c")])
    assert [message["type"] for message in told(channel, at(1))] == ["change"]
    assert [message["type"] for message in told(channel, at(2))] == ["sync"]


@given(
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from([1, 9_000, 70_000])), max_size=25),
    st.data(),
)
def test_piece_by_piece_exactly_what_was_missed(changes: list[tuple[str, int]], data: st.DataObject) -> None:
    made = [put(key, size) for key, size in changes]
    channel = channel_of(made)
    start = data.draw(st.integers(0, len(made)))
    batches, end = follow(channel, at(start))
    assert end.offset == len(made)
    missed = [orjson.loads(change.raw) for change in compact(made[start:])]
    assert [change for batch in batches for message in batch for change in changes_in(message)] == missed
    for batch in batches:
        size = sum(len(message.data) for message in batch)
        assert size <= PIECE_BYTES or sum(len(changes_in(message)) for message in batch) == 1


# To join anew -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "position",
    [at(3, "e0"), at(11, "e1"), at(4)],
    ids=["of a reign nobody knows", "on a tail that was lost", "below the window"],
)
def test_a_position_that_leads_nowhere(position: Position) -> None:
    channel = channel_of([put(str(offset)) for offset in range(6, 13)], first=6)
    assert next_news(channel, position) is None


def test_who_is_ahead_waits() -> None:
    """It was told by Redis, or by another process, what this one has yet to read."""
    channel = channel_of([put(str(offset)) for offset in range(1, 13)])
    assert next_news(channel, at(14)) == []
    channel.dispatch([LogEntry(offset, "e2", put(str(offset))) for offset in (13, 14, 15)])
    assert [message["position"] for message in told(channel, at(14))] == ["e2:15"]


# The end ----------------------------------------------------------------------------------------


def test_a_closed_feed_ends_after_everything_was_told() -> None:
    channel = channel_of([put("a"), feed_change(orjson.dumps({"status": "closed"}))])
    assert [message["type"] for message in told(channel, at(0))] == ["change", "change"]
    assert told(channel, at(2)) == [{"type": "bye", "reason": "closed", "retry": None}]


def test_a_late_deletion_in_a_closed_feed_is_told_before_the_end() -> None:
    channel = channel_of([put("a"), put("b")], status="closed")
    channel.dispatch([LogEntry(3, "e1", delete_change("a", "2026-01-01T00:00:00Z"))])
    assert [message["change"]["op"] for message in told(channel, at(2))] == ["delete"]


def test_who_is_ahead_of_a_closed_feed_waits_for_what_is_to_come() -> None:
    channel = channel_of([put(str(offset)) for offset in range(1, 13)], status="closed")
    assert next_news(channel, at(13)) == []


def test_of_a_draft_nothing_more_is_told() -> None:
    """Not even what was missed: some of it may have been written since."""
    channel = channel_of([put("a"), feed_change(orjson.dumps({"status": "draft"})), put("b")])
    for position in (at(0), at(3), at(3, "e0")):
        assert told(channel, position) == [{"type": "bye", "reason": "closed", "retry": None}]
    assert [message["position"] for message in told(channel, at(0), with_draft=True)] == [
        "e1:1",
        "e1:2",
        "e1:3",
    ]
    assert told(channel, at(3), with_draft=True) == []


@pytest.mark.parametrize(("reason", "comes_back"), [("closed", False), ("overload", True)])
def test_a_channel_that_ended_ends_at_once(reason: Any, comes_back: bool) -> None:
    channel = channel_of([put("a"), put("b")])
    channel.end(reason)
    for position in (at(0), at(2), at(7, "e0")):
        (message,) = told(channel, position)
        assert message["reason"] == reason
        assert (message["retry"] is not None) == comes_back
