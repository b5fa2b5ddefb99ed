from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from livefeed.web.bodies import MAX_BODY_BYTES, read_body, read_object
from livefeed.web.problems import exception_handlers
from tests.plain_http import plain_http
from tests.web.asserting import assert_problem

MERGE_PATCH = "application/merge-patch+json"


async def _echo(request: Request) -> Response:
    return JSONResponse((await read_object(request)).fields)


APP = Starlette(
    routes=[Route("/", _echo, methods=["POST", "PATCH"])], exception_handlers=dict(exception_handlers)
)


async def send(
    content: bytes | AsyncIterator[bytes],
    media_type: str | None = "application/json",
    method: str = "POST",
    **more: str,
) -> httpx.Response:
    headers = ({} if media_type is None else {"Content-Type": media_type}) | more
    transport = httpx.ASGITransport(APP, raise_app_exceptions=False)
    async with plain_http("http://testserver", transport=transport) as client:
        return await client.request(method, "/", content=content, headers=headers)


@pytest.mark.parametrize("media_type", ["application/json", "Application/JSON; charset=UTF-8"])
async def test_an_object_is_read(media_type: str) -> None:
    assert (await send('{"text":"Київ"}'.encode(), media_type)).json() == {"text": "Київ"}


@pytest.mark.parametrize("media_type", ["application/json", MERGE_PATCH])
async def test_a_patch_may_come_as_either_type(media_type: str) -> None:
    assert (await send(b"{}", media_type, "PATCH")).status_code == 200


@pytest.mark.parametrize(
    "media_type", [None, "", "text/plain", "application/x-www-form-urlencoded", MERGE_PATCH, "json", ";"]
)
async def test_another_media_type(media_type: str | None) -> None:
    response = await send(b"{}", media_type)
    assert_problem(response, 415, "unsupported-media-type")
    assert response.headers["accept"] == "application/json"


async def test_another_media_type_for_a_patch() -> None:
    response = await send(b"{}", "application/json-patch+json", "PATCH")
    assert_problem(response, 415, "unsupported-media-type")
    assert response.headers["accept-patch"] == f"{MERGE_PATCH}, application/json"


async def test_another_charset() -> None:
    assert_problem(await send(b"{}", "application/json; charset=latin-1"), 415, "unsupported-media-type")


async def test_a_compressed_body() -> None:
    response = await send(b"{}", **{"Content-Encoding": "gzip"})
    assert_problem(response, 415, "unsupported-media-type")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b" \n", id="blank"),
        pytest.param(b"{", id="cut off"),
        pytest.param(b"{'text': 1}", id="single quotes"),
        pytest.param(b"{} {}", id="two values"),
        pytest.param(b'{"a":NaN}', id="NaN"),
        pytest.param(b'{"a":-Infinity}', id="infinity"),
        pytest.param(b'{"a":1e999}', id="too large a number"),
        pytest.param(b'{"a":"\xff"}', id="not UTF-8"),
        pytest.param(b'{"a":"\xed\xa0\x80"}', id="a surrogate in UTF-8"),
        pytest.param(b'{"a":"\\ud83d"}', id="half a surrogate pair"),
        pytest.param(b'{"a":"\\udc00\\ud83d"}', id="a surrogate pair turned round"),
        pytest.param(b"\xef\xbb\xbf{}", id="a byte order mark"),
        pytest.param('{"a":1}'.encode("utf-16"), id="UTF-16"),
        pytest.param(b'{"a":1,"a":2}', id="a name twice"),
        pytest.param(b'{"a":{"b":1,"b":1}}', id="a name twice further down"),
        pytest.param(b"[" * 5_000, id="nested for ever"),
        pytest.param(b'{"a":"\x01"}', id="a raw control character"),
        pytest.param(b"\x00", id="NUL"),
    ],
)
async def test_what_cannot_be_read_as_json(body: bytes) -> None:
    response = await send(body)
    assert_problem(response, 400, "bad-request")


@pytest.mark.parametrize("body", [b"[]", b"null", b'"text"', b"1", b"true", b'[{"text":"a"}]'])
async def test_json_but_no_object(body: bytes) -> None:
    assert_problem(await send(body), 422, "invalid-input", "body")


async def test_nested_too_deeply() -> None:
    for depth in (21, 30, 500):
        body = b'{"a":' * depth + b"1" + b"}" * depth
        assert_problem(await send(body), 422, "invalid-input", "body")
    assert (await send(b'{"a":' * 20 + b"1" + b"}" * 20)).status_code == 200


def _of_size(size: int) -> bytes:
    return orjson.dumps({"a": "x" * (size - 8)})


async def test_the_largest_body() -> None:
    assert (await send(_of_size(MAX_BODY_BYTES))).status_code == 200


async def test_a_body_too_large() -> None:
    assert_problem(await send(_of_size(MAX_BODY_BYTES + 1)), 413, "too-large")


async def _pieces(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b"x" * 1_000


async def test_a_chunked_body_too_large() -> None:
    assert_problem(await send(_pieces(70)), 413, "too-large")


class _Sender:
    """Hands out pieces of a body and counts how many were asked for."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self.asked = 0

    async def receive(self) -> dict[str, Any]:
        self.asked += 1
        return {"type": "http.request", "body": next(self._pieces), "more_body": True}


@pytest.mark.parametrize("declared", [b"10", b"-1", b"", b"many", "²".encode("latin-1")])
async def test_no_more_is_read_than_the_limit_whatever_was_declared(declared: bytes) -> None:
    sender = _Sender(b"x" * 10_000 for _ in range(1_000))
    scope = {"type": "http", "method": "POST", "headers": [(b"content-length", declared)]}
    with pytest.raises(HTTPException) as refused:
        await read_body(Request(scope, sender.receive))
    assert refused.value.status_code == 413
    assert sender.asked == 7


@pytest.mark.parametrize("declared", [b"65537", b"9" * 5_000])
async def test_nothing_is_read_of_what_declares_itself_too_large(declared: bytes) -> None:
    sender = _Sender([])
    scope = {"type": "http", "method": "POST", "headers": [(b"content-length", declared)]}
    with pytest.raises(HTTPException) as refused:
        await read_body(Request(scope, sender.receive))
    assert refused.value.status_code == 413
    assert sender.asked == 0


async def test_a_connection_that_ends_early() -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    with pytest.raises(HTTPException) as refused:
        await read_body(Request({"type": "http", "method": "POST", "headers": []}, receive))
    assert refused.value.status_code == 400


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_are_too_strange(body: bytes) -> None:
    assert asyncio.run(send(body)).status_code in (200, 400, 422)
