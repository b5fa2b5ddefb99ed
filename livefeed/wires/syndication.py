"""RSS and Atom, read with feedparser, which knows most of what is done to these formats."""

from __future__ import annotations

import calendar
import html
import io
import re
from datetime import UTC, datetime
from typing import Any

import feedparser

from livefeed.core.models import UpdateCreate
from livefeed.core.times import print_time
from livefeed.errors import InvalidInput
from livefeed.wires.encoding import decode
from livefeed.wires.entry import Entry, Skipped, Wire, draft_of, html_of_text, in_order

__all__ = ["read_syndication"]

# Not allowed in XML at all, but found in feeds; one is enough for a parser to give up.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_HTML_TYPES = ("text/html", "application/xhtml+xml")


def read_syndication(data: bytes, content_type: str | None = None, base: str = "") -> Wire:
    """Read RSS or Atom; relative links in it are relative to its page, else to ``base``.

    Raises:
        InvalidInput: it is neither.
    """
    text = _NOT_XML.sub("", decode(data, content_type))
    clean = _DECLARATION.sub("", text).lstrip().encode("utf-8", "replace")
    # A stream, never bytes: feedparser would take these for the name of a file or an address.
    parsed = feedparser.parse(
        io.BytesIO(clean),
        response_headers={"content-type": "application/xml; charset=utf-8"},
        resolve_relative_uris=False,
        sanitize_html=False,
    )
    version = str(parsed.get("version") or "")
    if not version.startswith(("rss", "atom", "cdf")):
        raise InvalidInput.of("file", f"this is neither RSS nor Atom{_broken(parsed)}")
    home = str(parsed.feed.get("link") or "")
    home = home if home.startswith(("http://", "https://")) else base
    found: list[tuple[str, UpdateCreate]] = []
    skipped: list[Skipped] = []
    for number, item in reversed(list(enumerate(parsed.entries, 1))):  # the newest usually stands first
        entry = _entry(item, home)
        name = (entry.key or entry.link)[:100]
        where = f"entry {number} ({name})" if name else f"entry {number}"
        try:
            found.append((where, draft_of(entry)))
        except InvalidInput as error:
            skipped.append(Skipped(where, str(error)))
    if parsed.get("bozo") and not isinstance(
        parsed.bozo_exception, feedparser.NonXMLContentType | feedparser.CharacterEncodingOverride
    ):
        skipped.append(Skipped("the file", f"it is damaged, what could be read was read{_broken(parsed)}"))
    entries, repeated = in_order(found)
    return Wire("atom" if version.startswith("atom") else "rss", entries, skipped + repeated)


def _entry(item: Any, home: str) -> Entry:
    detail = _best(item)
    base = str(detail.get("base") or "") or home
    value = str(detail.get("value") or "")
    author = item.get("author_detail") or {}
    return Entry(
        key=str(item.get("id") or ""),
        link=str(item.get("link") or ""),
        base=base if base.startswith(("http://", "https://")) else home,
        title=_title(item),
        html=value if detail.get("type") in _HTML_TYPES else html_of_text(value) if value.strip() else "",
        author=html.escape(str(author.get("name") or item.get("author") or "")),
        time=_time(item),
        date=str(dict.get(item, "published") or dict.get(item, "updated") or ""),
        tags=[html.escape(str(tag.get("label") or tag.get("term") or "")) for tag in item.get("tags") or ()],
        image=_image(item),
    )


def _best(item: Any) -> Any:
    """The content as HTML if there is any, else as text, else the summary."""
    contents = [content for content in item.get("content") or () if str(content.get("value") or "").strip()]
    as_html = [content for content in contents if content.get("type") in _HTML_TYPES]
    return (as_html or contents or [item.get("summary_detail") or {}])[0]


def _title(item: Any) -> str:
    detail = item.get("title_detail") or {}
    value = str(detail.get("value") or "")
    return value if detail.get("type") in _HTML_TYPES else html.escape(value)


def _time(item: Any) -> str | None:
    for name in ("published_parsed", "updated_parsed"):
        if parts := dict.get(item, name):  # its own `get` warns where the one stands in for the other
            try:
                time = datetime.fromtimestamp(calendar.timegm(parts), UTC)
            except (ValueError, OverflowError, OSError):
                continue
            return print_time(time) if 1970 <= time.year < 2100 else None
    return None


def _image(item: Any) -> str:
    for holder in (*(item.get("media_content") or ()), *(item.get("enclosures") or ())):
        if str(holder.get("type") or "").startswith("image/") or holder.get("medium") == "image":
            return str(holder.get("url") or holder.get("href") or "")
    return ""


def _broken(parsed: Any) -> str:
    error = parsed.get("bozo_exception")
    return f" ({error})" if error else ""
