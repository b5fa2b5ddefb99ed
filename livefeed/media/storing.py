"""Where files of pictures are kept: what such a place can do, and which one the settings name."""

from __future__ import annotations

from typing import Protocol
from urllib.parse import urlsplit

from livefeed.errors import StartupError
from livefeed.media.folder import Folder
from livefeed.settings import Settings

__all__ = ["MediaStore", "open_media"]


class MediaStore(Protocol):
    """Files by their names, which are those of their content. All raise ``MediaUnavailable``."""

    async def put(self, name: str, body: bytes) -> None:
        """Keep a file: when this returns, it outlives a loss of power. Again is no error."""

    async def read(self, name: str) -> bytes | None:
        """The file; None if there is none."""

    async def exists(self, name: str) -> bool: ...

    async def delete(self, name: str) -> None:
        """Remove a file; one that is not there is no error."""

    async def check(self) -> str:
        """Write something and remove it; returns the place's name in words."""


def open_media(settings: Settings) -> MediaStore:
    """The place that the settings name. Nothing is looked at or made yet.

    Raises:
        StartupError: it cannot be used.
    """
    if settings.media_url is None:
        return Folder(settings.media_dir or settings.data_dir / "media")
    try:
        from livefeed.media.bucket import Bucket
    except ImportError as error:
        raise StartupError("LIVEFEED_MEDIA_URL needs a package more: pip install 'livefeed[s3]'.") from error
    return Bucket(
        urlsplit(settings.media_url),
        settings.media_key_id,
        None if settings.media_secret is None else settings.media_secret.get_secret_value(),
    )
