"""Updates of a feed: publishing, editing, deleting, reading, paging."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import Any, Literal

import orjson

from livefeed.core import editing
from livefeed.core.ids import ID_PATTERN, new_epoch, new_id
from livefeed.core.models import Update, UpdateCreate
from livefeed.core.paging import KEY_EVENTS, Cursor, Page, PageQuery, key_event
from livefeed.core.times import to_ms
from livefeed.errors import FeedNotFound, RevisionConflict, UpdateGone, UpdateNotFound
from livefeed.store.commit import Commit, Committed, Committer, Idempotency, Source, SourceKnown, gone_error
from livefeed.store.foresight import Foreseen, Refused, foresee
from livefeed.store.keys import FeedKeys
from livefeed.store.log import parse_reigns
from livefeed.store.scripts import Scripts, pairs_of
from livefeed.store.sources import source_of, taken_over

__all__ = ["MAX_TAGS", "Kind", "Outcome", "Updates"]

MAX_TAGS = 500


Kind = Literal["created", "edited", "unchanged"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a write came to. ``update`` is the update's JSON as it stands, ``rev`` the revision written."""

    kind: Kind
    id: str
    rev: int
    update: bytes


class Updates:
    """The updates of all feeds.

    Unless a method says otherwise, all raise ``FeedNotFound``, ``UpdateNotFound``, ``UpdateGone``
    and ``StoreError``.
    """

    def __init__(
        self,
        client: Any,
        scripts: Scripts,
        committer: Committer,
        *,
        on_delete: Callable[[], None] = lambda: None,
    ) -> None:
        self._client, self._scripts, self._committer = client, scripts, committer
        self._on_delete = on_delete
        self._pages: dict[tuple[str, PageQuery], asyncio.Task[Page]] = {}

    # Reading ------------------------------------------------------------------------------------

    async def get(self, feed: str, update_id: str) -> bytes:
        """The JSON of one update."""
        return (await self._read(feed, update_id, earlier=False))[-1]

    async def revisions(self, feed: str, update_id: str) -> list[bytes]:
        """The JSON of an update's revisions, oldest first, the current one last."""
        return await self._read(feed, update_id, earlier=True)

    async def _read(self, feed: str, update_id: str, *, earlier: bool) -> list[bytes]:
        keys = FeedKeys(feed)
        if not ID_PATTERN.fullmatch(update_id):
            raise UpdateNotFound(feed, update_id)
        commands: list[tuple[str | int, ...]] = [
            ("HEXISTS", keys.meta, "feed"),
            ("HGET", keys.gone, update_id),
            ("HGET", keys.updates, update_id),
        ]
        if earlier:
            commands.append(("LRANGE", keys.revisions(update_id), 0, -1))
        # At one moment: a deletion in between would make it neither there nor gone.
        known, tombstone, body, *revisions = await self._scripts.read(keys.meta, *commands)
        if not known:
            raise FeedNotFound(feed)
        if tombstone is not None:
            raise gone_error(feed, tombstone)
        if body is None:
            raise UpdateNotFound(feed, update_id)
        return [*chain(*revisions), body]

    async def tags(self, feed: str) -> dict[str, int]:
        """How many updates have each tag; the :data:`MAX_TAGS` most used, the most used first."""
        keys = FeedKeys(feed)
        known, counts = await self._scripts.read(
            keys.meta, ("HEXISTS", keys.meta, "feed"), ("HGETALL", keys.tags)
        )
        if not known:
            raise FeedNotFound(feed)
        pairs = ((tag.decode(), int(count)) for tag, count in pairs_of(counts))
        return dict(sorted(pairs, key=lambda pair: (-pair[1], pair[0]))[:MAX_TAGS])

    async def sources(self, feed: str) -> dict[str, str]:
        """Update id → key of the import source that made it."""
        keys = FeedKeys(feed)
        (made,) = await self._scripts.read(keys.meta, ("HGETALL", keys.imported))
        return {update_id.decode(): source.decode() for update_id, source in pairs_of(made)}

    async def page(self, feed: str, query: PageQuery) -> Page:
        """One page with its position; identical reads in flight are one read."""
        wanted = (feed, query)
        task = self._pages.get(wanted)
        if task is None:
            task = self._pages[wanted] = asyncio.create_task(self._read_page(feed, query))
            task.add_done_callback(lambda done: self._forget_page(wanted, done))
        # Shielded: whoever asked first may leave while others still wait for the same page.
        return await asyncio.shield(task)

    async def newest(self, feed: str) -> Page:
        """The page that a reader begins with."""
        return await self.page(feed, PageQuery())

    def forget_pages(self, feed: str) -> None:
        """Something was written: whoever asks from now on must not share a page that was read before."""
        for wanted in [wanted for wanted in self._pages if wanted[0] == feed]:
            del self._pages[wanted]

    def _forget_page(self, wanted: tuple[str, PageQuery], task: asyncio.Task[Page]) -> None:
        if self._pages.get(wanted) is task:
            del self._pages[wanted]
        if not task.cancelled():
            task.exception()  # looked at here, for all who waited may have left

    async def _read_page(self, feed: str, query: PageQuery) -> Page:
        mode, ms, update_id = _start(query)
        got = await self._run_page(feed, query, mode, ms, update_id)
        if got[0] == b"gone":  # read around the place where it stood
            time = orjson.loads(got[1])["time"]
            got = await self._run_page(feed, query, mode, str(to_ms(time)), update_id)
        if got[0] == b"missing":
            raise FeedNotFound(feed)
        if got[0] == b"unknown":
            raise UpdateNotFound(feed, update_id)
        return _page(query, got)

    async def _run_page(self, feed: str, query: PageQuery, mode: str, ms: str, update_id: str) -> list[Any]:
        keys = FeedKeys(feed)
        facets = [keys.key_events] * query.key + ([keys.tag(query.tag)] if query.tag else [])
        sets = (facets or [keys.timeline]) * 2
        names = [
            keys.meta,
            keys.log(),
            keys.updates,
            keys.timeline,
            keys.gone,
            keys.pinned,
            keys.key_events,
            *sets[:2],
        ]
        return await self._scripts.page(
            names, ["log", new_epoch(), query.limit, mode, ms, update_id, KEY_EVENTS]
        )

    # Writing ------------------------------------------------------------------------------------

    async def publish(
        self, feed: str, draft: UpdateCreate, *, idempotency: Idempotency | None = None
    ) -> Outcome:
        """Publish an update; with a ``source`` known already, edit what it made, or do nothing.

        Raises:
            InvalidInput, FeedClosed, UpdateExists, IdempotencyMismatch
        """
        now = datetime.now(UTC)
        update = editing.publish(draft, update_id=draft.id or new_id(int(now.timestamp() * 1000)), now=now)
        body = orjson.dumps(update.model_dump())
        source = source_of(draft)
        commit = Commit("put", update.id, "", body, to_ms(update.time), source, idempotency)
        try:
            done = await self._commit(feed, commit)
        except SourceKnown as known:
            said = taken_over(draft, known.digest)
            if source is not None and known.digest == source.digest:
                source = None  # what it says is known already
            return await self._edit(feed, known.update_id, said, None, idempotency, source)
        body = await self.get(feed, done.id) if done.replayed else body
        return Outcome(_kind(done), done.id, done.rev, body)

    async def foresee(self, feed: str, drafts: Sequence[UpdateCreate]) -> list[Foreseen | Refused]:
        """See :func:`livefeed.store.foresight.foresee`."""
        return await foresee(self._scripts, self._committer.pictures, feed, drafts)

    async def _commit(self, feed: str, commit: Commit) -> Committed:
        try:
            return await self._committer.commit(feed, commit)
        finally:
            self.forget_pages(feed)

    async def edit(
        self,
        feed: str,
        update_id: str,
        patch: Any,
        *,
        if_match: int | None = None,
        idempotency: Idempotency | None = None,
    ) -> Outcome:
        """Apply a JSON merge patch to an update, at the revision ``if_match`` or at any.

        Raises:
            InvalidInput, IdempotencyMismatch
            RevisionConflict: it is not at ``if_match``; carries the update as it stands.
        """
        return await self._edit(feed, update_id, patch, if_match, idempotency, None)

    async def _edit(
        self,
        feed: str,
        update_id: str,
        patch: Any,
        if_match: int | None,
        idempotency: Idempotency | None,
        source: Source | None,
    ) -> Outcome:
        if idempotency is not None and (done := await self._committer.recall(feed, idempotency)):
            kind: Kind = "edited" if done.changed else "unchanged"
            return Outcome(kind, update_id, done.rev, await self.get(feed, update_id))
        while True:
            raw = await self.get(feed, update_id)
            current = Update.model_validate(orjson.loads(raw))
            if if_match not in (None, current.rev):
                raise RevisionConflict(raw)
            revised = editing.edit(current, patch, now=datetime.now(UTC))
            if revised is current:
                if idempotency is not None or source is not None:
                    found = str(current.rev).encode()
                    note = Commit("note", update_id, "", found, 0, source, idempotency)
                    await self._committer.commit(feed, note)
                return Outcome("unchanged", current.id, current.rev, raw)
            body = orjson.dumps(revised.model_dump())
            expected, ms = str(current.rev), to_ms(revised.time)
            commit = Commit("put", update_id, expected, body, ms, source, idempotency)
            try:
                done = await self._commit(feed, commit)
            except RevisionConflict:
                if if_match is not None:
                    raise
                continue  # somebody else was faster: apply the patch to what they made
            body = await self.get(feed, update_id) if done.replayed else body
            return Outcome("edited", update_id, done.rev, body)

    async def delete(
        self,
        feed: str,
        update_id: str,
        *,
        if_match: int | None = None,
        idempotency: Idempotency | None = None,
    ) -> None:
        """Delete an update for ever; doing so again is no error.

        Raises:
            RevisionConflict: it is not at ``if_match``; carries the update as it stands.
        """
        if not ID_PATTERN.fullmatch(update_id):
            raise UpdateNotFound(feed, update_id)
        expected = "" if if_match is None else str(if_match)
        commit = Commit("delete", update_id, expected, idempotency=idempotency)
        try:
            await self._commit(feed, commit)
        except UpdateGone:
            return
        self._on_delete()


