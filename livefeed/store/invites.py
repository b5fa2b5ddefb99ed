"""Invites: a link that lets one person sign in at the desk, once, within a day.

Somebody new gets a token when they redeem it. An invite for a name that is in already is for the token that
has this name when the invite is made: it signs the same person in again, with the role and feeds they have.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

from livefeed.core.models import Role
from livefeed.core.times import print_time
from livefeed.errors import Forbidden, InviteNotFound, StoreError, Unauthenticated
from livefeed.store.keys import INVITES
from livefeed.store.sessions import Sessions
from livefeed.store.tokens import Token, Tokens, hash_of
from livefeed.store.translate import translated

__all__ = ["INVITE_S", "Invite", "Invites", "NewInvite"]

INVITE_S = 86_400
"""How long an invite can be redeemed, in seconds."""

_SPENT = "This invite was used already, it was taken back, or its day is over: ask for a new one."

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


class NewInvite(NamedTuple):
    """``secret`` is the only copy there is."""

    secret: str
    invite: Invite


class Invites:
    """Invites that were made and not redeemed. Only hashes of their secrets are kept."""

    def __init__(self, client: Any, tokens: Tokens, sessions: Sessions) -> None:
        self._client, self._tokens, self._sessions = client, tokens, sessions

    async def create(
        self, name: str, role: Role, feeds: Sequence[str] | None = None, *, by: Token | None = None
    ) -> NewInvite:
        """Make an invite, in the place of an older one for the same name.

        For a name that is in already, role and feeds are those of its token, whatever is asked for.

        Raises:
            Forbidden: who is in, or what it would replace, is more than ``by`` may give (None: anything).
            StoreError
        """
        tokens = await self._tokens.by_hash()
        known = next((digest for digest, token in tokens.items() if token.name == name), None)
        if known is not None:
            role, feeds = tokens[known].role, tokens[known].feeds
        rivals = [invite for invite in (await self._all()).values() if invite.name == name]
        if by is not None and not all(by.covers(i.role, i.feeds) for i in rivals):
            raise Forbidden(f"There is an invite for “{name}” already, which is not yours to replace.")
        if by is not None and not by.covers(role, feeds):
            raise Forbidden(f"“{name}” is in already, and may more than you can give.")
        secret, now = f"lfi_{secrets.token_urlsafe(32)}", _now()
        row = {"name": name, "role": role, "feeds": feeds, "until": now + INVITE_S, "token": known}
        with translated():
            await self._client.eval(_CREATE, 1, INVITES, name, now, hash_of(secret), orjson.dumps(row))
        return NewInvite(secret, _invite(row))

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
        """Spend an invite: the one invited gets a session, and first a token (which is not shown) if new.

        Returns the session's secret, for the cookie.

        Raises:
            Unauthenticated: it was used or taken back, or its day is over, or it never was.
            TokenExists: somebody else has taken the name since.
            StoreError
        """
        digest = hash_of(secret)
        with translated():
            raw = await self._client.hget(INVITES, digest)
            # Of several who redeem it at the same time, the one who deletes it is in.
            won = raw is not None and await self._client.hdel(INVITES, digest) == 1
        row = orjson.loads(raw) if won else None
        if row is None or row["until"] < _now():
            raise Unauthenticated(_SPENT)
        try:
            if row.get("token") is None:
                row["token"] = hash_of(await self._tokens.create(row["name"], row["role"], row["feeds"]))
            return await self._sessions.begin(row["token"], agent)
        except Unauthenticated as error:  # who was in has been revoked since
            raise Unauthenticated(_SPENT) from error
        except StoreError:
            # Nobody has come in by it: it is good for another try.
            with suppress(StoreError), translated():
                await self._client.hset(INVITES, digest, orjson.dumps(row))
            raise

    async def _all(self) -> dict[str, Invite]:
        """Those that still let somebody in, by the hash of their secret."""
        with translated():
            rows = await self._client.hgetall(INVITES)
        read = {key.decode(): orjson.loads(row) for key, row in rows.items()}
        tokens = await self._tokens.by_hash() if read else {}
        return {
            key: _invite(row)
            for key, row in read.items()
            if row["until"] >= _now() and row.get("token") in (None, *tokens)
        }


def _invite(row: Mapping[str, Any]) -> Invite:
    feeds = None if row["feeds"] is None else tuple(row["feeds"])
    return Invite(row["name"], row["role"], feeds, print_time(datetime.fromtimestamp(row["until"], UTC)))


def _now() -> int:
    return int(datetime.now(UTC).timestamp())
