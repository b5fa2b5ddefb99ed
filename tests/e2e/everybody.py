"""Feeds with all that a reader can meet, and ways to look at them, for the tests of accessibility."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page

from tests.e2e.conftest import Server
from tests.long_day import FEED, drafts

__all__ = ["DESKTOP", "LOOKS", "PATHS", "PHONE", "fill", "looking", "visit"]

DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"}
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark", "has_touch": True}
LOOKS = {"desktop, light": DESKTOP, "phone, dark": PHONE}

PATHS = {
    "all tickers": "/",
    "100 updates": "/feeds/news?limit=100",
    "a tag": "/feeds/news?tag=ferry&limit=5",
    "key events": "/feeds/news?key=1&limit=5",
    "oldest first": "/feeds/news?order=oldest&limit=5",
    "a tag that nothing has": "/feeds/news?tag=nothing",
    "around an update": "/feeds/news?around=everything&limit=5",
    "an update": "/feeds/news/updates/everything",
    "an update without a title": "/feeds/news/updates/untitled",
    "a deleted update": "/feeds/news/updates/deleted",
    "no such page": "/feeds/none",
    "nothing published": "/feeds/empty",
    "closed": "/feeds/over",
    "Ukrainian": "/feeds/ukrainian",
    "Arabic": "/feeds/arabic",
    "in a frame": "/embed/news?limit=5",
}

_PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
_EVERYTHING: dict[str, Any] = {
    "id": "everything",
    "title": "Everything that an update can have",
    "text": (
        "### A subheading\n\nWords, **strong** and *stressed*, a [link](https://example.org/a), `code`.\n\n"
        "> A quotation.\n\n- a point\n- another\n\n1. first\n2. second\n\n"
        "| Road | State |\n|---|---|\n| Coast road | closed |\n\n    a line of code\n\n"
        "<https://www.youtube.com/watch?v=aqz-KE-bpKQ>\n\n<https://example.org/a/long/way?to=go>"
    ),
    "author": "Mara Lindqvist",
    "tags": ["weather", "harbour"],
    "link": {"url": "https://example.org/story", "label": "The story"},
    "image": {
        "url": "https://pictures.example/quay.png",
        "alt": "The quay, empty",
        "width": 640,
        "height": 360,
        "caption": "Fish Quay this morning",
        "credit": "Mara Lindqvist",
    },
    "breaking": True,
    "key": True,
    "pinned": True,
    "correction": "An earlier version named another quay.",
}
_OTHERS = {
    "empty": {"title": "Nothing yet"},
    "over": {"title": "A storm that is over"},
    "ukrainian": {"title": "Шторм над затокою", "lang": "uk"},
    "arabic": {"title": "عاصفة فوق الخليج", "lang": "ar"},
}
_UKRAINIAN: dict[str, Any] = {
    "title": "Над затокою посилюється вітер",
    "text": "Рятувальники просять мешканців **не виходити** на набережну.",
    "author": "Олена Коваль",
    "tags": ["погода"],
}
_ARABIC: dict[str, Any] = {
    "title": "الرياح تشتد فوق الخليج",
    "text": "تطلب فرق الإنقاذ من السكان **عدم الخروج** إلى الرصيف قبل الساعة 14:30.",
    "author": "ليلى حداد",
    "tags": ["الطقس"],
}


def fill(server: Server, updates: int = 100) -> None:
    """Publish that many in ``news``, the newest with all that there is; make the other feeds of ``PATHS``."""
    server.call("PATCH", "/news", FEED)
    for draft in drafts(updates - 2):
        server.call("POST", "/news/updates", draft)
    server.publish("No title here, but **key** all the same.", id="untitled", key=True)
    server.publish("To be deleted", id="deleted")
    server.delete("deleted")
    server.call("POST", "/news/updates", _EVERYTHING)
    server.edit("everything", author="Ines Okafor")
    for slug, fields in _OTHERS.items():
        server.create_feed(slug, timezone="Europe/Kyiv", **fields)
    for slug, draft in (
        ("over", {"text": "That is the end."}),
        ("ukrainian", _UKRAINIAN),
        ("arabic", _ARABIC),
    ):
        server.publish(**draft, feed=slug, breaking=True, key=True, pinned=True)
    server.call("PATCH", "/over", {"status": "closed"})


@contextmanager
def looking(browser: Browser, **look: Any) -> Iterator[Page]:
    """A page in a browser with this look; pictures from elsewhere are there without a network.

    Raises:
        AssertionError: afterwards, if a script of the page failed.
    """
    errors: list[str] = []
    context = browser.new_context(timezone_id="Europe/Kyiv", locale="en-GB", **look)
    context.set_default_timeout(30_000)
    context.route(
        re.compile(r"^https://"), lambda route: route.fulfill(body=_PICTURE, content_type="image/png")
    )
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    try:
        yield page
    finally:
        context.close()
    assert not errors, errors


_SETTLED = """() => !document.querySelector('script[src$="/page.js"]')
  || document.querySelector('[role=status]').textContent.trim()"""


def visit(page: Page, address: str) -> None:
    """Open it; if it is live, until it says so or why not."""
    page.goto(address)
    page.wait_for_function(_SETTLED)
