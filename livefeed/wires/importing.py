"""Importing a wire into a feed, or seeing beforehand what that would do. Twice is the same as once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import orjson

from livefeed.core.models import UpdateCreate
from livefeed.errors import InvalidInput, TooManyPinned, UpdateGone
from livefeed.store.foresight import Foreseen
from livefeed.wires.entry import Skipped, Wire

__all__ = ["MAX_SHOWN", "ImportStore", "Report", "Shown", "import_wire", "preview_wire"]

MAX_SHOWN = 50
"""Of the updates that an import adds and changes, so many are shown in its report."""


class _Outcome(Protocol):
    @property
    def kind(self) -> Literal["created", "edited", "unchanged"]: ...

    @property
    def update(self) -> bytes: ...


class _Updates(Protocol):
    async def publish(self, feed: str, draft: UpdateCreate, /) -> _Outcome: ...

    async def foresee(
        self, feed: str, drafts: Sequence[UpdateCreate], /
    ) -> list[Foreseen | InvalidInput | TooManyPinned | UpdateGone]: ...


class ImportStore(Protocol):
    """What importing needs of the store."""

    @property
    def updates(self) -> _Updates: ...


@dataclass(frozen=True, slots=True)
class Shown:
    """An update that was or would be added or changed. ``id`` None: it has none yet."""

    kind: Literal["added", "changed"]
    id: str | None
    headline: str
    time: str


@dataclass(slots=True)
class Report:
    """What became, or would become, of a wire's entries. ``deleted_here``: those that stay deleted."""

    published: int = 0
    edited: int = 0
    unchanged: int = 0
    deleted_here: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list, compare=False)
    """The sources of those that stay deleted."""
    shown: list[Shown] = field(default_factory=list, compare=False)

    def _count(self, kind: Literal["created", "edited", "unchanged"]) -> None:
        match kind:
            case "created":
                self.published += 1
            case "edited":
                self.edited += 1
            case "unchanged":
                self.unchanged += 1

    def _refuse(self, draft: UpdateCreate, error: InvalidInput | TooManyPinned | UpdateGone) -> None:
        if isinstance(error, UpdateGone):
            self.deleted_here += 1
            self.deleted.append(draft.source or "")
        else:
            self.skipped.append(Skipped(draft.source or "", str(error)))

    def _show(self, kind: str, update_id: str | None, headline: str, time: str) -> None:
        if kind != "unchanged" and len(self.shown) < MAX_SHOWN:
            self.shown.append(Shown("added" if kind == "created" else "changed", update_id, headline, time))


async def preview_wire(store: ImportStore, feed: str, wire: Wire) -> Report:
    """What :func:`import_wire` would do now. Nothing is written.

    Raises:
        FeedNotFound, FeedClosed, StoreError
    """
    report = Report(skipped=list(wire.skipped))
    foreseen = await store.updates.foresee(feed, wire.entries)
    for draft, outcome in zip(wire.entries, foreseen, strict=True):
        if isinstance(outcome, Foreseen):
            report._count(outcome.kind)
            report._show(outcome.kind, outcome.id, outcome.update.headline, outcome.update.time)
        else:
            report._refuse(draft, outcome)
    return report


async def import_wire(
    store: ImportStore, feed: str, wire: Wire, on_progress: Callable[[int, int], None] | None = None
) -> Report:
    """Publish a wire's entries one after the other, oldest first.

    ``on_progress`` is told how many of how many are done. After an error, importing again goes on
    where it stopped, since what is there already stays unchanged.

    Raises:
        FeedNotFound, FeedClosed, StoreError
    """
    report = Report(skipped=list(wire.skipped))
    for done, draft in enumerate(wire.entries, 1):
        try:
            outcome = await store.updates.publish(feed, draft)
        except (InvalidInput, TooManyPinned, UpdateGone) as error:
            report._refuse(draft, error)
        else:
            update = orjson.loads(outcome.update)
            report._count(outcome.kind)
            report._show(outcome.kind, update["id"], update["headline"], update["time"])
        if on_progress is not None:
            on_progress(done, len(wire.entries))
    return report
