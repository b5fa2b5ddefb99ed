from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator
from typing import Any

import feedparser
import pytest

from livefeed.web.syndication import atom, content_html, json_feed
from tests.web.served import ORIGIN, Served, served

ADDRESS = f"{ORIGIN}/feeds/news"
FEED: dict[str, Any] = {
    "slug": "news", "title": "The news", "description": None, "lang": "uk", "status": "open",
    "opened": "2026-11-22T08:00:00.000Z",
}  # fmt: skip
UPDATE: dict[str, Any] = {
    "id": "a", "time": "2026-11-22T08:16:52Z", "published": "2026-11-22T08:16:53.120Z", "headline": "Hello",
    "html": "<p>Hello</p>", "author": None, "tags": [], "link": None, "image": None, "edited": None,
    "correction": None,
}  # fmt: skip
NASTY = "a]]>\ufffe\uffff<b>&amp;'\"\u2028🙂\x0b</content>"


@pytest.fixture
async def site() -> AsyncIterator[Served]:
    async with served() as site:
        await site.feed(title="The news", lang="uk", description="About")
        yield site


async def full_update(site: Served) -> dict[str, Any]:
    update = await site.publish(
        "Hello **you** ![x](/media/a.png)",
        title="A title",
        author="A. Writer",
        tags=["one", "two"],
        time="2026-11-22T08:16:52Z",
        link={"url": "https://x.example/?a=1&b=2"},
        image={
            "url": "/media/b.jpg",
            "alt": "Alt",
            "width": 3,
            "height": 2,
            "caption": "Cap",
            "credit": "Cred",
        },
    )
    edited = await site.store.updates.edit("news", update["id"], {"correction": "It was 2 < 3"})
    assert edited.kind == "edited"
    return update


async def test_json_feed(site: Served) -> None:
    update = await full_update(site)
    answer = await site.get("/feeds/news/feed.json")
    assert answer.headers["content-type"] == "application/feed+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    feed = answer.json()
    items = feed.pop("items")
    assert feed == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "The news",
        "home_page_url": ADDRESS,
        "feed_url": f"{ADDRESS}/feed.json",
        "description": "About",
        "language": "uk",
    }
    assert items[0].pop("date_modified") > "2026"
    html = items[0].pop("content_html")
    assert items == [
        {
            "id": f"{ADDRESS}/updates/{update['id']}",
            "url": f"{ADDRESS}/updates/{update['id']}",
            "title": "A title",
            "date_published": "2026-11-22T08:16:52Z",
            "external_url": "https://x.example/?a=1&b=2",
            "image": f"{ORIGIN}/media/b.jpg",
            "authors": [{"name": "A. Writer"}],
            "tags": ["one", "two"],
        }
    ]
    assert f'src="{ORIGIN}/media/a.png"' in html
    assert f'<img src="{ORIGIN}/media/b.jpg" alt="Alt" width="3" height="2"><figcaption>Cap Cred<' in html
    assert "<strong>Correction:</strong> It was 2 &lt; 3" in html


async def test_atom_is_parsed_without_complaint(site: Served) -> None:
    update = await full_update(site)
    answer = await site.get("/feeds/news/feed.atom")
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    parsed = feedparser.parse(answer.content, response_headers=dict(answer.headers))
    assert not parsed.bozo
    assert parsed.version == "atom10"
    assert parsed.feed.title == "The news"
    assert parsed.feed.link == ADDRESS
    (entry,) = parsed.entries
    assert entry.id == entry.link == f"{ADDRESS}/updates/{update['id']}"
    assert entry.title == "A title"
    assert entry.author == "A. Writer"
    assert entry.published == "2026-11-22T08:16:52Z"
    assert entry.updated > update["published"]
    assert [tag.term for tag in entry.tags] == ["one", "two"]
    assert "<strong>you</strong>" in entry.content[0].value


@pytest.mark.parametrize("path", ["/feeds/news/feed.json", "/feeds/news/feed.atom"])
async def test_etag_and_304(site: Served, path: str) -> None:
    await site.publish("Hello")
    answer = await site.get(path)
    assert "s-maxage=2" in answer.headers["cache-control"]
    again = await site.get(path, if_none_match=answer.headers["etag"])
    assert again.status_code == 304
    await site.publish("More")
    assert (await site.get(path, if_none_match=answer.headers["etag"])).status_code == 200


@pytest.mark.parametrize("name", ["feed.json", "feed.atom"])
async def test_cors_is_the_feeds(site: Served, name: str) -> None:
    await site.feed("limited", origins=["https://a.example"])
    answer = await site.get(f"/feeds/limited/{name}", origin="https://a.example")
    assert answer.headers["access-control-allow-origin"] == "https://a.example"
    answer = await site.get(f"/feeds/limited/{name}", origin="https://b.example")
    assert "access-control-allow-origin" not in answer.headers
    assert (await site.get(f"/feeds/limited/{name}")).status_code == 200  # feed readers are no pages


async def test_the_newest_30(site: Served) -> None:
    ids = [(await site.publish(f"{n}", time=f"2026-11-22T08:{n:02}:00Z"))["id"] for n in range(40)]
    items = (await site.get("/feeds/news/feed.json")).json()["items"]
    assert [item["url"].rpartition("/")[2] for item in items] == ids[:9:-1]


async def test_an_empty_feed(site: Served) -> None:
    parsed = feedparser.parse((await site.get("/feeds/news/feed.atom")).content)
    assert not parsed.bozo
    assert parsed.feed.updated
    assert (await site.get("/feeds/news/feed.json")).json()["items"] == []


def test_a_closed_feed_has_expired() -> None:
    assert json_feed(FEED | {"status": "closed"}, [], ORIGIN)["expired"] is True


def test_atom_is_xml_whatever_the_text() -> None:
    update = UPDATE | {
        "headline": NASTY,
        "html": f"<p>{NASTY}</p>",
        "author": NASTY,
        "tags": [NASTY],
        "link": {"url": f"https://x.example/?{NASTY}"},
        "correction": NASTY,
        "image": {"url": "https://x.example/a.png", "alt": NASTY, "width": None, "height": 1, "caption": None,
                  "credit": NASTY},
    }  # fmt: skip
    document = atom(FEED | {"title": NASTY, "description": NASTY}, [update], ORIGIN)
    root = ET.fromstring(document)
    namespace = {"a": "http://www.w3.org/2005/Atom"}
    shown = NASTY.replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd").replace("\x0b", "\ufffd")
    assert root.findtext("a:title", namespaces=namespace) == shown
    assert root.findtext("a:entry/a:title", namespaces=namespace) == shown
    assert root.findtext("a:entry/a:author/a:name", namespaces=namespace) == shown
    assert not feedparser.parse(document).bozo


def test_own_images_get_an_address_and_others_keep_theirs() -> None:
    html = '<p><img src="/media/a.png" alt="/media/"><img alt="x" src="https://x.example/media/a.png"></p>'
    assert content_html(UPDATE | {"html": html}, ORIGIN) == html.replace('"/media/a', f'"{ORIGIN}/media/a')
