"""Paging through a feed by shown time: queries, opaque cursors, pages."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, replace
from typing import Any, Literal

import orjson

from livefeed.core.ids import ID_PATTERN
from livefeed.core.position import Position
from livefeed.errors import BadCursor, FieldError, InvalidInput

__all__ = [
    "DEFAULT_LIMIT",
    "KEY_EVENTS",
    "MAX_LIMIT",
    "Cursor",
    "Page",
    "PageQuery",
    "key_event",
    "parse_query",
]

DEFAULT_LIMIT, MAX_LIMIT = 20, 100
KEY_EVENTS = 50
"""How many key events a page lists, the newest."""

Order = Literal["newest", "oldest"]

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place between two updates, and what was being read there.

    It names a (time, id) and the side of it to go on; whether an update stands there still does
    not matter, so a cursor outlives the deletion and re-timing of the update that it came from.
    """

    side: Literal["older", "newer"]
    ms: int
    id: str
    order: Order = "newest"
    key: bool = False
    tag: str | None = None

    def __str__(self) -> str:
        fields = [self.side[0], self.ms, self.id, self.order[0], int(self.key), self.tag]
        return base64.urlsafe_b64encode(orjson.dumps(fields)).rstrip(b"=").decode()

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Read what :meth:`__str__` printed.

        Raises:
            BadCursor: for anything else.
        """
        try:
            fields = orjson.loads(
                base64.b64decode(text.encode() + b"=" * (-len(text) % 4), b"-_", validate=True)
            )
        except (binascii.Error, ValueError) as error:
            raise BadCursor("this is no cursor that a page gave out") from error
        match fields:
            case [
                "o" | "n" as side,
                int(ms),
                str(id_),
                "o" | "n" as order,
                0 | 1 as key,
                str() | None as tag,
            ] if (
                ID_PATTERN.fullmatch(id_)
                and not isinstance(ms, bool)
                and 0 <= ms < 2**53
                and (tag is None or len(tag) <= 50)
            ):
                return cls(
                    "older" if side == "o" else "newer",
                    ms,
                    id_,
                    "oldest" if order == "o" else "newest",
                    bool(key),
                    tag,
                )
        raise BadCursor("this is no cursor that a page gave out")


@dataclass(frozen=True, slots=True)
class PageQuery:
    """What to show: at most ``limit`` updates from ``cursor`` on, or around the update ``around``."""

    limit: int = DEFAULT_LIMIT
    cursor: Cursor | None = None
    around: str | None = None
    order: Order = "newest"
    key: bool = False
    tag: str | None = None


def parse_query(params: dict[str, str]) -> PageQuery:
    """Read ``limit``, ``cursor``, ``around``, ``order``, ``key`` and ``tag``; others are ignored.

    A cursor brings its own order and filter, so that it works alone.

    Raises:
        InvalidInput: naming each parameter that is wrong.
    """
    errors: list[FieldError] = []
    limit = params.get("limit", str(DEFAULT_LIMIT))
    if not (limit.isascii() and limit.isdigit() and len(limit) < 9 and 1 <= int(limit) <= MAX_LIMIT):
        errors.append(FieldError("limit", f"give a whole number from 1 to {MAX_LIMIT}"))
    order = params.get("order", "newest")
    if order not in ("newest", "oldest"):
        errors.append(FieldError("order", "give “newest” or “oldest”"))
    key = params.get("key", "0")
    if key not in ("0", "1"):
        errors.append(FieldError("key", "give 1 for key events only"))
    tag = params.get("tag") or None
    if tag is not None and (len(tag) > 50 or _CONTROL.search(tag)):
        errors.append(FieldError("tag", "give a tag of at most 50 characters"))
    around = params.get("around") or None
    if around is not None and not ID_PATTERN.fullmatch(around):
        errors.append(FieldError("around", "give an update's id"))
    if around is not None and params.get("cursor"):
        errors.append(FieldError("around", "give either “around” or “cursor”"))
    if errors:
        raise InvalidInput(errors)
    query = PageQuery(int(limit), None, around, "oldest" if order == "oldest" else "newest", key == "1", tag)
    if not params.get("cursor"):
        return query
    cursor = Cursor.parse(params["cursor"])
    return replace(query, cursor=cursor, order=cursor.order, key=cursor.key, tag=cursor.tag)


@dataclass(frozen=True, slots=True)
class Page:
    """One page and the position that it was read at.

    ``updates`` and ``pinned`` are JSON as stored; ``key`` is JSON as :func:`key_event` makes it.
    """

    position: Position
    feed: bytes
    updates: tuple[bytes, ...]
    pinned: tuple[bytes, ...]
    key: tuple[bytes, ...]
    next: Cursor | None
    prev: Cursor | None

    def json(self) -> bytes:
        """The page as clients get it."""
        return b'{"feed":%s,"position":"%s","updates":[%s],"pinned":[%s],"key":[%s],"next":%s,"prev":%s}' % (
            self.feed,
            str(self.position).encode(),
            b",".join(self.updates),
            b",".join(self.pinned),
            b",".join(self.key),
            _json_cursor(self.next),
            _json_cursor(self.prev),
        )


def _json_cursor(cursor: Cursor | None) -> bytes:
    return orjson.dumps(None if cursor is None else str(cursor))


def key_event(update: dict[str, Any]) -> bytes:
    """An update as it stands in the list of key events."""
    return orjson.dumps({name: update[name] for name in ("id", "time", "headline")})
