from __future__ import annotations

import httpx
import pytest

from livefeed.core.models import UpdateCreate
from livefeed.store.store import Store
from tests.web.asserting import assert_problem
from tests.web.conftest import Desk

UPDATES = "/v1/feeds/news/updates"


def keyed(desk: Desk, key: str = "k-1", **more: str) -> dict[str, str]:
    return desk.headers | {"Idempotency-Key": key} | more


async def test_published_once(client: httpx.AsyncClient, news: str, editor: Desk) -> None:
    first = await client.post(UPDATES, json={"text": "One"}, headers=keyed(editor))
    again = await client.post(UPDATES, json={"text": "One"}, headers=keyed(editor))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["location"] == first.headers["location"]
    assert len((await client.get(UPDATES)).json()["updates"]) == 1


async def test_the_same_key_for_another_body(client: httpx.AsyncClient, news: str, editor: Desk) -> None:
    await client.post(UPDATES, json={"text": "One"}, headers=keyed(editor))
    response = await client.post(UPDATES, json={"text": "Two"}, headers=keyed(editor))
    assert_problem(response, 422, "idempotency-mismatch")


async def test_keys_belong_to_a_token_and_an_address(
    client: httpx.AsyncClient, news: str, editor: Desk, admin: Desk
) -> None:
    one = await client.post(UPDATES, json={"text": "One"}, headers=keyed(editor))
    two = await client.post(UPDATES, json={"text": "Two"}, headers=keyed(admin))
    path = f"{UPDATES}/{one.json()['id']}"
    three = await client.patch(path, json={"text": "Three"}, headers=keyed(editor))
    gone = await client.delete(path, headers=keyed(editor))
    assert [r.status_code for r in (one, two, three, gone)] == [201, 201, 200, 204]


async def test_edited_once(client: httpx.AsyncClient, store: Store, news: str, editor: Desk) -> None:
    update = await store.updates.publish(news, UpdateCreate(text="One"))
    path, headers = f"{UPDATES}/{update.id}", keyed(editor, **{"If-Match": '"1"'})
    for _ in range(2):
        response = await client.patch(path, json={"text": "Two"}, headers=headers)
        assert (response.status_code, response.headers["etag"]) == (200, '"2"')


async def test_the_expected_revision_is_part_of_the_request(
    client: httpx.AsyncClient, store: Store, news: str, editor: Desk
) -> None:
    update = await store.updates.publish(news, UpdateCreate(text="One"))
    path = f"{UPDATES}/{update.id}"
    await client.patch(path, json={"text": "Two"}, headers=keyed(editor, **{"If-Match": '"1"'}))
    response = await client.patch(path, json={"text": "Two!"}, headers=keyed(editor, **{"If-Match": '"2"'}))
    assert_problem(response, 422, "idempotency-mismatch")


async def test_a_feed_created_once(client: httpx.AsyncClient, admin: Desk) -> None:
    for _ in range(2):
        response = await client.post("/v1/feeds", json={"slug": "cup"}, headers=keyed(admin))
        assert response.status_code == 201


async def test_a_refused_request_does_not_use_up_its_key(
    client: httpx.AsyncClient, news: str, editor: Desk
) -> None:
    refused = await client.post(UPDATES, json={"text": ""}, headers=keyed(editor))
    assert_problem(refused, 422, "invalid-input", "text")
    assert (await client.post(UPDATES, json={"text": "One"}, headers=keyed(editor))).status_code == 201


@pytest.mark.parametrize("key", ["", "a b", "x" * 101, "é", "a\tb"])
async def test_keys_that_are_none(client: httpx.AsyncClient, news: str, editor: Desk, key: str) -> None:
    headers = [*editor.headers.items(), ("Idempotency-Key", key)]
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    response = await client.post(UPDATES, json={"text": "One"}, headers=encoded)
    assert_problem(response, 422, "invalid-input", "Idempotency-Key")


async def test_two_keys(client: httpx.AsyncClient, news: str, editor: Desk) -> None:
    headers = [*editor.headers.items(), ("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    response = await client.post(UPDATES, json={"text": "One"}, headers=headers)
    assert_problem(response, 422, "invalid-input", "Idempotency-Key")


@pytest.mark.parametrize("key", ["x" * 100, "!~", '"8e03978e-40d5-43dd-bc93-6894a57f9324"'])
async def test_keys(client: httpx.AsyncClient, news: str, editor: Desk, key: str) -> None:
    assert (await client.post(UPDATES, json={"text": "One"}, headers=keyed(editor, key))).status_code == 201
