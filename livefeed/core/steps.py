"""From an item as it stands, and what somebody does at the desk, to its next revision.

::

    draft ── submit ──▶ submitted ── return, cancel ──▶ draft
    draft, submitted, scheduled ── publish ──▶ going ── cancel ──▶ draft
    draft, submitted, scheduled ── schedule ──▶ scheduled ── cancel ──▶ draft
    going, scheduled ── when it is due, or sent now ──▶ an update

Who comes second with the same step gets the item as it is: the very same object means that nothing changes.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from livefeed.core import models, validation
from livefeed.core.editing import MAX_UPDATE_BYTES, merge_patch
from livefeed.core.editing import publish as first_revision
from livefeed.core.items import Actor, Item, ItemContent, ItemCreate, Note, State
from livefeed.core.models import Update, UpdateCreate
from livefeed.core.times import parse_time, to_ms
from livefeed.errors import Forbidden, InvalidInput, WrongState

__all__ = [
    "cancel",
    "create",
    "edit",
    "may_discard",
    "may_release",
    "publish",
    "says_the_same",
    "schedule",
    "send_back",
    "start",
    "submit",
    "turn_back",
]

MAX_AHEAD = timedelta(days=366)
_IS = {
    "draft": "a draft",
    "submitted": "submitted for review",
    "scheduled": "scheduled",
    "going": "going out",
}


def create(wanted: ItemCreate, *, item_id: str, actor: Actor, now: datetime) -> Item:
    """A new draft.

    Raises:
        InvalidInput: it is too long.
    """
    at = models.now_text(now)
    content = ItemContent.model_validate(wanted.model_dump(exclude={"id"}))
    return _within_bounds(
        Item(
            id=item_id, rev=1, state="draft", by=actor.name, changed_by=actor.name, created=at, changed=at,
            note=None, due=None, content=content,
        )
    )  # fmt: skip


def edit(item: Item, patch: Any, *, actor: Actor, now: datetime) -> Item:
    """After a merge patch of its content; a contributor's own that was submitted becomes a draft again.

    Raises:
        InvalidInput, Forbidden
        WrongState: it is going out.
    """
    _own(item, actor, "draft", "submitted")
    content = _patched(item, patch)
    if content == item.content:
        return item
    _in_state(item, "draft", "submitted", "scheduled")
    state: State = "draft" if item.state == "submitted" and not actor.is_editor else item.state
    edited = _within_bounds(_next(item, actor.name, now, state=state, content=content))
    if state == "scheduled":
        publish(edited, now=now)
    return edited


def submit(item: Item, *, actor: Actor, now: datetime) -> Item:
    """A draft is handed to the editors.

    Raises:
        InvalidInput: it could not be published as it is.
        Forbidden, WrongState
    """
    _own(item, actor, "draft", "submitted")
    if item.state == "submitted":
        return item
    _in_state(item, "draft")
    publish(item, now=now)
    return _next(item, actor.name, now, state="submitted", note=None)


def send_back(item: Item, note: str, *, actor: Actor, now: datetime) -> Item:
    """What was submitted becomes a draft again, with a note.

    Raises:
        WrongState
    """
    if item.state == "draft" and item.note and (item.note.text, item.note.by) == (note, actor.name):
        return item
    _in_state(item, "submitted")
    said = Note(text=note, by=actor.name, at=models.now_text(now))
    return _next(item, actor.name, now, state="draft", note=said)


def schedule(item: Item, time: str, *, actor: Actor, now: datetime) -> Item:
    """It is to go out by itself at ``time``.

    Raises:
        InvalidInput: not in the future, more than a year ahead, or it could not be published as it is.
        WrongState: it is going out.
    """
    if item.state == "scheduled" and item.due == time:
        return item
    _in_state(item, "draft", "submitted", "scheduled")
    if not now < parse_time(time) <= now + MAX_AHEAD:
        raise InvalidInput.of("time", "give a time in the future, within a year")
    publish(item, now=now)
    return _next(item, actor.name, now, state="scheduled", due=time, note=None)


def start(item: Item, patch: Any, *, hold_s: int, actor: Actor, now: datetime) -> Item:
    """It goes out in ``hold_s`` seconds, with a merge patch of its content applied.

    Raises:
        InvalidInput: it could not be published.
        WrongState: it is going out already, with another content.
    """
    content = _patched(item, patch)
    if item.state == "going":
        if content != item.content:
            _in_state(item, "draft", "submitted", "scheduled")
        return item
    due = models.now_text(now + timedelta(seconds=hold_s))
    going = _next(item, actor.name, now, state="going", due=due, note=None, content=content)
    if content != item.content:
        _within_bounds(going)
    publish(going, now=now)
    return going


def cancel(item: Item, *, actor: Actor, now: datetime) -> Item:
    """It stays on the desk, as a draft.

    Raises:
        Forbidden
    """
    _own(item, actor, "draft", "submitted")
    return item if item.state == "draft" else _next(item, actor.name, now, state="draft")


def turn_back(item: Item, reason: str, *, now: datetime) -> Item:
    """It could not be published when it was due: a draft again, with a note that says why."""
    return _next(
        item, item.changed_by, now, state="draft", note=Note(text=reason, by=None, at=models.now_text(now))
    )


def may_release(item: Item) -> None:
    """Only what somebody has sent on its way can be sent now: a press that comes after “Cancel” does nothing.

    Raises:
        WrongState
    """
    _in_state(item, "going", "scheduled")


def may_discard(item: Item, actor: Actor) -> None:
    """Let pass who may delete the item.

    Raises:
        Forbidden
    """
    _own(item, actor, "draft")


def publish(item: Item, *, now: datetime) -> Update:
    """The update that it becomes, published at ``now``.

    Raises:
        InvalidInput: it cannot be one; names each field.
    """
    draft = validation.parse(UpdateCreate, item.content.model_dump())
    return first_revision(draft, update_id=item.id, now=now)


def says_the_same(update: Update, patch: Any) -> bool:
    """Whether a merge patch, sent to publish, is what the update says already; no time is the stamped one.

    Raises:
        InvalidInput
    """
    said = update.model_dump(include=set(ItemContent.model_fields))
    wanted = _parse_patched(said, patch).model_dump()
    wanted["time"] = wanted["time"] or update.time
    return said | {"time": to_ms(update.time)} == wanted | {"time": to_ms(wanted["time"])}


def _patched(item: Item, patch: Any) -> ItemContent:
    return _parse_patched(item.content.model_dump(), patch)


def _parse_patched(content: dict[str, Any], patch: Any) -> ItemContent:
    if not isinstance(patch, dict):
        raise InvalidInput.of("body", "send a JSON object: a merge patch (RFC 7396)")
    return validation.parse(ItemContent, merge_patch(content, patch))


def _own(item: Item, actor: Actor, *states: State) -> None:
    if actor.is_editor:
        return
    if item.by != actor.name:
        raise Forbidden(f"This is by {item.by}: a contributor changes only what is their own.")
    if item.state not in states:
        raise Forbidden(f"This is {_IS[item.state]}: now it is the editors'.")


def _in_state(item: Item, *states: State) -> None:
    if item.state in states:
        return
    if item.state == "going":
        raise WrongState("It is going out: cancel that first.")
    raise WrongState(f"It is {_IS[item.state]}: this is for what is {' or '.join(_IS[s] for s in states)}.")


def _next(item: Item, by: str, now: datetime, *, state: State, due: str | None = None, **fields: Any) -> Item:
    due = item.due if due is None and state == item.state else due
    changed = {"rev": item.rev + 1, "changed_by": by, "changed": models.now_text(now)}
    return item.model_copy(update={**changed, "state": state, "due": due, **fields})


def _within_bounds(item: Item) -> Item:
    """Bounds what is written, not what is done with it: no cancel and no note may fail for a few bytes."""
    if len(item.model_dump_json().encode()) > MAX_UPDATE_BYTES:
        raise InvalidInput.of("text", "the text is too long: an item must fit into 60 KB")
    return item
