"""The desk's streams: for those who work on the feed, and for nobody else."""

from __future__ import annotations

import orjson
import pytest
import websockets

from livefeed.core.models import Role
from livefeed.fanout import tail
from tests.clients import WebSocketClient
from tests.desk_client import DESKS, DeskClient
from tests.live import FEED, Serving, eventually
from tests.plain_http import plain_http
from tests.redis_servers import RedisServer
from tests.store.desk import desk, discard, make, press, take
from tests.web.asserting import bearer
from tests.web.streams.support import Serve, received

pytestmark = pytest.mark.anyio

every_desk = pytest.mark.parametrize("transport", DESKS.values(), ids=DESKS.keys())


async def ann(served: Serving, role: Role = "contributor", feeds: list[str] | None = None) -> dict[str, str]:
    return bearer(await served.store.tokens.create("ann", role, feeds))


async def settled(served: Serving, client: DeskClient) -> None:
    """Wait until the desk knows all; then it must be as a fresh one is."""
    await client.comes_to(str((await served.store.items.newest(FEED)).position))
    assert client.items == await desk(served.store)


@every_desk
async def test_a_desk_hears_what_happens_there(served: Serving, transport: type[DeskClient]) -> None:
    await served.store.feeds.patch(FEED, {"hold_s": 0})
    await make(served.store, id="before")
    async with transport(served.base, FEED, await ann(served)) as client:
        await client.until(lambda: client.messages, "the first sync")
        assert client.messages[0]["recovered"] is False
        assert client.messages[0]["snapshot"]["feed"]["slug"] == FEED
        await make(served.store, id="a")
        await take(served.store, "edit", "a", {"text": "Other"})
        await press(served.store, "a")
        await discard(served.store, "before")
        await settled(served, client)
        assert client.deleted == {"a": True, "before": False}
        assert served.hub.statistics()["readers"] == 0
        assert served.hub.statistics()["desk_streams"] == 1
        assert served.admission.readers == 0
    await eventually(lambda: served.hub.statistics()["desk_streams"] == 0, "it to be gone")


@every_desk
async def test_it_comes_back_with_its_position(served: Serving, transport: type[DeskClient]) -> None:
    headers = await ann(served)
    first = transport(served.base, FEED, headers)
    async with first:
        await make(served.store, id="a")
        await settled(served, first)
    await make(served.store, id="b")
    await take(served.store, "edit", "a", {"text": "Other"})
    second = transport(served.base, FEED, headers)
    second.position, second.items = first.position, dict(first.items)
    async with second:
        await settled(served, second)
    assert second.messages[0]["recovered"] is True


