"""The part of the table that only the desk needs: people, who is there, bringing updates in and out."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from livefeed.core.models import PersonCreate, Role
from livefeed.web import at_desk, people, story, transfer
from livefeed.web.operations import Answer, Operation

__all__ = [
    "ANSWERS",
    "ImportRefusal",
    "ImportReport",
    "ImportedUpdate",
    "Invite",
    "InviteList",
    "Invited",
    "Ndjson",
    "Person",
    "ReaderCounts",
    "SessionInfo",
    "SessionList",
    "Story",
    "TokenInfo",
    "TokenList",
    "operations",
]


class Person(BaseModel):
    """``feeds``: those that the person is limited to; null means all."""

    name: str
    role: Role
    feeds: list[str] | None


class SessionInfo(BaseModel):
    """``current``: the one that asks. ``used`` is true to the minute."""

    id: str
    name: str
    role: Role
    began: str
    used: str
    agent: str
    current: bool


class SessionList(BaseModel):
    sessions: list[SessionInfo]


class TokenInfo(Person):
    created: str
    used: str | None


class TokenList(BaseModel):
    tokens: list[TokenInfo]


class Invite(Person):
    until: str


class InviteList(BaseModel):
    invites: list[Invite]


class Invited(Invite):
    """``url`` is shown this once."""

    url: str


class ReaderCounts(BaseModel):
    """Feed → how many read it now, over all processes."""

    readers: dict[str, int]


class ImportRefusal(BaseModel):
    """``entry``: where it stood, as ``line 3`` or ``entry 5 (its key)``."""

    entry: str
    why: str


class ImportedUpdate(BaseModel):
    """``id`` is null where it has none yet."""

    kind: Literal["added", "changed"]
    id: str | None
    headline: str
    time: str


class ImportReport(BaseModel):
    """``updates``: the first 50 of those added and changed."""

    preview: bool
    added: int
    changed: int
    unchanged: int
    refused: list[ImportRefusal]
    updates: list[ImportedUpdate]


class Ndjson(BaseModel):
    """An update a line, as import reads it."""


class Story(BaseModel):
    """A text."""


ANSWERS = (SessionList, TokenList, InviteList, Invited, ReaderCounts, ImportReport, Ndjson, Story)

_ADMIN = (401, 403, 503)
_BODY = (400, 413, 415, 422)

_PEOPLE = [
    Operation(
        method="GET",
        path="/v1/sessions",
        endpoint=people.list_sessions,
        name="listSessions",
        summary="Your sessions at the desk, the last used first; for an admin, everybody's.",
        answers={200: Answer("The sessions.", "SessionList")},
        problems=(401, 503),
        role="contributor",
    ),
    Operation(
        method="DELETE",
        path="/v1/sessions/{id}",
        endpoint=people.end_session,
        name="endSession",
        summary="End a session everywhere, its open streams within 5 seconds.",
        answers={204: Answer("Ended.")},
        problems=(401, 403, 404, 503),
        role="contributor",
    ),
    Operation(
        method="GET",
        path="/v1/tokens",
        endpoint=people.list_tokens,
        name="listTokens",
        summary="Tokens, and people who joined by an invite; never a secret.",
        answers={200: Answer("By name.", "TokenList")},
        problems=_ADMIN,
        role="admin",
    ),
    Operation(
        method="DELETE",
        path="/v1/tokens/{name}",
        endpoint=people.revoke_token,
        name="revokeToken",
        summary="Revoke a token with all its sessions, their open streams within 5 seconds.",
        answers={204: Answer("Revoked.")},
        problems=(*_ADMIN, 404),
        role="admin",
    ),
    Operation(
        method="POST",
        path="/v1/invites",
        endpoint=people.create_invite,
        name="invite",
        summary="Make a link that lets one person sign in, once, within a day; a newer one replaces it. "
        "Who is in already is signed in again, with the role and feeds they have.",
        answers={201: Answer("The link, shown once, and what it lets that person do.", "Invited")},
        problems=(*_ADMIN, *_BODY),
        role="admin",
        body=PersonCreate,
        example={"name": "Ada", "role": "editor"},
    ),
    Operation(
        method="GET",
        path="/v1/invites",
        endpoint=people.list_invites,
        name="listInvites",
        summary="The invites that nobody has used yet.",
        answers={200: Answer("By name.", "InviteList")},
        problems=_ADMIN,
        role="admin",
    ),
    Operation(
        method="DELETE",
        path="/v1/invites/{name}",
        endpoint=people.withdraw_invite,
        name="withdrawInvite",
        summary="Withdraw an invite: its link lets nobody in any more.",
        answers={204: Answer("Withdrawn.")},
        problems=(*_ADMIN, 404),
        role="admin",
    ),
]

_AT_DESK = [
    Operation(
        method="POST",
        path="/v1/feeds/{feed}/presence",
        endpoint=at_desk.say_presence,
        name="sayPresence",
        summary="A tab of the desk is open, and what is edited there; good for 30 seconds. Or it is left.",
        answers={204: Answer("Said: the feed's desk streams tell it within a second.")},
        problems=(401, 403, 404, 503, *_BODY),
        role="contributor",
        body=at_desk.PresenceRequest,
        example={"key": "a1b2c3", "editing": "01m81cwhwv9602fy769nhsjvj6"},
    ),
    Operation(
        method="GET",
        path="/v1/readers",
        endpoint=at_desk.list_readers,
        name="countReaders",
        summary="How many read each feed now, of those that the token may use.",
        answers={200: Answer("The counts.", "ReaderCounts")},
        problems=(401, 403, 503),
        role="contributor",
    ),
]

_TRANSFER = [
    Operation(
        method="POST",
        path="/v1/feeds/{feed}/import",
        endpoint=transfer.import_file,
        name="import",
        summary="Import NDJSON, RSS, Atom or a JSON Feed: a file, or the address of one. Twice is as once.",
        answers={200: Answer("What was done, or with preview=1 what would be.", "ImportReport")},
        problems=(401, 403, 404, 408, 409, 503, *_BODY),
        role="editor",
        parameters=("preview",),
        body=transfer.ImportRequest,
        takes=transfer.IMPORT_TYPES,
        example={"url": "https://example.org/feed.xml"},
    ),
    Operation(
        method="GET",
        path="/v1/feeds/{feed}/export",
        endpoint=transfer.export,
        name="export",
        summary="Every update, oldest first, as the NDJSON that import reads.",
        answers={
            200: Answer("The file.", "Ndjson", "application/x-ndjson", headers=("Content-Disposition",))
        },
        problems=(401, 403, 404, 503),
        role="editor",
    ),
    Operation(
        method="GET",
        path="/v1/feeds/{feed}/story",
        endpoint=story.story,
        name="story",
        summary="The key updates as one text, oldest first.",
        answers={200: Answer("The story.", "Story", "text/markdown", also=("text/html",))},
        problems=(401, 403, 404, 422, 503),
        role="editor",
        parameters=("format",),
    ),
]

operations = (*_PEOPLE, *_AT_DESK, *_TRANSFER)
