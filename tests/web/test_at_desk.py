from __future__ import annotations

from typing import Any

import httpx
import pytest

from livefeed.store.presence import AtDesk
from livefeed.store.store import Store
from tests.web.asserting import assert_problem
from tests.web.conftest import BASE, Desk

PRESENCE = "/v1/feeds/news/presence"


async def there(store: Store) -> Any:
    return (await store.presence.read(["news"]))["news"]


async def test_who_is_at_the_desk(
    client: httpx.AsyncClient, store: Store, news: str, contributor: Desk
) -> None:
    for body, people in (
        ({"key": "a1"}, [AtDesk("contributor None", "a1", None)]),
        ({"key": "a1", "editing": "01k"}, [AtDesk("contributor None", "a1", "01k")]),
        ({"key": "a1", "leave": True}, []),
    ):
        said = await client.post(PRESENCE, json=body, headers=contributor.headers)
        assert (said.status_code, said.content) == (204, b"")
        assert await there(store) == people


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "key"),
        ({"key": ""}, "key"),
        ({"key": "x" * 65}, "key"),
        ({"key": 'a","b'}, "key"),
        ({"key": "a", "editing": "../x"}, "editing"),
        ({"key": "a", "editing": "b", "leave": True}, "leave"),
        ({"key": "a", "name": "Somebody else"}, "name"),
    ],
)
async def test_what_cannot_be_said(
    client: httpx.AsyncClient, store: Store, news: str, editor: Desk, body: dict[str, Any], field: str
) -> None:
    response = await client.post(PRESENCE, json=body, headers=editor.headers)
    assert_problem(response, 422, "invalid-input", field)
    assert await there(store) == []


async def test_who_may_say_it(
    client: httpx.AsyncClient, store: Store, news: str, sports_editor: Desk, editor: Desk
) -> None:
    body = {"key": "a1"}
    assert_problem(await client.post(PRESENCE, json=body), 401, "unauthenticated")
    other = await client.post(PRESENCE, json=body, headers=sports_editor.headers)
    assert_problem(other, 403, "forbidden")
    nowhere = await client.post("/v1/feeds/nowhere/presence", json=body, headers=editor.headers)
    assert_problem(nowhere, 404, "feed-not-found")
    cookie = {"Cookie": f"livefeed_session={await store.sessions.open(editor.secret)}"}
    assert_problem(await client.post(PRESENCE, json=body, headers=cookie), 403, "forbidden")
    ours = await client.post(PRESENCE, json=body, headers=cookie | {"Origin": BASE})
    assert ours.status_code == 204


async def test_readers_of_the_feeds_that_one_may_use(
    client: httpx.AsyncClient, store: Store, news: str, draft: str, contributor: Desk
) -> None:
    await store.readers.exchange("here", {"news": 3})
    await store.readers.exchange("there", {"news": 4})
    counted = await client.get("/v1/readers", headers=contributor.headers)
    assert counted.json() == {"readers": {"news": 7, "draft": 0}}
    limited = Desk(await store.tokens.create("news only", "contributor", ["news"]))
    assert (await client.get("/v1/readers", headers=limited.headers)).json() == {"readers": {"news": 7}}
    assert_problem(await client.get("/v1/readers"), 401, "unauthenticated")
