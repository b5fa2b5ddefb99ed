from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livefeed.core import editing
from livefeed.core.editing import merge_patch
from livefeed.core.models import Feed, FeedCreate, Update, UpdateCreate
from livefeed.core.validation import parse
from livefeed.errors import InvalidInput

NOW = datetime(2026, 11, 22, 8, 16, 53, 120_000, UTC)
LATER = NOW + timedelta(minutes=5)
AT, AT_LATER = "2026-11-22T08:16:53.120Z", "2026-11-22T08:21:53.120Z"


def published(**fields: Any) -> Update:
    return editing.publish(parse(UpdateCreate, {"text": "one"} | fields), update_id="01k", now=NOW)


def edited(update: Update, patch: Any) -> Update:
    return editing.edit(update, patch, now=LATER)


# RFC 7396, appendix A: the original, the patch, the result.
RFC7396: list[tuple[Any, Any, Any]] = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("original", "patch", "result"), RFC7396)
def test_the_examples_of_rfc_7396(original: Any, patch: Any, result: Any) -> None:
    assert merge_patch(original, patch) == result


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=2),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(json, json)
def test_patching_again_changes_nothing(target: Any, patch: Any) -> None:
    once = merge_patch(target, patch)
    assert merge_patch(once, patch) == once


def test_published() -> None:
    update = published(title="A", tags=["b"], correction="c", time="2026-11-22T07:00:00Z")
    assert (update.id, update.rev, update.published, update.edited) == ("01k", 1, AT, None)
    assert (update.time, update.headline, update.html) == ("2026-11-22T07:00:00Z", "A", "<p>one</p>")
    assert (update.tags, update.correction) == (["b"], "c")
    assert published().time == AT


@pytest.mark.parametrize(
    "patch",
    [
        {"title": "A"},
        {"text": "two"},
        {"format": "html"},
        {"author": "me"},
        {"link": {"url": "https://example.org"}},
        {"image": {"url": "https://example.org/a.png"}},
        {"correction": "It was two."},
    ],
)
def test_a_change_of_what_it_says_is_an_edit(patch: dict[str, Any]) -> None:
    update = edited(published(), patch)
    assert (update.rev, update.edited, update.published, update.time) == (2, AT_LATER, AT, AT)
    assert edited(published(), patch | {"minor": True}).edited is None
    assert edited(update, {"text": "three", "minor": True}).edited == AT_LATER


@pytest.mark.parametrize(
    "patch",
    [{"pinned": True}, {"breaking": True}, {"key": True}, {"tags": ["a"]}, {"time": "2026-11-22T07:00:00Z"}],
)
def test_pinning_and_the_like_is_no_edit(patch: dict[str, Any]) -> None:
    update = edited(published(), patch)
    assert (update.rev, update.edited) == (2, None)
    [(name, value)] = patch.items()
    assert getattr(update, name) == value


@pytest.mark.parametrize(
    "patch",
    [{}, {"minor": True}, {"text": "one"}, {"title": None}, {"time": None}, {"tags": []}, {"link": None}],
)
def test_a_patch_that_changes_nothing_makes_no_revision(patch: dict[str, Any]) -> None:
    update = published()
    assert edited(update, patch) is update


def test_null_takes_away() -> None:
    update = published(
        title="A", author="b", tags=["c"], pinned=True, link={"url": "https://example.org", "label": "d"}
    )
    update = edited(
        update, {"title": None, "author": None, "tags": None, "pinned": None, "link": {"label": None}}
    )
    assert (update.title, update.author, update.tags, update.pinned, update.headline) == (
        None,
        None,
        [],
        False,
        "one",
    )
    assert update.link is not None
    assert (update.link.url, update.link.label) == ("https://example.org", None)


def test_a_time_taken_away_is_that_of_publication() -> None:
    assert edited(published(time="2026-11-22T07:00:00Z"), {"time": None}).time == AT


@pytest.mark.parametrize(
    ("patch", "field"),
    [
        ({"text": None}, "text"),
        ({"text": ""}, "text"),
        ({"text": "<script>a</script>", "format": "html"}, "text"),
        ({"id": "b"}, "id"),
        ({"rev": 7}, "rev"),
        ({"html": "<p>a</p>"}, "html"),
        ({"headline": "a"}, "headline"),
        ({"edited": None, "published": AT}, "published"),
        ({"minor": "yes"}, "minor"),
        ({"link": {"label": "a"}}, "link.url"),
        ([], "body"),
        ("text", "body"),
        (None, "body"),
    ],
)
def test_a_bad_patch_is_refused_by_field(patch: Any, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        edited(published(), patch)
    assert [error.field for error in caught.value.errors] == [field]


def test_an_update_must_fit_into_one_message() -> None:
    with pytest.raises(InvalidInput, match="text: the text is too long"):
        published(text="&" * 20_000)
    largest = published(text="п" * 14_000)
    assert len(largest.model_dump_json().encode()) <= editing.MAX_UPDATE_BYTES


def test_a_picture_alone_has_its_description_as_headline() -> None:
    assert published(text="![The quay](https://example.org/a.png)").headline == "The quay"
    assert published(text="![](https://example.org/a.png)").headline == "…"


@pytest.mark.parametrize("text", ["\u200b", "***", "&nbsp;", "\u2066\u2069"])
def test_a_text_that_nobody_would_see(text: str) -> None:
    with pytest.raises(InvalidInput, match="would be seen"):
        published(text=text)


@pytest.mark.parametrize("text", ["\U0001fae8", "\U0001f6dc", "\uf8ff", "7"])
def test_a_text_of_one_character(text: str) -> None:
    assert published(text=text).headline == text


# Feeds ------------------------------------------------------------------------------------------


def feed(**fields: Any) -> Feed:
    return editing.create_feed(parse(FeedCreate, {"slug": "news"} | fields), now=NOW)


def test_a_new_feed() -> None:
    assert (feed().title, feed(title="News").title) == ("news", "News")
    assert (feed().opened, feed().closed) == (AT, None)
    assert (feed(status="closed").opened, feed(status="closed").closed) == (AT, AT)
    assert (feed(status="draft").opened, feed(status="draft").closed) == (None, None)


def test_opening_closing_and_reopening() -> None:
    draft = feed(status="draft")
    opened = editing.edit_feed(draft, {"status": "open"}, now=LATER)
    assert (opened.opened, opened.closed) == (AT_LATER, None)
    closed = editing.edit_feed(feed(), {"status": "closed"}, now=LATER)
    assert (closed.opened, closed.closed) == (AT, AT_LATER)
    assert editing.edit_feed(closed, {"status": "closed"}, now=LATER + timedelta(1)) == closed
    assert editing.edit_feed(closed, {"status": "open"}, now=LATER) == feed()


def test_null_goes_back_to_the_default() -> None:
    changed = feed(title="News", lang="uk", timezone="Europe/Kyiv", origins=["https://example.org"], hold_s=0)
    patch = dict.fromkeys(("title", "lang", "timezone", "origins", "hold_s"))
    assert editing.edit_feed(changed, patch, now=LATER) == feed()


@pytest.mark.parametrize(
    ("patch", "field"),
    [
        ({"slug": "other"}, "slug"),
        ({"slug": None}, "slug"),
        ({"opened": AT}, "opened"),
        ({"colour": "red"}, "colour"),
        ([], "body"),
    ],
)
def test_a_bad_patch_of_a_feed_is_refused_by_field(patch: Any, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        editing.edit_feed(feed(), patch, now=LATER)
    assert [error.field for error in caught.value.errors] == [field]
