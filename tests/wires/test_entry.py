from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livefeed.core.models import UpdateCreate
from livefeed.errors import InvalidInput
from livefeed.wires.entry import Entry, draft_of, html_of_text, in_order


def draft(source: str, time: str | None = None) -> UpdateCreate:
    return UpdateCreate(source=source, text="a", time=time)


@given(
    st.builds(
        Entry, **dict.fromkeys(("key", "link", "base", "title", "html", "author", "date", "image"), st.text())
    ),
    st.lists(st.text(), max_size=12),
)
@settings(deadline=None)
def test_any_dirt_becomes_a_draft_or_is_refused_in_words(entry: Entry, tags: list[str]) -> None:
    entry.tags = tags
    with suppress(InvalidInput):
        made = draft_of(entry)
        assert made.source
        assert made == draft_of(entry)


@pytest.mark.parametrize(
    ("key", "link", "source"),
    [
        ("exactly/this?#1", "https://example.org/", "exactly/this?#1"),
        (" a\n b ", "", "a b"),
        ("", "https://example.org/a b", "https://example.org/a%20b"),
        ("", "javascript:alert(1)", "sha256:"),
        ("k" * 501, "", "sha256:"),
        ("", "", "sha256:"),
    ],
)
def test_the_key(key: str, link: str, source: str) -> None:
    made = draft_of(Entry(key=key, link=link, html="a")).source or ""
    assert made == source or (source == "sha256:" and made.startswith(source))


def test_a_made_up_key_is_of_title_date_and_text() -> None:
    one = draft_of(Entry(title="a", date="b", html="c")).source
    assert one == draft_of(Entry(title="a", date="b", html="c", author="d", tags=["e"])).source
    assert one != draft_of(Entry(title="a", date="b", html="d")).source


def test_relative_addresses() -> None:
    html = """<a href="a">1</a><a href='/b?c&amp;d'>2</a><a href="https://x.example/">3</a><a href="#e">4</a>
    <a href="mailto:f@example.org">5</a><a href="javascript:alert(1)">6</a><a href="">7</a>"""
    text = draft_of(Entry(base="https://example.org/dir/", html=html)).text
    assert text.count("<a ") == 4
    for address in "https://example.org/dir/a", "https://example.org/b?c&amp;d", "https://x.example/":
        assert f'href="{address}"' in text


def test_tags_authors_and_titles_are_lines_of_text() -> None:
    made = draft_of(
        Entry(
            title="<b>a</b> &amp;\n b",
            author="c <i>d</i>",
            tags=["e&amp;f", "g" * 51, "", "e&amp;f"],
            html="h",
        )
    )
    assert (made.title, made.author, made.tags) == ("a & b", "c d", ["e&f"])


def test_a_picture_is_a_text() -> None:
    assert draft_of(Entry(html='<img src="https://example.org/a.png">')).text.startswith("<p><img ")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a < b & c", "<p>a &lt; b &amp; c</p>"),
        ("a\nb\r\n\r\nc", "<p>a<br>\nb</p>\n<p>c</p>"),
    ],
)
def test_html_of_text(text: str, html: str) -> None:
    assert html_of_text(text) == html


def test_oldest_first_if_all_times_are_known() -> None:
    late, early = draft("late", "2026-11-22T09:00:00Z"), draft("early", "2026-11-22T08:00:00Z")
    assert in_order([("1", late), ("2", early)])[0] == [early, late]
    assert in_order([("1", late), ("2", draft("x")), ("3", early)])[0] == [late, draft("x"), early]


def test_of_a_repeated_source_the_last_counts() -> None:
    kept, skipped = in_order([("1", draft("a")), ("2", draft("b")), ("3", draft("a"))])
    assert [one.source for one in kept] == ["b", "a"]
    assert [(one.where, one.reason) for one in skipped] == [("1", "3 has the same key and is newer")]
