from __future__ import annotations

import pytest

from livefeed.errors import FeedNotFound, StartupError
from livefeed.settings import Settings
from livefeed.store.store import Store
from tests.redis_servers import RedisServer
from tests.store.support import FEED, assert_sound, open_feed, publish

pytestmark = pytest.mark.anyio


async def test_its_parts_work_together(store: Store) -> None:
    await open_feed(store)
    made = await publish(store, "First")
    assert await store.updates.get(FEED, made.id) == made.update
    attached = await store.log(FEED).attach()
    assert attached.reigns.head == 2
    await assert_sound(store)


async def test_the_servers_version_is_told(store: Store, redis_server: RedisServer) -> None:
    major, minor = redis_server.version
    assert (await store.check_version()).startswith(f"Redis {major}.{minor}.")


async def test_replicas_cannot_be_asked_for_on_a_cluster() -> None:
    with pytest.raises(StartupError, match="LIVEFEED_REPLICAS"):
        Store("redis+cluster://localhost:7000", Settings(replicas=1))


async def test_checking_a_feed_that_is_not_there(store: Store) -> None:
    with pytest.raises(FeedNotFound):
        await store.check(FEED)
