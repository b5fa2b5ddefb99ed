from __future__ import annotations

import orjson
import pytest

from livefeed.errors import (
    FeedClosed,
    FeedExists,
    FeedNotFound,
    IdempotencyMismatch,
    RevisionConflict,
    StoreInconsistent,
    StoreUnavailable,
    UpdateExists,
    UpdateGone,
    UpdateNotFound,
)
from livefeed.store.keys import FeedKeys
from livefeed.store.store import Store
from tests.lossy_proxy import lossy_proxy
from tests.redis_servers import RedisServer
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
KEYS = FeedKeys(FEED)


@pytest.fixture(autouse=True)
async def feed(store: Store) -> None:
    await open_feed(store)


async def head(store: Store) -> int:
    return (await store.log(FEED).attach()).reigns.head


# What is refused changes nothing ------------------------------------------------------------------


async def test_no_such_feed(store: Store, redis_server: RedisServer) -> None:
    async with unchanged(redis_server, refusal=FeedNotFound):
        await publish(store, feed="nothing")


async def test_a_feed_twice(store: Store, redis_server: RedisServer) -> None:
    async with unchanged(redis_server, refusal=FeedExists):
        await open_feed(store)


async def test_an_id_twice(store: Store, redis_server: RedisServer) -> None:
    await publish(store, id="a")
    async with unchanged(redis_server, refusal=UpdateExists):
        await publish(store, id="a")


async def test_editing_what_is_not_there(store: Store, redis_server: RedisServer) -> None:
    async with unchanged(redis_server, refusal=UpdateNotFound):
        await store.updates.edit(FEED, "a", {"text": "x"})


async def test_deleting_what_is_not_there(store: Store, redis_server: RedisServer) -> None:
    async with unchanged(redis_server, refusal=UpdateNotFound):
        await store.updates.delete(FEED, "a")


@pytest.mark.parametrize("rev", [0, 2])
async def test_editing_at_another_revision(store: Store, redis_server: RedisServer, rev: int) -> None:
    made = await publish(store)
    async with unchanged(redis_server, refusal=RevisionConflict):
        await store.updates.edit(FEED, made.id, {"text": "x"}, if_match=rev)


@pytest.mark.parametrize("rev", [0, 2])
async def test_deleting_at_another_revision(store: Store, redis_server: RedisServer, rev: int) -> None:
    made = await publish(store)
    async with unchanged(redis_server, refusal=RevisionConflict):
        await store.updates.delete(FEED, made.id, if_match=rev)


async def test_a_conflict_carries_the_update_as_it_stands(store: Store) -> None:
    made = await publish(store)
    edited = await store.updates.edit(FEED, made.id, {"text": "Second"}, if_match=1)
    with pytest.raises(RevisionConflict) as caught:
        await store.updates.edit(FEED, made.id, {"text": "Third"}, if_match=1)
    assert caught.value.current == edited.update


async def test_a_deleted_id_is_never_used_again(store: Store, redis_server: RedisServer) -> None:
    await publish(store, id="a")
    await store.updates.delete(FEED, "a")
    async with unchanged(redis_server, refusal=UpdateGone):
        await publish(store, id="a")
    async with unchanged(redis_server, refusal=UpdateGone):
        await store.updates.edit(FEED, "a", {"text": "x"})


async def test_a_deleted_source_stays_deleted(store: Store, redis_server: RedisServer) -> None:
    made = await publish(store, source="wire:1")
    await store.updates.delete(FEED, made.id)
    async with unchanged(redis_server, refusal=UpdateGone):
        await publish(store, source="wire:1")


async def test_a_closed_feed_takes_edits_and_deletions_only(store: Store, redis_server: RedisServer) -> None:
    one, other = await publish(store), await publish(store)
    await store.feeds.patch(FEED, {"status": "closed"})
    async with unchanged(redis_server, refusal=FeedClosed):
        await publish(store)
    assert (await store.updates.edit(FEED, one.id, {"text": "x"})).rev == 2
    await store.updates.delete(FEED, other.id)
    await store.feeds.patch(FEED, {"status": "open"})
    await publish(store)
    await assert_sound(store)


# Sources and revisions ----------------------------------------------------------------------------


