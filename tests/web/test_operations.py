from __future__ import annotations

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from livefeed.web.operations import Answer, Operation, routes_of
from livefeed.web.problems import exception_handlers
from tests.plain_http import plain_http
from tests.web.asserting import assert_problem


async def _say(request: Request) -> Response:
    return PlainTextResponse(request.method)


async def _preflight(request: Request) -> Response:
    return Response(status_code=204)


OPERATIONS = [
    Operation(method="GET", path="/a", endpoint=_say, name="a", summary="A.", answers={200: Answer("A.")}),
    Operation(method="POST", path="/b", endpoint=_say, name="b", summary="B.", answers={200: Answer("B.")}),
    Operation(
        method="POST",
        path="/a",
        endpoint=_say,
        name="c",
        summary="C.",
        answers={200: Answer("C.")},
        preflight=_preflight,
    ),
]
APP = Starlette(routes=routes_of(OPERATIONS), exception_handlers=dict(exception_handlers))


def _client() -> httpx.AsyncClient:
    return plain_http("http://testserver", transport=httpx.ASGITransport(APP))


def test_one_route_for_each_path() -> None:
    routes = routes_of(OPERATIONS)
    assert [route.path for route in routes] == ["/a", "/b"]
    assert routes[0].methods == {"GET", "HEAD", "POST", "OPTIONS"}


async def test_each_method_goes_to_its_endpoint() -> None:
    async with _client() as client:
        assert (await client.get("/a")).text == "GET"
        assert (await client.head("/a")).status_code == 200
        assert (await client.post("/a")).text == "POST"
        assert (await client.options("/a")).status_code == 204


async def test_405_tells_all_that_a_path_takes() -> None:
    async with _client() as client:
        response = await client.delete("/a")
        assert_problem(response, 405, "method-not-allowed")
        assert response.headers["allow"] == "GET, HEAD, OPTIONS, POST"
        assert (await client.get("/b")).headers["allow"] == "POST"
