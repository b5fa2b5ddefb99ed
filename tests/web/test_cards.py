from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livefeed.core.markdown import render
from livefeed.web.cards import cards

CASES: list[list[str]] = json.loads(Path(__file__).with_name("cards.json").read_text(encoding="utf-8"))


def linked(address: str) -> str:
    return f'<p><a href="{address}" rel="noopener nofollow ugc">{address}</a></p>'


def video(address: str) -> str | None:
    made = cards(linked(address))
    return made.partition('data-video="')[2].partition('"')[0] or None


@pytest.mark.parametrize(("html", "wanted"), CASES)
def test_a_link_that_stands_alone_becomes_a_card(html: str, wanted: str) -> None:
    assert cards(html) == wanted


@pytest.mark.parametrize(
    "address",
    [
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
        "http://youtube.com/watch?app=x&amp;v=dQw4w9WgXcQ&amp;t=1",
        "https://m.youtube.com/watch?v=dQw4w9WgXcQ#t=1",
        "https://www.youtube.com/shorts/dQw4w9WgXcQ",
        "https://www.youtube.com/live/dQw4w9WgXcQ?feature=share",
        "HTTPS://YouTu.be/dQw4w9WgXcQ",
    ],
)
def test_videos_of_youtube(address: str) -> None:
    assert video(address) == "youtube:dQw4w9WgXcQ"


def test_videos_of_vimeo() -> None:
    assert video("https://www.vimeo.com/76979871/?x=1#y") == "vimeo:76979871"


@pytest.mark.parametrize(
    "address",
    [
        "https://www.youtube.com/watch?v=short",
        "https://www.youtube.com/watch?v=dQw4w9WgXcQx",
        "https://www.youtube.com/@channel",
        "https://www.youtube.com/watch?x#v=dQw4w9WgXcQ",
        "https://youtube.com.evil.example/watch?v=dQw4w9WgXcQ",
        "https://evil.example/youtu.be/dQw4w9WgXcQ",
        "https://evil.example\\@youtu.be/dQw4w9WgXcQ",
        "https://user@youtu.be/dQw4w9WgXcQ",
        "https://vimeo.com/channels/staffpicks/76979871",
        "https://player.vimeo.com/video/76979871",
        "ftp://youtu.be/dQw4w9WgXcQ",
    ],
)
def test_other_addresses_are_no_videos(address: str) -> None:
    assert video(address) is None


def test_the_site_is_where_the_link_leads() -> None:
    html = cards(linked("https://evil.example\\@good.example/x"))
    assert '<span class="site">evil.example</span> <span class="address">\\@good.example/x</span>' in html


def test_what_markdown_makes_of_an_address_alone() -> None:
    html = render("Before\n\n<https://example.org/a>\n\nAfter <https://example.org/b>", "markdown")
    made = cards(html)
    assert made.count('<p class="card">') == 1
    assert '<span class="site">example.org</span> <span class="address">/a</span>' in made


@given(st.text(), st.sampled_from(["markdown", "html"]))
def test_all_else_stays_as_it_is(text: str, format: str) -> None:
    html = render(text, format)  # type: ignore[arg-type]
    made = cards(html)
    assert (made == html) == ('class="card' not in made)
