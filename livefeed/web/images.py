"""Pictures: ``POST /v1/images`` takes them, ``GET /media/{name}`` serves them."""

from __future__ import annotations

from typing import Final

import orjson
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from livefeed.core.pictures import MEDIA_TYPES, PICTURE_NAME, address_of
from livefeed.web.auth import require
from livefeed.web.bodies import read_body
from livefeed.web.caching import NO_STORE, answer
from livefeed.web.site import site_of

__all__ = ["Uploaded", "routes", "upload_image"]

_UPLOAD_S = 120.0
"""A photo over a telephone's slow line."""

# The name is that of the content, so browsers need not ask again. Shared caches must: a deleted picture is
# out of them within a minute.
_CACHE: Final = "public, max-age=31536000, s-maxage=60, immutable"

_HEADERS: Final = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


class Uploaded(BaseModel):
    """A picture as it will be served. With ``alt`` and without ``bytes`` it is an update's ``image``."""

    url: str
    width: int
    height: int
    bytes: int


async def upload_image(request: Request) -> Response:
    token = await require(request, "contributor")
    site = site_of(request)
    await site.store.pictures.admit(token.name)
    async with site.encoder.place():
        raw = await read_body(request, site.settings.image_bytes, _UPLOAD_S)
        picture = await site.encoder.encode(raw)
    await site.store.pictures.upload(picture.name, picture.body)
    url = address_of(picture.name)
    uploaded = Uploaded(url=url, width=picture.width, height=picture.height, bytes=len(picture.body))
    return answer(
        request, orjson.dumps(uploaded.model_dump()), status=201, cache=NO_STORE, headers={"Location": url}
    )


async def _serve(request: Request) -> Response:
    """``GET /media/{name}``

    Raises:
        HTTPException: 404.
        MediaUnavailable
    """
    name: str = request.path_params["name"]
    body = await site_of(request).store.media.read(name) if PICTURE_NAME.fullmatch(name) else None
    if body is None:
        raise HTTPException(404, "There is no such picture, or no more.", _HEADERS)
    media_type = MEDIA_TYPES[name.rpartition(".")[2]]
    return answer(request, body, cache=_CACHE, etag=f'"{name}"', media_type=media_type, headers=_HEADERS)


routes = [Route("/media/{name}", _serve)]
