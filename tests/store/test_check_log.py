from __future__ import annotations

import pytest

from livefeed.core.changes import delete_change
from livefeed.store.check_log import check_ends, check_offsets
from livefeed.store.log import LogEntry

META = {b"log:epochs": b"a:1,b:3", b"log:run_id": b"r", b"log:head": b"4", b"log:floor": b"1"}
INFO = {b"last-generated-id": b"4-0"}
ENTRIES = [LogEntry(3, "b", delete_change("x", "")), LogEntry(4, "b", delete_change("y", ""))]


def test_a_sound_log() -> None:
    assert check_ends("log", META, INFO, ENTRIES) == []
    assert check_offsets("log", {b"x": b"3", b"y": b"4"}, ENTRIES) == []
    nothing = {
        b"desklog:epochs": b"a:1",
        b"desklog:run_id": b"r",
        b"desklog:head": b"0",
        b"desklog:floor": b"0",
    }
    assert check_ends("desklog", nothing, {}, []) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({b"log:head": b"5"}, "the log's last id is 4-0, its head is 5"),
        ({b"log:epochs": b"a:3,b:1"}, "the log's epochs are out of order: a:3,b:1"),
        ({b"log:epochs": b"a:1,b:6"}, "the log's epochs are out of order: a:1,b:6"),
        ({b"log:floor": b"3"}, "offset 3 is in the log, but the floor is 3"),
    ],
)
def test_each_contradiction_of_its_ends(change: dict[bytes, bytes], problem: str) -> None:
    assert check_ends("log", META | change, INFO, ENTRIES) == [problem]


def test_what_is_not_known_of_it() -> None:
    assert check_ends("desklog", META, INFO, ENTRIES) == [
        "meta lacks desklog:epochs, desklog:run_id, desklog:head, desklog:floor"
    ]


def test_each_contradiction_of_its_offsets() -> None:
    assert check_offsets("log", {b"x": b"3"}, ENTRIES) == ["the offsets are not those of the log's entries"]
    twice = [*ENTRIES, LogEntry(5, "b", delete_change("x", ""))]
    assert check_offsets("log", {b"x": b"5", b"y": b"4"}, twice) == ["a key stands in the log twice"]
