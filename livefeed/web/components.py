"""What the OpenAPI description names in several places: answers, parameters, headers, security."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from livefeed.core.models import Feed, KeyEvent, Update
from livefeed.core.paging import DEFAULT_LIMIT, MAX_LIMIT
from livefeed.web import desk_operations, item_operations
from livefeed.web.images import Uploaded
from livefeed.web.problems import PROBLEM_NAMES
from livefeed.web.session import Who

__all__ = [
    "ANSWER_HEADERS",
    "ANSWER_MODELS",
    "PARAMETERS",
    "SECURITY_SCHEMES",
    "Access",
    "EventStream",
    "FeedList",
    "OpenApi",
    "Page",
    "Rendered",
    "RevisionList",
    "Sync",
    "TagCount",
    "TagList",
    "problem_schema",
]


class FeedList(BaseModel):
    feeds: list[Feed]


class TagCount(BaseModel):
    tag: str
    count: int


class TagList(BaseModel):
    tags: list[TagCount]


class Access(BaseModel):
    """May the page that asks use the feed?"""

    feed: str
    exists: bool
    allowed: bool
    status: Literal["open", "closed", "draft"] | None


class Page(BaseModel):
    """A page of updates. ``position`` is where to go on from with the live endpoints."""

    feed: Feed
    position: str
    updates: list[Update]
    pinned: list[Update]
    key: list[KeyEvent]
    next: str | None
    prev: str | None


class RevisionList(BaseModel):
    """Oldest first; the last one stands now."""

    revisions: list[Update]


class Rendered(BaseModel):
    html: str
    headline: str


class Sync(BaseModel):
    """What was missed (``recovered`` true: ``changes``), or everything anew (false: ``snapshot``)."""

    type: Literal["sync"]
    position: str
    recovered: bool
    changes: list[dict[str, Any]] | None = None
    snapshot: Page | None = None


class EventStream(BaseModel):
    """Server-sent events: ``sync``, ``change``, ``ping``, ``bye``; each one's data is JSON."""


class OpenApi(BaseModel):
    """This document."""

    model_config = ConfigDict(extra="allow")

    openapi: str


ANSWER_MODELS = (
    *(FeedList, TagList, Access, Page, RevisionList, Rendered, Sync, EventStream, OpenApi, Who, Uploaded),
    *item_operations.ANSWERS,
    *desk_operations.ANSWERS,
)


def problem_schema() -> dict[str, Any]:
    """RFC 9457 with the members of ours."""
    field_error = {
        "type": "object",
        "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
    }
    return {
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string", "examples": [f"/problems/{name}" for name in sorted(PROBLEM_NAMES)]},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "errors": {
                "type": "array",
                "items": field_error,
                "description": "With invalid input: each field.",
            },
            "current": {
                "oneOf": [{"$ref": "#/components/schemas/Update"}, {"$ref": "#/components/schemas/Item"}],
                "description": "With 412: the update, or the item, as it stands.",
            },
            "update": {
                "$ref": "#/components/schemas/Update",
                "description": "With an item that is published already: what it became.",
            },
            "time": {
                "type": "string",
                "format": "date-time",
                "description": "With 410: the time it was shown with; of an item, when it was made.",
            },
        },
    }


def _parameter(name: str, place: str, description: str, **schema: Any) -> dict[str, Any]:
    schema = {"type": "string"} | schema
    return {
        "name": name,
        "in": place,
        "required": place == "path",
        "description": description,
        "schema": schema,
    }


PARAMETERS = {
    "feed": _parameter("feed", "path", "The feed's slug.", pattern="^[a-z0-9-]{1,64}$"),
    "id": _parameter("id", "path", "The id of the update, item or session.", pattern="^[A-Za-z0-9_-]{1,64}$"),
    "name": _parameter("name", "path", "A person's or a token's name.", maxLength=100),
    "limit": _parameter(
        "limit",
        "query",
        "How many updates.",
        type="integer",
        minimum=1,
        maximum=MAX_LIMIT,
        default=DEFAULT_LIMIT,
    ),
    "cursor": _parameter("cursor", "query", "`next` or `prev` of another page; brings its order and filter."),
    "around": _parameter("around", "query", "An update's id: the page with it in the middle."),
    "order": _parameter(
        "order", "query", "Newest first, or oldest.", enum=["newest", "oldest"], default="newest"
    ),
    "key": _parameter("key", "query", "1: key events only.", enum=["0", "1"], default="0"),
    "tag": _parameter("tag", "query", "Only updates with this tag.", maxLength=50),
    "all": _parameter("all", "query", "1: every feed that the token may use.", enum=["1"]),
    "preview": _parameter("preview", "query", "1: say what would be done, and do nothing.", enum=["0", "1"]),
    "format": _parameter("format", "query", "As what.", enum=["markdown", "html"], default="markdown"),
    "confirm": _parameter("confirm", "query", "The feed's slug once more."),
    "after": _parameter("after", "query", "The position that was reached, as k3f9:128."),
    "wait": _parameter(
        "wait", "query", "Seconds to wait for a change.", type="integer", minimum=0, maximum=55, default=25
    ),
    "Last-Event-ID": _parameter(
        "Last-Event-ID", "header", "The position that was reached; goes before `after`."
    ),
    "If-Match": _parameter("If-Match", "header", 'The revision to change, as "3", or *.'),
    "Idempotency-Key": _parameter(
        "Idempotency-Key",
        "header",
        "Makes a repeated request be done once. Scoped to token and address.",
        pattern="^[!-~]{1,100}$",
    ),
}

ANSWER_HEADERS = {
    "ETag": {"description": "An update's revision, or a hash of the body.", "schema": {"type": "string"}},
    "Location": {"description": "Where the new thing is.", "schema": {"type": "string"}},
    "Cache-Control": {"description": "How long it may be kept.", "schema": {"type": "string"}},
    "Content-Disposition": {"description": "The file's name.", "schema": {"type": "string"}},
    "Set-Cookie": {"description": "The session.", "schema": {"type": "string"}},
}

SECURITY_SCHEMES = {
    "token": {"type": "http", "scheme": "bearer", "description": "From `livefeed token create`."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "livefeed_session",
        "description": "From `POST /v1/session`; `__Host-…` over https. Writes need our `Origin`.",
    },
}
