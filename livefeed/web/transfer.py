"""Bringing updates into a feed, with a preview, and taking them out again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Final

import orjson
from pydantic import BaseModel, ConfigDict, StringConstraints
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from livefeed.core import validation
from livefeed.errors import Conflict
from livefeed.web.auth import enter
from livefeed.web.bodies import read_body
from livefeed.web.caching import NO_STORE, answer
from livefeed.web.site import Site, site_of
from livefeed.wires.apart import read_apart
from livefeed.wires.entry import Wire
from livefeed.wires.exporting import export_feed
from livefeed.wires.fetching import MAX_BYTES
from livefeed.wires.importing import Report, import_wire, preview_wire

__all__ = ["IMPORT_TYPES", "ImportRequest", "export", "import_file"]

IMPORT_TYPES: Final = (
    *("application/x-ndjson", "application/rss+xml", "application/atom+xml", "application/feed+json"),
    *("application/xml", "text/xml", "application/octet-stream"),
)
"""What a file may be sent as; what it is, its first characters tell."""

_NDJSON: Final = "application/x-ndjson"

_PLACE_S: Final = 10.0
"""How long an import waits for another one to end."""

_BODY_S: Final = 60.0

_MAX_REFUSED: Final = 100


class ImportRequest(BaseModel):
    """Where the wire is."""

    model_config = ConfigDict(extra="forbid", strict=True)

    url: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]


async def import_file(request: Request) -> Response:
    """A file, or the address of one; with ``?preview=1`` nothing is written."""
    slug, _ = await enter(request, "editor")
    is_preview = request.query_params.get("preview", "0") not in ("", "0")
    site = site_of(request)
    async with _place(site):
        wire = await _read(request, site)
        # Foreseen in any case: a closed feed refuses all of it, before anything is done.
        report = await preview_wire(site.store, slug, wire)
        if not is_preview:
            report = await import_wire(site.store, slug, wire)
    return answer(request, orjson.dumps(_said(report, is_preview=is_preview)), cache=NO_STORE)


@asynccontextmanager
async def _place(site: Site) -> AsyncIterator[None]:
    """Each import holds some megabytes and a process for a while: so there are few at a time.

    Raises:
        Conflict
    """
    try:
        async with asyncio.timeout(_PLACE_S):
            await site.imports.acquire()
    except TimeoutError as error:
        raise Conflict("Other imports are running here: try again in a minute.") from error
    try:
        yield
    finally:
        site.imports.release()


async def _read(request: Request, site: Site) -> Wire:
    body = await read_body(request, MAX_BYTES, _BODY_S)
    content_type = request.headers.get("content-type", "")
    if (address := _address_of(body, content_type)) is None:
        return await read_apart(body, content_type=content_type)
    return await read_apart(address=address, public_only=not site.settings.import_private)


def _address_of(body: bytes, content_type: str) -> str | None:
    """The address that JSON names; None where it is the file itself (a JSON Feed, a line of NDJSON)."""
    if content_type.partition(";")[0].strip().lower() != "application/json" or len(body) > 20_000:
        return None
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(fields, dict) or {"id", "version", "text"} & set(fields):
        return None
    return validation.parse(ImportRequest, fields).url


def _said(report: Report, *, is_preview: bool) -> dict[str, object]:
    deleted = [{"entry": source, "why": "it was deleted here, and stays so"} for source in report.deleted]
    refused = [{"entry": skipped.where, "why": skipped.reason} for skipped in report.skipped] + deleted
    if (more := len(refused) - _MAX_REFUSED) > 0:
        refused[_MAX_REFUSED:] = [{"entry": f"{more:,} more", "why": "not listed"}]
    return {
        "preview": is_preview,
        "added": report.published,
        "changed": report.edited,
        "unchanged": report.unchanged,
        "refused": refused,
        "updates": [
            {"kind": shown.kind, "id": shown.id, "headline": shown.headline, "time": shown.time}
            for shown in report.shown
        ],
    }


async def export(request: Request) -> Response:
    """NDJSON, as it is read: however large a feed is, a hundred updates of it are held at a time."""
    slug, _ = await enter(request, "editor")
    headers = {
        "Content-Disposition": f'attachment; filename="{slug}.ndjson"',
        "Cache-Control": NO_STORE,
        "X-Content-Type-Options": "nosniff",
    }
    lines = export_feed(site_of(request).store, slug)
    first = await anext(lines)  # what is refused, is refused before the answer begins

    async def body() -> AsyncIterator[bytes]:
        yield first
        async for some in lines:
            yield some

    sent = _nothing() if request.method == "HEAD" else body()
    return StreamingResponse(sent, headers=headers, media_type=_NDJSON)


async def _nothing() -> AsyncIterator[bytes]:
    """Of as unknown a length as a body."""
    return
    yield b""
