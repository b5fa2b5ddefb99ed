from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator
from typing import Any

import feedparser
import pytest

from livefeed.core.paging import PageQuery
from livefeed.settings import Settings
from livefeed.web.syndication import Source, atom, content_html, json_feed
from tests.web.served import ORIGIN, Served, served

ADDRESS = f"{ORIGIN}/feeds/news"
FEED: dict[str, Any] = {
    "slug": "news", "title": "The news", "description": None, "lang": "uk", "status": "open",
    "opened": "2026-11-22T08:00:00.000Z", "closed": None,
}  # fmt: skip
UPDATE: dict[str, Any] = {
    "id": "a", "time": "2026-11-22T08:16:52Z", "published": "2026-11-22T08:16:53.120Z", "headline": "Hello",
    "html": "<p>Hello</p>", "author": None, "tags": [], "link": None, "image": None, "edited": None,
    "correction": None,
}  # fmt: skip
SETTINGS = Settings(public_url=ORIGIN)
NASTY = "a]]>\ufffe\uffff<b>&amp;'\"\u2028🙂\x0b</content></script>\u202eשלום\u202c مرحبا"


@pytest.fixture
async def site() -> AsyncIterator[Served]:
    async with served() as site:
        await site.feed(title="The news", lang="uk", description="About")
        yield site


A = "{http://www.w3.org/2005/Atom}"
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def assert_atom(document: bytes) -> None:
    """What RFC 4287 says must be, sections 4.1.1, 4.1.2 and 4.2."""
    root = ET.fromstring(document)
    assert root.tag == f"{A}feed"
    entries = root.findall(f"{A}entry")
    for holder in (root, *entries):
        names = [child.tag for child in holder]
        for name in ("id", "title", "updated"):
            assert names.count(A + name) == 1, name
        for name in ("content", "published", "subtitle", "generator", "rights", "logo", "icon", "summary"):
            assert names.count(A + name) <= 1, name
        assert str(holder.findtext(f"{A}id")).startswith("https://")
        for date in (*holder.findall(f"{A}updated"), *holder.findall(f"{A}published")):
            assert DATE.fullmatch(str(date.text)), date.text
        links = holder.findall(f"{A}link")
        assert all(link.get("href") for link in links)
        alternates = [
            (link.get("type"), link.get("hreflang")) for link in links if link.get("rel") == "alternate"
        ]
        assert len(alternates) == 1
        assert all(person.findtext(f"{A}name") for person in holder.findall(f"{A}author"))
        assert all(category.get("term") for category in holder.findall(f"{A}category"))
    assert [link.get("rel") for link in root.findall(f"{A}link")].count("self") == 1
    assert root.find(f"{A}author") is not None  # else each entry would need its own
    assert all(str(root.findtext(f"{A}updated")) >= str(entry.findtext(f"{A}updated")) for entry in entries)
    assert len({entry.findtext(f"{A}id") for entry in entries}) == len(entries)
    assert not feedparser.parse(document).bozo


def assert_json_feed(said: dict[str, Any]) -> None:
    """What JSON Feed 1.1 says must be, and nothing that it does not know."""
    assert said.keys() <= {
        *(
            "version",
            "title",
            "home_page_url",
            "feed_url",
            "description",
            "language",
            "authors",
            "expired",
            "items",
        )
    }
    assert said["version"] == "https://jsonfeed.org/version/1.1"
    for item in said["items"]:
        assert item.keys() <= {
            *(
                "id",
                "url",
                "external_url",
                "title",
                "content_html",
                "image",
                "date_published",
                "date_modified",
            ),
            *("authors", "tags"),
        }
        assert isinstance(item["id"], str)
        assert item["content_html"]
        assert all(DATE.fullmatch(item[name]) for name in ("date_published", "date_modified") if name in item)
    for holder in (said, *said["items"]):
        assert all(author["name"] for author in holder.get("authors", []))
    assert len({item["id"] for item in said["items"]}) == len(said["items"])


PICTURE_A, PICTURE_B = f"{'a' * 32}.png", f"{'b' * 32}.jpg"


