"""Pictures in an S3-compatible bucket; the only importer of obstore (the extra ``livefeed[s3]``)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import SplitResult, parse_qs

from obstore.exceptions import BaseError
from obstore.store import S3Store

from livefeed.core.pictures import MEDIA_TYPES
from livefeed.errors import MediaUnavailable, StartupError

__all__ = ["Bucket"]

_PROBE = "livefeed-probe"
_TIMEOUT_S = 20
_RETRY_S = 5


class Bucket:
    """A bucket at ``s3://bucket/folder?endpoint=https://…&region=…``.

    Without a key of ours, the client looks for one where those of AWS do: its variables, the machine's role.
    """

    def __init__(self, url: SplitResult, key_id: str | None, secret: str | None) -> None:
        options = {name: values[-1] for name, values in parse_qs(url.query).items()}
        endpoint = options.pop("endpoint", None)
        given: dict[str, Any] = {
            "region": options.pop("region", "us-east-1"),
            "endpoint": endpoint,
            "access_key_id": key_id,
            "secret_access_key": secret,
        }
        if options:
            raise StartupError(f"LIVEFEED_MEDIA_URL is wrong: there is no option “{min(options)}”.")
        self._name = f"the bucket {url.netloc}"
        try:
            self._store = S3Store(
                url.netloc,
                prefix=url.path.strip("/") or None,
                client_options={
                    "allow_http": bool(endpoint and endpoint.startswith("http://")),
                    "timeout": timedelta(seconds=_TIMEOUT_S),
                },
                retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=_RETRY_S)},
                **{name: value for name, value in given.items() if value is not None},
            )
        except (BaseError, ValueError) as error:
            raise StartupError("LIVEFEED_MEDIA_URL cannot be used: check its bucket and endpoint.") from error

    async def put(self, name: str, body: bytes) -> None:
        media_type = MEDIA_TYPES.get(name.rpartition(".")[2], "application/octet-stream")
        with self._in_words():
            await self._store.put_async(name, body, attributes={"Content-Type": media_type})

    async def read(self, name: str) -> bytes | None:
        with self._in_words():
            try:
                return bytes(await (await self._store.get_async(name)).bytes_async())
            except FileNotFoundError:
                return None

    async def exists(self, name: str) -> bool:
        with self._in_words():
            try:
                await self._store.head_async(name)
            except FileNotFoundError:
                return False
            return True

    async def delete(self, name: str) -> None:
        with self._in_words():
            try:
                await self._store.delete_async(name)
            except FileNotFoundError:
                return

    async def check(self) -> str:
        await self.put(_PROBE, b"livefeed")
        await self.delete(_PROBE)
        return f"pictures in {self._name}"

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:  # of a write: there is no such bucket
            raise MediaUnavailable(f"{self._name} is not there") from error
        except (BaseError, OSError) as error:
            raise MediaUnavailable(f"{self._name} cannot be used ({_reason(error)})") from error


def _reason(error: BaseException) -> str:
    """What went wrong in a few words, up to where the client begins to quote what was said."""
    if code := re.search(r"<Code>(\w+)</Code>", str(error)):
        return code[1]
    first = next(iter(str(error).splitlines()), "") or type(error).__name__
    return first.rpartition("  - ")[2][:200].rstrip(" :.")
