"""What editors do, and every way in which they can do it wrong."""

from __future__ import annotations

from typing import Any

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from livefeed.core.models import FeedCreate, UpdateCreate
from livefeed.store.store import Store
from tests.redis_servers import RedisServer
from tests.web.asserting import assert_problem
from tests.web.conftest import Desk

UPDATES = "/v1/feeds/news/updates"


@pytest.fixture
async def update(store: Store, news: str) -> str:
    """The id of an update."""
    return (await store.updates.publish(news, UpdateCreate(text="First"))).id


def at(update_id: str) -> str:
    return f"{UPDATES}/{update_id}"


# Publishing -------------------------------------------------------------------------------------


async def test_publishing(client: httpx.AsyncClient, news: str, editor: Desk) -> None:
    response = await client.post(UPDATES, json={"text": "A **bold** word"}, headers=editor.headers)
    assert response.status_code == 201
    update = response.json()
    assert response.headers["location"] == at(update["id"])
    assert response.headers["etag"] == '"1"'
    assert response.headers["cache-control"] == "no-store"
    assert update["html"].strip() == "<p>A <strong>bold</strong> word</p>"
    assert (await client.get(response.headers["location"])).content == response.content


async def test_a_source_again_is_nothing_or_an_edit(
    client: httpx.AsyncClient, news: str, editor: Desk
) -> None:
    said = {"text": "One", "source": "wire-1"}
    first = await client.post(UPDATES, json=said, headers=editor.headers)
    same = await client.post(UPDATES, json=said, headers=editor.headers)
    assert (first.status_code, same.status_code) == (201, 200)
    assert same.content == first.content
    assert "location" not in same.headers
    edited = await client.post(UPDATES, json=said | {"text": "Two"}, headers=editor.headers)
    assert (edited.status_code, edited.headers["etag"]) == (200, '"2"')
    assert edited.json()["id"] == first.json()["id"]


async def test_a_source_of_what_was_deleted(client: httpx.AsyncClient, news: str, editor: Desk) -> None:
    said = {"text": "One", "source": "wire-1"}
    first = await client.post(UPDATES, json=said, headers=editor.headers)
    await client.delete(at(first.json()["id"]), headers=editor.headers)
    assert_problem(await client.post(UPDATES, json=said, headers=editor.headers), 410, "update-gone")


async def test_an_id_that_is_taken(client: httpx.AsyncClient, update: str, editor: Desk) -> None:
    response = await client.post(UPDATES, json={"text": "x", "id": update}, headers=editor.headers)
    assert_problem(response, 409, "update-exists")


async def test_an_id_that_was_deleted(client: httpx.AsyncClient, update: str, editor: Desk) -> None:
    await client.delete(at(update), headers=editor.headers)
    response = await client.post(UPDATES, json={"text": "x", "id": update}, headers=editor.headers)
    assert_problem(response, 410, "update-gone")


async def test_a_closed_feed(client: httpx.AsyncClient, update: str, admin: Desk) -> None:
    await client.patch("/v1/feeds/news", json={"status": "closed"}, headers=admin.headers)
    response = await client.post(UPDATES, json={"text": "x"}, headers=admin.headers)
    assert_problem(response, 409, "feed-closed")
    assert (await client.patch(at(update), json={"text": "y"}, headers=admin.headers)).status_code == 200
    assert (await client.delete(at(update), headers=admin.headers)).status_code == 204


async def test_a_draft_takes_updates(client: httpx.AsyncClient, draft: str, editor: Desk) -> None:
    response = await client.post("/v1/feeds/draft/updates", json={"text": "x"}, headers=editor.headers)
    assert response.status_code == 201


@pytest.mark.parametrize("slug", ["nosuch", "News", "%7D%7B", "%00"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/updates"),
        ("PATCH", "/updates/x"),
        ("DELETE", "/updates/x"),
        ("GET", "/updates/x/revisions"),
        ("PATCH", ""),
    ],
)
async def test_an_unknown_feed(
    client: httpx.AsyncClient, admin: Desk, slug: str, method: str, path: str
) -> None:
    address = f"/v1/feeds/{slug}{path}"
    assert_problem(await client.request(method, address, json={"text": "x"}), 401, "unauthenticated")
    body = {"status": "closed"} if path == "" else {"text": "x"}
    response = await client.request(method, address, json=body, headers=admin.headers)
    assert_problem(response, 404, "feed-not-found")


