from __future__ import annotations

import time
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livefeed.core.cards import cards
from livefeed.core.markdown import render

REL = 'rel="noopener nofollow ugc"'
ID = "dQw4w9WgX-_"


def bare(address: str, text: str | None = None) -> str:
    shown = escape(address if text is None else text, quote=False)
    return f'<p><a href="{escape(address, quote=False)}" {REL}>{shown}</a></p>'


def card(address: str, site: str, rest: str, video: str = "") -> str:
    kind = f' class="card video" data-video="{video}"' if video else ' class="card"'
    inside = f'<span class="site">{site}</span> <span class="address">{escape(rest, quote=False)}</span>'
    return f'<p{kind}><a href="{escape(address, quote=False)}" {REL}>{inside}</a></p>'


def one(address: str, site: str, rest: str, video: str = "") -> tuple[str, str]:
    return bare(address), card(address, site, rest, video)


def same(html: str) -> tuple[str, str]:
    return html, html


# What a browser makes of each is tested in tests/e2e/test_cards.py.
CASES = [
    one("https://example.com/a?b=1&c=2#d", "example.com", "/a?b=1&c=2#d"),
    one("https://example.com", "example.com", "example.com"),
    one("https://www.example.com/", "example.com", "example.com"),
    one("http://example.com:8080/x", "example.com:8080", "/x"),
    one("https://example.com?x", "example.com", "?x"),
    # videos
    one(f"https://www.youtube.com/watch?v={ID}", "youtube.com", f"/watch?v={ID}", f"youtube:{ID}"),
    one(
        f"https://m.youtube.com/watch?t=1&v={ID}&x", "m.youtube.com", f"/watch?t=1&v={ID}&x", f"youtube:{ID}"
    ),
    one(f"https://youtu.be/{ID}?t=1", "youtu.be", f"/{ID}?t=1", f"youtube:{ID}"),
    one(f"https://youtube.com/shorts/{ID}", "youtube.com", f"/shorts/{ID}", f"youtube:{ID}"),
    one(f"https://youtube.com/live/{ID}#x", "youtube.com", f"/live/{ID}#x", f"youtube:{ID}"),
    one("https://vimeo.com/76979871", "vimeo.com", "/76979871", "vimeo:76979871"),
    # no videos
    one(f"https://youtube.com/watch?v={ID}x", "youtube.com", f"/watch?v={ID}x"),
    one("https://youtube.com/watch?v=short", "youtube.com", "/watch?v=short"),
    one(f"https://youtube.com/{ID}", "youtube.com", f"/{ID}"),
    one("https://vimeo.com/76979871/abcdef", "vimeo.com", "/76979871/abcdef"),
    one("https://vimeo.com/channels/x", "vimeo.com", "/channels/x"),
    # who would like to be taken for another
    one(f"https://youtube.com.evil.example/watch?v={ID}", "youtube.com.evil.example", f"/watch?v={ID}"),
    one(f"https://evilyoutube.com/watch?v={ID}", "evilyoutube.com", f"/watch?v={ID}"),
    one(f"https://evil.example/youtube.com/watch?v={ID}", "evil.example", f"/youtube.com/watch?v={ID}"),
    one("https://youtube.com@evil.example/", "evil.example", "evil.example"),
    one("https://youtube.com:x@www.y.example@evil.example/z@", "evil.example", "/z@"),
    one("https://xn--pypal-4ve.com/", "xn--pypal-4ve.com", "xn--pypal-4ve.com"),
    same(bare("https://evil.example\\@youtube.com/")),
    same(bare("https:///evil.example/")),
    same(bare("https://pаypal.com/")),
    same(bare("https://example.com/\u202egpj")),
    same(bare("mailto:somebody@example.com")),
    same(bare("https://[::1]/")),
    # how an address may be written
    (bare("https://example.com/a", "example.com/a"), card("https://example.com/a", "example.com", "/a")),
    (
        bare("http://example.com/a", " http://example.com/a\n"),
        card("http://example.com/a", "example.com", "/a"),
    ),
    (
        f'<p> \n<a href="https://example.com/a" {REL}>https://example.com/a</a> </p>',
        card("https://example.com/a", "example.com", "/a"),
    ),
    (
        bare(
            "https://uk.wikipedia.org/wiki/%D0%9A%D0%B8%D1%97%D0%B2_(x)",
            "https://uk.wikipedia.org/wiki/Київ_(x)",
        ),
        card(
            "https://uk.wikipedia.org/wiki/%D0%9A%D0%B8%D1%97%D0%B2_(x)",
            "uk.wikipedia.org",
            "/wiki/%D0%9A%D0%B8%D1%97%D0%B2_(x)",
        ),
    ),
    # other links
    same(bare("https://example.com/a", "the source")),
    same(bare("https://example.com/a", "https://example.com/b")),
    same(bare("https://example.com/a", "Джерело https://example.com/a")),
    same(bare("https://example.com/a", "")),
    same(f'<p>See <a href="https://example.com/a" {REL}>https://example.com/a</a></p>'),
    same(f'<p><a href="https://example.com/a" {REL}>https://example.com/a</a>, too</p>'),
    same(f'<p><a href="https://example.com/a" {REL}>https://example.com/<strong>a</strong></a></p>'),
    same(f'<p><a href="https://example.com/a" {REL}>https://example.com/a</a><br></p>'),
    same(f'<ul><li><a href="https://example.com/a" {REL}>https://example.com/a</a></li></ul>'),
    # not alone, and within something
    (
        f"<p>Before</p>\n<blockquote>{bare('https://a.example/')}</blockquote>\n<p>&lt;p&gt;&nbsp;</p>",
        f"<p>Before</p>\n<blockquote>{card('https://a.example/', 'a.example', 'a.example')}</blockquote>\n"
        "<p>&lt;p&gt;&nbsp;</p>",
    ),
    (
        bare("https://a.example/") + bare("https://b.example/", "b"),
        card("https://a.example/", "a.example", "a.example") + bare("https://b.example/", "b"),
    ),
]


@pytest.mark.parametrize(("html", "expected"), CASES)
def test_bare_links_become_cards(html: str, expected: str) -> None:
    assert cards(html) == expected
    assert cards(expected) == expected


def test_of_markdown() -> None:
    html = render(f"Look:\n\n<https://youtu.be/{ID}>\n\n[text](https://x.example)", "markdown")
    assert cards(html).count('class="card video"') == 1
    assert 'class="card"' not in cards(html)


@given(
    st.lists(
        st.sampled_from(
            [
                "<p>",
                "</p>",
                "<",
                ">",
                '"',
                " ",
                "a",
                "<a href=",
                'rel="x"',
                "</a>",
                "https://x.example/",
                "&amp;",
            ]
        ),
        max_size=30,
    ).map("".join)
)
def test_nothing_is_lost_of_what_is_no_bare_link(text: str) -> None:
    html = render(text, "html")
    made = cards(html)
    assert made == html or made.count('class="card"') == html.count("<p>") - made.count("<p>")


@pytest.mark.parametrize(
    "part",
    [
        "<p>",
        '<p><a href="',
        '<p><a href="https://x">',
        '<p><a href="https://a@a.a" x>https://xn--',
        "%aa",
        "https://",
        "a@",
        "watch?&v=",
        " ",
    ],
)
def test_in_linear_time(part: str) -> None:
    many = part * (200_000 // len(part))
    started = time.process_time()
    cards(many)
    cards(bare(f"https://youtube.com/{many}"))
    cards(bare("https://x.example/", many))
    cards(bare(f"https://{many}/"))
    assert time.process_time() - started < 1
