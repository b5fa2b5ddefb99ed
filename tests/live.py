"""A hub, or a whole server on a real port, over a real Redis; and how to wait for things."""

from __future__ import annotations

import asyncio
import itertools
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from livefeed.app import create_app
from livefeed.core.models import FeedCreate, UpdateCreate
from livefeed.fanout.admission import Admission
from livefeed.fanout.http import BoundedHttp
from livefeed.fanout.hub import Hub
from livefeed.fanout.server import Server, bind
from livefeed.settings import Settings
from livefeed.store.store import Store

__all__ = ["FEED", "Live", "Serving", "eventually", "live_hub", "serving"]

FEED = "news"
DEADLINE_S = 30.0  # for what takes milliseconds, on a machine that has other things to do

_seconds = itertools.count()


async def eventually(condition: Callable[[], object], what: str, within_s: float = DEADLINE_S) -> None:
    """Wait until ``condition`` holds."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within_s
    while not condition():
        assert loop.time() < deadline, f"waited {within_s} s in vain for: {what}"
        await asyncio.sleep(0.005)


@dataclass
class Live:
    """A store and the hub over it."""

    store: Store
    hub: Hub

    async def open_feed(self, slug: str = FEED, **fields: Any) -> None:
        await self.store.feeds.create(FeedCreate(slug=slug, **fields))

    async def publish(self, text: str = "Hello", *, feed: str = FEED, **fields: Any) -> str:
        """Publish an update, shown a second later than the one before; returns its id."""
        time = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=next(_seconds))
        draft = UpdateCreate.model_validate({"text": text, "time": time.isoformat()} | fields)
        outcome = await self.store.updates.publish(feed, draft)
        return outcome.id

    async def edit(self, update_id: str, text: str, *, feed: str = FEED) -> None:
        await self.store.updates.edit(feed, update_id, {"text": text})

    async def delete(self, update_id: str, *, feed: str = FEED) -> None:
        await self.store.updates.delete(feed, update_id)

    async def close_feed(self, feed: str = FEED) -> None:
        await self.store.feeds.patch(feed, {"status": "closed"})

    async def caught_up(self, feed: str = FEED) -> None:
        """Wait until the hub has read everything that is in the log by now."""
        head = (await self.store.log(feed).attach()).reigns.head
        channel = await self.hub.channel(feed)
        await eventually(lambda: channel.head >= head, f"the hub to come to {head}")


@asynccontextmanager
async def live_hub(url: str, *, idle_s: float = 300.0, **settings: Any) -> AsyncIterator[Live]:
    made = Settings(redis_url=url, **settings)
    store = Store(url, made)
    hub = Hub(store, made, idle_s=idle_s)
    try:
        await hub.start()
        try:
            yield Live(store, hub)
        finally:
            await hub.close()
    finally:
        await store.close()


@dataclass
class Serving(Live):
    """The application, served on a port of its own by this process."""

    server: Server
    port: int
    admission: Admission

    @property
    def base(self) -> str:
        return f"{'https' if self.server.config.is_ssl else 'http'}://127.0.0.1:{self.port}"

    def drain(self) -> None:
        """What the first SIGTERM does."""
        self.server.handle_exit(signal.SIGTERM, None)


@asynccontextmanager
async def serving(url: str, *, takeover: bool = True, **settings: Any) -> AsyncIterator[Serving]:
    """``takeover``: as livefeed is served; else streams go through ASGI, as on any other server."""
    made = Settings(redis_url=url, **{"drain_s": 0.0} | settings)
    listeners = bind("127.0.0.1", 0)
    app = create_app(made)
    site = app.state.site
    server = Server(app, site.hub, made)
    if not takeover:
        server.config.http, server.config.ws = BoundedHttp, "websockets-sansio"
    task = asyncio.create_task(server.serve(listeners))
    try:
        await eventually(lambda: server.started or task.done(), "the server to start")
        yield Serving(site.store, site.hub, server, listeners[0].getsockname()[1], site.admission)
    finally:
        server.should_exit = True
        await task
