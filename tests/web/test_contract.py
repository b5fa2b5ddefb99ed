"""The table as a whole: what holds for every route."""

from __future__ import annotations

import re

import httpx
import pytest

from livefeed.core.items import Actor, ItemCreate
from livefeed.core.models import UpdateCreate
from livefeed.store.store import Store
from livefeed.web import contract
from livefeed.web.operations import Operation
from tests.web.asserting import assert_problem
from tests.web.conftest import BASE, Desk

# Of the streams tests/web/streams asks, on a real port.
PLAIN = [operation for operation in contract.operations if "after" not in operation.parameters]
by_name = pytest.mark.parametrize("operation", PLAIN, ids=lambda operation: operation.name)


def _path(operation: Operation, **values: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: values.get(match[1], "nosuch"), operation.path)


def test_the_routes_are_those_of_the_table() -> None:
    routed = {
        (method, route.path)
        for route in contract.routes
        for method in (route.methods or ())
        if method not in ("HEAD", "OPTIONS")
    }
    assert routed == {(operation.method, operation.path) for operation in contract.operations}
    names = [operation.name for operation in contract.operations]
    assert len(names) == len(set(names))


@by_name
async def test_who_needs_a_token_is_asked_for_one(client: httpx.AsyncClient, operation: Operation) -> None:
    response = await client.request(operation.method, _path(operation))
    assert (response.status_code == 401) == (operation.role is not None)


@by_name
async def test_every_answer_is_of_the_kind_that_it_says(
    client: httpx.AsyncClient, operation: Operation
) -> None:
    response = await client.request(operation.method, _path(operation))
    assert response.status_code in {*operation.answers, *operation.problems}
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"]


@by_name
async def test_what_can_be_read_can_be_asked_about(
    client: httpx.AsyncClient, store: Store, news: str, admin: Desk, operation: Operation
) -> None:
    if operation.method != "GET":
        return
    if "/items/" in operation.path:
        made = (await store.items.create(news, ItemCreate(text="One"), actor=Actor("Ann", True))).id
    else:
        made = (await store.updates.publish(news, UpdateCreate(text="One"))).id
    path = _path(operation, feed=news, id=made)
    get = await client.get(path, headers=admin.headers)
    head = await client.head(path, headers=admin.headers)
    assert get.status_code == head.status_code == 200
    assert head.headers.get("etag") == get.headers.get("etag")
    # (Of what is sent as it is read nobody knows the length beforehand.)
    assert head.headers.get("content-length") == get.headers.get("content-length")
    assert head.headers["content-type"] == get.headers["content-type"]


@by_name
async def test_readers_may_ask_from_other_sites_and_editors_may_not(
    client: httpx.AsyncClient, news: str, operation: Operation
) -> None:
    if operation.method != "GET":
        return
    headers = {"Origin": "https://other.example"}
    response = await client.get(_path(operation, feed=news), headers=headers)
    assert ("access-control-allow-origin" in response.headers) == (operation.preflight is not None)
    assert (operation.preflight is None) == (operation.role is not None)


# The cookie of the desk -------------------------------------------------------------------------


async def _cookie(store: Store, desk: Desk) -> dict[str, str]:
    return {"Cookie": f"livefeed_session={await store.sessions.open(desk.secret)}"}


@by_name
async def test_what_readers_ask_for_is_the_same_with_a_cookie(
    client: httpx.AsyncClient, store: Store, news: str, admin: Desk, operation: Operation
) -> None:
    if operation.method != "GET" or operation.preflight is None:
        return
    update = await store.updates.publish(news, UpdateCreate(text="One"))
    path = _path(operation, feed=news, id=update.id)
    without = await client.get(path)
    response = await client.get(path, headers=await _cookie(store, admin) | {"Origin": BASE})
    assert response.status_code == 200
    assert response.content == without.content
    assert response.headers == without.headers
    assert "set-cookie" not in response.headers
    assert "cookie" not in response.headers.get("vary", "").lower()
    assert "access-control-allow-credentials" not in response.headers


@by_name
@pytest.mark.parametrize("origin", [None, "null", "https://evil.example", f"{BASE}.evil.example"])
async def test_nothing_is_written_with_the_cookie_but_from_our_own_page(
    client: httpx.AsyncClient,
    store: Store,
    news: str,
    admin: Desk,
    operation: Operation,
    origin: str | None,
) -> None:
    if operation.method == "GET" or operation.role is None:
        return
    headers = await _cookie(store, admin) | ({} if origin is None else {"Origin": origin})
    path, body = _path(operation, feed=news), dict(operation.example) or None
    response = await client.request(operation.method, path, headers=headers, json=body)
    assert_problem(response, 403, "forbidden")
    assert "Origin" in response.json()["detail"]
