"""Which channel who asks may follow: drafts for those with a token, pages of the feed's sites only."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import HTTPConnection

from livefeed.core.models import Feed
from livefeed.errors import FeedNotFound
from livefeed.fanout.channel import Channel
from livefeed.web.readers import draft_token, site_headers
from livefeed.web.site import site_of

__all__ = ["Admitted", "open_channel"]


@dataclass(frozen=True, slots=True)
class Admitted:
    """A channel for one who asks; ``headers`` let their page read the answer.

    ``token``: the name of the token by which they may follow it while it is a draft, None if by none.
    """

    channel: Channel
    headers: dict[str, str]
    token: str | None


async def open_channel(connection: HTTPConnection) -> Admitted:
    """The channel that the path names. Of an open feed it is known here: no question goes to Redis.

    Raises:
        FeedNotFound: there is none, or it is a draft and who asks has no token for it.
        Forbidden: the page that asks is of a site that may not use the feed.
        StoreError
    """
    channel = await site_of(connection).hub.channel(connection.path_params["feed"])
    feed = Feed.model_validate(channel.feed)
    token = None if feed.is_public else await draft_token(connection, feed)
    if token is None and not feed.is_public:
        raise FeedNotFound(feed.slug)
    return Admitted(channel, site_headers(connection, feed), token.name if token else None)
