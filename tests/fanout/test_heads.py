"""Who opens connections and asks for nothing keeps neither them nor others from being served."""

from __future__ import annotations

import asyncio
import resource
from typing import Any

import pytest

from livefeed.fanout.heads import KEPT_FREE, Heads
from tests.live import eventually

pytestmark = pytest.mark.anyio


class Connection(asyncio.Transport):
    def __init__(self, aborted: list[Any]) -> None:
        super().__init__()
        self._aborted = aborted

    def abort(self) -> None:
        self._aborted.append(self)


async def test_the_late_are_aborted_in_their_order_and_who_sent_a_head_is_not() -> None:
    aborted: list[Connection] = []
    heads = Heads(asyncio.get_running_loop(), set(), within_s=0.05)
    first, second, third = (Connection(aborted) for _ in range(3))
    for connection in (first, second, third):
        heads.expect(connection)
    heads.forget(second)
    await eventually(lambda: len(aborted) == 2, "both to be aborted")
    assert aborted == [first, third]
    assert len(heads) == 0


async def test_more_bytes_of_a_head_give_it_no_more_time() -> None:
    aborted: list[Connection] = []
    heads = Heads(asyncio.get_running_loop(), set(), within_s=0.1)
    trickling, later = Connection(aborted), Connection(aborted)
    heads.expect(trickling)
    heads.expect(later)
    heads.expect(trickling)
    await eventually(lambda: len(aborted) == 2, "both to be aborted")
    assert aborted == [trickling, later]


async def test_the_time_begins_anew_for_the_next_head() -> None:
    aborted: list[Connection] = []
    heads = Heads(asyncio.get_running_loop(), set(), within_s=0.05)
    connection, other = Connection(aborted), Connection(aborted)
    heads.expect(connection)
    heads.expect(other)
    heads.forget(connection)
    heads.expect(connection)
    await eventually(lambda: len(aborted) == 2, "both to be aborted")
    assert aborted == [other, connection]


async def test_when_too_many_wait_the_oldest_goes() -> None:
    aborted: list[Connection] = []
    heads = Heads(asyncio.get_running_loop(), set(), within_s=60.0, at_most=2)
    first, second, third = (Connection(aborted) for _ in range(3))
    for connection in (first, second, third):
        heads.expect(connection)
    assert aborted == [first]
    assert len(heads) == 2


async def test_who_has_gone_already_may_be_forgotten_again() -> None:
    heads = Heads(asyncio.get_running_loop(), set(), within_s=60.0)
    heads.forget(Connection([]))
    assert len(heads) == 0


async def test_when_descriptors_are_scarce_the_oldest_goes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda which: (100, 100))
    aborted: list[Connection] = []
    open_now: set[object] = set(range(100 - KEPT_FREE))
    heads = Heads(asyncio.get_running_loop(), open_now, within_s=60.0)
    first, second = Connection(aborted), Connection(aborted)
    heads.expect(first)
    assert aborted == []
    open_now.add("one more")
    heads.expect(second)
    assert aborted == [first]
