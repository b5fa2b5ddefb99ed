from __future__ import annotations

import pytest

from livefeed.errors import FeedNotFound, StoreInconsistent
from livefeed.store.keys import FeedKeys
from livefeed.store.log import LogEntry, parse_reigns
from livefeed.store.store import Store
from tests.redis_servers import RedisServer
from tests.store.support import FEED, open_feed, publish

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
async def feed(store: Store) -> None:
    await open_feed(store)
    for id_ in ("a", "b", "c"):
        await publish(store, id=id_)


def keys_of(entries: tuple[LogEntry, ...]) -> list[tuple[int, str]]:
    return [(entry.offset, entry.change.key) for entry in entries]


async def test_attaching_tells_where_the_log_stands(store: Store) -> None:
    attached = await store.log(FEED).attach()
    ((_, first),) = attached.reigns.epochs
    assert (first, attached.reigns.head, attached.reigns.floor) == (1, 4, 0)
    assert attached.feed["slug"] == FEED
    assert attached.entries == ()
    assert (await store.log(FEED).attach()) == attached


async def test_the_newest_entries(store: Store) -> None:
    newest = await store.log(FEED).newest(2)
    assert keys_of(newest.entries) == [(3, "b"), (4, "c")]
    assert {entry.epoch for entry in newest.entries} == {newest.reigns.epoch}
    everything = await store.log(FEED).newest(100)
    assert keys_of(everything.entries) == [(1, "@feed"), (2, "a"), (3, "b"), (4, "c")]


async def test_entries_after_an_offset(store: Store) -> None:
    log = store.log(FEED)
    assert keys_of((await log.after(2, count=10)).entries) == [(3, "b"), (4, "c")]
    assert keys_of((await log.after(0, count=2)).entries) == [(1, "@feed"), (2, "a")]
    assert (await log.after(4, count=10)).entries == ()
    assert (await log.after(9, count=10)).entries == ()


async def test_an_edit_and_a_deletion_take_the_place_of_what_was(store: Store) -> None:
    await store.updates.edit(FEED, "a", {"text": "x"})
    await store.updates.delete(FEED, "b")
    entries = (await store.log(FEED).newest(100)).entries
    assert keys_of(entries) == [(1, "@feed"), (4, "c"), (5, "a"), (6, "b")]
    assert [entry.change.op for entry in entries] == ["feed", "put", "put", "delete"]


async def test_no_such_feed(store: Store) -> None:
    for attempt in (
        store.log("other").attach(),
        store.log("other").newest(1),
        store.log("other").after(0, count=1),
    ):
        with pytest.raises(FeedNotFound):
            await attempt


async def test_attaching_creates_nothing_where_no_feed_is(store: Store, redis_server: RedisServer) -> None:
    before = redis_server.contents()
    with pytest.raises(FeedNotFound):
        await store.log("other").attach()
    assert redis_server.contents() == before


async def test_an_entry_that_is_not_ours(store: Store, redis_server: RedisServer) -> None:
    redis_server.command("XADD", FeedKeys(FEED).log(), "5-1", "x", "y")
    with pytest.raises(StoreInconsistent, match="5-1"):
        await store.log(FEED).newest(1)


async def test_the_desks_log_is_another_one(store: Store) -> None:
    await store.log(FEED, "desklog").attach()
    desk = (await store.log(FEED, "desklog").attach()).reigns
    assert (desk.head, len(desk.epochs)) == (0, 1)
    assert (await store.log(FEED).attach()).reigns.head == 4


async def test_epochs_below_the_floor_are_forgotten(store: Store, redis_server: RedisServer) -> None:
    meta = FeedKeys(FEED).meta
    redis_server.command(
        "HSET", meta, "log:epochs", "aa:1,bb:2,cc:4", "log:floor", "2", "log:run_id", "another"
    )
    reigns = (await store.log(FEED).attach()).reigns
    assert [epoch for epoch, _ in reigns.epochs[:-1]] == ["bb", "cc"]
    assert reigns.epochs[-1][1] == 5


async def test_epochs_are_bounded(store: Store, redis_server: RedisServer) -> None:
    meta = FeedKeys(FEED).meta
    many = ",".join(f"e{number}:1" for number in range(200))
    redis_server.command("HSET", meta, "log:epochs", many, "log:run_id", "another")
    reigns = (await store.log(FEED).attach()).reigns
    assert len(reigns.epochs) == 64
    assert reigns.epochs[-2][0] == "e199"


async def test_reigns_are_read() -> None:
    reigns = parse_reigns(b"k3f9:1,x8a2:57", 60, 3)
    assert (reigns.epochs, reigns.head, reigns.floor) == ((("k3f9", 1), ("x8a2", 57)), 60, 3)
