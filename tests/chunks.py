"""The modules, and what stands at the top of a joined one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from livefeed.web.static_tree import static_root

__all__ = ["modules", "top_names"]

_SCOPE = re.compile(r"^const \{ ([^}]*) \} = \(\(\) => \{\n.*?^\}\)\(\);\n", re.MULTILINE | re.DOTALL)
_LIST = re.compile(r"^import \{ ([^}]*) \} from", re.MULTILINE)
_NAME = re.compile(r"^(?:async )?(?:class|const|function|let) (\w+)", re.MULTILINE)


def modules() -> dict[str, str]:
    """The sources, by name."""
    root = static_root()
    return {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*.js")}


def top_names(text: str) -> Iterator[str]:
    """What is imported, declared, or given by a scope; each as often as it is."""
    for match in [*_SCOPE.finditer(text), *_LIST.finditer(text)]:
        yield from filter(None, match[1].split(", "))
    yield from _NAME.findall(_SCOPE.sub("", text))