@pytest.fixture
def attached_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub looks for another history ten times a second; to be asked for before a server is."""
    monkeypatch.setattr(tail, "ATTACH_S", 0.1)


@every_desk
async def test_after_another_history_it_begins_anew(
    attached_often: None, served: Serving, shared_redis: RedisServer, transport: type[DeskClient]
) -> None:
    async with transport(served.base, FEED, await ann(served)) as client:
        await make(served.store, id="a")
        await settled(served, client)
        shared_redis.clear()
        await served.open_feed()
        await make(served.store, id="b")
        await client.until(lambda: list(client.items) == ["b"], "the new history", 20)


@every_desk
@pytest.mark.parametrize("status", ["draft", "closed"])
async def test_it_goes_on_whatever_the_feed_s_status(
    served: Serving, transport: type[DeskClient], status: str
) -> None:
    async with transport(served.base, FEED, await ann(served)) as client:
        await client.until(lambda: client.messages, "the first sync")
        await served.store.feeds.patch(FEED, {"status": status})
        await served.caught_up()
        await make(served.store, id="a")
        await settled(served, client)
    async with transport(served.base, FEED, client.headers) as again:
        await settled(served, again)


@every_desk
async def test_a_removed_feed_ends_it(served: Serving, transport: type[DeskClient]) -> None:
    async with transport(served.base, FEED, await ann(served)) as client:
        await client.until(lambda: client.messages, "the first sync")
        await served.store.feeds.remove(FEED)
        await client.until(lambda: client.stays_away or client.refusal, "the end")
    assert client.messages[-1]["reason"] == "closed"


@every_desk
async def test_a_revoked_token_ends_it(served: Serving, transport: type[DeskClient]) -> None:
    async with transport(served.base, FEED, await ann(served)) as client:
        await client.until(lambda: client.messages, "the first sync")
        await served.store.tokens.revoke("ann")
        await make(served.store, "Not for ann")
        await client.until(lambda: client.stays_away, "a bye", 5)
    assert client.messages[-1]["reason"] == "revoked"
    assert "Not for ann" not in str(client.messages)


@every_desk
async def test_a_drain_sends_it_elsewhere(served: Serving, transport: type[DeskClient]) -> None:
    async with transport(served.base, FEED, await ann(served)) as client:
        await client.until(lambda: client.messages, "the first sync")
        served.hub.drain()
        await client.until(lambda: client.messages[-1]["type"] == "bye", "a bye")
    assert client.messages[-1]["reason"] == "drain"
    assert not client.stays_away


@every_desk
async def test_no_reader_is_told_of_the_desk(served: Serving, transport: type[DeskClient]) -> None:
    async with WebSocketClient(served.base, FEED) as reader, transport(served.base, FEED, await ann(served)):
        await make(served.store, "Nobody has decided yet", id="a")
        await served.publish("For all")
        await reader.until(lambda: "For all" in reader.texts, "the update")
    assert "decided" not in str(reader.messages)


# Who may not ------------------------------------------------------------------------------------


async def refused(served: Serving, headers: dict[str, str], feed: str = FEED) -> tuple[int | None, int]:
    """The close code of the WebSocket and the status of the event stream."""
    async with websockets.connect(
        f"ws://127.0.0.1:{served.port}/v1/feeds/{feed}/desk/socket", additional_headers=headers, proxy=None
    ) as connection:
        assert [text async for text in received(connection)] == []
    async with plain_http(served.base) as http:
        response = await http.get(f"/v1/feeds/{feed}/desk/events", headers=headers)
    return connection.close_code, response.status_code


async def test_nobody_in_particular(served: Serving) -> None:
    assert await refused(served, {}) == (4505, 401)
    assert await refused(served, bearer("lf_unknown")) == (4505, 401)
    assert await refused(served, {"Cookie": "livefeed_session=unknown", "Origin": served.base}) == (4505, 401)


async def test_another_feed_s_people(served: Serving) -> None:
    assert await refused(served, await ann(served, "admin", ["sports"])) == (4505, 403)


async def test_no_such_feed(served: Serving) -> None:
    headers = await ann(served)
    for feed in ("nowhere", "a%7D"):
        assert await refused(served, headers, feed) == (4504, 404)


async def test_the_cookie_from_another_page(serve: Serve) -> None:
    async with serve(public_url="http://live.example.org") as served:
        secret = await served.store.tokens.create("ann", "contributor")
        cookie = {"Cookie": f"livefeed_session={await served.store.sessions.open(secret)}"}
        for origin in ("https://evil.example", "null"):
            assert await refused(served, cookie | {"Origin": origin}) == (4503, 403)
        assert await refused(served, cookie) == (4503, 403)
        # A browser sends the password of a proxy before us by itself: it says nothing of the page.
        proxied = cookie | {"Authorization": "Basic cHJveHk6cHJveHk="}
        assert await refused(served, proxied | {"Origin": "https://evil.example"}) == (4503, 403)
        async with plain_http(served.base, headers=cookie) as http:
            answer = await http.get(f"/v1/feeds/{FEED}/desk/events", headers={"Sec-Fetch-Site": "cross-site"})
            assert answer.status_code == 403
            ours = {"Sec-Fetch-Site": "same-origin"}
            async with http.stream("GET", f"/v1/feeds/{FEED}/desk/events", headers=ours) as stream:
                assert stream.status_code == 200
                assert "access-control-allow-origin" not in stream.headers
        own = cookie | {"Origin": "http://live.example.org"}
        url = f"ws://127.0.0.1:{served.port}/v1/feeds/{FEED}/desk/socket"
        async with websockets.connect(url, additional_headers=own, proxy=None) as connection:
            assert orjson.loads(await connection.recv())["type"] == "sync"


async def test_what_is_not_bounded(serve: Serve) -> None:
    """Editors come in however many readers there are."""
    async with serve(max_readers=1) as served, WebSocketClient(served.base, FEED) as reader:
        await reader.until(lambda: reader.messages, "the reader")
        async with DESKS["websocket"](served.base, FEED, await ann(served)) as client:
            await client.until(lambda: client.messages, "the first sync")
        assert client.messages[0]["type"] == "sync"


async def test_a_desk_says_nothing(served: Serving) -> None:
    url = f"ws://127.0.0.1:{served.port}/v1/feeds/{FEED}/desk/socket"
    async with websockets.connect(url, additional_headers=await ann(served), proxy=None) as connection:
        await connection.recv()
        await connection.send("hello")
        assert [text async for text in received(connection) if "presence" not in text] == []
    assert connection.close_code == 1008


async def test_a_plain_get_of_the_socket(served: Serving) -> None:
    async with plain_http(served.base) as http:
        assert (await http.get(f"/v1/feeds/{FEED}/desk/socket")).status_code == 426


# Who is there -----------------------------------------------------------------------------------


@every_desk
async def test_who_is_there_is_told_beside_the_log(served: Serving, transport: type[DeskClient]) -> None:
    headers = await ann(served)
    async with transport(served.base, FEED, headers) as client:
        await client.until(lambda: client.messages, "the first sync")
        position = client.position
        async with plain_http(served.base, headers=headers) as http:
            said = {"key": "tab1", "editing": "a"}
            answer = await http.post(f"/v1/feeds/{FEED}/presence", json=said)
            assert answer.status_code == 204
        people = [{"name": "ann", "key": "tab1", "editing": "a"}]
        await client.until(lambda: client.messages[-1].get("people") == people, "to be told", 5)
        # Said once more with each ping, and between them only when it has changed.
        told = len(client.messages)

        def kinds() -> list[str]:
            return [message["type"] for message in client.messages[told:]]

        await client.until(lambda: kinds().count("ping") == 2, "two pings")
        first = kinds().index("ping")
        assert kinds()[first : first + 3] == ["ping", "presence", "ping"]
        assert client.position == position


@every_desk
async def test_an_ended_session_ends_it(served: Serving, transport: type[DeskClient]) -> None:
    secret = await served.store.tokens.create("ann", "contributor")
    session = await served.store.sessions.open(secret)
    cookie = {"Cookie": f"livefeed_session={session}", "Origin": served.base}
    async with transport(served.base, FEED, cookie) as client:
        await client.until(lambda: client.messages, "the first sync")
        await served.store.sessions.close(session)
        await client.until(lambda: client.stays_away, "a bye", 5)
    assert client.messages[-1]["reason"] == "revoked"
