"""Server-sent events: headers, `Last-Event-ID`, and the 204 that ends them for good."""

from __future__ import annotations

import pytest

from tests.clients import SseClient
from tests.live import FEED, Serving
from tests.plain_http import plain_http
from tests.web.streams.support import (
    Serve,
    head,
)

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_headers_of_a_stream(served: Serving, method: str) -> None:
    url = f"{served.base}/v1/feeds/{FEED}/events"
    async with plain_http() as http, http.stream(method, url) as answer:
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


async def test_who_is_up_to_date_with_a_closed_feed_needs_no_stream(served: Serving) -> None:
    await served.publish("the last word")
    await served.close_feed()
    await served.caught_up()
    async with plain_http(served.base) as http:
        url = f"/v1/feeds/{FEED}/events"
        assert (await http.get(url, headers={"Last-Event-ID": await head(served)})).status_code == 204
        behind = await http.get(url, headers={"Last-Event-ID": await head(served, 1)})
        assert (behind.status_code, behind.text.count("event: sync")) == (200, 1)


async def test_who_is_far_behind_a_closed_feed_is_not_up_to_date(serve: Serve) -> None:
    """Below the window it is not known at once what was missed."""
    async with serve(window_entries=10) as served, plain_http() as http:
        for number in range(15):
            await served.publish(f"new {number}")
        await served.close_feed()
        await served.caught_up()
        headers = {"Last-Event-ID": await head(served, 2)}
        answer = await http.get(f"{served.base}/v1/feeds/{FEED}/events", headers=headers)
        assert (answer.status_code, answer.text.count('"op":"put"')) == (200, 14)
