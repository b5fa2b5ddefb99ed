"""The application on a Redis of its own, asked without a network."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
from starlette.applications import Starlette

from livefeed.app import create_app
from livefeed.core.models import FeedCreate, UpdateCreate
from livefeed.settings import Settings
from livefeed.store.store import Store
from livefeed.web.site import Site
from tests.plain_http import plain_http
from tests.redis_servers import RedisServer

__all__ = ["ORIGIN", "Served", "served"]

ORIGIN = "https://live.example.org"


@dataclass
class Served:
    app: Starlette
    site: Site
    redis: RedisServer
    client: httpx.AsyncClient

    @property
    def store(self) -> Store:
        return self.site.store

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """Header names with ``_`` for ``-``."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.get(path, headers=named)

    async def feed(self, slug: str = "news", **fields: Any) -> None:
        await self.store.feeds.create(FeedCreate(slug=slug, **fields))

    async def publish(self, text: str = "Hello", *, feed: str = "news", **fields: Any) -> dict[str, Any]:
        draft = UpdateCreate.model_validate({"text": text, **fields})
        outcome = await self.store.updates.publish(feed, draft)
        update: dict[str, Any] = orjson.loads(outcome.update)
        return update


@asynccontextmanager
async def served(**settings: Any) -> AsyncIterator[Served]:
    """Without its lifespan: pages need no hub."""
    with RedisServer() as redis:
        app = create_app(Settings(redis_url=redis.url, **{"public_url": ORIGIN} | settings))
        transport = httpx.ASGITransport(app)
        async with plain_http(ORIGIN, transport=transport) as client:
            try:
                yield Served(app, app.state.site, redis, client)
            finally:
                await app.state.site.store.close()
