from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from livefeed.store.store import Store
from tests.redis_servers import RedisServer
from tests.store.desk import due_in
from tests.web.asserting import assert_problem
from tests.web.conftest import BASE, Desk
from tests.web.test_api import WRONG

ITEMS = "/v1/feeds/news/items"
ITEM = f"{ITEMS}/a"
WITHOUT_TEXT = [
    ({}, ["text"]),
    ({"text": ""}, ["text"]),
    ({"text": " \n\t"}, ["text"]),
    ({"text": None}, ["text"]),
]


@pytest.fixture
async def ann(client: httpx.AsyncClient, news: str, editor: Desk) -> httpx.AsyncClient:
    """An editor's client, at the desk of ``news``."""
    client.headers.update(editor.headers)
    return client


@pytest.fixture
async def ben(ann: httpx.AsyncClient, contributor: Desk) -> dict[str, str]:
    """The headers of a contributor."""
    return contributor.headers


async def hold(store: Store, seconds: int) -> None:
    await store.feeds.patch("news", {"hold_s": seconds})


async def draft(client: httpx.AsyncClient, **content: Any) -> dict[str, Any]:
    response = await client.post(ITEMS, json={"id": "a", "text": "Hello"} | content)
    assert response.status_code == 201
    made: dict[str, Any] = response.json()
    return made


async def shown(client: httpx.AsyncClient) -> list[str]:
    """The texts that readers get."""
    page = (await client.get("/v1/feeds/news/updates")).json()
    return [update["text"] for update in page["updates"]]


async def test_a_draft(ann: httpx.AsyncClient) -> None:
    response = await ann.post(ITEMS, json={"id": "a", "text": "", "tags": ["x"]})
    assert (response.status_code, response.headers["location"]) == (201, ITEM)
    assert (response.headers["etag"], response.headers["cache-control"]) == ('"1"', "no-store")
    item = response.json()
    assert (item["state"], item["by"], item["due"], item["note"]) == ("draft", "editor None", None, None)
    assert item["content"]["tags"] == ["x"]
    assert (await ann.get(ITEM)).json() == item
    assert (await ann.get(ITEMS)).json()["items"] == [item]
    again = await ann.post(ITEMS, json={"id": "a", "text": "", "tags": ["x"]})
    assert (again.status_code, again.json()) == (200, item)
    assert_problem(await ann.post(ITEMS, json={"id": "a", "text": "Other"}), 409, "item-exists")


async def test_a_draft_without_an_id_gets_one(ann: httpx.AsyncClient) -> None:
    response = await ann.post(ITEMS, json={"text": "Hello"})
    assert response.headers["location"] == f"{ITEMS}/{response.json()['id']}"


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (body, fields)
        for body, fields in WRONG
        if "source" not in body and not (fields == ["text"] and len(str(body)) < 80)
    ],
)
async def test_wrong_items(ann: httpx.AsyncClient, body: dict[str, Any], fields: list[str]) -> None:
    assert_problem(await ann.post(ITEMS, json=body), 422, "invalid-input", *fields)
    patch = {name: value for name, value in body.items() if name != "id"}
    if "id" not in body:
        await draft(ann)
        assert (await ann.patch(ITEM, json=patch)).status_code in (200, 422)  # null takes away
        assert (await ann.post(f"{ITEMS}/new/publish", json=patch)).status_code in (202, 422)
    assert await shown(ann) == []


async def test_an_edit(ann: httpx.AsyncClient) -> None:
    await draft(ann)
    edited = await ann.patch(ITEM, json={"text": "Other"}, headers={"If-Match": '"1"'})
    assert (edited.status_code, edited.headers["etag"]) == (200, '"2"')
    conflict = await ann.patch(ITEM, json={"text": "Third"}, headers={"If-Match": '"1"'})
    problem = assert_problem(conflict, 412, "revision-conflict")
    assert problem["current"] == edited.json()
    same = await ann.patch(ITEM, json={"text": "Other"}, headers={"If-Match": '"1"'})
    assert (same.status_code, same.json()) == (200, edited.json())


