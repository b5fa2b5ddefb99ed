"""Which channel who asks may follow: drafts for those with a token, pages of the feed's sites only."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from starlette.requests import HTTPConnection

from livefeed.errors import FeedNotFound
from livefeed.fanout.admission import Seat
from livefeed.fanout.channel import Channel
from livefeed.fanout.stream import DraftPass, watching
from livefeed.store.tokens import Token
from livefeed.web.origins import origin_of, own_origin
from livefeed.web.readers import draft_token, site_headers
from livefeed.web.site import site_of

__all__ = ["Admitted", "Opener", "open_channel", "pass_of"]


@dataclass(frozen=True, slots=True)
class Admitted:
    """A channel for one who asks; ``headers`` let their page read the answer.

    ``draft_pass``: by which they may follow it while it is a draft, or the desk's.
    ``seat``: their place among the readers; whoever ends the stream gives it back.
    """

    channel: Channel
    seat: Seat
    headers: dict[str, str]
    draft_pass: DraftPass | None


Opener: TypeAlias = Callable[[HTTPConnection], Awaitable[Admitted]]
"""Finds what a connection is to follow, and whether it may."""


async def open_channel(connection: HTTPConnection) -> Admitted:
    """The channel that the path names. Of an open feed it is known here: no question goes to Redis.

    Raises:
        FeedNotFound: there is none, or it is a draft and who asks has no token for it.
        ForeignOrigin: the page that asks is of a site that may not use the feed.
        TooManyReaders: there is no place for another reader.
        StoreError
    """
    site = site_of(connection)
    channel = await site.hub.channel(connection.path_params["feed"])
    feed = channel.describe()
    draft_pass = None
    if not feed.is_public:
        since = asyncio.get_running_loop().time()
        with watching(channel):  # one that nobody watches may be dropped
            token = await draft_token(connection, feed)
        if token is None:
            raise FeedNotFound(feed.slug)
        draft_pass = pass_of(token, since)
    headers = site_headers(connection, feed)
    # The last thing: from here on, somebody has to give the seat back.
    page = _site_of_page(connection) if site.admission.counts_origins else None
    seat = site.admission.take(_address(connection), page)
    return Admitted(channel, seat, headers, draft_pass)


def pass_of(token: Token, since: float) -> DraftPass:
    """What lets ``token``, which was good at ``since``, follow what is not for everybody."""
    left_s = math.inf if token.until is None else token.until - time.time()
    return DraftPass(token.name, since, token.session, left_s)


def _address(connection: HTTPConnection) -> str | None:
    return connection.client.host if connection.client else None


def _site_of_page(connection: HTTPConnection) -> str | None:
    """The origin to count by; our own pages may call us by more than one."""
    settings, headers = site_of(connection).settings, connection.headers
    origin = origin_of(settings, headers)
    return settings.origin if origin == own_origin(settings, headers) else origin
