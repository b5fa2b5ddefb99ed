"""Everything that livefeed raises on purpose.

::

    LivefeedError
    ├── InvalidInput                 what was sent breaks a rule; names each field
    │   ├── BadPosition              a position that cannot be read
    │   └── BadCursor                a paging cursor that is not ours
    ├── NotFound
    │   ├── FeedNotFound
    │   ├── UpdateNotFound
    │   ├── ItemNotFound
    │   ├── TokenNotFound
    │   ├── SessionNotFound
    │   └── InviteNotFound
    ├── UpdateGone                   deleted: the id is never used again
    ├── ItemGone                     likewise of what was on the desk
    ├── Conflict
    │   ├── FeedExists
    │   ├── TokenExists
    │   ├── FeedClosed
    │   ├── UpdateExists
    │   ├── TooManyPinned
    │   ├── ItemExists
    │   ├── TooManyItems
    │   ├── WrongState               what is asked does not go with the item's state
    │   ├── AlreadyPublished         carries the update
    │   ├── RevisionConflict         carries the current update, or item
    │   └── IdempotencyMismatch      same key, other request
    ├── AccessError
    │   ├── Unauthenticated
    │   └── Forbidden
    │       └── ForeignOrigin        from a page of a site that may not
    ├── StoreError                   Redis could not do it; nothing was half done
    │   ├── StoreUnavailable
    │   ├── StoreFull
    │   ├── StoreUnconfirmed         written, but too few replicas said so in time
    │   └── StoreInconsistent        the keys of a feed contradict each other
    ├── MediaUnavailable             the folder or the bucket of pictures cannot be used
    ├── TooManyUploads               says when to try again
    ├── TooManyReaders               beyond a cap; says when to try again
    │   └── ServerFull               no place for anybody
    ├── NotReady                     this process cannot serve readers now; says why
    └── StartupError                 one line for the operator, exit code 1

Each carries the values that it speaks of, so that a border (HTTP, command line) can word its own
answer; ``str(error)`` is a sentence for the person who gets it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = [
    "AccessError",
    "AlreadyPublished",
    "BadCursor",
    "BadPosition",
    "Cap",
    "Conflict",
    "FeedClosed",
    "FeedExists",
    "FeedNotFound",
    "FieldError",
    "Forbidden",
    "ForeignOrigin",
    "IdempotencyMismatch",
    "InvalidInput",
    "InviteNotFound",
    "ItemExists",
    "ItemGone",
    "ItemNotFound",
    "LivefeedError",
    "MediaUnavailable",
    "NotFound",
    "NotReady",
    "RevisionConflict",
    "ServerFull",
    "SessionNotFound",
    "StartupError",
    "StoreError",
    "StoreFull",
    "StoreInconsistent",
    "StoreUnavailable",
    "StoreUnconfirmed",
    "TokenExists",
    "TokenNotFound",
    "TooManyItems",
    "TooManyPinned",
    "TooManyReaders",
    "TooManyUploads",
    "Unauthenticated",
    "UpdateExists",
    "UpdateGone",
    "UpdateNotFound",
    "WrongState",
]


class LivefeedError(Exception):
    """Base of all errors that livefeed raises on purpose."""


@dataclass(frozen=True)
class FieldError:
    """One broken rule: ``field`` is a dotted path in the request, ``message`` a sentence."""

    field: str
    message: str


class InvalidInput(LivefeedError):
    """What was sent breaks a rule. ``errors`` names each field."""

    def __init__(self, errors: list[FieldError]) -> None:
        self.errors = errors
        super().__init__("; ".join(f"{e.field}: {e.message}" for e in errors))

    @classmethod
    def of(cls, field: str, message: str) -> InvalidInput:
        return cls([FieldError(field, message)])


class BadPosition(InvalidInput):
    def __init__(self, reason: str) -> None:
        super().__init__([FieldError("after", reason)])


class BadCursor(InvalidInput):
    def __init__(self, reason: str) -> None:
        super().__init__([FieldError("cursor", reason)])


class NotFound(LivefeedError):
    """There is no such thing."""


class FeedNotFound(NotFound):
    def __init__(self, feed: str) -> None:
        self.feed = feed
        super().__init__(f"There is no feed “{feed}”.")


class UpdateNotFound(NotFound):
    def __init__(self, feed: str, update_id: str) -> None:
        self.feed, self.update_id = feed, update_id
        super().__init__(f"The feed “{feed}” has no update “{update_id}”.")


class ItemNotFound(NotFound):
    def __init__(self, feed: str, item_id: str) -> None:
        self.feed, self.item_id = feed, item_id
        super().__init__(f"The feed “{feed}” has no item “{item_id}” on the desk.")


class TokenNotFound(NotFound):
    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"There is no token named “{name}”.")


class SessionNotFound(NotFound):
    def __init__(self, session_id: str) -> None:
        self.session_id = session_id
        super().__init__(f"There is no session “{session_id}”: it has ended already.")


class InviteNotFound(NotFound):
    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"There is no invite for “{name}”: it was used, withdrawn, or its day is over.")


class UpdateGone(LivefeedError):
    """The update was deleted. ``time`` is the time that it was shown with (RFC 3339)."""

    def __init__(self, feed: str, update_id: str, time: str) -> None:
        self.feed, self.update_id, self.time = feed, update_id, time
        super().__init__(f"The update “{update_id}” was deleted; its id is not used again.")


class ItemGone(LivefeedError):
    """The item was deleted before it was published. ``time`` is when it was made (RFC 3339)."""

    def __init__(self, feed: str, item_id: str, time: str) -> None:
        self.feed, self.item_id, self.time = feed, item_id, time
        super().__init__(f"The item “{item_id}” was deleted; its id is not used again.")


class Conflict(LivefeedError):
    """The request is well-formed, but the present state does not allow it."""


class FeedExists(Conflict):
    def __init__(self, feed: str) -> None:
        self.feed = feed
        super().__init__(f"There is a feed “{feed}” already.")


class TokenExists(Conflict):
    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"There is a token named “{name}” already: revoke it first, or choose another name.")


class FeedClosed(Conflict):
    def __init__(self, feed: str) -> None:
        self.feed = feed
        super().__init__(f"The feed “{feed}” is closed: reopen it to publish, or edit what is there.")


class UpdateExists(Conflict):
    def __init__(self, feed: str, update_id: str) -> None:
        self.feed, self.update_id = feed, update_id
        super().__init__(f"The feed “{feed}” has an update “{update_id}” already: edit it instead.")


class TooManyPinned(Conflict):
    def __init__(self, feed: str, bound: int) -> None:
        self.feed, self.bound = feed, bound
        super().__init__(
            f"The feed “{feed}” has {bound} pinned updates, which every page lists: unpin one of them first."
        )


class ItemExists(Conflict):
    def __init__(self, feed: str, item_id: str) -> None:
        self.feed, self.item_id = feed, item_id
        super().__init__(f"The desk of “{feed}” has an item “{item_id}” already: edit or publish that.")


class TooManyItems(Conflict):
    def __init__(self, feed: str, bound: int) -> None:
        self.feed, self.bound = feed, bound
        super().__init__(f"The desk of “{feed}” has {bound} items: publish or delete some of them first.")


class WrongState(Conflict):
    """The item is not in a state in which that can be done; the message says what can."""


class AlreadyPublished(Conflict):
    """The item is out. ``update`` is the JSON of what it became, as it stands now."""

    def __init__(self, update: bytes) -> None:
        self.update = update
        super().__init__("It is published already: it can be edited or deleted as an update.")


class RevisionConflict(Conflict):
    """Somebody else changed the update, or the item. ``current`` is its JSON as it stands now."""

    def __init__(self, current: bytes, what: Literal["update", "item"] = "update") -> None:
        self.current = current
        super().__init__(f"The {what} was changed by somebody else meanwhile.")


class IdempotencyMismatch(Conflict):
    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used for a different request: use a new one.")


class AccessError(LivefeedError):
    """Who asks may not do this."""


class Unauthenticated(AccessError):
    def __init__(self, reason: str = "Send a token: “Authorization: Bearer …”.") -> None:
        super().__init__(reason)


class Forbidden(AccessError):
    """Known, but not allowed; the message says what is missing."""


class ForeignOrigin(Forbidden):
    """From a page of a site that may not: with a session's cookie, of any but ours."""


