from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from livefeed.errors import (
    AlreadyPublished,
    FeedClosed,
    FeedNotFound,
    InvalidInput,
    ItemNotFound,
    RevisionConflict,
    TooManyPinned,
    UpdateGone,
    WrongState,
)
from livefeed.store.store import Store
from tests.lossy_proxy import lossy_proxy
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
    read,
    unchanged,
)

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
async def feed(store: Store) -> None:
    await open_feed(store, hold_s=0)


async def hold(store: Store, seconds: int) -> None:
    await store.feeds.patch(FEED, {"hold_s": seconds})


async def let_out(store: Store, done: Callable[[dict[str, Any]], object]) -> None:
    """Let out what is due until the desk looks like this."""
    async with asyncio.timeout(10):
        while not done(await desk(store)):
            await store.outgoing.let_out_due(FEED)


# At once ----------------------------------------------------------------------------------------


async def test_an_item_becomes_an_update(store: Store) -> None:
    await make(store, "A *text*", id="a", tags=["x"], key=True, pinned=True)
    out = await press(store, "a")
    assert out.kind == "published"
    update = orjson.loads(out.body)
    assert (update["id"], update["rev"], update["html"]) == ("a", 1, "<p>A <em>text</em></p>")
    assert await read(store, "a") == update
    assert await desk(store) == {}
    told = [
        orjson.loads((await store.log(FEED, name).newest(1)).entries[-1].change.raw)
        for name in ("log", "desklog")
    ]
    assert told == [
        {"op": "put", "update": update},
        {"op": "item-delete", "id": "a", "time": update["time"], "published": True},
    ]
    await assert_sound(store)


async def test_a_fresh_text_goes_out_in_one_request(store: Store) -> None:
    out = await press(store, "a", {"text": "Fresh"})
    assert (out.kind, (await read(store, "a"))["text"]) == ("published", "Fresh")
    assert (await store.log(FEED, "desklog").attach()).reigns.head == 0  # no desk ever had it
    await assert_sound(store)


async def test_changes_are_saved_with_it(store: Store) -> None:
    await make(store, id="a", title="T")
    await press(store, "a", {"text": "Better", "title": None})
    update = await read(store, "a")
    assert (update["text"], update["title"], update["rev"]) == ("Better", None, 1)


async def test_pressed_again(store: Store, redis_server: RedisServer) -> None:
    await make(store, id="a")
    first = await press(store, "a", {"text": "Better"})
    before = redis_server.contents()
    for again in (await press(store, "a", {"text": "Better"}), await press(store, "a")):
        assert (again.kind, again.body) == ("out", first.body)
    assert redis_server.contents() == before
    async with unchanged(redis_server, refusal=AlreadyPublished):
        await press(store, "a", {"text": "Something else"})
    await store.updates.delete(FEED, "a")
    with pytest.raises(UpdateGone):
        await press(store, "a")


async def test_at_another_revision(store: Store, redis_server: RedisServer) -> None:
    await make(store, id="a")
    await take(store, "edit", "a", {"text": "Other"})
    async with unchanged(redis_server, refusal=RevisionConflict):
        await press(store, "a", if_match=1)
    assert (await press(store, "a", if_match=2)).kind == "published"


@pytest.mark.parametrize("hold_s", [0, 5])
async def test_a_closed_feed(store: Store, redis_server: RedisServer, hold_s: int) -> None:
    await hold(store, hold_s)
    await make(store, id="a")
    await store.feeds.patch(FEED, {"status": "closed"})
    async with unchanged(redis_server, refusal=FeedClosed):
        await press(store, "a", {"text": "Other"})
    for _ in range(2):
        with pytest.raises(FeedClosed):
            await press(store, "new", {"text": "Fresh"})
    assert (await item(store, "new"))["state"] == "draft"  # no word of it is lost
    assert (await item(store, "new"))["content"]["text"] == "Fresh"
    async with unchanged(redis_server, refusal=FeedClosed):
        await schedule(store, "a", 60)
    await make(store, id="b")
    await take(store, "edit", "b", {"text": "Other"})
    await assert_sound(store)


