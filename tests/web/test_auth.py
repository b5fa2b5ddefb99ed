from __future__ import annotations

import httpx
import pytest
from pydantic import AnyHttpUrl
from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from starlette.responses import Response

from livefeed.errors import Forbidden
from livefeed.fanout.admission import Admission
from livefeed.fanout.hub import Hub
from livefeed.settings import Settings
from livefeed.store.store import Store
from livefeed.store.tokens import Token
from livefeed.web.auth import (
    authenticate,
    clear_session_cookie,
    cookie_name,
    permit,
    require,
    set_session_cookie,
    token_if_any,
)
from livefeed.web.site import Site
from livefeed.web.static_tree import StaticTree
from livefeed.web.templating import Templates
from livefeed.web.words import read_languages
from tests.web.asserting import assert_problem, bearer
from tests.web.conftest import BASE, Desk

HTTPS = Settings(public_url=AnyHttpUrl("https://live.example.org"))
UPDATES = "/v1/feeds/news/updates"


async def publish(client: httpx.AsyncClient, headers: dict[str, str]) -> httpx.Response:
    return await client.post(UPDATES, json={"text": "Hello"}, headers=headers)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_a_token(client: httpx.AsyncClient, news: str, editor: Desk, scheme: str) -> None:
    response = await publish(client, {"Authorization": f"{scheme}  {editor.secret} "})
    assert response.status_code == 201


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer lf_wrong",
        "Bearer é",
        "Bearer a b",
        f"Bearer {'x' * 5_000}",
        "Basic ZWRpdG9yOng=",
        "lf_wrong",
    ],
)
async def test_no_token_of_ours(client: httpx.AsyncClient, news: str, authorization: str) -> None:
    headers = httpx.Headers([(b"authorization", authorization.encode("latin-1"))])
    assert_problem(await client.post(UPDATES, headers=headers), 401, "unauthenticated")


async def test_two_authorization_headers(client: httpx.AsyncClient, news: str, editor: Desk) -> None:
    headers = [("Authorization", f"Bearer {editor.secret}")] * 2
    assert_problem(await client.post(UPDATES, headers=headers), 401, "unauthenticated")


async def test_a_revoked_token(client: httpx.AsyncClient, store: Store, news: str, editor: Desk) -> None:
    await store.tokens.revoke("editor None")
    assert_problem(await publish(client, editor.headers), 401, "unauthenticated")


async def test_too_small_a_role(client: httpx.AsyncClient, news: str, contributor: Desk) -> None:
    problem = assert_problem(await publish(client, contributor.headers), 403, "forbidden")
    assert "“editor”" in problem["detail"]


async def test_a_token_for_other_feeds(client: httpx.AsyncClient, news: str, sports_editor: Desk) -> None:
    problem = assert_problem(await publish(client, sports_editor.headers), 403, "forbidden")
    assert "limited to other feeds" in problem["detail"]


async def test_who_may_not_learns_nothing_of_the_body_s_faults(client: httpx.AsyncClient, news: str) -> None:
    assert_problem(await client.post(UPDATES, content=b"{"), 401, "unauthenticated")


# The cookie -------------------------------------------------------------------------------------


async def _signed_in(store: Store, desk: Desk) -> dict[str, str]:
    return {"Cookie": f"livefeed_session={await store.sessions.open(desk.secret)}"}


@pytest.mark.parametrize("origin", [BASE, "http://127.0.0.1:8000"])
async def test_a_write_from_our_own_page(
    client: httpx.AsyncClient, store: Store, news: str, editor: Desk, origin: str
) -> None:
    headers = await _signed_in(store, editor)
    assert (await publish(client, headers | {"Origin": origin})).status_code == 201


@pytest.mark.parametrize(
    "origin",
    [None, "null", "", "https://evil.example", "http://testserver:3000", "http://testserver.evil.example"],
)
async def test_a_write_with_the_cookie_from_elsewhere(
    client: httpx.AsyncClient, store: Store, news: str, editor: Desk, origin: str | None
) -> None:
    headers = await _signed_in(store, editor) | ({} if origin is None else {"Origin": origin})
    assert_problem(await publish(client, headers), 403, "forbidden")


async def test_a_write_with_a_token_may_come_from_anywhere(
    client: httpx.AsyncClient, store: Store, news: str, editor: Desk
) -> None:
    headers = await _signed_in(store, editor) | editor.headers | {"Origin": "https://evil.example"}
    assert (await publish(client, headers)).status_code == 201


async def test_a_proxy_s_own_password_does_not_hide_the_cookie(
    client: httpx.AsyncClient, store: Store, news: str, editor: Desk
) -> None:
    headers = await _signed_in(store, editor) | {"Origin": BASE, "Authorization": "Basic ZWRpdG9yOng="}
    assert (await publish(client, headers)).status_code == 201


