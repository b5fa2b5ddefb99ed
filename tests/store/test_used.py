from __future__ import annotations

import pytest

from livefeed.store import used
from livefeed.store.keys import USED
from livefeed.store.used import Used
from tests.redis_servers import RedisServer
from tests.store.support import opened

pytestmark = pytest.mark.anyio


async def test_one_process_asks_once_a_minute(redis_server: RedisServer) -> None:
    async with opened(redis_server.url) as store:
        session = await store.sessions.open(await store.tokens.create("ann", "editor"))
        await store.sessions.check(session)
        redis_server.command("DEL", USED)
        for _ in range(20):
            await store.sessions.check(session)
        assert redis_server.command("EXISTS", USED) == 0  # so nothing was written


async def test_an_old_use_is_written_anew(redis_server: RedisServer) -> None:
    async with opened(redis_server.url) as store:
        noting = Used(store._client)
        redis_server.command("HSET", USED, "a", 1_000, "b", 9_999_999_999)
        await noting.note("a", "b", "c")
        now = await noting.all()
        assert now["a"] == now["b"] == now["c"] > 1_000_000_000


async def test_a_lately_written_use_stays(redis_server: RedisServer) -> None:
    async with opened(redis_server.url) as store:
        await Used(store._client).note("a")
        at = (await Used(store._client).all())["a"] - 30
        redis_server.command("HSET", USED, "a", at)
        await Used(store._client).note("a")
        assert (await Used(store._client).all())["a"] == at


async def test_it_remembers_so_many(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(used, "_MAX_NOTED", 5)
    async with opened(redis_server.url) as store:
        noting = Used(store._client)
        for at in range(20):
            await noting.note(str(at))
        assert len(noting._noted) == 5
        await noting.forget(map(str, range(20)))
        assert await noting.all() == {}


async def test_redis_being_away_refuses_nobody() -> None:
    async with opened("redis://127.0.0.1:1") as store:
        await Used(store._client).note("a")
