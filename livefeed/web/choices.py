"""What a reader may choose on a ticker's page: which updates, in which order. All of it is links."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from livefeed.core.paging import PageQuery
from livefeed.web.words import Words

__all__ = ["Choice", "asked", "orders", "shows"]

_TAGS = 8


@dataclass(frozen=True, slots=True)
class Choice:
    label: str
    href: str
    chosen: bool = False


def asked(query: PageQuery) -> dict[str, Any]:
    """What of a query differs from the usual: what the browser must ask for as well."""
    wanted = {"order": "oldest" if query.order == "oldest" else None, "tag": query.tag, "key": query.key}
    return {name: value for name, value in wanted.items() if value}


def shows(slug: str, query: PageQuery, tags: Iterable[str], words: Words) -> list[Choice]:
    """All updates, key events, each of the commonest tags (``tags``, the commonest first) and the chosen one.

    Each link keeps the order.
    """
    order = {"order": "oldest"} if query.order == "oldest" else {}
    common = list(tags)[:_TAGS]
    if query.tag and query.tag not in common:
        common.append(query.tag)
    return [
        Choice(words["all"], _address(slug, order), not (query.key or query.tag)),
        Choice(words["keyEvents"], _address(slug, {"key": "1", **order}), query.key),
        *(Choice(tag, _address(slug, {"tag": tag, **order}), tag == query.tag) for tag in common),
    ]


def orders(slug: str, query: PageQuery, words: Words) -> Choice:
    """The other order, of what is shown now."""
    shown = ({"key": "1"} if query.key else {}) | ({"tag": query.tag} if query.tag else {})
    if query.order == "oldest":
        return Choice(words["newestFirst"], _address(slug, shown))
    return Choice(words["oldestFirst"], _address(slug, {**shown, "order": "oldest"}))


def _address(slug: str, query: dict[str, str]) -> str:
    return f"/feeds/{slug}" + (f"?{urlencode(query, quote_via=quote)}" if query else "")
