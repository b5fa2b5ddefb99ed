"""``GET /static/…``: the files, served from memory. Only names that were read are served: no path
that a client sends reaches the file system."""

from __future__ import annotations

from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from livefeed.web.caching import none_match
from livefeed.web.site import site_of

__all__ = ["routes"]

# Any site may load the modules: an embed is a script on a page of another origin.
_HEADERS: Final = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
}


async def _serve(request: Request) -> Response:
    """``GET /static/…``

    Raises:
        HTTPException: 404.
    """
    found = site_of(request).static.find(request.path_params["path"])
    if found is None:
        raise HTTPException(404, "There is no such file.", _HEADERS)
    file, cache = found
    packed = file.gzipped if _takes_gzip(request.headers.get("accept-encoding", "")) else None
    body = file.body if packed is None else packed
    # Strong tags name bytes: the packed ones need a tag of their own.
    etag = f'"{file.etag}"' if packed is None else f'"{file.etag}-gz"'
    headers = _HEADERS | {"Cache-Control": cache, "ETag": etag}
    if file.gzipped is not None:
        headers["Vary"] = "Accept-Encoding"
    if none_match(request.headers.get("if-none-match"), etag):
        return Response(None, 304, headers)
    if packed is not None:
        headers["Content-Encoding"] = "gzip"
    headers["Content-Type"] = file.media_type
    headers["Content-Length"] = str(len(body))
    return Response(b"" if request.method == "HEAD" else body, 200, headers)


def _takes_gzip(accepted: str) -> bool:
    """Whether ``Accept-Encoding`` allows gzip (RFC 9110, section 12.5.3)."""
    weights = {}
    for part in accepted.lower().split(","):
        coding, _, weight = part.strip().partition(";")
        weights[coding.strip()] = weight.replace(" ", "").removeprefix("q=")
    return weights.get("gzip", weights.get("*", "0")) not in ("0", "0.0", "0.00", "0.000")


routes = [Route("/static/{path:path}", _serve, methods=["GET"])]
