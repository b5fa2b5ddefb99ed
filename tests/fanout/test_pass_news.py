"""What a pass tells is decided once for who stands together, and each change is framed once."""

from __future__ import annotations

import pytest

from livefeed.core.position import Position
from livefeed.fanout import pass_news
from livefeed.fanout.framing import EVENTS, SOCKET
from livefeed.fanout.message import Message
from livefeed.fanout.pass_news import Changes, PassNews, Tally
from tests.live import FEED, Live

pytestmark = pytest.mark.anyio


async def test_those_who_stand_apart_share_frames(live: Live) -> None:
    channel, tally = await live.hub.channel(FEED), Tally()
    start = channel.position
    for text in ("one", "two", "three"):
        await live.publish(text)
    await live.caught_up()
    news = PassNews(channel, Changes(tally))
    whole = news.after(start, SOCKET)
    part = news.after(Position(start.epoch, start.offset + 1), SOCKET)
    assert whole is not None
    assert part is not None
    assert whole[0] == part[0] == channel.position
    assert whole[1].endswith(part[1])
    assert [whole[1].count(text) > 0 for text in (b'"one"', b'"two"', b'"three"')] == [True] * 3
    assert tally.frames_total == 3
    news.after(start, EVENTS)
    assert tally.frames_total == 6


async def test_it_is_decided_once_until_something_happens(live: Live) -> None:
    channel = await live.hub.channel(FEED)
    news = PassNews(channel, Changes(Tally()))
    start = channel.position
    assert news.after(start, SOCKET) == (start, b"")
    assert not news.is_stale
    await live.publish("later")
    await live.caught_up()
    assert news.is_stale
    news.renew()
    told = news.after(start, EVENTS)
    assert told is not None
    assert told[0] == channel.position
    assert news.after(start, EVENTS) is told


async def test_who_ends_or_joins_anew_is_told_alone(live: Live) -> None:
    channel = await live.hub.channel(FEED)
    assert PassNews(channel, Changes(Tally())).after(Position("never", 1), SOCKET) is None
    await live.close_feed()
    await live.caught_up()
    assert PassNews(channel, Changes(Tally())).after(channel.position, SOCKET) is None


def test_only_the_latest_frames_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    messages = [Message("change", b"%d" % number * 100, Position("e1", number)) for number in range(3)]
    monkeypatch.setattr(pass_news, "MAX_KEPT_BYTES", 2 * len(SOCKET.frame(messages[0])))
    tally = Tally()
    changes = Changes(tally)
    for number in (0, 1, 2, 2, 1, 0):
        assert changes.framed([messages[number]], SOCKET) == SOCKET.frame(messages[number])
    assert tally.frames_total == 4


def test_only_changes_are_kept() -> None:
    tally = Tally()
    ping = Message("ping", b"{}")
    assert Changes(tally).framed([ping, ping], SOCKET) == SOCKET.frame(ping) * 2
    assert tally.frames_total == 0
