"""The whole way over a Cluster and behind a Sentinel: publish, follow on all transports, fail over."""

from __future__ import annotations

import pytest

from tests.clients import TRANSPORTS, Client, fresh_page
from tests.live import FEED, Serving, eventually, serving
from tests.redis_servers import newest_binary, replicated
from tests.store.test_client import cluster, knows_replica, sentinel

pytestmark = pytest.mark.anyio


async def follows(live: Serving, client: Client, feed: str) -> None:
    head = (await live.store.log(feed).attach()).reigns.position
    await client.comes_to(head)
    assert client.reader.page() == await fresh_page(live.base, feed, client.reader.oldest)
    assert (client.gaps, client.duplicates) == (0, 0)


@pytest.mark.parametrize("transport", TRANSPORTS.values(), ids=TRANSPORTS.keys())
async def test_readers_of_two_feeds_in_two_slots(transport: type[Client]) -> None:
    with cluster(newest_binary()) as node:
        async with serving(f"redis+cluster://127.0.0.1:{node.port}") as live:
            feeds = (FEED, "sports")
            for feed in feeds:
                await live.open_feed(feed)
            async with transport(live.base, FEED) as one, transport(live.base, "sports") as other:
                for feed, client in zip(feeds, (one, other), strict=True):
                    kept = await live.publish("Kept", feed=feed)
                    await live.edit(kept, "Edited", feed=feed)
                    await live.delete(await live.publish("Deleted", feed=feed), feed=feed)
                    await follows(live, client, feed)
                assert one.texts == other.texts == ["Edited"]
            await live.store.feeds.remove("sports")
            assert [feed.slug for feed in await live.store.feeds.list()] == [FEED]
            await eventually(lambda: live.hub.canary_age_s is not None, "a canary")


async def test_a_sentinel_names_the_next_primary() -> None:
    with replicated(newest_binary()) as (primary, _), sentinel(primary) as guard:
        async with serving(f"redis+sentinel://127.0.0.1:{guard.port}/mymaster") as live:
            await live.open_feed()
            async with TRANSPORTS["websocket"](live.base, FEED) as client:
                await live.publish("Before")
                await follows(live, client, FEED)
                await eventually(lambda: knows_replica(guard), "the Sentinel to see the replica", 30)
                primary.kill()
                await eventually(lambda: not live.hub.statistics()["redis_connected"], "the loss to be seen")
                await eventually(lambda: live.hub.statistics()["redis_connected"], "the next primary", 30)
                await live.publish("After")
                await follows(live, client, FEED)
                assert client.texts == ["After", "Before"]
                assert client.reconnects == 0
