from __future__ import annotations

import pytest

from livefeed.store.keys import FeedKeys
from livefeed.store.store import Store
from tests.redis_servers import RedisServer
from tests.store.support import FEED, idempotency, open_feed, publish

pytestmark = pytest.mark.anyio
KEYS = FeedKeys(FEED)


def test_a_feeds_keys_share_a_slot() -> None:
    names = [
        KEYS.meta, KEYS.log(), KEYS.log("desklog"), KEYS.updates, KEYS.timeline, KEYS.key_events, KEYS.pinned,
        KEYS.tag("energy"), KEYS.tags, KEYS.offsets(), KEYS.offsets("desklog"), KEYS.gone, KEYS.sources,
        KEYS.said, KEYS.imported,
        KEYS.revisions("a"), KEYS.idem("h"),
    ]  # fmt: skip
    assert len(set(names)) == len(names)
    assert all(name.startswith("livefeed:{news}:") for name in names)


def test_a_tag_cannot_be_taken_for_another_key() -> None:
    assert KEYS.tag("s") != KEYS.tags
    assert FeedKeys("a").tag("x") != FeedKeys("b").tag("x")


async def test_a_feed_writes_to_no_other_keys(store: Store, redis_server: RedisServer) -> None:
    await open_feed(store)
    await publish(store, tags=["x"], key=True, pinned=True, source="s", idem=idempotency())
    others = {key for key in redis_server.contents() if not key.startswith(KEYS.prefix.encode())}
    assert others == {b"livefeed:feeds"}
