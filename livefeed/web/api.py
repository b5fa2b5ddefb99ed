"""What editors do: feeds and updates, over HTTP with JSON."""

from __future__ import annotations

import orjson
from starlette.requests import Request
from starlette.responses import Response

from livefeed.core import models, validation
from livefeed.core.markdown import plain_text, render
from livefeed.core.models import Feed, FeedCreate, RenderRequest, UpdateCreate
from livefeed.errors import InvalidInput
from livefeed.store.updates import Outcome
from livefeed.web.auth import enter, permit, require
from livefeed.web.bodies import read_object
from livefeed.web.caching import NO_STORE, answer, etag_of_rev, rev_to_match
from livefeed.web.idempotency import idempotency_of
from livefeed.web.site import site_of

__all__ = [
    "create_feed",
    "delete_feed",
    "delete_update",
    "list_revisions",
    "patch_feed",
    "patch_update",
    "publish_update",
    "render_text",
]


# Feeds ------------------------------------------------------------------------------------------


async def create_feed(request: Request) -> Response:
    token = await require(request, "admin")
    body = await read_object(request)
    wanted = validation.parse(FeedCreate, body.fields)
    permit(token, "admin", wanted.slug)
    key = idempotency_of(request, token, body.raw)
    feed = await site_of(request).store.feeds.create(wanted, idempotency=key)
    return _feed(request, feed, status=201, headers={"Location": f"/v1/feeds/{feed.slug}"})


async def patch_feed(request: Request) -> Response:
    slug, token = await enter(request, "admin")
    body = await read_object(request)
    key = idempotency_of(request, token, body.raw)
    return _feed(request, await site_of(request).store.feeds.patch(slug, body.fields, idempotency=key))


async def delete_feed(request: Request) -> Response:
    slug, token = await enter(request, "admin")
    key = idempotency_of(request, token)
    if request.query_params.get("confirm") != slug:
        raise InvalidInput.of(
            "confirm", f"this removes the feed with everything in it: to confirm, add “?confirm={slug}”"
        )
    await site_of(request).store.feeds.remove(slug, idempotency=key)
    return answer(request, b"", status=204, cache=NO_STORE)


# Updates ----------------------------------------------------------------------------------------


async def publish_update(request: Request) -> Response:
    slug, token = await enter(request, "editor")
    body = await read_object(request)
    draft = validation.parse(UpdateCreate, body.fields)
    key = idempotency_of(request, token, body.raw)
    outcome = await site_of(request).store.updates.publish(slug, draft, idempotency=key)
    return _update(request, slug, outcome)


async def patch_update(request: Request) -> Response:
    slug, token = await enter(request, "editor")
    rev = rev_to_match(request)
    body = await read_object(request)
    key = idempotency_of(request, token, body.raw)
    outcome = await site_of(request).store.updates.edit(
        slug, request.path_params["id"], body.fields, if_match=rev, idempotency=key
    )
    return _update(request, slug, outcome)


async def delete_update(request: Request) -> Response:
    slug, token = await enter(request, "editor")
    rev, key = rev_to_match(request), idempotency_of(request, token)
    await site_of(request).store.updates.delete(
        slug, request.path_params["id"], if_match=rev, idempotency=key
    )
    return answer(request, b"", status=204, cache=NO_STORE)


async def list_revisions(request: Request) -> Response:
    slug, _ = await enter(request, "editor")
    revisions = await site_of(request).store.updates.revisions(slug, request.path_params["id"])
    return answer(request, b'{"revisions":[' + b",".join(revisions) + b"]}", cache=NO_STORE)


async def render_text(request: Request) -> Response:
    await require(request, "contributor")
    wanted = validation.parse(RenderRequest, (await read_object(request)).fields)
    html = render(wanted.text, wanted.format)
    rendered = {"html": html, "headline": models.headline_of(None, plain_text(html))}
    return answer(request, orjson.dumps(rendered), cache=NO_STORE)


# ------------------------------------------------------------------------------------------------


def _feed(
    request: Request, feed: Feed, *, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    return answer(request, orjson.dumps(feed.model_dump()), status=status, cache=NO_STORE, headers=headers)


def _update(request: Request, slug: str, outcome: Outcome) -> Response:
    # The tag is that of the body: after a replay that can be newer than what the first request wrote.
    etag = etag_of_rev(orjson.loads(outcome.update)["rev"])
    created = outcome.kind == "created"
    headers = {"Location": f"/v1/feeds/{slug}/updates/{outcome.id}"} if created else {}
    return answer(
        request, outcome.update, status=201 if created else 200, cache=NO_STORE, etag=etag, headers=headers
    )
