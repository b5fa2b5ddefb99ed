"""``livefeed serve``: the embedded Redis, the first start, one process or several."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from itertools import chain, count

from livefeed import __version__
from livefeed.app import create_app, read_files
from livefeed.core.models import FeedCreate
from livefeed.demo.player import play
from livefeed.errors import FeedExists, MediaUnavailable, StartupError, StoreError
from livefeed.fanout import collector
from livefeed.fanout.server import Server, bind, is_listening, run
from livefeed.fanout.supervisor import supervise
from livefeed.fanout.tls import check_tls
from livefeed.settings import Settings, unknown_variables
from livefeed.store.embedded import EmbeddedRedis
from livefeed.store.store import Store

__all__ = ["address", "serve"]

_log = logging.getLogger("livefeed")

_ADDRESS = "livefeed.address"
"""Beside the embedded Redis: where its server listens, which other commands want to know."""

_NO_FEED = "there is no feed yet: livefeed feed create news --title News"
_NOBODY = "nobody can yet: livefeed invite NAME --role admin"

WATCH_S = 0.5
"""How often the embedded Redis is looked at."""


@dataclass(frozen=True)
class _Start:
    """What is known once Redis answers: its name, the feed to show, a token and an invite made just now.

    There may be no feed, and nobody who can sign in, in a Redis that is not ours.
    """

    redis: str
    embedded: bool
    feed: str | None
    anybody: bool
    token: str | None
    invite: str | None


def serve(settings: Settings, *, demo: bool, say: Callable[[str], None]) -> None:
    """Serve until SIGTERM or Ctrl-C; ``say`` is given what to tell whoever started it.

    Raises:
        StartupError: the certificate or a template cannot be used, the port is taken, Redis is away …
    """
    _log_to_stderr(settings)
    for name in unknown_variables():
        _log.warning("%s is no setting: docs/operating.md lists them", name)
    check_tls(settings)
    read_files(settings)  # before anything is started: each worker would find the same mistake
    listeners = bind(settings.host, settings.port, count=settings.workers)
    settings = settings.model_copy(update={"port": listeners[0].getsockname()[1]})
    with _redis(settings) as (settings, embedded):
        start = asyncio.run(_prepare(settings, embedded, demo=demo))
        if embedded is not None:
            (settings.data_dir / _ADDRESS).write_text(settings.origin)

        told = False

        def announce() -> None:
            nonlocal told
            told = True
            say(_announcement(settings, start))

        try:
            if settings.workers == 1:
                run(_serve_one(settings, listeners[0], embedded, demo=demo, announce=announce))
                return
            jobs = [(_work, (settings, listener, demo and at == 0)) for at, listener in enumerate(listeners)]
            supervise(jobs, _watching(embedded, settings, announce))
        finally:
            if start.token is not None and not told:  # it was made, and nobody would know it
                say(_token_lines(start.token))


def address(settings: Settings) -> str:
    """What readers call the server that these settings name, or that runs in the data directory."""
    if settings.public_url is None and settings.redis_url is None:
        with suppress(OSError):
            return (settings.data_dir / _ADDRESS).read_text()
    return settings.origin


@contextmanager
def _redis(settings: Settings) -> Iterator[tuple[Settings, EmbeddedRedis | None]]:
    if settings.redis_url is not None:
        yield settings, None
        return
    embedded = EmbeddedRedis(settings.data_dir)
    embedded.start()
    try:
        yield settings.model_copy(update={"redis_url": embedded.url}), embedded
    finally:
        embedded.stop()


@asynccontextmanager
async def _at_start(settings: Settings) -> AsyncIterator[Store]:
    """A store for the start, where Redis must be there."""
    assert settings.redis_url is not None
    store = Store(settings.redis_url, settings)
    try:
        yield store
    except StoreError as error:
        raise StartupError(
            f"{error}. Check LIVEFEED_REDIS_URL, or leave it out for an embedded Redis."
        ) from error
    finally:
        await store.close()


async def _look(settings: Settings) -> None:
    """Reach Redis before uvicorn's start does, which tells of a failure in forty lines.

    Raises:
        StartupError
    """
    async with _at_start(settings) as store:
        await store.check_version()


async def _prepare(settings: Settings, embedded: EmbeddedRedis | None, *, demo: bool) -> _Start:
    """Look at Redis; on the very first start make a feed and a token to begin with, for a demo an invite.

    Raises:
        StartupError
    """
    token = None
    async with _at_start(settings) as store:
        redis = await store.check_version()
        try:
            await store.media.check()
        except MediaUnavailable as error:
            raise StartupError(f"{error} Check LIVEFEED_MEDIA_DIR or LIVEFEED_MEDIA_URL.") from error
        if embedded is not None:
            # A text that was deleted just before a crash may still be in the file.
            store.rewriter.request()
        if embedded is not None and embedded.fresh:
            with suppress(FeedExists):
                await store.feeds.create(FeedCreate(slug="news", title="News"))
            token = await store.tokens.create("admin", "admin")
        invite = await _invite(store) if demo else None
        feeds = await store.feeds.list()
        anybody = bool(await store.tokens.list())
    shown = sorted(feeds, key=lambda feed: (feed.status != "open", not feed.listed))
    feed = "demo" if demo else shown[0].slug if shown else None
    return _Start(redis, embedded is not None, feed, anybody, token, invite)


async def _invite(store: Store) -> str:
    """An invite to try the desk with; one of an earlier start that nobody used ends.

    Names are unique: once somebody has joined as “demo”, the next one is “demo 2”.
    """
    taken = {token.name for token in await store.tokens.list()}
    names = chain(["demo"], (f"demo {number}" for number in count(2)))
    return (await store.invites.create(next(name for name in names if name not in taken), "admin")).secret


async def _serve_one(
    settings: Settings,
    listener: socket.socket,
    embedded: EmbeddedRedis | None,
    *,
    demo: bool,
    announce: Callable[[], None] = lambda: None,
) -> None:
    def on_started() -> None:
        collector.settle()
        announce()

    app = create_app(settings)
    server = Server(app, app.state.site.hub, settings, on_started=on_started)
    async with _tasks(settings, embedded, demo=demo):
        await server.serve([listener])
    if not server.started:
        raise StartupError("The server did not start: see the lines above.")


@asynccontextmanager
async def _tasks(settings: Settings, embedded: EmbeddedRedis | None, *, demo: bool) -> AsyncIterator[None]:
    """What runs beside the server: a look at the embedded Redis, the demo."""
    tasks = []
    if embedded is not None:
        tasks.append(asyncio.create_task(_watch(embedded)))
    if demo:
        tasks.append(asyncio.create_task(_play(settings)))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _watch(embedded: EmbeddedRedis) -> None:
    while True:
        try:
            if await asyncio.to_thread(embedded.ensure_running):
                _log.warning(
                    "the embedded Redis had died and was started again; nothing acknowledged is lost"
                )
        except StartupError as error:
            _log.error("%s", error)
        await asyncio.sleep(WATCH_S)


async def _play(settings: Settings) -> None:
    assert settings.redis_url is not None
    store = Store(settings.redis_url, settings)
    try:
        await play(store)
    except Exception:
        _log.exception("the demo ended")
    finally:
        await store.close()


def _watching(
    embedded: EmbeddedRedis | None, settings: Settings, announce: Callable[[], None]
) -> Callable[[], None]:
    """What the supervisor does now and then: look at Redis, and tell once that somebody listens."""
    told = False

    def watch() -> None:
        nonlocal told
        if embedded is not None:
            embedded.ensure_running()
        if not told and is_listening(settings.host, settings.port):
            told = True
            announce()

    return watch


def _work(settings: Settings, listener: socket.socket, demo: bool) -> None:
    """One of several processes; a line says why it cannot serve, if so."""
    _log_to_stderr(settings)
    try:
        asyncio.run(_look(settings))
        run(_serve_one(settings, listener, None, demo=demo))
    except StartupError as error:
        _log.error("%s", error)
        sys.exit(1)


def _announcement(settings: Settings, start: _Start) -> str:
    origin, feed = settings.origin, start.feed
    where = f"Redis: {start.redis}" + (f", embedded in {settings.data_dir}" if start.embedded else "")
    lines = [
        f"livefeed {__version__}   {where}",
        f"  Ticker  {origin}/feeds/{feed}" if feed else f"  Ticker  {_NO_FEED}",
        f"  Desk    {settings.desk_at(origin)}/desk",
    ]
    if feed is not None:
        lines.append(f'  Embed   <script src="{origin}/static/embed.js" data-feed="{feed}" async></script>')
    if start.invite is not None:
        lines.append(
            f"  Sign in {settings.desk_at(origin)}/desk/join#{start.invite}\n          (once, within a day)"
        )
    elif not start.anybody:
        lines.append(f"  Sign in {_NOBODY}")
    if start.token is not None:
        lines.append(_token_lines(start.token))
    return "\n".join(lines)


def _token_lines(token: str) -> str:
    return f"  Token   {token}\n          (admin; sign in at the desk with it. It is not shown again.)"


def _log_to_stderr(settings: Settings) -> None:
    level = settings.log_level.upper()
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True)
    # uvicorn tells of each start and stop what our own lines tell already.
    logging.getLogger("uvicorn.error").setLevel(level if level in ("DEBUG", "ERROR") else "WARNING")
