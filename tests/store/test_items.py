from __future__ import annotations

import asyncio

import orjson
import pytest

from livefeed.core.changes import parse_change
from livefeed.errors import (
    AlreadyPublished,
    FeedNotFound,
    Forbidden,
    IdempotencyMismatch,
    ItemExists,
    ItemGone,
    ItemNotFound,
    RevisionConflict,
    TooManyItems,
    UpdateGone,
    WrongState,
)
from livefeed.store import itemwriter
from livefeed.store.store import Store
from tests.redis_servers import RedisServer, wait_until
from tests.store.desk import ANN, BEN, desk, discard, item, make, press, take
from tests.store.support import FEED, assert_sound, idempotency, ids, open_feed, page, publish, unchanged

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
async def feed(store: Store) -> None:
    await open_feed(store, hold_s=0)


async def test_a_draft_is_on_the_desk_and_in_its_log_only(store: Store) -> None:
    made = await make(store, id="a", tags=["x"])
    assert made.kind == "created"
    assert await desk(store) == {"a": orjson.loads(made.body)}
    assert ids(await page(store)) == []
    newest = await store.log(FEED, "desklog").newest(10)
    assert [entry.change.raw for entry in newest.entries] == [b'{"op":"item","item":' + made.body + b"}"]
    assert (await store.log(FEED).attach()).reigns.head == 1  # the feed's own creation
    await assert_sound(store)


async def test_of_each_item_the_log_has_its_newest_state(store: Store) -> None:
    await make(store, id="a")
    await make(store, id="b")
    await take(store, "edit", "a", {"text": "Other"})
    await discard(store, "b")
    newest = await store.log(FEED, "desklog").newest(10)
    told = [orjson.loads(entry.change.raw) for entry in newest.entries]
    assert [entry.offset for entry in newest.entries] == [3, 4]
    assert told[0]["item"]["content"]["text"] == "Other"
    assert told[1] == {"op": "item-delete", "id": "b", "time": told[1]["time"], "published": False}
    assert parse_change(newest.entries[1].change.raw).key == "b"
    await assert_sound(store)


def milliseconds(server: RedisServer) -> int:
    """Redis's own time: of what was made in the same one, the id decides."""
    seconds, microseconds = server.command("TIME")
    return int(seconds) * 1000 + int(microseconds) // 1000


async def test_the_oldest_stands_first(store: Store, redis_server: RedisServer) -> None:
    for item_id in ("c", "a", "b"):
        await make(store, id=item_id)
        made = milliseconds(redis_server)
        wait_until(lambda made=made: milliseconds(redis_server) > made)  # type: ignore[misc]
    assert list(await desk(store)) == ["c", "a", "b"]


async def test_the_same_twice_is_once(store: Store, redis_server: RedisServer) -> None:
    first = await make(store, id="a")
    before = redis_server.contents()
    assert await make(store, id="a") == type(first)("unchanged", "a", first.body)
    assert redis_server.contents() == before
    async with unchanged(redis_server, refusal=ItemExists):
        await make(store, "Other", id="a")


async def test_a_key_makes_it_once(store: Store) -> None:
    made = [await make(store, idem=idempotency()) for _ in range(2)]
    assert made[0].id == made[1].id
    assert len(await desk(store)) == 1
    await take(store, "edit", made[0].id, {"text": "Other"})
    assert (await make(store, idem=idempotency())).id == made[0].id
    with pytest.raises(IdempotencyMismatch):
        await make(store, "Other", idem=idempotency(request=b"other"))


async def test_a_step_that_did_nothing_is_remembered_too(store: Store) -> None:
    """Sent again after the editor's answer, it must not submit once more."""
    await make(store, id="a", by=BEN)
    await take(store, "submit", "a", by=BEN)
    await take(store, "submit", "a", by=BEN, idempotency=idempotency())
    await take(store, "send_back", "a", "Why?")
    again = await take(store, "submit", "a", by=BEN, idempotency=idempotency())
    assert orjson.loads(again.body)["state"] == "draft"


async def test_an_id_is_used_once_whatever_it_was(store: Store, redis_server: RedisServer) -> None:
    await make(store, id="draft")
    await make(store, id="thrown")
    await discard(store, "thrown")
    await publish(store, id="update")
    await publish(store, id="gone")
    await store.updates.delete(FEED, "gone")
    for item_id, refusal in (("thrown", ItemGone), ("update", AlreadyPublished), ("gone", UpdateGone)):
        async with unchanged(redis_server, refusal=refusal):
            await make(store, id=item_id)
        async with unchanged(redis_server, refusal=refusal):
            await store.items.get(FEED, item_id)
    async with unchanged(redis_server, refusal=ItemExists):
        await publish(store, id="draft")
    async with unchanged(redis_server, refusal=ItemGone):
        await publish(store, id="thrown")


