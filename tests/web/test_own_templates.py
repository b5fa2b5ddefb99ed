from __future__ import annotations

import re
from pathlib import Path

import pytest

from livefeed.errors import StartupError
from livefeed.web.own_templates import PLACES, place_template
from livefeed.web.static_tree import StaticTree
from livefeed.web.templating import Templates
from livefeed.web.words import read_languages

LANGUAGES = read_languages(StaticTree())
FEED = {"slug": "news", "title": "The <news>", "lang": "uk", "timezone": "Europe/Kyiv"}


def templates(folder: Path, **contents: str) -> Templates:
    """With files of these names: ``places__end`` is ``places/end.html``."""
    for name, text in contents.items():
        path = folder / f"{name.replace('__', '/').replace('_', '-')}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Templates(LANGUAGES, folder)


def test_without_templates_of_the_operator_no_place_is_filled(tmp_path: Path) -> None:
    assert Templates(LANGUAGES).places(FEED) == {}
    assert templates(tmp_path).places(FEED) == {}


def test_places_get_the_feed_and_the_words_of_its_language(tmp_path: Path) -> None:
    made = templates(
        tmp_path,
        places__after_1="<p>{{ feed.title }}: {{ words.more }}</p>",
        places__end="{% if feed.slug == 'other' %}<p>Never here</p>{% endif %}\n",
    )
    assert made.places(FEED) == {"after-1": "<p>The &lt;news&gt;: Більше новин</p>"}
    assert made.places(FEED | {"slug": "other"}).keys() == {"after-1", "end"}


def test_each_place_has_a_template() -> None:
    assert [place_template(place) for place in PLACES] == [
        "places/after-1.html",
        "places/after-5.html",
        "places/end.html",
    ]


def test_a_page_of_ours_can_be_extended(tmp_path: Path) -> None:
    made = templates(
        tmp_path,
        index='{% extends "livefeed/index.html" %}{% block title %}Ours{% endblock %}',
        base='{% extends "livefeed/base.html" %}{% block skip %}{{ super() }}<p>House</p>{% endblock %}',
    )
    page = made.render("index.html", lang="en", feeds=[], static="/static/x")
    assert "<title>Ours</title>" in page
    assert '<a class="skip" href="#updates">Skip to content</a><p>House</p>' in page
    assert "There is no ticker yet." in page


def test_a_folder_that_is_missing_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "nowhere", tmp_path / "file"):
        with pytest.raises(StartupError, match=f"LIVEFEED_TEMPLATES_DIR: there is no folder {folder}"):
            Templates(LANGUAGES, folder)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("places/end", "<p>\n{% if %}</p>", ", line 2: Expected an expression"),
        ("ticker", "\n\n{{ x|nothing }}", ", line 3: No filter named 'nothing'"),
        ("partial", "{% for x in y %}", ", line 1: Unexpected end of template"),
        (
            "ticker",
            '\n{% extends "livefeed/tocker.html" %}',
            ", line 2: there is no template “livefeed/tocker",
        ),
        ("ticker", '{% include "mine.html" %}', ", line 1: there is no template “mine.html”"),
        (
            "ticker",
            '{% extends "ticker.html" %}',
            ", line 1: it names itself; ours is “livefeed/ticker.html”",
        ),
        ("places/end", "<p>\n{{ feed.subtitle }}", ", line 2: 'dict object' has no attribute 'subtitle'"),
        ("places/end", "{{ 1 // 0 }}", ", line 1: ZeroDivisionError: "),
        ("places/after-3", "<p>", " fills no place: there are after-1, after-5, end"),
    ],
)
def test_a_template_that_cannot_work_stops_the_start(tmp_path: Path, name: str, text: str, said: str) -> None:
    path = tmp_path / f"{name}.html"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StartupError, match=re.escape(f"{path}{said}")) as caught:
        Templates(LANGUAGES, tmp_path)
    assert "\n" not in str(caught.value)


def test_so_does_one_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "ticker.html").write_bytes("Новини".encode("windows-1251"))
    with pytest.raises(StartupError, match=r"ticker\.html cannot be read: "):
        Templates(LANGUAGES, tmp_path)


def test_what_may_be_missing_is_no_error(tmp_path: Path) -> None:
    included = '{% include "mine.html" ignore missing %}{% include "live" ~ "feed/none" ignore missing %}'
    assert templates(tmp_path, places__end=included).places(FEED) == {}
