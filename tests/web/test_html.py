from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from livefeed.errors import FeedNotFound, StoreUnavailable
from livefeed.settings import Settings
from livefeed.web.html import FRAME_OURSELVES, policy
from tests.web.served import Served, served


@pytest.fixture
async def site() -> AsyncIterator[Served]:
    async with served() as site:
        yield site


def directives(text: str) -> dict[str, str]:
    return dict(part.partition(" ")[::2] for part in text.split("; "))


def test_a_page_with_videos_may_load_these_players() -> None:
    plain, videos = (
        directives(policy(Settings(), FRAME_OURSELVES, videos=videos)) for videos in (False, True)
    )
    assert videos.items() - plain.items() == {
        ("frame-src", "https://www.youtube-nocookie.com https://player.vimeo.com")
    }
    assert plain.items() <= videos.items()


@pytest.mark.parametrize(
    ("url", "socket"),
    [("https://live.example.org", "wss://live.example.org"), ("http://10.0.0.1:8000", "ws://10.0.0.1:8000")],
)
def test_the_policy_allows_our_own_files_and_nothing_inline(url: str, socket: str) -> None:
    settings = Settings.model_validate({"public_url": url})
    assert directives(policy(settings, FRAME_OURSELVES)) == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "connect-src": f"'self' {socket}",
        "img-src": "'self' https: data:",
        "font-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'self'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "livefeed",
    }


async def test_errors_are_pages_for_who_wants_pages(site: Served) -> None:
    answer = await site.get("/feeds/nowhere", accept="text/html,*/*;q=0.8")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
    assert "<h1 " in answer.text
    assert str(FeedNotFound("nowhere")) in answer.text


async def test_errors_are_problems_for_programs(site: Served) -> None:
    answer = await site.get("/feeds/nowhere", accept="*/*")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 404


async def test_an_unknown_address_has_a_page_too(site: Served) -> None:
    answer = await site.get("/nothing/here", accept="text/html")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


async def test_readers_are_not_told_what_redis_said(site: Served) -> None:
    await site.feed()
    site.redis.kill()
    answer = await site.get("/feeds/news", accept="text/html")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "Try again in a minute" in answer.text
    assert "Redis" not in answer.text
    assert str(StoreUnavailable("")) not in answer.text