async def test_the_same_source_again_is_an_edit_or_nothing(store: Store) -> None:
    made = await publish(store, "First", source="wire:1")
    again = await publish(store, "First", source="wire:1")
    edited = await publish(store, "Second", source="wire:1")
    assert [o.kind for o in (made, again, edited)] == ["created", "unchanged", "edited"]
    assert {made.id, again.id, edited.id} == {made.id}
    assert (await read(store, made.id))["text"] == "Second"


async def test_the_same_source_with_its_id_again_is_an_edit_too(store: Store) -> None:
    await publish(store, "First", id="a", source="wire:1")
    assert (await publish(store, "Second", id="a", source="wire:1")).kind == "edited"


async def test_revisions_are_kept_oldest_first(store: Store) -> None:
    made = await publish(store, "1")
    for text in ("2", "3"):
        await store.updates.edit(FEED, made.id, {"text": text})
    revisions = [orjson.loads(body) for body in await store.updates.revisions(FEED, made.id)]
    assert [(r["rev"], r["text"]) for r in revisions] == [(1, "1"), (2, "2"), (3, "3")]


async def test_revisions_are_bounded(store: Store, redis_server: RedisServer) -> None:
    made = await publish(store, "0")
    for number in range(105):
        await store.updates.edit(FEED, made.id, {"text": f"{number + 1}"})
    revisions = [orjson.loads(body)["text"] for body in await store.updates.revisions(FEED, made.id)]
    assert revisions == [str(number) for number in range(5, 106)]


# Idempotency --------------------------------------------------------------------------------------


async def test_the_same_key_again_publishes_once(store: Store) -> None:
    made = await publish(store, idem=idempotency())
    assert await publish(store, idem=idempotency()) == made
    assert ids(await page(store)) == [made.id]


async def test_the_same_key_edits_once(store: Store) -> None:
    made = await publish(store)
    once = await store.updates.edit(FEED, made.id, {"text": "x"}, if_match=1, idempotency=idempotency())
    twice = await store.updates.edit(FEED, made.id, {"text": "x"}, if_match=1, idempotency=idempotency())
    assert once == twice
    assert twice.rev == 2


async def test_the_same_key_deletes_once(store: Store) -> None:
    made = await publish(store)
    await store.updates.delete(FEED, made.id, idempotency=idempotency())
    before = await head(store)
    await store.updates.delete(FEED, made.id, idempotency=idempotency())
    assert await head(store) == before


@pytest.mark.parametrize("route", ["publish", "edit", "delete", "feed"])
async def test_the_same_key_with_another_body(store: Store, redis_server: RedisServer, route: str) -> None:
    made = await publish(store, idem=idempotency())
    other = idempotency(request=b"{1}")
    async with unchanged(redis_server, refusal=IdempotencyMismatch):
        match route:
            case "publish":
                await publish(store, idem=other)
            case "edit":  # even one that would change nothing
                await store.updates.edit(FEED, made.id, {}, idempotency=other)
            case "delete":
                await store.updates.delete(FEED, made.id, idempotency=other)
            case "feed":
                await store.feeds.patch(FEED, {}, idempotency=other)


async def test_a_key_holds_for_its_scope_only(store: Store) -> None:
    one = await publish(store, idem=idempotency(scope="ann"))
    assert one.id != (await publish(store, idem=idempotency(scope="bob"))).id


async def test_what_is_remembered_has_no_text_and_ends(store: Store, redis_server: RedisServer) -> None:
    await publish(store, "Secret words", idem=idempotency(request=b'{"text":"Secret words"}'))
    for key in redis_server.client.scan_iter(KEYS.idem("*")):
        value = redis_server.client.get(key)
        assert isinstance(value, bytes)
        assert b"Secret" not in value
        assert redis_server.client.ttl(key) > 0


# A lost reply -------------------------------------------------------------------------------------


async def test_a_lost_reply_commits_once(store: Store, redis_server: RedisServer) -> None:
    async with lossy_proxy(redis_server) as proxy, opened(proxy.url) as far:
        before = await head(far)
        proxy.lose = 1
        made = await publish(far, "Once", id="a")
        assert (made.kind, made.rev) == ("created", 1)
        proxy.lose = 1
        assert (await far.updates.edit(FEED, "a", {"text": "Twice"}, if_match=1)).rev == 2
        proxy.lose = 1
        await far.updates.delete(FEED, "a", if_match=2)
        assert await head(far) == before + 3
    await assert_sound(store)


