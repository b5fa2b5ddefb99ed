from __future__ import annotations

from typing import Any

import orjson
import pytest

from livefeed.settings import Settings
from livefeed.web.structured import live_blog, newest_change, opened, posting, shown

ORIGIN = "https://live.example.org"
ADDRESS = f"{ORIGIN}/feeds/news"
OURSELVES = {"@type": "Organization", "name": "live.example.org", "url": ORIGIN}
FEED: dict[str, Any] = {
    "slug": "news", "title": "The news", "description": None, "lang": "uk", "status": "open", "listed": True,
    "opened": "2026-11-22T08:00:00.000Z", "closed": None,
}  # fmt: skip
UPDATE: dict[str, Any] = {
    "id": "a", "rev": 1, "time": "2026-11-22T08:16:52Z", "published": "2026-11-22T08:16:53.120Z",
    "headline": "Hello",
    "html": "<p>Hello <strong>you</strong></p>\n<p>2 &lt; 3</p>", "author": None, "tags": [], "link": None,
    "image": None, "edited": None, "correction": None,
}  # fmt: skip
IMAGE = {"url": "/media/a.png", "alt": "Alt", "width": 3, "height": None, "caption": "Cap", "credit": None}


def settings(**named: Any) -> Settings:
    return Settings(public_url=ORIGIN, **named)


def page_of(*updates: dict[str, Any], pinned: tuple[dict[str, Any], ...] = (), **feed: Any) -> dict[str, Any]:
    return {"feed": FEED | feed, "updates": list(updates), "pinned": list(pinned)}


def test_a_live_blog_says_all_that_google_asks_for() -> None:
    assert live_blog(settings(), page_of(UPDATE, description="About it")) == {
        "@context": "https://schema.org",
        "@type": "LiveBlogPosting",
        "@id": ADDRESS,
        "url": ADDRESS,
        "mainEntityOfPage": {"@type": "WebPage", "@id": ADDRESS},
        "headline": "The news",
        "description": "About it",
        "inLanguage": "uk",
        "coverageStartTime": "2026-11-22T08:00:00.000Z",
        "datePublished": "2026-11-22T08:00:00.000Z",
        "dateModified": "2026-11-22T08:16:53.120Z",
        "author": OURSELVES,
        "publisher": OURSELVES,
        "liveBlogUpdate": [
            {
                "@type": "BlogPosting",
                "@id": f"{ADDRESS}/updates/a",
                "url": f"{ADDRESS}/updates/a",
                "headline": "Hello",
                "datePublished": "2026-11-22T08:16:52Z",
                "dateModified": "2026-11-22T08:16:52Z",
                "articleBody": "Hello you\n2 < 3",
                "author": OURSELVES,
            }
        ],
    }


def test_an_update_says_who_wrote_it_what_it_shows_and_what_was_wrong() -> None:
    update = UPDATE | {
        "author": "Ada", "image": IMAGE, "correction": "It was 2.", "edited": "2026-11-22T09:00:00.000Z"
    }  # fmt: skip
    told = live_blog(settings(), page_of(update))
    (entry,) = told["liveBlogUpdate"]
    image = {"@type": "ImageObject", "url": f"{ORIGIN}/media/a.png", "width": 3, "caption": "Cap"}
    assert entry["author"] == {"@type": "Person", "name": "Ada"}
    assert entry["image"] == told["image"] == image
    assert entry["correction"] == "It was 2."
    assert entry["dateModified"] == told["dateModified"] == "2026-11-22T09:00:00.000Z"


def test_the_publisher_is_who_the_operator_says() -> None:
    publisher = live_blog(
        settings(
            publisher_name="Example News",
            publisher_url="https://www.example.org/about",
            publisher_logo="https://www.example.org/logo.png",
        ),
        page_of(UPDATE),
    )["publisher"]
    assert publisher == {
        "@type": "Organization",
        "name": "Example News",
        "url": "https://www.example.org/about",
        "logo": {"@type": "ImageObject", "url": "https://www.example.org/logo.png"},
    }


def test_coverage_has_an_end_only_once_it_is_closed() -> None:
    ended = "2026-11-22T10:00:00.000Z"
    told = live_blog(settings(), page_of(UPDATE, status="closed", closed=ended))
    assert told["coverageEndTime"] == told["dateModified"] == ended
    assert "coverageEndTime" not in live_blog(settings(), page_of(UPDATE))


def test_without_an_opening_coverage_begins_with_what_is_known() -> None:
    earlier = UPDATE | {"id": "b", "published": "2026-11-22T08:01:00.000Z"}
    assert opened(page_of(UPDATE, earlier, opened=None)) == "2026-11-22T08:01:00.000Z"
    told = live_blog(settings(), page_of(opened=None))
    assert not {"coverageStartTime", "datePublished", "dateModified"} & told.keys()
    assert newest_change(page_of(opened=None)) is None


def test_each_update_that_is_shown_is_told_once_in_its_order() -> None:
    one, two, old = (UPDATE | {"id": name} for name in ("one", "two", "old"))
    assert [update["id"] for update in shown(page_of(one, two, pinned=(two, old)))] == ["old", "one", "two"]


@pytest.mark.parametrize(
    ("fields", "modified"),
    [
        ({}, "2026-11-22T08:16:52Z"),
        ({"edited": "2026-11-22T08:16:52.001Z"}, "2026-11-22T08:16:52.001Z"),
        ({"time": "2026-11-22T08:30:00Z", "edited": "2026-11-22T08:20:00.000Z"}, "2026-11-22T08:30:00Z"),
    ],
)
def test_nothing_is_modified_before_it_is_published(fields: dict[str, Any], modified: str) -> None:
    assert posting(settings(), FEED, UPDATE | fields)["dateModified"] == modified


def test_a_picture_without_words_has_a_body_all_the_same() -> None:
    told = posting(
        settings(), FEED, UPDATE | {"html": '<p><img src="/media/a.png" alt=""></p>', "headline": "…"}
    )
    assert told["articleBody"] == "…"


def test_an_update_by_itself_is_part_of_its_coverage() -> None:
    told = posting(settings(), FEED, UPDATE)
    assert told["@context"] == "https://schema.org"
    assert told["@type"] == "BlogPosting"
    assert told["mainEntityOfPage"] == {"@type": "WebPage", "@id": f"{ADDRESS}/updates/a"}
    assert told["publisher"] == OURSELVES
    assert told["isPartOf"] == {
        "@type": "LiveBlogPosting",
        "@id": ADDRESS,
        "url": ADDRESS,
        "headline": "The news",
        "coverageStartTime": FEED["opened"],
    }


def test_members_that_say_nothing_are_left_out() -> None:
    assert b"null" not in orjson.dumps(live_blog(settings(), page_of(UPDATE | {"image": IMAGE})))
