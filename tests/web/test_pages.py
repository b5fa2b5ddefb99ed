from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import orjson
import pytest

from livefeed.web.static_tree import StaticTree
from tests.web.served import ORIGIN, Served, served

CLOSURE = StaticTree().closure("ticker/page.js")


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


def data(answer: httpx.Response, name: str = "page") -> dict[str, Any]:
    block = re.search(rf'<script type="application/json" id="livefeed-{name}">(.*?)</script>', answer.text)
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
    assert '<a class="more" rel="next" role="link" hidden>' in answer.text
    back = await site.get(link(answer, "newer"))
    assert articles(back) == seen[20:40]


async def test_every_page_of_a_ticker_is_live(site: Served) -> None:
    ids = [(await site.publish(f"{n}", time=f"2026-11-22T08:{n:02}:00Z"))["id"] for n in range(25)]
    older = link(await site.get("/feeds/news"), "more")
    for path in (older, f"/feeds/news?around={ids[0]}", "/feeds/news?order=oldest", "/feeds/news?key=1", "/"):
        answer = await site.get(path)
        (script,) = Elements(answer).all("script", type="module")
        assert str(script["src"]).endswith("/ticker/page.js")
        preloads = [found["href"] for found in Elements(answer).all("link", rel="modulepreload")]
        assert preloads == [f"{site.site.static.prefix}/{name}" for name in CLOSURE[1:]]
        assert data(answer)["updates"] or "key=1" in path


async def test_the_newer_are_above_and_the_older_below(site: Served) -> None:
    for n in range(45):
        await site.publish(f"{n}", time=f"2026-11-22T08:{n:02}:00Z")
    answer = await site.get(link(await site.get("/feeds/news"), "more"))
    places = [answer.text.index(part) for part in ('class="newer"', 'id="updates"', 'class="more"')]
    assert places == sorted(places)
    first = await site.get("/feeds/news?order=oldest")
    assert '<a class="newer" rel="prev" role="link" hidden>' in first.text
    second = await site.get(link(first, "more"))
    assert articles(await site.get(link(second, "newer"))) == articles(first)
    assert ">Earlier news</a>" in second.text


async def test_what_the_browser_must_ask_for_is_told(site: Served) -> None:
    await site.publish("One", key=True, tags=["a b"])

    async def query(path: str) -> Any:
        (main,) = Elements(await site.get(path)).all("main")
        return orjson.loads(str(main["data-query"]))

    assert await query("/feeds/news") == {}
    assert await query("/feeds/news?tag=a+b&key=1&order=oldest") == {
        "order": "oldest",
        "tag": "a b",
        "key": True,
    }


async def test_readers_choose_what_is_shown(site: Served) -> None:
    for number in range(10):
        await site.publish("Text", tags=[f"tag {n}" for n in range(number + 1)])
    answer = await site.get("/feeds/news?tag=tag+9")
    filters = answer.text.partition('<nav class="filter"')[2].partition("</nav>")[0]
    labels = re.findall(r"<a [^>]*>([^<]*)</a>", filters)
    assert labels == ["All updates", "Key events", *(f"tag {n}" for n in range(8)), "tag 9", "Oldest first"]
    (chosen,) = Elements(answer).all("a", **{"aria-current": "true"})
    assert chosen["href"] == "/feeds/news?tag=tag%209"
    empty = '<p class="empty" data-key="empty">Nothing here matches.</p>'
    assert empty in (await site.get("/feeds/news?key=1")).text
    assert empty in (await site.get("/feeds/news?tag=none")).text


async def test_the_compact_layout_is_short_and_leads_on(site: Served) -> None:
    for n in range(9):
        await site.publish(f"{n}")
    answer = await site.get("/feeds/news?layout=compact")
    assert Elements(answer).all("main", **{"data-layout": "compact"})
    assert len(articles(answer)) == 5
    assert link(answer, "more") == "/feeds/news"
    assert not Elements(answer).all("nav", **{"class": "filter"}) + Elements(answer).all("footer")


async def test_the_wall_is_only_to_be_looked_at(site: Served) -> None:
    for n in range(9):
        await site.publish(f"{n}")
    for path in ("/feeds/news?wall", "/feeds/news?wall=1", "/?wall"):
        answer = await site.get(path)
        assert Elements(answer).all("main", **{"data-layout": "wall"})
        assert len(articles(answer)) == 8
        assert 'class="more"' not in answer.text
        assert not Elements(answer).all("nav", **{"class": "filter"}) + Elements(answer).all("footer")


