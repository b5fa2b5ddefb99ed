"""Reading a request's JSON body: bounded, and refused in words."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from livefeed.errors import InvalidInput

__all__ = ["BODY_S", "MAX_BODY_BYTES", "Body", "has_body", "read_body", "read_object"]

MAX_BODY_BYTES = 65_536
BODY_S = 30.0
_MAX_DEPTH = 20

_CREATE_TYPES = ("application/json",)
_PATCH_TYPES = ("application/merge-patch+json", "application/json")


@dataclass(frozen=True, slots=True)
class Body:
    """A JSON object, and the bytes that it came as."""

    raw: bytes
    fields: dict[str, Any]


async def read_object(request: Request) -> Body:
    """The JSON object that a request brought.

    Raises:
        HTTPException: 413 too large, 415 no JSON by its media type, 400 cannot be read as JSON.
        InvalidInput: JSON, but no object, or nested too deeply.
    """
    _check_media_type(request)
    raw = await read_body(request)
    value = _parse(raw)
    if not isinstance(value, dict):
        raise InvalidInput.of("body", "send a JSON object")
    if not _depth_within(value, _MAX_DEPTH):
        raise InvalidInput.of("body", f"objects and lists are nested more than {_MAX_DEPTH} deep")
    return Body(raw, value)


def has_body(request: Request) -> bool:
    """Whether a request brings anything, as its head tells (RFC 9112, section 6.3)."""
    length = request.headers.get("content-length", "0")
    return "transfer-encoding" in request.headers or length.strip() != "0"


async def read_body(request: Request, limit: int = MAX_BODY_BYTES, within_s: float = BODY_S) -> bytes:
    """The body, unless it is too large: then no more of it is kept than the limit.

    Raises:
        HTTPException: 413; 408 where it takes too long.
    """
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared[:20]) > limit:
        raise _too_large(limit)
    received = bytearray()
    try:
        # Whatever was declared, and chunked bodies declare nothing: what counts is what comes.
        async with asyncio.timeout(within_s):
            async for piece in request.stream():
                received += piece
                if len(received) > limit:
                    raise _too_large(limit)
    except TimeoutError as error:
        raise HTTPException(408, f"The body did not arrive within {within_s:.0f} seconds.") from error
    except ClientDisconnect as error:
        raise HTTPException(400, "The connection ended before the body did.") from error
    return bytes(received)


def _too_large(limit: int) -> HTTPException:
    bound = f"{limit >> 20} MiB" if limit >= 1 << 20 else f"{limit >> 10} KiB"
    return HTTPException(413, f"The body is larger than {bound}.")


def _check_media_type(request: Request) -> None:
    wanted = _PATCH_TYPES if request.method == "PATCH" else _CREATE_TYPES
    # RFC 9110 section 15.5.16 and RFC 5789 section 2.2: where to say what would be understood.
    headers = {"Accept-Patch" if request.method == "PATCH" else "Accept": ", ".join(wanted)}
    media_type, *parameters = (
        part.strip().lower() for part in request.headers.get("content-type", "").split(";")
    )
    if media_type not in wanted:
        raise HTTPException(415, f"Send “Content-Type: {wanted[0]}”.", headers)
    if any(p.startswith("charset=") and p[8:].strip('"') not in ("utf-8", "utf8") for p in parameters):
        raise HTTPException(415, "JSON is sent in UTF-8.", headers)
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise HTTPException(415, "Compressed bodies are not taken.", headers)


def _parse(raw: bytes) -> Any:
    if not raw.strip():
        raise HTTPException(400, "The body is empty: send a JSON object.")
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        raise HTTPException(400, f"The body is not UTF-8: byte {error.start + 1} cannot be read.") from error
    try:
        value = orjson.loads(raw)  # refuses NaN and halves of surrogate pairs, which json would let through
    except orjson.JSONDecodeError as error:
        raise HTTPException(400, f"The body is not JSON: {error}.") from error
    try:
        json.loads(raw, object_pairs_hook=_refuse_duplicates)
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, f"The body cannot be read: {error}.") from error
    return value


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> None:
    """Of two values for one name, readers of JSON take the first, the last or none (RFC 8259, section 4)."""
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            raise ValueError(f"the name “{name[:100]}” is there twice")
        seen.add(name)


def _depth_within(value: Any, limit: int) -> bool:
    """Without recursion of its own: what is checked here is that others may recurse."""
    level = [value]
    for _ in range(limit):
        level = [child for item in level for child in _children(item)]
        if not level:
            return True
    return False


def _children(value: Any) -> list[Any]:
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [child for child in children if isinstance(child, dict | list)]
