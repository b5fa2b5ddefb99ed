"""Fetching and reading a wire in a process of its own, which can be stopped.

What an editor sends or names may take a parser minutes, or gigabytes; and while Python parses, it
serves readers late. The other process has little memory and time, and when it ends all is as before.
"""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sys
from collections.abc import Sequence
from typing import Any, Final

import orjson

from livefeed.core.models import UpdateCreate
from livefeed.errors import FieldError, InvalidInput
from livefeed.wires.entry import Skipped, Wire
from livefeed.wires.fetching import fetch
from livefeed.wires.read import read_wire

__all__ = ["MAX_ENTRIES", "main", "read_apart"]

MAX_ENTRIES: Final = 2_000
"""Of one import over HTTP; `livefeed import` takes any number."""

MAX_SKIPPED: Final = 100
"""Of what could not be read, so much is listed; of the rest it is said how much it is."""

APART_S: Final = 60.0
_CPU_S: Final = 30
_MEMORY_BYTES: Final = 1024**3


async def read_apart(
    data: bytes = b"",
    *,
    address: str | None = None,
    public_only: bool = True,
    content_type: str | None = None,
    timeout_s: float = APART_S,
) -> Wire:
    """Read ``data``, or what is at ``address``.

    Raises:
        InvalidInput: it cannot be fetched or read, is too much, or takes too long; says which.
    """
    order = {
        "address": address,
        "public_only": public_only,
        "content_type": content_type,
        "timeout_s": timeout_s,
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "livefeed.wires.apart"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        # Not the address of Redis, with its password: what is read there is somebody else's.
        env={name: value for name, value in os.environ.items() if not name.startswith("LIVEFEED_")},
    )
    try:
        async with asyncio.timeout(timeout_s):
            answer, _ = await process.communicate(orjson.dumps(order) + b"\n" + data)
    except TimeoutError as error:
        raise InvalidInput.of("file", f"it could not be read within {timeout_s:.0f} seconds") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise InvalidInput.of("file", "reading it takes too much time or memory")
    return await _wire_of(answer)


async def _wire_of(answer: bytes) -> Wire:
    """From the lines that :func:`main` prints; between two of them others get their turn."""
    head, _, rest = answer.partition(b"\n")
    said = orjson.loads(head)
    if "errors" in said:
        raise InvalidInput([FieldError(*error) for error in said["errors"]])
    entries = []
    for line in rest.splitlines():
        entries.append(UpdateCreate.model_validate(orjson.loads(line)))
        await asyncio.sleep(0)
    return Wire(said["kind"], entries, [Skipped(*skipped) for skipped in said["skipped"]])


# In the other process -----------------------------------------------------------------------------


def main() -> None:
    """Answer one order, a line of JSON on standard input with the data after it.

    The answer is a line of JSON, and one for each entry.
    """
    order = orjson.loads(sys.stdin.buffer.readline())
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
    signal.alarm(int(order.pop("timeout_s")) + 1)  # whoever asked may have been killed meanwhile
    lines: list[Any]
    try:
        wire = _read(sys.stdin.buffer.read(), **order)
    except InvalidInput as error:
        lines = [{"errors": [[each.field, each.message] for each in error.errors]}]
    else:
        skipped = [[each.where, each.reason] for each in _shortened(wire.skipped)]
        lines = [{"kind": wire.kind, "skipped": skipped}]
        lines += [entry.model_dump(exclude_unset=True) for entry in wire.entries]
    for line in lines:
        sys.stdout.buffer.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))


def _read(data: bytes, address: str | None, public_only: bool, content_type: str | None) -> Wire:
    if address is not None:
        if not address.lower().startswith(("http://", "https://")):
            raise InvalidInput.of("url", "give an address that begins with http:// or https://")
        data, content_type = fetch(address, public_only=public_only)
    wire = read_wire(data, content_type=content_type, name=address or "")
    if len(wire.entries) > MAX_ENTRIES:
        raise InvalidInput.of(
            "file",
            f"there are {len(wire.entries):,} entries in it, at most {MAX_ENTRIES:,} are imported here: "
            "cut it into pieces, or use `livefeed import`",
        )
    return wire


def _shortened(skipped: Sequence[Skipped]) -> list[Skipped]:
    more = len(skipped) - MAX_SKIPPED
    rest = [Skipped(f"{more:,} more", "they could not be read either")] if more > 0 else []
    return [*skipped[:MAX_SKIPPED], *rest]


if __name__ == "__main__":
    main()
