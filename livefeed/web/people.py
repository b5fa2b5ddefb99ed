"""Who is in and who may come in: sessions, tokens and invites. Nobody gives or takes more than they have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from livefeed.core import validation
from livefeed.core.models import PersonCreate, Role
from livefeed.errors import (
    FeedNotFound,
    Forbidden,
    InvalidInput,
    InviteNotFound,
    SessionNotFound,
    TokenNotFound,
)
from livefeed.store.invites import Invite
from livefeed.store.store import Store
from livefeed.store.tokens import Token
from livefeed.web.auth import authenticate, clear_session_cookie, require
from livefeed.web.bodies import read_object
from livefeed.web.caching import NO_STORE, answer
from livefeed.web.site import site_of

__all__ = [
    "create_invite",
    "end_session",
    "list_invites",
    "list_sessions",
    "list_tokens",
    "revoke_token",
    "withdraw_invite",
]


# Sessions ---------------------------------------------------------------------------------------


async def list_sessions(request: Request) -> Response:
    """Your own, and as an admin those of everybody you could invite."""
    token = await authenticate(request)
    listed = [
        {
            "id": session.id,
            "name": session.token.name,
            "role": session.token.role,
            "began": session.began,
            "used": session.used,
            "agent": session.agent,
            "current": session.id == token.session,
        }
        for session in await site_of(request).store.sessions.list()
        if _is_theirs(token, session.token)
    ]
    return _json(request, {"sessions": listed})


async def end_session(request: Request) -> Response:
    token, site = await authenticate(request), site_of(request)
    session_id: str = request.path_params["id"]
    found = [session for session in await site.store.sessions.list() if session.id == session_id]
    if not found or not _is_theirs(token, found[0].token):
        raise SessionNotFound(session_id)
    await site.store.sessions.end(session_id)
    response = answer(request, b"", status=204, cache=NO_STORE)
    if session_id == token.session:
        clear_session_cookie(response, site.settings)
    return response


# Tokens -----------------------------------------------------------------------------------------


async def list_tokens(request: Request) -> Response:
    admin = await require(request, "admin")
    listed = [
        _person(token.name, token.role, token.feeds) | {"created": token.created, "used": token.used}
        for token in await site_of(request).store.tokens.list()
        if _is_theirs(admin, token)
    ]
    return _json(request, {"tokens": listed})


async def revoke_token(request: Request) -> Response:
    admin, store = await require(request, "admin"), site_of(request).store
    name: str = request.path_params["name"]
    if not any(token.name == name and _is_theirs(admin, token) for token in await store.tokens.list()):
        raise TokenNotFound(name)
    await store.tokens.revoke(name)
    return answer(request, b"", status=204, cache=NO_STORE)


# Invites ----------------------------------------------------------------------------------------


async def create_invite(request: Request) -> Response:
    admin, site = await require(request, "admin"), site_of(request)
    wanted = validation.parse(PersonCreate, (await read_object(request)).fields)
    _require_cover(admin, wanted.role, wanted.feeds)
    await _require_feeds(site.store, wanted.feeds)
    secret, invite = await site.store.invites.create(wanted.name, wanted.role, wanted.feeds, by=admin)
    # After the #, so that it is in no server's log and no scanner that opens the link spends it.
    url = f"{site.settings.desk_at(site.settings.origin)}/desk/join#{secret}"
    return _json(request, {"url": url, **_invite(invite)}, status=201)


async def list_invites(request: Request) -> Response:
    admin = await require(request, "admin")
    listed = [
        _invite(invite)
        for invite in await site_of(request).store.invites.list()
        if admin.covers(invite.role, invite.feeds)
    ]
    return _json(request, {"invites": listed})


async def withdraw_invite(request: Request) -> Response:
    admin, store = await require(request, "admin"), site_of(request).store
    name: str = request.path_params["name"]
    if not any(i.name == name and admin.covers(i.role, i.feeds) for i in await store.invites.list()):
        raise InviteNotFound(name)
    await store.invites.withdraw(name)
    return answer(request, b"", status=204, cache=NO_STORE)


# ------------------------------------------------------------------------------------------------


def _is_theirs(who: Token, other: Token) -> bool:
    """Whether somebody may look after this token: it is their own, or an admin's who has as much."""
    return other.name == who.name or (who.may("admin") and who.covers(other.role, other.feeds))


def _require_cover(admin: Token, role: Role, feeds: Sequence[str] | None) -> None:
    if not admin.covers(role, feeds):
        own = ", ".join(admin.feeds or ())
        raise Forbidden(f"“{admin.name}” may invite for their own feeds only: name some of {own} in `feeds`.")


async def _require_feeds(store: Store, feeds: Sequence[str] | None) -> None:
    for at, slug in enumerate(feeds or ()):
        try:
            await store.feeds.get(slug)
        except FeedNotFound as error:
            raise InvalidInput.of(f"feeds.{at}", str(error)) from error


def _person(name: str, role: Role, feeds: Sequence[str] | None) -> dict[str, Any]:
    return {"name": name, "role": role, "feeds": None if feeds is None else list(feeds)}


def _invite(invite: Invite) -> dict[str, Any]:
    return _person(invite.name, invite.role, invite.feeds) | {"until": invite.until}


def _json(request: Request, value: object, *, status: int = 200) -> Response:
    return answer(request, orjson.dumps(value), status=status, cache=NO_STORE)
