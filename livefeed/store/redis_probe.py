"""What a server says of itself through its socket. Asks once; waiting is the caller's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from livefeed.errors import StartupError
from livefeed.store.redis_binary import RedisVersion

__all__ = ["ServerFacts", "ask", "describe"]


@dataclass(frozen=True)
class ServerFacts:
    pid: int
    version: RedisVersion
    settings: dict[str, str]
    empty: bool


def ask(socket: Path) -> Literal["ready", "loading", "silent"]:
    try:
        with _client(socket) as client:
            client.ping()
    except redis.BusyLoadingError:
        return "loading"
    except redis.ResponseError:
        pass  # busy with a script, say: an answer all the same
    except (redis.RedisError, OSError):
        return "silent"
    return "ready"


def describe(socket: Path) -> ServerFacts:
    """
    Raises:
        StartupError: it answered a moment ago, but not now.
    """
    try:
        with _client(socket) as client:
            info = client.info("server")
            settings = client.config_get("*")
            empty = client.dbsize() == 0
    except redis.RedisError as error:
        raise StartupError(f"The server at {socket} broke off ({error}): start again.") from error
    return ServerFacts(int(info["process_id"]), _version_in(info), settings, empty)


def _version_in(info: Mapping[str, Any]) -> RedisVersion:
    """Valkey has a `redis_version` too: the one that it claims to be compatible with."""
    flavour = "valkey" if "valkey_version" in info else "redis"
    version = RedisVersion.parse(f"{flavour} {info[f'{flavour}_version']}")
    assert version is not None, info
    return version


def _client(socket: Path) -> redis.Redis:
    once = Retry(NoBackoff(), 0)
    return redis.Redis(unix_socket_path=str(socket), socket_timeout=2, retry=once, decode_responses=True)
