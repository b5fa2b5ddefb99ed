"""What the tests of the store share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest

from livefeed.core.models import FeedCreate, UpdateCreate
from livefeed.core.paging import PageQuery
from livefeed.errors import LivefeedError
from livefeed.settings import Settings
from livefeed.store.commit import Idempotency
from livefeed.store.store import Store
from livefeed.store.updates import Outcome
from tests.redis_servers import RedisServer

FEED = "news"


@asynccontextmanager
async def opened(url: str, **settings: Any) -> AsyncIterator[Store]:
    store = Store(url, Settings(**settings))
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def unchanged(server: RedisServer, *, refusal: type[LivefeedError]) -> AsyncIterator[None]:
    """What is done inside is refused, and has changed nothing at all."""
    before = server.contents()
    with pytest.raises(refusal):
        yield
    assert server.contents() == before


async def open_feed(store: Store, slug: str = FEED, **fields: Any) -> None:
    await store.feeds.create(FeedCreate(slug=slug, **fields))


async def publish(
    store: Store, text: str = "Hello", *, feed: str = FEED, idem: Idempotency | None = None, **fields: Any
) -> Outcome:
    return await store.updates.publish(feed, UpdateCreate(text=text, **fields), idempotency=idem)


def idempotency(key: str = "k1", request: bytes = b"{}", scope: str = "desk POST /updates") -> Idempotency:
    return Idempotency(scope, key, request)


async def read(store: Store, update_id: str, feed: str = FEED) -> dict[str, Any]:
    update: dict[str, Any] = orjson.loads(await store.updates.get(feed, update_id))
    return update


async def page(store: Store, query: PageQuery | None = None, feed: str = FEED) -> dict[str, Any]:
    got = await store.updates.page(feed, query or PageQuery())
    parsed: dict[str, Any] = orjson.loads(got.json())
    return parsed


def ids(page: dict[str, Any]) -> list[str]:
    return [update["id"] for update in page["updates"]]


async def assert_sound(store: Store, feed: str = FEED) -> None:
    assert await store.check(feed) == []
