from __future__ import annotations

import httpx
import pytest

from livefeed.core.models import FeedCreate, UpdateCreate
from livefeed.store.store import Store
from livefeed.web.caching import BRIEF
from tests.web.asserting import assert_problem
from tests.web.conftest import Desk

OTHER = "https://other.example"


@pytest.fixture
async def three(store: Store, news: str) -> list[str]:
    """The ids of three updates, oldest first."""
    return [
        (await store.updates.publish(news, UpdateCreate(text=f"Number {n}", tags=["all", f"t{n}"]))).id
        for n in (1, 2, 3)
    ]


async def test_listed_feeds(client: httpx.AsyncClient, store: Store, news: str, draft: str) -> None:
    await store.feeds.create(FeedCreate(slug="hidden", listed=False))
    response = await client.get("/v1/feeds", headers={"Origin": OTHER})
    assert [feed["slug"] for feed in response.json()["feeds"]] == ["news"]
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["cache-control"] == BRIEF


async def test_all_feeds_of_an_editor(
    client: httpx.AsyncClient, store: Store, news: str, draft: str, editor: Desk, sports_editor: Desk
) -> None:
    await store.feeds.create(FeedCreate(slug="sports", listed=False))
    response = await client.get("/v1/feeds?all=1", headers=editor.headers)
    assert {feed["slug"] for feed in response.json()["feeds"]} == {"news", "draft", "sports"}
    assert response.headers["cache-control"] == "no-store"
    limited = await client.get("/v1/feeds?all=1", headers=sports_editor.headers)
    assert [feed["slug"] for feed in limited.json()["feeds"]] == ["sports"]
    assert_problem(await client.get("/v1/feeds?all=1"), 401, "unauthenticated")


async def test_one_feed(client: httpx.AsyncClient, news: str) -> None:
    feed = (await client.get("/v1/feeds/news")).json()
    assert feed == {
        "slug": "news",
        "title": "News",
        "description": None,
        "lang": "en",
        "timezone": "UTC",
        "status": "open",
        "listed": True,
        "opened": feed["opened"],
        "closed": None,
        "origins": ["*"],
        "hold_s": 5,
    }


@pytest.mark.parametrize(
    "slug", ["nosuch", "News", "a" * 65, "%00", "%F0%9F%98%80", "}{", "..", "a%2Fb", "%FF"]
)
@pytest.mark.parametrize("path", ["", "/updates", "/updates/x", "/tags"])
async def test_an_unknown_feed(client: httpx.AsyncClient, slug: str, path: str) -> None:
    response = await client.get(f"/v1/feeds/{slug}{path}")
    assert response.status_code == 404
    assert_problem(response, 404, response.json()["type"].removeprefix("/problems/"))


async def test_tags(client: httpx.AsyncClient, three: list[str]) -> None:
    tags = (await client.get("/v1/feeds/news/tags")).json()["tags"]
    assert tags[0] == {"tag": "all", "count": 3}
    assert [tag["tag"] for tag in tags[1:]] == ["t1", "t2", "t3"]


async def test_a_page(client: httpx.AsyncClient, store: Store, three: list[str]) -> None:
    response = await client.get("/v1/feeds/news/updates?limit=2")
    page = response.json()
    assert set(page) == {"feed", "position", "updates", "pinned", "key", "next", "prev"}
    assert [update["id"] for update in page["updates"]] == [three[2], three[1]]
    assert page["prev"] is None
    older = (await client.get("/v1/feeds/news/updates", params={"cursor": page["next"]})).json()
    assert [update["id"] for update in older["updates"]] == [three[0]]
    assert response.headers["cache-control"] == BRIEF


