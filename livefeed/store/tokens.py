"""Tokens: who may do what. Only hashes of the secrets are kept; the secrets are shown once."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import orjson

from livefeed.core.models import Role
from livefeed.core.times import print_time
from livefeed.errors import TokenExists, TokenNotFound, Unauthenticated
from livefeed.store.control import Control
from livefeed.store.keys import SESSIONS, TOKENS
from livefeed.store.translate import translated
from livefeed.store.used import Used

__all__ = ["Token", "Tokens", "hash_of"]

# Names are unique, and of two who take one at the same time one is told so.
_CREATE = """
for _, row in ipairs(redis.call('HVALS', KEYS[1])) do
  if cjson.decode(row).name == ARGV[1] then return 0 end
end
return redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
"""

_RANKS: dict[str, int] = {"contributor": 0, "editor": 1, "admin": 2}


@dataclass(frozen=True, slots=True)
class Token:
    """Who asks: a name, a role, and the feeds it is limited to (None: all).

    ``used``: when it was last used, where that was asked for. ``session``: the one it came by, if by one,
    and ``until`` when that lasts, in seconds since 1970.
    """

    name: str
    role: Role
    feeds: tuple[str, ...] | None
    created: str
    used: str | None = None
    session: str | None = None
    until: int | None = None

    def may(self, role: Role, feed: str | None = None) -> bool:
        """Whether this token has at least ``role``, for ``feed`` if one is named."""
        return _RANKS[self.role] >= _RANKS[role] and (
            feed is None or self.feeds is None or feed in self.feeds
        )

    def covers(self, role: Role, feeds: Sequence[str] | None) -> bool:
        """Whether this token may give another one that role and those feeds, or take them away."""
        within = self.feeds is None or (feeds is not None and set(feeds) <= set(self.feeds))
        return within and _RANKS[self.role] >= _RANKS[role]


class Tokens:
    """A hash: hash of a token's secret → its name, role, feeds and time of creation."""

    def __init__(self, client: Any, control: Control, used: Used) -> None:
        self._client, self._control, self._used = client, control, used

    async def create(self, name: str, role: Role, feeds: Sequence[str] | None = None) -> str:
        """Make a token; what is returned is the only copy of its secret.

        Raises:
            TokenExists, StoreError
        """
        secret = f"lf_{secrets.token_urlsafe(32)}"
        row = {
            "name": name,
            "role": role,
            "feeds": None if feeds is None else list(feeds),
            "created": print_time(datetime.now(UTC)),
        }
        with translated():
            made = await self._client.eval(_CREATE, 1, TOKENS, name, hash_of(secret), orjson.dumps(row))
        if not made:
            raise TokenExists(name)
        return secret

    async def list(self) -> list[Token]:
        """All tokens, by name; those of people who joined by an invite too."""
        used = await self._used.all()
        tokens = [
            replace(token, used=_print(used[digest]) if digest in used else None)
            for digest, token in (await self.by_hash()).items()
        ]
        return sorted(tokens, key=lambda token: token.name)

    async def by_hash(self) -> dict[str, Token]:
        """All tokens, by the hash of their secret."""
        with translated():
            rows = await self._client.hgetall(TOKENS)
        return {key.decode(): _token(row) for key, row in rows.items()}

    async def revoke(self, name: str) -> None:
        """Take a token back, with every session that was opened with it.

        Raises:
            TokenNotFound, StoreError
        """
        hashes = [digest for digest, token in (await self.by_hash()).items() if token.name == name]
        if not hashes:
            raise TokenNotFound(name)
        with translated():
            await self._client.hdel(TOKENS, *hashes)  # nobody gets in any more, whatever comes next
        await self._control.say({"event": "token-revoked", "name": name})
        with translated():
            rows = {key: orjson.loads(row) for key, row in (await self._client.hgetall(SESSIONS)).items()}
            ended = {key: row["id"] for key, row in rows.items() if row["token"] in hashes}
            if ended:
                await self._client.hdel(SESSIONS, *ended)
        await self._used.forget([*hashes, *ended.values()])

    async def check(self, secret: str) -> Token:
        """The token with this secret.

        Raises:
            Unauthenticated: there is none.
            StoreError
        """
        return await self.check_hash(hash_of(secret))

    async def check_hash(self, digest: str, *used: str) -> Token:
        """The token whose secret has this hash; it is noted that it was used, and ``used`` with it.

        Raises:
            Unauthenticated: there is none.
            StoreError
        """
        with translated():
            row = await self._client.hget(TOKENS, digest)
        if row is None:
            raise Unauthenticated("This token is not known, or it was revoked.")
        await self._used.note(digest, *used)
        return _token(row)


def hash_of(secret: str) -> str:
    """Secrets are 256 random bits: a plain hash is as good as a slow one."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _token(row: bytes) -> Token:
    fields = orjson.loads(row)
    feeds = fields["feeds"]
    return Token(fields["name"], fields["role"], None if feeds is None else tuple(feeds), fields["created"])


def _print(at: int) -> str:
    return print_time(datetime.fromtimestamp(at, UTC))
