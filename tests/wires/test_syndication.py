from __future__ import annotations

from pathlib import Path

import pytest

from livefeed.core.models import UpdateCreate
from livefeed.errors import InvalidInput
from livefeed.wires.syndication import read_syndication


def rss(item: str, channel: str = "<link>https://example.org/</link>") -> bytes:
    return f'<rss version="2.0"><channel>{channel}<item>{item}</item></channel></rss>'.encode()


def one(item: str) -> UpdateCreate:
    [draft] = read_syndication(rss(item)).entries
    return draft


def test_windows_1251(samples: Path) -> None:
    wire = read_syndication((samples / "windows-1251.rss.xml").read_bytes())
    storm, ferry = wire.entries
    assert (storm.title, storm.time) == ("Шторм усиливается", "2026-11-22T07:15:00Z")
    assert storm.text == "<p>Капитан порта закрыл гавань.</p>"
    assert (ferry.source, ferry.tags, ferry.time) == ("parom-2", ["порт"], "2026-11-22T08:30:00Z")
    assert ferry.text == "<p>Все пассажиры <b>на берегу</b>.</p>"


def test_without_guid_date_or_title(samples: Path) -> None:
    data = (samples / "bare.rss.xml").read_bytes()
    wire = read_syndication(data)
    assert read_syndication(data) == wire, "keys made up for an entry are the same again"
    oldest, headline, words, mast = wire.entries
    assert (oldest.source, oldest.author) == ("older", "Ada Quill")
    assert oldest.image is not None
    assert oldest.image.url == "https://wire.example.org/quay.jpg"
    assert (headline.title, headline.text, headline.time) == (None, "<p>Only a headline</p>", None)
    assert (words.title, words.link) == (None, None)
    assert len({headline.source, words.source}) == 2
    assert str(words.source).startswith("sha256:")
    assert mast.source == "https://wire.example.org/harbour/mast?id=7"
    assert mast.title == "AT&T mast down on the quay"
    assert 'href="https://wire.example.org/map.html"' in mast.text
    assert 'src="https://wire.example.org/harbour/pictures/mast.jpg"' in mast.text
    [empty] = wire.skipped
    assert empty.where.startswith("entry 4 (https://wire.example.org/harbour/empty")
    assert empty.reason == "text: there is neither a text nor a title"


def test_what_is_missing_is_left_open_so_that_importing_again_is_no_edit() -> None:
    fields = one("<guid>a</guid><description>b</description>").model_fields_set
    assert fields == {"source", "title", "text", "format", "link"}


def test_atom_with_xhtml(samples: Path) -> None:
    wire = read_syndication((samples / "xhtml.atom.xml").read_bytes())
    first, second = wire.entries
    assert wire.kind == "atom"
    assert (first.time, first.text) == ("2026-11-22T04:10:00Z", "<p>Nobody knows why yet: 1 &lt; 2.</p>")
    assert (second.title, second.author, second.tags) == (
        "Lamp relit & turning",
        "Ida Wick",
        ["The lamp", "sea"],
    )
    assert "<em>relit</em>" in second.text
    assert 'href="https://light.example.org/log"' in second.text
    assert "alert" not in second.text
    assert second.link is not None
    assert second.link.url == "https://light.example.org/notes/two"
    assert second.link.label is None


def test_a_file_that_breaks_off(samples: Path) -> None:
    wire = read_syndication((samples / "broken.rss.xml").read_bytes())
    [whole] = wire.entries
    assert whole.title == "Bread & butter"
    assert wire.skipped[-1].where == "the file"
    assert "damaged" in wire.skipped[-1].reason


def test_control_characters_are_taken_out() -> None:
    draft = one("<guid>a</guid><title>b\x0bc\x00 d&#x9;e</title><description>f\x1fg\x08</description>")
    assert (draft.title, draft.text) == ("bc d e", "<p>fg</p>")


def test_a_long_title_is_cut() -> None:
    title = one(f"<guid>a</guid><title>{'word ' * 100}</title><description>b</description>").title
    assert title is not None
    assert len(title) <= 300
    assert title.endswith("word…")


def test_a_long_text_is_skipped() -> None:
    for length in 20_001, 300_000:
        wire = read_syndication(rss(f"<guid>a</guid><description>{'x' * length}</description>"))
        assert wire.entries == []
        [skipped] = wire.skipped
        assert skipped.where == "entry 1 (a)"
        assert "text" in skipped.reason


@pytest.mark.parametrize(
    "date",
    ["", "soon", "Thu, 30 Feb 2026 10:00:00 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", "9999-12-31T23:59:59Z"],
)
def test_an_impossible_date_is_left_out(date: str) -> None:
    draft = one(f"<guid>a</guid><pubDate>{date}</pubDate><title>b</title>")
    assert "time" not in draft.model_fields_set


def test_the_order_is_by_time_where_all_have_one() -> None:
    items = "</item><item>".join(
        f"<guid>{n}</guid><title>a</title><pubDate>Sun, 22 Nov 2026 0{n}:00:00 GMT</pubDate>"
        for n in (2, 1, 3)
    )
    assert [draft.source for draft in read_syndication(rss(items)).entries] == ["1", "2", "3"]
    items += "</item><item><guid>4</guid><title>undated</title>"
    assert [draft.source for draft in read_syndication(rss(items)).entries] == ["4", "3", "1", "2"]


def test_of_a_repeated_guid_the_first_counts() -> None:
    wire = read_syndication(
        rss("<guid>a</guid><title>new</title></item><item><guid>a</guid><title>old</title>")
    )
    [draft] = wire.entries
    assert draft.text == "<p>new</p>"
    assert [(s.where, s.reason) for s in wire.skipped] == [
        ("entry 2 (a)", "entry 1 (a) has the same key and is newer")
    ]


def test_the_bytes_are_never_taken_for_a_file_or_an_address(tmp_path: Path) -> None:
    path = tmp_path / "feed.xml"
    path.write_bytes(rss("<guid>a</guid><title>b</title>"))
    with pytest.raises(InvalidInput):
        read_syndication(str(path).encode())


def test_entities_that_multiply_do_not() -> None:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE rss [<!ENTITY l0 "ha">{levels}]>'.encode() + rss("<guid>a</guid><title>b&l9;</title>")
    for draft in read_syndication(bomb).entries:
        assert len(draft.text) < 1_000


def test_a_file_is_not_read_by_an_entity(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter2")
    doctype = f'<!DOCTYPE rss [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'.encode()
    for draft in read_syndication(doctype + rss("<guid>a</guid><title>b &x;</title>")).entries:
        assert "hunter2" not in draft.text


@pytest.mark.parametrize("data", [b"", b"a", b"<a/>", b"<html><body>a</body></html>", b"<rss"])
def test_what_is_neither_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput, match="neither RSS nor Atom"):
        read_syndication(data)


def test_an_empty_feed_is_one() -> None:
    assert read_syndication(b'<rss version="2.0"><channel><title>a</title></channel></rss>').entries == []