GOOD: dict[str, Any] = {"text": "x"}
WRONG: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["text"]),
    ({"text": ""}, ["text"]),
    ({"text": " \n\t"}, ["text"]),
    ({"text": None}, ["text"]),
    ({"text": 1}, ["text"]),
    ({"text": ["x"]}, ["text"]),
    ({"text": "x" * 20_001}, ["text"]),
    ({"text": "a\x00b"}, ["text"]),
    ({"text": "a\x1bb"}, ["text"]),
    ({"text": "a\x85b"}, ["text"]),
    ({"text": "<script>alert(1)</script>", "format": "html"}, ["text"]),
    (GOOD | {"title": "x" * 10_000}, ["title"]),
    (GOOD | {"title": "two\nlines"}, ["title"]),
    (GOOD | {"title": ""}, ["title"]),
    (GOOD | {"title": "\x07"}, ["title"]),
    (GOOD | {"format": "bbcode"}, ["format"]),
    (GOOD | {"unknown": 1}, ["unknown"]),
    (GOOD | {"html": "<b>x</b>", "rev": 7}, ["html", "rev"]),
    (GOOD | {"time": "2026-11-22T08:16:52"}, ["time"]),
    (GOOD | {"time": "9999-01-01T00:00:00Z"}, ["time"]),
    (GOOD | {"time": "0001-01-01T00:00:00+14:00"}, ["time"]),
    (GOOD | {"time": "2026-02-30T00:00:00Z"}, ["time"]),
    (GOOD | {"time": "2026-11-22T24:61:00Z"}, ["time"]),
    (GOOD | {"time": 1_700_000_000}, ["time"]),
    (GOOD | {"time": "yesterday"}, ["time"]),
    (GOOD | {"tags": "one"}, ["tags"]),
    (GOOD | {"tags": [1]}, ["tags.0"]),
    (GOOD | {"tags": ["ok", ""]}, ["tags.1"]),
    (GOOD | {"tags": [str(n) for n in range(11)]}, ["tags"]),
    (GOOD | {"tags": ["x" * 51]}, ["tags.0"]),
    (GOOD | {"key": 1}, ["key"]),
    (GOOD | {"pinned": "true"}, ["pinned"]),
    (GOOD | {"breaking": None}, ["breaking"]),
    (GOOD | {"id": "a b"}, ["id"]),
    (GOOD | {"id": "x" * 65}, ["id"]),
    (GOOD | {"id": "@feed"}, ["id"]),
    (GOOD | {"id": "a\n"}, ["id"]),
    (GOOD | {"source": "x" * 501}, ["source"]),
    (GOOD | {"link": "https://example.org"}, ["link"]),
    (GOOD | {"link": {}}, ["link.url"]),
    (GOOD | {"link": {"url": "javascript:alert(1)"}}, ["link.url"]),
    (GOOD | {"link": {"url": "https://[", "label": "x"}}, ["link.url"]),
    (GOOD | {"link": {"url": "https://example.org/<script>"}}, ["link.url"]),
    (GOOD | {"image": {"url": "http://example.org/a.png"}}, ["image.url"]),
    (GOOD | {"image": {"url": "https://example.org/a.png", "width": 0}}, ["image.width"]),
    (GOOD | {"image": {"url": "https://example.org/a.png", "width": 1e30}}, ["image.width"]),
    (GOOD | {"image": {"url": "https://example.org/a.png", "height": True}}, ["image.height"]),
    (GOOD | {"author": {"name": "x"}}, ["author"]),
    (GOOD | {"title": "x" * 301, "tags": 1, "unknown": []}, ["title", "tags", "unknown"]),
]


@pytest.mark.parametrize(("body", "fields"), WRONG)
async def test_wrong_updates(
    client: httpx.AsyncClient, news: str, editor: Desk, body: dict[str, Any], fields: list[str]
) -> None:
    response = await client.post(UPDATES, content=orjson.dumps(body), headers=_json(editor))
    problem = assert_problem(response, 422, "invalid-input", *fields)
    assert all(field in problem["detail"] for field in fields)
    assert not (await client.get(UPDATES)).json()["updates"]


def _json(desk: Desk) -> dict[str, str]:
    return desk.headers | {"Content-Type": "application/json"}


