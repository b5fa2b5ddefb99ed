from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from tests.web.served import ORIGIN, Served, served


@pytest.fixture
async def site() -> AsyncIterator[Served]:
    async with served() as site:
        yield site


def feeds(text: str) -> list[str]:
    return re.findall(r'<option value="([a-z-]+)"[^>]*>', text.partition("</select>")[0])


async def test_it_offers_the_listed_feeds(site: Served) -> None:
    made: dict[str, dict[str, Any]] = {
        "news": {"title": 'News "<script>'},
        "sport": {},
        "draft": {"status": "draft"},
        "unlisted": {"listed": False},
    }
    for slug, fields in made.items():
        await site.feed(slug, **fields)
    answer = await site.get("/embed")
    assert answer.status_code == 200
    assert sorted(feeds(answer.text)) == ["news", "sport"]
    assert 'News "<script>' not in answer.text
    assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
    assert '<meta name="robots" content="noindex">' in answer.text
    named = await site.get("/embed?feed=unlisted")
    assert sorted(feeds(named.text)) == ["news", "sport", "unlisted"]
    assert '<option value="unlisted" selected>' in named.text
    for hidden in ("draft", "nothing", "%3Cscript%3E"):
        assert sorted(feeds((await site.get(f"/embed?feed={hidden}")).text)) == ["news", "sport"]


async def test_without_a_feed_there_is_nothing_to_embed(site: Served) -> None:
    answer = await site.get("/embed")
    assert "no ticker to embed" in answer.text
    assert "<form" not in answer.text


async def test_it_knows_the_languages_and_this_server(site: Served) -> None:
    await site.feed()
    text = (await site.get("/embed")).text
    assert '<option value="uk" lang="uk">Українська</option>' in text
    found = re.search(r'<script type="application/json" id="about">(.*?)</script>', text, re.S)
    assert found
    about: dict[str, Any] = orjson.loads(found[1])
    assert (about["server"], about["build"]) == (ORIGIN, site.site.static.hash)
    assert f"{ORIGIN}{site.site.static.prefix}/ticker/define.js" in about["integrity"]
    assert about["loader"].startswith("sha384-")
