from __future__ import annotations

import asyncio

import pytest

from livefeed.errors import TokenExists, Unauthenticated
from livefeed.store import invites
from livefeed.store.store import Store
from tests.redis_servers import RedisServer

pytestmark = pytest.mark.anyio


async def test_an_invite_becomes_a_session(store: Store) -> None:
    secret = await store.invites.create("Ada", "editor", ["news"])
    token = await store.tokens.check_session(await store.invites.redeem(secret))
    assert (token.name, token.role, token.feeds) == ("Ada", "editor", ("news",))


async def test_of_several_at_once_one_is_let_in(store: Store) -> None:
    secret = await store.invites.create("Ada", "editor")
    tries = await asyncio.gather(*(store.invites.redeem(secret) for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(result, str) for result in tries) == 1
    assert sum(isinstance(result, Unauthenticated) for result in tries) == 9
    assert len(await store.tokens.list()) == 1


async def test_its_day_is_over(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = await store.invites.create("Ada", "editor")
    later = invites._now() + invites.INVITE_S + 1
    monkeypatch.setattr(invites, "_now", lambda: later)
    with pytest.raises(Unauthenticated, match="its day is over"):
        await store.invites.redeem(secret)
    assert await store.tokens.list() == []


async def test_nobody_is_invited_twice_under_one_name(store: Store) -> None:
    await store.invites.redeem(await store.invites.create("Ada", "editor"))
    with pytest.raises(TokenExists, match="Ada"):
        await store.invites.create("Ada", "admin")


async def test_a_revoked_name_is_out(store: Store) -> None:
    session = await store.invites.redeem(await store.invites.create("Ada", "editor"))
    await store.tokens.revoke("Ada")
    with pytest.raises(Unauthenticated):
        await store.tokens.check_session(session)


async def test_redis_keeps_no_secret(store: Store, redis_server: RedisServer) -> None:
    secret = await store.invites.create("Ada", "editor")
    assert secret.encode() not in repr(redis_server.contents()).encode()
