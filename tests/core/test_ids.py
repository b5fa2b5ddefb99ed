from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from livefeed.core.changes import FEED_KEY
from livefeed.core.ids import ID_PATTERN, new_epoch, new_id
from livefeed.core.position import Position

MOMENTS = st.integers(0, 2**48 - 1)


@given(MOMENTS, MOMENTS)
def test_later_ids_sort_after_earlier_ones(one: int, other: int) -> None:
    if one != other:
        assert (new_id(one) < new_id(other)) == (one < other)


@given(MOMENTS)
def test_an_id_is_one_that_clients_may_send(moment: int) -> None:
    assert len(new_id(moment)) == 26
    assert ID_PATTERN.fullmatch(new_id(moment))


def test_ids_of_one_moment_grow() -> None:
    ids = [new_id(1) for _ in range(1000)]
    assert ids == sorted(set(ids))


def test_ids_of_one_moment_cannot_be_guessed_from_another() -> None:
    new_id(1)
    new_id(2)
    assert new_id(1)[10:] != new_id(2)[10:]


def test_no_id_is_the_feeds_own_key() -> None:
    assert not ID_PATTERN.fullmatch(FEED_KEY)


def test_an_epoch_can_stand_in_a_position() -> None:
    epochs = {new_epoch() for _ in range(100)}
    assert len(epochs) == 100
    for epoch in epochs:
        assert Position.parse(f"{epoch}:1").epoch == epoch
