"""One real Redis for all tests of a module, emptied for each, and a hub over it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.fanout.peers import disconnect_all
from tests.live import Live, live_hub
from tests.redis_servers import RedisServer, newest_binary


@pytest.fixture(scope="module")
def shared_redis() -> Iterator[RedisServer]:
    with RedisServer(newest_binary()) as server:
        yield server


@pytest.fixture
def redis_server(shared_redis: RedisServer) -> RedisServer:
    shared_redis.clear()
    return shared_redis


@pytest.fixture
async def live(redis_server: RedisServer) -> AsyncIterator[Live]:
    """A hub with one open feed."""
    async with live_hub(redis_server.url) as live:
        await live.open_feed()
        yield live


@pytest.fixture
async def nobody_left() -> AsyncIterator[None]:
    yield
    await disconnect_all()
