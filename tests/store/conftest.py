"""A real server of every version there is, and a store on each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from livefeed.settings import Settings
from livefeed.store.store import Store
from tests.redis_servers import BINARIES, RedisServer, present


@pytest.fixture(scope="session", params=present(), ids="redis{}".format)
def shared_server(request: pytest.FixtureRequest) -> Iterator[RedisServer]:
    with RedisServer(BINARIES[request.param]) as server:
        yield server


@pytest.fixture
def redis_server(shared_server: RedisServer) -> RedisServer:
    """One server per version for all tests, emptied for each."""
    shared_server.clear()
    return shared_server


@pytest.fixture
async def store(redis_server: RedisServer) -> AsyncIterator[Store]:
    store = Store(redis_server.url, Settings())
    yield store
    await store.close()


@pytest.fixture(scope="session", params=present(), ids="redis{}".format)
def binary(request: pytest.FixtureRequest) -> Path:
    """For tests that need servers of their own, on every version."""
    return BINARIES[request.param]
