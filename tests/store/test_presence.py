from __future__ import annotations

import pytest

from livefeed.core.models import FeedCreate
from livefeed.errors import FeedNotFound, StoreUnavailable
from livefeed.store.keys import FeedKeys
from livefeed.store.presence import MAX_OWN, MAX_TABS, PRESENT_S, AtDesk
from livefeed.store.store import Store
from tests.redis_servers import RedisServer
from tests.store.support import opened

pytestmark = pytest.mark.anyio

KEY = FeedKeys("news").desk


@pytest.fixture(autouse=True)
async def news(store: Store) -> None:
    await store.feeds.create(FeedCreate(slug="news"))


async def there(store: Store) -> list[AtDesk]:
    people = (await store.presence.read(["news"]))["news"]
    assert isinstance(people, list)
    return people


async def test_they_come_edit_and_leave(store: Store, redis_server: RedisServer) -> None:
    ann, ben = AtDesk("Ann", "a1", None), AtDesk("Ben", "b1", "01k")
    await store.presence.say("news", ben)
    await store.presence.say("news", ann)
    assert await there(store) == [ann, ben]
    editing = AtDesk("Ann", "a1", "01m")
    await store.presence.say("news", editing)
    assert await there(store) == [editing, ben]
    await store.presence.leave("news", ben)
    await store.presence.leave("news", ben)
    assert await there(store) == [editing]
    await store.presence.leave("news", ann)
    assert await there(store) == []
    assert redis_server.command("EXISTS", KEY) == 0


async def test_two_tabs_of_one_person_are_two(store: Store) -> None:
    for key in ("a1", "a2"):
        await store.presence.say("news", AtDesk("Ann", key, None))
    assert len(await there(store)) == 2


@pytest.mark.parametrize("name", ['An"n', 'Ann","a1', "Ann\\", "Änn 🙂", "[", "Ann,"])
async def test_nobody_speaks_for_somebody_else(store: Store, name: str) -> None:
    ann, other = AtDesk("Ann", "a1", "01k"), AtDesk(name, "a1", None)
    await store.presence.say("news", ann)
    await store.presence.say("news", other)
    await store.presence.say("news", AtDesk(name, "a", None))
    assert set(await there(store)) == {ann, other, AtDesk(name, "a", None)}
    await store.presence.leave("news", AtDesk(name, "a", None))
    await store.presence.leave("news", other)
    assert await there(store) == [ann]


async def test_who_says_nothing_is_away(store: Store, redis_server: RedisServer) -> None:
    await store.presence.say("news", AtDesk("Ann", "a1", None))
    ttl = redis_server.command("PTTL", KEY)
    assert isinstance(ttl, int)
    assert 0 < ttl <= PRESENT_S * 1000
    seconds, _ = redis_server.command("TIME")
    for ago_ms, name in ((31_000, "Old"), (-31_000, "Future")):
        redis_server.command("ZADD", KEY, int(seconds) * 1000 - ago_ms, f'["{name}","o",null]')
    assert AtDesk("Old", "o", None) not in await there(store)
    await store.presence.say("news", AtDesk("Ben", "b1", None))
    assert redis_server.command("ZCARD", KEY) == 2


async def test_one_person_has_so_many_tabs_the_latest(store: Store) -> None:
    await store.presence.say("news", AtDesk("Ben", "b1", None))
    for at in range(MAX_OWN + 3):
        await store.presence.say("news", AtDesk("Ann", f"a{at}", None))
    people = await there(store)
    assert len(people) == MAX_OWN + 1
    assert AtDesk("Ben", "b1", None) in people
    assert AtDesk("Ann", f"a{MAX_OWN + 2}", None) in people
    assert AtDesk("Ann", "a0", None) not in people


async def test_a_desk_has_so_many_tabs(store: Store) -> None:
    for at in range(MAX_TABS + 3):
        await store.presence.say("news", AtDesk(f"Person {at}", "tab", None))
    people = await there(store)
    assert len(people) == MAX_TABS
    assert AtDesk("Person 0", "tab", None) in people


async def test_no_feed(store: Store, redis_server: RedisServer) -> None:
    with pytest.raises(FeedNotFound):
        await store.presence.say("nowhere", AtDesk("Ann", "a1", None))
    assert redis_server.command("EXISTS", FeedKeys("nowhere").desk) == 0
    assert await store.presence.read(["nowhere", "news"]) == {"nowhere": [], "news": []}
    assert await store.presence.read([]) == {}


async def test_redis_is_away() -> None:
    async with opened("redis://127.0.0.1:1") as store:
        with pytest.raises(StoreUnavailable):
            await store.presence.say("news", AtDesk("Ann", "a1", None))
        assert isinstance((await store.presence.read(["news"]))["news"], StoreUnavailable)
