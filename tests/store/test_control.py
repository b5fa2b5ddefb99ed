from __future__ import annotations

import pytest

from livefeed.store import control
from livefeed.store.keys import CONTROL
from livefeed.store.store import Store
from tests.redis_servers import RedisServer

pytestmark = pytest.mark.anyio


async def test_a_new_hub_begins_at_the_end(store: Store, redis_server: RedisServer) -> None:
    assert await store.control.last_id() == "0-0"
    await store.control.say({"event": "one"})
    last = await store.control.last_id()
    await store.control.say({"event": "two"})
    entries, newest = redis_server.contents()[CONTROL.encode()]
    assert [fields for _, fields in entries] == [
        {b"event": b'{"event":"one"}'},
        {b"event": b'{"event":"two"}'},
    ]
    assert entries[0][0].decode() == last
    assert await store.control.last_id() == newest.decode()


async def test_it_is_bounded(
    store: Store, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "_MAX_ENTRIES", 3)
    for number in range(5):
        await store.control.say({"event": number})
    entries, _ = redis_server.contents()[CONTROL.encode()]
    assert [fields[b"event"] for _, fields in entries] == [b'{"event":2}', b'{"event":3}', b'{"event":4}']
