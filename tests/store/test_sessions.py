from __future__ import annotations

import itertools
from dataclasses import replace

import orjson
import pytest

from livefeed.errors import SessionNotFound, Unauthenticated
from livefeed.store import sessions
from livefeed.store.keys import CONTROL, SESSIONS
from livefeed.store.sessions import MAX_AGENT
from livefeed.store.store import Store
from tests.redis_servers import RedisServer
from tests.store.support import opened

pytestmark = pytest.mark.anyio


async def test_a_session_stands_for_its_token(store: Store) -> None:
    secret = await store.tokens.create("ann", "editor")
    session = await store.sessions.open(secret)
    token = await store.sessions.check(session)
    assert token.session is not None
    assert token.until is not None
    assert replace(token, session=None, until=None) == await store.tokens.check(secret)
    await store.sessions.close(session)
    with pytest.raises(Unauthenticated, match="not signed in"):
        await store.sessions.check(session)
    assert (await store.tokens.check(secret)).name == "ann"


async def test_a_session_ends_by_itself(store: Store, redis_server: RedisServer) -> None:
    secret = await store.tokens.create("ann", "editor")
    async with opened(redis_server.url) as other:
        other.sessions._session_s = -1
        session = await other.sessions.open(secret)
    assert await store.sessions.list() == []
    with pytest.raises(Unauthenticated, match="has ended"):
        await store.sessions.check(session)
    assert b"livefeed:sessions" not in redis_server.contents()


async def test_sessions_that_have_ended_are_cleared_away(redis_server: RedisServer) -> None:
    async with opened(redis_server.url, session_s=60) as store:
        secret = await store.tokens.create("ann", "editor")
        for name in ("old", "older"):
            row = orjson.dumps({"id": name, "token": name, "began": 0, "until": 0, "agent": ""})
            redis_server.command("HSET", SESSIONS, name, row)
        await store.sessions.open(secret)
        assert redis_server.command("HLEN", SESSIONS) == 1


async def test_they_are_listed_with_their_last_use(store: Store) -> None:
    ann = await store.tokens.create("ann", "editor", ["news"])
    ben = await store.tokens.create("ben", "admin")
    first = await store.sessions.open(ann, "Mozilla/5.0 (X11)")
    await store.sessions.open(ben)
    token = await store.sessions.check(first)
    listed = {session.id: session for session in await store.sessions.list()}
    mine = listed[token.session or ""]
    assert (mine.token.name, mine.token.feeds, mine.agent) == ("ann", ("news",), "Mozilla/5.0 (X11)")
    assert mine.used >= mine.began
    assert [session.token.name for session in listed.values()].count("ben") == 1


async def test_one_is_ended_by_its_id_and_that_is_heard(store: Store, redis_server: RedisServer) -> None:
    secret = await store.tokens.create("ann", "editor")
    lost, kept = await store.sessions.open(secret), await store.sessions.open(secret)
    session_id = (await store.sessions.check(lost)).session or ""
    await store.sessions.end(session_id)
    with pytest.raises(Unauthenticated):
        await store.sessions.check(lost)
    assert (await store.sessions.check(kept)).name == "ann"
    entries, _ = redis_server.contents()[CONTROL.encode()]
    assert orjson.loads(entries[-1][1][b"event"]) == {"event": "session-closed", "session": session_id}
    with pytest.raises(SessionNotFound, match=session_id):
        await store.sessions.end(session_id)


async def test_one_token_has_so_many(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MAX_SESSIONS", 3)
    secret = await store.tokens.create("ann", "editor")
    other = await store.sessions.open(await store.tokens.create("ben", "editor"))
    times = itertools.count(sessions._now())
    monkeypatch.setattr(sessions, "_now", lambda: next(times))
    opened = [await store.sessions.open(secret) for _ in range(4)]
    with pytest.raises(Unauthenticated):
        await store.sessions.check(opened[0])
    assert [(await store.sessions.check(session)).name for session in opened[1:]] == ["ann"] * 3
    assert (await store.sessions.check(other)).name == "ben"


async def test_what_a_browser_calls_itself_is_shown_harmless(store: Store) -> None:
    secret = await store.tokens.create("ann", "editor")
    await store.sessions.open(secret, "\x1b[31mFire\u202efox\n\t " + "x" * 5_000)
    (session,) = await store.sessions.list()
    assert session.agent.startswith("[31mFire fox x")
    assert len(session.agent) == MAX_AGENT
