"""Importing a wire into a feed. Twice is the same as once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from livefeed.core.models import UpdateCreate
from livefeed.errors import InvalidInput, TooManyPinned, UpdateGone
from livefeed.wires.entry import Skipped, Wire

__all__ = ["ImportStore", "Report", "import_wire"]


class _Outcome(Protocol):
    @property
    def kind(self) -> Literal["created", "edited", "unchanged"]: ...


class _Updates(Protocol):
    async def publish(self, feed: str, draft: UpdateCreate, /) -> _Outcome: ...


class ImportStore(Protocol):
    """What importing needs of the store."""

    @property
    def updates(self) -> _Updates: ...


@dataclass(slots=True)
class Report:
    """What became of a wire's entries. ``deleted_here``: those that stay deleted."""

    published: int = 0
    edited: int = 0
    unchanged: int = 0
    deleted_here: int = 0
    skipped: list[Skipped] = field(default_factory=list)


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
        except UpdateGone:
            report.deleted_here += 1
        except (InvalidInput, TooManyPinned) as error:
            report.skipped.append(Skipped(draft.source or "", str(error)))
        else:
            match outcome.kind:
                case "created":
                    report.published += 1
                case "edited":
                    report.edited += 1
                case "unchanged":
                    report.unchanged += 1
        if on_progress is not None:
            on_progress(done, len(wire.entries))
    return report
