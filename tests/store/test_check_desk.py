"""Each contradiction at a desk is told; one that is sound has none."""

from __future__ import annotations

import orjson
import pytest

from livefeed.errors import StoreInconsistent
from livefeed.store.keys import FeedKeys
from livefeed.store.store import Store
from tests.redis_servers import RedisServer
from tests.store.desk import discard, make, press, schedule
from tests.store.support import FEED, assert_sound, open_feed

pytestmark = pytest.mark.anyio
KEYS = FeedKeys(FEED)
ITEM = orjson.dumps({"id": "new", "state": "draft", "due": None})
LOG = KEYS.log("desklog")


@pytest.fixture(autouse=True)
async def feed(store: Store) -> None:
    """Something of everything."""
    await open_feed(store, hold_s=0)
    await make(store, id="a")
    await make(store, id="b")
    await schedule(store, "b", 600)
    await make(store, id="gone")
    await discard(store, "gone")
    await make(store, id="out")
    await press(store, "out")


async def test_a_sound_desk(store: Store) -> None:
    await assert_sound(store)


async def test_a_desk_that_nobody_has_used(store: Store) -> None:
    await open_feed(store, "other")
    await assert_sound(store, "other")
    await store.log("other", "desklog").attach()
    await assert_sound(store, "other")


@pytest.mark.parametrize(
    ("problem", "command"),
    [
        ("the desklog's last id is 99-0", ("XADD", LOG, "99-0", "e", '{"op":"item-delete","id":"a"}')),
        ("its head is 9", ("HSET", KEYS.meta, "desklog:head", "9")),
        ("meta lacks desklog:head", ("HDEL", KEYS.meta, "desklog:head")),
        ("the offsets are not", ("HDEL", KEYS.offsets("desklog"), "a")),
        ("a is not what it is here", ("HDEL", KEYS.items, "a")),
        ("out is not what it is here", ("HDEL", KEYS.updates, "out")),
        ("gone is not what it is here", ("HDEL", KEYS.discarded, "gone")),
        ("items under the id of another", ("HSET", KEYS.items, "c", ITEM)),
        ("more than one: ['new']", ("HSET", KEYS.items, "new", ITEM)),
        ("more than one: ['a']", ("HSET", KEYS.discarded, "a", "{}")),
        ("more than one: ['out']", ("HSET", KEYS.discarded, "out", "{}")),
        ("what is due disagrees", ("ZREM", KEYS.due, "b")),
        ("what is due disagrees", ("ZADD", KEYS.due, "5", "a")),
        ("state and due time", ("HSET", KEYS.items, "s", '{"id":"s","state":"going","due":null}')),
    ],
)
async def test_each_contradiction(
    store: Store, redis_server: RedisServer, problem: str, command: tuple[str | bytes, ...]
) -> None:
    if "new" in problem:
        redis_server.command("HSET", KEYS.discarded, "new", "{}")
    redis_server.command(*command)
    assert any(problem in told for told in await store.check(FEED))


@pytest.mark.parametrize(
    "command",
    [
        ("HSET", KEYS.items, "a", "nonsense"),
        ("HSET", KEYS.items, "a", "{}"),
        ("XADD", LOG, "99-0", "e", "nonsense"),
        ("SET", KEYS.due, "nonsense"),
    ],
)
async def test_what_is_not_ours(store: Store, redis_server: RedisServer, command: tuple[str, ...]) -> None:
    redis_server.command(*command)
    with pytest.raises(StoreInconsistent):
        await store.check(FEED)
