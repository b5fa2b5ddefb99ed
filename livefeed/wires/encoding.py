"""Which encoding a feed is really in: the declarations of real feeds are often wrong."""

from __future__ import annotations

import codecs
import re

__all__ = ["decode"]

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins like UTF-16's
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_XML_SAYS = re.compile(rb"""^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_HTTP_SAYS = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._-]+)""", re.IGNORECASE)
_HIGH = re.compile(rb"[\x80-\xff]+")
_CYRILLIC_WORD = re.compile(rb"[\xa8\xb8\xb2\xb3\xaf\xbf\xaa\xba\xc0-\xff]{3,}")


def decode(data: bytes, content_type: str | None = None) -> str:
    """The text of ``data``.

    What is valid UTF-8 is UTF-8, whatever is declared: text in another encoding hardly ever is.
    Else what the XML declares counts, then what the server says (which is often only a default).
    Never fails: the last resort decodes everything.
    """
    for bom, name in _BOMS:
        if data.startswith(bom):
            return data[len(bom) :].decode(name, "replace")
    declared = _declared(data, content_type)
    # UTF-16 without its mark is full of NULs, ISO-2022 of escapes: both look like ASCII.
    if data[:200].count(b"\0") * 4 > len(data[:200]):
        declared = [*declared, "utf-16-le" if data[1:2] == b"\0" else "utf-16-be"]
    elif b"\x1b" not in data:
        declared = ["utf-8", *declared]
    for name in declared:
        try:
            return data.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode(_guess(data), "replace")


def _declared(data: bytes, content_type: str | None) -> list[str]:
    in_xml = _XML_SAYS.match(data[:300])
    by_server = _HTTP_SAYS.search(content_type or "")
    names = [in_xml[1].decode()] if in_xml else []
    names += [by_server[1]] if by_server else []
    return [name for name in names if _is_text(name)]


def _is_text(name: str) -> bool:
    try:
        # Python has codecs that are none ("rot13", "zip"); only those of text decode bytes to str.
        return isinstance(b"".decode(name), str)
    except (LookupError, ValueError, TypeError):
        return False


def _guess(data: bytes) -> str:
    """Broken UTF-8, else of the two encodings that Europe's old feeds are in the likelier one.

    In Cyrillic text whole words are high bytes, in Western text they stand alone.
    """
    high = sum(len(run) for run in _HIGH.findall(data))
    wrong = data.decode("utf-8", "replace").count("\ufffd")
    if wrong * 10 < high:
        return "utf-8"
    in_words = sum(len(run) for run in _CYRILLIC_WORD.findall(data))
    return "windows-1251" if in_words * 2 > high else "windows-1252"
