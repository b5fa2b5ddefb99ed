"""Entity tags, conditional requests and how long an answer may be kept (RFC 9110, 9111)."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

__all__ = [
    "BRIEF",
    "NO_STORE",
    "answer",
    "etag_of",
    "etag_of_rev",
    "keep_nowhere",
    "none_match",
    "rev_to_match",
]

BRIEF = "public, max-age=0, s-maxage=2, must-revalidate"
"""For what readers get: shared caches may keep it for 2 seconds, so that is how long a deleted text
can come from one. Never served stale; browsers ask each time, mostly for a 304."""

# nginx keeps "2 seconds" until the third has passed, measured; what it is told for itself goes before
# Cache-Control, and is told to nobody else.
_NGINX_EXPIRES = "X-Accel-Expires"

NO_STORE = "no-store"
"""For editors, for errors, and for what depends on who asks."""

_TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_REV = re.compile(r'"([1-9][0-9]{0,14})"')

_NO_REVISION = -1

_ONE_PACKET_BYTES = 1_400
"""What fits into one packet is no faster when it is smaller."""

_GZIP = re.compile(r"(?<![\w-])(?:gzip|\*)(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))", re.IGNORECASE)


def etag_of(body: bytes) -> str:
    """A strong tag: the same bytes, the same tag, in every process."""
    return f'"{hashlib.sha256(body).hexdigest()[:24]}"'


def etag_of_rev(rev: int) -> str:
    """The tag of an update is its revision: what ``If-Match`` is given."""
    return f'"{rev}"'


def none_match(header: str | None, etag: str) -> bool:
    """Whether ``If-None-Match`` names ``etag``, by weak comparison (RFC 9110, section 13.1.2)."""
    if header is None:
        return False
    return header.strip() == "*" or etag in _TAG.findall(header)


def rev_to_match(request: Request) -> int | None:
    """The revision that ``If-Match`` asks for, None if any will do.

    A well-formed tag that is none of ours gives a revision that no update has.

    Raises:
        HTTPException: 400: that is no tag, or more than one.
    """
    header = ", ".join(request.headers.getlist("if-match")).strip()
    if not header and "if-match" not in request.headers:
        return None
    if header == "*":
        return None
    if not _TAG.fullmatch(header):
        raise HTTPException(400, 'If-Match: give one revision in quotes, as "3", or *.')
    rev = _REV.fullmatch(header.removeprefix("W/"))
    return int(rev[1]) if rev else _NO_REVISION


def keep_nowhere(response: Response) -> None:
    """Have no cache keep an answer that was made for all."""
    response.headers["Cache-Control"] = NO_STORE
    del response.headers[_NGINX_EXPIRES]


def answer(
    request: Request,
    body: bytes,
    *,
    status: int = 200,
    cache: str = BRIEF,
    etag: str | None = None,
    media_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An answer with its tag, or 304 where the client has it already."""
    if etag is None and cache != NO_STORE:
        etag = etag_of(body)
    said = {"Cache-Control": cache, "X-Content-Type-Options": "nosniff", **(headers or {})}
    if cache == BRIEF:
        said[_NGINX_EXPIRES] = "1"
    packs = cache == BRIEF and media_type.startswith("text/html") and _say_packed(request, body, said)
    if etag is not None:
        # The tag of what is packed is a weak one, since the bytes are others (RFC 9110, section 8.8.3.3).
        said["ETag"] = f"W/{etag}" if packs else etag
        safe = request.method in ("GET", "HEAD")
        if safe and status == 200 and none_match(request.headers.get("if-none-match"), etag):
            said.pop("Content-Encoding", None)
            return Response(status_code=304, headers=said)
    if status == 204:
        return Response(status_code=204, headers=said)
    content = gzip.compress(body, 5, mtime=0) if packs else body
    return Response(content, status, headers=said, media_type=media_type)


def _say_packed(request: Request, body: bytes, said: dict[str, str]) -> bool:
    """Whether a page goes out smaller, where the client takes it so; ``said`` tells of it.

    Only what is for all readers: beside something secret, a size that varies would tell of it.
    """
    said["Vary"] = ", ".join(filter(None, (said.get("Vary"), "Accept-Encoding")))
    packs = len(body) > _ONE_PACKET_BYTES and bool(_GZIP.search(request.headers.get("accept-encoding", "")))
    if packs:
        said["Content-Encoding"] = "gzip"
    return packs
