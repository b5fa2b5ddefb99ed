"""What every module of the element must be, for sites that pin it (Subresource Integrity, https://www.w3.org/TR/SRI/)."""

from __future__ import annotations

import base64
import hashlib
import posixpath
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from livefeed.web.static_tree import StaticTree

__all__ = ["digest", "graph", "integrity"]

_ELEMENT: Final = "ticker/define.js"
_LATER: Final = re.compile(rb"\bimport\('(\.[^']+)'\)")


@lru_cache(maxsize=8)
def graph(tree: StaticTree, name: str = _ELEMENT) -> tuple[str, ...]:
    """A module and all that it leads to, at once or later."""
    found = list(tree.closure(name))
    for module in found:
        for address in _LATER.findall(_body(tree, module)):
            path = posixpath.normpath(posixpath.join(posixpath.dirname(module), address.decode()))
            found += [each for each in tree.closure(path) if each not in found]
    return tuple(found)


def digest(tree: StaticTree, name: str) -> str:
    """What an ``integrity`` attribute says of a file."""
    return f"sha384-{base64.b64encode(hashlib.sha384(_body(tree, name)).digest()).decode()}"


def integrity(tree: StaticTree, origin: str) -> Mapping[str, str]:
    """For an import map: the digest of each module of the element, by address."""
    return {f"{origin}{tree.prefix}/{name}": digest(tree, name) for name in sorted(graph(tree))}


def _body(tree: StaticTree, name: str) -> bytes:
    found = tree.find(f"{tree.hash}/{name}")
    assert found is not None, name
    return found[0].body
