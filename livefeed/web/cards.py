"""Links that stand alone, as cards: a paragraph of nothing but a link whose text is its address.

static/ticker/cards.js does the same in the browser; tests/web/cards.json has what both must make. A card
loads nothing: a video's player comes when the reader asks for it.
"""

from __future__ import annotations

import re
from html import escape, unescape

__all__ = ["cards"]

# As nh3 writes it. A paragraph counts wherever it stands: in a list or a quotation too.
_PARAGRAPH = re.compile(r'<p>(<a href="(https?://[^"]+)"[^>]*>)([^<]+)</a></p>', re.IGNORECASE)
_ADDRESS = re.compile(r"https?://(?:[^/?#\\@]*@)*([^/?#\\@]+)(.*)", re.IGNORECASE | re.DOTALL)
_SCHEME = re.compile(r"https?://", re.IGNORECASE)

_YOUTUBE = re.compile(
    r"https?://(?:(?:www\.|m\.)?youtube\.com/(?:watch\?(?:[^#]*&)?v=|shorts/|live/)|youtu\.be/)"
    r"([\w-]{11})(?![\w-])",
    re.ASCII | re.IGNORECASE,
)
_VIMEO = re.compile(r"https?://(?:www\.)?vimeo\.com/([0-9]{1,15})(?![^/?#])", re.IGNORECASE)


def cards(html: str) -> str:
    """An update's HTML, in which only such paragraphs are changed."""
    return _PARAGRAPH.sub(_card, html)


def _card(paragraph: re.Match[str]) -> str:
    href, text = unescape(paragraph[2]), unescape(paragraph[3])
    parts = _ADDRESS.fullmatch(href)
    if parts is None or text not in (href, _SCHEME.sub("", href, count=1)):
        return paragraph[0]
    host = parts[1].lower()
    site = host.removeprefix("www.")
    address = parts[2] if parts[2] not in ("", "/") else host
    video = _video(href)
    opening = f'<p class="card video" data-video="{video}">' if video else '<p class="card">'
    return (
        f'{opening}{paragraph[1]}<span class="site">{escape(site)}</span> '
        f'<span class="address">{escape(address)}</span></a></p>'
    )


def _video(href: str) -> str | None:
    """What plays there, as ``youtube:ID``."""
    if found := _YOUTUBE.match(href):
        return f"youtube:{found[1]}"
    if found := _VIMEO.match(href):
        return f"vimeo:{found[1]}"
    return None
