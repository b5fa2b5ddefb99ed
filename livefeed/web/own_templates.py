"""The operator's own templates (``LIVEFEED_TEMPLATES_DIR``): what can be wrong in them is said at start.

They go before ours of the same name; ours stay within reach as ``livefeed/<name>``.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, TemplateError, TemplateSyntaxError, nodes

from livefeed.errors import StartupError

__all__ = ["PLACES", "check", "place_template"]

PLACES: Final = ("after-1", "after-5", "end")
"""Where something may stand in a ticker's list: after the first update, after the fifth, below the last."""

_FOLDER: Final = "places/"


def place_template(place: str) -> str:
    """The name of the template that fills a place."""
    return f"{_FOLDER}{place}.html"


def check(environment: Environment, folder: Path, sample: Mapping[str, Any]) -> frozenset[str]:
    """Read every template in ``folder``; those of places are tried with ``sample``. Returns their names.

    Raises:
        StartupError: there is no such folder, or something in it cannot work; names file and line.
    """
    if not folder.is_dir():
        raise StartupError(f"LIVEFEED_TEMPLATES_DIR: there is no folder {folder}.")
    known = frozenset(environment.list_templates())
    own = FileSystemLoader(folder).list_templates()
    for name in (name for name in own if name.endswith(".html")):
        try:
            _compile(environment, folder, name, known)
        except TemplateSyntaxError as error:
            raise StartupError(f"{folder / name}, line {error.lineno}: {error.message}.") from error
        except (OSError, UnicodeDecodeError) as error:
            raise StartupError(f"{folder / name} cannot be read: {error}.") from error
    for place in PLACES:
        if place_template(place) in own:
            _try(environment, folder / place_template(place), place_template(place), sample)
    return frozenset(own)


def _compile(environment: Environment, folder: Path, name: str, known: frozenset[str]) -> None:
    if name.startswith(_FOLDER) and name not in map(place_template, PLACES):
        raise StartupError(f"{folder / name} fills no place: there are {', '.join(PLACES)}.")
    environment.get_template(name)
    for wanted, line in _references(environment.parse((folder / name).read_text(encoding="utf-8"))):
        if wanted not in known:
            raise StartupError(f"{folder / name}, line {line}: there is no template “{wanted}”.")
        if wanted == name:
            raise StartupError(f"{folder / name}, line {line}: it names itself; ours is “livefeed/{name}”.")


def _references(tree: nodes.Template) -> Iterator[tuple[str, int]]:
    """The templates that one needs, with the lines that say so."""
    for node in tree.find_all((nodes.Extends, nodes.FromImport, nodes.Import, nodes.Include)):
        wanted = getattr(node, "template", None)
        if isinstance(wanted, nodes.Const) and not getattr(node, "ignore_missing", False):
            yield str(wanted.value), node.lineno


def _try(environment: Environment, path: Path, name: str, sample: Mapping[str, Any]) -> None:
    try:
        environment.get_template(name).render(sample)
    except Exception as error:  # whatever an expression in it may raise
        lines = [at.lineno for at in traceback.extract_tb(error.__traceback__) if at.filename == str(path)]
        what = error.message if isinstance(error, TemplateError) else f"{type(error).__name__}: {error}"
        raise StartupError(f"{path}, line {lines[-1] if lines else 1}: {what}.") from error
