from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from livefeed.core import steps
from livefeed.core.editing import edit as edit_update
from livefeed.core.items import Actor, Item, ItemCreate
from livefeed.errors import Forbidden, InvalidInput, WrongState

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
LATER = "2026-11-22T12:00:00Z"
ANN, BEN, EVE = Actor("Ann", False), Actor("Ben", False), Actor("Eve", True)


def draft(by: Actor = ANN, **content: Any) -> Item:
    wanted = ItemCreate.model_validate({"text": "Hello"} | content)
    return steps.create(wanted, item_id="a", actor=by, now=NOW)


def submitted(**content: Any) -> Item:
    return steps.submit(draft(**content), actor=ANN, now=NOW)


def scheduled(**content: Any) -> Item:
    return steps.schedule(draft(**content), LATER, actor=EVE, now=NOW)


def going(**content: Any) -> Item:
    return steps.start(draft(**content), {}, hold_s=5, actor=EVE, now=NOW)


MADE: dict[str, Callable[..., Item]] = {
    "draft": draft,
    "submitted": submitted,
    "scheduled": scheduled,
    "going": going,
}
STEPS: dict[str, Callable[[Item, Actor], Item]] = {
    "edit": lambda item, actor: steps.edit(item, {"text": "Other"}, actor=actor, now=NOW),
    "submit": lambda item, actor: steps.submit(item, actor=actor, now=NOW),
    "return": lambda item, actor: steps.send_back(item, "Why?", actor=actor, now=NOW),
    "schedule": lambda item, actor: steps.schedule(item, LATER, actor=actor, now=NOW),
    "publish": lambda item, actor: steps.start(item, {}, hold_s=5, actor=actor, now=NOW),
    "cancel": lambda item, actor: steps.cancel(item, actor=actor, now=NOW),
}
NO = WrongState
TABLE: dict[str, tuple[Any, Any, Any, Any]] = {
    #            draft        submitted    scheduled    going
    "edit": ("draft", "submitted", "scheduled", NO),
    "submit": ("submitted", "submitted", NO, NO),
    "return": (NO, "draft", NO, NO),
    "schedule": ("scheduled", "scheduled", "scheduled", NO),
    "publish": ("going", "going", "going", "going"),
    "cancel": ("draft", "draft", "draft", "draft"),
}
CASES = [
    (step, state, leads)
    for step, row in TABLE.items()
    for state, leads in zip(("draft", "submitted", "scheduled", "going"), row, strict=True)
]


@pytest.mark.parametrize(("step", "state", "leads"), CASES)
def test_where_each_step_leads(step: str, state: str, leads: Any) -> None:
    item = MADE[state]()
    if leads is NO:
        with pytest.raises(WrongState, match=r"cancel that first|this is for what is"):
            STEPS[step](item, EVE)
        return
    after = STEPS[step](item, EVE)
    assert after.state == leads
    assert (after.rev, after.changed_by) == (item.rev + 1, "Eve") or after is item
    assert (after.due is not None) == (after.state in ("scheduled", "going"))
    if step != "edit":
        assert STEPS[step](after, EVE) is after, "the same once more changes nothing"


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("state", MADE)
def test_a_contributor_changes_nothing_of_others(step: str, state: str) -> None:
    if step in ("edit", "submit", "cancel"):  # the rest is for editors: their endpoints say so
        with pytest.raises(Forbidden, match="by Ann"):
            STEPS[step](MADE[state](), BEN)


@pytest.mark.parametrize("state", ["scheduled", "going"])
@pytest.mark.parametrize("step", ["edit", "submit", "cancel"])
def test_what_editors_have_sent_on_its_way_is_theirs(step: str, state: str) -> None:
    with pytest.raises(Forbidden, match="the editors'"):
        STEPS[step](MADE[state](), ANN)


def test_an_own_edit_takes_back_what_was_submitted() -> None:
    assert STEPS["edit"](submitted(), ANN).state == "draft"
    assert steps.edit(submitted(), {"text": "Hello"}, actor=ANN, now=NOW).state == "submitted"


def test_who_may_delete() -> None:
    steps.may_discard(draft(), ANN)
    for item in (draft(), submitted(), scheduled(), going()):
        steps.may_discard(item, EVE)
    for item, actor in ((draft(), BEN), (submitted(), ANN), (scheduled(), ANN), (going(), ANN)):
        with pytest.raises(Forbidden):
            steps.may_discard(item, actor)


def test_send_now_is_for_what_is_on_its_way() -> None:
    steps.may_release(going())
    steps.may_release(scheduled())
    for item in (draft(), submitted()):
        with pytest.raises(WrongState):
            steps.may_release(item)


