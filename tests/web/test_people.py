from __future__ import annotations

from typing import Any

import httpx
import pytest

from livefeed.store.invites import Invite
from livefeed.store.store import Store
from tests.web.asserting import assert_problem
from tests.web.conftest import BASE, Desk


@pytest.fixture
async def news_admin(store: Store, news: str) -> Desk:
    """An admin of the feed ``news`` alone."""
    return Desk(await store.tokens.create("news admin", "admin", ["news"]))


async def cookie_of(store: Store, desk: Desk, agent: str = "") -> dict[str, str]:
    return {"Cookie": f"livefeed_session={await store.sessions.open(desk.secret, agent)}", "Origin": BASE}


async def listed(client: httpx.AsyncClient, path: str, headers: dict[str, str]) -> list[dict[str, Any]]:
    response = await client.get(f"/v1/{path}", headers=headers)
    assert response.headers["cache-control"] == "no-store"
    found: list[dict[str, Any]] = response.json()[path]
    return found


# Sessions ---------------------------------------------------------------------------------------


async def test_everybody_sees_their_own_sessions(
    client: httpx.AsyncClient, store: Store, editor: Desk, contributor: Desk
) -> None:
    phone, laptop = await cookie_of(store, editor, "Phone"), await cookie_of(store, editor, "Laptop")
    await cookie_of(store, contributor)
    sessions = await listed(client, "sessions", phone)
    assert {(s["name"], s["role"], s["agent"], s["current"]) for s in sessions} == {
        ("editor None", "editor", "Phone", True),
        ("editor None", "editor", "Laptop", False),
    }
    assert all(session["began"] <= session["used"] for session in sessions)
    assert len(await listed(client, "sessions", editor.headers)) == 2  # by token: none is the current one
    who = (await client.get("/v1/session", headers=laptop)).json()
    assert who["session"] in {session["id"] for session in sessions}


async def test_an_admin_sees_everybody_s(
    client: httpx.AsyncClient, store: Store, admin: Desk, editor: Desk
) -> None:
    await cookie_of(store, editor)
    names = {session["name"] for session in await listed(client, "sessions", await cookie_of(store, admin))}
    assert names == {"admin None", "editor None"}


async def test_a_lost_phone(client: httpx.AsyncClient, store: Store, editor: Desk) -> None:
    phone, laptop = await cookie_of(store, editor, "Phone"), await cookie_of(store, editor)
    sessions = await listed(client, "sessions", laptop)
    lost = next(session["id"] for session in sessions if session["agent"] == "Phone")
    ended = await client.delete(f"/v1/sessions/{lost}", headers=laptop)
    assert (ended.status_code, ended.headers.get("set-cookie")) == (204, None)
    assert_problem(await client.get("/v1/session", headers=phone), 401, "unauthenticated")
    assert (await client.get("/v1/session", headers=laptop)).status_code == 200
    again = await client.delete(f"/v1/sessions/{lost}", headers=laptop)
    assert_problem(again, 404, "session-not-found")


async def test_ending_the_current_one_clears_its_cookie(
    client: httpx.AsyncClient, store: Store, editor: Desk
) -> None:
    headers = await cookie_of(store, editor)
    (session,) = await listed(client, "sessions", headers)
    ended = await client.delete(f"/v1/sessions/{session['id']}", headers=headers)
    assert "Max-Age=0" in ended.headers["set-cookie"]


async def test_nobody_ends_somebody_else_s(
    client: httpx.AsyncClient, store: Store, admin: Desk, editor: Desk, news_admin: Desk
) -> None:
    of_admin = await cookie_of(store, admin)
    (session,) = await listed(client, "sessions", of_admin)
    for other in (editor, news_admin):
        response = await client.delete(f"/v1/sessions/{session['id']}", headers=other.headers)
        assert_problem(response, 404, "session-not-found")
    assert (await client.get("/v1/session", headers=of_admin)).status_code == 200


