"""The whole application on a real port, with an open feed, both ways: streams taken over, or through ASGI."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.live import Serving, serving
from tests.redis_servers import RedisServer, newest_binary
from tests.web.streams.support import Serve, Way


@pytest.fixture(scope="module")
def shared_redis() -> Iterator[RedisServer]:
    with RedisServer(newest_binary()) as server:
        yield server


@pytest.fixture(params=["takeover", "asgi"])
def way(request: pytest.FixtureRequest) -> Way:
    """What readers see is the same."""
    found: Way = request.param
    return found


@pytest.fixture
def serve(shared_redis: RedisServer, way: Way) -> Serve:
    @asynccontextmanager
    async def serve(**settings: Any) -> AsyncIterator[Serving]:
        shared_redis.clear()
        made = {"ping_s": 0.2} | settings
        async with serving(shared_redis.url, takeover=way == "takeover", **made) as served:
            await served.open_feed()
            yield served

    return serve


@pytest.fixture
async def served(serve: Serve) -> AsyncIterator[Serving]:
    async with serve() as served:
        yield served
