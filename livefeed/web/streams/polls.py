"""The long poll."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from livefeed.core.position import Position
from livefeed.errors import InvalidInput, TooManyReaders
from livefeed.fanout.stream import poll, watching
from livefeed.web import caching
from livefeed.web.channels import Admitted, open_channel
from livefeed.web.problems import problem_response
from livefeed.web.site import site_of
from livefeed.web.streams.following import TO_ALL, disconnected, unless_gone

__all__ = ["changes"]

_MAX_WAIT_S = 55


async def changes(request: Request) -> Response:
    """``GET /v1/feeds/{feed}/changes?after=<position>&wait=25``: one ``sync``.

    Raises:
        BadPosition, InvalidInput, FeedNotFound, Forbidden, StoreError
    """
    try:
        admitted = await open_channel(request)
    except TooManyReaders as error:
        response = problem_response(request, error)
        response.headers.update(TO_ALL)  # a page is to learn when it may come back
        return response
    with admitted.seat:
        return await _changes(request, admitted)


async def _changes(request: Request, admitted: Admitted) -> Response:
    site, channel = site_of(request), admitted.channel
    after, wait = request.query_params.get("after"), request.query_params.get("wait", "25")
    if not (wait.isascii() and wait.isdigit() and len(wait) <= 2 and int(wait) <= _MAX_WAIT_S):
        raise InvalidInput.of("wait", f"give a whole number of seconds from 0 to {_MAX_WAIT_S}")
    position = Position.parse(after) if after is not None else None
    with watching(channel):
        message = await unless_gone(
            poll(site.hub, channel, position, wait_s=int(wait), draft_pass=admitted.draft_pass),
            disconnected(request.receive),
        )
    if message is None:
        return Response()  # nobody is there to read it
    cache = caching.BRIEF if admitted.draft_pass is None else caching.NO_STORE
    return caching.answer(request, message.data, cache=cache, headers=admitted.headers)