async def test_a_paste_that_is_too_large(ann: httpx.AsyncClient) -> None:
    await draft(ann)
    assert_problem(await ann.patch(ITEM, json={"text": "x" * 70_000}), 413, "too-large")
    assert_problem(await ann.patch(ITEM, json={"text": "x" * 30_000}), 422, "invalid-input", "text")
    assert_problem(await ann.patch(ITEM, json={"text": "😀" * 15_800}), 422, "invalid-input", "text")
    assert (await ann.get(ITEM)).json()["content"]["text"] == "Hello"


async def test_a_deletion(ann: httpx.AsyncClient) -> None:
    await draft(ann)
    for _ in range(2):
        assert (await ann.delete(ITEM)).status_code == 204
    assert_problem(await ann.get(ITEM), 410, "item-gone")
    assert_problem(await ann.post(ITEMS, json={"id": "a", "text": "Again"}), 410, "item-gone")
    assert_problem(await ann.post(f"{ITEM}/publish", json={"text": "Again"}), 410, "item-gone")
    assert_problem(await ann.delete(f"{ITEMS}/never"), 404, "item-not-found")
    assert_problem(await ann.get(f"{ITEMS}/never"), 404, "item-not-found")


async def test_two_editors_delete_at_once(ann: httpx.AsyncClient) -> None:
    await draft(ann)
    answers = await asyncio.gather(ann.delete(ITEM), ann.delete(ITEM))
    assert [answer.status_code for answer in answers] == [204, 204]


# Review -----------------------------------------------------------------------------------------


async def test_a_review(ann: httpx.AsyncClient, ben: dict[str, str], store: Store) -> None:
    await hold(store, 0)
    await ann.post(ITEMS, json={"id": "a", "text": "Hello"}, headers=ben)
    handed = await ann.post(f"{ITEM}/submit", headers=ben)
    assert (handed.status_code, handed.json()["state"]) == (200, "submitted")
    back = (await ann.post(f"{ITEM}/return", json={"note": "Who says so?"})).json()
    assert (back["state"], back["note"]["text"], back["note"]["by"]) == (
        "draft",
        "Who says so?",
        "editor None",
    )
    await ann.patch(ITEM, json={"text": "The mayor says hello"}, headers=ben)
    await ann.post(f"{ITEM}/submit", headers=ben)
    changed = await ann.patch(ITEM, json={"tags": ["mayor"]})
    assert (changed.json()["state"], changed.json()["changed_by"]) == ("submitted", "editor None")
    out = await ann.post(f"{ITEM}/publish")
    assert (out.status_code, out.headers["location"]) == (201, "/v1/feeds/news/updates/a")
    assert await shown(ann) == ["The mayor says hello"]


async def test_what_a_contributor_may_not(ann: httpx.AsyncClient, ben: dict[str, str]) -> None:
    await draft(ann)
    for method, path, body in (
        ("PATCH", ITEM, {"text": "x"}),
        ("DELETE", ITEM, None),
        ("POST", f"{ITEM}/submit", None),
        ("POST", f"{ITEM}/cancel", None),
        ("POST", f"{ITEM}/return", {"note": "x"}),
        ("POST", f"{ITEM}/schedule", {"time": due_in(60)}),
        ("POST", f"{ITEM}/publish", None),
        ("POST", f"{ITEM}/publish", {"text": "x"}),
        ("POST", f"{ITEM}/release", None),
        ("POST", f"{ITEMS}/new/publish", {"text": "x"}),
        ("POST", "/v1/feeds/news/updates", {"text": "x"}),
    ):
        assert_problem(await ann.request(method, path, json=body, headers=ben), 403, "forbidden")
    await ann.post(ITEMS, json={"id": "own", "text": "Own"}, headers=ben)
    await ann.post(f"{ITEMS}/own/submit", headers=ben)
    assert_problem(await ann.delete(f"{ITEMS}/own", headers=ben), 403, "forbidden")
    assert (await ann.post(f"{ITEMS}/own/cancel", headers=ben)).json()["state"] == "draft"
    assert (await ann.delete(f"{ITEMS}/own", headers=ben)).status_code == 204
    assert len((await ann.get(ITEMS, headers=ben)).json()["items"]) == 1


