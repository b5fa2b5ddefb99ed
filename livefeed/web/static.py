"""The files under ``/static/``: read once at start, served from memory, never changed under their address.

Their address holds the hash of the whole tree, so that relative imports between modules stay within
one build, and everything may be kept for ever. Only names that were read are served: no path a
client sends reaches the file system.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from livefeed.errors import StartupError
from livefeed.web.caching import none_match
from livefeed.web.site import site_of

__all__ = ["BUILD_TOKEN", "StaticTree", "routes", "static_root"]

BUILD_TOKEN: Final = b"__LIVEFEED_BUILD__"
"""Stands in embed.js for the hash of the tree."""

_EMBED: Final = "embed.js"
_HASH: Final = re.compile(r"[0-9a-f]{12}")
_PACKAGE: Final = Path(__file__).resolve().parent.parent

_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
_PACKED_ALREADY: Final = frozenset({".png", ".webp", ".woff2"})

# Any site may load the modules: an embed is a script on a page of another origin.
_HEADERS: Final = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    gzipped: bytes | None
    media_type: str
    etag: str


def static_root() -> Path:
    """The folder with the files: beside the package in a checkout, inside it in a wheel.

    Raises:
        StartupError: there is neither.
    """
    for root in (_PACKAGE / "static", _PACKAGE.parent / "static"):
        if (root / _EMBED).is_file():
            return root
    raise StartupError("The folder static/ is missing: install livefeed again.")


class StaticTree:
    """All files, ready to be sent. ``hash`` is 12 hexadecimal digits of every path and content."""

    def __init__(self, root: Path | None = None) -> None:
        root = root or static_root()
        contents = {
            path.relative_to(root).as_posix(): path.read_bytes()
            for path in sorted(root.rglob("*"))
            if path.is_file() and not any(part.startswith(".") for part in path.relative_to(root).parts)
        }
        digest = hashlib.sha256()
        for name, content in contents.items():
            digest.update(b"%s\0%d\0" % (name.encode(), len(content)) + content)
        self.hash = digest.hexdigest()[:12]
        self.prefix = f"/static/{self.hash}"
        contents[_EMBED] = contents.get(_EMBED, b"").replace(BUILD_TOKEN, self.hash.encode())
        self._files = {name: _prepare(name, content) for name, content in contents.items()}

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._files)

    def find(self, path: str) -> tuple[_File, str] | None:
        """The file at ``path`` (what follows ``/static/``) and for how long it may be kept."""
        if path == _EMBED:
            return self._files[_EMBED], "public, max-age=300"
        build, _, name = path.partition("/")
        if name not in self._files or not _HASH.fullmatch(build):
            return None
        # A tab opened before an upgrade still asks with the old hash: better today's file than none.
        return self._files[name], "public, max-age=31536000, immutable" if build == self.hash else "no-store"


def _prepare(name: str, content: bytes) -> _File:
    suffix = Path(name).suffix
    packed = None if suffix in _PACKED_ALREADY else gzip.compress(content, 9, mtime=0)
    return _File(
        content,
        packed if packed is not None and len(packed) < len(content) else None,
        _TYPES.get(suffix, "application/octet-stream"),
        hashlib.sha256(content).hexdigest()[:16],
    )


async def _serve(request: Request) -> Response:
    """``GET /static/…``

    Raises:
        HTTPException: 404.
    """
    found = site_of(request).static.find(request.path_params["path"])
    if found is None:
        raise HTTPException(404, "There is no such file.", _HEADERS)
    file, cache = found
    packed = file.gzipped if _takes_gzip(request.headers.get("accept-encoding", "")) else None
    body = file.body if packed is None else packed
    # Strong tags name bytes: the packed ones need a tag of their own.
    etag = f'"{file.etag}"' if packed is None else f'"{file.etag}-gz"'
    headers = _HEADERS | {"Cache-Control": cache, "ETag": etag}
    if file.gzipped is not None:
        headers["Vary"] = "Accept-Encoding"
    if none_match(request.headers.get("if-none-match"), etag):
        return Response(None, 304, headers)
    if packed is not None:
        headers["Content-Encoding"] = "gzip"
    headers["Content-Type"] = file.media_type
    headers["Content-Length"] = str(len(body))
    return Response(b"" if request.method == "HEAD" else body, 200, headers)


def _takes_gzip(accepted: str) -> bool:
    """Whether ``Accept-Encoding`` allows gzip (RFC 9110, section 12.5.3)."""
    weights = {}
    for part in accepted.lower().split(","):
        coding, _, weight = part.strip().partition(";")
        weights[coding.strip()] = weight.replace(" ", "").removeprefix("q=")
    return weights.get("gzip", weights.get("*", "0")) not in ("0", "0.0", "0.00", "0.000")


routes = [Route("/static/{path:path}", _serve, methods=["GET"])]
