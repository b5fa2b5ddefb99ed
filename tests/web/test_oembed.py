from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import unescape
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.web.served import ORIGIN, Served, served

HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'"


@pytest.fixture
async def site() -> AsyncIterator[Served]:
    async with served(publisher_name="The Harbour Post", publisher_url="https://www.example.org") as site:
        await site.feed(title="The news")
        yield site


async def ask(site: Served, url: str, query: str = "") -> httpx.Response:
    return await site.get(f"/oembed?url={quote(url, safe='')}{query}")


def frame(answer: httpx.Response) -> dict[str, str]:
    """The attributes of the one element that the HTML is."""
    found = re.fullmatch(r"<iframe((?: [a-z]+=\"[^\"<>]*\")+)></iframe>", answer.json()["html"])
    assert found, answer.text
    return {name: unescape(value) for name, value in re.findall(r' ([a-z]+)="([^"]*)"', found[1])}


async def test_a_ticker(site: Served) -> None:
    answer = await ask(site, f"{ORIGIN}/feeds/news")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["access-control-allow-origin"] == "*"
    told = answer.json()
    html = told.pop("html")
    assert told == {
        "version": "1.0",
        "type": "rich",
        "title": "The news",
        "provider_name": "The Harbour Post",
        "provider_url": "https://www.example.org/",
        "cache_age": 3600,
        "width": 640,
        "height": 480,
    }
    assert html.startswith("<iframe ")
    shown = frame(answer)
    assert shown["src"] == f"{ORIGIN}/embed/news"
    assert (shown["width"], shown["height"], shown["title"]) == ("640", "480", "The news")


async def test_an_update(site: Served) -> None:
    update = await site.publish("Text", title="A headline")
    answer = await ask(site, f"{ORIGIN}/feeds/news/updates/{update['id']}?utm_source=x#y")
    assert answer.json()["title"] == "A headline"
    assert frame(answer)["src"] == f"{ORIGIN}/embed/news?update={update['id']}"
    assert (await site.get(frame(answer)["src"])).status_code == 200


@pytest.mark.parametrize(
    ("bounds", "size", "compact"),
    [
        ("&maxwidth=500", (500, 480), False),
        ("&maxwidth=320&maxheight=300", (320, 300), True),
        ("&maxwidth=5000&maxheight=5000", (640, 480), False),
    ],
)
async def test_it_stays_within_bounds(
    site: Served, bounds: str, size: tuple[int, int], compact: bool
) -> None:
    answer = await ask(site, f"{ORIGIN}/feeds/news", bounds)
    told = answer.json()
    assert (told["width"], told["height"]) == size
    shown = frame(answer)
    assert (int(shown["width"]), int(shown["height"])) == size
    assert shown["src"].endswith("?layout=compact") == compact
    assert (await site.get(shown["src"])).status_code == 200


@pytest.mark.parametrize("bounds", ["&maxwidth=0", "&maxwidth=-1", "&maxheight=many", "&maxwidth=9e9"])
async def test_bounds_that_are_none(site: Served, bounds: str) -> None:
    assert (await ask(site, f"{ORIGIN}/feeds/news", bounds)).status_code == 422


@pytest.mark.parametrize(
    "url",
    [
        "",
        f"{ORIGIN}/",
        f"{ORIGIN}/desk",
        f"{ORIGIN}/feeds/nothing",
        f"{ORIGIN}/feeds/draft",
        f"{ORIGIN}/feeds/news/updates/nothing",
        f"{ORIGIN}/feeds/news/updates/gone",
        f"{ORIGIN}/feeds/news/updates/../../../desk",
        f"{ORIGIN}/feeds/news%2Fupdates",
        f"{ORIGIN}.evil.example/feeds/news",
        f"{ORIGIN}@evil.example/feeds/news",
        f"{ORIGIN}:8443/feeds/news",
        "http://live.example.org/feeds/news",
        "https://127.0.0.1/feeds/news",
        "http://169.254.169.254/feeds/news",
        "file:///feeds/news",
        "javascript:alert(1)//feeds/news",
        "//live.example.org/feeds/news",
        "https://[/feeds/news",
        "https://live.example.org\\@evil.example/feeds/news",
    ],
)
async def test_what_is_no_page_of_a_ticker_here(site: Served, url: str) -> None:
    await site.feed("draft", status="draft")
    await site.publish("Gone", id="gone")
    await site.store.updates.delete("news", "gone")
    answer = await ask(site, url)
    assert answer.status_code == 404
    assert "Traceback" not in answer.text


async def test_an_address_is_needed(site: Served) -> None:
    assert (await site.get("/oembed")).status_code == 422


async def test_only_json_is_given(site: Served) -> None:
    assert (await ask(site, f"{ORIGIN}/feeds/news", "&format=json")).status_code == 200
    for other in ("xml", "", "JSON"):
        assert (await ask(site, f"{ORIGIN}/feeds/news", f"&format={other}")).status_code == 501


async def test_no_title_becomes_markup(site: Served) -> None:
    await site.feed("hostile", title=HOSTILE)
    answer = await ask(site, f"{ORIGIN}/feeds/hostile")
    assert frame(answer)["title"] == HOSTILE
    assert answer.json()["title"] == HOSTILE


async def test_pages_lead_to_it(site: Served) -> None:
    update = await site.publish("Text")
    for path in ("/feeds/news", f"/feeds/news/updates/{update['id']}", "/feeds/news?layout=compact"):
        page = await site.get(path)
        links: list[Any] = re.findall(
            r'<link rel="alternate" type="application/json\+oembed"[^>]*>', page.text
        )
        assert len(links) == 1
        (address,) = re.findall(r'href="([^"]+)"', links[0])
        answer = await site.get(unescape(address).removeprefix(ORIGIN))
        assert answer.status_code == 200
        assert ("update=" in answer.json()["html"]) == ("/updates/" in path)