async def test_the_operator_fills_places_in_the_list(tmp_path: Path) -> None:
    (tmp_path / "places").mkdir()
    for place in ("after-1", "after-5", "end"):
        text = f"<p>{{{{ feed.slug }}}} {place} {{{{ words.pinned }}}}</p>"
        (tmp_path / f"places/{place}.html").write_text(text)
    async with served(templates_dir=tmp_path) as site:
        await site.feed()

        async def order(path: str) -> list[str]:
            text = (await site.get(path)).text
            found = re.findall(r'<article id="(update)-|<aside class="place" data-place="([^"]+)">', text)
            return ["".join(one) for one in found]

        assert await order("/feeds/news") == ["end"]
        for n in range(6):
            await site.publish(f"{n}")
        four = ["update"] * 4
        assert await order("/feeds/news") == ["update", "after-1", *four, "after-5", "update", "end"]
        assert "<p>news after-1 Pinned</p></aside>" in (await site.get("/feeds/news")).text
        for path in ("/feeds/news?wall", "/feeds/news?layout=compact", "/embed/news"):
            assert set(await order(path)) == {"update"}


async def test_a_key_event_that_is_not_here_is_shown_among_its_neighbours(site: Served) -> None:
    ids = [
        (await site.publish(f"{n}", key=n in (0, 24), time=f"2026-11-22T08:{n:02}:00Z"))["id"]
        for n in range(25)
    ]
    links = [found.get("href") for found in Elements(await site.get("/feeds/news")).all("a")]
    assert f"#update-{ids[24]}" in links
    assert f"/feeds/news?around={ids[0]}#update-{ids[0]}" in links
    assert f"update-{ids[0]}" in articles(await site.get(f"/feeds/news?around={ids[0]}"))


async def test_a_ticker_speaks_its_language(site: Served) -> None:
    await site.feed("uk", lang="uk-UA", timezone="Europe/Kyiv", title="Новини")
    await site.feed("ar", lang="ar", timezone="Asia/Amman", title="أخبار")
    await site.publish("Текст", feed="uk", time="2026-11-22T08:16:52Z", breaking=True)
    await site.publish("نص", feed="ar", time="2026-11-22T08:16:52Z")
    answer = await site.get("/feeds/uk")
    assert '<html lang="uk-UA" dir="ltr">' in answer.text
    assert "неділя, 22 листопада 2026" in answer.text
    assert all(words in answer.text for words in ("Терміново", "Усі повідомлення", "Перейти до вмісту"))
    assert data(answer, "words")["lang"] == "uk"
    answer = await site.get("/feeds/ar")
    assert '<html lang="ar" dir="rtl">' in answer.text
    assert "الأحد، 22 نوفمبر 2026" in answer.text
    assert data(answer, "words")["more"] == "المزيد من الأخبار"


@pytest.mark.parametrize("lang", ["tlh", "xx-YY", "abcdefgh", "en-a-b-c"])
async def test_a_language_that_nobody_knows_is_no_error(site: Served, lang: str) -> None:
    await site.feed("odd", lang=lang)
    update = await site.publish("Text", feed="odd", time="2026-11-22T08:16:52Z")
    for path in ("/feeds/odd", f"/feeds/odd/updates/{update['id']}", "/embed/odd", "/embed/odd.html", "/"):
        answer = await site.get(path)
        assert answer.status_code == 200
        assert f'lang="{lang}"' in answer.text
    assert "Sunday, November 22, 2026" in (await site.get("/feeds/odd")).text


@pytest.mark.parametrize(
    ("langs", "lang"),
    [(["uk", "uk"], "uk"), (["uk", "uk-UA"], "uk"), (["uk", "pl"], "en"), (["en-GB", "en-GB"], "en-GB")],
)
async def test_the_list_of_feeds_is_in_their_language(langs: list[str], lang: str) -> None:
    async with served() as site:
        for slug, own in zip("ab", langs, strict=True):
            await site.feed(slug, lang=own)
        answer = await site.get("/")
        assert f'<html lang="{lang}" dir="ltr">' in answer.text
        told = {found["href"]: found.get("lang") for found in Elements(answer).all("a")}
        for slug, own in zip("ab", langs, strict=True):
            assert told[f"/feeds/{slug}"] == (None if own == lang else own)


async def test_a_closed_feed_says_that_it_has_ended(site: Served) -> None:
    await site.publish("The end")
    before = await site.get("/feeds/news")
    await site.store.feeds.patch("news", {"status": "closed"})
    answer = await site.get("/feeds/news")
    assert '<p class="kicker">Ended</p>' in answer.text
    assert '<span class="status" role="status" data-state="ended">Coverage has ended</span>' in answer.text
    assert "<noscript>" in before.text
    assert "<noscript>" not in answer.text


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
        ("layout=wide", 422),
        ("layout=", 422),
        ("layout=compact&limit=x", 422),
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
    assert elements.texts.count("A. Writer") == 1
    assert "Sunday, November 22, 2026, 10:16 GMT+2" in elements.texts
    assert "to read" not in answer.text
    assert link(answer, "ticker") == f"/feeds/news?around={update['id']}#update-{update['id']}"


