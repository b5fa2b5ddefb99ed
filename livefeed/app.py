"""The application: wires the store to the hub to the web."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from livefeed.errors import StartupError
from livefeed.fanout.admission import Admission
from livefeed.fanout.hub import Hub
from livefeed.fanout.releaser import Releaser
from livefeed.settings import Settings, load_settings
from livefeed.store.store import Store
from livefeed.web import (
    builder,
    contract,
    desk,
    embed,
    images,
    oembed,
    openapi,
    ops,
    pages,
    problems,
    sitemap,
    static,
    streams,
    syndication,
)
from livefeed.web.html import error_page
from livefeed.web.proxies import BehindProxies
from livefeed.web.site import Site
from livefeed.web.static_tree import StaticTree
from livefeed.web.templating import Templates
from livefeed.web.words import read_languages

__all__ = ["create_app", "read_files"]


class _Application(Starlette):
    """Starlette, but for the readers' WebSockets, which may come by the thousand in a second.

    For these its layers of routing and error handling are a fifth of the work, and nothing in them is
    used: the endpoint answers every error itself.
    """

    front: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.front(scope, receive, send)

    async def dispatch(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and (path := streams.SOCKET_PATH.fullmatch(scope["path"])):
            scope["app"], scope["path_params"] = self, path.groupdict()
            await streams.socket(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def read_files(settings: Settings) -> tuple[StaticTree, Templates]:
    """Our static files, and the templates: ours and the operator's.

    Raises:
        StartupError: a file of ours is missing or broken, or a template of the operator cannot work.
    """
    tree = StaticTree()
    return tree, Templates(read_languages(tree), settings.templates_dir)


def create_app(settings: Settings | None = None) -> Starlette:
    """The ASGI application, for Redis at ``settings.redis_url`` (``LIVEFEED_REDIS_URL``).

    Raises:
        StartupError: there is no address of a Redis, it cannot be understood, or as :func:`read_files`.
    """
    settings = settings or load_settings()
    if settings.redis_url is None:
        raise StartupError(
            "LIVEFEED_REDIS_URL is not set: name a Redis, or let `livefeed serve` run its own."
        )
    store = Store(settings.redis_url, settings)
    tree, templates = read_files(settings)
    releaser = Releaser(store.outgoing)
    site = Site(settings, store, Hub(store, settings), tree, Admission(settings), templates)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await store.check_version()
        await site.hub.start()
        releaser.start()
        store.sweeper.start()
        try:
            yield
        finally:
            await asyncio.gather(releaser.close(), site.hub.close())
            await store.close()

    routes: list[BaseRoute] = [
        route
        for module in (
            streams,
            contract,
            openapi,
            ops,
            sitemap,
            pages,
            syndication,
            builder,
            embed,
            oembed,
            images,
            desk,
            static,
        )
        for route in module.routes
    ]
    app = _Application(routes=routes, exception_handlers=problems.exception_handlers, lifespan=lifespan)
    app.front = BehindProxies(app.dispatch, settings.proxies) if settings.proxies else app.dispatch
    app.router.redirect_slashes = False  # it would redirect to whatever Host says
    app.state.site, app.state.error_page = site, error_page
    return app