async def test_two_lost_replies_are_told_and_the_key_says_what_happened(
    store: Store, redis_server: RedisServer
) -> None:
    async with lossy_proxy(redis_server) as proxy, opened(proxy.url) as far:
        proxy.lose = 2
        with pytest.raises(StoreUnavailable):
            await publish(far, idem=idempotency())
        made = await publish(far, idem=idempotency())
    assert ids(await page(store)) == [made.id]


# Keys that contradict each other ------------------------------------------------------------------


@pytest.mark.parametrize(
    "key",
    [
        KEYS.updates, KEYS.timeline, KEYS.key_events, KEYS.pinned, KEYS.tags, KEYS.gone, KEYS.sources,
        KEYS.said, KEYS.imported,
        KEYS.offsets(), KEYS.tag("old"), KEYS.tag("new"),
    ],
)  # fmt: skip
async def test_a_key_of_the_wrong_type(store: Store, redis_server: RedisServer, key: str) -> None:
    await publish(store, id="a")
    await publish(store, id="b", tags=["old"])
    redis_server.client.delete(key)
    redis_server.command("SET", key, "nonsense")
    async with unchanged(redis_server, refusal=StoreInconsistent):
        await store.updates.edit(FEED, "b", {"text": "x", "tags": ["new"]})
    async with unchanged(redis_server, refusal=StoreInconsistent):
        await publish(store, id="c", tags=["old", "new"])


async def test_revisions_of_the_wrong_type(store: Store, redis_server: RedisServer) -> None:
    await publish(store, id="a")
    redis_server.command("SET", KEYS.revisions("a"), "nonsense")
    async with unchanged(redis_server, refusal=StoreInconsistent):
        await store.updates.edit(FEED, "a", {"text": "x"})
    async with unchanged(redis_server, refusal=StoreInconsistent):
        await store.updates.delete(FEED, "a")


async def test_a_log_that_is_no_stream(store: Store, redis_server: RedisServer) -> None:
    redis_server.client.delete(KEYS.log())
    redis_server.command("SET", KEYS.log(), "nonsense")
    async with unchanged(redis_server, refusal=StoreInconsistent):
        await publish(store)


async def test_a_log_that_somebody_else_wrote_to(store: Store, redis_server: RedisServer) -> None:
    redis_server.command("XADD", KEYS.log(), "7-0", "x", "y")
    async with unchanged(redis_server, refusal=StoreInconsistent):
        await publish(store)


# Trimming and large offsets -----------------------------------------------------------------------


async def test_trimming_raises_the_floor(redis_server: RedisServer) -> None:
    async with opened(redis_server.url, log_entries=100) as store:
        for number in range(150):
            await publish(store, id=f"u{number}")
        reigns = (await store.log(FEED).attach()).reigns
        assert (reigns.head, reigns.floor) == (151, 51)
        assert [entry.offset for entry in (await store.log(FEED).newest(1000)).entries] == list(
            range(52, 152)
        )
        # What was trimmed can still be edited and deleted.
        await store.updates.edit(FEED, "u0", {"text": "x"})
        await store.updates.delete(FEED, "u1")
        await assert_sound(store)


async def test_superseding_needs_no_trimming(redis_server: RedisServer) -> None:
    async with opened(redis_server.url, log_entries=100) as store:
        await publish(store, id="a")
        for number in range(150):
            await store.updates.edit(FEED, "a", {"text": f"{number}"})
        assert (await store.log(FEED).attach()).reigns.floor == 0
        await assert_sound(store)


async def test_offsets_stay_whole_up_to_the_largest(store: Store, redis_server: RedisServer) -> None:
    far = 2**53 - 5
    redis_server.command("XADD", KEYS.log(), f"{far}-0", "x", '{"op":"delete","id":"x","time":""}')
    redis_server.command("XDEL", KEYS.log(), f"{far}-0")
    redis_server.command("HSET", KEYS.meta, "log:head", str(far))
    for number in range(3):
        await publish(store, id=f"u{number}")
    assert await head(store) == far + 3
    assert [entry.offset for entry in (await store.log(FEED).newest(3)).entries] == [
        far + 1,
        far + 2,
        far + 3,
    ]
    await assert_sound(store)
