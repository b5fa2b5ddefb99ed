from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest

from tests.web.served import ORIGIN, Served, served


@pytest.fixture
async def site() -> AsyncIterator[Served]:
    async with served() as site:
        await site.feed(title="The news")
        for number in range(25):
            await site.publish(f"Text {number}", time=f"2026-11-22T08:{number:02}:00Z")
        yield site


async def test_the_frame_is_a_page(site: Served) -> None:
    answer = await site.get("/embed/news")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "frame-ancestors *" in answer.headers["content-security-policy"]
    assert answer.text.count("<article ") == 20
    assert "s-maxage=2" in answer.headers["cache-control"]


async def test_its_length_can_be_chosen(site: Served) -> None:
    assert (await site.get("/embed/news?limit=3")).text.count("<article ") == 3
    assert (await site.get("/embed/news.html?limit=3")).text.count("<li>") == 3
    for path in ("/embed/news?limit=0", "/embed/news.html?limit=101"):
        assert (await site.get(path)).status_code == 422


async def test_it_may_be_compact(site: Served) -> None:
    answer = await site.get("/embed/news?layout=compact")
    assert answer.text.count("<article ") == 5
    assert 'data-layout="compact"' in answer.text
    assert f'<a class="more" href="{ORIGIN}/feeds/news">' in answer.text
    assert (await site.get("/embed/news?layout=compact&limit=3")).text.count("<article ") == 3
    assert (await site.get("/embed/news?layout=wide")).status_code == 422


async def test_nothing_in_the_frame_is_for_our_own_page_only(site: Served) -> None:
    answer = await site.get("/embed/news?wall&cursor=x&tag=y")
    assert 'data-layout="full"' in answer.text
    assert "data-query='{}'" in answer.text
    assert '<nav class="filter"' not in answer.text
    assert "<footer" not in answer.text


async def test_the_frame_takes_what_the_element_takes(site: Served) -> None:
    await site.publish("A key event", key=True, time="2026-11-22T07:00:00Z")
    answer = await site.get("/embed/news?key=1&order=oldest&theme=dark&lang=uk&storage=off")
    assert answer.text.count("<article ") == 1
    assert '<html lang="uk" dir="ltr" data-theme="dark">' in answer.text
    assert '<main class="livefeed embedded" lang="en" dir="ltr"' in answer.text
    assert """data-query='{"order":"oldest","key":true}' data-storage="off">""" in answer.text
    assert "Більше новин" in answer.text
    plain = (await site.get("/embed/news?theme=auto&lang=")).text
    assert "data-theme" not in plain
    assert "data-storage" not in plain
    for wrong in ("theme=red", "lang=%22%3E", "lang=../en", "key=yes", "order=odd"):
        assert (await site.get(f"/embed/news?{wrong}")).status_code == 422


async def test_compact_it_says_how_much_it_shows(site: Served) -> None:
    assert 'data-most="10"' in (await site.get("/embed/news?layout=compact&limit=10")).text
    assert "data-most" not in (await site.get("/embed/news?limit=10")).text


async def test_a_frame_may_be_of_one_update(site: Served) -> None:
    await site.publish("Alone", id="alone", title="A & B")
    answer = await site.get("/embed/news?update=alone&theme=light")
    assert answer.text.count("<article ") == 1
    assert '<live-feed feed="news" update="alone" lang="en" storage="off" theme="light">' in answer.text
    assert "frame-ancestors *" in answer.headers["content-security-policy"]
    assert (await site.get("/embed/news?update=nothing")).status_code == 404
    await site.store.updates.delete("news", "alone")
    assert (await site.get("/embed/news?update=alone")).status_code == 410
    await site.feed("draft", status="draft")
    assert (await site.get("/embed/draft?update=alone")).status_code == 404


async def test_all_of_it_is_in_the_feeds_language(site: Served) -> None:
    await site.feed("ar", lang="ar")
    frame, fragment = await site.get("/embed/ar"), await site.get("/embed/ar.html")
    assert '<html lang="ar" dir="rtl">' in frame.text
    assert '<section class="livefeed-fallback" lang="ar" dir="rtl">' in fragment.text
    assert "المزيد من الأخبار" in fragment.text


async def test_the_fragment_is_no_page_and_its_addresses_are_absolute(site: Served) -> None:
    answer = await site.get("/embed/news.html")
    assert answer.text.startswith("<section")
    assert "<html" not in answer.text
    assert answer.text.count("<li>") == 10
    addresses = re.findall(r'(?:href|src)="([^"]+)"', answer.text)
    assert addresses
    assert all(address.startswith(f"{ORIGIN}/feeds/news") for address in addresses)
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors *"
    assert answer.headers["access-control-allow-origin"] == "*"
    again = await site.get("/embed/news.html", if_none_match=answer.headers["etag"])
    assert again.status_code == 304


async def test_the_fragment_may_be_read_by_the_feeds_sites_only(site: Served) -> None:
    await site.feed("limited", origins=["https://a.example"])
    answer = await site.get("/embed/limited.html", origin="https://a.example")
    assert answer.headers["access-control-allow-origin"] == "https://a.example"
    for origin in ("https://b.example", "null"):
        answer = await site.get("/embed/limited.html", origin=origin)
        assert "access-control-allow-origin" not in answer.headers
        assert answer.headers["vary"] == "Origin, Accept-Encoding"
