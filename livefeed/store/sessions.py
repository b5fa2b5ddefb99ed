"""Sessions of the desk: a browser that was signed in with a token or an invite, until it is ended."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import orjson

from livefeed.core.times import print_time
from livefeed.errors import SessionNotFound, Unauthenticated
from livefeed.store.control import Control
from livefeed.store.keys import SESSIONS
from livefeed.store.tokens import Token, Tokens, hash_of
from livefeed.store.translate import translated
from livefeed.store.used import Used

__all__ = ["MAX_AGENT", "MAX_SESSIONS", "Session", "Sessions"]

MAX_SESSIONS = 50
"""Of one token; beyond that, the one that began first ends."""

MAX_AGENT = 150
"""Characters of what a browser calls itself."""

_PRUNED = 1_000
"""Of the sessions that have ended, how many are cleared away when another begins."""

# HDEL needs no memory; once a script has written, Redis lets it go on even when it is full: whoever is to
# delete something then must be able to sign in.
_OPEN = """
redis.call('HDEL', KEYS[1], '-', unpack(ARGV, 3))
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
"""

_Rows = Mapping[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Session:
    """A session as it is listed: whose it is, when it began and was last used, in which browser."""

    id: str
    token: Token
    began: str
    used: str
    agent: str


class Sessions:
    """A hash: hash of the cookie's secret → id, hash of the token, begin, end, browser."""

    def __init__(self, client: Any, control: Control, tokens: Tokens, used: Used, *, session_s: int) -> None:
        self._client, self._control, self._tokens, self._used = client, control, tokens, used
        self._session_s = session_s

    async def open(self, secret: str, agent: str = "") -> str:
        """Sign in with a token; returns the session's secret, for the cookie.

        Raises:
            Unauthenticated, StoreError
        """
        return await self.begin(hash_of(secret), agent)

    async def begin(self, token: str, agent: str = "") -> str:
        """Sign in who has the token with this hash; returns the session's secret.

        Raises:
            Unauthenticated, StoreError
        """
        await self._tokens.check_hash(token)
        session, now = secrets.token_urlsafe(32), _now()
        row = {
            "id": secrets.token_hex(8),
            "token": token,
            "began": now,
            "until": now + self._session_s,
            "agent": _agent(agent),
        }
        rows = await self._rows()
        ended = {key: old for key, old in rows.items() if old["until"] < now}
        mine = [key for key, old in rows.items() if old["token"] == token and key not in ended]
        mine.sort(key=lambda key: int(rows[key]["began"]))
        crowded = {key: rows[key] for key in mine[: max(0, len(mine) + 1 - MAX_SESSIONS)]}
        away = dict([*crowded.items(), *list(ended.items())[:_PRUNED]])
        with translated():
            await self._client.eval(_OPEN, 1, SESSIONS, hash_of(session), orjson.dumps(row), *away)
        await self._tell(crowded)
        await self._used.forget(old["id"] for old in away.values())
        return session

    async def check(self, session: str) -> Token:
        """Who signed in with this session; the token names it.

        Raises:
            Unauthenticated: it has ended, or its token was revoked.
            StoreError
        """
        with translated():
            raw = await self._client.hget(SESSIONS, hash_of(session))
        if raw is None:
            raise Unauthenticated("You are not signed in.")
        row = orjson.loads(raw)
        if row["until"] < _now():
            await self.close(session)
            raise Unauthenticated("Your session has ended: sign in again.")
        token = await self._tokens.check_hash(row["token"], row["id"])
        return replace(token, session=row["id"], until=row["until"])

    async def close(self, session: str) -> None:
        """End the session with this secret, if there is one; its streams end too.

        Raises:
            StoreError
        """
        key = hash_of(session)
        with translated():
            raw = await self._client.hget(SESSIONS, key)
        if raw is not None:
            await self._end({key: orjson.loads(raw)})

    async def end(self, session_id: str) -> None:
        """End a session by its id, everywhere.

        Raises:
            SessionNotFound, StoreError
        """
        rows = {key: row for key, row in (await self._rows()).items() if row["id"] == session_id}
        if not rows:
            raise SessionNotFound(session_id)
        await self._end(rows)

    async def list(self) -> list[Session]:
        """The sessions that let somebody in, the last used one first.

        Raises:
            StoreError
        """
        rows, tokens, used = await self._rows(), await self._tokens.by_hash(), await self._used.all()
        found = [
            (used.get(row["id"], row["began"]), row)
            for row in rows.values()
            if row["until"] >= _now() and row["token"] in tokens
        ]
        found.sort(key=lambda each: (-each[0], each[1]["id"]))
        return [
            Session(row["id"], tokens[row["token"]], _print(row["began"]), _print(at), row["agent"])
            for at, row in found
        ]

    async def _rows(self) -> dict[str, dict[str, Any]]:
        with translated():
            rows = await self._client.hgetall(SESSIONS)
        return {key.decode(): orjson.loads(row) for key, row in rows.items()}

    async def _end(self, rows: _Rows) -> None:
        with translated():
            await self._client.hdel(SESSIONS, *rows)
        await self._tell(rows)
        await self._used.forget(row["id"] for row in rows.values())

    async def _tell(self, rows: _Rows) -> None:
        for row in rows.values():
            await self._control.say({"event": "session-closed", "session": row["id"]})


def _agent(text: str) -> str:
    """What a browser calls itself, without what cannot be seen and what would turn a line around."""
    return " ".join("".join(c if c.isprintable() else " " for c in text[:1_000]).split())[:MAX_AGENT]


def _print(at: int) -> str:
    return print_time(datetime.fromtimestamp(at, UTC))


def _now() -> int:
    return int(datetime.now(UTC).timestamp())
