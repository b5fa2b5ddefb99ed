"""Pictures as files of a folder."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from livefeed.errors import MediaUnavailable

__all__ = ["Folder"]


class Folder:
    """A folder that all processes share. It is made when it is first needed."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def put(self, name: str, body: bytes) -> None:
        await asyncio.to_thread(self._put, name, body)

    async def read(self, name: str) -> bytes | None:
        return await asyncio.to_thread(self._read, name)

    async def exists(self, name: str) -> bool:
        return await asyncio.to_thread(self._exists, name)

    async def delete(self, name: str) -> None:
        await asyncio.to_thread(self._delete, name)

    async def check(self) -> str:
        await asyncio.to_thread(self._check)
        return f"pictures in {self.path}"

    def _put(self, name: str, body: bytes) -> None:
        with self._in_words():
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Under its name a file is whole from the first moment on, whatever happens meanwhile.
            handle, written = tempfile.mkstemp(dir=self.path, prefix=".new-")
            try:
                with open(handle, "wb") as file:
                    file.write(body)
                    file.flush()
                    os.fsync(file.fileno())
                os.rename(written, self.path / name)
            except BaseException:
                with suppress(OSError):
                    os.unlink(written)
                raise
            self._settle()

    def _read(self, name: str) -> bytes | None:
        with self._in_words():
            try:
                return (self.path / name).read_bytes()
            except FileNotFoundError:
                return None

    def _exists(self, name: str) -> bool:
        with self._in_words():
            return (self.path / name).is_file()

    def _delete(self, name: str) -> None:
        with self._in_words():
            try:
                (self.path / name).unlink()
            except FileNotFoundError:
                return
            self._settle()

    def _check(self) -> None:
        with self._in_words():
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.path) as file:
                file.write(b"livefeed")

    def _settle(self) -> None:
        """A name that came or went outlives a loss of power once its folder is on disk."""
        folder = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise MediaUnavailable(
                f"the folder {self.path} cannot be used ({error.strerror or error})"
            ) from error
