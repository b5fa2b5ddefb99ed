"""The long poll: bad input, caching, Redis away."""

from __future__ import annotations

import httpx
import pytest

from tests.live import FEED, Serving
from tests.plain_http import plain_http
from tests.redis_servers import RedisServer
from tests.web.streams.support import (
    Way,
    head,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
def way() -> Way:
    return "takeover"  # polls are never taken over


async def polled(served: Serving, query: str, **headers: str) -> httpx.Response:
    async with plain_http(served.base) as http:
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


async def test_redis_away_for_polls(served: Serving, shared_redis: RedisServer) -> None:
    await served.hub.channel(FEED)
    good = await head(served)
    shared_redis.stop()
    try:
        async with plain_http(served.base) as http:
            answer = await http.get(f"/v1/feeds/{FEED}/changes?after={good}&wait=0")
            assert (answer.status_code, answer.json()["recovered"]) == (200, True)
            answer = await http.get(f"/v1/feeds/{FEED}/changes")
            assert answer.status_code == 503
            assert "retry-after" in answer.headers
    finally:
        shared_redis.start()
