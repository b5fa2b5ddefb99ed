"""The modules that a page, an embed or the desk begins with, joined into one chunk each.

Sources stay small, one noun each; to a reader a dozen of them costs three kilobytes and ten requests
more than one does, and the desk has sixty. Whoever imports a part gets the chunk that it is in, so
nothing runs twice.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

__all__ = ["CHUNKS", "joined"]

CHUNKS: Final = {
    "ticker/core.js": "ticker/page.js",
    "ticker/embedded.js": "ticker/define.js",
    "desk/hints.js": "desk/hint.js",
    "desk/core.js": "desk/desk.js",
}
"""Each has what the module beside it imports at once, but for what is in a chunk before it."""

_IMPORT: Final = re.compile(r"^(import [^;']*?from )'(\.[^']+)';\n", re.MULTILINE)
_LATER: Final = re.compile(r"\bimport\('(\.[^']+)'\)")
_NAME: Final = re.compile(r"^(?:async )?(?:class|const|function|let) (\w+)", re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (?=(?:async )?(?:class|const|function) \w)", re.MULTILINE)


def joined(modules: Mapping[str, str]) -> dict[str, str]:
    """The modules as they are served, by name: with the chunks, which all others refer to."""
    chunk_of: dict[str, str] = {}
    for chunk, entry in CHUNKS.items():
        chunk_of |= {name: chunk for name in _imported(modules, entry) if name not in chunk_of}
    given: dict[str, set[str]] = defaultdict(set)
    """Module → what others import of it."""
    exported: dict[str, set[str]] = defaultdict(set)
    """Chunk → what modules outside import of it."""
    for name, text in modules.items():
        for target, taken in _taken(text, name):
            given[target].update(taken)
            if target in chunk_of and chunk_of[target] != chunk_of.get(name):
                exported[chunk_of[target]].update(taken)
    served = {
        name: text if name in chunk_of else _redirected(text, name, chunk_of)
        for name, text in modules.items()
    }
    for chunk in CHUNKS:
        members = {name: modules[name] for name in chunk_of if chunk_of[name] == chunk}
        if members:
            body = _chunk(members, chunk, chunk_of, given)
            served[chunk] = f"{body}export {{ {', '.join(sorted(exported[chunk]))} }};\n"
    return served


def _chunk(
    members: Mapping[str, str], chunk: str, chunk_of: Mapping[str, str], given: Mapping[str, set[str]]
) -> str:
    needed: dict[str, set[str]] = defaultdict(set)
    for name, text in members.items():
        for target, taken in _taken(text, name):
            if chunk_of[target] != chunk:
                needed[chunk_of[target]].update(taken)
    imports = "".join(
        f"import {{ {', '.join(sorted(taken))} }} from '{_address(other, chunk)}';\n"
        for other, taken in needed.items()
    )
    bodies = {
        name: _EXPORT.sub("", _IMPORT.sub("", _moved(text, name, chunk))) for name, text in members.items()
    }
    used = Counter(each for body in bodies.values() for each in _NAME.findall(body))
    used.update(each for taken in needed.values() for each in taken)
    return imports + "".join(_scoped(body, given[name], used) for name, body in bodies.items())


def _scoped(body: str, given: set[str], used: Mapping[str, int]) -> str:
    """A module as it stands in its chunk: in a scope of its own if a name of its own is another's too."""
    own = _NAME.findall(body)
    if all(used[name] == 1 for name in own if name not in given):
        return body
    names = ", ".join(name for name in own if name in given)
    return f"const {{ {names} }} = (() => {{\n{body}return {{ {names} }};\n}})();\n"


def _imported(modules: Mapping[str, str], entry: str) -> list[str]:
    """What it imports, each after what that imports itself."""
    found: list[str] = []
    seen = {entry}

    def visit(name: str) -> None:
        for target, _ in _taken(modules.get(name, ""), name):
            if target not in seen:
                seen.add(target)
                visit(target)
                found.append(target)

    visit(entry)
    return found


def _taken(text: str, name: str) -> Iterator[tuple[str, list[str]]]:
    """What it imports from where."""
    for match in _IMPORT.finditer(text):
        taken = re.findall(r"\w+", match[1].removeprefix("import").removesuffix("from "))
        yield _path(match[2], name), taken


def _moved(text: str, name: str, chunk: str) -> str:
    """What it loads later is elsewhere, seen from the chunk."""
    return _LATER.sub(lambda match: f"import('{_address(_path(match[1], name), chunk)}')", text)


def _redirected(text: str, name: str, chunk_of: Mapping[str, str]) -> str:
    def redirect(match: re.Match[str]) -> str:
        target = _path(match[2], name)
        return f"{match[1]}'{_address(chunk_of.get(target, target), name)}';\n"

    return _IMPORT.sub(redirect, text)


def _path(address: str, name: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), address))


def _address(path: str, name: str) -> str:
    address = posixpath.relpath(path, posixpath.dirname(name) or ".")
    return address if address.startswith(".") else f"./{address}"
