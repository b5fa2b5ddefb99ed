"""Changes: what happened to a feed or at its desk, as the two logs hold them, and their compaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import orjson

__all__ = ["FEED_KEY", "Change", "compact", "delete_change", "feed_change", "parse_change", "put_change"]

FEED_KEY = "@feed"
"""The key of changes of the feed itself; no update can have it, since ``@`` is not allowed in ids."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change.

    ``key`` says what it is about: of two changes with one key the later one is all that counts.
    ``raw`` is its JSON exactly as it is stored and as it goes out.
    """

    op: str
    key: str
    raw: bytes


def put_change(update_id: str, update: bytes) -> Change:
    return Change("put", update_id, b'{"op":"put","update":' + update + b"}")


def delete_change(update_id: str, time: str) -> Change:
    return Change("delete", update_id, orjson.dumps({"op": "delete", "id": update_id, "time": time}))


def feed_change(feed: bytes) -> Change:
    return Change("feed", FEED_KEY, b'{"op":"feed","feed":' + feed + b"}")


def parse_change(raw: bytes) -> Change:
    """Read a change as the log holds it.

    Raises:
        ValueError: this is no change of ours (orjson's errors are ValueErrors too).
    """
    match orjson.loads(raw):
        case {"op": "put", "update": {"id": str(key)}}:
            return Change("put", key, raw)
        case {"op": "delete" | "item-delete" as op, "id": str(key)}:
            return Change(op, key, raw)
        case {"op": "item", "item": {"id": str(key)}}:
            return Change("item", key, raw)
        case {"op": "feed", "feed": dict()}:
            return Change("feed", FEED_KEY, raw)
        case _:
            raise ValueError("not a change")


def compact(changes: Iterable[Change]) -> list[Change]:
    """Of each key the last change only, in the order of these last ones."""
    newest: dict[str, Change] = {}
    for change in changes:
        newest.pop(change.key, None)
        newest[change.key] = change
    return list(newest.values())
