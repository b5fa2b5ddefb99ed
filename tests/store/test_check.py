"""Each contradiction is told; a feed that is sound has none."""

from __future__ import annotations

import orjson
import pytest

from livefeed.errors import FeedNotFound, StoreInconsistent
from livefeed.store.keys import FeedKeys
from livefeed.store.store import Store
from tests.redis_servers import RedisServer
from tests.store.support import FEED, assert_sound, open_feed, publish

pytestmark = pytest.mark.anyio
KEYS = FeedKeys(FEED)
UPDATE = orjson.dumps(
    {"id": "new", "time": "2026-11-22T08:00:00Z", "key": False, "pinned": False, "tags": []}
)


@pytest.fixture(autouse=True)
async def feed(store: Store) -> None:
    """Something of everything."""
    await open_feed(store)
    await publish(store, id="a", tags=["x", "y"], key=True, pinned=True)
    await publish(store, id="b", tags=["x"])
    await publish(store, id="c")
    await store.updates.edit(FEED, "a", {"text": "x"})
    await store.updates.delete(FEED, "c")


async def test_a_sound_feed(store: Store) -> None:
    await assert_sound(store)


async def test_no_such_feed(store: Store) -> None:
    with pytest.raises(FeedNotFound):
        await store.check("other")


@pytest.mark.parametrize(
    ("problem", "command"),
    [
        ("last id is 7-0", ("XADD", KEYS.log(), "7-0", "e", '{"op":"delete","id":"a","time":""}')),
        ("its head is 9", ("HSET", KEYS.meta, "log:head", "9")),
        ("the floor is 5", ("HSET", KEYS.meta, "log:floor", "5")),
        ("epochs are out of order", ("HSET", KEYS.meta, "log:epochs", "a:5,b:2")),
        ("meta lacks log:floor", ("HDEL", KEYS.meta, "log:floor")),
        ("not the feed as it stands", ("HSET", KEYS.meta, "feed", "{}")),
        (
            "a key stands in the log twice",
            ("XADD", KEYS.log(), "7-0", "e", '{"op":"delete","id":"a","time":""}'),
        ),
        ("the offsets are not", ("HDEL", KEYS.offsets(), "a")),
        ("the offsets are not", ("HSET", KEYS.offsets(), "a", "2")),
        ("a is not the update as it stands", ("HSET", KEYS.updates, "a", UPDATE)),
        ("b is not the update as it stands", ("HDEL", KEYS.updates, "b")),
        ("never trimmed", ("HSET", KEYS.updates, "new", UPDATE)),
        ("c is deleted here, but not", ("HDEL", KEYS.gone, "c")),
        ("deleted, and yet there", ("HSET", KEYS.gone, "a", "{}")),
        ("sorted set of timeline", ("ZADD", KEYS.timeline, "5", "a")),
        ("sorted set of timeline", ("ZREM", KEYS.timeline, "a")),
        ("sorted set of key events", ("ZADD", KEYS.key_events, "5", "b")),
        ("sorted set of pinned", ("ZREM", KEYS.pinned, "a")),
        ("sorted sets of tags", ("ZREM", KEYS.tag("x"), "b")),
        ("sorted sets of tags", ("ZADD", KEYS.tag("x"), "5", "a")),
        ("counts of tags", ("HINCRBY", KEYS.tags, "x", 1)),
    ],
)
async def test_each_contradiction(
    store: Store, redis_server: RedisServer, problem: str, command: tuple[str | int | bytes, ...]
) -> None:
    redis_server.command(*command)
    assert any(problem in told for told in await store.check(FEED))


@pytest.mark.parametrize(
    "command",
    [
        ("HSET", KEYS.updates, "a", "nonsense"),
        ("HSET", KEYS.updates, "a", "{}"),
        ("HSET", KEYS.offsets(), "a", "nonsense"),
        ("XADD", KEYS.log(), "7-0", "e", "nonsense"),
        ("SET", KEYS.timeline, "nonsense"),
    ],
)
async def test_what_is_not_ours(store: Store, redis_server: RedisServer, command: tuple[str, ...]) -> None:
    redis_server.command(*command)
    with pytest.raises(StoreInconsistent):
        await store.check(FEED)
