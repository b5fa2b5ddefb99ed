"""Publishing, reading and paging; what commits refuse and remember is in test_commit."""

from __future__ import annotations

import asyncio
import random
from itertools import chain
from typing import Any

import orjson
import pytest

from livefeed.core.models import UpdateCreate
from livefeed.core.paging import KEY_EVENTS, PageQuery, parse_query
from livefeed.core.reader import place
from livefeed.core.times import to_ms
from livefeed.errors import (
    FeedNotFound,
    IdempotencyMismatch,
    InvalidInput,
    TooManyPinned,
    UpdateGone,
    UpdateNotFound,
)
from livefeed.store.store import Store
from tests.lossy_proxy import lossy_proxy
from tests.redis_servers import RedisServer
from tests.store.support import FEED, assert_sound, idempotency, ids, open_feed, opened, page, publish, read

pytestmark = pytest.mark.anyio
Json = dict[str, Any]


@pytest.fixture(autouse=True)
async def feed(store: Store) -> None:
    await open_feed(store)


def at(second: int) -> str:
    return f"2026-11-22T08:00:{second:02}Z"


# Reading and writing ------------------------------------------------------------------------------


async def test_publishing(store: Store) -> None:
    made = await publish(store, "*Hello*", title="A title", time=at(1))
    update = await read(store, made.id)
    assert orjson.loads(made.update) == update
    assert {name: update[name] for name in ("id", "rev", "time", "headline", "edited")} == {
        "id": made.id,
        "rev": 1,
        "time": at(1),
        "headline": "A title",
        "edited": None,
    }
    assert update["html"].strip() == "<p><em>Hello</em></p>"


async def test_editing(store: Store) -> None:
    made = await publish(store, "First", tags=["a"])
    edited = await store.updates.edit(FEED, made.id, {"text": "Second", "tags": None})
    update = await read(store, made.id)
    assert (edited.kind, edited.rev, update["text"], update["tags"]) == ("edited", 2, "Second", [])
    assert update["edited"] is not None
    assert update["published"] == orjson.loads(made.update)["published"]


async def test_an_edit_that_changes_nothing_writes_nothing(store: Store) -> None:
    made = await publish(store, "First")
    same = await store.updates.edit(FEED, made.id, {"text": "First"})
    assert (same.kind, same.rev, same.update) == ("unchanged", 1, made.update)
    assert (await store.log(FEED).attach()).reigns.head == 2


async def test_edits_at_once_all_count(store: Store) -> None:
    """Without ``If-Match`` each patch is applied to what the others made."""
    made = await publish(store)
    patches: list[Json] = [
        {"key": True},
        {"pinned": True},
        {"breaking": True},
        {"title": "T"},
        {"author": "A"},
    ]
    await asyncio.gather(*(store.updates.edit(FEED, made.id, patch) for patch in patches))
    update = await read(store, made.id)
    for patch in patches:
        assert patch.items() <= update.items()
    assert update["rev"] == 6
    await assert_sound(store)


async def test_a_wrong_edit_names_the_field(store: Store) -> None:
    made = await publish(store)
    with pytest.raises(InvalidInput, match="text"):
        await store.updates.edit(FEED, made.id, {"text": ""})
    assert (await read(store, made.id))["rev"] == 1


async def test_deleting(store: Store) -> None:
    made = await publish(store, time=at(1), tags=["a"], key=True, pinned=True)
    await store.updates.delete(FEED, made.id)
    await store.updates.delete(FEED, made.id)
    with pytest.raises(UpdateGone) as caught:
        await read(store, made.id)
    assert (caught.value.update_id, caught.value.time) == (made.id, at(1))
    with pytest.raises(UpdateGone):
        await store.updates.revisions(FEED, made.id)
    empty = await page(store)
    assert (empty["updates"], empty["pinned"], empty["key"]) == ([], [], [])
    assert await store.updates.tags(FEED) == {}
    await assert_sound(store)


@pytest.mark.parametrize("update_id", ["nothing", "a b", "", "@feed", "x" * 65])
async def test_what_is_not_there(store: Store, update_id: str) -> None:
    for attempt in (
        store.updates.get(FEED, update_id),
        store.updates.revisions(FEED, update_id),
        store.updates.edit(FEED, update_id, {}),
        store.updates.delete(FEED, update_id),
        store.updates.page(FEED, PageQuery(around=update_id or "x")),
    ):
        with pytest.raises(UpdateNotFound):
            await attempt


