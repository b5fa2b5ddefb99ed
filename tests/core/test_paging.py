from __future__ import annotations

import base64

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livefeed.core.paging import Cursor, Page, PageQuery, parse_query
from livefeed.core.position import Position
from livefeed.errors import BadCursor, InvalidInput

CURSORS = st.builds(
    Cursor,
    st.sampled_from(["older", "newer"]),
    st.integers(0, 2**53 - 1),
    st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True),
    st.sampled_from(["newest", "oldest"]),
    st.booleans(),
    st.none() | st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=50),
)


def encoded(fields: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(fields)).rstrip(b"=").decode()


@given(CURSORS)
def test_a_cursor_is_printed_and_read_back(cursor: Cursor) -> None:
    assert Cursor.parse(str(cursor)) == cursor
    assert str(cursor).replace("-", "").replace("_", "").isalnum()


@given(st.text())
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(BadCursor, match="no cursor"):
        Cursor.parse(text)


@pytest.mark.parametrize(
    "fields",
    [
        [],
        ["o", 1, "a", "n", 0],
        ["x", 1, "a", "n", 0, None],
        ["o", -1, "a", "n", 0, None],
        ["o", 2**53, "a", "n", 0, None],
        ["o", True, "a", "n", 0, None],
        ["o", 1.5, "a", "n", 0, None],
        ["o", 1, "a b", "n", 0, None],
        ["o", 1, "a", "x", 0, None],
        ["o", 1, "a", "n", 2, None],
        ["o", 1, "a", "n", 0, 1],
        ["o", 1, "a", "n", 0, "x" * 51],
        {"side": "o"},
    ],
)
def test_a_forged_cursor_is_refused(fields: object) -> None:
    with pytest.raises(BadCursor):
        Cursor.parse(encoded(fields))


def test_a_query_is_read() -> None:
    assert parse_query({}) == PageQuery()
    params = {"limit": "5", "order": "oldest", "key": "1", "tag": "energy", "around": "a", "other": "x"}
    assert parse_query(params) == PageQuery(5, None, "a", "oldest", True, "energy")


def test_a_cursor_brings_its_order_and_filter() -> None:
    cursor = Cursor("older", 1, "a", "oldest", True, "energy")
    assert parse_query({"cursor": str(cursor), "limit": "5"}) == PageQuery(
        5, cursor, None, "oldest", True, "energy"
    )


@pytest.mark.parametrize(
    ("params", "fields"),
    [
        ({"limit": "0"}, ["limit"]),
        ({"limit": "101"}, ["limit"]),
        ({"limit": "-1"}, ["limit"]),
        ({"limit": "1e2"}, ["limit"]),
        ({"limit": "٥"}, ["limit"]),
        ({"limit": ""}, ["limit"]),
        ({"limit": "9" * 5000}, ["limit"]),
        ({"order": "x"}, ["order"]),
        ({"key": "yes"}, ["key"]),
        ({"tag": "x" * 51}, ["tag"]),
        ({"tag": "a\nb"}, ["tag"]),
        ({"tag": "a\x85b"}, ["tag"]),
        ({"around": "a b"}, ["around"]),
        ({"around": "a", "cursor": "x"}, ["around"]),
        ({"cursor": "x"}, ["cursor"]),
        ({"limit": "0", "order": "x", "key": "2"}, ["limit", "order", "key"]),
    ],
)
def test_each_wrong_parameter_is_named(params: dict[str, str], fields: list[str]) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_query(params)
    assert [error.field for error in caught.value.errors] == fields


def test_a_page_is_written() -> None:
    cursor = Cursor("older", 1, "a")
    page = Page(
        Position("e", 3), b'{"slug":"news"}', (b'{"id":"b"}', b'{"id":"a"}'), (b"1",), (), cursor, None
    )
    assert orjson.loads(page.json()) == {
        "feed": {"slug": "news"},
        "position": "e:3",
        "updates": [{"id": "b"}, {"id": "a"}],
        "pinned": [1],
        "key": [],
        "next": str(cursor),
        "prev": None,
    }


def test_a_tag_may_hold_what_its_script_needs() -> None:
    assert parse_query({"tag": "می‌روم"}).tag == "می‌روم"  # with a zero-width non-joiner
