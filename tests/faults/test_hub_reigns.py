"""Redis loses what it had, or goes away, under connected readers on all transports.

Whatever happens: nobody keeps a lost update, nobody misses a new one, and who need not hear of it
does not.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from livefeed.errors import StoreUnavailable
from livefeed.fanout import tail
from livefeed.store import reading
from tests.clients import TRANSPORTS, Client, PollClient, fresh_page
from tests.live import FEED, Serving, eventually, serving
from tests.redis_proxy import RedisProxy, redis_proxy
from tests.redis_servers import RedisServer, newest_binary, replicated

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub looks every 5 to 7 s by itself; here it is in a hurry."""
    monkeypatch.setattr(tail, "ATTACH_S", 0.4)
    monkeypatch.setattr(reading, "BLOCK_MS", 200)


@pytest.fixture
async def redis_server() -> AsyncIterator[RedisServer]:
    with RedisServer(newest_binary()) as server:
        yield server


@asynccontextmanager
async def read_by_all(served: Serving, *, since: Sequence[str] = ()) -> AsyncIterator[list[Client]]:
    """Readers on every transport, who have these texts, the newest first."""
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(transport(served.base, FEED)) for transport in TRANSPORTS.values()
        ]
        for client in clients:
            await said(client, "sync")
        await assert_all_have(clients, since)
        yield clients


async def assert_all_have(clients: list[Client], texts: Sequence[str]) -> None:
    for client in clients:
        await client.until(lambda client=client: client.texts == list(texts), f"{texts}")  # type: ignore[misc]


async def said(client: Client, kind: str, times: int = 1) -> None:
    await client.until(lambda: len(client.of(kind)) >= times, f"{times} {kind}")


async def assert_all_converged(served: Serving, clients: list[Client], texts: Sequence[str]) -> None:
    await assert_all_have(clients, texts)
    fresh = await fresh_page(served.base, FEED, None)
    assert [update["text"] for update in fresh["updates"]] == list(texts)
    for client in clients:
        assert client.reader.page() == fresh
        assert (client.gaps, client.refetches, client.duplicates) == (0, 0, 0)


def snapshots(client: Client) -> int:
    return sum(not message["recovered"] for message in client.of("sync"))


async def publish(served: Serving, texts: Sequence[str]) -> None:
    for text in texts:
        await served.publish(text)


def numbered(word: str, count: int) -> list[str]:
    return [f"{word} {number}" for number in range(count)]


# A tail that was lost ---------------------------------------------------------------------------


@asynccontextmanager
async def failing_over() -> AsyncIterator[tuple[Serving, RedisProxy, RedisServer]]:
    """A server, the proxy before its primary, and a replica that has “kept” and will hear no more."""
    with replicated(newest_binary()) as (primary, replica):
        async with redis_proxy(primary) as proxy, serving(proxy.url) as served:
            await served.open_feed()
            await served.publish("kept")
            done = primary.info("replication")["master_repl_offset"]
            await eventually(
                lambda: replica.info("replication")["slave_repl_offset"] >= done, "the replica to follow"
            )
            replica.promote()
            yield served, proxy, replica


@pytest.mark.parametrize("new", [0, 1, 3, 6])
async def test_a_promoted_replica_has_lost_the_tail(new: int) -> None:
    """Fewer new changes than were lost, as many, and more."""
    async with failing_over() as (served, proxy, replica), read_by_all(served, since=["kept"]) as clients:
        lost, found = numbered("lost", 3), numbered("new", new)
        await publish(served, lost)
        await assert_all_have(clients, [*lost[::-1], "kept"])
        await proxy.switch(replica)
        await publish(served, found)
        await assert_all_converged(served, clients, [*found[::-1], "kept"])
        assert [snapshots(client) for client in clients] == [2, 2, 2]


async def test_what_was_not_lost_is_not_told_again() -> None:
    async with failing_over() as (served, proxy, replica), read_by_all(served, since=["kept"]) as clients:
        await proxy.switch(replica)
        await publish(served, ["new"])
        await assert_all_converged(served, clients, ["new", "kept"])
        assert [snapshots(client) for client in clients] == [1, 1, 1]


async def test_readers_ahead_of_a_hub_that_never_saw_the_lost_tail() -> None:
    """What the hub itself stands on is sound: only these readers have something that was lost."""
    async with failing_over() as (served, proxy, replica):
        await served.caught_up()
        proxy.hold_reads()
        await publish(served, numbered("lost", 3))
        async with read_by_all(served, since=["lost 2", "lost 1", "lost 0", "kept"]) as clients:
            assert (await served.hub.channel(FEED)).head == 2
            await proxy.switch(replica)
            proxy.release_reads()
            found = numbered("new", 6)
            await publish(served, found)
            await assert_all_converged(served, clients, [*found[::-1], "kept"])


async def test_readers_who_come_back_with_a_lost_position() -> None:
    async with failing_over() as (served, proxy, replica), read_by_all(served, since=["kept"]) as clients:
        await publish(served, ["lost"])
        await assert_all_have(clients, ["lost", "kept"])
        for client in clients:
            await client.leave()
        await proxy.switch(replica)
        await publish(served, numbered("new", 3))
        for client in clients:
            client.come()
        await assert_all_converged(served, clients, ["new 2", "new 1", "new 0", "kept"])


# Everything is lost -----------------------------------------------------------------------------


