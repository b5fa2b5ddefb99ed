from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livefeed.core.changes import Change, compact
from livefeed.core.messages import change_entry
from livefeed.core.position import Position
from livefeed.core.window import Entry, Window


def change_of(key: str, offset: int, size: int = 1) -> Change:
    return Change("put", key, b'{"o":%d,"x":"%s"}' % (offset, b"x" * size))


def window_of(entries: list[Entry], *, max_entries: int = 1000, max_bytes: int = 1 << 20) -> Window:
    window = Window(floor=0, max_entries=max_entries, max_bytes=max_bytes)
    for one in entries:
        window.append(one)
    return window


@st.composite
def histories(draw: st.DrawFn) -> list[Entry]:
    """Entries as a hub reads them: offsets grow, with holes."""
    entries, head = [], 0
    for key, hole, size in draw(
        st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 2), st.integers(0, 300)), max_size=40)
    ):
        offset = head + 1 + hole
        entries.append(change_entry(change_of(key, offset, size), after=head, position=Position("e", offset)))
        head = offset
    return entries


@given(histories(), st.integers(1, 8), st.integers(1, 2000), st.data())
def test_from_the_floor_up_it_tells_exactly_what_was_missed(
    history: list[Entry], max_entries: int, max_bytes: int, data: st.DataObject
) -> None:
    window = window_of(history, max_entries=max_entries, max_bytes=max_bytes)
    offset = data.draw(st.integers(0, window.head))
    if offset < window.floor:
        with pytest.raises(LookupError, match="below the window's floor"):
            window.after(offset)
        return
    missed = [one.change for one in history if one.offset > offset]
    assert [one.change for one in window.after(offset)] == compact(missed)


@given(histories(), st.integers(1, 8), st.integers(1, 2000))
def test_it_keeps_its_bounds(history: list[Entry], max_entries: int, max_bytes: int) -> None:
    window = window_of(history, max_entries=max_entries, max_bytes=max_bytes)
    assert len(window) <= max_entries
    assert window.size_bytes == sum(len(one.message) + len(one.change.raw) for one in window) <= max_bytes
    assert window.floor <= window.head == (history[-1].offset if history else 0)
    if len({one.change.key for one in history}) <= max_entries and max_bytes > 60_000:
        assert window.floor == 0


def test_what_is_too_large_for_it_leaves_it_empty() -> None:
    big = change_entry(change_of("a", 1, 100), after=0, position=Position("e", 1))
    window = window_of([big], max_bytes=50)
    assert (len(window), window.floor, window.head, window.size_bytes) == (0, 1, 1, 0)
    assert window.after(1) == []


@pytest.mark.parametrize("offset", [0, 4, 5])
def test_offsets_grow(offset: int) -> None:
    window = window_of([change_entry(change_of("a", 5), after=0, position=Position("e", 5))])
    with pytest.raises(ValueError, match=f"expected an offset above 5, got {offset}"):
        window.append(change_entry(change_of("b", offset), after=0, position=Position("e", offset)))


def test_an_entry_knows_its_position() -> None:
    one = change_entry(change_of("a", 5), after=3, position=Position("e", 5))
    assert (one.position, one.after) == (Position("e", 5), 3)