async def test_a_session_that_is_none(client: httpx.AsyncClient, news: str) -> None:
    headers = {"Cookie": "livefeed_session=made-up", "Origin": BASE}
    assert_problem(await publish(client, headers), 401, "unauthenticated")


async def test_a_session_ends_with_its_token(
    client: httpx.AsyncClient, store: Store, news: str, editor: Desk
) -> None:
    headers = await _signed_in(store, editor) | {"Origin": BASE}
    await store.tokens.revoke("editor None")
    assert_problem(await publish(client, headers), 401, "unauthenticated")


def test_over_https_the_cookie_belongs_to_this_host_alone() -> None:
    response = Response()
    set_session_cookie(response, HTTPS, "abc")
    cookie = response.headers["set-cookie"]
    assert cookie.startswith("__Host-livefeed_session=abc; ")
    assert {"HttpOnly", "SameSite=strict", "Path=/", "Secure"} <= set(cookie.split("; "))
    assert "domain" not in cookie.lower()


def test_without_https_the_cookie_cannot_be_secure() -> None:
    response = Response()
    set_session_cookie(response, Settings(), "abc")
    cookie = response.headers["set-cookie"]
    assert cookie.startswith(f"{cookie_name(Settings())}=abc; ")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie


def test_clearing_the_cookie() -> None:
    response = Response()
    clear_session_cookie(response, HTTPS)
    assert "Max-Age=0" in response.headers["set-cookie"]
    assert "Secure" in response.headers["set-cookie"]  # or browsers refuse the prefix, and keep the cookie


# Parts ------------------------------------------------------------------------------------------


def _connection(
    app: Starlette, headers: dict[str, str], kind: str = "http", method: str = "GET"
) -> HTTPConnection:
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return HTTPConnection({"type": kind, "method": method, "path": "/", "headers": pairs, "app": app})


async def test_a_socket_with_the_cookie_needs_our_origin(app: Starlette, store: Store, editor: Desk) -> None:
    headers = await _signed_in(store, editor)
    with pytest.raises(Forbidden):
        await authenticate(_connection(app, headers, "websocket"))
    ours = {"Origin": BASE, "Host": "testserver"}
    assert (await authenticate(_connection(app, headers | ours, "websocket"))).role == "editor"


async def test_reading_with_the_cookie_needs_no_origin(app: Starlette, store: Store, editor: Desk) -> None:
    assert (await require(_connection(app, await _signed_in(store, editor)), "contributor")).role == "editor"


async def test_with_a_public_address_only_that_is_our_origin(store: Store, editor: Desk) -> None:
    app = Starlette()
    tree = StaticTree()
    templates = Templates(read_languages(tree))
    app.state.site = Site(HTTPS, store, Hub(store, HTTPS), tree, Admission(HTTPS), templates)
    cookie = f"__Host-livefeed_session={await store.sessions.open(editor.secret)}"
    elsewhere = {"Cookie": cookie, "Origin": "http://localhost:8000", "Host": "localhost:8000"}
    with pytest.raises(Forbidden, match="LIVEFEED_PUBLIC_URL"):
        await authenticate(_connection(app, elsewhere, method="POST"))
    ours = {"Cookie": cookie, "Origin": "https://live.example.org", "Host": "10.0.0.7:8000"}
    assert (await authenticate(_connection(app, ours, method="POST"))).role == "editor"


async def test_nobody_in_particular(app: Starlette, editor: Desk) -> None:
    assert await token_if_any(_connection(app, {})) is None
    assert await token_if_any(_connection(app, bearer("lf_wrong"))) is None
    assert await token_if_any(_connection(app, editor.headers)) is not None


@pytest.mark.parametrize(
    ("role", "feeds", "needed", "feed", "may"),
    [
        ("editor", None, "editor", "news", True),
        ("admin", None, "contributor", "news", True),
        ("contributor", None, "editor", None, False),
        ("editor", ("sports",), "editor", "news", False),
        ("editor", ("sports",), "editor", "sports", True),
        ("editor", ("sports",), "editor", None, True),
        ("editor", (), "editor", "news", False),
    ],
)
def test_what_a_token_may(
    role: str, feeds: tuple[str, ...] | None, needed: str, feed: str | None, may: bool
) -> None:
    token = Token("desk", role, feeds, "")  # type: ignore[arg-type]  # roles as plain strings
    if may:
        permit(token, needed, feed)  # type: ignore[arg-type]
    else:
        with pytest.raises(Forbidden):
            permit(token, needed, feed)  # type: ignore[arg-type]
