"""Pictures of our own: their addresses, and where an update names them.

A picture is named by its content, so an address never gets another picture. It stands in an update as
its image, in its HTML, or in its text; the JSON of the update has all of them.
"""

from __future__ import annotations

import hashlib
import re

__all__ = [
    "MEDIA_TYPES",
    "PICTURE_ADDRESS",
    "PICTURE_NAME",
    "address_of",
    "lacks_alt",
    "name_of",
    "pictures_in",
    "pictures_shown_in",
]

MEDIA_TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}
"""Media type by the end of the name."""

_NAME = rf"[0-9a-f]{{32}}\.(?:{'|'.join(MEDIA_TYPES)})"
PICTURE_NAME = re.compile(_NAME)
PICTURE_ADDRESS = re.compile(f"/media/{_NAME}")

# commit.lua counts by the same rule.
_NAMED = re.compile(rf"/media/({_NAME})(?![a-z])".encode())
# Of ours, and not of another server with addresses like ours: there a host goes before.
_SHOWN = re.compile(rf'"/media/({_NAME})\\?"'.encode())
_OWN_IMAGE = re.compile(r'<img\b(?=[^>]* src="/media/)[^>]*>')
_ALT = re.compile(r' alt="[^"]*\S[^"]*"')


def name_of(body: bytes, extension: str) -> str:
    """The name of a picture whose file is ``body``."""
    return f"{hashlib.sha256(body).hexdigest()[:32]}.{extension}"


def address_of(name: str) -> str:
    """Where a picture is served, as it stands in updates: without our own name, which may change."""
    return f"/media/{name}"


def pictures_in(json: bytes) -> frozenset[str]:
    """Names of all pictures that an update's JSON mentions, also of what only looks like ours."""
    return frozenset(name.decode() for name in _NAMED.findall(json))


def pictures_shown_in(json: bytes) -> frozenset[str]:
    """Names of those that readers are shown from here."""
    return frozenset(name.decode() for name in _SHOWN.findall(json))


def lacks_alt(html: str) -> bool:
    """Whether a picture of ours stands in sanitised HTML without a word for who does not see it."""
    return any(not _ALT.search(tag) for tag in _OWN_IMAGE.findall(html))
