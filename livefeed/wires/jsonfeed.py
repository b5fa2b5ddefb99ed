"""JSON Feed 1.0 and 1.1: https://www.jsonfeed.org/version/1.1/."""

from __future__ import annotations

import html
from typing import Any

from livefeed.core.models import UpdateCreate
from livefeed.core.times import parse_time, print_time
from livefeed.errors import InvalidInput
from livefeed.wires.entry import Entry, Skipped, Wire, draft_of, html_of_text, in_order

__all__ = ["read_jsonfeed"]


def read_jsonfeed(feed: dict[str, Any], base: str = "") -> Wire:
    """Read a parsed JSON Feed; relative links in it are relative to its home page, else to ``base``.

    Raises:
        InvalidInput: it has no list of items.
    """
    items = feed.get("items")
    if not isinstance(items, list):
        raise InvalidInput.of("items", "this JSON Feed has no list of items")
    home = _text(feed.get("home_page_url")) or _text(feed.get("feed_url")) or base
    authors = _authors(feed)
    found: list[tuple[str, UpdateCreate]] = []
    skipped: list[Skipped] = []
    for number, item in reversed(list(enumerate(items, 1))):  # the newest usually stands first
        where = f"entry {number}"
        if not isinstance(item, dict):
            skipped.append(Skipped(where, "this is no JSON object"))
            continue
        entry = _entry(item, home, authors)
        if entry.key:
            where += f" ({entry.key[:100]})"
        try:
            found.append((where, draft_of(entry)))
        except InvalidInput as error:
            skipped.append(Skipped(where, str(error)))
    entries, repeated = in_order(found)
    return Wire("jsonfeed", entries, skipped + repeated)


def _entry(item: dict[str, Any], base: str, authors: str) -> Entry:
    plain = _text(item.get("content_text")) or _text(item.get("summary"))
    tags = item.get("tags")
    date = _text(item.get("date_published")) or _text(item.get("date_modified"))
    return Entry(
        key=_text(item.get("id")),
        link=_text(item.get("external_url")) or _text(item.get("url")),
        base=base,
        title=html.escape(_text(item.get("title"))),
        html=_text(item.get("content_html")) or (html_of_text(plain) if plain.strip() else ""),
        author=_authors(item) or authors,
        time=_time(date),
        date=date,
        tags=[html.escape(tag) for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else [],
        image=_text(item.get("image")),
    )


def _text(value: Any) -> str:
    """Strings; numbers as 1.0 allowed for ids; nothing else."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if isinstance(value, str) else str(value) if number else ""


def _authors(holder: dict[str, Any]) -> str:
    several, one = holder.get("authors"), holder.get("author")  # 1.1 and 1.0
    people = several if isinstance(several, list) else [one]
    names = (_text(person.get("name")) for person in people if isinstance(person, dict))
    return html.escape(", ".join(name for name in names if name))


def _time(date: str) -> str | None:
    try:
        return print_time(parse_time(date.strip()))
    except ValueError:
        return None
