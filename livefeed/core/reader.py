"""The reader's state: the reference that clients and tests go by (docs/protocol.md, “What to keep”).

A reader holds the updates at or above the oldest (time, id) that it has loaded, plus the pinned
and the key lists. After a ``sync`` that is what a fresh load of the same range gives.
"""

from __future__ import annotations

import enum
from typing import Any

from livefeed.core.paging import KEY_EVENTS
from livefeed.core.position import Position
from livefeed.core.times import to_ms

__all__ = ["Next", "Reader", "place"]

Json = dict[str, Any]


class Next(enum.Enum):
    """What a reader has to do after a message."""

    GO_ON = "go on"
    RECONNECT = "reconnect"
    """Something before this message is missing: come back with the own position."""
    REFETCH = "refetch"
    """The state cannot be told from changes (an unknown ``op``, a key list that ran short)."""


def place(update: Json) -> tuple[int, str]:
    """Where an update stands: by shown time, equal times by id."""
    return to_ms(update["time"]), update["id"]


class Reader:
    """Folds messages into what a reader sees. Redelivery of anything changes nothing."""

    def __init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        self.position: Position | None = None
        self.feed: Json = {}
        self.updates: dict[str, Json] = {}
        self.pinned: dict[str, Json] = {}
        self.key: dict[str, Json] = {}
        self.oldest: tuple[int, str] | None = None
        """The oldest place loaded; None once everything is."""
        self._oldest_key: tuple[int, str] | None = None
        """Likewise for the key list, which a page cuts at its newest 50."""
        self._deleted: set[str] = set()

    def apply(self, message: Json) -> Next:
        """Take one message in. Unknown types are ignored, as the contract asks."""
        match message:
            case {"type": "sync", "recovered": False}:
                self.load(message["snapshot"])
                self.position = Position.parse(message["position"])
            case {"type": "sync"}:
                for change in message["changes"]:
                    if self._apply_change(change) is not Next.GO_ON:
                        return Next.REFETCH
                self.position = Position.parse(message["position"])
            case {"type": "change"}:
                if self.position is None or self.position.offset < message["after"]:
                    return Next.RECONNECT
                position = Position.parse(message["position"])
                if position.offset > self.position.offset or position.epoch != self.position.epoch:
                    self.position = position
                    return self._apply_change(message["change"])
            case {"type": "ping"}:
                if self.position is None or self.position.offset < Position.parse(message["position"]).offset:
                    return Next.RECONNECT
        return Next.REFETCH if self._key_is_short() else Next.GO_ON

    def load(self, page: Json) -> None:
        """Begin anew from a page: the snapshot of a ``sync``, or ``GET …/updates``."""
        self._forget()
        self.position = Position.parse(page["position"])
        self.feed = page["feed"]
        self.updates = {update["id"]: update for update in page["updates"]}
        self.pinned = {update["id"]: update for update in page["pinned"]}
        self.key = {event["id"]: event for event in page["key"]}
        self._oldest_key = place(page["key"][-1]) if len(page["key"]) == KEY_EVENTS else None
        self._lower_to(page)

    def extend(self, page: Json) -> Next:
        """Append an older page, reached by ``next``.

        Tells to reconnect where the page is older than the own position: what happened in between
        must be fetched first.
        """
        if self.position is None or Position.parse(page["position"]).offset < self.position.offset:
            return Next.RECONNECT
        self._lower_to(page)
        for update in page["updates"]:
            self._put(update)
        return Next.REFETCH if self._key_is_short() else Next.GO_ON

    def page(self) -> Json:
        """What a fresh load of the same range gives, without position and cursors."""
        return {
            "feed": self.feed,
            "updates": sorted(self.updates.values(), key=place, reverse=True),
            "pinned": sorted(self.pinned.values(), key=place, reverse=True),
            "key": sorted(self.key.values(), key=place, reverse=True)[:KEY_EVENTS],
        }

    def _lower_to(self, page: Json) -> None:
        self.oldest = place(page["updates"][-1]) if page["next"] is not None else None

    def _apply_change(self, change: Json) -> Next:
        match change:
            case {"op": "put", "update": update}:
                self._put(update)
            case {"op": "delete", "id": id_}:
                self._deleted.add(id_)
                for held in (self.updates, self.pinned, self.key):
                    held.pop(id_, None)
            case {"op": "feed", "feed": feed}:
                self.feed = feed
            case _:
                return Next.REFETCH
        return Next.REFETCH if self._key_is_short() else Next.GO_ON

    def _put(self, update: Json) -> None:
        id_ = update["id"]
        if id_ in self._deleted:
            return
        known = self.updates.get(id_) or self.pinned.get(id_)
        if known is not None and known["rev"] > update["rev"]:
            return
        event = {name: update[name] for name in ("id", "time", "headline")}
        for held, value, belongs in (
            (self.updates, update, _reaches(update, self.oldest)),
            (self.pinned, update, update["pinned"]),
            (self.key, event, update["key"] and _reaches(update, self._oldest_key)),
        ):
            if belongs:
                held[id_] = value
            else:
                held.pop(id_, None)

    def _key_is_short(self) -> bool:
        """A list cut at its bound ran short: an older key event must come in that we never saw."""
        return self._oldest_key is not None and len(self.key) < KEY_EVENTS


def _reaches(update: Json, oldest: tuple[int, str] | None) -> bool:
    return oldest is None or place(update) >= oldest
