from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livefeed.core.changes import (
    FEED_KEY,
    Change,
    compact,
    delete_change,
    feed_change,
    parse_change,
    put_change,
)

KEYS = st.sampled_from(["a", "b", "c", FEED_KEY])


@pytest.mark.parametrize(
    ("change", "wire"),
    [
        (put_change("a", b'{"id":"a","rev":1}'), {"op": "put", "update": {"id": "a", "rev": 1}}),
        (
            delete_change("a", "2026-11-22T08:16:52Z"),
            {"op": "delete", "id": "a", "time": "2026-11-22T08:16:52Z"},
        ),
        (feed_change(b'{"slug":"news"}'), {"op": "feed", "feed": {"slug": "news"}}),
    ],
)
def test_a_change_is_written_and_read_back(change: Change, wire: object) -> None:
    assert orjson.loads(change.raw) == wire
    assert parse_change(change.raw) == change


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"op":"put"}',
        b'{"op":"put","update":{"id":1}}',
        b'{"op":"delete"}',
        b'{"op":"x"}',
    ],
)
def test_anything_else_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - orjson's or ours
        parse_change(raw)


@given(st.lists(KEYS))
def test_compacting_keeps_the_last_of_each_key_in_order(keys: list[str]) -> None:
    changes = [Change("put", key, str(number).encode()) for number, key in enumerate(keys)]
    last = {change.key: change for change in changes}
    assert compact(changes) == sorted(last.values(), key=lambda change: int(change.raw))


@given(st.lists(KEYS), st.integers(0, 20))
def test_compacting_in_parts_is_compacting_at_once(keys: list[str], at: int) -> None:
    changes = [Change("put", key, str(number).encode()) for number, key in enumerate(keys)]
    assert compact(compact(changes[:at]) + changes[at:]) == compact(changes)