async def full_update(site: Served) -> dict[str, Any]:
    for name in (PICTURE_A, PICTURE_B):
        await site.store.media.put(name, b"picture")
    update = await site.publish(
        f"Hello **you** ![x](/media/{PICTURE_A})",
        title="A title",
        author="A. Writer",
        tags=["one", "two"],
        time="2026-11-22T08:16:52Z",
        link={"url": "https://x.example/?a=1&b=2"},
        image={
            "url": f"/media/{PICTURE_B}",
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
    assert_json_feed(feed)
    items = feed.pop("items")
    assert feed == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "The news",
        "home_page_url": ADDRESS,
        "feed_url": f"{ADDRESS}/feed.json",
        "description": "About",
        "language": "uk",
        "authors": [{"name": "live.example.org", "url": ORIGIN}],
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
            "image": f"{ORIGIN}/media/{PICTURE_B}",
            "authors": [{"name": "A. Writer"}],
            "tags": ["one", "two"],
        }
    ]
    assert f'src="{ORIGIN}/media/{PICTURE_A}"' in html
    assert (
        f'<img src="{ORIGIN}/media/{PICTURE_B}" alt="Alt" width="3" height="2"><figcaption>Cap Cred<' in html
    )
    assert "<strong>Correction:</strong> It was 2 &lt; 3" in html
    assert '<a href="https://x.example/?a=1&amp;b=2">x.example</a>' in html


async def test_atom_is_parsed_without_complaint(site: Served) -> None:
    update = await full_update(site)
    answer = await site.get("/feeds/news/feed.atom")
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    parsed = feedparser.parse(answer.content, response_headers=dict(answer.headers))
    assert not parsed.bozo
    assert_atom(answer.content)
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
    assert_atom((await site.get("/feeds/news/feed.atom")).content)
    assert (await site.get("/feeds/news/feed.json")).json()["items"] == []


def test_a_closed_feed_has_expired() -> None:
    ended = FEED | {"status": "closed", "closed": "2026-11-22T10:00:00.000Z"}
    source = Source(SETTINGS, ended, [UPDATE])
    assert json_feed(source)["expired"] is True
    assert feedparser.parse(atom(source)).feed.updated == "2026-11-22T10:00:00.000Z"


def test_a_feed_that_was_never_opened_is_valid_all_the_same() -> None:
    assert_atom(atom(Source(SETTINGS, FEED | {"opened": None}, [])))


@pytest.mark.parametrize("name", ["feed.json", "feed.atom"])
async def test_a_filtered_feed_is_one_of_its_own(site: Served, name: str) -> None:
    await site.publish("Energy", tags=["a&b"], key=True)
    await site.publish("Key", key=True)
    await site.publish("Neither")
    for query, count in (("?tag=a%26b", 1), ("?key=1", 2), ("?tag=a%26b&key=1", 1), ("?tag=none", 0)):
        answer = await site.get(f"/feeds/news/{name}{query}")
        if name == "feed.json":
            said = answer.json()
            urls, entries, title = (said["feed_url"], said["home_page_url"]), said["items"], said["title"]
        else:
            parsed = feedparser.parse(answer.content)
            assert parsed.feed.id == parsed.feed.link == ADDRESS + query
            (itself,) = (link.href for link in parsed.feed.links if link.rel == "self")
            urls, entries, title = (itself, parsed.feed.link), parsed.entries, parsed.feed.title
        assert urls == (f"{ADDRESS}/{name}{query}", ADDRESS + query)
        assert len(entries) == count
        assert title == ("The news" if "tag" not in query else f"The news: {'a&b' if count else 'none'}")
    assert (await site.get(f"/feeds/news/{name}?key=2")).status_code == 422
    assert (await site.get(f"/feeds/news/{name}?limit=1&cursor=x&order=y&around=z")).status_code == 200


async def test_the_publisher_is_the_author_of_what_nobody_signed() -> None:
    async with served(publisher_name="Example News", publisher_url="https://www.example.org/about") as site:
        await site.feed()
        await site.publish("Hello")
        said = (await site.get("/feeds/news/feed.json")).json()
        assert said["authors"] == [{"name": "Example News", "url": "https://www.example.org/about"}]
        assert "authors" not in said["items"][0]
        parsed = feedparser.parse((await site.get("/feeds/news/feed.atom")).content)
        assert parsed.feed.author == "Example News"
        assert parsed.feed.author_detail.href == "https://www.example.org/about"


