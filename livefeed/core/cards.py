"""Links that stand alone in a paragraph, as cards: the site, the address, and which video it is.

Equal to static/ticker/cards.js; tests/core/test_cards.py has the cases for both.
"""

from __future__ import annotations

import re
from html import escape, unescape
from typing import Final

__all__ = ["cards"]

_BARE: Final = re.compile(r'<p>([^<]*)(<a href="([^"<>]*)"[^<>]*>)([^<]*)</a>([^<]*)</p>')

_FLAGS: Final = re.IGNORECASE | re.ASCII
# What stands before an @ is no host; a browser takes a backslash for a slash.
_LINK: Final = re.compile(r"https?://(?:[^/?#\\]*@)?(?:www\.)?([\w.:-]+)(|[/?#][!-~]*)", _FLAGS)
_VIDEO: Final = re.compile(
    r"(?:(?:m\.)?youtu(?:be\.com/(?:live/|shorts/|watch\?(?:.*&)?v=)|\.be/)([\w-]{11})|vimeo\.com/(\d+))"
    r"(?![\w/-])",
    _FLAGS,
)
_NOT_COMPARED: Final = re.compile(r"https?://|[\0- ]", _FLAGS)
_ENCODED: Final = re.compile(r"(?:%\w\w|[^!-~])+", re.ASCII)


def cards(html: str) -> str:
    """The sanitised HTML of an update with its bare links as cards; everything else byte for byte."""
    return _BARE.sub(_card, html)


def _card(paragraph: re.Match[str]) -> str:
    before, tag, href, text, after = paragraph.groups()
    address = unescape(href)
    link = _LINK.fullmatch(address)
    said = "".join(map(unescape, (before, text, after)))
    if link is None or _plain(said) != _plain(address):
        return paragraph[0]
    site, rest = link.groups()
    video = _VIDEO.match(site + rest)
    kind = ' class="card"'
    if video:
        kind = f' class="card video" data-video="{"youtube" if video[1] else "vimeo"}:{video[1] or video[2]}"'
    shown = escape(rest if len(rest) > 1 else site, quote=False)
    return f'<p{kind}>{tag}<span class="site">{site}</span> <span class="address">{shown}</span></a></p>'


def _plain(text: str) -> str:
    """An address without its scheme, with one sign for what people read and what is sent of it."""
    return _ENCODED.sub("%", _NOT_COMPARED.sub("", text))
