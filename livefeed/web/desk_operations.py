"""The part of the table that is about people: sessions, tokens, invites, who reads and who is at the desk."""

from __future__ import annotations

from pydantic import BaseModel

from livefeed.core.models import PersonCreate, Role
from livefeed.web import people
from livefeed.web.operations import Answer, Operation

__all__ = [
    "ANSWERS",
    "Invite",
    "InviteList",
    "Invited",
    "Person",
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


ANSWERS = (SessionList, TokenList, InviteList, Invited)

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

operations = (*_PEOPLE,)
