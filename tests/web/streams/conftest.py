"""The whole application on a real port, with one open feed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.live import Serving, serving
from tests.redis_servers import RedisServer, newest_binary


@pytest.fixture(scope="module")
def shared_redis() -> Iterator[RedisServer]:
    with RedisServer(newest_binary()) as server:
        yield server


@pytest.fixture
async def served(shared_redis: RedisServer) -> AsyncIterator[Serving]:
    shared_redis.clear()
    async with serving(shared_redis.url, ping_s=0.2) as served:
        await served.open_feed()
        yield served
