from __future__ import annotations

from pathlib import Path

import pytest

from livefeed.core.models import UpdateCreate
from livefeed.errors import InvalidInput
from livefeed.wires.read import Wire, read_wire
from tests.real_data import needs_real_feeds, real_feed


def said(draft: UpdateCreate) -> dict[str, object]:
    return draft.model_dump(exclude_unset=True)


def where_and_why(wire: Wire) -> list[tuple[str, str]]:
    return [(skipped.where, skipped.reason) for skipped in wire.skipped]


@pytest.mark.parametrize(
    ("name", "kind", "entries", "skipped"),
    [
        ("windows-1251.rss.xml", "rss", 2, 0),
        ("bare.rss.xml", "rss", 4, 1),
        ("broken.rss.xml", "rss", 1, 2),
        ("xhtml.atom.xml", "atom", 2, 0),
        ("feed.json", "jsonfeed", 3, 2),
        ("updates.ndjson", "ndjson", 3, 9),
    ],
)
def test_each_kind_is_known_by_its_content(
    samples: Path, name: str, kind: str, entries: int, skipped: int
) -> None:
    data = (samples / name).read_bytes()
    for prefix in b"", b"\xef\xbb\xbf", b"\n \n":
        wire = read_wire(prefix + data)
        assert (wire.kind, len(wire.entries)) == (kind, entries)
        assert len([s for s in wire.skipped if s.where != "the file"]) in (skipped, skipped - 1)
        assert all(draft.source for draft in wire.entries)


@needs_real_feeds
def test_a_real_live_blog() -> None:
    wire = read_wire(real_feed("liveblog-2023-12-13.ndjson").read_bytes())
    assert (wire.kind, len(wire.entries), wire.skipped) == ("ndjson", 11, [])
    assert [draft.time for draft in wire.entries] == sorted(draft.time or "" for draft in wire.entries)
    assert {draft.format for draft in wire.entries} == {"html"}


@needs_real_feeds
def test_real_feeds() -> None:
    [atom] = read_wire(real_feed("wire-reddit.atom.xml").read_bytes()).entries
    assert (atom.source, atom.time, atom.tags) == ("t3_glvkc5", "2020-05-18T05:44:47Z", ["r/rust"])
    [rss] = read_wire(real_feed("wire-spiegel.rss.xml").read_bytes()).entries
    assert (rss.time, rss.author) == ("2021-02-06T23:01:00Z", "DER SPIEGEL")


@pytest.mark.parametrize(
    "data",
    [
        b"Good morning, this is a letter.",
        b"<!doctype html><html><head><title>News</title></head><body><p>Hello</p></body></html>",
        b"<?xml version='1.0'?><note><to>you</to></note>",
        b"<<<<<<",
        b'{"version": 2, "items": []',
        b"[]",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        bytes(range(256)) * 10,
    ],
)
def test_what_is_no_wire_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(InvalidInput, match="this is neither NDJSON of updates nor RSS, Atom or a JSON Feed"):
        read_wire(data)


def test_a_web_page_is_called_one() -> None:
    with pytest.raises(InvalidInput, match="it is a web page; give the address of its feed"):
        read_wire(b"<!DOCTYPE html><html><body>News</body></html>")


@pytest.mark.parametrize("data", [b"", b" \n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput, match="it is empty"):
        read_wire(data)


def test_a_broken_first_line_does_not_hide_the_others() -> None:
    wire = read_wire(b'cut off"}\n{"id":"a","text":"b"}\n')
    assert [draft.source for draft in wire.entries] == ["a"]
    assert [skipped.where for skipped in wire.skipped] == ["line 1"]


def test_the_name_is_the_base_where_the_feed_names_none() -> None:
    item = b"<item><guid>1</guid><link>a</link><title>b</title></item>"
    data = b'<rss version="2.0"><channel>' + item + b"</channel></rss>"
    [draft] = read_wire(data, name="https://example.org/feeds/rss").entries
    assert draft.link is not None
    assert draft.link.url == "https://example.org/feeds/a"
    [draft] = read_wire(data, name="rss.xml").entries
    assert draft.link is None
