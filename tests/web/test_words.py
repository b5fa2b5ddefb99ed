from __future__ import annotations

import re
from typing import Any

import orjson
import pytest

from livefeed.errors import StartupError
from livefeed.web.dates import locale_of
from livefeed.web.static_tree import StaticTree, static_root
from livefeed.web.words import Languages, Plural, categories, read_languages

FILES = {path.stem: path.read_bytes() for path in (static_root() / "words").glob("*.json")}
TEXTS: dict[str, dict[str, Any]] = {lang: orjson.loads(content) for lang, content in FILES.items()}
ENGLISH = TEXTS["en"]


def holes(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def flat(texts: dict[str, Any]) -> dict[str, Any]:
    """Groups taken apart: ``status.live``. Plurals stay."""
    found: dict[str, Any] = {}
    for name, text in texts.items():
        if isinstance(text, dict) and "other" not in text:
            found |= {f"{name}.{key}": one for key, one in text.items()}
        else:
            found[name] = text
    return found


def test_the_checkout_has_these_languages() -> None:
    assert read_languages(StaticTree()).tags == TEXTS.keys()
    assert sorted(TEXTS) == ["ar", "de", "en", "es", "fr", "pl", "uk"]


@pytest.mark.parametrize("lang", TEXTS)
def test_each_file_says_everything_and_no_more(lang: str) -> None:
    assert list(flat(TEXTS[lang])) == list(flat(ENGLISH))


@pytest.mark.parametrize("lang", TEXTS)
def test_plurals_have_exactly_the_categories_of_their_language(lang: str) -> None:
    for name, text in flat(TEXTS[lang]).items():
        assert isinstance(text, dict) == isinstance(flat(ENGLISH)[name], dict)
        if isinstance(text, dict):
            assert text.keys() == categories(lang), name


@pytest.mark.parametrize("lang", TEXTS)
def test_each_hole_of_the_english_text_is_there(lang: str) -> None:
    for name, english in flat(ENGLISH).items():
        text = flat(TEXTS[lang])[name]
        if isinstance(english, str):
            assert holes(text) == holes(english), name
            continue
        rule = locale_of(lang).plural_form
        for category, form in text.items():
            # Where there is one number only, as Arabic's two, it need not be written.
            unsaid = {"n"} if sum(rule(n) == category for n in range(200)) == 1 else set()
            assert holes(form) | unsaid == holes(english["other"]) | unsaid, (name, category)


@pytest.mark.parametrize("lang", TEXTS)
def test_no_text_is_empty_or_has_stray_spaces(lang: str) -> None:
    for name, text in flat(TEXTS[lang]).items():
        for form in text.values() if isinstance(text, dict) else [text]:
            assert form, name
            assert form == " ".join(form.split(" ")).strip(), name


def test_a_language_is_found_by_its_whole_tag_then_by_its_first_part() -> None:
    languages = Languages(dict.fromkeys(("en", "de", "de-AT"), FILES["en"]))
    found = [languages.of(lang).lang for lang in ("en", "EN-gb", "de-at", "de-AT-1996", "DE", "tlh")]
    assert found == ["en", "en", "de-at", "de", "de", "en"]


def test_words_for_the_browser_say_which_they_are() -> None:
    words = Languages({"en": FILES["en"]}).of("en")
    assert orjson.loads(words.json) == {"lang": "en", **ENGLISH}
    assert words["status"]["live"] == "Live"
    with pytest.raises(KeyError):
        words["nothing"]


def test_plurals_go_by_the_number() -> None:
    minutes = Languages({"en": FILES["en"]}).of("en")["minutes"]
    assert isinstance(minutes, Plural)
    assert [minutes.of(n) for n in (1, 2)] == ["{n} minute to read", "{n} minutes to read"]


@pytest.mark.parametrize(
    ("lang", "content", "said"),
    [
        ("de", b"\xff", "de.json cannot be read: "),
        ("de", b"[]", "de.json cannot be read: it is no object"),
        ("de", orjson.dumps({n: t for n, t in ENGLISH.items() if n != "more"}), "de.json lacks “more”"),
        ("de", orjson.dumps(ENGLISH | {"more": ["More"]}), "de.json lacks “more”"),
        ("de", orjson.dumps(ENGLISH | {"status": {}}), "de.json lacks “status.catching-up”"),
        ("uk", orjson.dumps(ENGLISH), "uk.json lacks “minutes.few”"),
    ],
)
def test_a_broken_file_stops_the_start(lang: str, content: bytes, said: str) -> None:
    with pytest.raises(StartupError, match=re.escape(f"static/words/{said}")):
        Languages({"en": FILES["en"], lang: content})


def test_without_english_nothing_starts() -> None:
    with pytest.raises(StartupError, match=r"en\.json is missing"):
        Languages({})
