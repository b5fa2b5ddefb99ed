"""The table that routes and their description are both made from, so that neither lacks the other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from livefeed.core.models import Role

__all__ = ["Answer", "Endpoint", "Operation", "routes_of"]

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]
Method: TypeAlias = Literal["GET", "POST", "PATCH", "DELETE"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer says. ``schema`` is the name of one of ours, None where there is no body.

    ``also``: more media types that it may come in.
    """

    description: str
    schema: str | None = None
    media_type: str = "application/json"
    headers: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method at one path. ``role`` is the smallest that may; ``preflight`` answers OPTIONS.

    ``takes`` are the media types of a body that is no JSON.
    """

    method: Method
    path: str
    endpoint: Endpoint
    name: str
    summary: str
    answers: Mapping[int, Answer]
    problems: tuple[int, ...] = ()
    role: Role | None = None
    parameters: tuple[str, ...] = ()
    body: type[BaseModel] | None = None
    body_required: bool = True
    example: Mapping[str, Any] = field(default_factory=dict)
    preflight: Endpoint | None = None
    takes: tuple[str, ...] = ()


def routes_of(operations: Iterable[Operation]) -> list[Route]:
    """One route for each path, so that 405 tells all that it takes in ``Allow``."""
    by_path: dict[str, dict[str, Endpoint]] = {}
    for operation in operations:
        methods = by_path.setdefault(operation.path, {})
        methods[operation.method] = operation.endpoint
        if operation.preflight is not None:
            methods["OPTIONS"] = operation.preflight
    return [Route(path, _dispatch(methods), methods=list(methods)) for path, methods in by_path.items()]


def _dispatch(methods: Mapping[str, Endpoint]) -> Endpoint:
    async def dispatch(request: Request) -> Response:
        return await methods["GET" if request.method == "HEAD" else request.method](request)

    return dispatch
