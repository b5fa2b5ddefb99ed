from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from anyio import to_thread

from livefeed.errors import StoreUnavailable
from livefeed.store import reading
from livefeed.store.client import BLOCK_MS
from livefeed.store.reading import BlockedReader
from livefeed.store.store import Store
from tests.redis_servers import BUNDLED, RedisServer, wait_until
from tests.store.support import FEED, open_feed, opened, publish

pytestmark = pytest.mark.anyio


@pytest.fixture
async def reader(store: Store) -> AsyncIterator[BlockedReader]:
    await open_feed(store)
    await open_feed(store, "other")
    reader = store.blocked_reader()
    yield reader
    await reader.close()


def keys(store: Store) -> list[str]:
    return [store.log(FEED).key, store.log("other").key]


async def blocked(server: RedisServer, count: int = 1) -> None:
    """Wait until that many clients block in a read."""

    def is_so() -> bool:
        return bool(server.info("clients")["blocked_clients"] == count)

    await to_thread.run_sync(wait_until, is_so, "a blocked reader")


async def test_what_is_there_is_read_at_once(store: Store, reader: BlockedReader) -> None:
    await publish(store)
    rows = await reader.read(dict.fromkeys(keys(store), "0-0"))
    assert {key: [id_ for id_, _ in entries] for key, entries in rows} == {
        keys(store)[0]: [b"1-0", b"2-0"],
        keys(store)[1]: [b"1-0"],
    }


async def test_what_comes_ends_the_wait(
    store: Store, reader: BlockedReader, redis_server: RedisServer
) -> None:
    waiting = asyncio.create_task(reader.read(dict.fromkeys(keys(store), "1-0")))
    await blocked(redis_server)
    await publish(store, feed="other")
    ((key, entries),) = await asyncio.wait_for(waiting, 30)
    assert (key, [id_ for id_, _ in entries]) == (keys(store)[1], [b"2-0"])


async def test_the_wait_is_bounded(
    store: Store, reader: BlockedReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual_s = BLOCK_MS / 1000
    monkeypatch.setattr(reading, "BLOCK_MS", 20)
    begin = time.monotonic()
    assert await reader.read({keys(store)[0]: "1-0"}) == []
    assert time.monotonic() - begin < usual_s


async def test_it_can_be_unblocked(
    store: Store, reader: BlockedReader, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BLOCK_MS", 60_000)  # longer than it waits for any answer
    await reader.unblock()  # nobody waits yet: nothing happens
    for _ in range(2):
        waiting = asyncio.create_task(reader.read({keys(store)[0]: "1-0"}))
        await blocked(redis_server)
        await reader.unblock()
        assert await waiting == []
    await publish(store)
    assert len(await reader.read({keys(store)[0]: "1-0"})) == 1


async def test_a_server_that_goes_away_is_told_and_found_again() -> None:
    with RedisServer(BUNDLED) as server:
        async with opened(server.url) as store:
            await open_feed(store)
            reader = store.blocked_reader()
            waiting = asyncio.create_task(reader.read({store.log(FEED).key: "1-0"}))
            await blocked(server)
            await to_thread.run_sync(server.kill)
            with pytest.raises(StoreUnavailable):
                await waiting
            with pytest.raises(StoreUnavailable):
                await reader.read({store.log(FEED).key: "1-0"})
            await to_thread.run_sync(server.start)
            await publish(store)
            assert len(await reader.read({store.log(FEED).key: "1-0"})) == 1
            await reader.close()


async def test_a_flush_under_a_blocked_reader(
    store: Store, reader: BlockedReader, redis_server: RedisServer
) -> None:
    """It gets nothing old and nothing wrong, whatever becomes of the wait (Redis versions differ)."""
    waiting = asyncio.create_task(reader.read({keys(store)[0]: "1-0"}))
    await blocked(redis_server)
    redis_server.command("FLUSHALL")
    await open_feed(store)
    await publish(store, id="new")
    rows = await asyncio.wait_for(waiting, 30)
    assert [id_ for _, entries in rows for id_, _ in entries] in ([], [b"2-0"])