def test_a_note_goes_when_the_work_goes_on() -> None:
    back = STEPS["return"](submitted(), EVE)
    assert back.note is not None
    assert (back.note.text, back.note.by) == ("Why?", "Eve")
    assert STEPS["edit"](back, ANN).note is not None
    assert STEPS["submit"](back, ANN).note is None
    turned = steps.turn_back(going(), "The feed is closed.", now=NOW)
    assert turned.note is not None
    assert (turned.state, turned.due, turned.note.by) == ("draft", None, None)


@pytest.mark.parametrize(
    "time", ["2026-11-22T10:00:00Z", "2026-11-22T09:59:59Z", "2028-01-01T00:00:00Z", "1990-01-01T00:00:00Z"]
)
def test_a_time_that_cannot_be_kept(time: str) -> None:
    with pytest.raises(InvalidInput, match="time: give a time in the future, within a year"):
        steps.schedule(draft(), time, actor=EVE, now=NOW)


@pytest.mark.parametrize("content", [{"text": ""}, {"text": " \n"}, {"text": "<b></b>", "format": "html"}])
@pytest.mark.parametrize("step", ["submit", "schedule", "publish"])
def test_what_says_nothing_goes_nowhere(step: str, content: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="text"):
        STEPS[step](draft(**content), EVE)


def test_what_is_scheduled_stays_publishable() -> None:
    with pytest.raises(InvalidInput, match="text"):
        steps.edit(scheduled(), {"text": ""}, actor=EVE, now=NOW)


def test_an_item_is_bounded() -> None:
    with pytest.raises(InvalidInput, match="text: the text is too long"):
        draft(text="😀" * 16_000)
    with pytest.raises(InvalidInput, match="text: the text is too long"):
        steps.edit(draft(), {"text": "😀" * 16_000}, actor=ANN, now=NOW)


@pytest.mark.parametrize("patch", [None, [], "x"])
def test_a_patch_is_an_object(patch: Any) -> None:
    with pytest.raises(InvalidInput, match="merge patch"):
        steps.edit(draft(), patch, actor=ANN, now=NOW)


def test_times_are_stamped_when_it_goes_out() -> None:
    at = NOW + timedelta(seconds=5)
    update = steps.publish(going(), now=at)
    assert (update.time, update.published) == ("2026-11-22T10:00:05Z", "2026-11-22T10:00:05.000Z")
    assert (update.id, update.rev, update.text, update.edited) == ("a", 1, "Hello", None)
    assert steps.publish(going(time=LATER), now=at).time == LATER


def test_changes_come_along_with_the_press() -> None:
    item = steps.start(draft(), {"text": "Better", "tags": ["x"]}, hold_s=3, actor=EVE, now=NOW)
    assert (item.content.text, item.content.tags, item.due) == ("Better", ["x"], "2026-11-22T10:00:03.000Z")
    assert steps.start(item, {"text": "Better"}, hold_s=3, actor=EVE, now=NOW) is item
    with pytest.raises(WrongState, match="cancel that first"):
        steps.start(item, {"text": "Best"}, hold_s=3, actor=EVE, now=NOW)


def test_whether_a_late_press_says_something_else() -> None:
    update = steps.publish(going(link={"url": "https://example.org"}), now=NOW)
    for same in (
        {},
        {"text": "Hello"},
        {"time": None},
        {"time": "2026-11-22T10:00:00.000Z"},
        {"title": None},
    ):
        assert steps.says_the_same(update, same)
    for other in ({"text": "Bye"}, {"time": LATER}, {"link": None}, {"pinned": True}):
        assert not steps.says_the_same(update, other)
    assert not steps.says_the_same(edit_update(update, {"text": "Bye"}, now=NOW), {"text": "Hello"})


def test_the_bound_is_for_what_is_written_not_for_what_is_done_with_it() -> None:
    """Of a full item too, the feed may be closed when it is due, and editors may say why they return it."""
    full: dict[str, Any] = {"format": "html", "text": "<!--" + "€" * 19_988 + "-->Hello"}
    room = 61_440 - len(draft(**full).model_dump_json().encode())
    item = going(**full)
    filled = item.model_copy(
        update={"content": item.content.model_copy(update={"correction": "z" * min(room, 1_000)})}
    )
    back = steps.turn_back(filled, "Not published: the feed is closed.", now=NOW)
    assert (back.state, back.note is not None) == ("draft", True)
    assert steps.cancel(filled, actor=Actor("E" * 100, True), now=NOW).state == "draft"
    waiting = filled.model_copy(update={"state": "submitted", "due": None})
    assert steps.send_back(waiting, "Shorter! " * 100, actor=EVE, now=NOW).state == "draft"
    with pytest.raises(InvalidInput, match="an item must fit"):
        steps.edit(waiting, {"title": "ß" * 300}, actor=EVE, now=NOW)
