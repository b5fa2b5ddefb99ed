from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.routing import WebSocketRoute

from livefeed.core.models import FeedCreate, RenderRequest, UpdateCreate
from livefeed.core.paging import parse_query
from livefeed.web import contract, openapi, streams
from livefeed.web.openapi import description
from livefeed.web.session import SessionRequest

DOCUMENT = description()
BARE = {"submitItem", "cancelItem", "releaseItem"}
"""Where the address says it all."""
OPERATIONS = [
    pytest.param(path, method, operation, id=operation["operationId"])
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(reference := value.get("$ref"), str):
            yield reference
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def _resolve(reference: str) -> Any:
    value: Any = DOCUMENT
    assert reference.startswith("#/")
    for part in reference[2:].split("/"):
        value = value[part]
    return value


async def test_it_is_served(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/openapi.json", headers={"Origin": "https://other.example"})
    assert response.json() == DOCUMENT
    assert response.headers["access-control-allow-origin"] == "*"
    etag = {"If-None-Match": response.headers["etag"]}
    assert (await client.get("/v1/openapi.json", headers=etag)).status_code == 304


def test_every_reference_leads_somewhere() -> None:
    assert all(_resolve(reference) for reference in set(_references(DOCUMENT)))


def test_nothing_lies_about_unused() -> None:
    used = {"/".join(reference.split("/")[:4]) for reference in _references(DOCUMENT)}
    for kind in ("schemas", "parameters", "headers"):
        unused = {name for name in DOCUMENT["components"][kind] if f"#/components/{kind}/{name}" not in used}
        assert not unused, kind


def test_every_route_is_described_and_every_description_has_a_route() -> None:
    routed = {(o.method.lower(), o.path) for o in contract.operations}
    routed |= {("get", route.path) for route in (*streams.routes, *openapi.routes) if hasattr(route, "path")}
    described = {(method, path) for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert described == routed
    assert any(isinstance(route, WebSocketRoute) for route in streams.routes)


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_each_operation_is_whole(path: str, method: str, operation: dict[str, Any]) -> None:
    assert operation["summary"].endswith(".")
    parameters = [_resolve(item["$ref"]) for item in operation["parameters"]]
    in_path = {item["name"] for item in parameters if item["in"] == "path"}
    assert in_path == {part[1:-1] for part in path.split("/") if part.startswith("{")}
    assert [status for status in operation["responses"] if status.startswith(("1", "2"))]
    brings_something = method in ("post", "patch") and operation["operationId"] not in BARE
    assert ("requestBody" in operation) == brings_something
    for status, response in operation["responses"].items():
        assert response["description"]
        if status >= "400":
            assert list(response["content"]) == ["application/problem+json"]
    assert ("401" in operation["responses"]) >= ("security" in operation)


@pytest.mark.parametrize("model", [UpdateCreate, FeedCreate, RenderRequest, SessionRequest])
def test_the_schemas_are_the_models(model: Any) -> None:
    schema = DOCUMENT["components"]["schemas"][model.__name__]
    assert set(schema["properties"]) == set(model.model_fields)
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize("operation", contract.operations, ids=lambda operation: operation.name)
def test_the_examples_are_valid(operation: Any) -> None:
    if operation.body is None:
        return
    if operation.method == "PATCH":  # parts of what would be valid
        assert set(operation.example) <= set(operation.body.model_fields)
    else:
        operation.body.model_validate(operation.example)


def test_the_parameters_of_a_page_are_those_that_are_read() -> None:
    described = DOCUMENT["paths"]["/v1/feeds/{feed}/updates"]["get"]["parameters"]
    names = {_resolve(item["$ref"])["name"] for item in described} - {"feed"}
    assert names == {"limit", "cursor", "around", "order", "key", "tag"}
    assert (
        parse_query({"limit": "100"}).limit
        == DOCUMENT["components"]["parameters"]["limit"]["schema"]["maximum"]
    )