async def test_a_body_too_large(client: httpx.AsyncClient, news: str, editor: Desk) -> None:
    response = await client.post(UPDATES, json={"text": "x" * 65_536}, headers=editor.headers)
    assert_problem(response, 413, "too-large")


async def test_another_media_type(client: httpx.AsyncClient, news: str, editor: Desk) -> None:
    response = await client.post(UPDATES, data={"text": "x"}, headers=editor.headers)
    assert_problem(response, 415, "unsupported-media-type")


async def test_html_that_grows_too_large(client: httpx.AsyncClient, news: str, editor: Desk) -> None:
    response = await client.post(UPDATES, json={"text": "<&" * 9_000}, headers=editor.headers)
    assert_problem(response, 422, "invalid-input", "text")


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
FIELDS = st.sampled_from(
    [*UpdateCreate.model_fields, "correction", "minor", "slug", "origins", "timezone", "lang"]
)
BODIES = st.dictionaries(FIELDS, JSON_VALUES, max_size=6) | JSON_VALUES
MANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@MANY
@given(BODIES)
async def test_no_body_is_too_strange(
    client: httpx.AsyncClient, update: str, admin: Desk, body: object
) -> None:
    try:
        content = orjson.dumps(body)
    except TypeError:  # a number or a half of a surrogate pair that JSON bytes cannot carry
        return
    for method, path in [
        ("POST", UPDATES),
        ("PATCH", at(update)),
        ("PATCH", "/v1/feeds/news"),
        ("POST", "/v1/feeds"),
        ("POST", "/v1/render"),
        ("POST", "/v1/session"),
    ]:
        response = await client.request(method, path, content=content, headers=_json(admin))
        assert response.status_code in (200, 201, 401, 409, 422), response.text


# Editing ----------------------------------------------------------------------------------------


async def test_editing(client: httpx.AsyncClient, update: str, editor: Desk) -> None:
    headers = editor.headers | {"Content-Type": "application/merge-patch+json"}
    response = await client.patch(at(update), content=b'{"text":"Second","tags":["a"]}', headers=headers)
    assert (response.status_code, response.headers["etag"]) == (200, '"2"')
    assert (response.json()["text"], response.json()["tags"]) == ("Second", ["a"])
    assert (await client.get(at(update))).content == response.content


async def test_a_patch_that_changes_nothing(client: httpx.AsyncClient, update: str, editor: Desk) -> None:
    response = await client.patch(at(update), json={}, headers=editor.headers)
    assert (response.status_code, response.headers["etag"]) == (200, '"1"')


@pytest.mark.parametrize("if_match", ['"1"', 'W/"1"', "*"])
async def test_the_revision_that_was_seen(
    client: httpx.AsyncClient, update: str, editor: Desk, if_match: str
) -> None:
    headers = editor.headers | {"If-Match": if_match}
    response = await client.patch(at(update), json={"text": "Second"}, headers=headers)
    assert response.headers["etag"] == '"2"'


@pytest.mark.parametrize("if_match", ['"2"', '"0"', '"abc"', '"99999999999999999999"'])
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_another_revision(
    client: httpx.AsyncClient, update: str, editor: Desk, method: str, if_match: str
) -> None:
    headers = editor.headers | {"If-Match": if_match}
    response = await client.request(method, at(update), json={"text": "Second"}, headers=headers)
    problem = assert_problem(response, 412, "revision-conflict")
    assert problem["current"] == (await client.get(at(update))).json()


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_a_revision_that_cannot_be_read(
    client: httpx.AsyncClient, update: str, editor: Desk, method: str
) -> None:
    headers = editor.headers | {"If-Match": "1"}
    response = await client.request(method, at(update), json={"text": "Second"}, headers=headers)
    assert_problem(response, 400, "bad-request")


