from __future__ import annotations

import logging
import re
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from livefeed import errors
from livefeed.web.problems import (
    PROBLEM_NAMES,
    Problem,
    exception_handlers,
    problem_of,
    wants_html,
)
from tests.plain_http import plain_http
from tests.web.asserting import assert_problem

DOCS = Path(__file__).resolve().parents[2] / "docs/publishing.md"

CASES: list[tuple[Exception, int, str]] = [
    (errors.InvalidInput.of("title", "too long"), 422, "invalid-input"),
    (errors.BadPosition("no colon"), 400, "bad-position"),
    (errors.BadCursor("not ours"), 400, "bad-cursor"),
    (errors.NotFound("Nothing."), 404, "not-found"),
    (errors.FeedNotFound("news"), 404, "feed-not-found"),
    (errors.UpdateNotFound("news", "1"), 404, "update-not-found"),
    (errors.TokenNotFound("desk"), 404, "token-not-found"),
    (errors.ItemNotFound("news", "1"), 404, "item-not-found"),
    (errors.ItemGone("news", "1", "2026-11-22T08:16:52Z"), 410, "item-gone"),
    (errors.ItemExists("news", "1"), 409, "item-exists"),
    (errors.TooManyItems("news", 500), 409, "too-many-items"),
    (errors.WrongState("It is a draft."), 409, "wrong-state"),
    (errors.AlreadyPublished(b'{"id":"1","rev":3}'), 409, "already-published"),
    (errors.SessionNotFound("1a"), 404, "session-not-found"),
    (errors.InviteNotFound("Ada"), 404, "invite-not-found"),
    (errors.UpdateGone("news", "1", "2026-11-22T08:16:52Z"), 410, "update-gone"),
    (errors.Conflict("No."), 409, "conflict"),
    (errors.FeedExists("news"), 409, "feed-exists"),
    (errors.TooManyPinned("news", 100), 409, "too-many-pinned"),
    (errors.TokenExists("desk"), 409, "token-exists"),
    (errors.TooManyReaders("address", 30), 429, "too-many-readers"),
    (errors.ServerFull("total", 10), 503, "server-full"),
    (errors.NotReady(["Draining."]), 503, "not-ready"),
    (errors.FeedClosed("news"), 409, "feed-closed"),
    (errors.UpdateExists("news", "1"), 409, "update-exists"),
    (errors.RevisionConflict(b'{"id":"1","rev":3}'), 412, "revision-conflict"),
    (errors.IdempotencyMismatch(), 422, "idempotency-mismatch"),
    (errors.AccessError("No."), 403, "forbidden"),
    (errors.Unauthenticated(), 401, "unauthenticated"),
    (errors.Forbidden("No."), 403, "forbidden"),
    (errors.ForeignOrigin("No."), 403, "forbidden"),
    (errors.StoreError("WRONGTYPE of livefeed:{news}:log"), 503, "store-error"),
    (errors.StoreUnavailable("/secret/redis.sock refused"), 503, "store-unavailable"),
    (errors.StoreFull(), 503, "store-full"),
    (errors.StoreUnconfirmed(2, 1), 503, "store-unconfirmed"),
    (errors.StoreInconsistent("head"), 503, "store-error"),
    (errors.MediaUnavailable("the folder /secret is gone"), 503, "media-unavailable"),
    (errors.TooManyUploads(200, 60.0), 429, "too-many-uploads"),
    (HTTPException(400, "Bad."), 400, "bad-request"),
    (HTTPException(404), 404, "not-found"),
    (HTTPException(405, headers={"Allow": "POST, GET"}), 405, "method-not-allowed"),
    (HTTPException(408), 408, "too-slow"),
    (HTTPException(426), 426, "upgrade-required"),
    (HTTPException(413), 413, "too-large"),
    (HTTPException(415), 415, "unsupported-media-type"),
    (HTTPException(429), 429, "too-many-requests"),
    (RuntimeError("the password is swordfish"), 500, "internal-error"),
]


def client_for(error: Exception, *, html: bool = False) -> httpx.AsyncClient:
    async def fail(request: Request) -> Response:
        raise error

    app = Starlette(routes=[Route("/x", fail), Route("/v1/x", fail)], exception_handlers=exception_handlers)
    if html:
        app.state.error_page = _page
    return plain_http("http://testserver", transport=httpx.ASGITransport(app, raise_app_exceptions=False))


def _page(request: Request, problem: Problem) -> Response:
    return Response(f"<h1>{problem.title}</h1>", problem.status, media_type="text/html")


