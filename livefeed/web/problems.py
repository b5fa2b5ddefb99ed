"""Errors as readers and programs get them: ``application/problem+json`` (RFC 9457).

``type`` is ``/problems/<name>``: the name is stable and listed in docs/publishing.md, and is what a
program goes by. ``title`` says the same for people, ``detail`` is about this one request.
"""

from __future__ import annotations

import logging
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeAlias

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from livefeed import errors
from livefeed.errors import InvalidInput, LivefeedError, NotReady, RevisionConflict, StoreError, UpdateGone

__all__ = [
    "PROBLEM_NAMES",
    "HtmlRenderer",
    "Problem",
    "exception_handlers",
    "problem_of",
    "problem_response",
    "wants_html",
]

_logger = logging.getLogger(__name__)

_MAX_ERRORS, _MAX_FIELD = 50, 200
"""What is said of wrong input stays small, whatever was sent."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One error, ready to be written as JSON or shown on a page."""

    status: int
    name: str
    title: str
    detail: str
    members: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def json(self) -> bytes:
        said = {
            "type": f"/problems/{self.name}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        return orjson.dumps(said | self.members)


HtmlRenderer: TypeAlias = Callable[[Request, Problem], Response]
"""Makes the page of a problem; the application keeps it as ``app.state.error_page``."""


@dataclass(frozen=True, slots=True)
class _Kind:
    status: int
    name: str
    title: str
    retry_after_s: int | None = None


_KINDS: dict[type[Exception], _Kind] = {
    errors.InvalidInput: _Kind(422, "invalid-input", "The request breaks a rule"),
    errors.BadPosition: _Kind(400, "bad-position", "The position cannot be read"),
    errors.BadCursor: _Kind(400, "bad-cursor", "The cursor cannot be read"),
    errors.NotFound: _Kind(404, "not-found", "Not found"),
    errors.FeedNotFound: _Kind(404, "feed-not-found", "There is no such feed"),
    errors.UpdateNotFound: _Kind(404, "update-not-found", "There is no such update"),
    errors.ItemNotFound: _Kind(404, "item-not-found", "There is no such item"),
    errors.TokenNotFound: _Kind(404, "token-not-found", "There is no such token"),
    errors.SessionNotFound: _Kind(404, "session-not-found", "There is no such session"),
    errors.InviteNotFound: _Kind(404, "invite-not-found", "There is no such invite"),
    errors.UpdateGone: _Kind(410, "update-gone", "The update was deleted"),
    errors.ItemGone: _Kind(410, "item-gone", "The item was deleted"),
    errors.Conflict: _Kind(409, "conflict", "The present state does not allow it"),
    errors.FeedExists: _Kind(409, "feed-exists", "There is such a feed already"),
    errors.TokenExists: _Kind(409, "token-exists", "There is such a token already"),
    errors.FeedClosed: _Kind(409, "feed-closed", "The feed is closed"),
    errors.TooManyPinned: _Kind(409, "too-many-pinned", "Too much is pinned"),
    errors.UpdateExists: _Kind(409, "update-exists", "There is such an update already"),
    errors.ItemExists: _Kind(409, "item-exists", "There is such an item already"),
    errors.TooManyItems: _Kind(409, "too-many-items", "Too much is on the desk"),
    errors.WrongState: _Kind(409, "wrong-state", "The item's state does not allow it"),
    errors.AlreadyPublished: _Kind(409, "already-published", "It is published already"),
    errors.RevisionConflict: _Kind(412, "revision-conflict", "It was changed meanwhile"),
    errors.IdempotencyMismatch: _Kind(422, "idempotency-mismatch", "The key was used for another request"),
    errors.AccessError: _Kind(403, "forbidden", "Not allowed"),
    errors.Unauthenticated: _Kind(401, "unauthenticated", "Who are you?"),
    errors.Forbidden: _Kind(403, "forbidden", "Not allowed"),
    errors.StoreError: _Kind(503, "store-error", "The store failed", 10),
    errors.StoreUnavailable: _Kind(503, "store-unavailable", "The store cannot be reached", 2),
    errors.StoreFull: _Kind(503, "store-full", "The store is full", 30),
    errors.StoreUnconfirmed: _Kind(503, "store-unconfirmed", "Written, but not confirmed yet", 1),
    errors.StoreInconsistent: _Kind(503, "store-error", "The store failed", 60),
    errors.MediaUnavailable: _Kind(503, "media-unavailable", "Pictures cannot be kept or read", 10),
    errors.TooManyUploads: _Kind(429, "too-many-uploads", "Too many pictures"),
    errors.TooManyReaders: _Kind(429, "too-many-readers", "Too many readers"),
    errors.ServerFull: _Kind(503, "server-full", "The server is full"),
    errors.NotReady: _Kind(503, "not-ready", "Not ready for readers", 1),
    # The border's own refusals: raised as Starlette's HTTPException, looked up by their status.
    Exception: _Kind(500, "internal-error", "Something went wrong here"),
}

_HTTP_KINDS: dict[int, tuple[_Kind, str]] = {
    400: (_Kind(400, "bad-request", "The request cannot be read"), "The request cannot be read."),
    404: (_Kind(404, "not-found", "Not found"), "There is nothing at this address."),
    405: (
        _Kind(405, "method-not-allowed", "This cannot be done here"),
        "This address does not take that method.",
    ),
    408: (_Kind(408, "too-slow", "The body took too long"), "The body took too long."),
    413: (_Kind(413, "too-large", "The body is too large"), "The body is too large."),
    426: (_Kind(426, "upgrade-required", "Another protocol is needed"), "This is a WebSocket."),
    415: (_Kind(415, "unsupported-media-type", "The media type is not understood"), "Send JSON."),
}

PROBLEM_NAMES = frozenset(kind.name for kind in _KINDS.values()) | {
    kind.name for kind, _ in _HTTP_KINDS.values()
}
"""The ends of all ``type``s there are."""


def problem_of(error: Exception) -> Problem:
    """What there is to say of an error; nothing of one that nobody expected."""
    if isinstance(error, HTTPException):
        return _http_problem(error)
    kind = next(_KINDS[cls] for cls in type(error).__mro__ if cls in _KINDS)
    headers = {} if kind.retry_after_s is None else {"Retry-After": str(kind.retry_after_s)}
    if isinstance(error, errors.TooManyReaders):
        # Spread, as in a stream's good-bye: who was refused together must not come back together.
        headers["Retry-After"] = str(math.ceil(error.retry_after_s * random.uniform(0.5, 1.5)))
    if isinstance(error, errors.TooManyUploads):
        headers["Retry-After"] = str(math.ceil(error.retry_after_s))
    if kind.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Problem(kind.status, kind.name, kind.title, _detail(error), _members(error), headers)


def _detail(error: Exception) -> str:
    match error:
        case InvalidInput():
            return _sentence("; ".join(f"{e.field[:_MAX_FIELD]}: {e.message}" for e in error.errors[:5]))
        case errors.StoreUnavailable():
            return "Redis cannot be reached at the moment; try again with the same Idempotency-Key."
        case errors.MediaUnavailable():
            return "Pictures cannot be kept or read at the moment; the log of the server says why."
        case errors.StoreFull() | errors.StoreUnconfirmed():
            return str(error)
        case StoreError():
            return "Redis did not do it; the log of the server says why."
        case LivefeedError():
            return str(error)
    return "Something went wrong here; it was noted in the log of the server."


def _sentence(words: str) -> str:
    return words if words.endswith((".", "!", "?")) else words + "."


def _members(error: Exception) -> dict[str, Any]:
    match error:
        case InvalidInput():
            listed = error.errors[:_MAX_ERRORS]
            return {"errors": [{"field": e.field[:_MAX_FIELD], "message": e.message} for e in listed]}
        case RevisionConflict():
            return {"current": orjson.Fragment(error.current)}
        case NotReady():
            return {"reasons": error.reasons}
        case errors.AlreadyPublished():
            return {"update": orjson.Fragment(error.update)}
        case UpdateGone() | errors.ItemGone():
            return {"time": error.time}
    return {}


def _http_problem(error: HTTPException) -> Problem:
    status = error.status_code
    phrase = HTTPStatus(status).phrase
    fallback = _Kind(status, phrase.lower().replace(" ", "-"), phrase), f"{phrase}."
    kind, detail = _HTTP_KINDS.get(status, fallback)
    headers = dict(error.headers or {})
    if "Allow" in headers:
        headers["Allow"] = ", ".join(sorted(headers["Allow"].split(", ")))
    # Without words of its own, Starlette repeats the status's phrase.
    return Problem(
        status, kind.name, kind.title, detail if error.detail == phrase else error.detail, {}, headers
    )


def wants_html(connection: HTTPConnection) -> bool:
    """Whether a page is the better answer: outside the API, for who names HTML no later than JSON."""
    if (connection.scope["path"] + "/").startswith("/v1/"):
        return False
    weights = dict(_weights(connection.headers.get("accept", "")))
    html = weights.get("text/html", 0.0)
    return html > 0 and html >= max(
        weights.get("application/json", 0.0), weights.get("application/problem+json", 0.0)
    )


def _weights(accept: str) -> list[tuple[str, float]]:
    found = []
    for item in accept.split(","):
        media_type, *parameters = (part.strip().lower() for part in item.split(";"))
        weight = next((p[2:] for p in parameters if p.startswith("q=")), "1")
        try:
            found.append((media_type, float(weight)))
        except ValueError:
            found.append((media_type, 0.0))
    return found


def problem_response(request: Request, error: Exception) -> Response:
    """The answer to a request that ended in ``error``."""
    problem = problem_of(error)
    if isinstance(error, StoreError | errors.MediaUnavailable):
        # %r: a path decodes to line breaks and escape codes, if somebody wants it to.
        _logger.warning("%s %r: %s", request.method, request.scope["path"], error)
    render: HtmlRenderer | None = getattr(request.app.state, "error_page", None)
    if render is not None and wants_html(request):
        response = render(request, problem)
    else:
        response = Response(problem.json(), problem.status, media_type="application/problem+json")
    response.headers.update(problem.headers)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


async def _handle(request: Request, error: Exception) -> Response:
    return problem_response(request, error)


# An error that nobody expected is raised again by Starlette once it is answered: the server logs it
# with its traceback, so nothing is logged here.
exception_handlers: dict[Any, Any] = {LivefeedError: _handle, HTTPException: _handle, Exception: _handle}
