from __future__ import annotations

import asyncio

import pytest

from livefeed.store.scripts import Scripts
from livefeed.store.store import Store
from tests.redis_servers import RedisServer
from tests.store.support import assert_sound, ids, open_feed, page, publish

pytestmark = pytest.mark.anyio


def loaded(server: RedisServer) -> int:
    count: int = server.info("memory")["number_of_cached_scripts"]
    return count


async def test_a_script_is_sent_once(store: Store, redis_server: RedisServer) -> None:
    redis_server.command("SCRIPT", "FLUSH")
    await open_feed(store)
    for _ in range(3):
        await publish(store)
    assert loaded(redis_server) == 1


async def test_a_server_that_forgot_the_scripts(store: Store, redis_server: RedisServer) -> None:
    await open_feed(store)
    made = await publish(store)
    redis_server.command("SCRIPT", "FLUSH")
    other, *_ = await asyncio.gather(publish(store), page(store), store.log("news").attach())
    assert sorted(ids(await page(store))) == sorted([made.id, other.id])
    await assert_sound(store)


async def test_committing_and_waiting_share_a_connection(store: Store) -> None:
    await open_feed(store)
    scripts: Scripts = store._scripts
    committed, confirmed = await scripts.commit_and_wait(
        [f"livefeed:{{news}}:{number}" for number in range(14)],
        ["log", "abc", "put", "a", "", b"{}", 0, "", "-", 60, 100, "livefeed:{news}:", "", ""],
        replicas=1,
        timeout_ms=1,
    )
    assert (committed, confirmed) == ([b"missing"], 0)