async def test_no_such_feed(store: Store) -> None:
    for attempt in (
        store.updates.get("other", "a"),
        store.updates.revisions("other", "a"),
        store.updates.tags("other"),
        store.updates.page("other", PageQuery()),
        store.updates.publish("other", UpdateCreate(text="x")),
        store.updates.edit("other", "a", {}),
        store.updates.delete("other", "a"),
    ):
        with pytest.raises(FeedNotFound):
            await attempt


async def test_tags_are_counted(store: Store) -> None:
    one = await publish(store, tags=["a", "b"])
    await publish(store, tags=["b", "c"])
    assert await store.updates.tags(FEED) == {"b": 2, "a": 1, "c": 1}
    await store.updates.edit(FEED, one.id, {"tags": ["c"]})
    assert await store.updates.tags(FEED) == {"c": 2, "b": 1}


# Deletion wins ------------------------------------------------------------------------------------


async def test_a_deleted_text_is_nowhere(store: Store, redis_server: RedisServer) -> None:
    """Nor is any of its revisions: not in a key, not in the stream, not on disk once it is rewritten."""
    made = await publish(store, "Secret-one", title="Secret-title", tags=["plain"], key=True, source="wire:1")
    await store.updates.edit(FEED, made.id, {"text": "Secret-two"})
    await publish(store, "Innocent")
    assert b"Secret-two" in redis_server.files()
    await store.updates.delete(FEED, made.id)
    everything = repr(redis_server.contents())
    assert made.id in everything
    assert "Secret" not in everything
    await store.rewriter.close()
    redis_server.rewrite_done()
    assert b"Innocent" in redis_server.files()
    assert b"Secret" not in redis_server.files()


async def test_a_page_read_before_a_deletion_is_not_shared_after_it(
    store: Store, redis_server: RedisServer
) -> None:
    made = await publish(store)
    async with lossy_proxy(redis_server) as proxy, opened(proxy.url) as far:
        await page(far)
        released = proxy.hold = asyncio.Event()
        before = asyncio.create_task(page(far))
        async with asyncio.timeout(30):
            while proxy.hold:
                await asyncio.sleep(0.001)
        await far.updates.delete(FEED, made.id)
        assert ids(await asyncio.wait_for(page(far), 30)) == []
        released.set()
        assert ids(await before) == [made.id]


async def test_reads_at_once_are_one_read(store: Store, redis_server: RedisServer) -> None:
    await publish(store)
    before = redis_server.info("commandstats").get("cmdstat_evalsha", {}).get("calls", 0)
    pages = await asyncio.gather(*(page(store) for _ in range(50)))
    assert all(one == pages[0] for one in pages)
    assert redis_server.info("commandstats")["cmdstat_evalsha"]["calls"] <= before + 1


async def test_who_leaves_does_not_take_the_page_along(store: Store) -> None:
    await publish(store)
    first = asyncio.create_task(page(store))
    await asyncio.sleep(0)
    second = asyncio.create_task(page(store))
    await asyncio.sleep(0)
    first.cancel()
    assert len(ids(await second)) == 1


# Pages --------------------------------------------------------------------------------------------

ID_ALPHABET = "abyzABYZ0189-_"


async def many(store: Store, seed: int, count: int = 60) -> dict[str, Json]:
    """Updates at few different times, so that most share theirs, with ids of all kinds."""
    chance = random.Random(seed)
    made: dict[str, Json] = {}
    while len(made) < count:
        id_ = "".join(chance.choices(ID_ALPHABET, k=3))
        if id_ not in made:
            tags = chance.sample(["x", "y", "z"], chance.randint(0, 2))
            await publish(store, id=id_, time=at(chance.randint(0, 4)), key=chance.random() < 0.4, tags=tags)
            made[id_] = await read(store, id_)
    return made


def expected(updates: dict[str, Json], query: PageQuery) -> list[str]:
    """By brute force: all that the query's filter lets pass, in its order."""
    found = [
        update
        for update in updates.values()
        if (update["key"] or not query.key) and (query.tag is None or query.tag in update["tags"])
    ]
    return [update["id"] for update in sorted(found, key=place, reverse=query.order == "newest")]


