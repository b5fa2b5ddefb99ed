"""Templates: one Jinja environment, in which everything is escaped and nothing may be missing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from livefeed.core.times import parse_time, print_time
from livefeed.web.cards import cards
from livefeed.web.dates import Kind, direction, show
from livefeed.web.words import Languages, Plural

__all__ = ["Templates", "data_block"]

FeedFields = Mapping[str, Any]

_HOLE = re.compile(r"\{(\w+)\}")

# Within a script element only these can end it, begin a comment, or be read as another thing.
_DATA_ESCAPES = {character: f"\\u{ord(character):04x}" for character in ("<", ">", "&", "\u2028", "\u2029")}


def data_block(json: bytes) -> Markup:
    """JSON as it may stand in ``<script type="application/json">``, whatever its strings contain."""
    text = json.decode()
    for character, escape in _DATA_ESCAPES.items():  # str.translate takes fifty times as long
        text = text.replace(character, escape)
    return Markup(text)


class Templates:
    """Our templates, rendered in the words of a feed's language."""

    def __init__(self, languages: Languages) -> None:
        self.languages = languages
        self.environment = _environment()

    def render(self, template: str, *, lang: str, **context: Any) -> str:
        """A template's text; it is given ``lang`` and ``words`` besides."""
        known = {"lang": lang, "words": self.languages.of(lang)}
        return self.environment.get_template(template).render(known | context)


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).resolve().parent.parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
    )
    made.filters |= {
        "brief": partial(_show, "brief"),
        "cards": cards,
        "clock": partial(_show, "clock"),
        "data_block": data_block,
        "day": partial(_show, "day"),
        "direction": direction,
        "fill": _fill,
        "full": partial(_show, "full"),
        "iso": _iso,
        "plural": _plural,
    }
    made.policies["json.dumps_kwargs"] = {"separators": (",", ":")}
    return made


def _iso(value: str) -> str:
    return print_time(parse_time(value))


def _show(kind: Kind, value: str, feed: FeedFields) -> str:
    return show(kind, value, feed["lang"], feed["timezone"])


def _fill(text: str, **values: object) -> Markup:
    """A text with its holes filled: ``words.updated|fill(time=…)``. Only markup comes in unescaped."""
    return Markup(_HOLE.sub(lambda hole: escape(values[hole[1]]), escape(text)))


def _plural(plural: Plural, n: int) -> Markup:
    return _fill(plural.of(n), n=n)