class StoreError(LivefeedError):
    """Redis could not do it."""


class StoreUnavailable(StoreError):
    def __init__(self, reason: str) -> None:
        super().__init__(f"Redis cannot be reached: {reason}")


class StoreFull(StoreError):
    def __init__(self) -> None:
        super().__init__("Redis is full (maxmemory): publishing is refused, deleting works.")


class StoreUnconfirmed(StoreError):
    """Written to the primary; fewer than ``wanted`` replicas confirmed it in time."""

    def __init__(self, wanted: int, got: int) -> None:
        self.wanted, self.got = wanted, got
        super().__init__(
            f"Unconfirmed: {got} of {wanted} replicas have it so far. "
            "Send the same request with the same Idempotency-Key to wait again."
        )


class StoreInconsistent(StoreError):
    def __init__(self, reason: str) -> None:
        super().__init__(f"The feed's keys contradict each other ({reason}): run `livefeed doctor`.")


class MediaUnavailable(LivefeedError):
    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"Pictures cannot be kept or read: {reason}.")


class TooManyUploads(LivefeedError):
    def __init__(self, bound: int, retry_after_s: float) -> None:
        self.bound, self.retry_after_s = bound, retry_after_s
        super().__init__(
            f"{bound} pictures were uploaded within an hour: that is the limit, come back later."
        )


Cap: TypeAlias = Literal["address", "origin", "rate", "total"]


class TooManyReaders(LivefeedError):
    """There is no place for one more reader of this address, of this site, or just now."""

    def __init__(self, cap: Cap, retry_after_s: float) -> None:
        self.cap, self.retry_after_s = cap, retry_after_s
        why = {
            "address": "Too many readers are connected from this address",
            "origin": "Too many readers are connected from pages of this site",
            "rate": "Too many readers are coming at once",
            "total": "This server has no place for another reader",
        }
        super().__init__(f"{why[cap]}: come back later.")


class ServerFull(TooManyReaders):
    """There is no place for anybody."""


class NotReady(LivefeedError):
    """This process cannot serve readers now. ``reasons`` are sentences."""

    def __init__(self, reasons: list[str]) -> None:
        self.reasons = reasons
        super().__init__(" ".join(reasons))


class StartupError(LivefeedError):
    """livefeed cannot start. The message says what is wrong and what to do, in one line."""
