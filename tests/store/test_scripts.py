from __future__ import annotations

import asyncio

import pytest

from livefeed.errors import FeedNotFound, StoreInconsistent, StoreUnavailable
from livefeed.store.log import Attached
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
    committed, confirmed = await scripts.write_and_wait(
        "commit",
        [f"livefeed:{{news}}:{number}" for number in range(16)],
        ["log", "abc", "put", "a", "", b"{}", 0, "", "-", 60, 100, "livefeed:{news}:", "", ""],
        replicas=1,
        timeout_ms=1,
    )
    assert (committed, confirmed) == ([b"missing"], 0)


async def test_many_logs_in_one_round_trip(store: Store, redis_server: RedisServer) -> None:
    slugs = [f"feed-{number}" for number in range(150)]
    for slug in slugs:
        await open_feed(store, slug)
    redis_server.command("SCRIPT", "FLUSH")  # and all are there, also from a server that forgot the scripts
    redis_server.client.hset("livefeed:{feed-7}:meta", "feed", "who are you")
    redis_server.client.delete("livefeed:{feed-8}:meta")
    redis_server.client.delete("livefeed:{feed-9}:meta")
    redis_server.client.set("livefeed:{feed-9}:meta", "foreign")
    got = await store.attach_all([store.log(slug) for slug in slugs])
    wrong = {
        slug: type(each) for slug, each in zip(slugs, got, strict=True) if not isinstance(each, Attached)
    }
    assert wrong == {"feed-7": StoreInconsistent, "feed-8": FeedNotFound, "feed-9": StoreInconsistent}
    assert {each.reigns.head for each in got if isinstance(each, Attached)} == {1}


async def test_many_logs_of_a_redis_that_is_away(store: Store, redis_server: RedisServer) -> None:
    redis_server.stop()
    try:
        got = await store.attach_all([store.log("one"), store.log("two")])
        assert [type(each) for each in got] == [StoreUnavailable, StoreUnavailable]
    finally:
        redis_server.start()
