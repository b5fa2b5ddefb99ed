from __future__ import annotations

import json
import re

import pytest
from jinja2 import UndefinedError

from livefeed.web.templating import data_block, environment, render

KYIV = {"timezone": "Europe/Kyiv"}
TIME = "2026-11-22T22:05:09.120Z"


def show(template: str, **context: object) -> str:
    return environment().from_string(template).render(context)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ t|iso }}", "2026-11-22T22:05:09.120Z"),
        ("{{ t|datetime(feed) }}", "Nov 23, 2026, 00:05"),
        ("{{ t|day(feed) }}", "Monday, November 23, 2026"),
        ("{{ t|clock(feed) }}", "00:05"),
    ],
)
def test_times_are_in_the_feeds_zone(template: str, expected: str) -> None:
    assert show(template, t=TIME, feed=KYIV) == expected


@pytest.mark.parametrize(
    ("time", "clock"),
    [
        ("2026-10-25T00:30:00Z", "03:30"),  # summer time
        ("2026-10-25T01:30:00Z", "03:30"),  # an hour later, winter time
        ("2026-03-29T00:59:00Z", "02:59"),
        ("2026-03-29T01:00:00Z", "04:00"),
    ],
)
def test_the_hour_that_comes_twice_and_the_one_that_never_comes(time: str, clock: str) -> None:
    assert show("{{ t|clock(feed) }}", t=time, feed=KYIV) == clock


def test_everything_is_escaped() -> None:
    assert show("<a title='{{ x }}'>{{ x }}</a>", x="'\"><b>&") == (
        "<a title='&#39;&#34;&gt;&lt;b&gt;&amp;'>&#39;&#34;&gt;&lt;b&gt;&amp;</a>"
    )


def test_what_is_missing_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        show("{{ nothing }}")
    with pytest.raises(UndefinedError):
        render("index.html")


def test_a_data_block_stays_what_it_is() -> None:
    value = {"a": "</script><script>alert(1)</script><!--&amp;\u2028\u2029 \\u003c é 🙂"}
    block = str(data_block(json.dumps(value, ensure_ascii=False).encode()))
    assert not set("<>&\u2028\u2029") & set(block)
    assert json.loads(block) == value


@pytest.mark.parametrize("name", sorted(environment().list_templates()))
def test_no_template_has_anything_inline(name: str) -> None:
    source = environment().loader.get_source(environment(), name)[0]  # type: ignore[union-attr]
    assert not re.search(r"\son[a-z]+=|\sstyle=|<style|javascript:", source)
    assert source.count("<script") == source.count("<script type=")
    assert all(
        "src=" in attributes or re.search(r"application/(ld\+)?json", attributes)
        for attributes in re.findall(r"<script([^>]*)>", source)
    )


@pytest.mark.parametrize("name", sorted(environment().list_templates()))
def test_each_template_compiles(name: str) -> None:
    environment().get_template(name)
