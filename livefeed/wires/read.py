"""From bytes to what can be imported, whatever kind of wire they are."""

from __future__ import annotations

import codecs

import orjson

from livefeed.errors import InvalidInput
from livefeed.wires.encoding import decode
from livefeed.wires.entry import Skipped, Wire
from livefeed.wires.jsonfeed import read_jsonfeed
from livefeed.wires.ndjson import read_ndjson
from livefeed.wires.syndication import read_syndication

__all__ = ["Skipped", "Wire", "read_wire"]

_KINDS = "NDJSON of updates nor RSS, Atom or a JSON Feed"


def read_wire(data: bytes, *, content_type: str | None = None, name: str = "") -> Wire:
    """Read NDJSON of updates, RSS, Atom or a JSON Feed. What it is, its first characters tell.

    ``content_type`` is the server's, if there was one; ``name`` is where it came from: if that is
    a web address, relative links are relative to it where the feed says nothing better.

    Raises:
        InvalidInput: it is none of these.
    """
    base = name if name.startswith(("http://", "https://")) else ""
    data = data.removeprefix(codecs.BOM_UTF8)
    start = data.lstrip()
    if not start:
        raise InvalidInput.of("file", "it is empty")
    hint = ""
    if not start.startswith(b"{") and "<" in decode(data[:2_000], content_type)[:1_000]:
        try:
            return read_syndication(data, content_type, base)
        except InvalidInput:
            hint = ": it is a web page; give the address of its feed" if _is_page(start) else ""
    try:
        return _read_json(data, base)
    except InvalidInput as error:
        raise InvalidInput.of("file", f"this is neither {_KINDS}{hint}") from error


def _read_json(data: bytes, base: str) -> Wire:
    try:
        whole = orjson.loads(data)
    except orjson.JSONDecodeError:
        whole = None  # several lines, or broken
    if isinstance(whole, dict) and "jsonfeed.org/version/1" in str(whole.get("version")):
        return read_jsonfeed(whole, base)
    return read_ndjson(data)


def _is_page(start: bytes) -> bool:
    return b"<html" in start[:1_000].lower() or start[:15].lower().startswith(b"<!doctype html")
