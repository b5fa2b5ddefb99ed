"""What the pages say: a file for each language, static/words/<lang>.json, which the browser reads too.

Holes are written ``{time}``. What depends on a number is an object of CLDR's plural categories.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from babel.plural import PluralRule

from livefeed.errors import StartupError
from livefeed.web.dates import locale_of
from livefeed.web.static_tree import StaticTree

__all__ = ["FALLBACK", "Languages", "Plural", "Words", "categories", "read_languages"]

FALLBACK: Final = "en"
"""The language of whoever has no file, and the one that says what every file must have."""

_FOLDER: Final = "words/"
_OTHER: Final = "other"


@dataclass(frozen=True, slots=True)
class Plural:
    """Texts by plural category."""

    forms: Mapping[str, str]
    rule: PluralRule

    def of(self, n: int) -> str:
        return self.forms[self.rule(n)]


class Words:
    """The words of one language: ``words["more"]`` is a text, a :class:`Plural` or a group of texts.

    ``json`` is the file with its language added, as pages hand it to the browser.
    """

    def __init__(self, lang: str, texts: Mapping[str, Any]) -> None:
        self.lang = lang
        self.json = orjson.dumps({"lang": lang, **texts})
        rule = locale_of(lang).plural_form
        self._texts = {name: Plural(text, rule) if _is_plural(text) else text for name, text in texts.items()}

    def __getitem__(self, name: str) -> Any:
        return self._texts[name]


class Languages:
    """The words of every language that there is a file for: ``files`` is language tag → content.

    Raises:
        StartupError: there is no English, or a file cannot be read or lacks something; it says what.
    """

    def __init__(self, files: Mapping[str, bytes]) -> None:
        texts = {lang.lower(): _read(lang, content) for lang, content in files.items()}
        if FALLBACK not in texts:
            raise StartupError("static/words/en.json is missing: install livefeed again.")
        for lang, own in texts.items():
            for lack in _lacks(texts[FALLBACK], own, categories(lang)):
                raise StartupError(f"static/words/{lang}.json lacks {lack}.")
        self._words = {lang: Words(lang, own) for lang, own in texts.items()}

    @property
    def tags(self) -> frozenset[str]:
        return frozenset(self._words)

    def of(self, lang: str) -> Words:
        """By the whole language tag, by its first part, else English."""
        whole = lang.lower()
        found = self._words.get(whole) or self._words.get(whole.partition("-")[0])
        return found or self._words[FALLBACK]


def read_languages(tree: StaticTree) -> Languages:
    """The words in the tree of static files.

    Raises:
        StartupError
    """
    files = {}
    for name in tree.names:
        found = tree.find(f"{tree.hash}/{name}")
        if name.startswith(_FOLDER) and name.endswith(".json") and found is not None:
            files[name.removeprefix(_FOLDER).removesuffix(".json")] = found[0].body
    return Languages(files)


def categories(lang: str) -> frozenset[str]:
    """The plural categories of a language."""
    return frozenset({*locale_of(lang).plural_form.tags, _OTHER})


def _is_plural(text: object) -> bool:
    return isinstance(text, dict) and _OTHER in text


def _read(lang: str, content: bytes) -> dict[str, Any]:
    try:
        texts = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise StartupError(f"static/words/{lang}.json cannot be read: {error}.") from error
    if not isinstance(texts, dict):
        raise StartupError(f"static/words/{lang}.json cannot be read: it is no object.")
    return texts


def _lacks(wanted: Mapping[str, Any], own: Mapping[str, Any], plural: frozenset[str]) -> Iterable[str]:
    """What of the English texts a file does not have, in words."""
    for name, text in wanted.items():
        mine = own.get(name)
        if _is_plural(text):
            text = dict.fromkeys(plural, "")
        if not isinstance(mine, type(text)):
            yield f"“{name}”"
        elif isinstance(text, dict):
            yield from (f"“{name}.{key}”" for key in sorted(text) if not isinstance(mine.get(key), str))
