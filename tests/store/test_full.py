"""A Redis that is full refuses to publish in words, and lets everything go on that needs no memory."""

from __future__ import annotations

from pathlib import Path

import pytest
from anyio import to_thread

from livefeed.core.models import Image
from livefeed.core.pictures import address_of, name_of
from livefeed.errors import StoreFull, TokenNotFound, Unauthenticated
from livefeed.store.keys import CONTROL
from livefeed.store.store import Store
from tests.redis_servers import RedisServer
from tests.store.support import FEED, assert_sound, ids, open_feed, opened, page, publish, unchanged

pytestmark = pytest.mark.anyio


@pytest.fixture
async def full(store: Store, redis_server: RedisServer) -> RedisServer:
    """A feed with the updates ``a`` and ``b``, and no memory left."""
    await open_feed(store)
    await publish(store, id="a", tags=["x"], key=True, pinned=True)
    await publish(store, id="b")
    await store.tokens.create("ann", "editor")
    redis_server.fill()
    return redis_server


async def test_publishing_is_refused(store: Store, full: RedisServer) -> None:
    async with unchanged(full, refusal=StoreFull):
        await publish(store)


async def test_editing_is_refused(store: Store, full: RedisServer) -> None:
    async with unchanged(full, refusal=StoreFull):
        await store.updates.edit(FEED, "a", {"text": "x", "tags": ["y"]})


async def test_changing_a_feed_is_refused(store: Store, full: RedisServer) -> None:
    async with unchanged(full, refusal=StoreFull):
        await store.feeds.patch(FEED, {"title": "x"})


async def test_creating_a_feed_is_refused(store: Store, full: RedisServer) -> None:
    async with unchanged(full, refusal=StoreFull):
        await open_feed(store, "other")


async def test_deleting_works_and_makes_room(store: Store, full: RedisServer) -> None:
    await store.updates.delete(FEED, "a")
    assert ids(await page(store)) == ["b"]
    full.make_room()
    await publish(store)
    await assert_sound(store)


@pytest.mark.parametrize("how", ["update", "feed"])
async def test_a_deleted_picture_s_file_goes_too(redis_server: RedisServer, tmp_path: Path, how: str) -> None:
    async with opened(redis_server.url, media_dir=tmp_path) as store:
        await open_feed(store)
        name = name_of(b"picture", "jpg")
        await store.pictures.upload(name, b"picture")
        await publish(store, id="a", image=Image(url=address_of(name), alt="An owl"))
        redis_server.fill()
        with pytest.raises(StoreFull):
            await publish(store, id="b", image=Image(url=address_of(name), alt="An owl"))
        await (store.updates.delete(FEED, "a") if how == "update" else store.feeds.remove(FEED))
    assert list(tmp_path.iterdir()) == []


async def test_deleting_what_the_log_has_trimmed(redis_server: RedisServer) -> None:
    async with opened(redis_server.url, log_entries=100) as store:
        await open_feed(store)
        for number in range(110):
            await publish(store, id=f"u{number}")
        redis_server.fill()
        await store.updates.delete(FEED, "u0")
        redis_server.make_room()
        await assert_sound(store)


async def test_removing_a_feed_works_and_is_heard(store: Store, full: RedisServer) -> None:
    await store.feeds.remove(FEED)
    assert await store.feeds.list() == []
    assert b"feed-removed" in full.contents()[CONTROL.encode()][0][-1][1][b"event"]


async def test_revoking_a_token_works_and_is_heard(store: Store, full: RedisServer) -> None:
    await store.tokens.revoke("ann")
    with pytest.raises(TokenNotFound):
        await store.tokens.revoke("ann")
    assert b"token-revoked" in full.contents()[CONTROL.encode()][0][-1][1][b"event"]
    with pytest.raises(Unauthenticated):
        await store.tokens.check("lf_unknown")


async def test_a_new_reign_begins(binary: Path) -> None:
    """After a restart, which finds it as full as before."""
    with RedisServer(binary, options={"maxmemory": "1"}) as server:
        server.make_room()
        async with opened(server.url) as store:
            await open_feed(store)
            await publish(store, id="a")
            before = (await store.log(FEED).attach()).reigns
            await to_thread.run_sync(server.restart)
            after = (await store.log(FEED).attach()).reigns
            assert (len(before.epochs), len(after.epochs)) == (1, 2)
            assert after.head == before.head
            assert ids(await page(store)) == ["a"]
            await store.updates.delete(FEED, "a")


async def test_signing_in_to_delete_something_works(store: Store, redis_server: RedisServer) -> None:
    await open_feed(store)
    secret = await store.tokens.create("ann", "editor")
    redis_server.fill()
    session = await store.sessions.open(secret)
    assert (await store.sessions.check(session)).name == "ann"