def following(cursor: str, limit: int) -> PageQuery:
    return parse_query({"cursor": cursor, "limit": str(limit)})


async def walk(store: Store, query: PageQuery, way: str) -> list[list[str]]:
    pages = []
    got = await page(store, query)
    while True:
        pages.append(ids(got))
        if got[way] is None:
            return pages
        got = await page(store, following(got[way], query.limit))


FILTERS = [
    PageQuery(),
    PageQuery(key=True),
    PageQuery(tag="x"),
    PageQuery(key=True, tag="y"),
    PageQuery(tag="none"),
]


@pytest.mark.parametrize("order", ["newest", "oldest"])
async def test_pages_there_and_back(store: Store, order: Any) -> None:
    updates = await many(store, seed=1)
    for base in FILTERS:
        for limit in (1, 7, 60, 100):
            query = PageQuery(limit, order=order, key=base.key, tag=base.tag)
            wanted = expected(updates, query)
            pages = await walk(store, query, "next")
            assert [*chain(*pages)] == wanted
            assert all(len(one) == limit for one in pages[:-1])
            got = await page(store, query)
            assert got["prev"] is None
            while got["next"]:
                got = await page(store, following(got["next"], limit))
            back = [ids(got)]
            while got["prev"]:
                got = await page(store, following(got["prev"], limit))
                back.append(ids(got))
            assert [*chain(*reversed(back))] == wanted


async def test_around(store: Store) -> None:
    updates = await many(store, seed=2, count=30)
    gone = random.Random(2).sample(sorted(updates), 6)
    for id_ in gone:
        await store.updates.delete(FEED, id_)
    living = {id_: update for id_, update in updates.items() if id_ not in gone}
    for order in ("newest", "oldest"):
        for id_ in updates:
            query = PageQuery(7, around=id_, order=order)
            whole = expected(living, query)
            got = await page(store, query)
            start = whole.index(ids(got)[0])
            assert ids(got) == whole[start : start + len(ids(got))]
            assert id_ in gone or id_ in ids(got)
            newer = [one for one in ids(got) if place(updates[one]) > place(updates[id_])]
            assert len(newer) <= 3
            assert (got["prev"] is None) == (start == 0)
            assert (got["next"] is None) == (start + len(ids(got)) == len(whole))


@pytest.mark.parametrize("way", ["next", "prev"])
async def test_a_cursor_outlives_the_update_that_it_came_from(store: Store, way: str) -> None:
    updates = await many(store, seed=3, count=20)
    middle = expected(updates, PageQuery())[9]
    got = await page(store, PageQuery(4, around=middle))
    edge = updates[ids(got)[-1 if way == "next" else 0]]
    beyond = {
        id_: update
        for id_, update in updates.items()
        if (place(update) < place(edge) if way == "next" else place(update) > place(edge))
    }
    if way == "next":
        await store.updates.edit(FEED, edge["id"], {"time": at(50)})
    await store.updates.delete(FEED, edge["id"])
    wanted = expected(beyond, PageQuery())
    after = await page(store, following(got[way], 5))
    assert ids(after) == (wanted[:5] if way == "next" else wanted[-5:])


async def test_a_page_has_the_pinned_and_the_newest_key_events(store: Store) -> None:
    for number in range(KEY_EVENTS + 3):
        await publish(store, id=f"k{number:02}", time=at(number), key=True, pinned=number in (1, 2))
    got = await page(store, PageQuery(1))
    assert [update["id"] for update in got["pinned"]] == ["k02", "k01"]
    assert [event["id"] for event in got["key"]] == [
        f"k{number:02}" for number in range(KEY_EVENTS + 2, 2, -1)
    ]
    assert set(got["key"][0]) == {"id", "time", "headline"}


async def test_a_page_says_where_it_was_read(store: Store) -> None:
    before = await page(store)
    await publish(store)
    after = await page(store)
    assert (before["position"].split(":")[1], after["position"].split(":")[1]) == ("1", "2")
    assert after["feed"]["slug"] == FEED


