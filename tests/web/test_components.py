"""What the description says of answers is what comes."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from livefeed.core.models import UpdateCreate
from livefeed.store.store import Store
from livefeed.web.components import (
    ANSWER_HEADERS,
    ANSWER_MODELS,
    PARAMETERS,
    SECURITY_SCHEMES,
    problem_schema,
)
from tests.web.conftest import Desk

MODELS: dict[str, type[BaseModel]] = {model.__name__: model for model in ANSWER_MODELS}


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/v1/feeds", "FeedList"),
        ("/v1/feeds/news/tags", "TagList"),
        ("/v1/feeds/news/access", "Access"),
        ("/v1/feeds/nosuch/access", "Access"),
        ("/v1/feeds/news/updates", "Page"),
        ("/v1/feeds/news/updates/one/revisions", "RevisionList"),
        ("/v1/openapi.json", "OpenApi"),
        ("/v1/session", "Who"),
    ],
)
async def test_answers(
    client: httpx.AsyncClient, store: Store, news: str, editor: Desk, path: str, model: str
) -> None:
    await store.updates.publish(news, UpdateCreate(id="one", text="One", key=True, pinned=True, tags=["a"]))
    body: Any = (await client.get(path, headers=editor.headers)).json()
    read = MODELS[model].model_validate(body, strict=True)
    assert read.model_dump() == body


async def test_a_rendered_text(client: httpx.AsyncClient, editor: Desk) -> None:
    body = (await client.post("/v1/render", json={"text": "One"}, headers=editor.headers)).json()
    assert MODELS["Rendered"].model_validate(body).model_dump() == body


async def test_a_problem_has_no_member_that_is_not_described(
    client: httpx.AsyncClient, store: Store, news: str, editor: Desk
) -> None:
    update = await store.updates.publish(news, UpdateCreate(text="One"))
    path = f"/v1/feeds/news/updates/{update.id}"
    conflict = await client.patch(path, json={}, headers=editor.headers | {"If-Match": '"7"'})
    invalid = await client.patch(path, json={"rev": 1}, headers=editor.headers)
    out = await client.get(f"/v1/feeds/news/items/{update.id}", headers=editor.headers)
    await store.updates.delete(news, update.id)
    gone = await client.get(path)
    members = {name for response in (conflict, invalid, out, gone) for name in response.json()}
    assert members == set(problem_schema()["properties"])


def test_names_are_said_once() -> None:
    assert all(parameter["name"] == name for name, parameter in PARAMETERS.items())
    assert all(described["description"] for described in (*PARAMETERS.values(), *ANSWER_HEADERS.values()))
    assert set(SECURITY_SCHEMES) == {"token", "session"}
