"""The blocked reader: one ``XREAD`` over many logs, on a connection of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from livefeed.errors import StoreError
from livefeed.store.client import BLOCK_MS, Connector
from livefeed.store.translate import translated

__all__ = ["BlockedReader", "Rows"]

Rows = list[tuple[bytes, dict[bytes, bytes]]]
"""Entries of a stream, as (id, fields)."""

_MAX_ENTRIES = 500


class BlockedReader:
    """Waits for new entries of several streams at once.

    A read is never cancelled in flight, which would leave its answer in the connection:
    :meth:`unblock` makes Redis answer instead.
    """

    def __init__(self, connector: Connector, commands: Any) -> None:
        self._connector, self._commands = connector, commands
        self._client: Any = None
        self._opened: list[Any] = []
        self._client_id: int | None = None

    async def read(self, after: Mapping[str, str]) -> list[tuple[str, Rows]]:
        """For each stream that has news its entries above the given id, as soon as there are any.

        None after :data:`BLOCK_MS`.

        Raises:
            StoreError: the next call connects anew.
        """
        await self.connect()
        try:
            with translated():
                got = await self._client.xread(dict(after), count=_MAX_ENTRIES, block=BLOCK_MS)
        except StoreError:
            await self.close()
            raise
        return [(key.decode(), entries) for key, entries in got]

    async def connect(self) -> None:
        """Reach Redis, if that has not been done; :meth:`read` does it by itself too.

        Raises:
            StoreError
        """
        if self._client is None:
            try:
                with translated():
                    await self._connect()
            except StoreError:
                await self.close()
                raise

    async def unblock(self) -> None:
        """Let a read that waits answer now; one that does not wait is left alone."""
        if self._client_id is not None:
            with translated():
                await self._commands.client_unblock(self._client_id)

    async def close(self) -> None:
        opened, self._opened, self._client, self._client_id = self._opened, [], None, None
        for client in opened:
            # It may be broken already: then there is nothing to say good-bye to.
            with suppress(StoreError, asyncio.IncompleteReadError), translated():
                await client.aclose()

    async def _connect(self) -> None:
        client: Any = self._connector.blocking()
        self._opened.append(client)
        if self._connector.is_cluster:
            await client.initialize()
        else:
            client = client.client()  # one connection, kept: its id is what can be unblocked
            self._opened.insert(0, client)  # closed first: that hands its connection back to be closed
            self._client_id = await client.client_id()
        self._client = client
