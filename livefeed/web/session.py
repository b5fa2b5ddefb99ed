"""Signing in at the desk with a token, and out again: ``/v1/session``."""

from __future__ import annotations

from typing import Annotated

import orjson
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from livefeed.core import models
from livefeed.store.tokens import Token
from livefeed.web.auth import (
    authenticate,
    clear_session_cookie,
    require_own_origin,
    session_of,
    set_session_cookie,
)
from livefeed.web.bodies import read_object
from livefeed.web.caching import NO_STORE, answer
from livefeed.web.site import site_of

__all__ = ["SessionRequest", "Who", "sign_in", "sign_out", "who_am_i"]


class SessionRequest(BaseModel):
    """Sign in."""

    model_config = ConfigDict(extra="forbid", strict=True)

    token: Annotated[str, Field(min_length=1, max_length=200)]


class Who(BaseModel):
    """Who is signed in, or whose token it is. ``feeds``: those it is limited to; null means all."""

    name: str
    role: models.Role
    feeds: list[str] | None


async def sign_in(request: Request) -> Response:
    # No page of another site may sign a browser in, as somebody whose token it knows.
    if "origin" in request.headers:
        require_own_origin(request)
    wanted = models.parse(SessionRequest, (await read_object(request)).fields)
    site = site_of(request)
    token = await site.store.tokens.check(wanted.token)
    response = _who(request, token)
    set_session_cookie(response, site.settings, await site.store.tokens.open_session(wanted.token))
    return response


async def who_am_i(request: Request) -> Response:
    return _who(request, await authenticate(request))


async def sign_out(request: Request) -> Response:
    site = site_of(request)
    response = answer(request, b"", status=204, cache=NO_STORE)
    if (session := session_of(request)) is not None:
        require_own_origin(request)
        await site.store.tokens.close_session(session)
    clear_session_cookie(response, site.settings)
    return response


def _who(request: Request, token: Token) -> Response:
    who = Who(name=token.name, role=token.role, feeds=None if token.feeds is None else list(token.feeds))
    return answer(request, orjson.dumps(who.model_dump()), cache=NO_STORE)
