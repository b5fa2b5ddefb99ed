"""The border: what Redis and its client raise becomes an error of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from redis import exceptions

from livefeed.errors import StoreError, StoreFull, StoreInconsistent, StoreUnavailable

__all__ = ["translated"]

_AWAY = (
    exceptions.ConnectionError,
    exceptions.TimeoutError,
    exceptions.BusyLoadingError,
    exceptions.ReadOnlyError,
    exceptions.ClusterDownError,
    exceptions.RedisClusterException,
    OSError,
)
_AWAY_CODES = (
    "MISCONF",
    "NOREPLICAS",
    "MASTERDOWN",
    "READONLY",
    "LOADING",
    "CLUSTERDOWN",
    "BUSY ",
    "UNBLOCKED",
    "NOAUTH",
)


@contextmanager
def translated() -> Iterator[None]:
    """Everything that redis-py raises inside leaves as a :class:`~livefeed.errors.StoreError`."""
    try:
        yield
    except _AWAY as error:
        raise StoreUnavailable(_sentence(error)) from error
    except exceptions.RedisError as error:
        text = str(error)
        if isinstance(error, exceptions.OutOfMemoryError) or "OOM command not allowed" in text:
            raise StoreFull from error
        if any(code in text.split(":", 2)[0] or f"-{code}" in text for code in _AWAY_CODES):
            raise StoreUnavailable(_sentence(error)) from error
        if "WRONGTYPE" in text:
            raise StoreInconsistent("a key is not of its type") from error
        raise StoreError(f"Redis refused a command: {_sentence(error)}") from error


def _sentence(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
