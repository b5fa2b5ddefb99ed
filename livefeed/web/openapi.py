"""The OpenAPI 3.1 description, made from the models and from the table of routes."""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from typing import Any

import orjson
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.requests import Request
from starlette.responses import Response

from livefeed.core.models import Feed, Update
from livefeed.web import contract
from livefeed.web.caching import answer
from livefeed.web.components import (
    ANSWER_HEADERS,
    ANSWER_MODELS,
    PARAMETERS,
    SECURITY_SCHEMES,
    problem_schema,
)
from livefeed.web.operations import Answer, Operation, routes_of
from livefeed.web.readers import open_to_all, preflight_to_all

__all__ = ["description", "routes"]

_PREFIX = "#/components/schemas/"


@cache
def description() -> dict[str, Any]:
    """The whole document."""
    paths: dict[str, dict[str, Any]] = {}
    operations = (*contract.operations, *_OWN)
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "livefeed",
            "version": "1",
            "summary": "A live ticker: editors publish, readers follow.",
            "description": "Clients ignore unknown fields; new ones may come, old ones stay. Every error is "
            "`application/problem+json` (RFC 9457).",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": _schemas(operations),
            "parameters": PARAMETERS,
            "securitySchemes": SECURITY_SCHEMES,
            "headers": ANSWER_HEADERS,
        },
    }


def _schemas(operations: tuple[Operation, ...]) -> dict[str, Any]:
    requests = {operation.body for operation in operations if operation.body is not None}
    models: list[tuple[type[BaseModel], Any]] = [
        (model, "serialization") for model in (Feed, Update, *ANSWER_MODELS)
    ]
    # By name: a set's order differs from process to process, and the document must not.
    models += [(model, "validation") for model in sorted(requests, key=lambda model: model.__name__)]
    _, schema = models_json_schema(models, ref_template=_PREFIX + "{model}")
    return {**schema["$defs"], "Problem": problem_schema()}


def _operation(operation: Operation) -> dict[str, Any]:
    responses = {str(status): _answer(said) for status, said in operation.answers.items()}
    responses |= {str(status): _problem(status) for status in sorted(set(operation.problems))}
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": [_parameter(name) for name in (*_in_path(operation.path), *operation.parameters)],
        "responses": responses,
        "tags": ["readers" if operation.role is None else "editors"],
    }
    if operation.role is not None:
        described["description"] = f"Needs the role `{operation.role}`, or a greater one."
        described["security"] = [{"token": []}, {"session": []}]
    if operation.body is not None:
        content = _body(operation)
        media_types = ["application/json"]
        if operation.method == "PATCH":
            media_types.insert(0, "application/merge-patch+json")
        described["requestBody"] = {
            "required": operation.body_required,
            "content": dict.fromkeys(media_types, content),
        }
    if operation.takes:
        described.setdefault("requestBody", {"required": True, "content": {}})
        described["requestBody"]["content"] |= {kind: {} for kind in operation.takes}
    return described


def _body(operation: Operation) -> dict[str, Any]:
    assert operation.body is not None
    name = operation.body.__name__
    schema: dict[str, Any] = {"$ref": _PREFIX + name}
    if operation.method == "PATCH":
        # RFC 7396: any of the fields, null removes. The model is what must hold after it was applied.
        schema = {
            "type": "object",
            "description": f"A merge patch; what it makes must be a valid {name}.",
            "properties": {
                field: _patched(f"{_PREFIX}{name}/properties/{field}")
                for field in operation.body.model_fields
            },
            "additionalProperties": False,
        }
    return {"schema": schema, "example": dict(operation.example)}


def _patched(reference: str) -> dict[str, Any]:
    return {"anyOf": [{"$ref": reference}, {"type": "null"}]}


def _in_path(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]


def _parameter(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/parameters/{name}"}


def _answer(said: Answer) -> dict[str, Any]:
    described: dict[str, Any] = {"description": said.description}
    if said.schema is not None:
        content = {"schema": {"$ref": _PREFIX + said.schema}}
        described["content"] = dict.fromkeys((said.media_type, *said.also), content)
    if said.headers:
        described["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in said.headers}
    return described


def _problem(status: int) -> dict[str, Any]:
    schema = {"$ref": _PREFIX + "Problem"}
    return {
        "description": HTTPStatus(status).phrase,
        "content": {"application/problem+json": {"schema": schema}},
    }


@open_to_all
async def _openapi(request: Request) -> Response:
    return answer(request, _encoded(), media_type="application/json")


@cache
def _encoded() -> bytes:
    return orjson.dumps(description())


_OWN = (
    Operation(
        method="GET",
        path="/v1/openapi.json",
        endpoint=_openapi,
        name="getDescription",
        summary="This description.",
        answers={200: Answer("OpenAPI 3.1.", "OpenApi", headers=("ETag", "Cache-Control"))},
        preflight=preflight_to_all,
    ),
)

routes = routes_of(_OWN)
