"""One committed change: what ``commit.lua`` is asked, and what its answers mean."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson

from livefeed.core.ids import new_epoch
from livefeed.errors import (
    FeedClosed,
    FeedExists,
    FeedNotFound,
    IdempotencyMismatch,
    ItemExists,
    ItemGone,
    LivefeedError,
    RevisionConflict,
    StoreInconsistent,
    StoreUnavailable,
    StoreUnconfirmed,
    TooManyPinned,
    UpdateExists,
    UpdateGone,
    UpdateNotFound,
)
from livefeed.store.keys import FeedKeys, LogName
from livefeed.store.pictures import Pictures
from livefeed.store.scripts import Scripts, Writer

__all__ = [
    "Commit",
    "Committed",
    "Committer",
    "Idempotency",
    "Source",
    "SourceKnown",
    "discarded_error",
    "gone_error",
]

_COMMIT_ID_S = 60
"""How long a commit without an Idempotency-Key is remembered: for a second try after a lost reply."""


@dataclass(frozen=True, slots=True)
class Idempotency:
    """A caller's Idempotency-Key: ``scope`` is its token and route, ``request`` the body it came with."""

    scope: str
    key: str
    request: bytes

    @property
    def key_hash(self) -> str:
        return hashlib.sha256(f"{self.scope}\n{self.key}".encode()).hexdigest()

    @property
    def request_hash(self) -> str:
        return hashlib.sha256(self.request).hexdigest()