@pytest.mark.parametrize(
    ("patch", "fields"),
    [
        ({"text": None}, ["text"]),
        ({"text": ""}, ["text"]),
        ({"rev": 7}, ["rev"]),
        ({"id": "x"}, ["id"]),
        ({"source": "x"}, ["source"]),
        ({"time": "9999-01-01T00:00:00Z"}, ["time"]),
        ({"link": {"label": "no address"}}, ["link.url"]),
        ({"title": "x" * 10_000}, ["title"]),
        ({"minor": "yes"}, ["minor"]),
    ],
)
async def test_wrong_patches(
    client: httpx.AsyncClient, update: str, editor: Desk, patch: dict[str, Any], fields: list[str]
) -> None:
    response = await client.patch(at(update), json=patch, headers=editor.headers)
    assert_problem(response, 422, "invalid-input", *fields)
    assert (await client.get(at(update))).json()["rev"] == 1


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
@pytest.mark.parametrize("update_id", ["nosuch", "%00", "x" * 65])
async def test_an_update_that_never_was(
    client: httpx.AsyncClient, news: str, editor: Desk, method: str, update_id: str
) -> None:
    response = await client.request(method, at(update_id), json={"text": "x"}, headers=editor.headers)
    assert_problem(response, 404, "update-not-found")


async def test_editing_what_was_deleted(client: httpx.AsyncClient, update: str, editor: Desk) -> None:
    await client.delete(at(update), headers=editor.headers)
    response = await client.patch(at(update), json={"text": "x"}, headers=editor.headers)
    assert_problem(response, 410, "update-gone")


# Deleting ---------------------------------------------------------------------------------------


async def test_deleting_is_repeatable(client: httpx.AsyncClient, update: str, editor: Desk) -> None:
    for _ in range(2):
        response = await client.delete(at(update), headers=editor.headers)
        assert (response.status_code, response.content) == (204, b"")
    assert_problem(await client.get(at(update)), 410, "update-gone")


async def test_deleting_works_when_redis_is_full(
    client: httpx.AsyncClient, update: str, editor: Desk, redis_server: RedisServer
) -> None:
    redis_server.fill()
    response = await client.post(UPDATES, json={"text": "x"}, headers=editor.headers)
    assert_problem(response, 503, "store-full")
    assert (await client.delete(at(update), headers=editor.headers)).status_code == 204


async def test_redis_away(
    client: httpx.AsyncClient, news: str, editor: Desk, redis_server: RedisServer
) -> None:
    redis_server.stop()
    try:
        response = await client.post(UPDATES, json={"text": "x"}, headers=editor.headers)
        assert_problem(response, 503, "store-unavailable")
    finally:
        redis_server.start()
    assert (await client.get(UPDATES)).json()["updates"] == []


# Revisions, rendering ---------------------------------------------------------------------------


async def test_revisions(client: httpx.AsyncClient, update: str, editor: Desk) -> None:
    await client.patch(at(update), json={"text": "Second"}, headers=editor.headers)
    response = await client.get(at(update) + "/revisions", headers=editor.headers)
    assert [revision["text"] for revision in response.json()["revisions"]] == ["First", "Second"]
    assert response.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in response.headers


async def test_revisions_are_for_editors(client: httpx.AsyncClient, update: str, contributor: Desk) -> None:
    assert_problem(await client.get(at(update) + "/revisions"), 401, "unauthenticated")
    response = await client.get(at(update) + "/revisions", headers=contributor.headers)
    assert_problem(response, 403, "forbidden")


async def test_no_revisions_of_what_was_deleted(client: httpx.AsyncClient, update: str, editor: Desk) -> None:
    await client.delete(at(update), headers=editor.headers)
    response = await client.get(at(update) + "/revisions", headers=editor.headers)
    assert_problem(response, 410, "update-gone")


@pytest.mark.parametrize("format_", ["markdown", "html"])
async def test_rendering_is_what_readers_will_get(
    client: httpx.AsyncClient, news: str, editor: Desk, format_: str
) -> None:
    said = {"text": "**A** <b>word</b>\n\nand [more](https://example.org)", "format": format_}
    rendered = (await client.post("/v1/render", json=said, headers=editor.headers)).json()
    published = (await client.post(UPDATES, json=said, headers=editor.headers)).json()
    assert rendered == {"html": published["html"], "headline": published["headline"]}


async def test_rendering_nothing(client: httpx.AsyncClient, editor: Desk) -> None:
    response = await client.post("/v1/render", json={"text": ""}, headers=editor.headers)
    assert_problem(response, 422, "invalid-input", "text")
    assert_problem(await client.post("/v1/render", json={"text": "x"}), 401, "unauthenticated")


# Feeds ------------------------------------------------------------------------------------------


