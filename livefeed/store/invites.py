"""Invites: a link that lets one person sign in at the desk, once, within a day."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from livefeed.core.models import Role
from livefeed.errors import TokenExists, Unauthenticated
from livefeed.store.keys import INVITES
from livefeed.store.tokens import Tokens, hash_of
from livefeed.store.translate import translated

__all__ = ["INVITE_S", "Invites"]

INVITE_S = 86_400
"""How long an invite can be redeemed, in seconds."""


class Invites:
    """Invites that were made and not redeemed. Only hashes of their secrets are kept."""

    def __init__(self, client: Any, tokens: Tokens) -> None:
        self._client, self._tokens = client, tokens

    async def create(self, name: str, role: Role, feeds: Sequence[str] | None = None) -> str:
        """Make an invite; what is returned is the only copy of its secret.

        Raises:
            TokenExists: somebody of this name is in already.
            StoreError
        """
        if any(token.name == name for token in await self._tokens.list()):
            raise TokenExists(name)
        secret = f"lfi_{secrets.token_urlsafe(32)}"
        fields = {"name": name, "role": role, "feeds": feeds, "until": _now() + INVITE_S}
        with translated():
            for key, row in (await self._client.hgetall(INVITES)).items():
                if orjson.loads(row)["until"] < _now():
                    await self._client.hdel(INVITES, key)
            await self._client.hset(INVITES, hash_of(secret), orjson.dumps(fields))
        return secret

    async def redeem(self, secret: str) -> str:
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
        return await self._tokens.open_session(
            await self._tokens.create(fields["name"], fields["role"], fields["feeds"])
        )


def _now() -> int:
    return int(datetime.now(UTC).timestamp())
