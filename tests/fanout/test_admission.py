from __future__ import annotations

import gc
import logging
import math
import random
import resource
import sys

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from livefeed.errors import Cap, ServerFull, TooManyReaders
from livefeed.fanout.admission import MAX_WAIT_S, MIN_WAIT_S, Admission, Seat, places
from livefeed.settings import Settings

EMPTY = {"readers": 0, "addresses": 0, "origins": 0}
SITE = "https://partner.example"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def as_many_files_as_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda which: (resource.RLIM_INFINITY,) * 2)


def admitting(clock: Clock | None = None, **caps: float) -> Admission:
    none = {"max_readers_per_address": 0, "max_joins_per_s": 0}
    return Admission(Settings.model_validate(none | caps), now=clock or Clock())


def refused(admission: Admission, address: str | None, origin: str | None = None) -> tuple[Cap, float]:
    with pytest.raises(TooManyReaders) as caught:
        admission.take(address, origin)
    assert isinstance(caught.value, ServerFull) is (caught.value.cap == "total")
    return caught.value.cap, caught.value.retry_after_s


def test_in_all() -> None:
    admission = admitting(max_readers=2)
    seats = [admission.take(f"192.0.2.{number}", None) for number in range(2)]
    assert refused(admission, "192.0.2.9") == ("total", 10.0)
    assert refused(admission, None)[0] == "total"
    seats[0].give_back()
    admission.take("192.0.2.9", None)


def test_per_address() -> None:
    admission = admitting(max_readers_per_address=2)
    seats = [admission.take("192.0.2.1", None), admission.take("::ffff:192.0.2.1", None)]
    assert refused(admission, "192.0.2.1") == ("address", 30.0)
    admission.take("192.0.2.2", None)
    seats[1].give_back()
    admission.take("192.0.2.1", None)


def test_ipv6_is_counted_by_network() -> None:
    admission = admitting(max_readers_per_address=1)
    admission.take("2001:db8:0:1::1", None)
    assert refused(admission, "2001:db8:0:1:2::1")[0] == "address"
    admission.take("2001:db8:0:2::1", None)


def test_per_origin() -> None:
    admission = admitting(max_readers_per_origin=1)
    seat = admission.take("192.0.2.1", SITE)
    assert refused(admission, "192.0.2.2", SITE) == ("origin", 30.0)
    admission.take("192.0.2.2", "https://other.example")
    seat.give_back()
    admission.take("192.0.2.2", SITE)


def test_what_is_not_known_is_counted_in_all_only() -> None:
    admission = admitting(max_readers=3, max_readers_per_address=1, max_readers_per_origin=1)
    for address in (None, "testclient", None):
        admission.take(address, None)
    assert admission.statistics() == {"readers": 3, "addresses": 0, "origins": 0}
    assert refused(admission, None)[0] == "total"


def test_an_endless_origin_is_not_kept() -> None:
    admission = admitting(max_readers_per_origin=1)
    admission.take(None, "x" * 10_000)
    assert refused(admission, None, "x" * 9_000)[0] == "origin"


def test_without_caps_everybody_comes_in() -> None:
    admission = admitting()
    seats = [admission.take("192.0.2.1", SITE) for _ in range(5_000)]
    assert admission.statistics() == {"readers": 5_000, "addresses": 0, "origins": 0}
    for seat in seats:
        seat.give_back()
    assert admission.statistics() == EMPTY


def test_a_seat_is_given_back_once() -> None:
    admission = admitting(max_readers_per_address=5, max_readers_per_origin=5)
    kept, given = admission.take("192.0.2.1", SITE), admission.take("192.0.2.1", SITE)
    given.give_back()
    given.give_back()
    assert admission.statistics() == {"readers": 1, "addresses": 1, "origins": 1}
    with pytest.raises(RuntimeError), kept:
        raise RuntimeError
    assert admission.statistics() == EMPTY


def test_a_refusal_takes_no_place_and_no_turn() -> None:
    clock = Clock()
    admission = admitting(clock, max_readers_per_address=1, max_joins_per_s=1)
    admission.take("192.0.2.1", None)
    for _ in range(100):
        assert refused(admission, "192.0.2.1")[0] == "address"
    for number in range(2, 6):  # the other four of five seconds' worth
        admission.take(f"192.0.2.{number}", None)
    assert refused(admission, "192.0.2.6")[0] == "rate"
    assert admission.statistics()["readers"] == 5
    assert admission.refused == {"address": 100, "origin": 0, "rate": 1, "total": 0}


def test_the_rate_is_sustained_after_a_burst() -> None:
    clock = Clock()
    admission = admitting(clock, max_joins_per_s=100)
    for _ in range(500):
        admission.take(None, None)
    assert refused(admission, None)[0] == "rate"
    clock.now += 0.5
    for _ in range(50):
        admission.take(None, None)
    assert refused(admission, None)[0] == "rate"
    clock.now += 3600
    for _ in range(500):
        admission.take(None, None)
    assert refused(admission, None)[0] == "rate"


def test_a_slow_rate_lets_one_in_at_a_time() -> None:
    clock = Clock()
    admission = admitting(clock, max_joins_per_s=0.1)
    admission.take(None, None)
    assert refused(admission, None) == ("rate", 10.0)
    clock.now += 10
    admission.take(None, None)


