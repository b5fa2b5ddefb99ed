from __future__ import annotations

import json
import re

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from livefeed.web.static_tree import StaticTree
from livefeed.web.templating import Templates, data_block
from livefeed.web.words import read_languages

TEMPLATES = Templates(read_languages(StaticTree()))
NAMES = [name for name in TEMPLATES.environment.list_templates() if "/" not in name]
KYIV = {"timezone": "Europe/Kyiv", "lang": "en"}
TIME = "2026-11-22T22:05:09.120Z"


def show(template: str, **context: object) -> str:
    words = TEMPLATES.languages.of("en")
    return TEMPLATES.environment.from_string(template).render(words=words, **context)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ t|iso }}", "2026-11-22T22:05:09.120Z"),
        ("{{ t|clock(feed) }}", "00:05"),
        ("{{ t|brief(feed) }}", "Nov 23, 00:05"),
        ("{{ t|day(feed) }}", "Monday, November 23, 2026"),
        ("{{ t|full(feed) }}", "Monday, November 23, 2026, 00:05 GMT+2"),
    ],
)
def test_times_are_in_the_feeds_zone(template: str, expected: str) -> None:
    assert show(template, t=TIME, feed=KYIV) == expected


def test_holes_are_filled_and_escaped() -> None:
    assert show("{{ words.updated|fill(time=x) }}", x="<b>") == "Updated &lt;b&gt;"
    assert show("{{ words.updated|fill(time=x) }}", x=Markup("<b>1</b>")) == "Updated <b>1</b>"
    assert show("{{ '<{a}>{b}'|fill(a='{b}', b='&') }}") == "&lt;{b}&gt;&amp;"
    with pytest.raises(KeyError):
        show("{{ words.updated|fill }}")


def test_plurals_name_the_number() -> None:
    assert show("{{ words.minutes|plural(1) }} {{ words.minutes|plural(12) }}") == (
        "1 minute to read 12 minutes to read"
    )


def test_subheadings_come_a_level_higher() -> None:
    assert show("{{ x|raised|safe }}", x="<h3>a</h3><p>&lt;h3&gt;</p><h4>b</h4><hr>") == (
        "<h2>a</h2><p>&lt;h3&gt;</p><h3>b</h3><hr>"
    )


def test_words_are_those_of_the_language() -> None:
    assert 'lang="tlh"' in TEMPLATES.render("index.html", lang="tlh", feeds=[], static="")
    assert "Live tickers" in TEMPLATES.render("index.html", lang="tlh", feeds=[], static="")


def test_everything_is_escaped() -> None:
    assert show("<a title='{{ x }}'>{{ x }}</a>", x="'\"><b>&") == (
        "<a title='&#39;&#34;&gt;&lt;b&gt;&amp;'>&#39;&#34;&gt;&lt;b&gt;&amp;</a>"
    )


def test_what_is_missing_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        show("{{ nothing }}")
    with pytest.raises(UndefinedError):
        show("{{ words.nothing }}")
    with pytest.raises(UndefinedError):
        TEMPLATES.render("index.html", lang="en")


def test_a_data_block_stays_what_it_is() -> None:
    value = {"a": "</script><script>alert(1)</script><!--&amp;\u2028\u2029 \\u003c é 🙂"}
    block = str(data_block(json.dumps(value, ensure_ascii=False).encode()))
    assert not set("<>&\u2028\u2029") & set(block)
    assert json.loads(block) == value


@pytest.mark.parametrize("name", NAMES)
def test_no_template_has_anything_inline(name: str) -> None:
    source = TEMPLATES.environment.loader.get_source(TEMPLATES.environment, name)[0]  # type: ignore[union-attr]
    assert not re.search(r"\son[a-z]+=|\sstyle=|<style|javascript:", source)
    assert all(
        "src=" in attributes or re.search(r"application/(ld\+)?json", attributes)
        for attributes in re.findall(r"<script([^>]*)>", source)
    )


@pytest.mark.parametrize("name", NAMES)
def test_each_template_compiles(name: str) -> None:
    TEMPLATES.environment.get_template(name)
