from __future__ import annotations

import asyncio

import pytest

from livefeed.errors import Forbidden, InviteNotFound, StoreError, TokenExists, Unauthenticated
from livefeed.store import invites
from livefeed.store.keys import SESSIONS
from livefeed.store.store import Store
from livefeed.store.tokens import Token
from tests.redis_servers import RedisServer

pytestmark = pytest.mark.anyio


async def test_an_invite_becomes_a_session(store: Store) -> None:
    secret = (await store.invites.create("Ada", "editor", ["news"])).secret
    token = await store.sessions.check(await store.invites.redeem(secret))
    assert (token.name, token.role, token.feeds) == ("Ada", "editor", ("news",))


async def test_of_several_at_once_one_is_let_in(store: Store) -> None:
    secret = (await store.invites.create("Ada", "editor")).secret
    tries = await asyncio.gather(*(store.invites.redeem(secret) for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(result, str) for result in tries) == 1
    assert sum(isinstance(result, Unauthenticated) for result in tries) == 9
    assert len(await store.tokens.list()) == 1


async def test_its_day_is_over(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = (await store.invites.create("Ada", "editor")).secret
    later = invites._now() + invites.INVITE_S + 1
    monkeypatch.setattr(invites, "_now", lambda: later)
    with pytest.raises(Unauthenticated, match="its day is over"):
        await store.invites.redeem(secret)
    assert await store.tokens.list() == []


async def test_who_is_in_is_let_in_again_as_what_they_are(store: Store) -> None:
    first = await store.invites.redeem((await store.invites.create("Ada", "editor", ["news"])).secret)
    await store.sessions.close(first)
    again = await store.invites.create("Ada", "admin")
    assert (again.invite.role, again.invite.feeds) == ("editor", ("news",))
    ada = await store.sessions.check(await store.invites.redeem(again.secret))
    assert (ada.name, ada.role, ada.feeds) == ("Ada", "editor", ("news",))
    assert len(await store.tokens.list()) == 1


async def test_it_is_for_the_token_that_was_there_and_for_no_other_of_that_name(store: Store) -> None:
    await store.invites.redeem((await store.invites.create("Ada", "contributor")).secret)
    again = await store.invites.create("Ada", "contributor")
    await store.tokens.revoke("Ada")
    assert await store.invites.list() == []
    await store.tokens.create("Ada", "admin")
    with pytest.raises(Unauthenticated, match="taken back"):
        await store.invites.redeem(again.secret)


async def test_a_name_that_was_taken_since_lets_nobody_in(store: Store) -> None:
    secret = (await store.invites.create("Ada", "contributor")).secret
    await store.tokens.create("Ada", "admin")
    with pytest.raises(TokenExists, match="Ada"):
        await store.invites.redeem(secret)


async def test_nobody_invites_as_somebody_who_may_more(store: Store) -> None:
    of_news = Token("News", "admin", ("news",), "")
    await store.tokens.create("Ada", "admin")
    with pytest.raises(Forbidden, match="more than you can give"):
        await store.invites.create("Ada", "editor", ["news"], by=of_news)
    await store.invites.create("Ben", "editor")
    with pytest.raises(Forbidden, match="not yours to replace"):
        await store.invites.create("Ben", "editor", ["news"], by=of_news)
    assert [(i.name, i.feeds) for i in await store.invites.list()] == [("Ben", None)]


async def test_an_invite_that_let_nobody_in_is_good_for_another_try(
    store: Store, redis_server: RedisServer
) -> None:
    secret = (await store.invites.create("Ada", "editor")).secret
    redis_server.command("SET", SESSIONS, "foreign")
    with pytest.raises(StoreError):
        await store.invites.redeem(secret)
    redis_server.command("DEL", SESSIONS)
    ada = await store.sessions.check(await store.invites.redeem(secret))
    assert (ada.name, ada.role) == ("Ada", "editor")


async def test_a_revoked_name_is_out(store: Store) -> None:
    session = await store.invites.redeem((await store.invites.create("Ada", "editor")).secret)
    await store.tokens.revoke("Ada")
    with pytest.raises(Unauthenticated):
        await store.sessions.check(session)


async def test_redis_keeps_no_secret(store: Store, redis_server: RedisServer) -> None:
    secret = (await store.invites.create("Ada", "editor")).secret
    assert secret.encode() not in repr(redis_server.contents()).encode()


async def test_they_are_listed_until_they_are_used(store: Store) -> None:
    secret = (await store.invites.create("Ben", "contributor", ["news"])).secret
    await store.invites.create("Ada", "editor")
    assert [(i.name, i.role, i.feeds) for i in await store.invites.list()] == [
        ("Ada", "editor", None),
        ("Ben", "contributor", ("news",)),
    ]
    await store.invites.redeem(secret)
    assert [invite.name for invite in await store.invites.list()] == ["Ada"]


async def test_a_newer_one_for_the_same_name_takes_its_place(store: Store) -> None:
    first = (await store.invites.create("Ada", "admin")).secret
    second = (await store.invites.create("Ada", "editor")).secret
    assert [invite.role for invite in await store.invites.list()] == ["editor"]
    with pytest.raises(Unauthenticated):
        await store.invites.redeem(first)
    await store.invites.redeem(second)


async def test_what_is_withdrawn_lets_nobody_in(store: Store) -> None:
    secret = (await store.invites.create("Ada", "editor")).secret
    await store.invites.withdraw("Ada")
    with pytest.raises(Unauthenticated):
        await store.invites.redeem(secret)
    with pytest.raises(InviteNotFound, match="“Ada”"):
        await store.invites.withdraw("Ada")
    assert await store.invites.list() == []


async def test_what_is_over_is_not_listed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await store.invites.create("Ada", "editor")
    later = invites._now() + invites.INVITE_S + 1
    monkeypatch.setattr(invites, "_now", lambda: later)
    assert await store.invites.list() == []
    await store.invites.create("Ben", "editor")
    assert [invite.name for invite in await store.invites.list()] == ["Ben"]