@pytest.mark.parametrize(("error", "status", "name"), CASES, ids=lambda case: type(case).__name__)
async def test_each_error_is_a_problem(error: Exception, status: int, name: str) -> None:
    async with client_for(error) as client:
        response = await client.get("/v1/x")
    if isinstance(error, HTTPException) and status == 429:  # of none of our own errors
        assert response.json()["type"] == "/problems/too-many-requests"
        return
    fields = [e.field for e in error.errors] if isinstance(error, errors.InvalidInput) else []
    assert_problem(response, status, name, *fields)


def test_every_error_of_ours_has_a_case() -> None:
    classes = {value for value in vars(errors).values() if isinstance(value, type)}
    wanted = {cls for cls in classes if issubclass(cls, errors.LivefeedError)}
    wanted -= {errors.LivefeedError, errors.StartupError}
    assert wanted == {type(error) for error, _, _ in CASES} & wanted
    assert {name for _, _, name in CASES} >= PROBLEM_NAMES


def test_every_type_is_documented() -> None:
    documented = set(re.findall(r"^\| `/problems/([a-z-]+)`", DOCS.read_text("utf-8"), re.MULTILINE))
    assert documented == PROBLEM_NAMES


async def test_what_nobody_expected_is_not_shown() -> None:
    async with client_for(RuntimeError("the password is swordfish")) as client:
        response = await client.get("/v1/x")
    assert "swordfish" not in response.text


async def test_where_redis_is_stays_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        async with client_for(errors.StoreUnavailable("/secret/redis.sock refused")) as client:
            response = await client.get("/v1/x")
    assert "secret" not in response.text
    assert "/secret/redis.sock" in caplog.text


async def test_a_revision_conflict_carries_the_current_update() -> None:
    async with client_for(errors.RevisionConflict(b'{"id":"1","rev":3}')) as client:
        problem = (await client.get("/v1/x")).json()
    assert problem["current"] == {"id": "1", "rev": 3}


async def test_who_is_too_many_is_told_when_to_come_back() -> None:
    async with client_for(errors.TooManyReaders("address", 30)) as client:
        times = {int((await client.get("/v1/x")).headers["retry-after"]) for _ in range(20)}
    assert times <= set(range(15, 46))
    assert len(times) > 1


async def test_405_says_what_is_allowed() -> None:
    async with client_for(RuntimeError()) as client:
        response = await client.post("/v1/x")
    assert_problem(response, 405, "method-not-allowed")
    assert response.headers["allow"] == "GET, HEAD"


async def test_no_such_address() -> None:
    async with client_for(RuntimeError()) as client:
        assert_problem(await client.get("/v1/nowhere"), 404, "not-found")


def test_an_answer_about_wrong_input_stays_small() -> None:
    many = errors.InvalidInput([errors.FieldError("x" * 60_000, "wrong") for _ in range(10_000)])
    assert len(problem_of(many).json()) < 20_000


BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("path", "accept", "html"),
    [
        ("/feeds/news", BROWSER, True),
        ("/feeds/news", "*/*", False),
        ("/feeds/news", "", False),
        ("/feeds/news", "application/json, text/html;q=0.5", False),
        ("/feeds/news", "text/html;q=0", False),
        ("/feeds/news", "text/html;q=much", False),
        ("/v1", BROWSER, False),
        ("/v1/feeds", BROWSER, False),
        ("/v1x", BROWSER, True),
    ],
)
def test_who_gets_a_page(path: str, accept: str, html: bool) -> None:
    scope = {"type": "http", "method": "GET", "path": path, "headers": [(b"accept", accept.encode())]}
    assert wants_html(Request(scope)) is html


async def test_a_page_is_made_by_whoever_registered_for_it() -> None:
    async with client_for(errors.FeedNotFound("x"), html=True) as client:
        page = await client.get("/x", headers={"Accept": BROWSER})
        json = await client.get("/v1/x", headers={"Accept": BROWSER})
    assert page.status_code == 404
    assert page.text == "<h1>There is no such feed</h1>"
    assert page.headers["cache-control"] == "no-store"
    assert_problem(json, 404, "feed-not-found")


async def test_a_page_of_an_unexpected_error() -> None:
    async with client_for(RuntimeError("swordfish"), html=True) as client:
        page = await client.get("/x", headers={"Accept": BROWSER})
    assert page.status_code == 500
    assert "swordfish" not in page.text
