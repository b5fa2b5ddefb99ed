"""The client behind a proxy: in the caps, in the log, and nowhere else."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
import websockets
from starlette.types import Receive, Scope, Send

from livefeed.settings import Settings
from livefeed.web.proxies import BehindProxies
from tests.live import FEED, Serving, serving
from tests.plain_http import plain_http
from tests.redis_servers import RedisServer
from tests.web.streams.conftest import shared_redis
from tests.web.streams.support import socket_url

__all__ = ["shared_redis"]  # a fixture

pytestmark = pytest.mark.anyio

XFF = "X-Forwarded-For"


@asynccontextmanager
async def behind(
    redis: RedisServer, proxies: str | None, *, access_log: bool = False
) -> AsyncIterator[Serving]:
    """A server with one place for each address, whose proxies are ``proxies``; tests ask from 127.0.0.1."""
    redis.clear()
    async with serving(
        redis.url, trusted_proxies=proxies, max_readers_per_address=1, access_log=access_log
    ) as served:
        await served.open_feed()
        yield served


async def gets_in(served: Serving, *headers: tuple[str, str]) -> bool:
    """Whether a reader who sends these gets a place, on each transport alike."""
    async with websockets.connect(socket_url(served), additional_headers=list(headers), proxy=None) as ws:
        by_socket = orjson.loads(await ws.recv())["type"] == "sync"
    async with plain_http(served.base, headers=list(headers)) as http:
        by_poll = (await http.get(f"/v1/feeds/{FEED}/changes?wait=0")).status_code
        async with http.stream("GET", f"/v1/feeds/{FEED}/events") as answer:
            first = await anext(answer.aiter_lines())
    assert by_poll == (200 if by_socket else 429)
    assert ("sync" in first) is by_socket
    return by_socket


@asynccontextmanager
async def a_reader(served: Serving, *headers: tuple[str, str]) -> AsyncIterator[None]:
    async with websockets.connect(socket_url(served), additional_headers=list(headers), proxy=None) as ws:
        assert orjson.loads(await ws.recv())["type"] == "sync"
        yield


@pytest.mark.parametrize("proxies", [None, "10.0.0.0/8"])
async def test_what_an_untrusted_peer_claims_is_ignored(
    shared_redis: RedisServer, proxies: str | None
) -> None:
    async with behind(shared_redis, proxies) as served, a_reader(served):
        assert not await gets_in(served, (XFF, "192.0.2.1"))
        assert not await gets_in(served, ("Forwarded", "for=192.0.2.1"))


async def test_what_a_trusted_proxy_says_counts(shared_redis: RedisServer) -> None:
    async with behind(shared_redis, "127.0.0.1") as served, a_reader(served, (XFF, "192.0.2.1")):
        assert not await gets_in(served, (XFF, "192.0.2.1"))
        assert not await gets_in(served, ("Forwarded", 'proto=https;for="192.0.2.1:4711"'))
        assert not await gets_in(served, (XFF, "198.51.100.9, 192.0.2.1"))  # the first one is made up
        assert not await gets_in(served, (XFF, "198.51.100.9"), (XFF, "192.0.2.1"))


async def test_another_client_of_the_same_proxy_has_a_place(shared_redis: RedisServer) -> None:
    async with behind(shared_redis, "127.0.0.1") as served, a_reader(served, (XFF, "192.0.2.1")):
        async with (
            a_reader(served, (XFF, "192.0.2.2")),
            a_reader(served, ("Forwarded", 'for="[2001:db8::1]"')),
        ):
            assert not await gets_in(served, (XFF, "2001:db8::2"))
            assert not await gets_in(served, (XFF, "192.0.2.2"))
        assert served.admission.refused["address"] == 6


async def test_a_chain_of_two_proxies(shared_redis: RedisServer) -> None:
    async with (
        behind(shared_redis, "127.0.0.1, 10.0.0.0/8") as served,
        a_reader(served, (XFF, "192.0.2.1, 10.0.0.2")),
    ):
        assert not await gets_in(served, (XFF, "198.51.100.9, 192.0.2.1, 10.0.0.7"))
        async with a_reader(served, (XFF, "192.0.2.2, 10.0.0.2")):
            assert served.admission.statistics()["addresses"] == 2


@pytest.mark.parametrize("garbage", ["", "unknown", "\xff\xfe", '"', ",,,", "for=\\", "1" * 8_000])
async def test_garbage_counts_for_the_proxy(shared_redis: RedisServer, garbage: str) -> None:
    async with behind(shared_redis, "127.0.0.1") as served, a_reader(served):
        raw = garbage.encode("latin-1")
        async with plain_http(served.base) as http:
            for name in (b"X-Forwarded-For", b"Forwarded"):
                answer = await http.get(f"/v1/feeds/{FEED}/changes?wait=0", headers=[(name, raw)])
                assert answer.status_code == 429


async def test_the_access_log_names_the_client(
    shared_redis: RedisServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A server of this process that wanted no access log has turned it off for all.
    monkeypatch.setattr(logging.getLogger("uvicorn.access"), "propagate", True)
    with caplog.at_level(logging.INFO):
        async with (
            behind(shared_redis, "127.0.0.1", access_log=True) as served,
            plain_http(served.base) as http,
        ):
            await http.get("/healthz", headers={XFF: "192.0.2.1"})
    assert '192.0.2.1:0 - "GET /healthz' in caplog.text


async def test_nothing_else_is_believed() -> None:
    """Scheme and host are for LIVEFEED_PUBLIC_URL to say."""
    seen: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(dict(scope))

    async def nothing(*_: object) -> Any:
        raise NotImplementedError

    headers = [
        (b"host", b"live.example.org"),
        (b"forwarded", b"for=192.0.2.1;proto=https;host=evil.example"),
        (b"x-forwarded-proto", b"https"),
        (b"x-forwarded-host", b"evil.example"),
    ]
    asked = {"type": "http", "scheme": "http", "server": ("127.0.0.1", 80), "headers": headers}
    behind = BehindProxies(app, Settings(trusted_proxies="127.0.0.1").proxies)
    for client in (("127.0.0.1", 4711), ("192.0.2.9", 4711), None):
        await behind({**asked, "client": client}, nothing, nothing)
    await behind({"type": "lifespan"}, nothing, nothing)
    clients = [("192.0.2.1", 0), ("192.0.2.9", 4711), None]
    assert seen == [*({**asked, "client": client} for client in clients), {"type": "lifespan"}]