async def test_another_feed_s_editor(
    ann: httpx.AsyncClient,
    sports_editor: Desk,
) -> None:
    for path in (ITEMS, ITEM):
        assert_problem(await ann.get(path, headers=sports_editor.headers), 403, "forbidden")


@pytest.mark.parametrize("note", [None, "", "x" * 1_001, 1])
async def test_a_note_that_says_nothing(ann: httpx.AsyncClient, note: Any) -> None:
    await draft(ann)
    await ann.post(f"{ITEM}/submit")
    assert_problem(await ann.post(f"{ITEM}/return", json={"note": note}), 422, "invalid-input", "note")


# Going out --------------------------------------------------------------------------------------


async def test_held_and_cancelled(ann: httpx.AsyncClient, store: Store) -> None:
    await hold(store, 30)
    held = await ann.post(f"{ITEM}/publish", json={"text": "Hello"})
    assert (held.status_code, held.json()["state"], held.headers["etag"]) == (202, "going", '"1"')
    again = await ann.post(f"{ITEM}/publish")
    assert (again.status_code, again.json()) == (202, held.json())
    problem = assert_problem(await ann.patch(ITEM, json={"text": "Other"}), 409, "wrong-state")
    assert problem["detail"] == "It is going out: cancel that first."
    assert_problem(await ann.post(f"{ITEM}/publish", json={"text": "Other"}), 409, "wrong-state")
    for _ in range(2):
        cancelled = await ann.post(f"{ITEM}/cancel")
        assert (cancelled.status_code, cancelled.json()["state"]) == (200, "draft")
    assert_problem(await ann.post(f"{ITEM}/release"), 409, "wrong-state")
    assert await shown(ann) == []


async def test_undone_too_late(ann: httpx.AsyncClient, store: Store) -> None:
    await hold(store, 30)
    await ann.post(f"{ITEM}/publish", json={"text": "Hello"})
    out = await ann.post(f"{ITEM}/release")
    assert (out.status_code, out.headers["location"]) == (201, "/v1/feeds/news/updates/a")
    problem = assert_problem(await ann.post(f"{ITEM}/cancel"), 409, "already-published")
    assert problem["update"] == out.json()
    for answer in (await ann.post(f"{ITEM}/release"), await ann.post(f"{ITEM}/publish")):
        assert (answer.status_code, answer.json()) == (200, out.json())
    assert_problem(await ann.post(f"{ITEM}/publish", json={"text": "Other"}), 409, "already-published")
    for method, path in (("GET", ITEM), ("DELETE", ITEM), ("PATCH", ITEM), ("POST", f"{ITEM}/submit")):
        body = {"text": "x"} if method == "PATCH" else None
        assert_problem(await ann.request(method, path, json=body), 409, "already-published")


@pytest.mark.parametrize("time", ["2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"])
async def test_a_time_that_cannot_be_kept(ann: httpx.AsyncClient, time: str) -> None:
    await draft(ann)
    response = await ann.post(f"{ITEM}/schedule", json={"time": time})
    problem = assert_problem(response, 422, "invalid-input", "time")
    assert "in the future, within a year" in problem["detail"]
    assert (await ann.get(ITEM)).json()["state"] == "draft"


async def test_a_closed_feed(ann: httpx.AsyncClient, store: Store) -> None:
    await draft(ann)
    await store.feeds.patch("news", {"status": "closed"})
    for path, body in (
        (f"{ITEM}/publish", {"text": "Better"}),
        (f"{ITEM}/schedule", {"time": due_in(60)}),
        (f"{ITEMS}/new/publish", {"text": "Fresh"}),
    ):
        assert_problem(await ann.post(path, json=body), 409, "feed-closed")
    items = {item["id"]: item for item in (await ann.get(ITEMS)).json()["items"]}
    assert items["a"]["rev"] == 1
    assert (items["new"]["state"], items["new"]["content"]["text"]) == ("draft", "Fresh")


