"""Server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing, nullcontext

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from livefeed.core.position import Position, Verdict
from livefeed.errors import FeedNotFound, StoreError, TooManyReaders
from livefeed.fanout.admission import Seat
from livefeed.fanout.channel import Channel
from livefeed.fanout.framing import EVENTS, EVENTS_GZIP, Framing
from livefeed.fanout.message import DRAIN_RETRY_S, OVERLOAD_RETRY_S, Message, bye
from livefeed.fanout.stream import watching
from livefeed.fanout.takeover import Takeover
from livefeed.web.channels import Admitted, Opener, open_channel
from livefeed.web.site import Site, site_of
from livefeed.web.streams.following import TO_ALL, disconnected, position_of, pulled, takeover_of, unless_gone

__all__ = ["events", "follow", "offers_gzip"]

_HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
    "X-Content-Type-Options": "nosniff",
}


async def events(request: Request) -> Response:
    """``GET /v1/feeds/{feed}/events``, from ``Last-Event-ID``, else ``?after=``, else a snapshot.

    ``EventSource`` gives up for ever on 429, 503 and 403, but comes back after 200 and a close. So
    what will pass (overload, drain, Redis away) is said with 200, ``retry:`` and ``bye``.
    """
    return await follow(request, open_channel)


async def follow(request: Request, opener: Opener) -> Response:
    """The event stream of what ``opener`` finds.

    Raises:
        FeedNotFound, AccessError
    """
    site = site_of(request)
    try:
        admitted = await opener(request)
    except StoreError:
        return _EventStream(site, None, _once(bye("overload", OVERLOAD_RETRY_S)), TO_ALL)
    except TooManyReaders as error:
        return _EventStream(site, None, _once(bye("overload", error.retry_after_s)), TO_ALL)
    with admitted.seat:  # until the stream has it
        return _answer(site, request, admitted)


def _answer(site: Site, request: Request, admitted: Admitted) -> Response:
    channel, headers = admitted.channel, admitted.headers
    if site.hub.draining:
        return _EventStream(site, None, _once(bye("drain", DRAIN_RETRY_S)), headers)
    resumed = request.headers.get("last-event-id")
    position = position_of(resumed or request.query_params.get("after"))
    goes_on = channel.goes_on(with_draft=admitted.draft_pass is not None)
    if resumed and not goes_on and _is_up_to_date(channel, position):
        return Response(status_code=204, headers={**headers, "Cache-Control": "no-store"})

    def plain() -> _EventStream:
        return _EventStream(site, channel, _or_overload(pulled(site, admitted, position)), headers)

    answer: _EventStream | _TakenStream
    if (takeover := takeover_of(request, admitted)) is None:
        answer = plain()
    else:
        gzip = site.settings.compress and offers_gzip(request.headers.get("accept-encoding", ""))
        answer = _TakenStream(site, admitted, position, takeover, EVENTS_GZIP if gzip else EVENTS, plain)
    answer.seat = admitted.seat.moved()  # the last thing: only the answer gives it back from here on
    return answer


def offers_gzip(accept_encoding: str) -> bool:
    """Whether a request offers to unpack gzip (RFC 9110, section 12.5.3)."""
    for offer in accept_encoding.split(","):
        coding, _, weight = offer.partition(";")
        if coding.strip().lower() in ("gzip", "x-gzip"):
            return weight.replace(" ", "").lower() not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def _is_up_to_date(channel: Channel, position: Position | None) -> bool:
    return (
        position is not None
        and channel.judge(position) is Verdict.GOOD
        and channel.missed(position.offset) == []
    )


class _TakenStream(Response):
    """Begins the answer and takes the connection over; where Redis is away, ``plain`` says so."""

    media_type = None

    def __init__(
        self,
        site: Site,
        admitted: Admitted,
        position: Position | None,
        takeover: Takeover,
        framing: Framing,
        plain: Callable[[], _EventStream],
    ) -> None:
        # The connection ends with the stream: nothing else is read from it.
        headers = {**_HEADERS, **admitted.headers, "Connection": "close"}
        if framing.compressed:
            headers["Content-Encoding"] = "gzip"
        super().__init__(headers=headers)
        del self.headers["content-length"]
        self._audience, self._channel = site.hub.audience(admitted.channel), admitted.channel
        self._position, self._takeover, self._framing = position, takeover, framing
        self._plain = plain
        self.seat: Seat | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.seat is not None
        with self.seat as seat, watching(self._channel):  # one that nobody watches is dropped
            try:
                welcome = await self._audience.welcome(self._position, self._framing)
            except (FeedNotFound, StoreError):
                await self._plain()(scope, receive, send)
                return
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            # Nothing is awaited in between.
            if not self._audience.admit(self._takeover.take, welcome, seat):
                await send({"type": "http.response.body"})  # the reader has gone, or comes back


class _EventStream(Response):
    """Sends batches as server-sent events, through ASGI, until they end or the reader leaves."""

    media_type = None

    def __init__(
        self,
        site: Site,
        channel: Channel | None,
        batches: AsyncGenerator[list[Message], None],
        cors: Mapping[str, str],
    ):
        super().__init__(headers={**_HEADERS, **cors})
        del self.headers["content-length"]
        self._site, self._channel, self._batches = site, channel, batches
        self.seat: Seat | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self.seat or nullcontext():
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Counted before anything is awaited: a channel that nobody watches may be dropped.
        with watching(self._channel) if self._channel else nullcontext():
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            if scope["method"] == "HEAD":
                await send({"type": "http.response.body"})
                return
            stuck = await unless_gone(self._send_all(send), disconnected(receive))
        if stuck:
            # Neither said good-bye to nor counted any more, but still in its seat. ASGI cannot cut a
            # connection: the kernel does, after fanout.server.STALLED_MS.
            await disconnected(receive)

    async def _send_all(self, send: Send) -> bool:
        """Send until the end; True if the reader took nothing for too long."""
        try:
            async with aclosing(self._batches) as batches:
                async for batch in batches:
                    body = b"".join(message.sse() for message in batch)
                    async with asyncio.timeout(self._site.settings.send_timeout_s):
                        await send({"type": "http.response.body", "body": body, "more_body": True})
            await send({"type": "http.response.body"})
        except TimeoutError:
            return True
        except OSError:
            pass  # gone
        return False


async def _once(message: Message) -> AsyncGenerator[list[Message], None]:
    yield [message]


async def _or_overload(batches: AsyncGenerator[list[Message], None]) -> AsyncGenerator[list[Message], None]:
    try:
        async with aclosing(batches):
            async for batch in batches:
                yield batch
    except (FeedNotFound, StoreError):
        yield [bye("overload", OVERLOAD_RETRY_S)]
