"""Which pictures are in use: counted by the script, claimed by who will use them, swept when nobody does."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from livefeed.core.models import UpdateCreate
from livefeed.core.pictures import address_of, name_of, pictures_in
from livefeed.errors import InvalidInput, LivefeedError, MediaUnavailable, TooManyUploads, UpdateExists
from livefeed.store import pictures
from livefeed.store.keys import FeedKeys, PictureKeys
from livefeed.store.pictures import Pictures
from livefeed.store.store import Store
from tests.redis_servers import RedisServer
from tests.store import desk
from tests.store.support import FEED, assert_sound, idempotency, open_feed, opened, publish

pytestmark = pytest.mark.anyio

DAY_MS = 86_400_000


@pytest.fixture
async def store(redis_server: RedisServer, tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(redis_server.url, media_dir=tmp_path) as store:
        await open_feed(store)
        yield store


async def upload(store: Store, body: bytes = b"one") -> str:
    name = name_of(body, "jpg")
    await store.pictures.upload(name, body)
    return name


def image(name: str, **fields: Any) -> dict[str, Any]:
    return {"url": address_of(name), "alt": "An owl"} | fields


async def show(store: Store, name: str, feed: str = FEED, **fields: Any) -> str:
    draft = {"text": "Look", "image": image(name)} | fields
    return (await store.updates.publish(feed, UpdateCreate.model_validate(draft))).id


async def counts(store: Store, feed: str = FEED) -> dict[str, int]:
    got = await store._client.hgetall(FeedKeys(feed).media)
    return {name.decode(): int(count) for name, count in got.items()}


async def sweep(store: Store) -> float | None:
    """Once what the deletions asked for is done."""
    await store.sweeper.close()
    return await store.pictures.sweep()


def shift(server: RedisServer, ms: int) -> None:
    """As if so much time had passed: all that is written down with a time is that much older."""
    redis: Any = server.client
    for key in [PictureKeys.due.encode(), *redis.keys("livefeed:{@media}:claims:*")]:
        if members := redis.zrange(key, 0, -1, withscores=True):
            redis.zadd(key, {member: score - ms for member, score in members})
    for name, mark in redis.hgetall(PictureKeys.marks).items():
        since, who = mark.decode().split()
        redis.hset(PictureKeys.marks, name, f"{int(since) - ms} {who}")


# Counting -----------------------------------------------------------------------------------------


async def test_the_last_deletion_takes_the_file_along(store: Store) -> None:
    name = await upload(store)
    one, two = await show(store, name), await show(store, name)
    assert await counts(store) == {name: 2}
    await store.updates.delete(FEED, one)
    await sweep(store)
    assert await store.media.exists(name)
    await store.updates.delete(FEED, two)
    await sweep(store)
    assert not await store.media.exists(name)
    assert await counts(store) == {}
    await assert_sound(store)


async def test_a_deletion_asks_for_the_sweep_itself(redis_server: RedisServer, tmp_path: Path) -> None:
    async with opened(redis_server.url, media_dir=tmp_path) as store:
        await open_feed(store)
        name = await upload(store)
        await store.updates.delete(FEED, await show(store, name))
    assert list(tmp_path.iterdir()) == []  # closing waited for it


async def test_an_item_is_a_user_until_its_update_is(store: Store) -> None:
    await store.feeds.patch(FEED, {"hold_s": 30})
    name, other = await upload(store), await upload(store, b"two")
    await desk.make(store, id="a", image=image(name))
    assert await counts(store) == {name: 1}
    await desk.take(store, "edit", "a", {"image": image(other)})
    await desk.take(store, "edit", "a", {"title": "A title"})
    assert await counts(store) == {other: 1}
    await desk.press(store, "a")
    await desk.take(store, "cancel", "a")
    await desk.press(store, "a")
    assert await counts(store) == {other: 1}
    await store.outgoing.release(FEED, "a")
    assert await counts(store) == {other: 1}
    await sweep(store)
    assert not await store.media.exists(name)
    await store.updates.delete(FEED, "a")
    await sweep(store)
    assert not await store.media.exists(other)
    await assert_sound(store)


async def test_a_deleted_item_takes_its_file_along(store: Store) -> None:
    name = await upload(store)
    await desk.make(store, id="a", image=image(name))
    await desk.make(store, id="b", text=f"![An owl]({address_of(name)})")
    await desk.discard(store, "a")
    await sweep(store)
    assert await store.media.exists(name)
    await desk.discard(store, "b")
    await sweep(store)
    assert not await store.media.exists(name)


async def test_an_item_with_a_picture_is_stopped_when_redis_is_full(
    store: Store, redis_server: RedisServer
) -> None:
    await store.feeds.patch(FEED, {"hold_s": 30})
    await desk.press(store, "a", {"text": "Look", "image": image(await upload(store))})
    redis_server.fill()
    await desk.take(store, "cancel", "a")
    await desk.discard(store, "a")
    redis_server.make_room()
    assert await counts(store) == {}


async def test_an_item_without_its_picture(store: Store, redis_server: RedisServer) -> None:
    with pytest.raises(InvalidInput, match="there is no picture"):
        await desk.make(store, id="a", image=image(name_of(b"never", "jpg")))
    assert await counts(store) == {}


async def test_an_earlier_revision_is_a_user_too(store: Store) -> None:
    name, other = await upload(store), await upload(store, b"two")
    update = await show(store, name)
    await store.updates.edit(FEED, update, {"image": image(other)})
    await store.updates.edit(FEED, update, {"image": None})
    assert await counts(store) == {name: 1, other: 1}
    await sweep(store)
    assert await store.media.exists(name)
    await store.updates.delete(FEED, update)
    await sweep(store)
    assert not await store.media.exists(name)
    assert not await store.media.exists(other)


async def test_what_falls_out_of_the_revisions_counts_no_more(store: Store) -> None:
    name = await upload(store)
    update = await show(store, name)
    await store.updates.edit(FEED, update, {"image": None})
    for number in range(99):
        await store.updates.edit(FEED, update, {"text": f"Look {number}"})
    assert await counts(store) == {name: 1}
    await store.updates.edit(FEED, update, {"text": "Look at last"})
    assert await counts(store) == {}
    await sweep(store)
    assert not await store.media.exists(name)


async def test_pictures_in_a_text_count(store: Store) -> None:
    name = await upload(store)
    update = (await publish(store, f"![An owl]({address_of(name)}) ![again]({address_of(name)})")).id
    assert await counts(store) == {name: 1}
    await store.updates.delete(FEED, update)
    assert await counts(store) == {}


async def test_what_another_feed_shows_stays(store: Store) -> None:
    await open_feed(store, "sports")
    name = await upload(store)
    here, there = await show(store, name), await show(store, name, "sports")
    await store.updates.delete(FEED, here)
    await sweep(store)
    assert await store.media.exists(name)
    await store.updates.delete("sports", there)
    await sweep(store)
    assert not await store.media.exists(name)


async def test_a_removed_feed_lets_go_of_its_pictures(store: Store) -> None:
    name, shared = await upload(store), await upload(store, b"two")
    await open_feed(store, "sports")
    await show(store, name)
    await show(store, shared)
    await show(store, shared, "sports")
    await store.feeds.remove(FEED)
    await sweep(store)
    assert not await store.media.exists(name)
    assert await store.media.exists(shared)


async def test_a_feed_that_was_half_removed_lets_go_of_them_too(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = await upload(store)
    await show(store, name)

    async def die(*_: object) -> None:
        raise MediaUnavailable("the process died here")

    monkeypatch.setattr(Pictures, "release", die)
    with pytest.raises(MediaUnavailable):
        await store.feeds.remove(FEED)
    await sweep(store)
    assert not await store.media.exists(name)


async def test_an_edit_that_is_refused_counts_nothing(store: Store) -> None:
    name = await upload(store)
    await show(store, name, id="a")
    with pytest.raises(UpdateExists):
        await show(store, name, id="a")
    key = idempotency()
    for _ in range(2):
        await publish(store, "Twice", image=image(name), idem=key)
    assert await counts(store) == {name: 2}


@pytest.mark.parametrize("seed", range(3))
async def test_the_counts_are_those_of_what_is_there(
    store: Store, redis_server: RedisServer, seed: int
) -> None:
    chance = random.Random(seed)
    await open_feed(store, "sports")
    names = [await upload(store, bytes([number])) for number in range(4)]
    alive: list[tuple[str, str]] = []
    for _ in range(120):
        act = chance.choice(["publish", "edit", "edit", "delete"])
        if act == "publish" or not alive:
            feed = chance.choice([FEED, "sports"])
            name = await upload(store, bytes([chance.randrange(4)]))
            alive.append((feed, await show(store, name, feed)))
            continue
        feed, update = chance.choice(alive)
        if act == "edit":
            for number in range(4):
                await upload(store, bytes([number]))
            text = f"{chance.random()} ![x]({address_of(chance.choice(names))})"
            await store.updates.edit(
                feed, update, {"text": text, "image": chance.choice([None, image(names[0])])}
            )
        elif len(alive) > 3:
            await store.updates.delete(feed, update)
            alive.remove((feed, update))
    for feed in (FEED, "sports"):
        wanted: Counter[str] = Counter()
        for _, update in (item for item in alive if item[0] == feed):
            for revision in await store.updates.revisions(feed, update):
                wanted.update(pictures_in(revision))
        assert await counts(store, feed) == wanted
        await assert_sound(store, feed)
    for feed, update in alive:
        await store.updates.delete(feed, update)
    shift(redis_server, DAY_MS)
    await sweep(store)
    assert [name for name in names if await store.media.exists(name)] == []


# Claiming -----------------------------------------------------------------------------------------


async def test_a_picture_that_is_not_there_cannot_be_shown(store: Store) -> None:
    missing = name_of(b"missing", "jpg")
    with pytest.raises(InvalidInput, match="add it once more"):
        await show(store, missing)
    with pytest.raises(InvalidInput, match="add it once more"):
        await publish(store, f"![An owl]({address_of(missing)})")
    await publish(store, f"Elsewhere: ![An owl](https://other.example{address_of(missing)})")


async def test_a_lost_file_does_not_keep_a_text_from_being_corrected(store: Store) -> None:
    name = await upload(store)
    update = await show(store, name)
    await store.media.delete(name)
    await store.updates.edit(FEED, update, {"text": "Corrected"})
    await store.updates.delete(FEED, update)


async def test_an_upload_that_nothing_uses_goes_after_a_day(store: Store, redis_server: RedisServer) -> None:
    name = await upload(store)
    due_s = await sweep(store)
    assert due_s is not None
    assert 86_000 < due_s <= 86_400
    shift(redis_server, DAY_MS - 60_000)
    await sweep(store)
    assert await store.media.exists(name)
    shift(redis_server, 120_000)
    assert await sweep(store) is None
    assert not await store.media.exists(name)


async def test_a_used_upload_stays_after_its_day(store: Store, redis_server: RedisServer) -> None:
    name = await upload(store)
    await show(store, name)
    shift(redis_server, 2 * DAY_MS)
    assert await sweep(store) is None
    assert await store.media.exists(name)


async def test_what_somebody_else_has_just_uploaded_stays(store: Store) -> None:
    update = await show(store, name := await upload(store))
    await upload(store)
    await store.updates.delete(FEED, update)
    await sweep(store)
    assert await store.media.exists(name)


async def test_a_claim_keeps_a_picture_from_the_sweep(store: Store) -> None:
    update = await show(store, name := await upload(store))
    body = orjson.dumps({"image": image(name)})
    async with store.pictures.held(FEED, body):
        await store.updates.delete(FEED, update)
        due_s = await sweep(store)
        assert due_s is not None
        assert due_s <= pictures.COMMIT_S
        assert await store.media.exists(name)


async def test_who_died_between_claim_and_commit_holds_nothing_for_long(
    store: Store, redis_server: RedisServer
) -> None:
    update = await show(store, name := await upload(store))
    await store.pictures._claim(name, "of the dead", pictures.COMMIT_S)
    await store.updates.delete(FEED, update)
    await sweep(store)
    assert await store.media.exists(name)
    shift(redis_server, pictures.COMMIT_S * 1_000)
    await sweep(store)
    assert not await store.media.exists(name)


async def test_who_died_while_removing_is_followed_by_another(
    store: Store, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    update = await show(store, name := await upload(store))

    async def die(_: str) -> None:
        raise MediaUnavailable("the process died here")

    with monkeypatch.context() as patch:
        patch.setattr(store.media, "delete", die)
        await store.updates.delete(FEED, update)
        assert await sweep(store) == pictures.STALE_S
    monkeypatch.setattr(pictures, "_PATIENCE_S", 0.1)
    with pytest.raises(MediaUnavailable, match="being removed"):
        await upload(store)
    assert await sweep(store) == pictures.STALE_S  # its mark still holds
    shift(redis_server, pictures.STALE_S * 1_000)
    await sweep(store)
    assert not await store.media.exists(name)
    await show(store, await upload(store))


async def test_a_crash_before_the_files_are_removed_leaves_none(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    async with opened(redis_server.url, media_dir=tmp_path) as store:
        await open_feed(store)
        name = await upload(store)
        update = await show(store, name)
        store.updates._on_delete = lambda: None  # the process dies right after the commit
        await store.updates.delete(FEED, update)
        assert await store.media.exists(name)
    async with opened(redis_server.url, media_dir=tmp_path) as store:
        store.sweeper.start()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("seed", range(3))
async def test_whoever_comes_together_no_shown_picture_is_lost(
    redis_server: RedisServer, tmp_path: Path, seed: int
) -> None:
    """Several processes upload, publish, delete and sweep the same few pictures."""
    async with (
        opened(redis_server.url, media_dir=tmp_path) as one,
        opened(redis_server.url, media_dir=tmp_path) as two,
    ):
        await open_feed(one)
        await open_feed(one, "sports")

        async def edit(store: Store, chance: random.Random) -> None:
            mine: list[tuple[str, str]] = []
            for _ in range(40):
                feed = chance.choice([FEED, "sports"])
                try:
                    name = await upload(store, bytes([chance.randrange(2)]))
                    update = await show(store, name, feed)
                except InvalidInput:
                    continue  # deleted by another between the two: said in words
                assert await store.media.exists(name)
                mine.append((feed, update))
                if len(mine) > 1:
                    await store.updates.delete(*mine.pop(0))
            for feed, update in mine:
                await store.updates.delete(feed, update)

        await asyncio.gather(
            *(edit(store, random.Random(f"{seed}{at}")) for at, store in enumerate([one, two] * 3))
        )
        await sweep(one)
        shift(redis_server, DAY_MS)  # what was uploaded and then refused
        await sweep(two)
    assert list(tmp_path.iterdir()) == []


# Bounds -------------------------------------------------------------------------------------------


async def test_uploads_are_counted_by_who_makes_them(redis_server: RedisServer) -> None:
    async with opened(redis_server.url, images_per_hour=2) as store:
        for _ in range(2):
            await store.pictures.admit("Ada")
        with pytest.raises(TooManyUploads) as caught:
            await store.pictures.admit("Ada")
        assert 3_500 < caught.value.retry_after_s <= 3_600
        await store.pictures.admit("Grace")
    async with opened(redis_server.url, images_per_hour=0) as store:
        await store.pictures.admit("Ada")


async def test_without_pictures_nothing_more_is_asked(store: Store, redis_server: RedisServer) -> None:
    await publish(store, "Only words")
    assert not redis_server.client.keys("livefeed:{@media}:*")
    with pytest.raises(LivefeedError):
        await show(store, name_of(b"missing", "jpg"))
    assert redis_server.client.keys("livefeed:{@media}:*") == []