async def test_a_draft_feed_is_rehearsed_in(client: httpx.AsyncClient, draft: str, editor: Desk) -> None:
    path = "/v1/feeds/draft/items"
    response = await client.post(f"{path}/a/publish", json={"text": "Hello"}, headers=editor.headers)
    assert response.status_code == 202
    assert (await client.post(f"{path}/a/release", headers=editor.headers)).status_code == 201


async def test_redis_is_full(ann: httpx.AsyncClient, store: Store, redis_server: RedisServer) -> None:
    await hold(store, 30)
    await ann.post(f"{ITEM}/publish", json={"text": "Hello"})
    redis_server.fill()
    assert_problem(await ann.post(f"{ITEMS}/b/publish", json={"text": "Other"}), 503, "store-full")
    assert (await ann.post(f"{ITEM}/cancel")).json()["state"] == "draft"
    assert (await ann.delete(ITEM)).status_code == 204
    redis_server.make_room()


async def test_redis_is_away_in_the_middle_of_a_save(
    ann: httpx.AsyncClient, redis_server: RedisServer
) -> None:
    await draft(ann)
    redis_server.stop()
    try:
        key = {"Idempotency-Key": "k"}
        assert_problem(await ann.patch(ITEM, json={"text": "Other"}, headers=key), 503, "store-unavailable")
    finally:
        redis_server.start()
    assert (await ann.get(ITEM)).json()["content"]["text"] == "Hello"
    assert (await ann.patch(ITEM, json={"text": "Other"}, headers=key)).json()["rev"] == 2


# Keys, cookies, shapes ----------------------------------------------------------------------------


async def test_a_press_that_was_cancelled_is_not_done_once_more(ann: httpx.AsyncClient, store: Store) -> None:
    await hold(store, 30)
    key = {"Idempotency-Key": "press"}
    await ann.post(f"{ITEM}/publish", json={"text": "Hello"}, headers=key)
    await ann.post(f"{ITEM}/cancel")
    late = await ann.post(f"{ITEM}/publish", json={"text": "Hello"}, headers=key)
    assert (late.status_code, late.json()["state"]) == (202, "draft")
    other = await ann.post(f"{ITEM}/publish", json={"text": "Other"}, headers=key)
    assert_problem(other, 422, "idempotency-mismatch")


async def test_a_form_of_another_site(ann: httpx.AsyncClient, store: Store, editor: Desk) -> None:
    del ann.headers["authorization"]
    response = await ann.post("/v1/session", json={"token": editor.secret}, headers={"Origin": BASE})
    assert response.status_code == 200
    for origin in ("https://evil.example", "null", ""):
        foreign = {"Origin": origin} if origin else {}
        assert_problem(
            await ann.post(f"{ITEM}/publish", json={"text": "x"}, headers=foreign), 403, "forbidden"
        )
    ours = {"Origin": BASE}
    assert (await ann.post(f"{ITEM}/publish", json={"text": "x"}, headers=ours)).status_code == 202
    assert (await ann.get(ITEM)).status_code == 200  # a look needs no Origin


@pytest.mark.parametrize("slug", ["nowhere", "A", "a%7D:b"])
async def test_an_unknown_feed(client: httpx.AsyncClient, admin: Desk, slug: str) -> None:
    for path in ("items", "items/a", "items/a/publish"):
        response = await client.request(
            "POST" if path.endswith("publish") else "GET", f"/v1/feeds/{slug}/{path}", headers=admin.headers
        )
        assert_problem(response, 404, "feed-not-found")


async def test_bodies_that_cannot_be_read(ann: httpx.AsyncClient) -> None:
    await draft(ann)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert_problem(
        await ann.post(f"{ITEM}/publish", content=b"text=x", headers=form), 415, "unsupported-media-type"
    )
    json = {"Content-Type": "application/json"}
    assert_problem(
        await ann.post(f"{ITEM}/publish", content=b"[]", headers=json), 422, "invalid-input", "body"
    )
    assert_problem(await ann.patch(ITEM, json={}, headers={"If-Match": "1"}), 400, "bad-request")
    assert_problem(await ann.post(f"{ITEM}/return", json={}), 422, "invalid-input", "note")
