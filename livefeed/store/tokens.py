"""Tokens and desk sessions. Only hashes of the secrets are kept; the secrets are shown once."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from livefeed.core.models import Role
from livefeed.core.times import print_time
from livefeed.errors import TokenExists, TokenNotFound, Unauthenticated
from livefeed.store.control import Control
from livefeed.store.keys import SESSIONS, TOKENS
from livefeed.store.translate import translated

__all__ = ["Token", "Tokens", "hash_of"]

# HDEL needs no memory; once a script has written, Redis lets it go on even when it is full: whoever is to
# delete something then must be able to sign in.
_OPEN = """
redis.call('HDEL', KEYS[1], '-', unpack(ARGV, 3))
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
"""
_PRUNED = 1_000
"""Of the sessions that have ended, how many are cleared away when another begins."""

_RANKS: dict[str, int] = {"contributor": 0, "editor": 1, "admin": 2}


@dataclass(frozen=True, slots=True)
class Token:
    """Who asks: a name, a role, and the feeds it is limited to (None: all)."""

    name: str
    role: Role
    feeds: tuple[str, ...] | None
    created: str

    def may(self, role: Role, feed: str | None = None) -> bool:
        """Whether this token has at least ``role``, for ``feed`` if one is named."""
        return _RANKS[self.role] >= _RANKS[role] and (
            feed is None or self.feeds is None or feed in self.feeds
        )


class Tokens:
    def __init__(self, client: Any, control: Control, *, session_s: int) -> None:
        self._client, self._control, self._session_s = client, control, session_s

    async def create(self, name: str, role: Role, feeds: Sequence[str] | None = None) -> str:
        """Make a token; what is returned is the only copy of its secret.

        Raises:
            TokenExists, StoreError
        """
        if any(token.name == name for token in await self.list()):
            raise TokenExists(name)
        secret = f"lf_{secrets.token_urlsafe(32)}"
        token = Token(name, role, tuple(feeds) if feeds is not None else None, print_time(datetime.now(UTC)))
        with translated():
            await self._client.hset(TOKENS, hash_of(secret), orjson.dumps(asdict(token)))
        return secret

    async def list(self) -> list[Token]:
        """All tokens, by name."""
        with translated():
            rows = await self._client.hvals(TOKENS)
        return sorted((_token(row) for row in rows), key=lambda token: token.name)

    async def revoke(self, name: str) -> None:
        """Take a token back, with every session that was opened with it.

        Raises:
            TokenNotFound, StoreError
        """
        with translated():
            rows = await self._client.hgetall(TOKENS)
            hashes = [key for key, row in rows.items() if _token(row).name == name]
            if not hashes:
                raise TokenNotFound(name)
            await self._client.hdel(TOKENS, *hashes)
        await self._control.say({"event": "token-revoked", "name": name})

    async def check(self, secret: str) -> Token:
        """The token with this secret.

        Raises:
            Unauthenticated: there is none.
            StoreError
        """
        return await self._check_hash(hash_of(secret))

    async def open_session(self, secret: str) -> str:
        """Sign in with a token; returns the session's secret, for the cookie.

        Raises:
            Unauthenticated, StoreError
        """
        await self.check(secret)
        session, now = secrets.token_urlsafe(32), int(datetime.now(UTC).timestamp())
        row = orjson.dumps({"token": hash_of(secret), "until": now + self._session_s})
        with translated():
            rows = await self._client.hgetall(SESSIONS)
            ended = [key for key, kept in rows.items() if orjson.loads(kept)["until"] < now]
            await self._client.eval(_OPEN, 1, SESSIONS, hash_of(session), row, *ended[:_PRUNED])
        return session

    async def check_session(self, session: str) -> Token:
        """Who signed in with this session.

        Raises:
            Unauthenticated: it has ended, or its token was revoked.
            StoreError
        """
        with translated():
            row = await self._client.hget(SESSIONS, hash_of(session))
        if row is None:
            raise Unauthenticated("You are not signed in.")
        fields = orjson.loads(row)
        if fields["until"] < datetime.now(UTC).timestamp():
            await self.close_session(session)
            raise Unauthenticated("Your session has ended: sign in again.")
        return await self._check_hash(fields["token"])

    async def close_session(self, session: str) -> None:
        with translated():
            await self._client.hdel(SESSIONS, hash_of(session))

    async def _check_hash(self, digest: str) -> Token:
        with translated():
            row = await self._client.hget(TOKENS, digest)
        if row is None:
            raise Unauthenticated("This token is not known, or it was revoked.")
        return _token(row)


def hash_of(secret: str) -> str:
    """Secrets are 256 random bits: a plain hash is as good as a slow one."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _token(row: bytes) -> Token:
    fields = orjson.loads(row)
    feeds = fields["feeds"]
    return Token(fields["name"], fields["role"], None if feeds is None else tuple(feeds), fields["created"])