async def test_another_site_ends_nothing(client: httpx.AsyncClient, store: Store, editor: Desk) -> None:
    headers = await cookie_of(store, editor)
    (session,) = await listed(client, "sessions", headers)
    evil = headers | {"Origin": "https://evil.example"}
    assert_problem(await client.delete(f"/v1/sessions/{session['id']}", headers=evil), 403, "forbidden")


# Tokens -----------------------------------------------------------------------------------------


async def test_tokens_and_people_are_listed_alike(
    client: httpx.AsyncClient, store: Store, admin: Desk
) -> None:
    await store.invites.redeem((await store.invites.create("Ada", "editor", ["news"])).secret)
    ada, me = await listed(client, "tokens", admin.headers)
    assert (ada["name"], ada["role"], ada["feeds"]) == ("Ada", "editor", ["news"])
    assert set(ada) == {"name", "role", "feeds", "created", "used"}
    assert me["used"] is not None


async def test_a_revoked_token_and_its_sessions_are_out(
    client: httpx.AsyncClient, store: Store, admin: Desk, editor: Desk
) -> None:
    session = await cookie_of(store, editor)
    assert (await client.delete("/v1/tokens/editor%20None", headers=admin.headers)).status_code == 204
    for headers in (session, editor.headers):
        assert_problem(await client.get("/v1/session", headers=headers), 401, "unauthenticated")
    assert await listed(client, "sessions", admin.headers) == []
    again = await client.delete("/v1/tokens/editor%20None", headers=admin.headers)
    assert_problem(again, 404, "token-not-found")


async def test_an_admin_of_a_feed_revokes_nobody_of_others(
    client: httpx.AsyncClient, store: Store, admin: Desk, sports_editor: Desk, news_admin: Desk
) -> None:
    assert [t["name"] for t in await listed(client, "tokens", news_admin.headers)] == ["news admin"]
    for name in ("admin None", "editor ['sports']"):
        response = await client.delete(f"/v1/tokens/{name}", headers=news_admin.headers)
        assert_problem(response, 404, "token-not-found")


# Invites ----------------------------------------------------------------------------------------


async def test_an_invite_is_a_link_with_the_secret_in_its_fragment(
    client: httpx.AsyncClient, store: Store, admin: Desk, news: str
) -> None:
    wanted = {"name": "Ada", "role": "editor", "feeds": ["news"]}
    made = await client.post("/v1/invites", json=wanted, headers=admin.headers)
    assert made.status_code == 201
    url = made.json().pop("url")
    address, _, secret = url.partition("#")
    assert address == "http://127.0.0.1:8000/desk/join"
    (open_,) = await listed(client, "invites", admin.headers)
    assert made.json() == open_ | {"url": url}
    assert wanted.items() <= open_.items()
    joined = await client.post("/v1/join", json={"invite": secret}, headers={"Origin": BASE})
    assert joined.json()["name"] == "Ada"
    client.cookies.clear()
    assert await listed(client, "invites", admin.headers) == []


async def test_who_is_in_is_invited_again_as_what_they_are(
    client: httpx.AsyncClient, store: Store, admin: Desk, news_admin: Desk, news: str
) -> None:
    await store.invites.redeem((await store.invites.create("Ada", "editor", ["news"])).secret)
    for who in (admin, news_admin):
        wanted = {"name": "Ada", "role": "admin", "feeds": ["news"]}
        again = await client.post("/v1/invites", json=wanted, headers=who.headers)
        assert (again.status_code, again.json()["role"], again.json()["feeds"]) == (201, "editor", ["news"])
    secret = again.json()["url"].partition("#")[2]
    joined = await client.post("/v1/join", json={"invite": secret}, headers={"Origin": BASE})
    assert [joined.json()[name] for name in ("name", "role", "feeds")] == ["Ada", "editor", ["news"]]


