"""Names of the keys in Redis. All keys of a feed share a hash tag, and so a Cluster slot."""

from __future__ import annotations

__all__ = [
    "CONTROL",
    "FEEDS",
    "INVITES",
    "SESSIONS",
    "TOKENS",
    "UPLOADS",
    "USED",
    "FeedKeys",
    "LogName",
    "PictureKeys",
]

from typing import Literal

FEEDS = "livefeed:feeds"
TOKENS = "livefeed:tokens"
SESSIONS = "livefeed:sessions"
INVITES = "livefeed:invites"
USED = "livefeed:used"
CONTROL = "livefeed:control"
UPLOADS = "livefeed:uploads:"
"""Begin of a string with a TTL: how many pictures somebody has uploaded in this hour."""

LogName = Literal["log", "desklog"]


class FeedKeys:
    """The keys of one feed."""

    __slots__ = ("prefix",)

    def __init__(self, feed: str) -> None:
        self.prefix = f"livefeed:{{{feed}}}:"

    def log(self, name: LogName = "log") -> str:
        return self.prefix + name

    @property
    def meta(self) -> str:
        return self.prefix + "meta"

    @property
    def updates(self) -> str:
        """Hash: update id → its current JSON, for ever."""
        return self.prefix + "updates"

    @property
    def timeline(self) -> str:
        """Sorted set: update id by shown time in milliseconds."""
        return self.prefix + "timeline"

    @property
    def key_events(self) -> str:
        """Sorted set like the timeline, of key events only."""
        return self.prefix + "key"

    @property
    def pinned(self) -> str:
        """Sorted set like the timeline, of pinned updates only."""
        return self.prefix + "pinned"

    def tag(self, tag: str) -> str:
        """Sorted set like the timeline, of updates with this tag only."""
        return f"{self.prefix}tag:{tag}"

    @property
    def tags(self) -> str:
        """Hash: tag → how many updates have it."""
        return self.prefix + "tags"

    def offsets(self, name: LogName = "log") -> str:
        """Hash: key of a change → offset of its one entry in the log."""
        return self.prefix + ("offsets" if name == "log" else "deskoffsets")

    @property
    def gone(self) -> str:
        """Hash: id of a deleted update → its tombstone."""
        return self.prefix + "gone"

    @property
    def sources(self) -> str:
        """Hash: hash of an import's source key → update id; kept when the update is deleted."""
        return self.prefix + "sources"

    @property
    def said(self) -> str:
        """Hash: hash of a source key → digest of what it said last, to tell an edit there from one here."""
        return self.prefix + "said"

    @property
    def imported(self) -> str:
        """Hash: update id → source key, as long as the update is there."""
        return self.prefix + "imported"

    @property
    def items(self) -> str:
        """Hash: item id → its JSON, as long as it is on the desk."""
        return self.prefix + "items"

    @property
    def due(self) -> str:
        """Sorted set: id of an item that goes out by itself, by when in milliseconds."""
        return self.prefix + "due"

    @property
    def discarded(self) -> str:
        """Hash: id of an item that was deleted → its tombstone."""
        return self.prefix + "deskgone"

    def revisions(self, update_id: str) -> str:
        """List: an update's earlier revisions, oldest first."""
        return f"{self.prefix}revisions:{update_id}"

    def idem(self, request_hash: str) -> str:
        """String with a TTL: what a committed request made."""
        return f"{self.prefix}idem:{request_hash}"

    @property
    def media(self) -> str:
        """Hash: picture → how many revisions and items name it."""
        return self.prefix + "media"

    @property
    def unused(self) -> str:
        """Set: pictures that were named and are no more, until the sweep has seen them."""
        return self.prefix + "unused"

    @property
    def readers(self) -> str:
        """Hash with a TTL: hub → how many read there, and when it said so (``count:ms``)."""
        return self.prefix + "readers"

    @property
    def desk(self) -> str:
        """Sorted set with a TTL: who has the desk open, by when they last said so."""
        return self.prefix + "desk"


class PictureKeys:
    """The keys of pictures: no feed's, so in a slot that no slug can name."""

    __slots__ = ("claims",)

    marks = "livefeed:{@media}:marks"
    """Hash: picture → since when who is removing it."""
    due = "livefeed:{@media}:due"
    """Sorted set: pictures that may be unused, by when to look."""

    def __init__(self, picture: str) -> None:
        self.claims = f"livefeed:{{@media}}:claims:{picture}"
        """Sorted set with a TTL: who needs the picture to stay, by until when (ms)."""
