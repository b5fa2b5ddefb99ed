"""A feed as NDJSON, as import reads it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, Protocol

import orjson

from livefeed.core.models import EDITABLE
from livefeed.core.paging import Page, PageQuery

__all__ = ["ExportStore", "export_feed", "line_of"]

_AT_ONCE = 100


class _Updates(Protocol):
    async def sources(self, feed: str, /) -> dict[str, str]: ...

    async def page(self, feed: str, query: PageQuery, /) -> Page: ...


class ExportStore(Protocol):
    """What exporting needs of the store."""

    @property
    def updates(self) -> _Updates: ...


async def export_feed(store: ExportStore, feed: str) -> AsyncGenerator[bytes, None]:
    """The lines of a feed's updates, oldest first, some at a time; at least one, which may be empty.

    Raises:
        FeedNotFound: before the first ones.
        StoreError
    """
    query = PageQuery(limit=_AT_ONCE, order="oldest")
    sources = await store.updates.sources(feed)
    while True:
        page = await store.updates.page(feed, query)
        updates = [orjson.loads(update) for update in page.updates]
        yield b"".join(line_of(update, sources.get(update["id"])) for update in updates)
        if page.next is None:
            return
        query = PageQuery(limit=_AT_ONCE, order="oldest", cursor=page.next)


def line_of(update: dict[str, Any], source: str | None = None) -> bytes:
    """One line, with its end, from an update as the API shows it; ``source`` is what it was imported from.

    Everything an editor can set is there, also what is not set, so that importing the line again
    takes back what was taken back here. What has no source gets the update's id for one.
    """
    fields = {"id": source or update["id"]} | {name: update[name] for name in ("time", *EDITABLE)}
    return orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE)
