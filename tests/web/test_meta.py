"""The head of readers' pages as machines read it, from the pages themselves."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from livefeed.core.paging import PageQuery
from livefeed.web.meta import filter_of
from tests.media.pictures import encoded, photo
from tests.web.asserting import bearer
from tests.web.served import ORIGIN, Served, served

ADDRESS = f"{ORIGIN}/feeds/news"
LOGO = "https://www.example.org/logo.png"
HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(1)>'\"><svg onload=alert(1)>{{7*7}}\u2028"
)
RTL = "\u202eשלום עולם\u202c \u2066مرحبا\u2069"
NASTY = f"{HOSTILE} ]]> <!-- <script> --> </SCRIPT > {RTL}"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(media_dir=tmp_path / "media") as site:
        await site.feed(title="The news", lang="uk", description="About it")
        yield site


class Tags(HTMLParser):
    """The start tags of a page, with their attributes."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(answer.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def all(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        wanted = attributes.items()
        return [found for name, found in self.found if name == tag and wanted <= found.items()]


def ld(answer: httpx.Response) -> dict[str, Any]:
    """The page's JSON-LD, found as a browser would: up to the first end tag."""
    blocks = re.findall(
        r'<script type="application/ld\+json" id="livefeed-ld">(.*?)</script', answer.text, re.S
    )
    assert len(blocks) == 1
    told: dict[str, Any] = orjson.loads(blocks[0])
    return told


def meta(answer: httpx.Response) -> dict[str | None, str | None]:
    """Each ``meta`` by its name; none stands there twice."""
    found = [it for it in Tags(answer).all("meta") if "property" in it or "name" in it]
    named = {it.get("property") or it.get("name"): it["content"] for it in found}
    assert len(named) == len(found)
    return named


def href(answer: httpx.Response, **attributes: str) -> str | None:
    (found,) = Tags(answer).all("link", **attributes)
    return found["href"]


def next_cursor(answer: httpx.Response) -> str:
    (more,) = Tags(answer).all("a", rel="next")
    return str(more.get("href", "")).partition("cursor=")[2]


def told_of(answer: httpx.Response) -> list[str]:
    return [entry["@id"] for entry in ld(answer)["liveBlogUpdate"]]


def shown_on(answer: httpx.Response) -> list[str]:
    """Where the updates on a page have their own: the timeline's, after pinned ones that it lacks."""
    ids = [str(article["id"]).partition("-")[::2] for article in Tags(answer).all("article")]
    here = [update_id for prefix, update_id in ids if prefix == "update"]
    above = [update_id for prefix, update_id in ids if prefix == "pinned" and update_id not in here]
    return [f"{ADDRESS}/updates/{update_id}" for update_id in above + here]


async def test_a_ticker(site: Served) -> None:
    await site.publish("Hello", time="2026-11-22T08:16:52Z")
    answer = await site.get("/feeds/news")
    told = ld(answer)
    named = meta(answer)
    assert named["description"] == named["og:description"] == "About it"
    assert named["robots"] == "max-image-preview:large"
    assert named["og:title"] == "The news"
    assert named["og:type"] == "article"
    assert named["og:url"] == href(answer, rel="canonical") == told["url"] == ADDRESS
    assert named["og:site_name"] == "live.example.org"
    assert named["og:locale"] == "uk"
    assert named["article:published_time"] == told["datePublished"] == told["coverageStartTime"]
    assert named["article:modified_time"] == told["dateModified"]
    assert named["twitter:card"] == "summary"
    assert "og:image" not in named
    assert href(answer, type="application/feed+json") == f"{ADDRESS}/feed.json"
    assert href(answer, type="application/atom+xml") == f"{ADDRESS}/feed.atom"


