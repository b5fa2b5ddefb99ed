from __future__ import annotations

import orjson
import pytest

from livefeed.errors import TokenExists, TokenNotFound, Unauthenticated
from livefeed.store.keys import CONTROL, SESSIONS
from livefeed.store.store import Store
from livefeed.store.tokens import Token
from tests.redis_servers import RedisServer
from tests.store.support import opened

pytestmark = pytest.mark.anyio


async def test_a_token_is_made_and_known(store: Store) -> None:
    secret = await store.tokens.create("ann", "editor", ["news"])
    token = await store.tokens.check(secret)
    assert (token.name, token.role, token.feeds) == ("ann", "editor", ("news",))
    assert await store.tokens.list() == [token]


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
        await store.tokens.open_session(secret)
    with pytest.raises(Unauthenticated):
        await store.tokens.check_session(secret)


async def test_a_hash_is_no_secret(store: Store, redis_server: RedisServer) -> None:
    """What somebody reads in Redis lets nobody in."""
    await store.tokens.create("ann", "editor")
    (digest,) = redis_server.contents()[b"livefeed:tokens"]
    with pytest.raises(Unauthenticated):
        await store.tokens.check(digest.decode())


async def test_only_hashes_are_kept(store: Store, redis_server: RedisServer) -> None:
    secret = await store.tokens.create("ann", "editor")
    session = await store.tokens.open_session(secret)
    everything = repr(redis_server.contents()).encode() + redis_server.files()
    assert b"ann" in everything
    assert secret.encode() not in everything
    assert secret.removeprefix("lf_").encode() not in everything
    assert session.encode() not in everything


async def test_revoking_ends_its_sessions_and_is_heard(store: Store, redis_server: RedisServer) -> None:
    secret = await store.tokens.create("ann", "editor")
    session = await store.tokens.open_session(secret)
    await store.tokens.create("bob", "admin")
    await store.tokens.revoke("ann")
    with pytest.raises(Unauthenticated, match="revoked"):
        await store.tokens.check(secret)
    with pytest.raises(Unauthenticated, match="revoked"):
        await store.tokens.check_session(session)
    entries, _ = redis_server.contents()[CONTROL.encode()]
    assert entries[-1][1][b"event"] == b'{"event":"token-revoked","name":"ann"}'
    assert [token.name for token in await store.tokens.list()] == ["bob"]
    with pytest.raises(TokenNotFound, match="“ann”"):
        await store.tokens.revoke("ann")


async def test_a_session_stands_for_its_token(store: Store) -> None:
    secret = await store.tokens.create("ann", "editor")
    session = await store.tokens.open_session(secret)
    assert await store.tokens.check_session(session) == await store.tokens.check(secret)
    await store.tokens.close_session(session)
    with pytest.raises(Unauthenticated, match="not signed in"):
        await store.tokens.check_session(session)
    assert (await store.tokens.check(secret)).name == "ann"


async def test_a_session_ends_by_itself(store: Store, redis_server: RedisServer) -> None:
    secret = await store.tokens.create("ann", "editor")
    async with opened(redis_server.url) as other:
        other.tokens._session_s = -1
        session = await other.tokens.open_session(secret)
    with pytest.raises(Unauthenticated, match="has ended"):
        await store.tokens.check_session(session)
    assert b"livefeed:sessions" not in redis_server.contents()


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


async def test_sessions_that_have_ended_are_cleared_away(redis_server: RedisServer) -> None:
    async with opened(redis_server.url, session_s=60) as store:
        secret = await store.tokens.create("ann", "editor")
        for name in ("old", "older"):
            row = orjson.dumps({"token": name, "until": 0})
            redis_server.command("HSET", SESSIONS, name, row)
        await store.tokens.open_session(secret)
        assert redis_server.command("HLEN", SESSIONS) == 1
