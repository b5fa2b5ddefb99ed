"""What ``item.lua`` refuses changes nothing; what it does works when Redis is full, where it must."""

from __future__ import annotations

import orjson
import pytest

from livefeed.errors import (
    AlreadyPublished,
    FeedNotFound,
    IdempotencyMismatch,
    ItemGone,
    ItemNotFound,
    RevisionConflict,
    StoreFull,
    StoreInconsistent,
    StoreUnconfirmed,
)
from livefeed.store.itemwriter import ItemCommit, ItemWriter
from livefeed.store.keys import FeedKeys
from livefeed.store.store import Store
from tests.redis_servers import RedisServer
from tests.store.desk import desk, discard, item, make, press, schedule, take
from tests.store.support import (
    FEED,
    assert_sound,
    idempotency,
    ids,
    open_feed,
    opened,
    page,
    publish,
    unchanged,
)

pytestmark = pytest.mark.anyio
KEYS = FeedKeys(FEED)


@pytest.fixture(autouse=True)
async def feed(store: Store) -> None:
    await open_feed(store, hold_s=30)


@pytest.fixture
def writer(store: Store) -> ItemWriter:
    return store.items._writer


BODY = b'{"id":"a","rev":7}'


@pytest.mark.parametrize(
    ("commit", "refusal"),
    [
        (ItemCommit("item", "a", None, BODY), RevisionConflict),
        (ItemCommit("item", "a", 2, BODY), RevisionConflict),
        (ItemCommit("discard", "a", 2), RevisionConflict),
        (ItemCommit("publish", "a", 2, b"{}"), RevisionConflict),
        (ItemCommit("publish", "a", None, b"{}"), RevisionConflict),
        (ItemCommit("item", "never", 1, BODY), ItemNotFound),
        (ItemCommit("withdraw", "never", 1, BODY), ItemNotFound),
        (ItemCommit("discard", "never", None), ItemNotFound),
        (ItemCommit("publish", "never", 1, b"{}"), ItemNotFound),
        (ItemCommit("item", "thrown", None, BODY), ItemGone),
        (ItemCommit("publish", "thrown", None, b"{}"), ItemGone),
        (ItemCommit("item", "out", None, BODY), AlreadyPublished),
        (ItemCommit("publish", "out", None, b"{}"), AlreadyPublished),
        (ItemCommit("discard", "out", None), AlreadyPublished),
    ],
    ids=lambda it: f"{it.op}-{it.id}-{it.expected}" if isinstance(it, ItemCommit) else it.__name__,
)
async def test_each_refusal(
    store: Store, redis_server: RedisServer, writer: ItemWriter, commit: ItemCommit, refusal: type
) -> None:
    await make(store, id="a")
    await make(store, id="thrown")
    await discard(store, "thrown")
    await publish(store, id="out")
    async with unchanged(redis_server, refusal=refusal):
        await writer.commit(FEED, commit)


async def test_no_such_feed(redis_server: RedisServer, writer: ItemWriter) -> None:
    async with unchanged(redis_server, refusal=FeedNotFound):
        await writer.commit("nowhere", ItemCommit("item", "a", None, BODY))


@pytest.mark.parametrize("key", [KEYS.items, KEYS.due, KEYS.discarded, KEYS.log("desklog"), KEYS.tag("x")])
async def test_a_key_of_another_type(store: Store, redis_server: RedisServer, key: str) -> None:
    await store.feeds.patch(FEED, {"hold_s": 0})
    redis_server.command("SET", key, "foreign")
    async with unchanged(redis_server, refusal=StoreInconsistent):
        await press(store, "a", {"text": "Hello", "tags": ["x"]})


@pytest.mark.parametrize("log", [KEYS.log(), KEYS.log("desklog")])
async def test_a_log_that_went_on_without_us(store: Store, redis_server: RedisServer, log: str) -> None:
    await make(store, id="a")
    redis_server.command("XADD", log, "99-0", "e", "{}")
    async with unchanged(redis_server, refusal=StoreInconsistent):
        await take(store, "edit", "a", {"text": "Other"})


async def test_a_key_for_two_requests(store: Store, redis_server: RedisServer) -> None:
    await press(store, "a", {"text": "Hello"}, idempotency=idempotency())
    async with unchanged(redis_server, refusal=IdempotencyMismatch):
        await press(store, "b", {"text": "Other"}, idempotency=idempotency(request=b"other"))


async def test_all_keys_are_in_one_slot(store: Store, redis_server: RedisServer) -> None:
    """As Cluster needs it."""
    await make(store, id="a")
    await press(store, "b", {"text": "Hello"})
    await discard(store, "a")
    await store.outgoing.release(FEED, "b")
    of_feed = [key for key in redis_server.contents() if key != b"livefeed:feeds"]
    assert all(key.startswith(b"livefeed:{news}:") for key in of_feed)


async def test_the_desk_s_log_is_trimmed(redis_server: RedisServer) -> None:
    async with opened(redis_server.url, log_entries=100) as store:
        for number in range(60):
            await make(store, id=f"i{number}")
        for number in range(60):
            await take(store, "edit", f"i{number}", {"text": "Other"})
        for number in range(50):
            await make(store, id=f"j{number}")
        await discard(store, "i0")
        newest = await store.log(FEED, "desklog").newest(200)
        assert (len(newest.entries), newest.reigns.floor > 0) == (100, True)
        await assert_sound(store)


async def test_too_few_replicas(redis_server: RedisServer) -> None:
    """It is written, says so, and the same request is not done again."""
    async with opened(redis_server.url, replicas=1, replicas_timeout_ms=50) as store:
        for _ in range(2):
            with pytest.raises(StoreUnconfirmed):
                await make(store, id="a", idem=idempotency())
        assert list(await desk(store)) == ["a"]


# Full -------------------------------------------------------------------------------------------


@pytest.fixture
async def full(store: Store, redis_server: RedisServer) -> RedisServer:
    await make(store, id="draft")
    await make(store, id="handed")
    await take(store, "submit", "handed")
    await make(store, id="later")
    await schedule(store, "later", 600)
    await press(store, "going", {"text": "Hello"})
    redis_server.fill()
    return redis_server


async def test_writing_more_is_refused(store: Store, full: RedisServer) -> None:
    async with unchanged(full, refusal=StoreFull):
        await make(store, id="new")
    async with unchanged(full, refusal=StoreFull):
        await take(store, "edit", "draft", {"text": "Other"})
    async with unchanged(full, refusal=StoreFull):
        await press(store, "draft")
    async with unchanged(full, refusal=StoreFull):
        await store.outgoing.release(FEED, "going")


async def test_stopping_and_deleting_works(store: Store, full: RedisServer) -> None:
    for item_id in ("going", "later", "handed"):
        assert orjson.loads((await take(store, "cancel", item_id)).body)["state"] == "draft"
    for item_id in ("draft", "going", "later"):
        await discard(store, item_id)
    assert list(await desk(store)) == ["handed"]
    full.make_room()
    await assert_sound(store)


async def _let_out_for_ever(store: Store) -> None:
    while True:
        await store.outgoing.let_out_due(FEED)


async def test_what_is_due_waits_for_room(store: Store, redis_server: RedisServer) -> None:
    await make(store, id="a")
    await schedule(store, "a", 0.2)
    redis_server.fill()
    with pytest.raises(StoreFull):
        await _let_out_for_ever(store)
    assert (await item(store, "a"))["state"] == "scheduled"
    redis_server.make_room()
    await store.outgoing.let_out_due(FEED)
    assert ids(await page(store)) == ["a"]
    await assert_sound(store)