@dataclass(frozen=True, slots=True)
class Source:
    """An import's key, and a digest of what it says this time."""

    key: str
    digest: str

    @property
    def key_hash(self) -> str:
        return hashlib.sha256(self.key.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Commit:
    """What is to be written; the fields are those of ``commit.lua``."""

    op: Literal["put", "delete", "feed", "remove", "note", "recall"]
    id: str = ""
    expected: str | bytes = ""
    body: bytes = b""
    ms: int = 0
    source: Source | None = None
    idempotency: Idempotency | None = None
    commit_id: str = field(default_factory=lambda: secrets.token_hex(16))


@dataclass(frozen=True, slots=True)
class Committed:
    """What was written. ``replayed``: not now, but by an earlier request with the same key.

    ``changed`` is False where that request found that there was nothing to change.
    """

    id: str
    rev: int
    replayed: bool
    changed: bool


class SourceKnown(LivefeedError):
    """This source made an update already, and said then what ``digest`` tells. (Stays inside the store.)"""

    def __init__(self, update_id: str, digest: str) -> None:
        self.update_id, self.digest = update_id, digest
        super().__init__(update_id)


class Committer:
    """Writes changes. Nothing is retried that could happen twice."""

    def __init__(
        self,
        scripts: Scripts,
        pictures: Pictures,
        *,
        log_entries: int,
        idempotency_s: int,
        replicas: int,
        replicas_timeout_ms: int,
    ) -> None:
        self._scripts, self.pictures = scripts, pictures
        self.log_entries = log_entries
        self._idempotency_s = idempotency_s
        self._replicas, self._replicas_timeout_ms = replicas, replicas_timeout_ms

    async def commit(self, feed: str, commit: Commit, log: LogName = "log") -> Committed:
        """Write one change.

        Raises:
            FeedNotFound, FeedExists, FeedClosed, UpdateExists, UpdateNotFound, UpdateGone,
            ItemExists, ItemGone, RevisionConflict, IdempotencyMismatch: refused; nothing was written.
            StoreError: Redis could not.
        """
        async with self.pictures.held(feed, commit.body):
            return _answer(feed, commit, await self._send(feed, commit, log))

    async def recall(self, feed: str, idempotency: Idempotency) -> Committed | None:
        """What an earlier request with this key has written, if it did; replicas are waited for again.

        Raises:
            IdempotencyMismatch, StoreError
        """
        commit = Commit("recall", idempotency=idempotency)
        got = await self._send(feed, commit, "log")
        return None if got == [b"fresh"] else _answer(feed, commit, got)

    async def _send(self, feed: str, commit: Commit, log: LogName) -> list[Any]:
        keys, source = FeedKeys(feed), commit.source or Source("", "")
        key_hash, request_hash, idempotency_s = self.identify(commit.idempotency, commit.commit_id)
        names = [
            keys.meta, keys.log(log), keys.updates, keys.timeline, keys.offsets(log), keys.gone, keys.sources,
            keys.revisions(commit.id), keys.idem(key_hash), keys.key_events, keys.pinned, keys.tags,
            keys.said, keys.imported, keys.items, keys.discarded,
        ]  # fmt: skip
        args = [
            log, new_epoch(), commit.op, commit.id, commit.expected, commit.body, commit.ms, source.key,
            request_hash, idempotency_s, self.log_entries, keys.prefix, source.digest, source.key_hash,
        ]  # fmt: skip
        return await self.write("commit", names, args)

    def identify(self, request: Idempotency | None, commit_id: str) -> tuple[str, str, int]:
        """By which key a commit is remembered, for which request, for how many seconds."""
        if request is None:
            return commit_id, "-", _COMMIT_ID_S
        return request.key_hash, request.request_hash, self._idempotency_s

    async def write(self, writer: Writer, names: list[str], args: list[Any]) -> list[Any]:
        """Run a script that writes; once more where it may not have run, which the commit's id tells.

        Raises:
            StoreError
        """
        try:
            return await self._run(writer, names, args)
        except StoreUnavailable:
            # The connection may have been an old one, or the reply was lost after the script ran.
            return await self._run(writer, names, args)

    async def _run(self, writer: Writer, names: list[str], args: list[Any]) -> list[Any]:
        if not self._replicas:
            return await self._scripts.write(writer, names, args)
        got, confirmed = await self._scripts.write_and_wait(
            writer, names, args, replicas=self._replicas, timeout_ms=self._replicas_timeout_ms
        )
        if got[0] in (b"done", b"replay") and confirmed < self._replicas:
            raise StoreUnconfirmed(self._replicas, confirmed)
        return got


def _answer(feed: str, commit: Commit, got: list[Any]) -> Committed:
    match got:
        case [b"done" | b"replay" as how, bytes(id_), bytes(rev), *_]:
            return Committed(id_.decode(), abs(int(rev)), how == b"replay", not rev.startswith(b"-"))
        case [b"mismatch"]:
            raise IdempotencyMismatch
        case [b"missing"]:
            raise FeedNotFound(feed)
        case [b"exists", b""]:
            raise FeedExists(feed)
        case [b"exists", *_]:
            raise UpdateExists(feed, commit.id)
        case [b"item", *_]:
            raise ItemExists(feed, commit.id)
        case [b"discarded", bytes(tombstone)]:
            raise discarded_error(feed, tombstone)
        case [b"source", bytes(id_), bytes(digest)]:
            raise SourceKnown(id_.decode(), digest.decode())
        case [b"gone", bytes(tombstone)]:
            raise gone_error(feed, tombstone)
        case [b"unknown"]:
            raise UpdateNotFound(feed, commit.id)
        case [b"conflict", bytes(current)]:
            raise RevisionConflict(current)
        case [b"pinned", bytes(bound)]:
            raise TooManyPinned(feed, int(bound))
        case [b"closed"]:
            raise FeedClosed(feed)
        case [b"inconsistent", bytes(reason)]:
            raise StoreInconsistent(reason.decode())
        case _:
            raise StoreInconsistent(f"commit.lua answered {got!r}")


def discarded_error(feed: str, tombstone: bytes) -> ItemGone:
    fields = orjson.loads(tombstone)
    return ItemGone(feed, fields["id"], fields["time"])


def gone_error(feed: str, tombstone: bytes) -> UpdateGone:
    fields = orjson.loads(tombstone)
    return UpdateGone(feed, fields["id"], fields["time"])