async def test_too_much_is_pinned(store: Store) -> None:
    for number in range(100):
        await publish(store, id=f"u{number}", pinned=True)
    await make(store, id="a", pinned=True)
    with pytest.raises(TooManyPinned):
        await press(store, "a")
    await hold(store, 1)
    await press(store, "a")
    await let_out(store, lambda left: left["a"]["state"] == "draft")
    assert (await item(store, "a"))["note"]["text"] == "Not published: 100 updates are pinned."
    await assert_sound(store)


@pytest.mark.parametrize("content", [{}, {"text": " "}, {"text": "<b></b>", "format": "html"}])
async def test_what_says_nothing(store: Store, redis_server: RedisServer, content: dict[str, str]) -> None:
    async with unchanged(redis_server, refusal=InvalidInput):
        await press(store, "a", content)


# Held -------------------------------------------------------------------------------------------


async def test_it_is_held_and_then_out(store: Store) -> None:
    await hold(store, 1)
    held = await press(store, "a", {"text": "Hello"})
    assert held.kind == "changed"
    fields = orjson.loads(held.body)
    assert (fields["state"], fields["rev"]) == ("going", 1)
    await store.outgoing.let_out_due(FEED)
    assert ids(await page(store)) == []
    assert (await press(store, "a")).body == held.body
    await let_out(store, lambda left: not left)
    update = await read(store, "a")
    assert update["published"] >= fields["due"]
    assert update["time"][:19] == update["published"][:19]
    assert (await press(store, "a")).kind == "out"
    await assert_sound(store)


async def test_what_is_going_out_is_not_edited(store: Store, redis_server: RedisServer) -> None:
    await hold(store, 30)
    await press(store, "a", {"text": "Hello"})
    async with unchanged(redis_server, refusal=WrongState):
        await take(store, "edit", "a", {"text": "Other"})
    async with unchanged(redis_server, refusal=WrongState):
        await press(store, "a", {"text": "Other"})


async def test_cancelled_it_stays(store: Store, redis_server: RedisServer) -> None:
    await hold(store, 30)
    await press(store, "a", {"text": "Hello"}, idempotency=idempotency())
    assert (await take(store, "cancel", "a")).kind == "changed"
    assert redis_server.command("ZCARD", "livefeed:{news}:due") == 0
    with pytest.raises(WrongState):
        await store.outgoing.release(FEED, "a")
    # The very press that was cancelled, on its way for long, must not publish.
    late = await press(store, "a", {"text": "Hello"}, idempotency=idempotency())
    assert orjson.loads(late.body)["state"] == "draft"
    await assert_sound(store)


async def test_send_now(store: Store) -> None:
    await hold(store, 30)
    await press(store, "a", {"text": "Hello"})
    await make(store, id="b")
    await schedule(store, "b", 600)
    for item_id in ("a", "b"):
        assert (await store.outgoing.release(FEED, item_id)).kind == "published"
        assert (await store.outgoing.release(FEED, item_id)).kind == "out"
        with pytest.raises(AlreadyPublished):
            await take(store, "cancel", item_id)
    with pytest.raises(ItemNotFound):
        await store.outgoing.release(FEED, "nothing")
    await assert_sound(store)


async def test_deleted_while_it_was_going_out(store: Store) -> None:
    await hold(store, 1)
    await press(store, "a", {"text": "Hello"})
    await discard(store, "a")
    await store.outgoing.let_out_due(FEED)
    assert ids(await page(store)) == []
    await assert_sound(store)


async def test_closed_while_it_was_going_out(store: Store) -> None:
    await hold(store, 1)
    await press(store, "a", {"text": "Hello"})
    await store.feeds.patch(FEED, {"status": "closed"})
    await let_out(store, lambda left: left["a"]["state"] == "draft")
    turned = await item(store, "a")
    assert (turned["note"]["text"], turned["note"]["by"]) == ("Not published: the feed is closed.", None)
    assert ids(await page(store)) == []
    await assert_sound(store)


