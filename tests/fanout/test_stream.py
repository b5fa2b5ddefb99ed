"""A reader's stream: everything once, in order, said aloud, until a bye."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import orjson
import pytest

from livefeed.core.messages import PIECE_BYTES
from livefeed.core.position import Position
from livefeed.core.reader import Next, Reader
from livefeed.fanout.message import Message, bye
from livefeed.fanout.stream import poll, stream, watching
from tests.live import FEED, Live, eventually, live_hub
from tests.redis_servers import RedisServer

pytestmark = pytest.mark.anyio

Json = dict[str, Any]


class Following:
    """Somebody who reads a stream batch by batch, as fast or slowly as the test wants."""

    def __init__(self, live: Live, batches: AsyncGenerator[list[Message], None]) -> None:
        self._live, self._batches = live, batches
        self.reader = Reader()
        self.sizes: list[int] = []

    async def next(self) -> list[Json]:
        """The next batch, folded."""
        batch = await asyncio.wait_for(anext(self._batches), 30)
        self.sizes.append(sum(len(message.data) for message in batch))
        messages: list[Json] = [orjson.loads(message.data) for message in batch]
        for message in messages:
            assert self.reader.apply(message) is Next.GO_ON
        return messages

    async def to_the_head(self) -> list[Json]:
        """Everything up to what is in Redis now."""
        head = (await self._live.store.log(FEED).attach()).reigns.head
        messages = []
        while self.reader.position is None or self.reader.position.offset < head:
            messages += await self.next()
        return messages

    async def assert_up_to_date(self) -> None:
        fresh = await self._live.hub.join(await self._live.hub.channel(FEED), None)
        page = Reader()
        page.apply(orjson.loads(fresh.message))
        assert self.reader.page()["updates"][: len(page.updates)] == page.page()["updates"]

    @property
    def texts(self) -> list[str]:
        return [update["text"] for update in self.reader.page()["updates"]]


@asynccontextmanager
async def following(
    live: Live, position: Position | None = None, *, ping_s: float = 60, drain_s: float = 0
) -> AsyncIterator[Following]:
    channel = await live.hub.channel(FEED)
    batches = stream(live.hub, channel, position, ping_s=ping_s, drain_s=drain_s)
    with watching(channel):
        async with aclosing(batches):
            yield Following(live, batches)


def changes_of(message: Json) -> list[Json]:
    return [message["change"]] if message["type"] == "change" else message["changes"]


def types(messages: list[Json]) -> list[str]:
    return [message["type"] for message in messages]


# Changes ----------------------------------------------------------------------------------------


async def test_the_first_message_is_a_sync(live: Live) -> None:
    async with following(live) as reader:
        assert types(await reader.next()) == ["sync"]


async def test_a_live_reader_gets_an_unbroken_chain(live: Live) -> None:
    chance, ids = random.Random(7), [await live.publish()]
    async with following(live) as reader:
        await reader.next()
        chain = []
        for number in range(60):
            match chance.choice(["publish", "publish", "edit", "delete"]):
                case "edit" if ids:
                    await live.edit(chance.choice(ids), f"edit {number}")
                case "delete" if ids:
                    await live.delete(ids.pop(chance.randrange(len(ids))))
                case _:
                    ids.append(await live.publish(f"new {number}"))
            chain += await reader.next()
        offsets = [Position.parse(message["position"]).offset for message in chain]
        assert types(chain) == ["change"] * 60
        assert [message["after"] for message in chain] == [2, *offsets[:-1]]
        await reader.assert_up_to_date()


async def test_who_lagged_through_compaction_gets_a_sync(live: Live) -> None:
    first = await live.publish("first")
    async with following(live) as reader:
        await reader.next()
        for number in range(5):
            await live.edit(first, f"edit {number}")
        await live.caught_up()
        (message,) = await reader.to_the_head()
        assert (message["type"], message["recovered"], len(message["changes"])) == ("sync", True, 1)
        assert reader.texts == ["edit 4"]


async def test_the_window_went_on_without_a_reader(redis_server: RedisServer) -> None:
    async with live_hub(redis_server.url, window_entries=10) as live:
        await live.open_feed()
        async with following(live) as reader:
            await reader.next()
            for number in range(30):
                await live.publish(f"new {number}")
            await live.caught_up()
            messages = await reader.to_the_head()
            assert [message["recovered"] for message in messages] == [True]
            assert len(reader.texts) == 30


async def test_a_slow_reader_is_handed_bounded_pieces(live: Live) -> None:
    async with following(live) as reader:
        await reader.next()
        for _ in range(12):
            await live.publish("x" * 9_000)
        await live.caught_up()
        await reader.to_the_head()
        assert max(reader.sizes) <= PIECE_BYTES
        await reader.assert_up_to_date()


async def test_a_slow_reader_is_not_sent_what_was_deleted_meanwhile(live: Live) -> None:
    async with following(live) as reader:
        await reader.next()
        for _ in range(12):
            last = await live.publish("x" * 9_000)
        await live.caught_up()
        await reader.next()  # the first piece; it would be long before the last one comes
        await live.delete(last)
        await live.caught_up()
        changes = [change for message in await reader.to_the_head() for change in changes_of(message)]
        assert [change["op"] for change in changes if last in str(change)] == ["delete"]
        assert len(reader.texts) == 11


# The end ----------------------------------------------------------------------------------------


async def test_a_closed_feed_ends_after_everything_was_delivered(live: Live) -> None:
    async with following(live) as reader:
        await reader.next()
        await live.publish("the last word")
        await live.close_feed()
        await reader.to_the_head()
        assert reader.texts == ["the last word"]
        assert reader.reader.feed["status"] == "closed"
        assert await reader.next() == [{"type": "bye", "reason": "closed", "retry": None}]


async def test_who_joins_a_closed_feed_gets_it_whole(live: Live) -> None:
    await live.publish("the last word")
    await live.close_feed()
    async with following(live) as reader:
        await reader.next()
        assert reader.texts == ["the last word"]
        assert types(await reader.next()) == ["bye"]


async def test_a_removed_feed_ends(live: Live) -> None:
    async with following(live) as reader:
        await reader.next()
        await live.store.feeds.remove(FEED)
        assert await reader.next() == [{"type": "bye", "reason": "closed", "retry": None}]


async def test_a_feed_created_anew_is_synced_anew(live: Live) -> None:
    """No word of the removal has come yet, but everything is another feed's by now."""
    await live.publish("old")
    async with following(live) as reader:
        await reader.next()
        await live.store.feeds._commit_removal(FEED, None)
        await live.open_feed(title="Anew")
        await live.publish("new")
        await live.hub.refresh(await live.hub.channel(FEED))
        (message,) = await reader.next()
        assert not message["recovered"]
        assert reader.texts == ["new"]


