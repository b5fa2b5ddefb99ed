"""Pictures encoded in a thread, few at a time: what is uploaded at once is bounded, in memory and in work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from livefeed.media.encoding import Picture, encode

__all__ = ["Encoder"]

_UPLOADS = 4
"""So many bodies are in memory at most; the others wait in their sockets."""


class Encoder:
    """The places of one process."""

    def __init__(self) -> None:
        self._uploads = asyncio.Semaphore(_UPLOADS)
        # One, so that a processor is left for readers.
        self._encoding = asyncio.Semaphore(1)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Room for one upload."""
        async with self._uploads:
            yield

    async def encode(self, raw: bytes) -> Picture:
        """See :func:`livefeed.media.encoding.encode`.

        Raises:
            InvalidInput
        """
        async with self._encoding:
            return await asyncio.to_thread(encode, raw)
