"""Who is at the desk of a feed, and what they edit: short-lived, bounded, never logged."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import orjson

from livefeed.errors import FeedNotFound, StoreError
from livefeed.store.keys import FeedKeys
from livefeed.store.scripts import Call, Scripts

__all__ = ["MAX_OWN", "MAX_TABS", "PRESENT_S", "AtDesk", "Presence"]

PRESENT_S = 30.0
"""Whoever has said nothing for so long is away."""

MAX_TABS, MAX_OWN = 100, 10
"""Open tabs of a feed that are told of, in all and of one person: of these the latest."""


@dataclass(frozen=True, slots=True)
class AtDesk:
    """One open tab of somebody's: ``key`` is the tab's, ``editing`` an update or an item."""

    name: str
    key: str
    editing: str | None


class Presence:
    """A sorted set for each feed: what a tab says of itself, by when it last did."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def say(self, feed: str, at: AtDesk) -> None:
        """Be there, for :data:`PRESENT_S` from now on.

        Raises:
            FeedNotFound, StoreError
        """
        await self._say(feed, at, orjson.dumps(at.editing) + b"]")

    async def leave(self, feed: str, at: AtDesk) -> None:
        """Be away.

        Raises:
            FeedNotFound, StoreError
        """
        await self._say(feed, at, b"")

    async def read(self, feeds: Collection[str]) -> dict[str, list[AtDesk] | StoreError]:
        """Who is at the desks of these feeds, in one round trip; an error stands in its feed's place."""
        answers = await self._scripts.presence_many([_call(feed, "", b"", "") for feed in feeds])
        return {
            feed: answer if isinstance(answer, StoreError) else _parse(answer)
            for feed, answer in zip(feeds, answers, strict=True)
        }

    async def _say(self, feed: str, at: AtDesk, rest: bytes) -> None:
        # As JSON of a list up to the comma: no name is the beginning of another one then.
        whose = orjson.dumps([at.name])[:-1].decode() + ","
        who = whose + orjson.dumps(at.key).decode() + ","
        (answer,) = await self._scripts.presence_many([_call(feed, who, rest, whose)])
        if isinstance(answer, StoreError):
            raise answer
        if answer[0] == b"missing":
            raise FeedNotFound(feed)


def _call(feed: str, who: str, rest: bytes, whose: str) -> Call:
    keys = FeedKeys(feed)
    return [keys.meta, keys.desk], [int(PRESENT_S * 1000), who, rest, whose, MAX_TABS, MAX_OWN]


def _parse(answer: list[object]) -> list[AtDesk]:
    """By name, so that the same people are the same list."""
    members = answer[0]
    if not isinstance(members, list):  # there is no such feed
        return []
    return sorted((AtDesk(*orjson.loads(member)) for member in members), key=lambda at: (at.name, at.key))