async def test_a_page_that_the_client_has(client: httpx.AsyncClient, store: Store, three: list[str]) -> None:
    etag = (await client.get("/v1/feeds/news/updates")).headers["etag"]
    same = await client.get("/v1/feeds/news/updates", headers={"If-None-Match": f'"x", W/{etag}'})
    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["access-control-allow-origin"] == "*"
    await store.updates.publish("news", UpdateCreate(text="Number 4"))
    other = await client.get("/v1/feeds/news/updates", headers={"If-None-Match": etag})
    assert other.status_code == 200


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("limit=0", ["limit"]),
        ("limit=101", ["limit"]),
        ("limit=-1", ["limit"]),
        ("limit=1.5", ["limit"]),
        ("limit=", ["limit"]),
        ("limit=%D9%A3", ["limit"]),
        (f"limit={'9' * 5_000}", ["limit"]),
        ("order=sideways", ["order"]),
        ("key=yes", ["key"]),
        (f"tag={'x' * 51}", ["tag"]),
        ("tag=%00", ["tag"]),
        ("around=%2F", ["around"]),
        ("around=x&cursor=y", ["around"]),
        ("limit=0&order=x&key=2", ["limit", "order", "key"]),
    ],
)
async def test_a_page_that_cannot_be(
    client: httpx.AsyncClient, news: str, query: str, fields: list[str]
) -> None:
    assert_problem(await client.get(f"/v1/feeds/news/updates?{query}"), 422, "invalid-input", *fields)


@pytest.mark.parametrize("cursor", ["x", "!!", "%00", "W10", "bnVsbA", "%F0%9F%98%80", "a" * 10_000])
async def test_a_cursor_that_is_none(client: httpx.AsyncClient, news: str, cursor: str) -> None:
    response = await client.get(f"/v1/feeds/news/updates?cursor={cursor}")
    assert_problem(response, 400, "bad-cursor", "cursor")


async def test_around_an_update_that_never_was(client: httpx.AsyncClient, news: str) -> None:
    response = await client.get("/v1/feeds/news/updates?around=nosuch")
    assert_problem(response, 404, "update-not-found")


async def test_unknown_parameters_are_ignored(client: httpx.AsyncClient, news: str) -> None:
    assert (await client.get("/v1/feeds/news/updates?utm_source=x&limit=1&limit=2")).status_code == 200


async def test_one_update(client: httpx.AsyncClient, three: list[str]) -> None:
    response = await client.get(f"/v1/feeds/news/updates/{three[0]}")
    assert response.json()["text"] == "Number 1"
    assert response.headers["etag"] == '"1"'
    again = await client.get(f"/v1/feeds/news/updates/{three[0]}", headers={"If-None-Match": '"1"'})
    assert again.status_code == 304


@pytest.mark.parametrize("update_id", ["nosuch", "x" * 65, "%00", "a.b", "%F0%9F%98%80", "@feed"])
async def test_an_unknown_update(client: httpx.AsyncClient, news: str, update_id: str) -> None:
    response = await client.get(f"/v1/feeds/news/updates/{update_id}")
    assert_problem(response, 404, "update-not-found")


async def test_a_deleted_update(client: httpx.AsyncClient, store: Store, three: list[str]) -> None:
    shown = (await client.get(f"/v1/feeds/news/updates/{three[0]}")).json()["time"]
    await store.updates.delete("news", three[0])
    problem = assert_problem(await client.get(f"/v1/feeds/news/updates/{three[0]}"), 410, "update-gone")
    assert problem["time"] == shown


@pytest.mark.parametrize(
    ("feed", "origin", "expected"),
    [
        ("news", OTHER, {"exists": True, "allowed": True, "status": "open"}),
        ("news", None, {"exists": True, "allowed": True, "status": "open"}),
        ("partners", "https://partner.example", {"exists": True, "allowed": True, "status": "open"}),
        ("partners", OTHER, {"exists": True, "allowed": False, "status": "open"}),
        ("partners", None, {"exists": True, "allowed": False, "status": "open"}),
        ("draft", OTHER, {"exists": False, "allowed": False, "status": None}),
        ("nosuch", OTHER, {"exists": False, "allowed": False, "status": None}),
        ("NO!", OTHER, {"exists": False, "allowed": False, "status": None}),
    ],
)
async def test_access(
    client: httpx.AsyncClient,
    news: str,
    partners: str,
    draft: str,
    feed: str,
    origin: str | None,
    expected: dict[str, object],
) -> None:
    headers = {} if origin is None else {"Origin": origin}
    response = await client.get(f"/v1/feeds/{feed}/access", headers=headers)
    assert response.status_code == 200
    assert response.json() == {"feed": feed} | expected
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["cache-control"] == "no-store"
