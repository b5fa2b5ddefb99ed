"""Connections to Redis: standalone, Sentinel or Cluster, by address."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from livefeed.errors import StartupError

__all__ = ["BLOCK_MS", "Connector"]

BLOCK_MS = 2_000
"""How long a reader blocks in ``XREAD``; its socket waits a little longer."""

_COMMAND_TIMEOUT_S = 5.0
_CONNECT_TIMEOUT_S = 2.0

AnyRedis = Redis | RedisCluster


class Connector:
    """Knows where Redis is and opens clients there.

    No client retries by itself: a script that ran, but whose reply was lost, must not run again
    unless the one who asked can tell (redis-py retries ten times by default).

    Raises:
        StartupError: the address cannot be understood.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        parts = urlsplit(url)
        if parts.scheme not in ("redis", "rediss", "unix", "redis+sentinel", "redis+cluster"):
            raise StartupError(
                f"LIVEFEED_REDIS_URL begins with “{parts.scheme}:”: it must be redis://, rediss://, unix://, "
                "redis+sentinel:// or redis+cluster://."
            )
        self._parts = parts
        self.is_cluster = parts.scheme == "redis+cluster"

    def commands(self) -> AnyRedis:
        """A client with a pool of connections, for commands that answer at once."""
        return self._open(socket_timeout=_COMMAND_TIMEOUT_S)

    def blocking(self) -> AnyRedis:
        """A client for one reader that blocks up to :data:`BLOCK_MS`."""
        return self._open(socket_timeout=BLOCK_MS / 1000 + 3.0)

    def _open(self, *, socket_timeout: float) -> AnyRedis:
        options: dict[str, Any] = {
            "socket_timeout": socket_timeout,
            "socket_connect_timeout": _CONNECT_TIMEOUT_S,
            "protocol": 2,  # hiredis leaked on RESP3 pushes
        }
        try:
            if self.is_cluster:
                return self._open_cluster(options)
            options["retry"] = Retry(NoBackoff(), 0)
            if self._parts.scheme == "redis+sentinel":
                return self._open_sentinel(options)
            return Redis.from_url(self.url, **options)
        except (ValueError, TypeError, RedisError) as error:
            raise StartupError(f"LIVEFEED_REDIS_URL cannot be used: {error}.") from error

    def _hosts(self, default_port: int) -> list[tuple[str, int]]:
        hosts = []
        for item in self._parts.netloc.rpartition("@")[2].split(","):
            host, _, port = item.rpartition(":") if ":" in item else (item, "", "")
            hosts.append((host.strip("[]"), int(port or default_port)))
        return hosts

    def _credentials(self) -> dict[str, Any]:
        user, _, password = self._parts.netloc.rpartition("@")[0].partition(":")
        found = {"username": user or None, "password": password or None}
        return {name: value for name, value in found.items() if value}

    def _open_sentinel(self, options: dict[str, Any]) -> Redis:
        service = self._parts.path.strip("/")
        if not service:
            raise ValueError("name the service, as redis+sentinel://host:26379/mymaster")
        query = dict(parse_qsl(self._parts.query))
        # redis-py leaves Sentinel's constructor untyped.
        sentinel = Sentinel(self._hosts(26379), sentinel_kwargs={"socket_timeout": _CONNECT_TIMEOUT_S})  # type: ignore[no-untyped-call]
        master: Redis = sentinel.master_for(
            service, db=int(query.get("db", 0)), **self._credentials(), **options
        )
        return master

    def _open_cluster(self, options: dict[str, Any]) -> RedisCluster:
        nodes = [ClusterNode(host, port) for host, port in self._hosts(6379)]
        return RedisCluster(
            startup_nodes=nodes, cluster_error_retry_attempts=1, **self._credentials(), **options
        )
