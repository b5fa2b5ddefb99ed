"""The modules that a ticker begins with, joined into one.

Sources stay small, one noun each; to a reader a dozen of them costs three kilobytes and ten requests
more than one does. Modules outside get the joined one when they import a part, so no page runs both.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Final

__all__ = ["CORE", "joined"]

CORE: Final = "ticker/core.js"
"""All that `ticker/page.js` imports at once."""

_PAGE: Final = "ticker/page.js"
_IMPORT: Final = re.compile(r"^(import [^;']*?from )'(\.[^']+)';\n", re.MULTILINE)
_LATER: Final = re.compile(r"\bimport\('(\.[^']+)'\)")
_EXPORT: Final = re.compile(r"^export (?=(?:async )?(?:class|const|function) \w)", re.MULTILINE)


def joined(modules: Mapping[str, str]) -> dict[str, str]:
    """The modules as they are served, by name: with ``CORE``, which those in it refer to."""
    members = _members(modules)
    if not members:
        return dict(modules)
    core = "".join(_EXPORT.sub("", _IMPORT.sub("", _moved(modules[name], name))) for name in members)
    served = {
        name: text if name in members else _redirected(text, name, members) for name, text in modules.items()
    }
    names = {
        name for outside in modules.keys() - members for name in _taken(modules[outside], outside, members)
    }
    return served | {CORE: f"{core}export {{ {', '.join(sorted(names))} }};\n"}


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


def _taken(text: str, name: str, members: list[str]) -> Iterator[str]:
    """What a module outside uses of those."""
    for match in _IMPORT.finditer(text):
        if _path(match[2], name) in members:
            yield from re.findall(r"\w+", match[1].removeprefix("import").removesuffix("from "))


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
