"""Invites: a link that lets one person sign in at the desk, once, within a day."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from livefeed.core.models import Role
from livefeed.core.times import print_time
from livefeed.errors import InviteNotFound, TokenExists, Unauthenticated
from livefeed.store.keys import INVITES
from livefeed.store.sessions import Sessions
from livefeed.store.tokens import Tokens, hash_of
from livefeed.store.translate import translated

__all__ = ["INVITE_S", "Invite", "Invites"]

INVITE_S = 86_400
"""How long an invite can be redeemed, in seconds."""

# A name has one invite: a newer one takes the place of the older. What is over goes too.
_CREATE = """
for _, key in ipairs(redis.call('HKEYS', KEYS[1])) do
  local row = cjson.decode(redis.call('HGET', KEYS[1], key))
  if row.name == ARGV[1] or row['until'] < tonumber(ARGV[2]) then redis.call('HDEL', KEYS[1], key) end
end
redis.call('HSET', KEYS[1], ARGV[3], ARGV[4])
"""


@dataclass(frozen=True, slots=True)
class Invite:
    """An invite as it is listed, without its secret."""

    name: str
    role: Role
    feeds: tuple[str, ...] | None
    until: str


class Invites:
    """Invites that were made and not redeemed. Only hashes of their secrets are kept."""

    def __init__(self, client: Any, tokens: Tokens, sessions: Sessions) -> None:
        self._client, self._tokens, self._sessions = client, tokens, sessions

    async def create(self, name: str, role: Role, feeds: Sequence[str] | None = None) -> str:
        """Make an invite, in the place of an older one for the same name.

        What is returned is the only copy of its secret.

        Raises:
            TokenExists: somebody of this name is in already.
            StoreError
        """
        if any(token.name == name for token in (await self._tokens.by_hash()).values()):
            raise TokenExists(name)
        secret, now = f"lfi_{secrets.token_urlsafe(32)}", _now()
        limited = None if feeds is None else list(feeds)
        row = orjson.dumps({"name": name, "role": role, "feeds": limited, "until": now + INVITE_S})
        with translated():
            await self._client.eval(_CREATE, 1, INVITES, name, now, hash_of(secret), row)
        return secret

    async def list(self) -> list[Invite]:
        """The invites that can still be redeemed, by name.

        Raises:
            StoreError
        """
        return sorted((invite for invite in (await self._all()).values()), key=lambda invite: invite.name)

    async def withdraw(self, name: str) -> None:
        """Take an invite back.

        Raises:
            InviteNotFound, StoreError
        """
        found = [key for key, invite in (await self._all()).items() if invite.name == name]
        with translated():
            if not found or not await self._client.hdel(INVITES, *found):
                raise InviteNotFound(name)

    async def redeem(self, secret: str, agent: str = "") -> str:
        """Spend an invite: the one invited gets a token, which is not shown, and a session.

        Returns the session's secret, for the cookie.

        Raises:
            Unauthenticated: it was used, or its day is over, or it never was.
            TokenExists, StoreError
        """
        digest = hash_of(secret)
        with translated():
            row = await self._client.hget(INVITES, digest)
            # Of several who redeem it at the same time, the one who deletes it is in.
            won = row is not None and await self._client.hdel(INVITES, digest) == 1
        fields = orjson.loads(row) if won else None
        if fields is None or fields["until"] < _now():
            raise Unauthenticated("This invite was used already, or its day is over: ask for a new one.")
        token = await self._tokens.create(fields["name"], fields["role"], fields["feeds"])
        return await self._sessions.open(token, agent)

    async def _all(self) -> dict[str, Invite]:
        with translated():
            rows = await self._client.hgetall(INVITES)
        read = {key.decode(): orjson.loads(row) for key, row in rows.items()}
        return {
            key: Invite(
                row["name"],
                row["role"],
                None if row["feeds"] is None else tuple(row["feeds"]),
                print_time(datetime.fromtimestamp(row["until"], UTC)),
            )
            for key, row in read.items()
            if row["until"] >= _now()
        }


def _now() -> int:
    return int(datetime.now(UTC).timestamp())
