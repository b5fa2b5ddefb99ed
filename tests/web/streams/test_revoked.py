"""Who may follow a draft or a desk no longer is told so at once, wherever that was decided."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import orjson
import pytest
import websockets

from livefeed.settings import Settings
from livefeed.store.store import Store
from tests.live import Serving
from tests.plain_http import plain_http
from tests.web.streams.support import received

pytestmark = pytest.mark.anyio

WITHIN_S = 5.0

End = Callable[[Store, str], Awaitable[None]]
"""What somebody else does, by another connection to Redis: given the id of the session."""


async def _end_session(store: Store, session: str) -> None:
    await store.sessions.end(session)


async def _revoke(store: Store, session: str) -> None:
    await store.tokens.revoke("ann")


ways_out = pytest.mark.parametrize("end", [_end_session, _revoke], ids=["session", "token"])


@pytest.fixture
async def draft(served: Serving) -> str:
    await served.open_feed("draft", status="draft")
    return "/v1/feeds/draft"


async def signed_in(served: Serving) -> tuple[dict[str, str], str]:
    """The headers of an editor's page, and the id of the session."""
    secret = await served.store.sessions.open(await served.store.tokens.create("ann", "editor"))
    session = (await served.store.sessions.check(secret)).session
    assert session is not None
    return {"Cookie": f"livefeed_session={secret}", "Origin": served.base}, session


@pytest.mark.parametrize("path", ["draft/socket", "news/desk/socket"])
@pytest.mark.usefixtures("draft")
async def test_a_socket_ends_when_the_time_of_its_session_is_up(served: Serving, path: str) -> None:
    served.store.sessions._session_s = 1
    headers, _ = await signed_in(served)
    url = served.base.replace("http", "ws") + f"/v1/feeds/{path}"
    async with websockets.connect(url, additional_headers=headers, proxy=None) as connection:
        async with asyncio.timeout(WITHIN_S):
            messages = [orjson.loads(text) async for text in received(connection)]
    assert (messages[0]["type"], messages[-1]["reason"]) == ("sync", "revoked")


async def from_elsewhere(served: Serving, end: End, session: str) -> None:
    url = served.store.connector.url
    store = Store(url, Settings(redis_url=url))
    try:
        await end(store, session)
    finally:
        await store.close()


@ways_out
@pytest.mark.parametrize(
    ("path", "refusal"), [("draft/socket", 4504), ("draft/desk/socket", 4505), ("news/desk/socket", 4505)]
)
@pytest.mark.usefixtures("draft")
async def test_a_socket(served: Serving, end: End, path: str, refusal: int) -> None:
    headers, session = await signed_in(served)
    url = served.base.replace("http", "ws") + f"/v1/feeds/{path}"
    async with websockets.connect(url, additional_headers=headers, proxy=None) as connection:
        assert orjson.loads(await connection.recv())["type"] == "sync"
        await from_elsewhere(served, end, session)
        async with asyncio.timeout(WITHIN_S):
            last = [orjson.loads(text) async for text in received(connection)][-1]
    assert last == {"type": "bye", "reason": "revoked", "retry": None}
    assert connection.close_code == 4501
    async with websockets.connect(url, additional_headers=headers, proxy=None) as connection:
        assert [text async for text in received(connection)] == []
    assert connection.close_code == refusal


@ways_out
@pytest.mark.parametrize(("path", "refusal"), [("draft/events", 404), ("news/desk/events", 401)])
@pytest.mark.usefixtures("draft")
async def test_events(served: Serving, end: End, path: str, refusal: int) -> None:
    headers, session = await signed_in(served)
    async with plain_http(served.base, headers=headers) as http:
        async with http.stream("GET", f"/v1/feeds/{path}") as response:
            lines = response.aiter_lines()
            assert await anext(lines) == "event: sync"
            await from_elsewhere(served, end, session)
            async with asyncio.timeout(WITHIN_S):
                rest = [line async for line in lines]
        assert '{"type":"bye","reason":"revoked","retry":null}' in " ".join(rest)
        assert (await http.get(f"/v1/feeds/{path}")).status_code == refusal


@ways_out
async def test_a_poll(served: Serving, draft: str, end: End) -> None:
    headers, session = await signed_in(served)
    position = (await served.store.log("draft").attach()).reigns.position
    async with plain_http(served.base, headers=headers, timeout=60) as http:
        poll = asyncio.create_task(http.get(f"{draft}/changes?wait=50&after={position}"))
        channel = await served.hub.channel("draft")
        while not channel.readers:
            await asyncio.sleep(0.01)
        await from_elsewhere(served, end, session)
        async with asyncio.timeout(WITHIN_S):
            assert (await poll).status_code == 404


async def test_another_session_of_the_same_person_goes_on(served: Serving, draft: str) -> None:
    headers, session = await signed_in(served)
    url = served.base.replace("http", "ws") + draft + "/socket"
    token = await served.store.sessions.check(headers["Cookie"].partition("=")[2])
    assert token.session == session
    secret = await served.store.tokens.create("ben", "editor")
    other = {"Authorization": f"Bearer {secret}"}
    async with (
        websockets.connect(url, additional_headers=headers, proxy=None) as lost,
        websockets.connect(url, additional_headers=other, proxy=None) as kept,
    ):
        await lost.recv()
        await kept.recv()
        await from_elsewhere(served, _end_session, session)
        async with asyncio.timeout(WITHIN_S):
            _ = [text async for text in received(lost)]
            await served.publish("Still here", feed="draft")
            assert "Still here" in str(await anext(received(kept)))
