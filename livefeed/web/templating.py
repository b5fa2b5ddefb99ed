"""Templates: one Jinja environment, in which everything is escaped and nothing may be missing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from markupsafe import Markup, escape

from livefeed.core.cards import cards
from livefeed.core.models import Feed
from livefeed.core.times import parse_time, print_time
from livefeed.web.dates import Kind, direction, show
from livefeed.web.own_templates import PLACES, check, place_template
from livefeed.web.words import FALLBACK, Languages, Plural

__all__ = ["Templates", "data_block"]

FeedFields = Mapping[str, Any]

# What the operator's templates are tried with.
_SAMPLE = Feed(
    slug="news",
    title="News",
    description=None,
    lang=FALLBACK,
    timezone="UTC",
    status="open",
    listed=True,
    opened="2026-11-22T08:16:52Z",
    closed=None,
    origins=["*"],
    hold_s=5,
)

_SUBHEADING = re.compile(r"<(/?)h([34])>")
_HOLE = re.compile(r"\{(\w+)\}")

# Within a script element only these can end it, begin a comment, or be read as another thing.
_DATA_ESCAPES = {character: f"\\u{ord(character):04x}" for character in ("<", ">", "&", "\u2028", "\u2029")}


def data_block(json: bytes) -> Markup:
    """JSON as it may stand in ``<script type="application/json">``, whatever its strings contain."""
    text = json.decode()
    for character, sequence in _DATA_ESCAPES.items():  # str.translate takes fifty times as long
        text = text.replace(character, sequence)
    return Markup(text)


class Templates:
    """Ours and, before them, those in the operator's ``folder``, in the words of a feed's language.

    Raises:
        StartupError: the folder is missing, or a template in it cannot work.
    """

    def __init__(self, languages: Languages, folder: Path | None = None) -> None:
        self.languages = languages
        self.environment = _environment(folder)
        own = frozenset[str]()
        if folder is not None:
            own = check(
                self.environment, folder, _known(languages, _SAMPLE.lang) | {"feed": _SAMPLE.model_dump()}
            )
        self._filled = [place for place in PLACES if place_template(place) in own]

    def render(self, template: str, *, lang: str, **context: Any) -> str:
        """A template's text; it is given ``lang`` and ``words`` besides."""
        return self.environment.get_template(template).render(_known(self.languages, lang) | context)

    def places(self, feed: FeedFields) -> dict[str, Markup]:
        """What the operator wants to stand in a feed's list, by place."""
        texts = {
            place: self.render(place_template(place), lang=feed["lang"], feed=feed) for place in self._filled
        }
        return {place: Markup(text) for place, text in texts.items() if text.strip()}


def _known(languages: Languages, lang: str) -> dict[str, Any]:
    return {"lang": lang, "words": languages.of(lang)}


def _environment(folder: Path | None) -> Environment:
    ours = FileSystemLoader(Path(__file__).resolve().parent.parent / "templates")
    own = [] if folder is None else [FileSystemLoader(folder)]
    made = Environment(
        loader=ChoiceLoader([*own, ours, PrefixLoader({"livefeed": ours})]),
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
        "raised": _raised,
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


def _raised(html: str) -> str:
    """An update's HTML with its subheadings a level higher: below an h1 they would skip one."""
    return _SUBHEADING.sub(lambda tag: f"<{tag[1]}h{int(tag[2]) - 1}>", html)


def _plural(plural: Plural, n: int) -> Markup:
    return _fill(plural.of(n), n=n)
