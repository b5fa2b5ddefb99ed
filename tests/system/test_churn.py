"""Five hundred random changes while ten readers come and go at random on all transports."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from contextlib import AsyncExitStack

import orjson
import pytest

from tests.clients import TRANSPORTS, Client, fresh_page
from tests.live import FEED, Serving, serving
from tests.redis_servers import RedisServer, newest_binary, wait_until

pytestmark = pytest.mark.anyio

CHANGES = 500
READERS = 10


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    with RedisServer(newest_binary()) as server:
        yield server


class Editor:
    """Publishes, edits and deletes at random; remembers every text that must be gone."""

    def __init__(self, live: Serving, seed: int) -> None:
        self._live, self._random = live, random.Random(seed)
        self._texts: dict[str, list[str]] = {}
        self.gone: list[str] = []
        self._made = 0

    async def act(self) -> None:
        chance = self._random.random()
        if chance < 0.5 or not self._texts:
            text = self._new_text()
            minute = self._random.randrange(60)  # shown times in any order, and equal ones
            update_id = await self._live.publish(
                text,
                time=f"2026-11-22T08:{minute:02d}:00Z",
                tags=["a"],
                key=self._flip(),
                pinned=self._flip(0.1),
            )
            self._texts[update_id] = [text]
        elif chance < 0.8:
            update_id = self._random.choice(list(self._texts))
            text = self._new_text()
            await self._live.store.updates.edit(FEED, update_id, {"text": text, "pinned": self._flip(0.1)})
            self._texts[update_id].append(text)
        else:
            update_id = self._random.choice(list(self._texts))
            await self._live.delete(update_id)
            self.gone += self._texts.pop(update_id)

    def _flip(self, chance: float = 0.2) -> bool:
        return self._random.random() < chance

    def _new_text(self) -> str:
        self._made += 1
        return f"secret-{self._made:05d}-{self._random.getrandbits(64):016x}"


async def come_and_go(client: Client, seed: int, done: asyncio.Event) -> int:
    """Cut a client off now and then until ``done``; returns how often."""
    chance, cuts = random.Random(seed), 0
    while not done.is_set():
        seen = len(client.messages) + chance.randrange(5, 60)
        while len(client.messages) < seen and not done.is_set():
            await asyncio.sleep(0.005)
        if not done.is_set():
            await client.drop()
            cuts += 1
    return cuts


async def test_every_reader_converges(redis_server: RedisServer) -> None:
    async with AsyncExitStack() as stack:
        live = await stack.enter_async_context(serving(redis_server.url, rewrite_s=0.1))
        await live.open_feed()
        kinds = list(TRANSPORTS.values())
        clients = [
            await stack.enter_async_context(kinds[number % len(kinds)](live.base, FEED))
            for number in range(READERS)
        ]
        done = asyncio.Event()
        cutting = [
            asyncio.create_task(come_and_go(client, seed, done)) for seed, client in enumerate(clients)
        ]
        editor = Editor(live, seed=2026)
        for _ in range(CHANGES):
            await editor.act()
        done.set()
        cuts = await asyncio.gather(*cutting)
        assert sum(cuts) > READERS

        assert await live.store.check(FEED) == []
        head = (await live.store.log(FEED).attach()).reigns.position
        for client, cut in zip(clients, cuts, strict=True):
            await client.comes_to(head)
            fresh = await fresh_page(live.base, FEED, client.reader.oldest)
            assert orjson.dumps(client.reader.page()) == orjson.dumps(fresh), client
            # A key list that ran short is loaded again, which the contract asks for; nothing else is.
            assert (client.gaps, client.duplicates, client.reconnects) == (0, 0, cut + client.refetches), (
                client
            )
        deleted_is_gone(redis_server, editor.gone)


def deleted_is_gone(server: RedisServer, texts: list[str]) -> None:
    """Deleted text is in no value, and in no file after the next rewrite."""
    assert len(texts) > 50

    def kept(where: bytes) -> list[str]:
        return [text for text in texts if text.encode() in where]

    assert kept(repr(server.contents()).encode()) == []
    wait_until(lambda: not kept(server.files()), "the files to be rewritten")
