"""Signing in at the desk, with a token or an invite, and out again: ``/v1/session``, ``/v1/join``."""

from __future__ import annotations

from typing import Annotated

import orjson
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from livefeed.core import models, validation
from livefeed.store.tokens import Token
from livefeed.web.auth import (
    agent_of,
    authenticate,
    clear_session_cookie,
    require_own_origin,
    session_of,
    set_session_cookie,
)
from livefeed.web.bodies import read_object
from livefeed.web.caching import NO_STORE, answer
from livefeed.web.site import site_of

__all__ = ["JoinRequest", "SessionRequest", "Who", "join", "sign_in", "sign_out", "who_am_i"]


class SessionRequest(BaseModel):
    """Sign in."""

    model_config = ConfigDict(extra="forbid", strict=True)

    token: Annotated[str, Field(min_length=1, max_length=200)]


class JoinRequest(BaseModel):
    """Redeem an invite."""

    model_config = ConfigDict(extra="forbid", strict=True)

    invite: Annotated[str, Field(min_length=1, max_length=200)]


class Who(BaseModel):
    """Who is signed in, or whose token it is.

    ``feeds``: those it is limited to; null means all. ``session``: its id; null with a token.
    """

    name: str
    role: models.Role
    feeds: list[str] | None
    session: str | None


async def sign_in(request: Request) -> Response:
    # No page of another site may sign a browser in, as somebody whose token it knows.
    if "origin" in request.headers:
        require_own_origin(request)
    wanted = validation.parse(SessionRequest, (await read_object(request)).fields)
    sessions = site_of(request).store.sessions
    return await _begin(request, await sessions.open(wanted.token, agent_of(request)))


async def join(request: Request) -> Response:
    # Whatever opens links by itself must not spend one: only the button on our own page does.
    require_own_origin(request)
    wanted = validation.parse(JoinRequest, (await read_object(request)).fields)
    return await _begin(
        request, await site_of(request).store.invites.redeem(wanted.invite, agent_of(request))
    )


async def who_am_i(request: Request) -> Response:
    return _who(request, await authenticate(request))


async def sign_out(request: Request) -> Response:
    site = site_of(request)
    response = answer(request, b"", status=204, cache=NO_STORE)
    if (session := session_of(request)) is not None:
        require_own_origin(request)
        await site.store.sessions.close(session)
    clear_session_cookie(response, site.settings)
    return response


async def _begin(request: Request, session: str) -> Response:
    site = site_of(request)
    response = _who(request, await site.store.sessions.check(session))
    set_session_cookie(response, site.settings, session)
    return response


def _who(request: Request, token: Token) -> Response:
    feeds = None if token.feeds is None else list(token.feeds)
    who = Who(name=token.name, role=token.role, feeds=feeds, session=token.session)
    return answer(request, orjson.dumps(who.model_dump()), cache=NO_STORE)
