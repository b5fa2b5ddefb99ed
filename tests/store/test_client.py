"""Addresses, read and refused in words; then the same day's work over a real Sentinel and a real Cluster."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from anyio import to_thread

from livefeed.core.paging import PageQuery
from livefeed.core.position import Verdict
from livefeed.errors import StartupError, StoreUnavailable, UpdateGone
from livefeed.store.client import BLOCK_MS, Connector
from livefeed.store.store import Store
from tests.redis_servers import BUNDLED, SYSTEM, RedisServer, free_port, replicated, wait_until
from tests.store.support import FEED, assert_sound, idempotency, ids, open_feed, opened, page, publish, read

pytestmark = pytest.mark.anyio
SECRET = "hunter2"


async def settings_of(url: str) -> dict[str, Any]:
    """What a standalone client connects with."""
    client: Any = Connector(url).commands()
    settings = dict(client.connection_pool.connection_kwargs)
    await client.aclose()
    return settings


# Addresses ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://localhost", {"host": "localhost"}),
        ("redis://", {}),
        ("redis://10.0.0.1:6380/3", {"host": "10.0.0.1", "port": 6380, "db": 3}),
        ("redis://localhost?db=4", {"db": 4}),
        ("redis://[::1]:6380", {"host": "::1", "port": 6380}),
        ("redis://[::1]", {"host": "::1"}),
        ("rediss://redis.example.org?ssl_cert_reqs=none", {"ssl_cert_reqs": "none"}),
        (f"redis://ann:{SECRET}@localhost", {"username": "ann", "password": SECRET}),
        ("redis://:p%40%2F%3A%23@localhost", {"password": "p@/:#"}),
        ("unix:///run/redis.sock", {"path": "/run/redis.sock"}),
        ("unix:///run/a%20b.sock?db=1", {"path": "/run/a b.sock", "db": 1}),
        (f"unix://ann:{SECRET}@/run/redis.sock", {"password": SECRET}),
    ],
)
async def test_an_address_of_one_server(url: str, expected: dict[str, Any]) -> None:
    settings = await settings_of(url)
    assert expected.items() <= settings.items()
    assert settings["retry"].get_retries() == 0
    assert settings["socket_timeout"] == 5.0


@pytest.mark.parametrize(
    ("netloc", "expected"),
    [
        ("one,two:7000,[::1]:7001,[fe80::1]", [("one", 0), ("two", 7000), ("::1", 7001), ("fe80::1", 0)]),
        (f"ann:{SECRET}@one", [("one", 0)]),
    ],
)
@pytest.mark.parametrize(
    ("scheme", "path", "port"), [("sentinel", "/mymaster", 26379), ("cluster", "", 6379)]
)
def test_an_address_of_several(
    scheme: str, path: str, port: int, netloc: str, expected: list[tuple[str, int]]
) -> None:
    connector = Connector(f"redis+{scheme}://{netloc}{path}")
    assert connector._hosts == [(host, given or port) for host, given in expected]
    assert connector.is_cluster == (scheme == "cluster")


async def test_passwords_are_decoded_for_sentinel_and_cluster_too() -> None:
    for url in ("redis+sentinel://ann:p%40%2F@one/mymaster", "redis+cluster://ann:p%40%2F@one"):
        client: Any = Connector(url).commands()
        owner = client if "cluster" in url else client.connection_pool
        assert owner.connection_kwargs["username"] == "ann"
        assert owner.connection_kwargs["password"] == "p@/"
        await client.aclose()


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "must begin with"),
        ("localhost:6379", "must begin with"),
        (f"{SECRET}://localhost", "must begin with"),
        (f"http://:{SECRET}@localhost", "must begin with"),
        (f"redis://:{SECRET}@localhost:port", "host:port"),
        (f"redis://:{SECRET}@localhost:0", "host:port"),
        (f"redis://:{SECRET}@localhost:65536", "host:port"),
        (f"redis://:{SECRET}@localhost:-1", "host:port"),
        (f"redis://:{SECRET}/x@localhost", "%2F"),
        (f"redis://:{SECRET}#x@localhost", "%23"),
        (f"redis://:{SECRET}?x@localhost", "unknown option"),
        (f"redis://:{SECRET}@[::1", "in brackets"),
        (f"redis://:{SECRET}@::1", "in brackets"),
        (f"redis://:{SECRET}@a,b", "several hosts"),
        (f"redis://:{SECRET}@localhost/zero", "must be a number"),
        (f"redis://:{SECRET}@localhost?db=x", "must be a number"),
        (f"redis://:{SECRET}@localhost?decode_responses=true", "known are client_name"),
        (f"redis://:{SECRET}@localhost?health_check_interval=x", "check its host"),
        ("redis://localhost?ssl_cert_reqs=none", "unknown option"),
        ("unix://", "name the socket"),
        ("redis+sentinel://one,two", "name the service"),
        ("redis+sentinel://one,/mymaster", "host:port"),
        ("redis+sentinel://one/mymaster?db=x", "must be a number"),
        ("redis+cluster://one/1", "database 0 only"),
        ("redis+cluster://one?x=1", "known are none"),
    ],
)
def test_nonsense_is_refused_in_words_without_the_password(url: str, reason: str) -> None:
    with pytest.raises(StartupError) as caught:
        Connector(url).commands()
    assert str(caught.value).startswith("LIVEFEED_REDIS_URL cannot be used: ")
    assert reason in str(caught.value)
    assert SECRET not in str(caught.value)
    assert caught.value.__suppress_context__


async def test_a_wrong_password_is_not_repeated(store: Store) -> None:
    url = store.connector.url.replace("unix://", f"unix://ann:{SECRET}@")
    async with opened(url) as other:
        with pytest.raises(StoreUnavailable) as caught:
            await other.feeds.list()
    assert SECRET not in str(caught.value)


async def test_a_reader_that_blocks_is_waited_for() -> None:
    client: Any = Connector("redis://localhost").blocking()
    assert client.connection_pool.connection_kwargs["socket_timeout"] > BLOCK_MS / 1000
    await client.aclose()


async def test_more_at_once_than_a_pool_usually_has(store: Store) -> None:
    await open_feed(store)
    made = await publish(store)
    await asyncio.gather(*(read(store, made.id) for _ in range(300)))


# A day's work -------------------------------------------------------------------------------------


async def a_day(store: Store) -> None:
    """All that the store does, once."""
    assert (await store.check_version()).startswith("Redis ")
    await open_feed(store)
    await open_feed(store, "other", title="Other")
    one = await publish(store, "One", tags=["x"], key=True, pinned=True, source="s")
    two = await publish(store, "Two", tags=["x"], idem=idempotency())
    assert await publish(store, "Two", tags=["x"], idem=idempotency()) == two
    before = (await store.log(FEED).attach()).reigns
    await store.updates.edit(FEED, one.id, {"text": "Other"}, if_match=1, idempotency=idempotency("2"))
    assert len(await store.updates.revisions(FEED, one.id)) == 2
    assert ids(await page(store, PageQuery(tag="x", key=True))) == [one.id]
    assert await store.updates.tags(FEED) == {"x": 2}
    await store.updates.delete(FEED, two.id)
    with pytest.raises(UpdateGone):
        await read(store, two.id)
    after = await store.log(FEED).newest(10)
    assert after.reigns.judge(before.position) is Verdict.GOOD
    assert len((await store.log(FEED).after(before.head, count=10)).entries) == 2
    await asyncio.gather(*(publish(store, f"{number}", feed="other") for number in range(20)))
    assert [feed.slug for feed in await store.feeds.list()] == ["news", "other"]
    await assert_sound(store)
    await assert_sound(store, "other")
    await store.feeds.patch(FEED, {"status": "closed"})
    await store.feeds.remove("other")
    secret = await store.tokens.create("ann", "editor")
    session = await store.sessions.open(secret)
    assert (await store.sessions.check(session)).name == "ann"
    await store.tokens.revoke("ann")
    assert await store.control.last_id() != "0-0"
    assert await store.check_settings() == []


async def heard(store: Store) -> str:
    """What a blocked reader gets when something is published."""
    log = store.log(FEED)
    head = (await log.attach()).reigns.head
    reader = store.blocked_reader()
    waiting = asyncio.create_task(reader.read({log.key: f"{head}-0"}))
    await publish(store, id="heard")
    rows = await asyncio.wait_for(waiting, 30)
    await reader.close()
    assert rows[0][1][0][0] == f"{head + 1}-0".encode()
    return rows[0][0]


@contextmanager
def cluster(binary: Path) -> Iterator[RedisServer]:
    """One node that has all slots."""
    # A node listens on its port + 10000, too.
    port = next(port for port in iter(free_port, 0) if port < 55_000)
    with RedisServer(binary, port=port, options={"cluster-enabled": "yes"}) as server:
        server.command("CLUSTER", "ADDSLOTS", *range(16_384))
        wait_until(lambda: "ok" in str(server.command("CLUSTER INFO")["cluster_state"]), "the cluster")
        yield server


@contextmanager
def sentinel(primary: RedisServer) -> Iterator[RedisServer]:
    """One Sentinel that watches ``primary`` and is content with its own vote."""
    with RedisServer(primary.binary, port=free_port(), mode="sentinel") as server:
        for command in (
            ("MONITOR", "mymaster", "127.0.0.1", primary.port, 1),
            ("SET", "mymaster", "down-after-milliseconds", 300),
            ("SET", "mymaster", "failover-timeout", 2000),
        ):
            server.command("SENTINEL", *command)
        yield server


async def test_a_day_on_one_server(store: Store) -> None:
    await a_day(store)
    await store.feeds.patch(FEED, {"status": "open"})
    assert await heard(store) == store.log(FEED).key


async def test_a_day_on_a_cluster(binary: Path, caplog: pytest.LogCaptureFixture) -> None:
    with cluster(binary) as server:
        async with opened(f"redis+cluster://127.0.0.1:{server.port}") as store:
            await a_day(store)
            await store.feeds.patch(FEED, {"status": "open"})
            assert await heard(store) == store.log(FEED).key
        server.rewrite_done()
        assert b"Two" not in server.files()
    assert caplog.text == ""


async def test_a_cluster_that_is_away_and_comes_back() -> None:
    with cluster(BUNDLED) as server:
        async with opened(f"redis+cluster://127.0.0.1:{server.port}") as store:
            await open_feed(store)
            await to_thread.run_sync(server.stop)
            with pytest.raises(StoreUnavailable):
                await publish(store)
            await to_thread.run_sync(server.start)
            await to_thread.run_sync(
                wait_until,
                lambda: "ok" in str(server.command("CLUSTER INFO")["cluster_state"]),
                "the cluster",
            )
            await publish(store)
            await assert_sound(store)


async def test_a_day_behind_a_sentinel(binary: Path) -> None:
    with RedisServer(binary, port=free_port()) as primary, sentinel(primary) as watcher:
        async with opened(f"redis+sentinel://127.0.0.1:{watcher.port}/mymaster") as store:
            await a_day(store)
            await store.feeds.patch(FEED, {"status": "open"})
            assert await heard(store) == store.log(FEED).key
        async with opened(
            f"redis+sentinel://127.0.0.1:{free_port()},127.0.0.1:{watcher.port}/mymaster"
        ) as store:
            assert len(ids(await page(store))) == 2
        async with opened(f"redis+sentinel://127.0.0.1:{watcher.port}/other") as store:
            with pytest.raises(StoreUnavailable, match="No master found"):
                await page(store)


async def test_a_sentinel_names_another_primary() -> None:
    """Kill the primary: the Sentinel promotes the replica, and the store goes on there by itself."""
    with (
        replicated(SYSTEM if SYSTEM.exists() else BUNDLED) as (primary, replica),
        sentinel(primary) as watcher,
    ):
        async with opened(f"redis+sentinel://127.0.0.1:{watcher.port}/mymaster") as store:
            await open_feed(store)
            made = await publish(store)
            old = (await store.log(FEED).attach()).reigns.position
            await to_thread.run_sync(
                wait_until, lambda: knows_replica(watcher), "the Sentinel to see the replica"
            )
            await to_thread.run_sync(
                wait_until, lambda: replica.command("HEXISTS", "livefeed:{news}:updates", made.id)
            )
            await to_thread.run_sync(primary.kill)
            await to_thread.run_sync(wait_until, lambda: replica.info("replication")["role"] == "master")
            async with asyncio.timeout(30):
                while True:
                    try:
                        await store.updates.edit(FEED, made.id, {"text": "Again"})
                        break
                    except StoreUnavailable:
                        await asyncio.sleep(0.05)
            reigns = (await store.log(FEED).attach()).reigns
            assert [first for _, first in reigns.epochs] == [1, 3]
            assert reigns.judge(old) is Verdict.GOOD
            await assert_sound(store)


def knows_replica(watcher: RedisServer) -> bool:
    return len(watcher.command("SENTINEL", "REPLICAS", "mymaster")) == 1
