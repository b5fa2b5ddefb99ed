"""The outside of the answers: statuses, headers, bad input."""

from __future__ import annotations

import httpx
import pytest
import websockets

from tests.clients import SseClient
from tests.live import FEED, Serving
from tests.web.streams.support import (
    head,
    received,
    socket_url,
)

pytestmark = pytest.mark.anyio


async def polled(served: Serving, query: str, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(base_url=served.base) as http:
        return await http.get(f"/v1/feeds/{FEED}/changes{query}", headers=headers)


@pytest.mark.parametrize("wait", ["56", "-1", "1.5", "", "x", "٣", "100000"])
async def test_a_wait_that_is_none(served: Serving, wait: str) -> None:
    answer = await polled(served, f"?wait={wait}")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "wait")


@pytest.mark.parametrize("after", ["what", "", "e1:", "E1:1", "e1:01", "e1:99999999999999999"])
async def test_a_poll_with_a_malformed_position(served: Serving, after: str) -> None:
    answer = await polled(served, f"?after={after}")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


async def test_polls_may_be_shared_for_a_moment(served: Serving) -> None:
    answer = await polled(served, f"?after={await head(served)}&wait=0")
    assert "s-maxage=2" in answer.headers["cache-control"]
    again = await polled(
        served, f"?after={await head(served)}&wait=0", **{"if-none-match": answer.headers["etag"]}
    )
    assert again.status_code == 304


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_headers_of_a_stream(served: Serving, method: str) -> None:
    url = f"{served.base}/v1/feeds/{FEED}/events"
    async with httpx.AsyncClient() as http, http.stream(method, url) as answer:
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-accel-buffering"] == "no"
        assert answer.headers["access-control-allow-origin"] == "*"


async def test_last_event_id_goes_before_the_address(served: Serving) -> None:
    async with SseClient(served.base, FEED) as client:
        await client.until(lambda: client.messages, "the snapshot")
        client.first_after = "never:1"  # as EventSource, which comes back to the address it was given
        await client.drop()
        await client.until(lambda: len(client.of("sync")) == 2, "the sync")
        assert client.of("sync")[1]["recovered"]


async def test_a_site_that_may_not_use_the_feed(served: Serving) -> None:
    await served.open_feed("ours", origins=["https://ours.example"])
    foreign = {"Origin": "https://theirs.example"}
    async with httpx.AsyncClient(base_url=served.base, headers=foreign) as http:
        for path in ("events", "changes"):
            assert (await http.get(f"/v1/feeds/ours/{path}")).status_code == 403
    url = socket_url(served).replace(FEED, "ours")
    async with websockets.connect(url, additional_headers=foreign, proxy=None) as connection:
        assert [text async for text in received(connection)] == []
    assert connection.close_code == 4503