def test_who_comes_too_early_is_told_when_their_turn_would_be() -> None:
    """So a crowd that comes back after a deploy is all in soon, and few are refused again."""
    clock, chance = Clock(), random.Random(1)
    admission = admitting(clock, max_joins_per_s=2_000)
    coming = [chance.uniform(0, 5) for _ in range(100_000)]
    start = clock.now
    attempts = joined = 0
    while coming:
        coming.sort()
        later = []
        for at in coming:
            clock.now = start + at
            attempts += 1
            try:
                admission.take(None, None).give_back()
                joined += 1
            except TooManyReaders as error:
                later.append(at + error.retry_after_s * chance.uniform(0.5, 1.5))
        coming = later
    assert joined == 100_000
    assert clock.now - start < 180
    assert attempts < 300_000


def test_nobody_is_sent_away_for_ever() -> None:
    clock = Clock()
    admission = admitting(clock, max_joins_per_s=1)
    waits = list[float]()
    while len(waits) < 1_000:
        try:
            admission.take(None, None).give_back()
        except TooManyReaders as error:
            waits.append(error.retry_after_s)
    assert (min(waits), max(waits)) == (MIN_WAIT_S, MAX_WAIT_S)
    clock.now += 60
    admission.take(None, None)


def test_100_000_churned_connections_leave_nothing() -> None:
    chance = random.Random(2026)
    admission = admitting(max_readers=900, max_readers_per_address=20, max_readers_per_origin=300)
    seats, churned = list[Seat](), 0
    while churned < 100_000:
        try:
            address = f"192.0.2.{chance.randrange(50)}"
            seats.append(admission.take(address, chance.choice([None, SITE, "https://other.example"])))
        except TooManyReaders:
            pass
        while seats and chance.random() < 0.4:
            at = chance.randrange(len(seats))
            seats[at], seats[-1] = seats[-1], seats[at]
            seats.pop().give_back()
            churned += 1
    for seat in seats:
        seat.give_back()
    assert admission.statistics() == EMPTY
    assert all(admission.refused[cap] for cap in ("address", "origin", "total"))
    assert (admission._addresses._by_key, admission._origins._by_key) == ({}, {})


def test_a_seat_is_small() -> None:
    admission = admitting(max_readers_per_address=10, max_readers_per_origin=10)
    seat = admission.take("192.0.2.1", SITE)
    assert not hasattr(seat, "__dict__")
    assert sys.getsizeof(seat) <= 64  # with the garbage collector's head
    shared = {id(thing) for thing in gc.get_referents(admission.take("192.0.2.1", SITE))}
    assert {id(thing) for thing in gc.get_referents(seat)} == shared


def test_places_are_within_the_limit_of_open_files(monkeypatch: pytest.MonkeyPatch) -> None:
    def with_files(soft: int) -> None:
        monkeypatch.setattr(resource, "getrlimit", lambda which: (soft, soft))

    with_files(20_000)
    assert (places(0), places(5_000), places(50_000)) == (19_488, 5_000, 19_488)
    with_files(256)
    assert places(0) == 192
    with_files(10)
    assert places(0) == 1
    with_files(resource.RLIM_INFINITY)
    assert (places(0), places(5_000)) == (math.inf, 5_000)


def test_refusals_are_logged_now_and_then(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    admission = admitting(clock, max_readers_per_address=1)
    admission.take("192.0.2.1", None)
    with caplog.at_level(logging.WARNING, "livefeed.admission"):
        for _ in range(100):
            refused(admission, "192.0.2.1")
        assert len(caplog.records) == 1
        clock.now += 60
        refused(admission, "192.0.2.1")
    assert "refused since the start: 101 by address" in caplog.text
    assert "LIVEFEED_TRUSTED_PROXIES" in caplog.text
    assert "192.0.2.1" not in caplog.text  # who reads what is nobody's business


class Churn(RuleBasedStateMachine):
    """Against lists: who sits where."""

    def __init__(self) -> None:
        super().__init__()
        self.admission = admitting(max_readers=6, max_readers_per_address=3, max_readers_per_origin=4)
        self.seats: list[tuple[str, str | None, Seat]] = []
        self.left: list[Seat] = []

    @rule(
        address=st.sampled_from(["192.0.2.1", "192.0.2.2", "2001:db8::1"]),
        site=st.sampled_from([None, "a", "b"]),
    )
    def come(self, address: str, site: str | None) -> None:
        of_address = sum(address == other for other, _, _ in self.seats)
        of_site = sum(site is not None and site == other for _, other, _ in self.seats)
        full = {"total": len(self.seats) >= 6, "address": of_address >= 3, "origin": of_site >= 4}
        expected = next((cap for cap, is_full in full.items() if is_full), None)
        if expected is None:
            self.seats.append((address, site, self.admission.take(address, site)))
        else:
            assert refused(self.admission, address, site)[0] == expected

    @precondition(lambda self: self.seats)
    @rule(at=st.integers(0))
    def leave(self, at: int) -> None:
        seat = self.seats.pop(at % len(self.seats))[2]
        seat.give_back()
        self.left.append(seat)

    @precondition(lambda self: self.left)
    @rule(at=st.integers(0))
    def leave_again(self, at: int) -> None:
        self.left[at % len(self.left)].give_back()

    @invariant()
    def counts_are_those_of_who_is_there(self) -> None:
        assert self.admission.statistics() == {
            "readers": len(self.seats),
            "addresses": len({address for address, _, _ in self.seats}),
            "origins": len({site for _, site, _ in self.seats if site is not None}),
        }


TestChurn = Churn.TestCase