async def test_a_drain_sends_everybody_away(live: Live) -> None:
    async with following(live, drain_s=0.05) as reader:
        await reader.next()
        leaving = asyncio.create_task(reader.next())
        await asyncio.sleep(0)
        live.hub.drain()
        (message,) = await leaving
        assert message["reason"] == "drain"
        assert 500 <= message["retry"] <= 1500


def test_a_retry_is_spread() -> None:
    retries = {bye("drain", 1.0).retry_ms for _ in range(50)}
    assert len(retries) > 10
    assert all(retry is not None and 500 <= retry <= 1500 for retry in retries)
    assert bye("closed", None).retry_ms is None


# Pings ------------------------------------------------------------------------------------------


async def test_pings_come_with_the_own_position_and_the_number_of_readers(live: Live) -> None:
    async with following(live, ping_s=0.05) as one, following(live, ping_s=0.05) as other:
        await other.next()
        (sync,) = await one.next()
        assert await one.next() == [{"type": "ping", "position": sync["position"], "readers": 2}]
        assert types(await one.next()) == ["ping"]


# Polls ------------------------------------------------------------------------------------------


async def polled(live: Live, position: Position | None, wait_s: float = 10) -> Json:
    message = await poll(live.hub, await live.hub.channel(FEED), position, wait_s=wait_s)
    parsed: Json = orjson.loads(message.data)
    return parsed


async def test_a_poll_without_a_position_is_answered_at_once(live: Live) -> None:
    assert not (await polled(live, None))["recovered"]


async def test_a_poll_is_answered_when_something_comes(live: Live) -> None:
    channel = await live.hub.channel(FEED)
    polling = asyncio.create_task(polled(live, channel.reigns.position))
    await asyncio.sleep(0)
    await live.publish("news")
    assert [change["update"]["text"] for change in (await polling)["changes"]] == ["news"]


async def test_a_poll_that_nothing_comes_for_says_so_in_the_end(live: Live) -> None:
    position = (await live.hub.channel(FEED)).reigns.position
    answer = await polled(live, position, 0.05)
    assert (answer["recovered"], answer["changes"], answer["position"]) == (True, [], str(position))


async def test_polls_get_piece_after_piece(live: Live) -> None:
    position = (await live.hub.channel(FEED)).reigns.position
    for _ in range(12):
        await live.publish("x" * 9_000)
    await live.caught_up()
    count = 0
    while count < 12:
        answer = await polled(live, position)
        assert answer["changes"]
        count += len(answer["changes"])
        position = Position.parse(answer["position"])
    assert count == 12


async def test_a_drain_answers_polls(live: Live) -> None:
    channel = await live.hub.channel(FEED)
    polling = asyncio.create_task(polled(live, channel.reigns.position, 60))
    await asyncio.sleep(0)
    live.hub.drain()
    assert (await asyncio.wait_for(polling, 30))["changes"] == []


async def test_readers_are_counted_while_they_watch(live: Live) -> None:
    channel = await live.hub.channel(FEED)
    async with following(live):
        assert channel.readers == live.hub.statistics()["readers"] == 1
    await eventually(lambda: channel.readers == 0, "the reader to be gone")