@pytest.mark.parametrize("name", ["feed.json", "feed.atom"])
async def test_a_deleted_update_is_out(site: Served, name: str) -> None:
    await site.publish("Stays")
    update = await site.publish("Secret", title="A title", tags=["tag"])
    assert "Secret" in (await site.get(f"/feeds/news/{name}")).text
    await site.store.updates.delete("news", update["id"])
    left = (await site.get(f"/feeds/news/{name}")).text
    assert update["id"] not in left
    assert "Stays" in left


async def test_what_was_edited_says_when(site: Served) -> None:
    update = await site.publish("Hello")
    first = feedparser.parse((await site.get("/feeds/news/feed.atom")).content)
    await site.store.updates.edit("news", update["id"], {"text": "Hello again"})
    then = feedparser.parse((await site.get("/feeds/news/feed.atom")).content)
    assert then.feed.updated == then.entries[0].updated > first.entries[0].updated
    assert then.entries[0].published == first.entries[0].published
    assert then.entries[0].id == first.entries[0].id


def test_atom_is_xml_whatever_the_text() -> None:
    update = UPDATE | {
        "headline": NASTY,
        "html": f"<p>{NASTY}</p>",
        "author": NASTY,
        "tags": [NASTY],
        "link": {"url": f"https://x.example/?{NASTY}", "label": NASTY},
        "correction": NASTY,
        "image": {"url": "https://x.example/a.png", "alt": NASTY, "width": None, "height": 1, "caption": None,
                  "credit": NASTY},
    }  # fmt: skip
    feed = FEED | {"title": NASTY, "description": NASTY}
    settings = Settings(public_url=ORIGIN, publisher_name="]]> & <b>")
    document = atom(Source(settings, feed, [update], PageQuery(tag=NASTY)))
    root = ET.fromstring(document)
    namespace = {"a": "http://www.w3.org/2005/Atom"}
    shown = NASTY.replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd").replace("\x0b", "\ufffd")
    assert root.findtext("a:title", namespaces=namespace) == f"{shown}: {shown}"
    assert root.findtext("a:author/a:name", namespaces=namespace) == "]]> & <b>"
    assert root.findtext("a:entry/a:title", namespaces=namespace) == shown
    assert root.findtext("a:entry/a:author/a:name", namespaces=namespace) == shown
    assert_atom(document)


async def test_whatever_is_written_both_can_be_read(site: Served) -> None:
    nasty = "a]]><b>&amp;'\"\u2028🙂</content></script>\u202eשלום\u202c مرحبا <!-- "
    await site.store.feeds.patch("news", {"title": nasty, "description": nasty, "lang": "ar"})
    image = {"url": "https://x.example/'&.png", "alt": nasty, "caption": nasty, "credit": nasty}
    link = {"url": "https://x.example/?'&=%22", "label": nasty}
    fields: dict[str, Any] = {
        "title": nasty,
        "author": nasty,
        "tags": [nasty[:50]],
        "image": image,
        "link": link,
    }
    await site.publish(nasty, **fields)
    document = (await site.get("/feeds/news/feed.atom")).content
    assert_atom(document)
    assert ET.fromstring(document).get("{http://www.w3.org/XML/1998/namespace}lang") == "ar"
    said = (await site.get("/feeds/news/feed.json")).json()
    assert_json_feed(said)
    assert said["title"] == nasty.strip()
    assert said["items"][0]["authors"] == [{"name": nasty.strip()}]
    content = ET.fromstring(document).findtext(f"{A}entry/{A}content")
    assert content == said["items"][0]["content_html"]


def test_own_images_get_an_address_and_others_keep_theirs() -> None:
    html = (
        '<p><img src="/media/a.png" alt="/media/"><img alt="x" src="https://x.example/media/a.png">'
        '<img alt="a > b src=" src="/media/a.png"></p>'
    )
    assert content_html(UPDATE | {"html": html}, ORIGIN) == html.replace('"/media/a', f'"{ORIGIN}/media/a')


def test_a_link_is_named_by_its_label_or_its_host() -> None:
    link = {"url": "https://x.example/?a=1&b=2", "label": None}
    assert content_html(UPDATE | {"link": link}, ORIGIN).endswith(
        '<p><a href="https://x.example/?a=1&amp;b=2">x.example</a></p>'
    )
    assert ">The &lt;report&gt;</a>" in content_html(
        UPDATE | {"link": link | {"label": "The <report>"}}, ORIGIN
    )
