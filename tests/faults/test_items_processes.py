"""Items over processes of their own: one that is killed, or restarts, loses nothing and doubles nothing."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.desk_client import DeskSocket
from tests.live import serving
from tests.plain_http import plain_http
from tests.redis_servers import RedisServer, newest_binary
from tests.serve_process import serve_process
from tests.store.desk import due_in
from tests.store.support import FEED, assert_sound, open_feed, opened
from tests.store.test_client import cluster
from tests.web.asserting import bearer

pytestmark = pytest.mark.anyio

ITEMS = f"/v1/feeds/{FEED}/items"


async def editor(redis: RedisServer, **feed: Any) -> dict[str, str]:
    async with opened(redis.url) as store:
        await open_feed(store, **feed)
        return bearer(await store.tokens.create("ann", "editor"))


async def published(http: httpx.AsyncClient, item_id: str, within_s: float = 10) -> dict[str, Any]:
    async with asyncio.timeout(within_s):
        while (answer := await http.get(f"/v1/feeds/{FEED}/updates/{item_id}")).status_code != 200:
            await asyncio.sleep(0.01)
    update: dict[str, Any] = answer.json()
    return update


def late_s(update: dict[str, Any], due: str) -> float:
    return (datetime.fromisoformat(update["published"]) - datetime.fromisoformat(due)).total_seconds()


async def until(due: str, before_s: float) -> None:
    """Come to shortly before a time."""
    await asyncio.sleep((datetime.fromisoformat(due) - datetime.now(UTC)).total_seconds() - before_s)


async def test_the_one_that_dies_is_made_up_for(tmp_path: Path) -> None:
    """Killed just before the item is due, of two processes; the other one is in time."""
    with RedisServer(newest_binary()) as redis:
        headers = await editor(redis, hold_s=2)
        async with AsyncExitStack() as stack:
            one, other = [
                await stack.enter_async_context(serve_process(redis.url, _folder(tmp_path, name)))
                for name in ("one", "other")
            ]
            async with plain_http(one.base, headers=headers) as http:
                held = (await http.post(f"{ITEMS}/a/publish", json={"text": "Held"})).json()
                await http.post(ITEMS, json={"id": "b", "text": "Scheduled"})
                await http.post(f"{ITEMS}/b/schedule", json={"time": due_in(2.2)})
                later = (await http.get(f"{ITEMS}/b")).json()
            await until(held["due"], 0.02)
            for pid in [*one.workers, one.process.pid]:
                os.kill(pid, signal.SIGKILL)
            async with plain_http(other.base, headers=headers) as http:
                for item in (held, later):
                    assert 0 <= late_s(await published(http, item["id"]), item["due"]) < 1
                assert (await http.get(ITEMS)).json()["items"] == []
        async with opened(redis.url) as store:
            await assert_sound(store)
            assert (await store.log(FEED).attach()).reigns.head == 3


async def test_two_workers_and_one_item_each(tmp_path: Path) -> None:
    """Whoever comes first publishes; nobody does it twice."""
    with RedisServer(newest_binary()) as redis:
        headers = await editor(redis, hold_s=1)
        async with (
            serve_process(redis.url, tmp_path, "--workers", "2") as served,
            plain_http(served.base, headers=headers) as http,
        ):
            held = [
                (await http.post(f"{ITEMS}/i{number}/publish", json={"text": f"{number}"})).json()
                for number in range(20)
            ]
            for item in held:
                assert 0 <= late_s(await published(http, item["id"]), item["due"]) < 1
        async with opened(redis.url) as store:
            assert (await store.log(FEED).attach()).reigns.head == 21
            await assert_sound(store)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
async def test_a_restart_while_it_is_held(tmp_path: Path, how: signal.Signals) -> None:
    with RedisServer(newest_binary()) as redis:
        headers = await editor(redis, hold_s=2)
        async with serve_process(redis.url, _folder(tmp_path, "one"), drain_s=0) as served:
            async with plain_http(served.base, headers=headers) as http:
                held = (await http.post(f"{ITEMS}/a/publish", json={"text": "Held"})).json()
                cancelled = await http.post(f"{ITEMS}/b/publish", json={"text": "Cancelled"})
                assert cancelled.status_code == 202
            pids = [*served.workers, served.process.pid] if how is signal.SIGKILL else [served.process.pid]
            for pid in pids:
                os.kill(pid, how)
            await served.ended(10)
        async with (
            serve_process(redis.url, _folder(tmp_path, "two")) as served,
            plain_http(served.base, headers=headers) as http,
        ):
            answer = await http.post(f"{ITEMS}/b/cancel")
            assert answer.status_code in (200, 409)  # it may have taken longer than the hold to start
            update = await published(http, "a")
            assert late_s(update, held["due"]) >= 0
            left = {item["id"] for item in (await http.get(ITEMS)).json()["items"]}
            assert left == ({"b"} if answer.status_code == 200 else set())
        async with opened(redis.url) as store:
            await assert_sound(store)


async def test_on_a_cluster() -> None:
    """Every log has a tail of its own there, and what is due is asked of many slots."""
    with cluster(newest_binary()) as redis:
        url = f"redis+cluster://127.0.0.1:{redis.port}"
        async with serving(url) as served:
            await served.open_feed(hold_s=1)
            await served.open_feed("other")
            headers = bearer(await served.store.tokens.create("ann", "editor"))
            async with (
                DeskSocket(served.base, FEED, headers) as desk,
                DeskSocket(served.base, "other", headers) as elsewhere,
                plain_http(served.base, headers=headers) as http,
            ):
                await http.post(ITEMS, json={"id": "a", "text": "Later", "tags": ["x"]})
                await http.post(f"{ITEMS}/a/schedule", json={"time": due_in(1.5)})
                await http.post(f"{ITEMS}/b/publish", json={"text": "Held"})
                await http.post("/v1/feeds/other/items", json={"id": "c", "text": "Elsewhere"})
                await published(http, "a")
                await published(http, "b")
                await desk.until(lambda: desk.deleted == {"a": True, "b": True}, "both to be out")
                await elsewhere.until(lambda: list(elsewhere.items) == ["c"], "the other desk")
                assert (await http.delete("/v1/feeds/other/items/c")).status_code == 204
            await assert_sound(served.store)
            await assert_sound(served.store, "other")


def _folder(base: Path, name: str) -> Path:
    folder = base / name
    folder.mkdir()
    return folder
