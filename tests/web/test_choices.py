from __future__ import annotations

from livefeed.core.paging import PageQuery
from livefeed.web.choices import asked, orders, shows
from livefeed.web.static_tree import StaticTree
from livefeed.web.words import read_languages

WORDS = read_languages(StaticTree()).of("en")
TAGS = [f"t{number}" for number in range(12)]


def chosen(query: PageQuery) -> list[str]:
    return [choice.label for choice in shows("news", query, TAGS, WORDS) if choice.chosen]


def hrefs(query: PageQuery) -> list[str]:
    return [choice.href for choice in shows("news", query, TAGS, WORDS)]


def test_all_key_events_and_the_commonest_tags() -> None:
    assert [choice.label for choice in shows("news", PageQuery(), TAGS, WORDS)] == [
        "All updates",
        "Key events",
        *TAGS[:8],
    ]
    assert hrefs(PageQuery())[:3] == ["/feeds/news", "/feeds/news?key=1", "/feeds/news?tag=t0"]


def test_what_is_chosen_is_marked() -> None:
    assert chosen(PageQuery()) == ["All updates"]
    assert chosen(PageQuery(key=True)) == ["Key events"]
    assert chosen(PageQuery(tag="t3")) == ["t3"]
    assert chosen(PageQuery(tag="t3", key=True)) == ["Key events", "t3"]


def test_a_rare_tag_is_there_once_it_is_chosen() -> None:
    assert shows("news", PageQuery(tag="t11"), TAGS, WORDS)[-1].label == "t11"
    assert chosen(PageQuery(tag="nobody's")) == ["nobody's"]


def test_each_keeps_the_other_choice() -> None:
    assert hrefs(PageQuery(order="oldest"))[:3] == [
        "/feeds/news?order=oldest",
        "/feeds/news?key=1&order=oldest",
        "/feeds/news?tag=t0&order=oldest",
    ]
    assert orders("news", PageQuery(tag="a b&c"), WORDS).href == "/feeds/news?tag=a%20b%26c&order=oldest"
    back = orders("news", PageQuery(key=True, order="oldest"), WORDS)
    assert (back.label, back.href) == ("Newest first", "/feeds/news?key=1")


def test_the_browser_is_told_what_differs() -> None:
    assert asked(PageQuery()) == {}
    assert asked(PageQuery(order="oldest", key=True, tag="x")) == {"order": "oldest", "tag": "x", "key": True}
