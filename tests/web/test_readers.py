from __future__ import annotations

import httpx
import pytest

from livefeed.store.store import Store
from tests.redis_servers import RedisServer
from tests.web.asserting import assert_problem, bearer
from tests.web.conftest import BASE, Desk

PARTNER, OTHER = "https://partner.example", "https://other.example"


def _page(feed: str) -> str:
    return f"/v1/feeds/{feed}/updates"


@pytest.mark.parametrize("origin", [OTHER, PARTNER, "null", None])
async def test_an_open_feed(client: httpx.AsyncClient, news: str, origin: str | None) -> None:
    response = await client.get(_page(news), headers={} if origin is None else {"Origin": origin})
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == "*"
    assert "vary" not in response.headers


@pytest.mark.parametrize("origin", [PARTNER, BASE])
async def test_a_feed_for_some(client: httpx.AsyncClient, partners: str, origin: str) -> None:
    response = await client.get(_page(partners), headers={"Origin": origin})
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == origin
    assert response.headers["vary"] == "Origin"


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "same-origin"}, {"Referer": f"{BASE}/feeds/partners"}],
)
async def test_our_own_page_sends_no_origin_with_a_get(
    client: httpx.AsyncClient, partners: str, headers: dict[str, str]
) -> None:
    assert (await client.get(_page(partners), headers=headers)).status_code == 200


@pytest.mark.parametrize("origin", [OTHER, "null", None])
async def test_a_feed_not_for_others(client: httpx.AsyncClient, partners: str, origin: str | None) -> None:
    response = await client.get(_page(partners), headers={} if origin is None else {"Origin": origin})
    assert_problem(response, 403, "forbidden")
    assert not [name for name in response.headers if name.startswith("access-control")]


async def test_errors_can_be_read_by_the_pages_that_may(client: httpx.AsyncClient, partners: str) -> None:
    response = await client.get(_page(partners) + "?limit=0", headers={"Origin": PARTNER})
    assert_problem(response, 422, "invalid-input", "limit")
    assert response.headers["access-control-allow-origin"] == PARTNER


@pytest.mark.parametrize(
    "path", ["", "/updates", "/updates/x", "/tags", "/access"], ids=lambda path: path or "feed"
)
async def test_preflight(client: httpx.AsyncClient, news: str, path: str) -> None:
    asked = {"Origin": OTHER, "Access-Control-Request-Method": "GET"}
    response = await client.options(f"/v1/feeds/{news}{path}", headers=asked)
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["access-control-allow-methods"] == "GET, HEAD"
    assert "If-None-Match" in response.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in response.headers


async def test_preflight_from_a_site_that_may_not(client: httpx.AsyncClient, partners: str) -> None:
    response = await client.options(_page(partners), headers={"Origin": OTHER})
    assert_problem(response, 403, "forbidden")
    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize("path", ["/v1/render", "/v1/session", "/v1/feeds/news/updates/x/revisions"])
async def test_no_preflight_for_editors(client: httpx.AsyncClient, path: str) -> None:
    response = await client.options(path, headers={"Origin": OTHER})
    assert_problem(response, 405, "method-not-allowed")
    assert "access-control-allow-origin" not in response.headers


# Drafts -----------------------------------------------------------------------------------------

DRAFT_PATHS = ["", "/updates", "/updates/x", "/tags"]


@pytest.mark.parametrize("path", DRAFT_PATHS, ids=lambda path: path or "feed")
async def test_a_draft_is_unknown_to_readers(client: httpx.AsyncClient, draft: str, path: str) -> None:
    known = await client.get(f"/v1/feeds/{draft}{path}")
    unknown = await client.get(f"/v1/feeds/nosuch{path}")
    assert_problem(known, 404, "feed-not-found")
    assert known.text == unknown.text.replace("nosuch", draft)


async def test_a_draft_is_unknown_with_a_wrong_token(client: httpx.AsyncClient, draft: str) -> None:
    assert_problem(await client.get(_page(draft), headers=bearer("lf_wrong")), 404, "feed-not-found")


async def test_a_draft_is_unknown_to_editors_of_other_feeds(
    client: httpx.AsyncClient, draft: str, sports_editor: Desk
) -> None:
    assert_problem(await client.get(_page(draft), headers=sports_editor.headers), 404, "feed-not-found")


async def test_a_draft_with_a_token(client: httpx.AsyncClient, draft: str, contributor: Desk) -> None:
    response = await client.get(_page(draft), headers=contributor.headers)
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    assert "x-accel-expires" not in response.headers


async def test_a_draft_at_the_desk(client: httpx.AsyncClient, store: Store, draft: str, editor: Desk) -> None:
    cookie = {"Cookie": f"livefeed_session={await store.sessions.open(editor.secret)}"}
    response = await client.get(_page(draft), headers=cookie | {"Sec-Fetch-Site": "same-origin"})
    assert response.status_code == 200
    assert "access-control-allow-credentials" not in response.headers
    proxied = {"Sec-Fetch-Site": "cross-site", "Authorization": "Basic cHJveHk6cHJveHk="}
    for elsewhere in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://other.example"}, proxied):
        assert_problem(await client.get(_page(draft), headers=cookie | elsewhere), 404, "feed-not-found")


async def test_redis_away(client: httpx.AsyncClient, news: str, redis_server: RedisServer) -> None:
    redis_server.stop()
    try:
        assert_problem(await client.get(_page(news)), 503, "store-unavailable")
        response = await client.get(f"/v1/feeds/{news}/access")
        assert_problem(response, 503, "store-unavailable")
        assert response.headers["access-control-allow-origin"] == "*"
    finally:
        redis_server.start()