@pytest.mark.parametrize("item_id", ["nothing", "a b", "", "x" * 65, "@feed"])
async def test_an_unknown_item(store: Store, redis_server: RedisServer, item_id: str) -> None:
    for asking in (store.items.get(FEED, item_id), take(store, "cancel", item_id), discard(store, item_id)):
        async with unchanged(redis_server, refusal=ItemNotFound):
            await asking


async def test_an_unknown_feed(store: Store) -> None:
    with pytest.raises(FeedNotFound):
        await store.items.newest("nowhere")
    with pytest.raises(FeedNotFound):
        await store.items.get("nowhere", "a")


async def test_the_desk_is_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(itemwriter, "MAX_ITEMS", 2)
    await make(store, id="a")
    await make(store, id="b")
    with pytest.raises(TooManyItems, match="has 2 items"):
        await make(store, id="c")
    await take(store, "edit", "a", {"text": "Other"})
    await discard(store, "b")
    await make(store, id="c")
    await assert_sound(store)


# Changing at once --------------------------------------------------------------------------------


async def test_two_fields_at_once(store: Store) -> None:
    await make(store, id="a")
    patches = [{"title": "T"}, {"tags": ["x"]}, {"pinned": True}, {"author": "Ann"}, {"key": True}]
    await asyncio.gather(*(take(store, "edit", "a", patch) for patch in patches))
    content = (await item(store, "a"))["content"]
    assert all(content | patch == content for patch in patches)
    assert (await item(store, "a"))["rev"] == 6
    await assert_sound(store)


async def test_the_same_field_at_once(store: Store, redis_server: RedisServer) -> None:
    await make(store, id="a")
    await take(store, "edit", "a", {"text": "Ann's"}, if_match=1)
    before = redis_server.contents()
    with pytest.raises(RevisionConflict, match="The item was changed") as caught:
        await take(store, "edit", "a", {"text": "Ben's"}, if_match=1)
    assert orjson.loads(caught.value.current)["content"]["text"] == "Ann's"
    assert redis_server.contents() == before


async def test_a_save_sent_again_does_not_conflict_with_itself(store: Store) -> None:
    await make(store, id="a")
    await take(store, "edit", "a", {"text": "Other"}, if_match=1)
    again = await take(store, "edit", "a", {"text": "Other"}, if_match=1)
    assert (again.kind, orjson.loads(again.body)["rev"]) == ("unchanged", 2)


async def test_what_a_step_refuses_changes_nothing(store: Store, redis_server: RedisServer) -> None:
    await make(store, id="a")
    async with unchanged(redis_server, refusal=WrongState):
        await take(store, "send_back", "a", "Why?")
    async with unchanged(redis_server, refusal=Forbidden):
        await take(store, "edit", "a", {"text": "Ben's"}, by=BEN)
    async with unchanged(redis_server, refusal=Forbidden):
        await discard(store, "a", by=BEN)


# Deleting ---------------------------------------------------------------------------------------


async def test_a_deleted_item_s_text_is_nowhere(store: Store, redis_server: RedisServer) -> None:
    await make(store, "The secret word", id="a", title="The secret title")
    await take(store, "edit", "a", {"text": "The secret word, again"})
    await make(store, "stays", id="b")
    await discard(store, "a")
    assert b"secret" not in repr(redis_server.contents()).encode()
    await store.rewriter.close()
    redis_server.rewrite_done()
    files = redis_server.files()
    assert b"secret" not in files
    assert b"stays" in files
    await assert_sound(store)


async def test_deleting_twice_or_at_once_is_no_error(store: Store) -> None:
    await make(store, id="a")
    await asyncio.gather(*(discard(store, "a") for _ in range(5)))
    await discard(store, "a")
    assert (await store.log(FEED, "desklog").attach()).reigns.head == 2
    await assert_sound(store)


async def test_deleting_another_revision(store: Store, redis_server: RedisServer) -> None:
    await make(store, id="a")
    await take(store, "edit", "a", {"text": "Other"})
    async with unchanged(redis_server, refusal=RevisionConflict):
        await discard(store, "a", if_match=1)
    await discard(store, "a", if_match=2)


async def test_deleting_what_is_out(store: Store, redis_server: RedisServer) -> None:
    await make(store, id="a")
    await press(store, "a")
    async with unchanged(redis_server, refusal=AlreadyPublished):
        await discard(store, "a")
    await store.updates.delete(FEED, "a")
    await discard(store, "a")  # gone it is


async def test_removing_a_feed_takes_its_desk_along(store: Store, redis_server: RedisServer) -> None:
    await make(store, "The secret word", id="a")
    await make(store, id="b")
    await discard(store, "b")
    await store.feeds.remove(FEED)
    left = [key for key in redis_server.contents() if b"{news}" in key and b":idem:" not in key]
    assert left == []
    await open_feed(store)
    assert await desk(store) == {}
    await make(store, id="b", by=ANN)
    await assert_sound(store)