async def test_milliseconds_count(store: Store) -> None:
    for id_, time in (("a", "2026-11-22T08:00:00.002Z"), ("b", "2026-11-22T08:00:00.001Z")):
        await publish(store, id=id_, time=time)
    assert ids(await page(store)) == ["a", "b"]
    assert to_ms((await read(store, "a"))["time"]) % 1000 == 2


async def test_an_edit_here_stays_while_the_source_says_the_same(store: Store) -> None:
    item: Json = {"source": "wire-1", "title": "As the wire has it"}
    made = await publish(store, "From the wire", **item)
    await store.updates.edit(FEED, made.id, {"text": "Put right here"})
    assert (await publish(store, "From the wire", **item)).kind == "unchanged"
    assert (await read(store, made.id))["text"] == "Put right here"
    # What the wire corrects itself is taken over, and from then on that is what it says.
    assert (await publish(store, "Corrected by the wire", **item)).kind == "edited"
    assert (await read(store, made.id))["text"] == "Corrected by the wire"
    assert (await publish(store, "Corrected by the wire", **item)).kind == "unchanged"
    await assert_sound(store)


async def test_a_picture_from_the_source_is_taken_whole(store: Store) -> None:
    old = {"url": "https://a.example/1.png", "alt": "Old", "width": 100, "height": 50, "caption": "Old"}
    made = await publish(store, "With a picture", source="wire-2", image=old)
    await publish(store, "With a picture", source="wire-2", image={"url": "https://a.example/2.png"})
    image = (await read(store, made.id))["image"]
    assert (image["url"], image["alt"], image["width"], image["caption"]) == (
        "https://a.example/2.png", "", None, None,
    )  # fmt: skip


async def test_a_request_that_changed_nothing_is_remembered_too(store: Store) -> None:
    made = await publish(store, "As it is")
    one, two = idempotency("k", b"one"), idempotency("k", b"two")
    await store.updates.edit(FEED, made.id, {"text": "As it is"}, idempotency=one)
    with pytest.raises(IdempotencyMismatch):
        await store.updates.edit(FEED, made.id, {"text": "Other"}, idempotency=two)
    again = await store.updates.edit(
        FEED, made.id, {"text": "As it is"}, idempotency=idempotency("k", b"one")
    )
    assert (again.id, again.rev) == (made.id, 1)


async def test_an_export_s_ids_are_known_where_they_come_from(store: Store) -> None:
    made = await publish(store, "Exported")
    assert (await publish(store, "Exported", source=made.id)).kind == "unchanged"
    await store.updates.delete(FEED, made.id)
    with pytest.raises(UpdateGone):
        await publish(store, "Exported", source=made.id)
    assert await store.updates.sources(FEED) == {}


async def test_so_much_can_be_pinned_and_no_more(store: Store) -> None:
    made = [await publish(store, f"Pinned {number}", pinned=True) for number in range(100)]
    with pytest.raises(TooManyPinned, match="unpin one"):
        await publish(store, "One more", pinned=True)
    other = await publish(store, "Not pinned")
    with pytest.raises(TooManyPinned):
        await store.updates.edit(FEED, other.id, {"pinned": True})
    await store.updates.edit(FEED, made[0].id, {"text": "Still pinned"})
    await store.updates.edit(FEED, made[1].id, {"pinned": False})
    await store.updates.edit(FEED, other.id, {"pinned": True})
    await assert_sound(store)


async def test_an_import_of_the_own_export_undoes_no_edit_either(store: Store) -> None:
    made = await publish(store, "As it was")
    item: Json = {"source": made.id, "title": None}
    assert (await publish(store, "As it was", **item)).kind == "unchanged"
    await store.updates.edit(FEED, made.id, {"text": "Put right here"})
    assert (await publish(store, "As it was", **item)).kind == "unchanged"
    assert (await read(store, made.id))["text"] == "Put right here"
    assert await store.updates.sources(FEED) == {}
    await assert_sound(store)


async def test_a_replay_of_what_changed_nothing_is_no_creation(store: Store) -> None:
    await publish(store, "From the wire", source="wire-3")
    key = idempotency("k3", b"one")
    assert (await publish(store, "From the wire", source="wire-3", idem=key)).kind == "unchanged"
    assert (await publish(store, "From the wire", source="wire-3", idem=key)).kind == "unchanged"
