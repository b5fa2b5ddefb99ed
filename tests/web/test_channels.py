"""Who may follow a feed: drafts for those with a token, other sites where the feed's origins say so."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest
import websockets

from tests.clients import TRANSPORTS, Client
from tests.live import FEED, Serving, eventually
from tests.plain_http import plain_http
from tests.web.streams.conftest import serve, served, shared_redis, way
from tests.web.streams.support import received

__all__ = ["serve", "served", "shared_redis", "way"]  # fixtures

pytestmark = pytest.mark.anyio


async def editor_of(served: Serving, *feeds: str) -> dict[str, str]:
    secret = await served.store.tokens.create("ed", "editor", list(feeds) or None)
    return {"Authorization": f"Bearer {secret}"}


async def first_message(served: Serving, transport: str, headers: dict[str, str]) -> dict[str, Any] | int:
    """The first message, or the status or close code that refused it."""
    path = f"/v1/feeds/{FEED}"
    if transport == "websocket":
        url = f"ws://127.0.0.1:{served.port}{path}/socket"
        async with websockets.connect(url, additional_headers=headers, proxy=None) as connection:
            try:
                parsed: dict[str, Any] = orjson.loads(await connection.recv())
                return parsed
            except websockets.ConnectionClosed:
                return connection.close_code or 0
    async with plain_http(served.base, headers=headers) as http:
        where = "changes?wait=0" if transport == "poll" else "events"
        async with http.stream("GET", f"{path}/{where}") as answer:
            if answer.status_code != 200:
                return answer.status_code
            async for line in answer.aiter_lines():
                if line.startswith(("data: ", "{")):
                    return dict(orjson.loads(line.removeprefix("data: ")))
    raise AssertionError("nothing came")


REFUSED = {"websocket": 4504, "sse": 404, "poll": 404}
every_transport = pytest.mark.parametrize("transport", REFUSED)


@every_transport
async def test_a_draft_is_for_those_with_a_token(served: Serving, transport: str) -> None:
    await served.store.feeds.patch(FEED, {"status": "draft"})
    await served.caught_up()
    assert await first_message(served, transport, {}) == REFUSED[transport]
    assert await first_message(served, transport, await editor_of(served, "other")) == REFUSED[transport]
    await served.store.tokens.revoke("ed")
    got = await first_message(served, transport, await editor_of(served, FEED))
    assert isinstance(got, dict)
    assert got["snapshot"]["feed"]["status"] == "draft"


@every_transport
async def test_a_site_that_is_not_listed(served: Serving, transport: str) -> None:
    await served.store.feeds.patch(FEED, {"origins": ["https://partner.example"]})
    await served.caught_up()
    refused = 4503 if transport == "websocket" else 403
    assert await first_message(served, transport, {"Origin": "https://other.example"}) == refused
    assert await first_message(served, transport, {"Origin": "null"}) == refused
    assert isinstance(await first_message(served, transport, {"Origin": "https://partner.example"}), dict)
    assert isinstance(await first_message(served, transport, {"Origin": served.base}), dict)


@pytest.mark.parametrize("path", ["events", "changes"])
async def test_a_preflight_is_answered(served: Serving, path: str) -> None:
    async with plain_http(served.base) as http:
        answer = await http.options(f"/v1/feeds/{FEED}/{path}", headers={"Origin": "https://other.example"})
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "Last-Event-ID" in answer.headers["access-control-allow-headers"]


@pytest.mark.parametrize("transport", [TRANSPORTS["websocket"], TRANSPORTS["sse"]])
async def test_a_feed_that_becomes_a_draft_sends_its_readers_away_at_once(
    served: Serving, transport: type[Client]
) -> None:
    async with transport(served.base, FEED) as client:
        await client.until(lambda: client.messages, "the first sync")
        await served.store.feeds.patch(FEED, {"status": "draft"})
        await served.publish("Not for readers")
        await client.until(lambda: client.told_to_stay_away, "a bye")
        assert client.of("bye")[-1]["reason"] == "closed"
        assert "Not for readers" not in str(client.messages)


@pytest.mark.parametrize("transport", ["websocket", "sse"])
async def test_a_revoked_token_ends_its_streams_of_drafts(served: Serving, transport: str) -> None:
    await served.store.feeds.patch(FEED, {"status": "draft"})
    await served.caught_up()
    headers = await editor_of(served)
    reading = asyncio.create_task(all_messages(served, transport, headers))
    await eventually(lambda: served.hub.statistics()["readers"] == 1, "the stream")
    await served.store.tokens.revoke("ed")
    messages = await asyncio.wait_for(reading, 30)
    assert (messages[-1]["type"], messages[-1]["reason"], messages[-1]["retry"]) == ("bye", "revoked", None)


async def all_messages(served: Serving, transport: str, headers: dict[str, str]) -> list[dict[str, Any]]:
    """Everything until the stream ends."""
    path = f"/v1/feeds/{FEED}"
    if transport == "websocket":
        url = f"ws://127.0.0.1:{served.port}{path}/socket"
        async with websockets.connect(url, additional_headers=headers, proxy=None) as connection:
            got = [orjson.loads(text) async for text in received(connection)]
            assert connection.close_code == 4501
            return got
    async with plain_http(served.base, headers=headers, timeout=None) as http:
        text = (await http.get(f"{path}/events")).text
        return [orjson.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]


async def test_a_revoked_token_ends_its_poll_of_a_draft(served: Serving) -> None:
    await served.store.feeds.patch(FEED, {"status": "draft"})
    await served.caught_up()
    position = (await served.store.log(FEED).attach()).reigns.position
    async with plain_http(served.base, headers=await editor_of(served), timeout=30) as http:
        url = f"/v1/feeds/{FEED}/changes?wait=15&after={position}"
        polling = asyncio.create_task(http.get(url))
        await eventually(lambda: served.hub.statistics()["readers"] == 1, "the poll")
        await served.store.tokens.revoke("ed")
        assert (await polling).status_code == 404
