from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livefeed.core.position import MAX_OFFSET, Position, Reigns, Verdict
from livefeed.errors import BadPosition

POSITIONS = st.builds(Position, st.from_regex(r"[a-z0-9]{1,16}", fullmatch=True), st.integers(0, MAX_OFFSET))


@given(POSITIONS)
def test_any_position_is_printed_and_read_back(position: Position) -> None:
    assert Position.parse(str(position)) == position


@given(st.text() | st.from_regex(r"[a-z0-9]{0,17}:?[0-9]{0,17}\n?", fullmatch=True))
def test_anything_else_is_refused_with_a_reason(text: str) -> None:
    try:
        position = Position.parse(text)
    except BadPosition as error:
        assert error.errors[0].field == "after"  # noqa: PT017
        assert len(error.errors[0].message) > 20  # noqa: PT017
    else:
        assert str(position) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no colon"),
        ("128", "no colon"),
        (":128", "before the colon"),
        ("K3F9:128", "before the colon"),
        ("k" * 17 + ":1", "before the colon"),
        ("k3f9:", "whole number"),
        ("k3f9:-1", "whole number"),
        ("k3f9:01", "whole number"),
        ("k3f9:1.0", "whole number"),
        ("k3f9:1:2", "whole number"),
        ("k3f9:1\n", "whole number"),
        ("k3f9:١", "whole number"),
        (f"k3f9:{2**53}", "must not be above"),
    ],
)
def test_the_reason(text: str, reason: str) -> None:
    with pytest.raises(BadPosition, match=reason):
        Position.parse(text)


REIGNS = Reigns((("a", 1), ("b", 51), ("c", 51), ("d", 80)), head=90, floor=10)


@pytest.mark.parametrize(
    ("position", "verdict"),
    [
        ("a:9", Verdict.BAD),
        ("a:10", Verdict.GOOD),
        ("a:50", Verdict.GOOD),
        ("a:51", Verdict.BAD),
        ("b:50", Verdict.GOOD),
        ("b:51", Verdict.BAD),  # b ended where it began
        ("c:79", Verdict.GOOD),
        ("c:80", Verdict.BAD),
        ("d:90", Verdict.GOOD),
        ("d:91", Verdict.AHEAD),
        ("c:91", Verdict.BAD),
        ("x:50", Verdict.BAD),
    ],
)
def test_the_rule(position: str, verdict: Verdict) -> None:
    assert REIGNS.judge(Position.parse(position)) is verdict


def test_reigns_know_their_head() -> None:
    assert REIGNS.position == Position("d", 90)
    assert REIGNS.judge(REIGNS.position) is Verdict.GOOD
    assert [REIGNS.last_offset(epoch) for epoch in "abcdx"] == [50, 50, 79, 90, None]


# Against servers that restart, lose what they wrote, and are flushed ------------------------------


@dataclass(frozen=True)
class Data:
    """What a server has: its log as the name of each write, and ``meta`` beside it."""

    log: tuple[int, ...] = ()
    epochs: tuple[tuple[str, int], ...] = ()
    run: int = -1
    floor: int = 0

    @property
    def reigns(self) -> Reigns:
        return Reigns(self.epochs, len(self.log), self.floor)


@dataclass
class World:
    """One log through the years. It remembers every state that it was in: dumps, lagging replicas."""

    data: Data = Data()
    run: int = 0
    number: int = 0
    past: list[Data] = field(default_factory=lambda: [Data()])
    holders: list[tuple[Position, tuple[int, ...], int]] = field(default_factory=list)
    losses: int = 0

    def fresh(self) -> int:
        self.number += 1
        return self.number

    def attach(self) -> None:
        if self.data.run != self.run:
            epochs = (*self.data.epochs, (f"e{self.fresh()}", len(self.data.log) + 1))
            self.data = replace(self.data, epochs=epochs, run=self.run)
        self.holders.append((self.data.reigns.position, self.data.log, self.losses))

    def step(self, what: str, which: int) -> None:
        match what:
            case "commit":
                self.attach()
                self.data = replace(self.data, log=(*self.data.log, self.fresh()))
                self.attach()
            case "attach":
                self.attach()
            case "restart":
                self.run = self.fresh()
            case "trim":
                self.data = replace(self.data, floor=max(self.data.floor, len(self.data.log) - which % 4))
            case "lose":  # a replica that lagged, an old dump, or FLUSHALL and an import
                self.data, self.run = self.past[which % len(self.past)], self.fresh()
                self.losses += 1
        self.past.append(self.data)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["commit", "commit", "commit", "attach", "restart", "trim", "lose"]),
        st.integers(0, 99),
    ),
    max_size=40,
)


@given(STEPS)
def test_nobody_keeps_what_was_lost_and_nothing_else_costs_a_snapshot(steps: list[tuple[str, int]]) -> None:
    world = World()
    for what, which in [*steps, ("attach", 0)]:
        world.step(what, which)
    reigns = world.data.reigns
    for position, seen, losses in world.holders:
        verdict = reigns.judge(position)
        if verdict is Verdict.GOOD:
            assert seen == world.data.log[: position.offset]
        if losses == world.losses:
            assert (verdict is Verdict.GOOD) == (position.offset >= reigns.floor)
