"""Who is there: at the desk, and how many read each feed now."""

from __future__ import annotations

from typing import Self

import orjson
from pydantic import BaseModel, ConfigDict, model_validator
from starlette.requests import Request
from starlette.responses import Response

from livefeed.core import validation
from livefeed.core.models import UpdateId
from livefeed.store.presence import AtDesk
from livefeed.web.auth import enter, require
from livefeed.web.bodies import read_object
from livefeed.web.caching import NO_STORE, answer
from livefeed.web.site import site_of

__all__ = ["PresenceRequest", "list_readers", "say_presence"]


class PresenceRequest(BaseModel):
    """A tab of the desk says that it is open, what is edited in it, or that it is left.

    ``key`` is the tab's own.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    key: UpdateId  # of the same letters
    editing: UpdateId | None = None
    leave: bool = False

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.leave and self.editing is not None:
            raise ValueError("leave: who leaves edits nothing")
        return self


async def say_presence(request: Request) -> Response:
    slug, token = await enter(request, "contributor")
    said = validation.parse(PresenceRequest, (await read_object(request)).fields)
    presence, at = site_of(request).store.presence, AtDesk(token.name, said.key, said.editing)
    await (presence.leave(slug, at) if said.leave else presence.say(slug, at))
    return answer(request, b"", status=204, cache=NO_STORE)


async def list_readers(request: Request) -> Response:
    token, site = await require(request, "contributor"), site_of(request)
    feeds = [feed.slug for feed in await site.store.feeds.list() if token.may("contributor", feed.slug)]
    readers = await site.hub.counts.everywhere(feeds)
    return answer(request, orjson.dumps({"readers": readers}), cache=NO_STORE)
