from __future__ import annotations

from datetime import UTC, datetime

import orjson
import pytest

from livefeed.errors import FeedNotFound, ItemNotFound, RevisionConflict
from livefeed.store.desk import clock, read_desk, see
from livefeed.store.store import Store
from tests.redis_servers import RedisServer
from tests.store.desk import make, take
from tests.store.support import FEED, open_feed, opened

pytestmark = pytest.mark.anyio


async def test_the_desk_and_its_position_are_of_one_moment(store: Store) -> None:
    await open_feed(store, hold_s=7)
    made = await make(store, id="a")
    page = await read_desk(store._scripts, FEED)
    reigns = (await store.log(FEED, "desklog").attach()).reigns
    assert (page.position, page.items) == (reigns.position, (made.body,))
    told = orjson.loads(page.json())
    assert (told["position"], told["feed"]["hold_s"]) == (str(reigns.position), 7)


async def test_of_another_reign_it_is_another_position(store: Store, redis_server: RedisServer) -> None:
    await open_feed(store)
    await make(store, id="a")
    before = (await read_desk(store._scripts, FEED)).position
    redis_server.restart()
    async with opened(redis_server.url) as again:
        after = (await read_desk(again._scripts, FEED)).position
    assert (before.offset, before.epoch != after.epoch) == (after.offset, True)


async def test_what_is_seen_of_an_item(store: Store) -> None:
    await open_feed(store)
    made = await make(store, id="a")
    seen = await see(store._scripts, FEED, "a")
    assert (seen.raw, seen.item and seen.item.rev) == (made.body, 1)
    assert abs(seen.now - datetime.now(UTC)).total_seconds() < 10
    seen.match(None)
    seen.match(1)
    await take(store, "edit", "a", {"text": "Other"})
    with pytest.raises(RevisionConflict) as caught:
        (await see(store._scripts, FEED, "a")).match(1)
    assert orjson.loads(caught.value.current)["rev"] == 2
    assert (await see(store._scripts, FEED, "never")).item is None


async def test_what_is_not_there(store: Store) -> None:
    with pytest.raises(FeedNotFound):
        await read_desk(store._scripts, "nowhere")
    with pytest.raises(FeedNotFound):
        await see(store._scripts, "nowhere", "a")
    with pytest.raises(ItemNotFound):
        await see(store._scripts, FEED, "a}b")


def test_the_clock() -> None:
    assert clock([b"1795000000", b"250000"]) == datetime(2026, 11, 18, 11, 6, 40, 250_000, tzinfo=UTC)
