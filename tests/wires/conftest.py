"""A real store on a Redis of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from livefeed.settings import Settings
from livefeed.store.embedded import EmbeddedRedis
from livefeed.store.store import Store


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = EmbeddedRedis(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server.url
    server.stop()


@pytest.fixture
async def store(redis_url: str) -> AsyncIterator[Store]:
    store = Store(redis_url, Settings())
    yield store
    await store.close()


@pytest.fixture
def samples() -> Path:
    return Path(__file__).parent / "samples"
