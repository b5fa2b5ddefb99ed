"""Items: what is on the desk and no update yet; what editors may send of them, and what the desk gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import BaseModel, Field, model_validator

from livefeed.core.models import Content, DraftText, StrictModel, Time, UpdateId, Words

__all__ = [
    "MAX_ITEMS",
    "Actor",
    "Item",
    "ItemContent",
    "ItemCreate",
    "Note",
    "ReturnRequest",
    "ScheduleRequest",
    "State",
]

MAX_ITEMS = 500
"""On the desk of one feed: all of them are shown there."""

State: TypeAlias = Literal["draft", "submitted", "scheduled", "going"]


class ItemContent(Content):
    """What an item says: an update's fields by the same rules, but that nothing need be written yet.

    ``time`` None is stamped when it goes out.
    """

    text: DraftText = ""
    time: Time | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:  # the update that it becomes has to
        return self


class ItemCreate(ItemContent):
    """A new item. ``id`` becomes that of the update."""

    id: UpdateId | None = None


class ReturnRequest(StrictModel):
    """Why an item is given back to who wrote it."""

    note: Words


class ScheduleRequest(StrictModel):
    """When an item is to go out by itself."""

    time: Time


class Note(BaseModel):
    """Why an item came back. ``by`` null: from the server, since it could not be published."""

    text: str
    by: str | None
    at: str


class Item(BaseModel):
    """An item as the desk gets it. ``rev`` grows by one with each change."""

    id: str
    rev: int
    state: State
    by: str
    changed_by: str
    created: str
    changed: str
    note: Note | None
    due: Annotated[str | None, Field(description="When it goes out: scheduled, or going out now.")]
    content: ItemContent


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something at the desk; contributors (no editors) change their own only."""

    name: str
    is_editor: bool
