"""The store: one object that holds all that livefeed keeps in Redis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from livefeed.errors import FeedNotFound, StartupError, StoreError, StoreUnavailable
from livefeed.media.storing import open_media
from livefeed.settings import Settings
from livefeed.store.check import check_feed
from livefeed.store.client import Connector
from livefeed.store.commit import Committer
from livefeed.store.control import Control
from livefeed.store.feeds import Feeds
from livefeed.store.invites import Invites
from livefeed.store.items import Items
from livefeed.store.keys import LogName
from livefeed.store.log import Attached, Log, attach_all
from livefeed.store.outgoing import Outgoing
from livefeed.store.pictures import Pictures
from livefeed.store.presence import Presence
from livefeed.store.readers import Readers
from livefeed.store.reading import BlockedReader
from livefeed.store.rewrite import Rewriter
from livefeed.store.scripts import Scripts
from livefeed.store.sessions import Sessions
from livefeed.store.sweeper import Sweeper
from livefeed.store.tokens import Tokens
from livefeed.store.translate import translated
from livefeed.store.updates import Updates
from livefeed.store.used import Used

__all__ = ["Store"]

OLDEST_REDIS = (6, 2)

SETTINGS = {
    "appendonly": "yes",
    "appendfsync": "always",
    "maxmemory-policy": "noeviction",
    "stream-node-max-entries": "1",
}
"""What Redis must be set to, so that acknowledged means kept and deleted means gone."""


class Store:
    """Everything in Redis. Opening it connects to nothing yet."""

    def __init__(self, url: str, settings: Settings) -> None:
        self.settings = settings
        self.connector = Connector(url)
        if settings.replicas and self.connector.is_cluster:
            raise StartupError("LIVEFEED_REPLICAS cannot be used with redis+cluster://: set it to 0.")
        self._client: Any = self.connector.commands(
            slack_s=settings.replicas_timeout_ms / 1000 if settings.replicas else 0.0
        )
        self._scripts = Scripts(self._client)
        self.media = open_media(settings)
        self.pictures = Pictures(self._client, self.media, per_hour=settings.images_per_hour)
        committer = Committer(
            self._scripts,
            self.pictures,
            log_entries=settings.log_entries,
            idempotency_s=settings.idempotency_s,
            replicas=settings.replicas,
            replicas_timeout_ms=settings.replicas_timeout_ms,
        )
        self.rewriter = Rewriter(self._client, interval_s=settings.rewrite_s)
        self.sweeper = Sweeper(self.pictures)
        self.control = Control(self._client)
        self.feeds = Feeds(self._client, committer, self.control, self.pictures, on_delete=self._on_delete)
        self.updates = Updates(self._client, self._scripts, committer, on_delete=self._on_delete)
        self.items = Items(self._scripts, committer, on_delete=self._on_delete)
        self.outgoing = Outgoing(self._client, self._scripts, committer, on_publish=self.updates.forget_pages)
        used = Used(self._client)
        self.tokens = Tokens(self._client, self.control, used)
        self.sessions = Sessions(self._client, self.control, self.tokens, used, session_s=settings.session_s)
        self.invites = Invites(self._client, self.tokens, self.sessions)
        self.readers = Readers(self._scripts)
        self.presence = Presence(self._scripts)

    def log(self, feed: str, name: LogName = "log") -> Log:
        return Log(self._scripts, feed, name)

    async def attach_all(self, logs: Sequence[Log]) -> list[Attached | FeedNotFound | StoreError]:
        """See :func:`livefeed.store.log.attach_all`."""
        return await attach_all(self._scripts, logs)

    def blocked_reader(self) -> BlockedReader:
        """A reader of logs on a connection of its own."""
        return BlockedReader(self.connector, self._client)

    async def check(self, feed: str) -> list[str]:
        """The contradictions between a feed's keys, a sentence each; see :func:`check_feed`."""
        return await check_feed(self._scripts, feed)

    async def check_version(self) -> str:
        """The server's name and version.

        Raises:
            StartupError: it is older than Redis 6.2.
            StoreError
        """
        with translated():
            info = await self._info("server")
        version = str(info["redis_version"])
        if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_REDIS:
            raise StartupError(f"Redis {version} is too old: livefeed needs 6.2 or newer, or Valkey.")
        flavour = "Valkey" if "valkey_version" in info else "Redis"
        return f"{flavour} {info.get('valkey_version', version)}"

    async def check_settings(self) -> list[str]:
        """What of Redis's settings endangers the promises, a sentence each; see docs/operating.md.

        Raises:
            StoreError
        """
        problems = []
        for name, wanted in SETTINGS.items():
            try:
                with translated():
                    got = await self._client.config_get(name)
            except StoreUnavailable:
                raise
            except StoreError:
                problems.append(f"{name} cannot be read here: see that it is “{wanted}”")
                continue
            if (value := got.get(name)) != wanted:
                problems.append(f"{name} is “{value}”: it should be “{wanted}”")
        return problems

    async def _info(self, section: str) -> dict[str, Any]:
        info = await self._client.info(section)
        if self.connector.is_cluster and info and all(isinstance(value, dict) for value in info.values()):
            info = next(iter(info.values()))
        return dict(info)

    def _on_delete(self) -> None:
        self.rewriter.request()
        self.sweeper.request()

    async def close(self) -> None:
        await self.sweeper.close()
        await self.rewriter.close()
        await self._client.aclose()