async def test_a_permalink_of_a_long_text(site: Served) -> None:
    update = await site.publish("word " * 390, title="A long read")
    answer = await site.get(f"/feeds/news/updates/{update['id']}")
    assert "2 minutes to read" in answer.text
    assert f'<h1 class="headline" id="update-{update["id"]}-label">A long read</h1>' in answer.text


async def test_an_article_is_named_by_its_headline_or_its_time(site: Served) -> None:
    titled = await site.publish("One", title="Title", pinned=True)
    plain = await site.publish("Two")
    elements = Elements(await site.get("/feeds/news"))
    for prefix, update, tag in (
        ("pinned", titled, "h3"),
        ("update", titled, "h3"),
        ("update", plain, "time"),
    ):
        label = f"{prefix}-{update['id']}-label"
        assert elements.all("article", id=f"{prefix}-{update['id']}")[0]["aria-labelledby"] == label
        assert len(elements.all(tag, id=label)) == 1


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
    assert len(named) >= 4
    for path in named:
        assert (await site.get(path)).headers["cache-control"].endswith("immutable"), path


HOSTILE = (
    "</script><script>alert(1)</script><!-- --> ]]> <img src=x onerror=alert(1)>'\"><svg onload=alert(1)>"
    "{{7*7}}{time}{n}&quot;&lt;\u2028\u202e\u2066\u200f"
)


async def hostile(site: Served) -> str:
    """Every field of a feed and of an update says it. Returns the update's id."""
    await site.store.feeds.patch("news", {"title": HOSTILE, "description": HOSTILE})
    update = await site.publish(
        HOSTILE,
        title=HOSTILE,
        author=HOSTILE,
        tags=["'\"><b>x-->", "</script>{{7*7}}\u202e"],
        key=True,
        pinned=True,
        breaking=True,
        link={"url": "https://x.example/?'&=%22", "label": HOSTILE},
        image={"url": "https://x.example/'&.png", "alt": HOSTILE, "caption": HOSTILE, "credit": HOSTILE},
    )
    await site.store.updates.edit("news", update["id"], {"correction": HOSTILE})
    return str(update["id"])


async def test_hostile_text_stays_text(site: Served) -> None:
    update_id = await hostile(site)
    await site.feed("other")  # so that there is a list of feeds
    ticker = ["", "?layout=compact", "?wall", "?order=oldest&key=1", f"?around={update_id}", "?tag=x"]
    paths = [f"/feeds/news{query}" for query in ticker]
    others = ["/", f"/feeds/news/updates/{update_id}", "/embed/news", "/embed/news.html"]
    for path in [*paths, *others]:
        answer = await site.get(path)
        assert answer.status_code == 200, path
        elements = Elements(answer)
        assert not elements.all("svg") + elements.all("b"), path
        assert all(found.get("src") == "https://x.example/'&.png" for found in elements.all("img"))
        scripts = elements.all("script")
        assert all("src" in found or str(found["type"]).endswith("json") for found in scripts), path
        assert not [name for _, found in elements.found for name in found if name.startswith("on")], path
        assert "<!-- -->" not in answer.text, path
        assert "7*7" in answer.text
        assert len(elements.all("article")) == answer.text.count("</article>"), path
        if "livefeed-page" in answer.text:
            assert data(answer)["feed"]["title"] == HOSTILE.strip()
            assert all(
                "<" not in block for block in re.findall(r"json\" id=[^>]*>(.*?)</script>", answer.text)
            )


@pytest.mark.parametrize("text", ["'\"><script>alert(1)</script>", "</script>-->", "{{7*7}}", "&lt;b&gt;"])
async def test_an_address_may_be_hostile_too(site: Served, text: str) -> None:
    asked = quote(text, safe="")
    answer = await site.get(f"/feeds/news?tag={asked}")
    (main,) = Elements(answer).all("main")
    assert orjson.loads(str(main["data-query"])) == {"tag": text}
    (chosen,) = Elements(answer).all("a", **{"aria-current": "true"})
    assert chosen["href"] == f"/feeds/news?tag={asked}"
    for path in (
        f"/feeds/{asked}",
        f"/feeds/news?around={asked}",
        f"/feeds/news?layout={asked}",
        f"/{asked}",
    ):
        answer = await site.get(path, accept="text/html")
        assert answer.status_code in (404, 422), path
        assert not Elements(answer).all("script"), path