async def test_an_update(site: Served) -> None:
    headers = {"Content-Type": "image/jpeg"} | bearer(await site.store.tokens.create("Ada", "contributor"))
    answer = await site.client.post("/v1/images", content=encoded(photo(1200, 800)), headers=headers)
    uploaded = answer.json()
    image = {name: uploaded[name] for name in ("url", "width", "height")} | {"alt": "An owl"}
    words = "A long sentence of words. " * 20
    update = await site.publish(words, title="A title", time="2026-11-22T08:16:52Z", image=image)
    answer = await site.get(f"/feeds/news/updates/{update['id']}")
    named = meta(answer)
    assert named["og:title"] == "A title"
    assert named["og:url"] == href(answer, rel="canonical") == f"{ADDRESS}/updates/{update['id']}"
    assert named["description"] == named["og:description"]
    assert 150 < len(str(named["description"])) <= 200
    assert words.startswith(str(named["description"]).removesuffix("…"))
    assert named["article:published_time"] == "2026-11-22T08:16:52Z"
    assert named["og:image"] == f"{ORIGIN}{uploaded['url']}"
    assert (named["og:image:width"], named["og:image:height"]) == ("1200", "800")
    assert named["og:image:alt"] == "An owl"
    assert named["twitter:card"] == "summary_large_image"
    assert ld(answer)["isPartOf"]["@id"] == ADDRESS
    assert ld(answer)["articleBody"] == words.strip()


async def test_the_operator_says_who_publishes() -> None:
    async with served(publisher_name="Example News", publisher_logo=LOGO) as site:
        await site.feed(lang="pt-br")
        update = await site.publish("Hello")
        for path in ("/feeds/news", f"/feeds/news/updates/{update['id']}"):
            answer = await site.get(path)
            named = meta(answer)
            assert named["og:site_name"] == ld(answer)["publisher"]["name"] == "Example News"
            assert named["og:image"] == LOGO
            assert named["twitter:card"] == "summary"
            assert named["og:locale"] == "pt_BR"


async def test_a_ticker_that_is_not_described_has_no_description() -> None:
    async with served() as site:
        await site.feed()
        answer = await site.get("/feeds/news")
        assert not {"description", "og:description"} & meta(answer).keys()
        assert "description" not in ld(answer)


@pytest.mark.parametrize(
    ("lang", "locale"), [("en", "en"), ("zh-Hant-TW", "zh_TW"), ("es-419", "es_419"), ("sr-Latn", "sr")]
)
async def test_the_language(site: Served, lang: str, locale: str) -> None:
    await site.store.feeds.patch("news", {"lang": lang})
    answer = await site.get("/feeds/news")
    assert meta(answer)["og:locale"] == locale
    assert ld(answer)["inLanguage"] == lang


async def test_json_ld_tells_of_each_article_on_each_page(site: Served) -> None:
    pinned = [
        await site.publish("Pinned long ago", time="2026-11-22T07:00:00Z", pinned=True),
        await site.publish("Pinned", time="2026-11-22T08:35:30Z", pinned=True, key=True, tags=["a b"]),
    ]
    ids = [
        (await site.publish(f"{n}", time=f"2026-11-22T08:{n:02}:00Z", key=n % 2 == 0))["id"]
        for n in range(45)
    ]
    path = "/feeds/news"
    seen: set[str] = set()
    for _ in range(3):
        answer = await site.get(path)
        assert told_of(answer) == shown_on(answer)
        seen |= set(told_of(answer))
        path = f"/feeds/news?cursor={cursor}" if (cursor := next_cursor(answer)) else ""
    assert not path
    assert len(seen) == 47
    queries = ("key=1", "tag=a+b", "tag=none", "order=oldest", f"around={ids[3]}", "layout=compact", "wall")
    for query in queries:
        answer = await site.get(f"/feeds/news?{query}")
        assert told_of(answer) == shown_on(answer), query
        assert f"{ADDRESS}/updates/{pinned[0]['id']}" in told_of(answer)
    assert len(told_of(await site.get("/feeds/news?tag=none"))) == 2


