from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livefeed.core import messages
from livefeed.core.changes import Change, put_change
from livefeed.core.position import MAX_OFFSET, Position
from livefeed.core.window import Entry

HERE = Position("k3f9", 130)


def entries_of(sizes: list[int]) -> list[Entry]:
    made = []
    for number, size in enumerate(sizes):
        raw = b'{"n":%d,"x":"%s"}' % (number, b"x" * size)
        made.append(
            messages.change_entry(
                Change("put", f"u{number}", raw), after=number, position=Position("e", number + 1)
            )
        )
    return made


@pytest.mark.parametrize(
    ("message", "wire"),
    [
        (
            messages.change_entry(put_change("a", b'{"id":"a"}'), after=128, position=HERE).message,
            {
                "type": "change",
                "after": 128,
                "position": "k3f9:130",
                "change": {"op": "put", "update": {"id": "a"}},
            },
        ),
        (
            messages.sync(HERE, [b'{"op":"x"}', b"{}"]),
            {"type": "sync", "position": "k3f9:130", "recovered": True, "changes": [{"op": "x"}, {}]},
        ),
        (
            messages.snapshot(HERE, b'{"updates":[]}'),
            {"type": "sync", "position": "k3f9:130", "recovered": False, "snapshot": {"updates": []}},
        ),
        (messages.ping(HERE, 4182), {"type": "ping", "position": "k3f9:130", "readers": 4182}),
        (messages.bye("drain", 1500), {"type": "bye", "reason": "drain", "retry": 1500}),
        (messages.bye("revoked", None), {"type": "bye", "reason": "revoked", "retry": None}),
    ],
)
def test_the_wire(message: bytes, wire: dict[str, Any]) -> None:
    assert orjson.loads(message) == wire
    assert b"\n" not in message


@given(st.lists(st.integers(0, 30_000), max_size=20))
def test_pieces_are_small_whole_and_in_order(sizes: list[int]) -> None:
    missed = entries_of(sizes)
    head = Position("z" * 16, MAX_OFFSET)
    pieces = [
        (position, orjson.loads(piece), len(piece)) for position, piece in messages.sync_pieces(head, missed)
    ]
    assert pieces[-1][0] == head
    assert max(size for *_, size in pieces) <= messages.PIECE_BYTES
    told = [change for _, piece, _ in pieces for change in piece["changes"]]
    assert told == [orjson.loads(one.change.raw) for one in missed]
    seen = 0
    for position, piece, _ in pieces:
        assert piece["position"] == str(position)
        seen += len(piece["changes"])
        if seen < len(missed):
            assert position == missed[seen - 1].position


def test_nothing_missed_is_said_too() -> None:
    ((position, piece),) = messages.sync_pieces(HERE, [])
    assert position == HERE
    assert orjson.loads(piece)["changes"] == []


def test_a_single_larger_change_goes_out_alone() -> None:
    pieces = list(messages.sync_pieces(Position("e", 3), entries_of([10, 100_000, 10])))
    assert [len(orjson.loads(piece)["changes"]) for _, piece in pieces] == [1, 1, 1]


def test_a_server_sent_event() -> None:
    assert messages.sse("ping", b"{}") == b"event: ping\ndata: {}\n\n"
    assert messages.sse("sync", b"{}", position=HERE) == b"event: sync\nid: k3f9:130\ndata: {}\n\n"
    assert messages.sse("bye", b"{}", retry_ms=1500) == b"event: bye\nretry: 1500\ndata: {}\n\n"
