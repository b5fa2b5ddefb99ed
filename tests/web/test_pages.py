from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from typing import Any

import httpx
import orjson
import pytest

from tests.web.served import ORIGIN, Served, served


@pytest.fixture
async def site() -> AsyncIterator[Served]:
    async with served() as site:
        await site.feed(title="The news", timezone="Europe/Kyiv")
        yield site


class Elements(HTMLParser):
    """All start tags of a page with their attributes, and the texts."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(answer.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        wanted = attributes.items()
        return [found for name, found in self.found if name == tag and wanted <= found.items()]


def articles(answer: httpx.Response) -> list[str | None]:
    return [found["id"] for found in Elements(answer).all("article")]


def data(answer: httpx.Response) -> dict[str, Any]:
    block = re.search(r'<script type="application/json" id="livefeed-page">(.*?)</script>', answer.text)
    assert block is not None
    page: dict[str, Any] = orjson.loads(block[1])
    return page


def link(answer: httpx.Response, name: str) -> str:
    href = next(found["href"] for found in Elements(answer).all("a") if found.get("class") == name)
    assert href is not None
    return href


async def test_with_one_listed_feed_the_start_page_is_that_ticker(site: Served) -> None:
    await site.feed("hidden", listed=False)
    await site.feed("draft", status="draft")
    update = await site.publish("Hello")
    answer = await site.get("/")
    assert articles(answer) == [f"update-{update['id']}"]
    assert Elements(answer).all("link", rel="canonical", href=f"{ORIGIN}/feeds/news")


async def test_else_it_lists_the_feeds(site: Served) -> None:
    await site.feed("storm", title="Storm <b>", description="About it", status="closed")
    await site.feed("hidden", listed=False)
    await site.feed("draft", status="draft")
    answer = await site.get("/")
    links = [found["href"] for found in Elements(answer).all("a")]
    assert links == ["#updates", "/feeds/storm", "/feeds/news"]
    assert '<span class="label label-ended">Ended</span>' in answer.text
    assert '<span class="label label-live">Live</span>' in answer.text
    assert "Storm &lt;b&gt;" in answer.text
    assert "About it" in answer.text


async def test_without_any_feed_it_says_so() -> None:
    async with served() as site:
        assert "no ticker" in (await site.get("/")).text


async def test_a_ticker(site: Served) -> None:
    first = await site.publish("One", time="2026-11-21T23:30:00Z", key=True)
    second = await site.publish("Two", time="2026-11-22T08:16:52Z", pinned=True, title="Second")
    answer = await site.get("/feeds/news")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=0, s-maxage=2, must-revalidate"
    assert answer.headers["referrer-policy"] == "strict-origin-when-cross-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    elements = Elements(answer)
    assert articles(answer) == [f"pinned-{second['id']}", f"update-{second['id']}", f"update-{first['id']}"]
    assert elements.all("article", id=f"update-{first['id']}")[0]["data-rev"] == "1"
    assert elements.all("time", datetime="2026-11-22T08:16:52Z")
    assert "Sunday, November 22, 2026" in elements.texts  # both: in Kyiv it was Sunday already
    assert not any("Saturday" in text for text in elements.texts)
    assert "10:16" in elements.texts
    assert data(answer) == orjson.loads((await site.get("/v1/feeds/news/updates")).content)


async def test_it_pages_without_javascript(site: Served) -> None:
    ids = [(await site.publish(f"{n}", time=f"2026-11-22T08:{n:02}:00Z"))["id"] for n in range(45)]
    seen: list[str | None] = []
    path = "/feeds/news"
    for _ in range(3):
        answer = await site.get(path)
        seen += articles(answer)
        path = link(answer, "more") if len(seen) < 45 else ""
    assert seen == [f"update-{update_id}" for update_id in reversed(ids)]
    assert '<a class="more" rel="next" hidden>' in answer.text
    back = await site.get(link(answer, "newer"))
    assert articles(back) == seen[20:40]


async def test_around_an_update(site: Served) -> None:
    ids = [(await site.publish(f"{n}", time=f"2026-11-22T08:{n:02}:00Z"))["id"] for n in range(45)]
    assert f"update-{ids[3]}" in articles(await site.get(f"/feeds/news?around={ids[3]}"))


async def test_oldest_first_by_key_and_by_tag(site: Served) -> None:
    one = await site.publish("One", time="2026-11-22T08:00:00Z", key=True, tags=["a b"])
    two = await site.publish("Two", time="2026-11-22T09:00:00Z")
    assert articles(await site.get("/feeds/news?order=oldest")) == [f"update-{u['id']}" for u in (one, two)]
    assert articles(await site.get("/feeds/news?key=1")) == [f"update-{one['id']}"]
    assert articles(await site.get("/feeds/news?tag=a+b")) == [f"update-{one['id']}"]
    assert articles(await site.get("/feeds/news?tag=none")) == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("cursor=nonsense", 400),
        ("limit=0", 422),
        ("order=sideways", 422),
        ("around=%00", 422),
        ("around=no", 404),
    ],
)
async def test_what_makes_no_sense_is_refused(site: Served, query: str, status: int) -> None:
    answer = await site.get(f"/feeds/news?{query}", accept="text/html")
    assert answer.status_code == status
    assert "<h1 " in answer.text


@pytest.mark.parametrize("slug", ["draft", "nowhere", "No-Slug", "%7Bx%7D", "a" * 65])
async def test_drafts_and_unknown_feeds_are_404(site: Served, slug: str) -> None:
    await site.feed("draft", status="draft")
    update = await site.publish("Secret", feed="draft")
    paths = ["", "?around=x", f"/updates/{update['id']}", "/updates/x", "/feed.json", "/feed.atom"]
    for path in [f"/feeds/{slug}{path}" for path in paths] + [f"/embed/{slug}", f"/embed/{slug}.html"]:
        answer = await site.get(path)
        assert answer.status_code == 404, path
        assert "Secret" not in answer.text


async def test_a_permalink(site: Served) -> None:
    update = await site.publish("Hello **you**", time="2026-11-22T08:16:52Z", author="A. Writer")
    answer = await site.get(f"/feeds/news/updates/{update['id']}")
    elements = Elements(answer)
    assert elements.all("link", rel="canonical", href=f"{ORIGIN}/feeds/news/updates/{update['id']}")
    assert articles(answer) == [f"update-{update['id']}"]
    assert len(elements.all("h1")) == 1
    assert "<p>Hello <strong>you</strong></p>" in answer.text
    assert "A. Writer" in answer.text


async def test_a_deleted_update_is_gone(site: Served) -> None:
    update = await site.publish("Secret")
    await site.store.updates.delete("news", update["id"])
    answer = await site.get(f"/feeds/news/updates/{update['id']}", accept="text/html")
    assert answer.status_code == 410
    assert "deleted" in answer.text
    assert "Secret" not in answer.text
    assert (await site.get("/feeds/news/updates/other", accept="text/html")).status_code == 404


async def test_etag_and_304(site: Served) -> None:
    update = await site.publish("Hello")
    for path in ("/", "/feeds/news", f"/feeds/news/updates/{update['id']}"):
        etag = (await site.get(path)).headers["etag"]
        again = await site.get(path, if_none_match=etag)
        assert again.status_code == 304
        assert again.content == b""
        assert again.headers["etag"] == etag
    await site.publish("More")
    assert (await site.get("/feeds/news", if_none_match=etag)).status_code == 200


async def test_links_are_made_from_our_origin_never_from_host(site: Served) -> None:
    update = await site.publish("Hello")
    for path in (
        "/",
        "/feeds/news",
        f"/feeds/news/updates/{update['id']}",
        "/embed/news",
        "/embed/news.html",
    ):
        answer = await site.get(path, host="evil.example", x_forwarded_host="evil.example")
        assert answer.status_code == 200
        assert "evil.example" not in answer.text + str(answer.headers)


async def test_who_may_frame_it(site: Served) -> None:
    await site.feed("limited", origins=["https://a.example", "http://b.example:8080"])
    update = await site.publish("Hello", feed="limited")
    for path in ("/feeds/limited", f"/feeds/limited/updates/{update['id']}", "/embed/limited"):
        csp = (await site.get(path)).headers["content-security-policy"]
        assert "frame-ancestors 'self' https://a.example http://b.example:8080;" in csp
    assert "frame-ancestors *;" in (await site.get("/feeds/news")).headers["content-security-policy"]


async def test_readers_pages_ignore_cookies(site: Served) -> None:
    await site.publish("Hello")
    answer = await site.get("/feeds/news", cookie="livefeed_session=x; __Host-livefeed_session=x")
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers


async def test_every_address_of_a_file_is_served(site: Served) -> None:
    """Those that templates list by hand too."""
    answer = await site.get("/feeds/news")
    named = re.findall(r'(?:href|src)="(/static/[^"]+)"', answer.text)
    assert len(named) > 5
    for path in named:
        assert (await site.get(path)).headers["cache-control"].endswith("immutable"), path


HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(1)>'\"><svg onload=alert(1)>{{7*7}}\u2028"
)


async def test_hostile_text_stays_text(site: Served) -> None:
    await site.store.feeds.patch("news", {"title": HOSTILE, "description": HOSTILE})
    update = await site.publish(
        HOSTILE,
        title=HOSTILE[:290],
        author=HOSTILE[:190],
        tags=["'\"><b>x"],
        key=True,
        pinned=True,
        link={"url": "https://x.example/?'&=%22", "label": HOSTILE[:190]},
        image={
            "url": "https://x.example/'&.png",
            "alt": HOSTILE,
            "caption": HOSTILE,
            "credit": HOSTILE[:190],
        },
    )
    await site.store.updates.edit("news", update["id"], {"correction": HOSTILE})
    for path in ("/feeds/news", f"/feeds/news/updates/{update['id']}", "/embed/news", "/embed/news.html"):
        answer = await site.get(path)
        elements = Elements(answer)
        assert not elements.all("svg") + elements.all("b"), path
        assert all(found.get("src") == "https://x.example/'&.png" for found in elements.all("img"))
        assert all("src" in found or str(found["type"]).endswith("json") for found in elements.all("script"))
        assert not [name for _, found in elements.found for name in found if name.startswith("on")]
        assert "7*7" in answer.text