def _kind(done: Committed) -> Kind:
    if not done.changed:
        return "unchanged"
    return "created" if done.rev == 1 else "edited"


def _start(query: PageQuery) -> tuple[str, str, str]:
    """``page.lua``'s mode, milliseconds and id."""
    if query.cursor is not None:
        return query.cursor.side, str(query.cursor.ms), query.cursor.id
    if query.around is not None:
        return "around", "", query.around
    return query.order, "", ""


def _page(query: PageQuery, got: list[Any]) -> Page:
    epochs, head, floor, feed, updates, more_older, more_newer, pinned, key = got
    older = _cursor(query, "older", updates[-1]) if updates and more_older else None
    newer = _cursor(query, "newer", updates[0]) if updates and more_newer else None
    if query.order == "oldest":
        updates, older, newer = updates[::-1], newer, older
    return Page(
        position=parse_reigns(epochs, head, floor).position,
        feed=feed,
        updates=tuple(updates),
        pinned=tuple(pinned),
        key=tuple(key_event(orjson.loads(update)) for update in key),
        next=older,
        prev=newer,
    )


def _cursor(query: PageQuery, side: Literal["older", "newer"], update: bytes) -> Cursor:
    fields = orjson.loads(update)
    return Cursor(side, to_ms(fields["time"]), fields["id"], query.order, query.key, query.tag)
