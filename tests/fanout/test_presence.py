from __future__ import annotations

import asyncio

import orjson
import pytest

from livefeed.fanout.presence import Desk, DeskPresence
from livefeed.store.keys import FeedKeys
from livefeed.store.presence import AtDesk
from tests.live import Live, eventually
from tests.redis_servers import RedisServer

pytestmark = pytest.mark.anyio

ANN, BEN = AtDesk("Ann", "a1", None), AtDesk("Ben", "b1", "01k")


def names(desk: Desk) -> list[str] | None:
    return None if desk.message is None else [at["name"] for at in orjson.loads(desk.message)["people"]]


async def test_whoever_watches_is_told_and_woken(live: Live) -> None:
    woken = 0

    def wake() -> None:
        nonlocal woken
        woken += 1

    with live.hub.presence.watching("news", wake) as desk:
        await eventually(lambda: names(desk) == [], "the first look")
        assert woken == 1
        await live.store.presence.say("news", BEN)
        await live.store.presence.say("news", ANN)
        await eventually(lambda: names(desk) == ["Ann", "Ben"], "both to be seen")
        assert orjson.loads(desk.message or b"") == {
            "type": "presence",
            "people": [
                {"name": "Ann", "key": "a1", "editing": None},
                {"name": "Ben", "key": "b1", "editing": "01k"},
            ],
        }
        assert woken in (2, 3)  # by one look, or by two
        before = desk.message
        await live.store.presence.say("news", BEN)  # nothing new
        await live.hub.presence.look()
        assert desk.message is before
        await live.store.presence.leave("news", ANN)
        await eventually(lambda: names(desk) == ["Ben"], "one to leave")


async def test_two_streams_of_one_desk_share_it(live: Live) -> None:
    woken: list[int] = []
    presence = DeskPresence(live.store.presence)
    with presence.watching("news", lambda: woken.append(1)) as one:
        with presence.watching("news", lambda: woken.append(2)) as other:
            assert one is other
            await presence.look()
            assert woken == [1, 2]
        await live.store.presence.say("news", ANN)
        await presence.look()
        assert woken == [1, 2, 1]
    await live.store.presence.say("news", BEN)
    await presence.look()  # nobody watches: nothing is asked
    assert names(one) == ["Ann"]


async def test_while_redis_refuses_what_was_known_stays(live: Live, redis_server: RedisServer) -> None:
    await live.store.presence.say("news", ANN)
    with live.hub.presence.watching("news", lambda: None) as desk:
        await eventually(lambda: names(desk) == ["Ann"], "the first look")
        redis_server.command("DEL", FeedKeys("news").desk)
        redis_server.command("SET", FeedKeys("news").desk, "no sorted set")  # each look fails
        await live.hub.presence.look()
        assert names(desk) == ["Ann"]
        redis_server.command("DEL", FeedKeys("news").desk)
        await eventually(lambda: names(desk) == [], "the next look")


async def test_a_feed_that_is_not_there(live: Live) -> None:
    with live.hub.presence.watching("nowhere", lambda: None) as desk:
        await eventually(lambda: names(desk) == [], "nobody")


async def test_a_new_desk_is_looked_at_at_once(live: Live) -> None:
    await live.open_feed("sports")
    await live.store.presence.say("sports", ANN)
    loop = asyncio.get_running_loop()
    with live.hub.presence.watching("news", lambda: None) as first:
        await eventually(lambda: names(first) == [], "the first look")
        began = loop.time()
        with live.hub.presence.watching("sports", lambda: None) as desk:
            await eventually(lambda: names(desk) == ["Ann"], "the look")
            assert loop.time() - began < 0.9
