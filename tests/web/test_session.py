from __future__ import annotations

import asyncio

import httpx
import pytest

from livefeed.store.store import Store
from tests.web.asserting import assert_problem
from tests.web.conftest import BASE, Desk

SESSION = "/v1/session"


async def test_in_and_out(client: httpx.AsyncClient, news: str, editor: Desk) -> None:
    ours = {"Origin": BASE}
    signed_in = await client.post(SESSION, json={"token": editor.secret}, headers=ours)
    assert signed_in.status_code == 200
    session = signed_in.json().pop("session")
    assert signed_in.json() == {"name": "editor None", "role": "editor", "feeds": None, "session": session}
    assert session
    assert session not in signed_in.headers["set-cookie"]
    assert signed_in.headers["cache-control"] == "no-store"
    assert "HttpOnly" in signed_in.headers["set-cookie"]
    assert editor.secret not in signed_in.headers["set-cookie"]

    assert (await client.get(SESSION)).json() == signed_in.json()
    published = await client.post("/v1/feeds/news/updates", json={"text": "Hi"}, headers=ours)
    assert published.status_code == 201

    kept = dict(client.cookies)
    signed_out = await client.delete(SESSION, headers=ours)
    assert (signed_out.status_code, signed_out.content) == (204, b"")
    assert not client.cookies
    assert_problem(await client.get(SESSION), 401, "unauthenticated")
    # Not only forgotten by the browser: the session itself has ended.
    cookie = {"Cookie": f"livefeed_session={kept['livefeed_session']}"}
    assert_problem(await client.get(SESSION, headers=cookie), 401, "unauthenticated")


async def test_whose_token_it_is(client: httpx.AsyncClient, sports_editor: Desk) -> None:
    who = (await client.get(SESSION, headers=sports_editor.headers)).json()
    assert who == {"name": "editor ['sports']", "role": "editor", "feeds": ["sports"], "session": None}


async def test_a_wrong_token(client: httpx.AsyncClient) -> None:
    response = await client.post(SESSION, json={"token": "lf_wrong"})
    assert_problem(response, 401, "unauthenticated")
    assert "set-cookie" not in response.headers


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "token"), ({"token": 1}, "token"), ({"token": ""}, "token"), ({"token": "x" * 201}, "token")],
)
async def test_no_token(client: httpx.AsyncClient, body: dict[str, object], field: str) -> None:
    assert_problem(await client.post(SESSION, json=body), 422, "invalid-input", field)


async def test_no_other_site_signs_a_browser_in(client: httpx.AsyncClient, editor: Desk) -> None:
    headers = {"Origin": "https://evil.example"}
    response = await client.post(SESSION, json={"token": editor.secret}, headers=headers)
    assert_problem(response, 403, "forbidden")
    assert "set-cookie" not in response.headers


async def test_no_other_site_signs_an_editor_out(
    client: httpx.AsyncClient, store: Store, editor: Desk
) -> None:
    cookie = {"Cookie": f"livefeed_session={await store.sessions.open(editor.secret)}"}
    evil = cookie | {"Origin": "https://evil.example"}
    assert_problem(await client.delete(SESSION, headers=evil), 403, "forbidden")
    assert (await client.get(SESSION, headers=cookie)).status_code == 200


async def test_signing_out_twice(client: httpx.AsyncClient) -> None:
    response = await client.delete(SESSION)
    assert response.status_code == 204
    assert "Max-Age=0" in response.headers["set-cookie"]


async def test_an_old_session(client: httpx.AsyncClient, store: Store, editor: Desk) -> None:
    store.sessions._session_s = -1
    cookie = {"Cookie": f"livefeed_session={await store.sessions.open(editor.secret)}"}
    assert_problem(await client.get(SESSION, headers=cookie), 401, "unauthenticated")


async def test_an_invite_lets_in_once(client: httpx.AsyncClient, store: Store, news: str) -> None:
    invite, ours = (
        {"invite": (await store.invites.create("Ada", "editor", ["news"])).secret},
        {"Origin": BASE},
    )
    joined = await client.post("/v1/join", json=invite, headers=ours)
    assert [joined.json()[name] for name in ("name", "role", "feeds")] == ["Ada", "editor", ["news"]]
    assert (await client.get(SESSION)).json() == joined.json()
    client.cookies.clear()
    assert_problem(await client.post("/v1/join", json=invite, headers=ours), 401, "unauthenticated")


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example"])
async def test_only_our_own_page_redeems_an_invite(
    client: httpx.AsyncClient, store: Store, origin: str | None
) -> None:
    invite = {"invite": (await store.invites.create("Ada", "editor")).secret}
    headers = {} if origin is None else {"Origin": origin}
    assert_problem(await client.post("/v1/join", json=invite, headers=headers), 403, "forbidden")
    # It was not spent.
    assert (await client.post("/v1/join", json=invite, headers={"Origin": BASE})).status_code == 200


async def test_looking_at_an_invite_s_address_spends_nothing(client: httpx.AsyncClient, store: Store) -> None:
    """What scanners of mail and previews of chats do."""
    secret = (await store.invites.create("Ada", "editor")).secret
    for path in ("/v1/join", f"/v1/join?invite={secret}"):
        assert (await client.get(path)).status_code == 405
        assert (await client.head(path)).status_code == 405
    response = await client.post("/v1/join", json={"invite": secret}, headers={"Origin": BASE})
    assert response.status_code == 200


async def test_of_two_at_once_one_is_let_in(client: httpx.AsyncClient, store: Store) -> None:
    invite = {"invite": (await store.invites.create("Ada", "editor")).secret}
    both = [client.post("/v1/join", json=invite, headers={"Origin": BASE}) for _ in range(2)]
    assert sorted(response.status_code for response in await asyncio.gather(*both)) == [200, 401]
