"""What is public stands in ``__all__``; the rest starts with an underscore."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

import livefeed

PACKAGE = Path(__file__).resolve().parent.parent / "livefeed"
# An empty __init__ only marks a folder as a package.
MODULES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.name != "__main__.py" and path.read_text(encoding="utf-8").strip()
}

# Other programs may import these. A name that goes or comes is a line in CHANGELOG.md.
PUBLIC = ["__version__"]


def _kind_and_name(name: str) -> tuple[int, str]:
    """Constants, classes, the rest: the order that ruff keeps (RUF022)."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2
    return kind, name


def test_the_package_exports_exactly_this() -> None:
    assert getattr(livefeed, "__all__", []) == PUBLIC


@pytest.mark.parametrize("name", MODULES)
def test_all_is_sorted_and_exists(name: str) -> None:
    module = importlib.import_module(name)
    exported = getattr(module, "__all__", None)
    assert exported is not None, f"{name} has no __all__"
    assert exported == sorted(set(exported), key=_kind_and_name)
    assert [e for e in exported if not hasattr(module, e)] == []


@pytest.mark.parametrize("name", MODULES)
def test_what_is_not_exported_is_private(name: str) -> None:
    defined = {
        node.name
        for node in ast.parse(MODULES[name].read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    }
    public = {d for d in defined if not d.startswith("_")}
    assert public <= set(importlib.import_module(name).__all__)
