"""The modules that a ticker begins with, joined into one.

Sources stay small, one noun each; to a reader a dozen of them costs three kilobytes and ten requests
more than one does. Whoever imports one of them gets the joined one, so no page runs both.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import Final

__all__ = ["CORE", "joined"]

CORE: Final = "ticker/core.js"
"""All that `ticker/page.js` imports at once."""

_PAGE: Final = "ticker/page.js"
_IMPORT: Final = re.compile(r"^(import [^;']*?from )'(\.[^']+)';\n", re.MULTILINE)
_LATER: Final = re.compile(r"\bimport\('(\.[^']+)'\)")
_EXPORT: Final = re.compile(r"^export (?=(?:async )?(?:class|const|function) (\w+))", re.MULTILINE)


def joined(modules: Mapping[str, str]) -> dict[str, str]:
    """The modules as they are served, by name: with ``CORE``, which those in it refer to."""
    members = _members(modules)
    if not members:
        return dict(modules)
    core = "".join(_EXPORT.sub("", _IMPORT.sub("", _moved(modules[name], name))) for name in members)
    names = sorted(match[1] for name in members for match in _EXPORT.finditer(modules[name]))
    served = {name: _redirected(text, name, members) for name, text in modules.items()}
    served |= {name: f"export * from '{_address(CORE, name)}';\n" for name in members}
    return served | {CORE: f"{core}export {{ {', '.join(names)} }};\n"}


def _members(modules: Mapping[str, str]) -> list[str]:
    """What the page imports, each after what it imports itself."""
    found: list[str] = []
    seen = {_PAGE}

    def visit(name: str) -> None:
        for match in _IMPORT.finditer(modules.get(name, "")):
            if (other := _path(match[2], name)) not in seen:
                seen.add(other)
                visit(other)
                found.append(other)

    visit(_PAGE)
    return found


def _moved(text: str, name: str) -> str:
    """What it loads later is elsewhere, seen from ``CORE``."""
    return _LATER.sub(lambda match: f"import('{_address(_path(match[1], name), CORE)}')", text)


def _redirected(text: str, name: str, members: list[str]) -> str:
    def redirect(match: re.Match[str]) -> str:
        target = CORE if _path(match[2], name) in members else _path(match[2], name)
        return f"{match[1]}'{_address(target, name)}';\n"

    return _IMPORT.sub(redirect, text)


def _path(address: str, name: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), address))


def _address(path: str, name: str) -> str:
    address = posixpath.relpath(path, posixpath.dirname(name) or ".")
    return address if address.startswith(".") else f"./{address}"
