"""The word-by-word difference (static/desk/worddiff.js) and what it merges."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page

from tests.e2e.conftest import Server

Pieces: TypeAlias = list[dict[str, str]]
Diff: TypeAlias = Callable[[str, str], Pieces]
Merge: TypeAlias = Callable[[str, str, str], str | None]

LOAD = """async () => {
  const { src } = document.querySelector('script[type=module]');
  globalThis.worddiff = await import(src.replace('desk.js', 'worddiff.js'));
}"""

# Few words, so that texts have much in common; signs, breaks, a surrogate pair, a script without spaces.
TEXTS = st.lists(st.sampled_from(["one", "two", "three", " ", " ", "\n", ".", "—", "🙂", "東京都", "é"])).map(
    "".join
)
PROPERTY = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def diff(page: Page, server: Server) -> Diff:
    page.goto(f"{server.url}/desk")
    page.evaluate(LOAD)
    return lambda before, after: page.evaluate("([a, b]) => worddiff.diff(a, b)", [before, after])


@pytest.fixture
def merge(page: Page, diff: Diff) -> Merge:
    return lambda *texts: page.evaluate("texts => worddiff.merged(...texts)", texts)


def brief(pieces: Pieces) -> str:
    marks = {"same": "{}", "gone": "[-{}-]", "new": "[+{}+]"}
    return "".join(marks[piece["kind"]].format(piece["text"]) for piece in pieces)


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        ("", "", ""),
        ("same", "same", "same"),
        ("", "new words", "[+new words+]"),
        ("old words", "", "[-old words-]"),
        ("It was three.", "It was four.", "It was [-three-][+four+]."),
        ("a b c", "a x y c", "a [-b-][+x y+] c"),
        ("one two three", "four five three", "[-one two-][+four five+] three"),
        ("one\n\ntwo", "one\n\nthree\n\ntwo", "one\n\n[+three\n\n+]two"),
        ("don't stop", "don't go", "don't [-stop-][+go+]"),
        ("東京都に雪", "東京都に雨", "東京都に[-雪-][+雨+]"),
        ("**bold**", "*bold*", "*[-*-]bold[-*-]*"),
    ],
)
def test_it_tells_what_went_and_what_came(diff: Diff, before: str, after: str, wanted: str) -> None:
    assert brief(diff(before, after)) == wanted


@PROPERTY
@given(before=TEXTS, after=TEXTS)
def test_both_texts_are_in_it_whole(diff: Diff, before: str, after: str) -> None:
    pieces = diff(before, after)
    assert "".join(piece["text"] for piece in pieces if piece["kind"] != "new") == before
    assert "".join(piece["text"] for piece in pieces if piece["kind"] != "gone") == after
    kinds = [piece["kind"] for piece in pieces]
    assert all(piece["text"] for piece in pieces)
    assert all(one != other for one, other in pairwise(kinds))
    if before == after:
        assert kinds in ([], ["same"])


@PROPERTY
@given(texts=st.lists(TEXTS, min_size=3, max_size=3))
def test_one_side_s_changes_are_taken_over_and_the_sides_are_equal(merge: Merge, texts: list[str]) -> None:
    base, one, other = texts
    assert merge(base, one, base) == one
    assert merge(base, base, one) == one
    assert merge(base, one, one) == one
    assert merge(base, one, other) == merge(base, other, one)


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "wanted"),
    [
        ("One. Two. Three.", "1. Two. Three.", "One. Two. 3.", "1. Two. 3."),
        ("a b c", "a b c d", "z a b c", "z a b c d"),
        ("It was three.", "It was four.", "It was five.", None),
        ("a c", "a b c", "a x c", None),
        ("a b c", "a c", "a b B c", None),
        ("one two three", "one three", "one three", "one three"),
    ],
)
def test_changes_that_do_not_meet_are_merged(
    merge: Merge, base: str, mine: str, theirs: str, wanted: str | None
) -> None:
    assert merge(base, mine, theirs) == wanted


def test_the_longest_texts_are_compared_at_once(diff: Diff, page: Page) -> None:
    """The worst that fits into an update: 20,000 characters with nothing, or nearly nothing, in common."""
    lines = "".join(f"{number} {number * 7919 % 10_007}\n" for number in range(1_900))
    texts: list[tuple[Any, Any]] = [
        ("a " * 10_000, "b " * 10_000),
        ("a\n" * 10_000, "b\n" * 10_000),
        (lines, lines.replace("1", "one ", 200)[:20_000]),
    ]
    for before, after in texts:
        took = page.evaluate("() => performance.now()")
        pieces = diff(before, after)
        took = page.evaluate("() => performance.now()") - took
        assert "".join(piece["text"] for piece in pieces if piece["kind"] != "new") == before
        assert "".join(piece["text"] for piece in pieces if piece["kind"] != "gone") == after
        assert took < 5_000
