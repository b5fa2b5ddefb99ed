"""Which channel who asks may follow: drafts for those with a token, pages of the feed's sites only."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from livefeed.core.models import Feed
from livefeed.errors import FeedNotFound
from livefeed.fanout.channel import Channel
from livefeed.fanout.stream import DraftPass
from livefeed.web.readers import draft_token, site_headers
from livefeed.web.site import site_of

__all__ = ["Admitted", "open_channel"]


@dataclass(frozen=True, slots=True)
class Admitted:
    """A channel for one who asks; ``headers`` let their page read the answer.

    ``draft_pass``: by which they may follow it while it is a draft.
    """

    channel: Channel
    headers: dict[str, str]
    draft_pass: DraftPass | None


async def open_channel(connection: HTTPConnection) -> Admitted:
    """The channel that the path names. Of an open feed it is known here: no question goes to Redis.

    Raises:
        FeedNotFound: there is none, or it is a draft and who asks has no token for it.
        Forbidden: the page that asks is of a site that may not use the feed.
        StoreError
    """
    channel = await site_of(connection).hub.channel(connection.path_params["feed"])
    feed = Feed.model_validate(channel.feed)
    draft_pass = None
    if not feed.is_public:
        since = asyncio.get_running_loop().time()
        token = await draft_token(connection, feed)
        if token is None:
            raise FeedNotFound(feed.slug)
        draft_pass = DraftPass(token.name, since)
    return Admitted(channel, site_headers(connection, feed), draft_pass)
