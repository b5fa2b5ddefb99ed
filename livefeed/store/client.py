"""Connections to Redis: standalone, Sentinel or Cluster, by address."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, unquote

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff

from livefeed.errors import StartupError

__all__ = ["BLOCK_MS", "Connector"]

BLOCK_MS = 2_000
"""How long a reader blocks in ``XREAD``; its socket waits a little longer."""

_COMMAND_TIMEOUT_S = 5.0
_CONNECT_TIMEOUT_S = 2.0

_MAX_CONNECTIONS = 1_000
"""redis-py's default is 100, beyond which it does not wait but fails."""

_PLAIN_OPTIONS = frozenset({"client_name", "db", "health_check_interval"})
_TLS_OPTIONS = frozenset(
    {"ssl_ca_certs", "ssl_cert_reqs", "ssl_certfile", "ssl_check_hostname", "ssl_keyfile"}
)
_OPTIONS = {
    "redis": _PLAIN_OPTIONS,
    "rediss": _PLAIN_OPTIONS | _TLS_OPTIONS,
    "unix": _PLAIN_OPTIONS,
    "redis+sentinel": frozenset({"db"}),
    "redis+cluster": frozenset[str](),
}
"""What may stand after the question mark; redis-py would notice others at the first command only."""

# RFC 3986, appendix B. urllib's own takes several hosts in one address or not, by its patch release.
_ADDRESS = re.compile(r"(?:([^:/?#]+)://)?([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#.*)?", re.DOTALL)
_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\[\]:]+))(?::([0-9]{1,5}))?")

AnyRedis = Redis | RedisCluster


class Connector:
    """Knows where Redis is and opens clients there.

    No client retries by itself: a script that ran, but whose reply was lost, must not run again
    unless the one who asked can tell (redis-py retries ten times by default).

    Raises:
        StartupError: the address cannot be understood. Never with a part of it in the message: what
            is wrong may be where a password ends.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        try:
            self._read(url)
        except _Unusable as error:
            raise StartupError(f"LIVEFEED_REDIS_URL cannot be used: {error}.") from None

    def _read(self, url: str) -> None:
        found = _ADDRESS.fullmatch(url)
        assert found is not None  # it matches everything
        scheme, netloc, path, query = found[1], found[2], found[3], found[4] or ""
        if scheme not in _OPTIONS:
            raise _Unusable(
                "it must begin with redis://, rediss://, unix://, redis+sentinel:// or redis+cluster://"
            )
        self._scheme = scheme
        self.is_cluster = scheme == "redis+cluster"
        credentials, _, hosts = netloc.rpartition("@")
        user, _, password = credentials.partition(":")
        self._credentials: dict[str, Any] = {
            name: unquote(value) for name, value in (("username", user), ("password", password)) if value
        }
        options = dict(parse_qsl(query, keep_blank_values=True))
        if unknown := sorted(set(options) - _OPTIONS[scheme]):
            known = ", ".join(sorted(_OPTIONS[scheme])) or "none"
            raise _Unusable(f"{len(unknown)} unknown option(s) after the “?”: known are {known}")
        self._path = path.strip("/")
        self._hosts = [] if scheme == "unix" else self._read_hosts(hosts)
        self._db = self._read_db(options.get("db"))

    def _read_hosts(self, given: str) -> list[tuple[str, int]]:
        default_port = 26379 if self._scheme == "redis+sentinel" else 6379
        hosts = []
        for item in (given or "localhost").split(","):
            found = _HOST.fullmatch(item)
            port = int(found[3] or default_port) if found else 0
            if found is None or not 0 < port < 65_536:
                raise _Unusable(
                    "give host:port, an IPv6 address in brackets, the port from 1 to 65535 "
                    "(in a password write “/”, “?”, “#”, “@” as %2F, %3F, %23, %40)"
                )
            hosts.append((found[1] or unquote(found[2]), port))
        if len(hosts) > 1 and self._scheme in ("redis", "rediss"):
            raise _Unusable("several hosts need redis+sentinel:// or redis+cluster://")
        return hosts

    def _read_db(self, option: str | None) -> int:
        """The number of the database; in the path where that names nothing else."""
        if self._scheme == "unix" and not self._path:
            raise _Unusable("name the socket, as unix:///run/redis/redis.sock")
        if self._scheme == "redis+sentinel" and not self._path:
            raise _Unusable("name the service, as redis+sentinel://host:26379/mymaster")
        path = "" if self._scheme in ("unix", "redis+sentinel") else self._path
        number = option if option is not None else path or "0"
        if not (number.isascii() and number.isdigit() and len(number) < 7):
            raise _Unusable("the database must be a number, as redis://host:6379/0")
        if self.is_cluster and int(number):
            raise _Unusable("a cluster has the database 0 only")
        return int(number)

    def commands(self, *, slack_s: float = 0.0) -> AnyRedis:
        """A client with a pool of connections, for commands that answer at once, or within ``slack_s``."""
        return self._open(socket_timeout=_COMMAND_TIMEOUT_S + slack_s)

    def blocking(self) -> AnyRedis:
        """A client for one reader that blocks up to :data:`BLOCK_MS`."""
        return self._open(socket_timeout=BLOCK_MS / 1000 + 3.0)

    def _open(self, *, socket_timeout: float) -> AnyRedis:
        options: dict[str, Any] = {
            "socket_timeout": socket_timeout,
            "socket_connect_timeout": _CONNECT_TIMEOUT_S,
            "retry": Retry(NoBackoff(), 0),
            "max_connections": _MAX_CONNECTIONS,
            "protocol": 2,  # hiredis leaked on RESP3 pushes
        }
        try:
            match self._scheme:
                case "redis+cluster":
                    nodes = [ClusterNode(host, port) for host, port in self._hosts]
                    return RedisCluster(startup_nodes=nodes, **self._credentials, **options)
                case "redis+sentinel":
                    return self._open_sentinel(options)
            return Redis.from_url(self.url, db=self._db, **options)
        except (ValueError, OSError):
            raise StartupError("LIVEFEED_REDIS_URL cannot be used: check its host and its options.") from None

    def _open_sentinel(self, options: dict[str, Any]) -> Redis:
        patience = {"socket_timeout": _CONNECT_TIMEOUT_S, "socket_connect_timeout": _CONNECT_TIMEOUT_S}
        # redis-py leaves Sentinel's constructor untyped.
        sentinel = Sentinel(  # type: ignore[no-untyped-call]
            self._hosts, sentinel_kwargs=patience | {"retry": Retry(NoBackoff(), 0)}
        )
        primary: Redis = sentinel.master_for(
            self._path, redis_class=_Primary, db=self._db, **self._credentials, **options
        )
        return primary


class _Unusable(ValueError):
    """Why an address cannot be used, in words that quote nothing of it."""


class _Primary(Redis):
    """A client of the primary that Sentinels name; closing it closes those of the Sentinels too."""

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        await super().aclose(close_connection_pool)
        pool: Any = self.connection_pool
        for sentinel in pool.sentinel_manager.sentinels:
            await sentinel.aclose()
