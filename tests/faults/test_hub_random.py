"""Changes, disconnections, restarts, fail-overs and losses in any order: in the end all see the same."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress

import pytest

from livefeed.errors import FeedExists, NotFound, StoreError, UpdateGone
from livefeed.fanout import joining, tail
from livefeed.store import reading
from tests.clients import TRANSPORTS, Client, fresh_page
from tests.live import FEED, Serving, serving
from tests.redis_proxy import RedisProxy, redis_proxy
from tests.redis_servers import RedisServer, free_port, newest_binary

pytestmark = pytest.mark.anyio

SEEDS = range(3)
STEPS = 60


class Chaos:
    """A server before a primary and a replica that takes its place now and then; readers; an editor."""

    def __init__(
        self,
        seed: int,
        served: Serving,
        proxy: RedisProxy,
        servers: tuple[RedisServer, RedisServer],
        clients: list[Client],
    ) -> None:
        self._random = random.Random(seed)
        self._served, self._proxy, self._clients = served, proxy, clients
        self._primary, self._other = servers
        self._ids: list[str] = []
        self._made = 0
        self._deeds: list[tuple[int, Callable[[], Awaitable[None]]]] = [
            (12, self.publish),
            (8, self.edit),
            (4, self.delete),
            (6, self.drop),
            (2, self.hold_reads),
            (3, self.release_reads),
            (1, self.restart),
            (1, self.fail_over),
            (1, self.flush),
        ]

    async def act(self) -> None:
        weights = [weight for weight, _ in self._deeds]
        ((_, deed),) = self._random.choices(self._deeds, weights)
        with suppress(StoreError, NotFound, UpdateGone):
            await deed()

    async def publish(self) -> None:
        self._made += 1
        pinned, key = self._random.random() < 0.2, self._random.random() < 0.3
        self._ids.append(await self._served.publish(f"new {self._made}", pinned=pinned, key=key))

    async def edit(self) -> None:
        self._made += 1
        if self._ids:
            await self._served.edit(self._random.choice(self._ids), f"edit {self._made}")

    async def delete(self) -> None:
        if self._ids:
            await self._served.delete(self._ids.pop(self._random.randrange(len(self._ids))))

    async def drop(self) -> None:
        await self._random.choice(self._clients).drop()

    async def hold_reads(self) -> None:
        self._proxy.hold_reads()

    async def release_reads(self) -> None:
        self._proxy.release_reads()

    async def restart(self) -> None:
        self._primary.kill()
        self._primary.start()

    async def fail_over(self) -> None:
        """The other server takes over, a few changes behind; the deposed one begins to follow it."""
        self._other.follow(self._primary)
        self._other.promote()
        for _ in range(self._random.randrange(3)):
            await self.publish()
        self._primary, self._other = self._other, self._primary
        await self._proxy.switch(self._primary)
        self._keep_what_is_there()

    async def flush(self) -> None:
        self._primary.client.flushall()
        await self._served.open_feed()
        self._keep_what_is_there()

    async def settle(self) -> None:
        """One more update, once Redis and the feed are there again."""
        while True:
            try:
                with suppress(FeedExists):
                    await self._served.open_feed()
                await self._served.publish("the last one")
                break
            except StoreError:
                await asyncio.sleep(0.05)

    def _keep_what_is_there(self) -> None:
        there = {key.decode() for key in self._primary.command("HKEYS", f"livefeed:{{{FEED}}}:updates")}
        self._ids = [update_id for update_id in self._ids if update_id in there]


async def sees_the_last_one(client: Client) -> None:
    """Who was told that there is no such feed (for a moment there was none) comes anew."""
    while "the last one" not in client.texts:
        await client.until(lambda: client.refusal or "the last one" in client.texts, "the last one")
        if client.refusal is not None:
            await client.leave()
            client.refusal = None
            client.come()


async def assert_converged(served: Serving, client: Client) -> None:
    head = (await served.store.log(FEED).attach()).reigns.head
    await client.until(lambda: client.reader.position and client.reader.position.offset == head, f"{head}")
    assert client.reader.page() == await fresh_page(served.base, FEED, client.reader.oldest)
    assert (client.gaps, client.duplicates) == (0, 0)


@pytest.mark.parametrize("seed", SEEDS)
async def test_all_converge(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "ATTACH_S", 0.2)
    monkeypatch.setattr(reading, "BLOCK_MS", 100)
    monkeypatch.setattr(joining, "WAIT_FOR_HUB_S", 0.2)
    binary = newest_binary()
    async with AsyncExitStack() as stack:
        servers = (
            stack.enter_context(RedisServer(binary, port=free_port())),
            stack.enter_context(RedisServer(binary, port=free_port())),
        )
        proxy = await stack.enter_async_context(redis_proxy(servers[0]))
        served = await stack.enter_async_context(serving(proxy.url, window_entries=10))
        await served.open_feed()
        clients = [
            await stack.enter_async_context(transport(served.base, FEED))
            for transport in [*TRANSPORTS.values()] * 2
        ]
        chaos = Chaos(seed, served, proxy, servers, clients)
        for _ in range(STEPS):
            await chaos.act()
        proxy.release_reads()
        await chaos.settle()
        for client in clients:
            await sees_the_last_one(client)
            await assert_converged(served, client)
