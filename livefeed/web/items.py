"""What is done at a feed's desk: drafts, review, schedule, hold, publishing, over HTTP with JSON."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from livefeed.core import steps, validation
from livefeed.core.items import Actor, Item, ItemCreate, ReturnRequest, ScheduleRequest
from livefeed.core.models import Role
from livefeed.store.items import ItemOutcome
from livefeed.store.tokens import Token
from livefeed.web.auth import enter
from livefeed.web.bodies import Body, has_body, read_object
from livefeed.web.caching import NO_STORE, answer, etag_of_rev, rev_to_match
from livefeed.web.idempotency import idempotency_of
from livefeed.web.operations import Endpoint
from livefeed.web.site import site_of

__all__ = [
    "cancel_item",
    "create_item",
    "delete_item",
    "get_item",
    "list_items",
    "patch_item",
    "publish_item",
    "release_item",
    "return_item",
    "schedule_item",
    "submit_item",
]

_NOTHING = Body(b"", {})


async def list_items(request: Request) -> Response:
    slug, _ = await enter(request, "contributor")
    page = await site_of(request).store.items.newest(slug)
    return answer(request, page.json(), cache=NO_STORE)


async def get_item(request: Request) -> Response:
    slug, _ = await enter(request, "contributor")
    raw = await site_of(request).store.items.get(slug, request.path_params["id"])
    return answer(request, raw, cache=NO_STORE, etag=etag_of_rev(orjson.loads(raw)["rev"]))


async def create_item(request: Request) -> Response:
    slug, token = await enter(request, "contributor")
    body = await read_object(request)
    wanted = validation.parse(ItemCreate, body.fields)
    key = idempotency_of(request, token, body.raw)
    outcome = await site_of(request).store.items.create(slug, wanted, actor=_actor(token), idempotency=key)
    return _answer(request, slug, outcome)


async def delete_item(request: Request) -> Response:
    slug, token = await enter(request, "contributor")
    rev, key = rev_to_match(request), idempotency_of(request, token)
    await site_of(request).store.items.discard(
        slug, request.path_params["id"], actor=_actor(token), if_match=rev, idempotency=key
    )
    return answer(request, b"", status=204, cache=NO_STORE)


# Steps: what the body says makes one -------------------------------------------------------------


def _step(role: Role, read: Callable[[Any, Actor], Callable[[Item, datetime], Item]], body: bool) -> Endpoint:
    """An endpoint that takes a step of :mod:`livefeed.core.steps`; ``read`` makes it of what was sent."""

    async def endpoint(request: Request) -> Response:
        slug, token = await enter(request, role)
        rev = rev_to_match(request)
        sent = await read_object(request) if body else _NOTHING
        step = read(sent.fields, _actor(token))
        outcome = await site_of(request).store.items.change(
            slug,
            request.path_params["id"],
            step,
            if_match=rev,
            idempotency=idempotency_of(request, token, sent.raw),
        )
        return _answer(request, slug, outcome)

    return endpoint


def _return(sent: Any, actor: Actor) -> Callable[[Item, datetime], Item]:
    note = validation.parse(ReturnRequest, sent).note
    return lambda item, now: steps.send_back(item, note, actor=actor, now=now)


def _schedule(sent: Any, actor: Actor) -> Callable[[Item, datetime], Item]:
    time = validation.parse(ScheduleRequest, sent).time
    return lambda item, now: steps.schedule(item, time, actor=actor, now=now)


patch_item = _step(
    "contributor",
    lambda sent, actor: lambda item, now: steps.edit(item, sent, actor=actor, now=now),
    body=True,
)
submit_item = _step(
    "contributor", lambda _, actor: lambda item, now: steps.submit(item, actor=actor, now=now), body=False
)
return_item = _step("editor", _return, body=True)
schedule_item = _step("editor", _schedule, body=True)
cancel_item = _step(
    "contributor", lambda _, actor: lambda item, now: steps.cancel(item, actor=actor, now=now), body=False
)


# Going out --------------------------------------------------------------------------------------


async def publish_item(request: Request) -> Response:
    """The body is optional: changes of the item that are saved and published together."""
    slug, token = await enter(request, "editor")
    rev = rev_to_match(request)
    sent = await read_object(request) if has_body(request) else _NOTHING
    outcome = await site_of(request).store.outgoing.publish(
        slug,
        request.path_params["id"],
        sent.fields,
        actor=_actor(token),
        if_match=rev,
        idempotency=idempotency_of(request, token, sent.raw),
    )
    return _answer(request, slug, outcome, going=202)


async def release_item(request: Request) -> Response:
    slug, token = await enter(request, "editor")
    outcome = await site_of(request).store.outgoing.release(
        slug,
        request.path_params["id"],
        if_match=rev_to_match(request),
        idempotency=idempotency_of(request, token),
    )
    return _answer(request, slug, outcome)


# ------------------------------------------------------------------------------------------------


def _actor(token: Token) -> Actor:
    return Actor(token.name, token.may("editor"))


def _answer(request: Request, slug: str, outcome: ItemOutcome, *, going: int = 200) -> Response:
    status, place = {
        "created": (201, f"items/{outcome.id}"),
        "published": (201, f"updates/{outcome.id}"),
        "out": (200, None),
    }.get(outcome.kind, (going, None))
    etag = etag_of_rev(orjson.loads(outcome.body)["rev"])
    headers = {"Location": f"/v1/feeds/{slug}/{place}"} if place else {}
    return answer(request, outcome.body, status=status, cache=NO_STORE, etag=etag, headers=headers)