async def test_creating_a_feed(client: httpx.AsyncClient, admin: Desk) -> None:
    said = {"slug": "cup", "timezone": "Europe/Kyiv", "origins": ["https://a.example"]}
    response = await client.post("/v1/feeds", json=said, headers=admin.headers)
    assert (response.status_code, response.headers["location"]) == (201, "/v1/feeds/cup")
    assert response.json()["title"] == "cup"
    again = await client.post("/v1/feeds", json=said, headers=admin.headers)
    assert_problem(again, 409, "feed-exists")


async def test_feeds_are_for_admins(client: httpx.AsyncClient, store: Store, news: str, editor: Desk) -> None:
    for method, path in [("POST", "/v1/feeds"), ("PATCH", "/v1/feeds/news"), ("DELETE", "/v1/feeds/news")]:
        response = await client.request(method, path, json={"slug": "cup"}, headers=editor.headers)
        assert_problem(response, 403, "forbidden")
    limited = Desk(await store.tokens.create("limited", "admin", ["news"]))
    response = await client.post("/v1/feeds", json={"slug": "cup"}, headers=limited.headers)
    assert_problem(response, 403, "forbidden")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["slug"]),
        ({"slug": "News"}, ["slug"]),
        ({"slug": ""}, ["slug"]),
        ({"slug": "a" * 65}, ["slug"]),
        ({"slug": "a\n"}, ["slug"]),
        ({"slug": "}{"}, ["slug"]),
        ({"slug": "é"}, ["slug"]),
        ({"slug": "ok", "timezone": "Mars/Olympus"}, ["timezone"]),
        ({"slug": "ok", "timezone": "../../etc/passwd"}, ["timezone"]),
        ({"slug": "ok", "timezone": ""}, ["timezone"]),
        ({"slug": "ok", "lang": "english please"}, ["lang"]),
        ({"slug": "ok", "status": "ajar"}, ["status"]),
        ({"slug": "ok", "origins": ["https://a.example/path"]}, ["origins.0"]),
        ({"slug": "ok", "origins": "*"}, ["origins"]),
        ({"slug": "ok", "origins": ["null"]}, ["origins.0"]),
        ({"slug": "ok", "origins": ["https://["]}, ["origins.0"]),
        ({"slug": "ok", "hold_s": 31}, ["hold_s"]),
        ({"slug": "ok", "hold_s": 1.5}, ["hold_s"]),
        ({"slug": "ok", "opened": "2026-11-22T08:16:52Z"}, ["opened"]),
        ({"slug": "ok", "title": "x" * 10_000}, ["title"]),
    ],
)
async def test_wrong_feeds(
    client: httpx.AsyncClient, admin: Desk, body: dict[str, Any], fields: list[str]
) -> None:
    response = await client.post("/v1/feeds", json=body, headers=admin.headers)
    assert_problem(response, 422, "invalid-input", *fields)


async def test_closing_and_reopening(client: httpx.AsyncClient, news: str, admin: Desk) -> None:
    closed = await client.patch("/v1/feeds/news", json={"status": "closed"}, headers=admin.headers)
    assert closed.json()["closed"] is not None
    opened = await client.patch("/v1/feeds/news", json={"status": "open"}, headers=admin.headers)
    assert opened.json()["closed"] is None


async def test_a_feed_keeps_its_slug(client: httpx.AsyncClient, news: str, admin: Desk) -> None:
    response = await client.patch("/v1/feeds/news", json={"slug": "olds"}, headers=admin.headers)
    assert_problem(response, 422, "invalid-input", "slug")


@pytest.mark.parametrize("query", ["", "?confirm=", "?confirm=yes", "?confirm=News"])
async def test_removing_asks_for_the_slug(
    client: httpx.AsyncClient, news: str, admin: Desk, query: str
) -> None:
    response = await client.delete(f"/v1/feeds/news{query}", headers=admin.headers)
    problem = assert_problem(response, 422, "invalid-input", "confirm")
    assert "?confirm=news" in problem["detail"]
    assert (await client.get("/v1/feeds/news")).status_code == 200


async def test_removing(client: httpx.AsyncClient, store: Store, update: str, admin: Desk) -> None:
    response = await client.delete("/v1/feeds/news?confirm=news", headers=admin.headers)
    assert (response.status_code, response.content) == (204, b"")
    assert_problem(await client.get(at(update)), 404, "feed-not-found")
    await store.feeds.create(FeedCreate(slug="news"))
    assert (await client.get(UPDATES)).json()["updates"] == []
