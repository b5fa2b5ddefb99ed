from __future__ import annotations

from pathlib import Path

import pytest

from livefeed.errors import InvalidInput
from livefeed.wires.ndjson import read_ndjson


def test_a_sample(samples: Path) -> None:
    wire = read_ndjson((samples / "updates.ndjson").read_bytes())
    assert [draft.model_dump(exclude_unset=True) for draft in wire.entries] == [
        {
            "source": "b",
            "time": "2026-11-22T05:20:00Z",
            "title": "Warning",
            "text": "<p>Earlier than it looks.</p>",
            "format": "html",
            "key": True,
            "pinned": True,
        },
        {
            "source": "a",
            "time": "2026-11-22T06:00:00Z",
            "text": "The harbour is closed, again.",
            "correction": "An earlier version was shorter.",
        },
        {"source": "g", "time": "2026-11-22T07:00:00Z", "text": "as the API shows it"},
    ]
    reasons = {skipped.where: skipped.reason for skipped in wire.skipped}
    assert reasons["line 1 (a)"] == "line 12 (a) has the same key and is newer"
    assert reasons["line 4 (c)"].startswith("link.url: give a web address")
    assert reasons["line 5 (d)"] == "colour: there is no such field, or it cannot be set"
    assert reasons["line 6"].startswith("id: it is missing")
    assert reasons["line 7"].startswith("this is no JSON")
    assert reasons["line 8"] == "line: this is no JSON object"
    assert reasons["line 9 (e)"] == "text: the text must not be empty"
    assert reasons["line 10 (f)"].startswith("html: ")
    assert reasons["line 13 (h)"] == "text: the control character U+0000 is not allowed"
    assert [int(where.split()[1]) for where in reasons] == [1, 4, 5, 6, 7, 8, 9, 10, 13]


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (b'{"id":1,"text":"a"}', "id"),
        (b'{"id":"a\\nb","text":"a"}', "id"),
        (b'{"id":"a","source":"b","text":"a"}', "source"),
        (b'{"id":"a"}', "text"),
        (b'{"id":"a","text":"' + b"a" * 20_001 + b'"}', "text"),
        (b'{"id":"a","text":"a","time":"yesterday"}', "time"),
        (b'{"id":"a","text":"a","key":"yes"}', "key"),
        (b'{"id":"a","text":"a","tags":"b"}', "tags"),
        (b'{"id":"a","text":"\xff"}', "this is no JSON"),
    ],
)
def test_a_bad_line_is_skipped_with_the_reason(line: bytes, field: str) -> None:
    wire = read_ndjson(b'{"id":"good","text":"a"}\n' + line)
    assert [draft.source for draft in wire.entries] == ["good"]
    [skipped] = wire.skipped
    assert skipped.where.startswith("line 2")
    assert skipped.reason.startswith(field)


@pytest.mark.parametrize("data", [b"", b"\n", b"a\nb", b"1\n2"])
def test_without_a_single_object_it_is_no_ndjson(data: bytes) -> None:
    with pytest.raises(InvalidInput, match="no update in it"):
        read_ndjson(data)


def test_windows_line_ends() -> None:
    wire = read_ndjson(b'{"id":"a","text":"b"}\r\n\r\n{"id":"c","text":"d"}\r\n')
    assert [draft.source for draft in wire.entries] == ["a", "c"]
