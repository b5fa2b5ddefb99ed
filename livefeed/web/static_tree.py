"""The tree of static files: read once at start, kept ready to be sent.

Their address holds the hash of the whole tree, so that relative imports between modules stay within
one build, and everything may be kept for ever. Comments and indentation are for whoever reads the
source: they are dropped from modules and style sheets. What a page or the desk begins with is joined.
"""

from __future__ import annotations

import gzip
import hashlib
import posixpath
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rjsmin import jsmin

from livefeed.errors import StartupError
from livefeed.web.modules import joined

__all__ = ["BUILD_TOKEN", "StaticFile", "StaticTree", "static_root"]

BUILD_TOKEN: Final = b"__LIVEFEED_BUILD__"
"""Stands in embed.js for the hash of the tree."""

_EMBED: Final = "embed.js"
_STABLE: Final = frozenset({_EMBED, "embed-frame.js"})
"""What other sites' pages name without a build."""
_IMPORT: Final = re.compile(rb"""(?:^|[;}\n])(?:import|export)\b[^;'"(=]*['"](\.[^'"]+)['"]""")
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
_FOR_AUTHORS_OF_STYLES: Final = re.compile(r"^(?:\s|/\*.*?\*/)+", re.MULTILINE | re.DOTALL)
"""What stands before the code of a line, or alone on it. No literal may span lines: a test holds that."""

_PACKED_ALREADY: Final = frozenset({".png", ".webp", ".woff2"})


@dataclass(frozen=True, slots=True)
class StaticFile:
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
    """All files, ready to be sent. ``hash`` is 12 hexadecimal digits of every path and what is served."""

    def __init__(self, root: Path | None = None) -> None:
        root = root or static_root()
        paths = {
            path.relative_to(root).as_posix(): path
            for path in sorted(root.rglob("*"))
            if path.is_file() and not any(part.startswith(".") for part in path.relative_to(root).parts)
        }
        modules = joined({name: path.read_text() for name, path in paths.items() if path.suffix == ".js"})
        contents = {name: _without_notes(path) for name, path in paths.items() if name not in modules}
        contents |= {name: _packed(text) for name, text in modules.items()}
        digest = hashlib.sha256()
        for name, content in contents.items():
            digest.update(b"%s\0%d\0" % (name.encode(), len(content)) + content)
        self.hash = digest.hexdigest()[:12]
        self.prefix = f"/static/{self.hash}"
        contents[_EMBED] = contents.get(_EMBED, b"").replace(BUILD_TOKEN, self.hash.encode())
        self._files = {name: _prepare(name, content) for name, content in contents.items()}
        self._closures: dict[str, tuple[str, ...]] = {}

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._files)

    def find(self, path: str) -> tuple[StaticFile, str] | None:
        """The file at ``path`` (what follows ``/static/``) and for how long it may be kept."""
        if path in _STABLE and path in self._files:
            return self._files[path], "public, max-age=300"
        build, _, name = path.partition("/")
        if name not in self._files or not _HASH.fullmatch(build):
            return None
        # A tab opened before an upgrade still asks with the old hash: better today's file than none.
        return self._files[name], "public, max-age=31536000, immutable" if build == self.hash else "no-store"

    def closure(self, name: str) -> tuple[str, ...]:
        """A module and all that it imports statically, near ones first: what a page may load at once."""
        if name not in self._closures:
            found = [name]
            for module in found:
                for address in _IMPORT.findall(self._files[module].body):
                    path = posixpath.normpath(posixpath.join(posixpath.dirname(module), address.decode()))
                    if path not in found:
                        found.append(path)
            self._closures[name] = tuple(found)
        return self._closures[name]


def _without_notes(path: Path) -> bytes:
    """A file as a browser needs it."""
    if path.suffix == ".css":
        return _FOR_AUTHORS_OF_STYLES.sub("", path.read_text()).encode()
    return path.read_bytes()


def _packed(module: str) -> bytes:
    packed: str = jsmin(module)
    return packed.encode()


def _prepare(name: str, content: bytes) -> StaticFile:
    suffix = Path(name).suffix
    packed = None if suffix in _PACKED_ALREADY else gzip.compress(content, 9, mtime=0)
    return StaticFile(
        content,
        packed if packed is not None and len(packed) < len(content) else None,
        _TYPES.get(suffix, "application/octet-stream"),
        hashlib.sha256(content).hexdigest()[:16],
    )
