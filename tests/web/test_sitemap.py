from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from urllib.robotparser import RobotFileParser

import httpx
import pytest

from livefeed.core.times import print_time
from livefeed.web import sitemap
from tests.web.served import ORIGIN, Served, served

S = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
FOLDER = f"{ORIGIN}/feeds/"


@pytest.fixture
async def site() -> AsyncIterator[Served]:
    async with served() as site:
        await site.feed(title="The news")
        await site.feed("hidden", listed=False)
        await site.feed("draft", status="draft")
        yield site


def read(answer: httpx.Response, root: str = "urlset", item: str = "url") -> dict[str, str | None]:
    """Address → when it changed last. Checks what the protocol asks for."""
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/xml; charset=utf-8"
    assert "s-maxage=2" in answer.headers["cache-control"]
    assert len(answer.content) <= 52_428_800
    document = ET.fromstring(answer.content)
    assert document.tag == S + root
    assert {child.tag for child in document} <= {S + item}
    assert len(document) <= 50_000
    found = {}
    for child in document:
        assert {part.tag for part in child} <= {f"{S}loc", f"{S}lastmod"}
        address, changed = child.findtext(f"{S}loc"), child.findtext(f"{S}lastmod")
        assert address is not None
        assert len(address) < 2_048
        # A sitemap may name what is in its own folder and below.
        assert address.startswith(f"{ORIGIN}{answer.request.url.path.rpartition('/')[0]}/")
        if changed is not None:
            assert datetime.fromisoformat(changed).tzinfo is not None
        found[address] = changed
    assert len(found) == len(document)
    return found


async def index_of(site: Served) -> dict[str, str | None]:
    return read(await site.get("/sitemap.xml"), "sitemapindex", "sitemap")


async def test_robots_are_told_where_it_is_and_kept_from_the_desk(site: Served) -> None:
    answer = await site.get("/robots.txt")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    robots = RobotFileParser()
    robots.parse(answer.text.splitlines())
    assert robots.site_maps() == [f"{ORIGIN}/sitemap.xml"]
    assert not robots.can_fetch("Googlebot", f"{ORIGIN}/desk")
    assert not robots.can_fetch("*", f"{ORIGIN}/desk/join")
    assert all(
        robots.can_fetch("*", ORIGIN + path) for path in ("/", "/feeds/news", "/v1/feeds", "/static/x.js")
    )


async def test_the_index_leads_to_all_that_is_listed(site: Served) -> None:
    update = await site.publish("Hello")
    for feed in ("hidden", "draft"):
        await site.publish("Hello", feed=feed)
    index = await index_of(site)
    assert index == {f"{FOLDER}sitemap.xml": None, f"{FOLDER}news/sitemap.xml": update["published"]}
    assert read(await site.get("/feeds/sitemap.xml")) == {f"{FOLDER}news": update["published"]}
    named = read(await site.get("/feeds/news/sitemap.xml"))
    assert named == {f"{FOLDER}news/updates/{update['id']}": update["published"]}


@pytest.mark.parametrize("slug", ["hidden", "draft", "nowhere", "No-Slug"])
async def test_what_is_not_listed_has_none(site: Served, slug: str) -> None:
    assert (await site.get(f"/feeds/{slug}/sitemap.xml")).status_code == 404


async def test_without_any_feed_they_are_valid_all_the_same() -> None:
    async with served() as site:
        assert list(await index_of(site)) == [f"{FOLDER}sitemap.xml"]
        assert read(await site.get("/feeds/sitemap.xml")) == {}
        await site.feed()
        assert read(await site.get("/feeds/news/sitemap.xml")) == {}


async def test_times_follow_edits_and_the_end(site: Served) -> None:
    update = await site.publish("Hello", time="2026-11-22T08:16:52Z")
    address = f"{FOLDER}news/updates/{update['id']}"
    await site.store.updates.edit("news", update["id"], {"text": "Hello again"})
    edited = read(await site.get("/feeds/news/sitemap.xml"))[address]
    assert str(edited) > update["published"]
    assert read(await site.get("/feeds/sitemap.xml")) == {f"{FOLDER}news": edited}
    closed = (await site.store.feeds.patch("news", {"status": "closed"})).closed
    assert read(await site.get("/feeds/sitemap.xml")) == {f"{FOLDER}news": closed}


async def test_a_deleted_update_is_out_and_text_was_never_in(site: Served) -> None:
    update = await site.publish("Secret", title="Secret", author="Secret", tags=["Secret"])
    paths = ("/sitemap.xml", "/feeds/sitemap.xml", "/feeds/news/sitemap.xml")
    assert not [path for path in paths if "Secret" in (await site.get(path)).text]
    await site.store.updates.delete("news", update["id"])
    assert not [path for path in paths if update["id"] in (await site.get(path)).text]


async def test_it_names_the_newest_and_no_more(site: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemap, "MAX_UPDATES", 200)
    start = datetime.fromisoformat("2026-11-22T08:00:00Z").timestamp()
    ids = [
        (
            await site.publish(
                f"{n}", time=print_time(datetime.fromtimestamp(start + n, tz=UTC)), pinned=n < 3
            )
        )["id"]
        for n in range(250)
    ]
    named = read(await site.get("/feeds/news/sitemap.xml"))
    assert list(named) == [f"{FOLDER}news/updates/{update_id}" for update_id in ids[:49:-1]]


async def test_of_many_tickers_all_are_named_and_the_newest_dated(
    site: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sitemap, "MAX_DATED", 2)
    await site.feed("second")
    await site.feed("third")
    named = read(await site.get("/feeds/sitemap.xml"))
    slugs = [address.rpartition("/")[2] for address in named]
    opened = [str((await site.store.feeds.get(slug)).opened) for slug in slugs]
    assert sorted(slugs) == ["news", "second", "third"]
    assert opened == sorted(opened, reverse=True)  # two may have been opened in the same millisecond
    assert [changed is not None for changed in named.values()] == [True, True, False]
    monkeypatch.setattr(sitemap, "MAX_URLS", 2)
    assert len(await index_of(site)) == 2


async def test_etag_and_304(site: Served) -> None:
    await site.publish("Hello")
    for path in ("/robots.txt", "/sitemap.xml", "/feeds/sitemap.xml", "/feeds/news/sitemap.xml"):
        answer = await site.get(path)
        assert (await site.get(path, if_none_match=answer.headers["etag"])).status_code == 304
