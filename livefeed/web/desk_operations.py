"""The part of the table that is about people: sessions, tokens, invites, who reads, who is at the desk."""

from __future__ import annotations

from pydantic import BaseModel

from livefeed.core.models import PersonCreate, Role
from livefeed.web import at_desk, people
from livefeed.web.operations import Answer, Operation

__all__ = [
    "ANSWERS",
    "Invite",
    "InviteList",
    "Invited",
    "Person",
    "ReaderCounts",
    "SessionInfo",
    "SessionList",
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


ANSWERS = (SessionList, TokenList, InviteList, Invited, ReaderCounts)

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
        summary="Make a link that lets one person sign in, once, within a day. A newer one replaces it.",
        answers={201: Answer("The link, shown once.", "Invited")},
        problems=(*_ADMIN, 409, *_BODY),
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

operations = (*_PEOPLE, *_AT_DESK)