async def test_an_admin_of_a_feed_signs_nobody_in_who_may_more(
    client: httpx.AsyncClient, admin: Desk, news_admin: Desk, news: str
) -> None:
    wanted = {"name": "admin None", "role": "admin", "feeds": ["news"]}
    response = await client.post("/v1/invites", json=wanted, headers=news_admin.headers)
    assert_problem(response, 403, "forbidden")
    assert await listed(client, "invites", admin.headers) == []


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"role": "editor"}, "name"),
        ({"name": "a/b", "role": "editor"}, "name"),
        ({"name": "Ad\u202ea", "role": "editor"}, "name"),
        ({"name": " ", "role": "editor"}, "name"),
        ({"name": "x" * 101, "role": "editor"}, "name"),
        ({"name": "Ada", "role": "owner"}, "role"),
        ({"name": "Ada", "role": "editor", "feeds": []}, "feeds"),
        ({"name": "Ada", "role": "editor", "feeds": ["news", "nowhere"]}, "feeds.1"),
        ({"name": "Ada", "role": "editor", "feeds": ["../x"]}, "feeds.0"),
        ({"name": "Ada", "role": "editor", "admin": True}, "admin"),
    ],
)
async def test_no_invite(
    client: httpx.AsyncClient, admin: Desk, news: str, wanted: dict[str, Any], field: str
) -> None:
    response = await client.post("/v1/invites", json=wanted, headers=admin.headers)
    assert_problem(response, 422, "invalid-input", field)
    assert await listed(client, "invites", admin.headers) == []


@pytest.mark.parametrize("feeds", [None, ["sports"], ["news", "sports"]])
async def test_an_admin_of_a_feed_invites_for_that_feed_only(
    client: httpx.AsyncClient, news_admin: Desk, feeds: list[str] | None
) -> None:
    wanted = {"name": "Ada", "role": "contributor"} | ({} if feeds is None else {"feeds": feeds})
    problem = assert_problem(
        await client.post("/v1/invites", json=wanted, headers=news_admin.headers), 403, "forbidden"
    )
    assert "name some of news" in problem["detail"]
    own = await client.post("/v1/invites", json=wanted | {"feeds": ["news"]}, headers=news_admin.headers)
    assert own.status_code == 201


async def test_an_invite_of_more_than_one_has_is_out_of_reach(
    client: httpx.AsyncClient, store: Store, news_admin: Desk
) -> None:
    await store.invites.create("Ben", "editor")
    assert await listed(client, "invites", news_admin.headers) == []
    assert_problem(
        await client.delete("/v1/invites/Ben", headers=news_admin.headers), 404, "invite-not-found"
    )
    wanted = {"name": "Ben", "role": "editor", "feeds": ["news"]}
    response = await client.post("/v1/invites", json=wanted, headers=news_admin.headers)
    assert_problem(response, 403, "forbidden")
    assert [(i.name, i.feeds) for i in await store.invites.list()] == [("Ben", None)]


async def test_a_withdrawn_invite(client: httpx.AsyncClient, store: Store, admin: Desk) -> None:
    secret = (await store.invites.create("Ada", "editor")).secret
    assert (await client.delete("/v1/invites/Ada", headers=admin.headers)).status_code == 204
    joined = await client.post("/v1/join", json={"invite": secret}, headers={"Origin": BASE})
    assert_problem(joined, 401, "unauthenticated")
    assert_problem(await client.delete("/v1/invites/Ada", headers=admin.headers), 404, "invite-not-found")


@pytest.mark.parametrize("path", ["tokens", "invites"])
async def test_only_admins(client: httpx.AsyncClient, editor: Desk, path: str) -> None:
    assert_problem(await client.get(f"/v1/{path}", headers=editor.headers), 403, "forbidden")
    response = await client.delete(f"/v1/{path}/Ada", headers=editor.headers)
    assert_problem(response, 403, "forbidden")


def test_an_invite_has_no_secret_to_show() -> None:
    assert set(Invite.__slots__) == {"name", "role", "feeds", "until"}
