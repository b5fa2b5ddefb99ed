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
from livefeed.errors import Conflict, TokenNotFound, Unauthenticated
from livefeed.store.control import Control
from livefeed.store.keys import SESSIONS, TOKENS
from livefeed.store.translate import translated

__all__ = ["Token", "TokenExists", "Tokens"]

_RANKS: dict[str, int] = {"contributor": 0, "editor": 1, "admin": 2}


class TokenExists(Conflict):
    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"There is a token named “{name}” already: revoke it first, or choose another name.")


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
            await self._client.hset(TOKENS, _hash(secret), orjson.dumps(asdict(token)))
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
        return await self._check_hash(_hash(secret))

    async def open_session(self, secret: str) -> str:
        """Sign in with a token; returns the session's secret, for the cookie.

        Raises:
            Unauthenticated, StoreError
        """
        await self.check(secret)
        session = secrets.token_urlsafe(32)
        until = int(datetime.now(UTC).timestamp()) + self._session_s
        with translated():
            await self._client.hset(
                SESSIONS, _hash(session), orjson.dumps({"token": _hash(secret), "until": until})
            )
        return session

    async def check_session(self, session: str) -> Token:
        """Who signed in with this session.

        Raises:
            Unauthenticated: it has ended, or its token was revoked.
            StoreError
        """
        with translated():
            row = await self._client.hget(SESSIONS, _hash(session))
        if row is None:
            raise Unauthenticated("You are not signed in.")
        fields = orjson.loads(row)
        if fields["until"] < datetime.now(UTC).timestamp():
            await self.close_session(session)
            raise Unauthenticated("Your session has ended: sign in again.")
        return await self._check_hash(fields["token"])

    async def close_session(self, session: str) -> None:
        with translated():
            await self._client.hdel(SESSIONS, _hash(session))

    async def _check_hash(self, digest: str) -> Token:
        with translated():
            row = await self._client.hget(TOKENS, digest)
        if row is None:
            raise Unauthenticated("This token is not known, or it was revoked.")
        return _token(row)


def _hash(secret: str) -> str:
    """Secrets are 256 random bits: a plain hash is as good as a slow one."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _token(row: bytes) -> Token:
    fields = orjson.loads(row)
    feeds = fields["feeds"]
    return Token(fields["name"], fields["role"], None if feeds is None else tuple(feeds), fields["created"])
