from __future__ import annotations

import asyncio
from typing import Any

import pytest
from anyio import to_thread

from livefeed.core.models import FeedCreate
from livefeed.errors import FeedNotFound, IdempotencyMismatch, InvalidInput, UpdateNotFound
from livefeed.store.keys import CONTROL, FEEDS, FeedKeys
from livefeed.store.store import Store
from tests.redis_servers import RedisServer, wait_until
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


async def test_creating_and_reading(store: Store) -> None:
    made = await store.feeds.create(FeedCreate(slug=FEED, title="News", timezone="Europe/Kyiv"))
    assert await store.feeds.get(FEED) == made
    assert (made.title, made.status, made.closed) == ("News", "open", None)
    await assert_sound(store)


async def test_they_are_listed_by_title(store: Store) -> None:
    assert await store.feeds.list() == []
    for slug, title in (("one", "beta"), ("two", "Alpha"), ("three", "Gamma")):
        await open_feed(store, slug, title=title)
    assert [feed.slug for feed in await store.feeds.list()] == ["two", "one", "three"]


async def test_a_slug_without_a_feed_is_passed_over(store: Store, redis_server: RedisServer) -> None:
    redis_server.command("SADD", FEEDS, "ghost")
    assert await store.feeds.list() == []


async def test_patching(store: Store) -> None:
    await open_feed(store)
    closed = await store.feeds.patch(FEED, {"status": "closed"})
    assert closed.closed is not None
    assert await store.feeds.get(FEED) == closed
    reopened = await store.feeds.patch(FEED, {"status": "open"})
    assert (reopened.closed, reopened.opened) == (None, closed.opened)
    await assert_sound(store)


async def test_a_patch_that_changes_nothing_writes_nothing(store: Store, redis_server: RedisServer) -> None:
    await open_feed(store, title="News")
    before = redis_server.contents()
    await store.feeds.patch(FEED, {"title": "News"})
    assert redis_server.contents() == before


async def test_a_wrong_patch(store: Store, redis_server: RedisServer) -> None:
    await open_feed(store)
    wrong: list[Any] = [{"slug": "other"}, {"status": "asleep"}, {"opened": "x"}, []]
    for patch in wrong:
        async with unchanged(redis_server, refusal=InvalidInput):
            await store.feeds.patch(FEED, patch)


async def test_patches_at_once_all_count(store: Store) -> None:
    await open_feed(store)
    patches: list[dict[str, Any]] = [
        {"title": "T"},
        {"description": "D"},
        {"lang": "uk"},
        {"hold_s": 0},
        {"listed": False},
    ]
    await asyncio.gather(*(store.feeds.patch(FEED, patch) for patch in patches))
    feed = (await store.feeds.get(FEED)).model_dump()
    for patch in patches:
        assert patch.items() <= feed.items()
    await assert_sound(store)


@pytest.mark.parametrize("slug", ["other", "A", "a b", "", "{x}", "x" * 65, "*"])
async def test_what_is_not_there(store: Store, slug: str) -> None:
    for attempt in (store.feeds.get(slug), store.feeds.patch(slug, {}), store.feeds.remove(slug)):
        with pytest.raises(FeedNotFound):
            await attempt


async def test_removing_takes_everything_along(store: Store, redis_server: RedisServer) -> None:
    await open_feed(store)
    await open_feed(store, "other")
    made = await publish(store, "Secret-text", tags=["x"], key=True, pinned=True, source="s")
    await store.updates.edit(FEED, made.id, {"text": "Secret-again"})
    keys = FeedKeys(FEED)
    for key in (keys.log("desklog"), keys.offsets("desklog"), f"{keys.prefix}items", f"{keys.prefix}due"):
        redis_server.command("SET", key, "Secret")
    await store.feeds.remove(FEED)
    contents = redis_server.contents()
    left = {key for key in contents if key.startswith(keys.prefix.encode())}
    assert all(key.startswith(keys.idem("").encode()) for key in left)
    assert "Secret" not in repr(contents)
    assert b"feed-removed" in contents[CONTROL.encode()][0][0][1][b"event"]
    assert [feed.slug for feed in await store.feeds.list()] == ["other"]
    with pytest.raises(FeedNotFound):
        await publish(store)


async def test_a_feed_of_the_same_name_begins_anew(store: Store) -> None:
    await open_feed(store)
    made = await publish(store)
    old = (await store.log(FEED).attach()).reigns.position
    await store.feeds.remove(FEED)
    await open_feed(store)
    new = (await store.log(FEED).attach()).reigns
    assert new.head == 1
    assert new.judge(old).value == "bad"
    assert ids(await page(store)) == []
    with pytest.raises(UpdateNotFound):
        await store.updates.get(FEED, made.id)
    assert [feed.slug for feed in await store.feeds.list()] == [FEED]
    await assert_sound(store)


async def test_the_same_key_again(store: Store) -> None:
    wanted = FeedCreate(slug=FEED)
    made = await store.feeds.create(wanted, idempotency=idempotency("1"))
    assert await store.feeds.create(wanted, idempotency=idempotency("1")) == made
    patched = await store.feeds.patch(FEED, {"title": "T"}, idempotency=idempotency("2"))
    await store.feeds.patch(FEED, {"lang": "uk"})
    again = await store.feeds.patch(FEED, {"title": "T"}, idempotency=idempotency("2"))
    assert (patched.lang, again.lang, again.title) == ("en", "uk", "T")
    await store.feeds.remove(FEED, idempotency=idempotency("3"))
    await store.feeds.remove(FEED, idempotency=idempotency("3"))
    with pytest.raises(IdempotencyMismatch):
        await store.feeds.remove(FEED, idempotency=idempotency("3", b"{1}"))


async def test_a_repeated_removal_leaves_a_new_feed_listed(store: Store) -> None:
    await open_feed(store)
    await store.feeds.remove(FEED, idempotency=idempotency())
    await open_feed(store)
    await store.feeds.remove(FEED, idempotency=idempotency())
    assert [feed.slug for feed in await store.feeds.list()] == [FEED]


async def test_a_removed_feed_s_text_leaves_the_files(redis_server: RedisServer) -> None:
    async with opened(redis_server.url, rewrite_s=0.1) as store:
        await open_feed(store)
        await publish(store, "removed-with-its-feed")
        assert b"removed-with-its-feed" in redis_server.files()
        await store.feeds.remove(FEED)
        await to_thread.run_sync(
            wait_until,
            lambda: b"removed-with-its-feed" not in redis_server.files(),
            "the files to be rewritten",
        )


async def test_what_is_broken_can_be_removed(store: Store, redis_server: RedisServer) -> None:
    await open_feed(store)
    redis_server.command("HSET", FeedKeys(FEED).meta, "log:head", 77)
    assert await store.check(FEED) != []
    await store.feeds.remove(FEED)
    assert await store.feeds.list() == []
