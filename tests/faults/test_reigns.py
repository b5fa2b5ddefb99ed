"""Real processes that lose what they had: nobody keeps a lost update, nobody misses a new one.

At the level of the log: who stands at a position attaches, judges it, catches up or loads a page.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from anyio import to_thread

from livefeed.core import messages
from livefeed.core.models import FeedCreate, UpdateCreate
from livefeed.core.paging import PageQuery
from livefeed.core.position import Position, Verdict
from livefeed.core.reader import Next, Reader
from livefeed.settings import Settings
from livefeed.store.store import Store
from tests.redis_servers import BINARIES, RedisServer, free_port, present, replicated, wait_until

pytestmark = pytest.mark.anyio
FEED = "news"


@pytest.fixture(params=present(), ids="redis{}".format)
def binary(request: pytest.FixtureRequest) -> Path:
    return BINARIES[request.param]


@pytest.fixture
def server(binary: Path) -> Iterator[RedisServer]:
    with RedisServer(binary) as server:
        yield server


@asynccontextmanager
async def opened(server: RedisServer) -> AsyncIterator[Store]:
    store = Store(server.url, Settings())
    yield store
    await store.close()


async def open_feed(store: Store) -> None:
    await store.feeds.create(FeedCreate(slug=FEED))


async def publish(store: Store, *ids: str) -> None:
    for id_ in ids:
        await store.updates.publish(FEED, UpdateCreate(text=f"Text of {id_}", id=id_))


async def fresh(store: Store) -> dict[str, Any]:
    page: dict[str, Any] = orjson.loads((await store.updates.page(FEED, PageQuery(100))).json())
    return page


class Witness:
    """A reader with what it has seen."""

    def __init__(self) -> None:
        self.reader = Reader()

    @classmethod
    async def of(cls, store: Store) -> Witness:
        witness = cls()
        witness.reader.load(await fresh(store))
        return witness

    @property
    def position(self) -> Position:
        assert self.reader.position is not None
        return self.reader.position

    async def comes_back(self, store: Store) -> Verdict:
        """As the hub answers it; afterwards it must have what a fresh load gives."""
        missed = await store.log(FEED).after(self.position.offset, count=10_000)
        verdict = missed.reigns.judge(self.position)
        if verdict is Verdict.GOOD:
            for _, piece in messages.sync_pieces(missed.reigns.position, missed.entries):
                assert self.reader.apply(orjson.loads(piece)) is Next.GO_ON
        else:
            self.reader.load(await fresh(store))
        now = await fresh(store)
        assert self.reader.page() == {name: now[name] for name in ("feed", "updates", "pinned", "key")}
        assert str(self.position) == now["position"]
        assert await store.check(FEED) == []
        return verdict


async def in_step(primary: RedisServer, replica: RedisServer) -> None:
    def same() -> bool:
        return primary.contents() == replica.contents()

    await to_thread.run_sync(wait_until, same, "the replica to have everything")


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_a_restart_costs_nobody_a_snapshot_and_loses_nothing(server: RedisServer, end: str) -> None:
    async with opened(server) as store:
        await open_feed(store)
        early = await Witness.of(store)
        await publish(store, "a", "b")
        late = await Witness.of(store)
        before = await fresh(store)
        await to_thread.run_sync(server.stop if end == "stop" else server.kill)
        await to_thread.run_sync(server.start)
        assert (await fresh(store))["updates"] == before["updates"]
        await publish(store, "c")
        assert await early.comes_back(store) is Verdict.GOOD
        assert await late.comes_back(store) is Verdict.GOOD
        reigns = (await store.log(FEED).attach()).reigns
        assert [first for _, first in reigns.epochs] == [1, 4]


async def test_a_replica_is_promoted_with_the_tail_lost(binary: Path) -> None:
    with replicated(binary) as (primary, replica):
        async with opened(primary) as store:
            await open_feed(store)
            early = await Witness.of(store)
            await publish(store, "a", "b")
            last = await Witness.of(store)
            await in_step(primary, replica)
            replica.command("REPLICAOF", "127.0.0.1", free_port())
            lost = []
            for id_ in ("c", "d", "e"):
                await publish(store, id_)
                lost.append(await Witness.of(store))
            await store.updates.delete(FEED, "a")
            lost.append(await Witness.of(store))
            primary.kill()
        replica.promote()
        async with opened(replica) as store:
            # Before anything is new, and after the new has passed all that was lost.
            assert (await store.log(FEED).attach()).reigns.judge(lost[-1].position) is Verdict.BAD
            await publish(store, *"mnopqrst")
            assert (await store.log(FEED).attach()).reigns.head > lost[-1].position.offset
            assert await early.comes_back(store) is Verdict.GOOD
            assert await last.comes_back(store) is Verdict.GOOD
            for witness in lost:
                assert await witness.comes_back(store) is Verdict.BAD


async def test_a_primary_is_demoted_and_promoted_again(binary: Path) -> None:
    """It is the same process all the time, but no longer with the same history."""
    with replicated(binary) as (primary, replica):
        async with opened(primary) as store:
            await open_feed(store)
            await publish(store, "a")
            early = await Witness.of(store)
            await in_step(primary, replica)
            replica.command("REPLICAOF", "127.0.0.1", free_port())
            await publish(store, "b", "c")
            lost = await Witness.of(store)
            replica.promote()
            await to_thread.run_sync(primary.follow, replica)
            primary.promote()
            await publish(store, "m", "n", "o")
            assert await early.comes_back(store) is Verdict.GOOD
            assert await lost.comes_back(store) is Verdict.BAD


async def test_everything_is_flushed_and_the_feed_made_anew(server: RedisServer) -> None:
    async with opened(server) as store:
        await open_feed(store)
        first = await Witness.of(store)
        await publish(store, "a", "b")
        late = await Witness.of(store)
        server.command("FLUSHALL")
        await open_feed(store)
        assert (await store.log(FEED).attach()).reigns.judge(late.position) is Verdict.BAD
        await publish(store, "m", "n", "o", "p")
        assert await first.comes_back(store) is Verdict.BAD
        assert await late.comes_back(store) is Verdict.BAD


@pytest.mark.parametrize("times", [1, 2])
async def test_an_old_dump_is_restored(server: RedisServer, times: int) -> None:
    backup = server.folder / "backup"
    async with opened(server) as store:
        await open_feed(store)
        await publish(store, "a")
        early = await Witness.of(store)
        shutil.copytree(server.data, backup)
        lost = []
        for _ in range(times):
            await publish(store, "b", "c")
            lost.append(await Witness.of(store))
            await to_thread.run_sync(server.kill)
            shutil.rmtree(server.data)
            shutil.copytree(backup, server.data)
            await to_thread.run_sync(server.start)
        await publish(store, "m", "n", "o")
        assert await early.comes_back(store) is Verdict.GOOD
        for witness in lost:
            assert await witness.comes_back(store) is Verdict.BAD
