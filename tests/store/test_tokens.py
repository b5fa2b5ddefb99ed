from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from livefeed.core.models import Role
from livefeed.errors import TokenExists, TokenNotFound, Unauthenticated
from livefeed.store.keys import CONTROL
from livefeed.store.store import Store
from livefeed.store.tokens import Token
from tests.redis_servers import RedisServer

pytestmark = pytest.mark.anyio


async def test_a_token_is_made_and_known(store: Store) -> None:
    secret = await store.tokens.create("ann", "editor", ["news"])
    token = await store.tokens.check(secret)
    assert (token.name, token.role, token.feeds) == ("ann", "editor", ("news",))
    (listed,) = await store.tokens.list()
    assert replace(listed, used=None) == token


async def test_names_are_used_once(store: Store) -> None:
    await store.tokens.create("ann", "editor")
    with pytest.raises(TokenExists, match="“ann”"):
        await store.tokens.create("ann", "admin")


async def test_they_are_listed_by_name(store: Store) -> None:
    for name in ("cem", "ann", "bob"):
        await store.tokens.create(name, "editor")
    assert [token.name for token in await store.tokens.list()] == ["ann", "bob", "cem"]


@pytest.mark.parametrize("secret", ["", "lf_", "lf_unknown", "x" * 10_000, "ü"])
async def test_an_unknown_secret(store: Store, secret: str) -> None:
    await store.tokens.create("ann", "editor")
    with pytest.raises(Unauthenticated):
        await store.tokens.check(secret)
    with pytest.raises(Unauthenticated):
        await store.sessions.open(secret)
    with pytest.raises(Unauthenticated):
        await store.sessions.check(secret)


async def test_a_hash_is_no_secret(store: Store, redis_server: RedisServer) -> None:
    """What somebody reads in Redis lets nobody in."""
    await store.tokens.create("ann", "editor")
    (digest,) = redis_server.contents()[b"livefeed:tokens"]
    with pytest.raises(Unauthenticated):
        await store.tokens.check(digest.decode())


async def test_only_hashes_are_kept(store: Store, redis_server: RedisServer) -> None:
    secret = await store.tokens.create("ann", "editor")
    session = await store.sessions.open(secret)
    everything = repr(redis_server.contents()).encode() + redis_server.files()
    assert b"ann" in everything
    assert secret.encode() not in everything
    assert secret.removeprefix("lf_").encode() not in everything
    assert session.encode() not in everything


async def test_revoking_ends_its_sessions_and_is_heard(store: Store, redis_server: RedisServer) -> None:
    secret = await store.tokens.create("ann", "editor")
    session = await store.sessions.open(secret)
    await store.tokens.create("bob", "admin")
    await store.tokens.revoke("ann")
    with pytest.raises(Unauthenticated, match="revoked"):
        await store.tokens.check(secret)
    with pytest.raises(Unauthenticated):
        await store.sessions.check(session)
    assert b"livefeed:sessions" not in redis_server.contents()
    assert b"livefeed:used" not in redis_server.contents()
    entries, _ = redis_server.contents()[CONTROL.encode()]
    assert entries[-1][1][b"event"] == b'{"event":"token-revoked","name":"ann"}'
    assert [token.name for token in await store.tokens.list()] == ["bob"]
    with pytest.raises(TokenNotFound, match="“ann”"):
        await store.tokens.revoke("ann")


@pytest.mark.parametrize(
    ("role", "feeds", "needed", "feed", "may"),
    [
        ("contributor", None, "contributor", "news", True),
        ("contributor", None, "editor", "news", False),
        ("editor", None, "editor", None, True),
        ("editor", None, "admin", None, False),
        ("admin", None, "contributor", "news", True),
        ("editor", ("news",), "editor", "news", True),
        ("editor", ("news",), "editor", "other", False),
        ("admin", (), "contributor", "news", False),
    ],
)
def test_what_a_token_may(
    role: str, feeds: tuple[str, ...] | None, needed: str, feed: str | None, may: bool
) -> None:
    token = Token("ann", role, feeds, "2026-11-22T08:00:00Z")  # type: ignore[arg-type]
    assert token.may(needed, feed) is may  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("role", "feeds", "to", "for_", "may"),
    [
        ("admin", None, "admin", None, True),
        ("admin", ("news",), "editor", ["news"], True),
        ("admin", ("news",), "editor", ["news", "sports"], False),
        ("admin", ("news",), "contributor", None, False),
        ("editor", None, "admin", ["news"], False),
    ],
)
def test_nobody_gives_more_than_they_have(
    role: Role, feeds: tuple[str, ...] | None, to: Role, for_: list[str] | None, may: bool
) -> None:
    assert Token("ann", role, feeds, "").covers(to, for_) is may


async def test_of_two_who_take_a_name_one_gets_it(store: Store) -> None:
    tries = await asyncio.gather(
        *(store.tokens.create("ann", "editor") for _ in range(8)), return_exceptions=True
    )
    assert sum(isinstance(result, TokenExists) for result in tries) == 7
    assert len(await store.tokens.list()) == 1


async def test_when_it_was_used(store: Store) -> None:
    secret = await store.tokens.create("ann", "editor")
    (unused,) = await store.tokens.list()
    await store.tokens.check(secret)
    (token,) = await store.tokens.list()
    assert unused.used is None
    assert token.used is not None
