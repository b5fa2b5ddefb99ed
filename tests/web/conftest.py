"""The JSON routes over a real Redis, asked without a port: their answers all end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import httpx
import pytest
from starlette.applications import Starlette

from livefeed.core.models import FeedCreate, Role
from livefeed.fanout.admission import Admission
from livefeed.fanout.hub import Hub
from livefeed.settings import Settings
from livefeed.store.store import Store
from livefeed.web import contract, openapi, ops
from livefeed.web.problems import exception_handlers
from livefeed.web.site import Site
from livefeed.web.static_tree import StaticTree
from livefeed.web.templating import Templates
from livefeed.web.words import read_languages
from tests.plain_http import plain_http
from tests.redis_servers import RedisServer
from tests.web.asserting import bearer

BASE = "http://testserver"


@dataclass(frozen=True)
class Desk:
    """Somebody with a token, and headers to say so."""

    secret: str

    @property
    def headers(self) -> dict[str, str]:
        return bearer(self.secret)


@pytest.fixture(scope="module")
def redis_server() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture
def settings(redis_server: RedisServer) -> Settings:
    redis_server.clear()
    return Settings(redis_url=redis_server.url)


@pytest.fixture
async def store(settings: Settings) -> AsyncIterator[Store]:
    assert settings.redis_url is not None
    store = Store(settings.redis_url, settings)
    yield store
    await store.close()


@pytest.fixture
def app(settings: Settings, store: Store) -> Starlette:
    routes = [*contract.routes, *openapi.routes, *ops.routes]
    app = Starlette(routes=routes, exception_handlers=exception_handlers)
    tree = StaticTree()
    templates = Templates(read_languages(tree))
    app.state.site = Site(settings, store, Hub(store, settings), tree, Admission(settings), templates)
    return app


@pytest.fixture
async def client(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with plain_http(BASE, transport=transport) as client:
        yield client


async def _desk(store: Store, role: Role, feeds: list[str] | None = None) -> Desk:
    return Desk(await store.tokens.create(f"{role} {feeds}", role, feeds))


@pytest.fixture
async def admin(store: Store) -> Desk:
    return await _desk(store, "admin")


@pytest.fixture
async def editor(store: Store) -> Desk:
    return await _desk(store, "editor")


@pytest.fixture
async def contributor(store: Store) -> Desk:
    return await _desk(store, "contributor")


@pytest.fixture
async def sports_editor(store: Store) -> Desk:
    """Limited to the feed ``sports``."""
    return await _desk(store, "editor", ["sports"])


@pytest.fixture
async def news(store: Store) -> str:
    """An open feed."""
    await store.feeds.create(FeedCreate(slug="news", title="News"))
    return "news"


@pytest.fixture
async def draft(store: Store) -> str:
    """A feed that readers do not know of yet."""
    await store.feeds.create(FeedCreate(slug="draft", status="draft"))
    return "draft"


@pytest.fixture
async def partners(store: Store) -> str:
    """A feed for one other site."""
    await store.feeds.create(FeedCreate(slug="partners", origins=["https://partner.example"]))
    return "partners"