@pytest.mark.parametrize(
    "query",
    [
        "key=1",
        "tag=a+b",
        "order=oldest",
        "around={id}",
        "cursor={cursor}",
        "limit=5",
        "layout=compact",
        "wall",
    ],
)
async def test_views_of_a_ticker_are_not_for_search_engines(site: Served, query: str) -> None:
    ids = [(await site.publish(f"{n}"))["id"] for n in range(25)]
    cursor = next_cursor(await site.get("/feeds/news"))
    answer = await site.get(f"/feeds/news?{query.format(id=ids[3], cursor=cursor)}")
    assert answer.status_code == 200
    assert meta(answer)["robots"] == "noindex"
    assert href(answer, rel="canonical") == meta(answer)["og:url"] == ADDRESS


async def test_what_an_advertisement_adds_is_no_view(site: Served) -> None:
    answer = await site.get("/feeds/news?utm_source=x")
    assert meta(answer)["robots"] == "max-image-preview:large"
    assert href(answer, rel="canonical") == ADDRESS


async def test_an_unlisted_ticker_is_not_for_search_engines(site: Served) -> None:
    await site.feed("hidden", listed=False)
    update = await site.publish("Hello", feed="hidden")
    for path in ("/feeds/hidden", f"/feeds/hidden/updates/{update['id']}"):
        assert meta(await site.get(path))["robots"] == "noindex"


async def test_a_filtered_page_leads_to_filtered_feeds(site: Served) -> None:
    await site.publish("Hello", tags=["a&b"], key=True)
    await site.publish("Hello again")
    answer = await site.get("/feeds/news?tag=a%26b&key=1")
    assert href(answer, type="application/feed+json") == f"{ADDRESS}/feed.json?tag=a%26b&key=1"
    atom = href(answer, type="application/atom+xml")
    assert atom == f"{ADDRESS}/feed.atom?tag=a%26b&key=1"
    assert filter_of(PageQuery()) == ""


async def test_closing_reopening(site: Served) -> None:
    await site.publish("Hello")
    assert "coverageEndTime" not in ld(await site.get("/feeds/news"))
    closed = await site.store.feeds.patch("news", {"status": "closed"})
    assert ld(await site.get("/feeds/news"))["coverageEndTime"] == closed.closed
    await site.store.feeds.patch("news", {"status": "open"})
    assert "coverageEndTime" not in ld(await site.get("/feeds/news"))


async def test_a_deleted_update_is_told_of_no_more(site: Served) -> None:
    update = await site.publish("Secret")
    assert "Secret" in (await site.get("/feeds/news")).text
    await site.store.updates.delete("news", update["id"])
    assert "Secret" not in (await site.get("/feeds/news")).text


async def test_whatever_is_written_stays_a_string(site: Served) -> None:
    await site.store.feeds.patch("news", {"title": NASTY[:200], "description": NASTY})
    update = await site.publish(
        NASTY,
        title=NASTY[:300],
        author=NASTY[:200],
        image={"url": "https://x.example/'&.png", "alt": NASTY, "caption": NASTY, "credit": NASTY[:200]},
    )
    await site.store.updates.edit("news", update["id"], {"correction": NASTY})
    path = f"/feeds/news/updates/{update['id']}"
    pages = [await site.get("/feeds/news"), await site.get(path)]
    for answer in pages:
        told, named = ld(answer), meta(answer)
        entry = told["liveBlogUpdate"][0] if "liveBlogUpdate" in told else told
        assert entry["headline"] == NASTY[:300]
        assert entry["author"]["name"] == NASTY[:200]
        assert entry["correction"] == NASTY
        assert entry["image"]["url"] == named["og:image"] == "https://x.example/'&.png"
        assert entry["image"]["caption"] == named["og:image:alt"] == NASTY
        assert "alert(1)" in entry["articleBody"]
        assert told["headline"] == named["og:title"]
        scripts = Tags(answer).all("script")
        assert all("src" in it or str(it["type"]).endswith("json") for it in scripts)
        assert not Tags(answer).all("svg")
    assert ld(pages[0])["description"] == NASTY.strip()
