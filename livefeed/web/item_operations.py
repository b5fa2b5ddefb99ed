"""The part of the table that is about the desk: its items, and the streams of its log."""

from __future__ import annotations

from pydantic import BaseModel

from livefeed.core.items import Item, ItemContent, ItemCreate, ReturnRequest, ScheduleRequest
from livefeed.core.models import Feed
from livefeed.web import items, streams
from livefeed.web.operations import Answer, Operation

__all__ = ["ANSWERS", "ItemList", "operations"]


class ItemList(BaseModel):
    """Everything on the desk, the oldest first. ``position`` is one of the desk's log."""

    feed: Feed
    position: str
    items: list[Item]


ANSWERS = (Item, ItemList)

_ITEMS = "/v1/feeds/{feed}/items"
_DESK = (401, 403, 404, 503)
_ITEM = (*_DESK, 409, 410)
_WRITE = (400, *_ITEM, 412, 422)
_BODY = (413, 415)
_WHEN = ("If-Match", "Idempotency-Key")
_AS_IT_IS = Answer("The item as it is now.", "Item", headers=("ETag",))
_UPDATE = Answer("Published.", "Update", headers=("Location", "ETag"))
_OUT = Answer("It was published already: the update.", "Update", headers=("ETag",))

_WRITING = [
    Operation(
        method="GET",
        path=_ITEMS,
        endpoint=items.list_items,
        name="listItems",
        summary="What is on the desk: drafts, submitted, scheduled, going out.",
        answers={200: Answer("The items.", "ItemList")},
        problems=_DESK,
        role="contributor",
    ),
    Operation(
        method="POST",
        path=_ITEMS,
        endpoint=items.create_item,
        name="createItem",
        summary="Make a draft; its id becomes that of the update.",
        answers={
            201: Answer("The draft.", "Item", headers=("Location", "ETag")),
            200: Answer("The same was there already.", "Item", headers=("ETag",)),
        },
        problems=(400, *_ITEM, 422, *_BODY),
        role="contributor",
        parameters=("Idempotency-Key",),
        body=ItemCreate,
        example={"id": "01m81cwhwv9602fy769nhsjvj6", "text": "The **second** runway"},
    ),
    Operation(
        method="GET",
        path=_ITEMS + "/{id}",
        endpoint=items.get_item,
        name="getItem",
        summary="One item as it stands. Its ETag is its revision.",
        answers={200: Answer("The item.", "Item", headers=("ETag",))},
        problems=_ITEM,
        role="contributor",
    ),
    Operation(
        method="PATCH",
        path=_ITEMS + "/{id}",
        endpoint=items.patch_item,
        name="editItem",
        summary="Edit an item by a JSON merge patch; what is going out has to be cancelled first.",
        answers={200: _AS_IT_IS},
        problems=(*_WRITE, *_BODY),
        role="contributor",
        parameters=_WHEN,
        body=ItemContent,
        example={"text": "The **second** runway is open again.", "tags": ["airport"]},
    ),
    Operation(
        method="DELETE",
        path=_ITEMS + "/{id}",
        endpoint=items.delete_item,
        name="deleteItem",
        summary="Delete an item for ever; doing so again is no error.",
        answers={204: Answer("Deleted.")},
        problems=(400, *_DESK, 409, 412, 422),
        role="contributor",
        parameters=_WHEN,
    ),
]

_REVIEW = [
    Operation(
        method="POST",
        path=_ITEMS + "/{id}/submit",
        endpoint=items.submit_item,
        name="submitItem",
        summary="Hand a draft to the editors.",
        answers={200: _AS_IT_IS},
        problems=_WRITE,
        role="contributor",
        parameters=_WHEN,
    ),
    Operation(
        method="POST",
        path=_ITEMS + "/{id}/return",
        endpoint=items.return_item,
        name="returnItem",
        summary="Give what was submitted back, with a note.",
        answers={200: _AS_IT_IS},
        problems=(*_WRITE, *_BODY),
        role="editor",
        parameters=_WHEN,
        body=ReturnRequest,
        example={"note": "Who says so?"},
    ),
    Operation(
        method="POST",
        path=_ITEMS + "/{id}/schedule",
        endpoint=items.schedule_item,
        name="scheduleItem",
        summary="Have an item go out by itself at a time within a year.",
        answers={200: _AS_IT_IS},
        problems=(*_WRITE, *_BODY),
        role="editor",
        parameters=_WHEN,
        body=ScheduleRequest,
        example={"time": "2026-11-22T12:00:00Z"},
    ),
    Operation(
        method="POST",
        path=_ITEMS + "/{id}/cancel",
        endpoint=items.cancel_item,
        name="cancelItem",
        summary="Make a draft again of what is going out, scheduled or submitted.",
        answers={200: _AS_IT_IS},
        problems=_WRITE,
        role="contributor",
        parameters=_WHEN,
    ),
]

_GOING_OUT = [
    Operation(
        method="POST",
        path=_ITEMS + "/{id}/publish",
        endpoint=items.publish_item,
        name="publishItem",
        summary="Publish after the feed's hold. A merge patch in the body is saved first, or makes the item.",
        answers={
            202: Answer("It is going out at its due time.", "Item", headers=("ETag",)),
            201: _UPDATE,
            200: _OUT,
        },
        problems=(*_WRITE, *_BODY),
        role="editor",
        parameters=_WHEN,
        body=ItemContent,
        body_required=False,
        example={"text": "The **second** runway is open again."},
    ),
    Operation(
        method="POST",
        path=_ITEMS + "/{id}/release",
        endpoint=items.release_item,
        name="releaseItem",
        summary="Send now what is going out or scheduled.",
        answers={201: _UPDATE, 200: _OUT},
        problems=_WRITE,
        role="editor",
        parameters=_WHEN,
    ),
]

_STREAMS = [
    Operation(
        method="GET",
        path="/v1/feeds/{feed}/desk/events",
        endpoint=streams.desk_events,
        name="followDeskEvents",
        summary="The desk's log as server-sent events: item, item-delete.",
        answers={200: Answer("sync, change, ping, presence, bye.", "EventStream", "text/event-stream")},
        problems=(401, 403, 404),
        role="contributor",
        parameters=("after", "Last-Event-ID"),
    ),
    Operation(
        method="GET",
        path="/v1/feeds/{feed}/desk/socket",
        endpoint=streams.no_socket,
        name="openDeskSocket",
        summary="WebSocket: the same messages as text. Who is refused is told why by the closing code.",
        answers={101: Answer("The WebSocket is open; the first message is a sync.")},
        problems=(426,),
        parameters=("after",),
    ),
]

operations = (*_WRITING, *_REVIEW, *_GOING_OUT, *_STREAMS)
