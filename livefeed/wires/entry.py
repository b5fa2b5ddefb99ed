"""What all wires come to: drafts of updates, and a word on each entry that could not become one."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote, urljoin, urlsplit

from livefeed.core.markdown import plain_text, render
from livefeed.core.models import UpdateCreate
from livefeed.core.times import to_ms
from livefeed.core.validation import parse
from livefeed.errors import InvalidInput

__all__ = ["Entry", "Skipped", "Wire", "draft_of", "html_of_text", "in_order"]

MAX_SOURCE = 500
MAX_TITLE = 300
MAX_HTML = 200_000
MAX_TAGS, MAX_TAG = 10, 50
MAX_AUTHOR = 200

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_BLOCK = re.compile(r"<(?:p|[uo]l|blockquote|pre|h[34]|table)>")
_ADDRESS = re.compile(r"""(?<=\s)(href|src)(\s*=\s*)("[^"]*"|'[^']*')""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Skipped:
    """An entry that is left out: where it stood, and why, in words."""

    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class Wire:
    """What was read: ``entries`` oldest first, each with its ``source`` set."""

    kind: Literal["ndjson", "rss", "atom", "jsonfeed"]
    entries: list[UpdateCreate]
    skipped: list[Skipped]


@dataclass(slots=True)
class Entry:
    """An entry of somebody else's feed as it was found, with all its dirt.

    ``title``, ``html``, ``author`` and ``tags`` are HTML.
    """

    key: str = ""
    link: str = ""
    base: str = ""
    title: str = ""
    html: str = ""
    author: str = ""
    time: str | None = None
    date: str = ""
    tags: list[str] = field(default_factory=list)
    image: str = ""


def draft_of(entry: Entry) -> UpdateCreate:
    """The update that an entry makes. What it lacks is left out, so that a later import leaves it alone.

    Raises:
        InvalidInput: there is no text in it, or too much.
    """
    if len(entry.html) > MAX_HTML:
        raise InvalidInput.of("text", f"it is too long: {len(entry.html):,} characters of HTML")
    title = _line(plain_text(entry.title), MAX_TITLE) or None
    text = _CONTROL.sub("", render(_absolute(entry.html, entry.base), "html"))
    if not plain_text(text) and "<img" not in text:
        if title is None:
            raise InvalidInput.of("text", "there is neither a text nor a title")
        text, title = html_of_text(title), None
    elif not _BLOCK.search(text):
        text = render(f"<p>{text}</p>", "html")
    link = _address(entry.link, entry.base)
    fields: dict[str, Any] = {
        "source": _key(entry, link),
        "title": title,
        "text": text,
        "format": "html",
        "link": {"url": link} if link else None,
    }
    if entry.time:
        fields["time"] = entry.time
    if author := _line(plain_text(entry.author), MAX_AUTHOR):
        fields["author"] = author
    tags = (_line(plain_text(tag), MAX_TAG + 1) for tag in entry.tags)
    if tags_ := [tag for tag in dict.fromkeys(tags) if 0 < len(tag) <= MAX_TAG][:MAX_TAGS]:
        fields["tags"] = tags_
    if (image := _address(entry.image, entry.base)) and image.startswith("https://"):
        fields["image"] = {"url": image}
    return parse(UpdateCreate, fields)


def in_order(found: Iterable[tuple[str, UpdateCreate]]) -> tuple[list[UpdateCreate], list[Skipped]]:
    """Drafts oldest first, of each source the last one only.

    ``found`` has each draft with where it stood, oldest first as far as the wire says so. Were a
    source published twice, importing the file again would go back to the first and forth again.
    """
    last: dict[str, tuple[str, UpdateCreate]] = {}
    skipped = []
    for where, draft in found:
        source = draft.source or ""
        if source in last:
            skipped.append(Skipped(last.pop(source)[0], f"{where} has the same key and is newer"))
        last[source] = where, draft
    drafts = [draft for _, draft in last.values()]
    if all(draft.time for draft in drafts):
        drafts.sort(key=lambda draft: to_ms(draft.time or ""))
    return drafts, skipped


def html_of_text(text: str) -> str:
    """Plain text as HTML: blank lines make paragraphs, line breaks stay."""
    paragraphs = re.split(r"\n\s*\n", html.escape(text.strip().replace("\r\n", "\n"), quote=False))
    return "\n".join("<p>" + part.strip().replace("\n", "<br>\n") + "</p>" for part in paragraphs)


def _key(entry: Entry, link: str) -> str:
    key = " ".join(_CONTROL.sub("", entry.key).split()) or link
    if 0 < len(key) <= MAX_SOURCE:
        return key
    said = key or f"{entry.title}\n{entry.date}\n{entry.html}"
    return "sha256:" + hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()


def _line(text: str, longest: int) -> str:
    line = " ".join(_CONTROL.sub(" ", text).split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def _address(address: str, base: str) -> str:
    """An absolute web address, or nothing."""
    address = _CONTROL.sub("", address).strip()
    try:
        absolute = urljoin(base, quote(address, safe="%/:=&?~#+!$,;'@()*[]")) if address else ""
        parts = urlsplit(absolute)
    except ValueError:
        return ""
    good = parts.scheme in ("http", "https") and parts.hostname and not set("[]") & set(parts.path)
    return absolute if good and len(absolute) <= 2_000 else ""


def _absolute(text: str, base: str) -> str:
    def resolved(found: re.Match[str]) -> str:
        address = html.unescape(found[3][1:-1]).strip()
        if not address or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|#", address):
            return found[0]
        return f'{found[1]}{found[2]}"{html.escape(_address(address, base))}"'

    return _ADDRESS.sub(resolved, text) if base else text