@pytest.mark.parametrize("new", [0, 2, 9])
async def test_flushed_under_a_blocked_read(redis_server: RedisServer, new: int) -> None:
    """Then created anew; with nine new updates the log passes the old head before anybody looks."""
    async with serving(redis_server.url) as served:
        await served.open_feed()
        await publish(served, numbered("lost", 5))
        async with read_by_all(served, since=numbered("lost", 5)[::-1]) as clients:
            await eventually(lambda: redis_server.info("clients")["blocked_clients"], "the read to block")
            redis_server.client.flushall()
            await served.open_feed()
            await publish(served, numbered("new", new))
            await assert_all_converged(served, clients, numbered("new", new)[::-1])


async def test_flushed_for_a_while(redis_server: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    """Readers keep what they have until the feed is back."""
    async with serving(redis_server.url) as served:
        await served.open_feed()
        await publish(served, ["lost"])
        async with read_by_all(served, since=["lost"]) as clients:
            redis_server.client.flushall()
            await eventually(lambda: "not in Redis any more" in caplog.text, "the hub to notice")
            assert [client.texts for client in clients] == [["lost"]] * 3
            await served.open_feed()
            await publish(served, ["new"])
            await assert_all_converged(served, clients, ["new"])


@pytest.mark.parametrize("new", [1, 5])
async def test_an_old_dump_is_restored(redis_server: RedisServer, new: int) -> None:
    async with serving(redis_server.url) as served:
        await served.open_feed()
        await publish(served, ["kept"])
        redis_server.stop()
        backup = redis_server.folder / "backup"
        shutil.copytree(redis_server.data, backup)
        redis_server.start()
        await eventually(lambda: served.hub.statistics()["redis_connected"], "the hub to be back")
        async with read_by_all(served, since=["kept"]) as clients:
            await publish(served, numbered("lost", 3))
            await assert_all_have(clients, ["lost 2", "lost 1", "lost 0", "kept"])
            redis_server.stop()
            shutil.rmtree(redis_server.data)
            backup.rename(redis_server.data)
            redis_server.start()
            await publish(served, numbered("new", new))
            await assert_all_converged(served, clients, [*numbered("new", new)[::-1], "kept"])


# Nothing is lost --------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["stop", "kill"])
async def test_a_restart_costs_nobody_a_snapshot(redis_server: RedisServer, how: str) -> None:
    async with serving(redis_server.url) as served:
        await served.open_feed()
        await publish(served, ["before"])
        async with read_by_all(served, since=["before"]) as clients:
            for text in ("after", "and again"):
                getattr(redis_server, how)()
                redis_server.start()
                await publish(served, [text])
            await assert_all_converged(served, clients, ["and again", "after", "before"])
            assert [snapshots(client) for client in clients] == [1, 1, 1]
            streams = [client for client in clients if not isinstance(client, PollClient)]
            assert [client.reconnects for client in streams] == [0, 0]


async def test_positions_outlive_restarts(redis_server: RedisServer) -> None:
    async with serving(redis_server.url) as served:
        await served.open_feed()
        await publish(served, ["before"])
        async with read_by_all(served, since=["before"]) as clients:
            for client in clients:
                await client.leave()
            for text in ("one", "two", "three"):
                redis_server.kill()
                redis_server.start()
                await publish(served, [text])
            for client in clients:
                client.come()
            await assert_all_converged(served, clients, ["three", "two", "one", "before"])
            assert [snapshots(client) for client in clients] == [1, 1, 1]


async def test_redis_is_away_for_a_while(redis_server: RedisServer) -> None:
    async with serving(redis_server.url, ping_s=0.1) as served:
        await served.open_feed()
        await publish(served, ["before"])
        async with read_by_all(served, since=["before"]) as clients:
            redis_server.kill()
            await eventually(lambda: not served.hub.statistics()["redis_connected"], "the hub to notice")
            with pytest.raises(StoreUnavailable):
                await served.publish("refused")
            streams = [client for client in clients if not isinstance(client, PollClient)]
            for client in streams:
                await said(client, "ping", len(client.of("ping")) + 2)
                assert client.reconnects == 0
                await client.drop()
                await said(client, "sync", 2)
                assert client.of("sync")[1]["recovered"]
            redis_server.start()
            await publish(served, ["after"])
            await assert_all_converged(served, clients, ["after", "before"])
            assert [snapshots(client) for client in clients] == [1, 1, 1]


async def test_redis_comes_and_goes_while_people_write(redis_server: RedisServer) -> None:
    """What was acknowledged is there in the end, in front of everybody."""
    acknowledged: list[str] = []

    async def write(served: Serving) -> None:
        for number in range(40):
            try:
                await served.publish(f"new {number}")
                acknowledged.append(f"new {number}")
            except StoreUnavailable:
                await asyncio.sleep(0.05)

    async with serving(redis_server.url) as served:
        await served.open_feed()
        async with read_by_all(served) as clients:
            writing = asyncio.create_task(write(served))
            for _ in range(3):
                written = len(acknowledged)
                await eventually(lambda: len(acknowledged) > written + 3 or writing.done(), "some writes")  # noqa: B023
                redis_server.kill()
                redis_server.start()
            await writing
            texts = [update["text"] for update in (await fresh_page(served.base, FEED, None))["updates"]]
            assert set(acknowledged) <= set(texts)
            await assert_all_converged(served, clients, texts)
            assert [snapshots(client) for client in clients] == [1, 1, 1]