async def test_removed_while_it_was_going_out(store: Store) -> None:
    await hold(store, 1)
    await press(store, "a", {"text": "Hello"})
    await store.feeds.remove(FEED)
    await store.outgoing.let_out_due(FEED)
    with pytest.raises(FeedNotFound):
        await press(store, "a")


# Scheduled --------------------------------------------------------------------------------------


async def test_it_goes_out_when_it_is_due(store: Store) -> None:
    await make(store, id="late")
    await make(store, id="soon", time="2026-01-01T00:00:00Z")
    await schedule(store, "late", 600)
    await schedule(store, "soon", 0.4)
    await take(store, "edit", "soon", {"text": "Edited"})
    await let_out(store, lambda left: "soon" not in left)
    assert list(await desk(store)) == ["late"]
    update = await read(store, "soon")
    assert (update["text"], update["time"]) == ("Edited", "2026-01-01T00:00:00Z")
    await assert_sound(store)


async def test_an_edit_of_what_is_scheduled_in_a_closed_feed(store: Store) -> None:
    await make(store, id="a")
    await schedule(store, "a", 600)
    await store.feeds.patch(FEED, {"status": "closed"})
    assert (await take(store, "edit", "a", {"text": "Other"})).kind == "changed"


async def test_what_is_due_next(store: Store) -> None:
    await open_feed(store, "other")
    await make(store, id="a")
    await schedule(store, "a", 600)
    now, feeds, due = await store.outgoing.next_due(["news", "other", "nowhere"])
    assert feeds == ["news", "other"]
    assert list(due) == ["news"]
    assert 590 < (due["news"] - now).total_seconds() <= 600
    assert (await store.outgoing.next_due([]))[2] == {}


# At once, from everywhere ------------------------------------------------------------------------


async def test_many_find_it_due_and_one_publishes(store: Store, redis_server: RedisServer) -> None:
    for number in range(10):
        await make(store, id=f"i{number}")
        await schedule(store, f"i{number}", 0.3)
    async with opened(redis_server.url) as other, opened(redis_server.url) as third:
        async with asyncio.timeout(10):
            while await desk(store):
                await asyncio.gather(*(each.outgoing.let_out_due(FEED) for each in (store, other, third)))
    assert sorted(ids(await page(store))) == [f"i{number}" for number in range(10)]
    log = await store.log(FEED).newest(100)
    assert log.reigns.head == 11  # the feed, and each of them once
    await assert_sound(store)


async def test_cancel_and_release_at_once(store: Store, redis_server: RedisServer) -> None:
    """Whoever is first wins, and the other is told."""
    async with opened(redis_server.url) as other:
        for number in range(30):
            item_id = f"i{number}"
            await hold(store, 30)
            await press(store, item_id, {"text": "Hello"})
            cancelled, out = await asyncio.gather(
                take(store, "cancel", item_id),
                other.outgoing.release(FEED, item_id),
                return_exceptions=True,
            )
            is_out = item_id in ids(await page(store))
            assert is_out != (item_id in await desk(store))
            assert isinstance(cancelled, AlreadyPublished) == is_out
            assert isinstance(out, WrongState) != is_out
            if is_out:
                await store.updates.delete(FEED, item_id)
    await assert_sound(store)


async def test_a_lost_reply(store: Store, redis_server: RedisServer) -> None:
    """The client asks once more; it is done once."""
    async with lossy_proxy(redis_server) as proxy, opened(proxy.url) as lossy:
        await make(lossy, id="a")
        proxy.lose = 1
        out = await press(lossy, "a", {"text": "Better"})
        assert (await read(store, "a"))["text"] == orjson.loads(out.body)["text"] == "Better"
        proxy.lose = 1
        await make(lossy, id="b")
        proxy.lose = 1
        await take(lossy, "edit", "b", {"text": "Other"})
        proxy.lose = 1
        await discard(lossy, "b")
    assert await desk(store) == {}
    assert ids(await page(store)) == ["a"]
    assert (await store.log(FEED, "desklog").attach()).reigns.head == 5
    await assert_sound(store)
