"""Who is at the desk: two people on two processes see each other come, edit, leave, and be gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import orjson
import pytest
import websockets

from livefeed.core.models import FeedCreate
from livefeed.settings import Settings
from livefeed.store.keys import FeedKeys
from livefeed.store.store import Store
from tests.plain_http import plain_http
from tests.redis_servers import RedisServer
from tests.serve_process import ServeProcess, serve_process
from tests.web.asserting import bearer

pytestmark = pytest.mark.anyio

WITHIN_S = 20.0
FEED = "/v1/feeds/news"


@pytest.fixture
async def store(shared_redis: RedisServer) -> AsyncIterator[Store]:
    shared_redis.clear()
    store = Store(shared_redis.url, Settings(redis_url=shared_redis.url))
    await store.feeds.create(FeedCreate(slug="news"))
    yield store
    await store.close()


class Desk:
    """Somebody's desk at one of the processes, by a socket or by server-sent events."""

    def __init__(self, process: ServeProcess, secret: str, key: str, transport: str) -> None:
        self.process, self.headers, self.key, self.transport = process, bearer(secret), key, transport
        self.people: list[tuple[str, str, str | None]] = []
        self.heard: list[Any] = []
        self._changed = asyncio.Event()

    async def say(self, **said: Any) -> None:
        async with plain_http(self.process.base) as http:
            answer = await http.post(f"{FEED}/presence", json={"key": self.key, **said}, headers=self.headers)
            assert answer.status_code == 204

    async def sees(self, *people: tuple[str, str, str | None]) -> None:
        async with asyncio.timeout(WITHIN_S):
            while self.people != list(people):
                self._changed.clear()
                await self._changed.wait()

    async def follow(self) -> None:
        async for text in self._texts():
            message = orjson.loads(text)
            self.heard.append(message)
            if message["type"] == "presence":
                self.people = [(at["name"], at["key"], at["editing"]) for at in message["people"]]
                self._changed.set()

    async def _texts(self) -> AsyncIterator[str]:
        if self.transport == "socket":
            url = f"ws://127.0.0.1:{self.process.port}{FEED}/desk/socket"
            async with websockets.connect(url, additional_headers=self.headers, proxy=None) as connection:
                async for text in connection:
                    yield str(text)
            return
        async with (
            plain_http(self.process.base, timeout=60) as http,
            http.stream("GET", f"{FEED}/desk/events", headers=self.headers) as response,
        ):
            async for line in response.aiter_lines():
                if line.startswith("data:"):
                    yield line.removeprefix("data:")


async def test_two_people_on_two_processes(store: Store, shared_redis: RedisServer, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        folders = [tmp_path / name for name in ("one", "other")]
        for folder in folders:
            folder.mkdir()
        one, other = [
            await stack.enter_async_context(serve_process(shared_redis.url, folder, ping_s=0.3))
            for folder in folders
        ]
        ann = Desk(one, await store.tokens.create("Ann", "editor"), "a1", "socket")
        ben = Desk(other, await store.tokens.create("Ben", "contributor"), "b1", "events")
        following = [asyncio.create_task(desk.follow()) for desk in (ann, ben)]
        try:
            await _come_edit_and_leave(ann, ben, shared_redis)
        finally:
            for task in following:
                task.cancel()
            ended = await asyncio.gather(*following, return_exceptions=True)
        assert all(isinstance(error, asyncio.CancelledError) for error in ended), ended
    for desk in (ann, ben):
        assert desk.heard[0]["type"] == "sync"  # before anything else
        assert {message["type"] for message in desk.heard} == {"sync", "presence", "ping"}
    # It is in no log.
    assert (await store.log("news", "desklog").newest(100)).entries == ()


async def _come_edit_and_leave(ann: Desk, ben: Desk, redis_server: RedisServer) -> None:
    await ann.say()
    await ben.sees(("Ann", "a1", None))
    await ben.say(editing="01k")
    for desk in (ann, ben):
        await desk.sees(("Ann", "a1", None), ("Ben", "b1", "01k"))
    await ann.say(editing="01m")
    await ben.sees(("Ann", "a1", "01m"), ("Ben", "b1", "01k"))
    await ben.say(leave=True)
    await ann.sees(("Ann", "a1", "01m"))
    # A laptop is closed: nothing is said any more, and half a minute goes by.
    redis_server.command("ZADD", FeedKeys("news").desk, 1_000, b'["Ann","a1","01m"]')
    for desk in (ann, ben):
        await desk.sees()


async def test_whoever_comes_late_is_told_with_the_first_pings(
    store: Store, shared_redis: RedisServer, tmp_path: Path
) -> None:
    async with serve_process(shared_redis.url, tmp_path, ping_s=0.3) as process:
        ann = Desk(process, await store.tokens.create("Ann", "editor"), "a1", "socket")
        await ann.say()
        following = asyncio.create_task(ann.follow())
        try:
            await ann.sees(("Ann", "a1", None))
            async with asyncio.timeout(WITHIN_S):
                while sum(message["type"] == "presence" for message in ann.heard) < 3:
                    await asyncio.sleep(0.01)
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
