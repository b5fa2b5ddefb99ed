"""Exact convergence: whatever a reader missed, it ends with what a fresh load of its range gives."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livefeed.core import messages
from livefeed.core.changes import Change, delete_change, feed_change, put_change
from livefeed.core.paging import KEY_EVENTS
from livefeed.core.position import Position
from livefeed.core.reader import Next, Reader, place
from livefeed.core.window import Window

Json = dict[str, Any]
EPOCH = "e"


def time_of(minute: int) -> str:
    return f"2026-11-22T08:{minute % 60:02}:00Z"


class Server:
    """A feed by brute force: a compacted log, a hub that reads it now and then, pages by sorting."""

    def __init__(self, *, max_entries: int = 1000, size: int = 0) -> None:
        self.feed: Json = {"slug": "news", "title": "0"}
        self.live: dict[str, Json] = {}
        self.gone: set[str] = set()
        self.head = 0
        self.log: dict[str, tuple[int, Change]] = {}
        self.window = Window(floor=0, max_entries=max_entries, max_bytes=1 << 30)
        self._text = "x" * size

    # Editors

    def put(self, id_: str, **fields: Any) -> None:
        if id_ in self.gone:
            return
        before = self.live.get(id_, {"rev": 0, "time": time_of(0), "key": False, "pinned": False})
        rev = before["rev"] + 1
        update = {"id": id_, **before, **fields, "rev": rev, "headline": f"{id_} {rev}", "text": self._text}
        self.live[id_] = {"id": id_} | update
        self._commit(put_change(id_, orjson.dumps(self.live[id_])))

    def delete(self, id_: str) -> None:
        if self.live.pop(id_, None) is not None:
            self.gone.add(id_)
            self._commit(delete_change(id_, time_of(0)))

    def retitle(self) -> None:
        self.feed = self.feed | {"title": str(self.head)}
        self._commit(feed_change(orjson.dumps(self.feed)))

    def _commit(self, change: Change) -> None:
        self.head += 1
        self.log[change.key] = (self.head, change)

    # The hub

    def read(self) -> list[Json]:
        """Take in what is new in the log; the ``change`` messages that go out."""
        sent = []
        for offset, change in sorted(self.log.values(), key=lambda row: row[0]):
            if offset > self.window.head:
                entry = messages.change_entry(
                    change, after=self.window.head, position=Position(EPOCH, offset)
                )
                self.window.append(entry)
                sent.append(orjson.loads(entry.message))
        return sent

    def sync(self, position: Position) -> list[Json]:
        """What a reader gets that comes with ``position``."""
        if position.offset > self.window.head:
            self.read()  # "wait for the hub"
        if position.offset < self.window.floor:
            page = self.page(2)
            return [orjson.loads(messages.snapshot(Position.parse(page["position"]), orjson.dumps(page)))]
        pieces = messages.sync_pieces(Position(EPOCH, self.window.head), self.window.after(position.offset))
        return [orjson.loads(piece) for _, piece in pieces]

    # Pages

    def page(self, limit: int, *, below: tuple[int, str] | None = None) -> Json:
        whole = self.range(None)
        older = [update for update in whole["updates"] if below is None or place(update) < below]
        return whole | {
            "position": f"{EPOCH}:{self.head}",
            "updates": older[:limit],
            "next": "more" if len(older) > limit else None,
        }

    def range(self, oldest: tuple[int, str] | None) -> Json:
        """What a reader must have that has loaded everything at or above ``oldest``."""
        updates = sorted(self.live.values(), key=place, reverse=True)
        key = [
            {name: update[name] for name in ("id", "time", "headline")} for update in updates if update["key"]
        ]
        return {
            "feed": self.feed,
            "updates": [update for update in updates if oldest is None or place(update) >= oldest],
            "pinned": [update for update in updates if update["pinned"]],
            "key": key[:KEY_EVENTS],
        }


class Client:
    """A reader with its own account of the range that it has loaded."""

    def __init__(self, server: Server, limit: int) -> None:
        self._server, self._limit = server, limit
        self.reader = Reader()
        self.refetches = 0
        self.load()

    def load(self) -> None:
        self._take_range(page := self._server.page(self._limit))
        self.reader.load(page)

    def extend(self) -> None:
        if self._oldest is not None:
            page = self._server.page(self._limit, below=self._oldest)
            self._take_range(page)
            self._obey(self.reader.extend(page))

    def hear(self, message: Json) -> None:
        if message.get("recovered") is False:
            self._take_range(message["snapshot"])
        self._obey(self.reader.apply(message))

    def sync(self, pieces: int = 1000) -> None:
        """Come back with the own position; the connection may break after some pieces."""
        assert self.reader.position is not None
        for message in self._server.sync(self.reader.position)[:pieces]:
            self.hear(message)

    def assert_converged(self) -> None:
        self._server.read()
        self.sync()
        assert orjson.dumps(self.reader.page()) == orjson.dumps(self._server.range(self._oldest))
        assert self.reader.position == Position(EPOCH, self._server.head)

    def _take_range(self, page: Json) -> None:
        self._oldest = place(page["updates"][-1]) if page["next"] else None

    def _obey(self, next_: Next) -> None:
        if next_ is Next.REFETCH:
            self.refetches += 1
            self.load()
        elif next_ is Next.RECONNECT:
            self.sync()


IDS = st.sampled_from([f"u{number}" for number in range(7)])
PUTS = st.fixed_dictionaries(
    {},
    optional={
        "time": st.integers(0, 4).map(time_of),
        "key": st.booleans(),
        "pinned": st.booleans(),
    },
)
CLIENTS = st.integers(0, 2)
STEPS = st.one_of(
    st.tuples(st.just("put"), IDS, PUTS),
    st.tuples(st.just("put"), IDS, PUTS),
    st.tuples(st.just("delete"), IDS),
    st.tuples(st.just("feed")),
    st.tuples(st.just("read")),
    st.tuples(st.just("read")),
    st.tuples(st.just("sync"), CLIENTS, st.integers(1, 3)),
    st.tuples(st.just("extend"), CLIENTS),
    st.tuples(st.just("load"), CLIENTS),
    st.tuples(st.just("again"), CLIENTS),
)


def play(server: Server, steps: list[Any]) -> list[Client]:
    """One client hears everything, the others come now and then."""
    clients = [Client(server, limit) for limit in (2, 1, 3)]
    sent: list[Json] = []
    for step in steps:
        match step:
            case ("put", id_, fields):
                server.put(id_, **fields)
            case ("delete", id_):
                server.delete(id_)
            case ("feed",):
                server.retitle()
            case ("read",):
                for message in server.read():
                    sent.append(message)
                    clients[0].hear(message)
            case ("sync", client, pieces):
                clients[client].sync(pieces)
            case ("extend", client):
                clients[client].extend()
            case ("load", client):
                clients[client].load()
            case ("again", client):  # redelivery of what it has seen
                position = clients[client].reader.position
                for message in sent:
                    if position and Position.parse(message["position"]).offset <= position.offset:
                        clients[client].hear(message)
    return clients


def seeded(**options: int) -> Server:
    """With more updates than the clients load at first."""
    server = Server(**options)
    for number in range(6):
        server.put(f"u{number}", time=time_of(number // 2))
    return server


@given(st.lists(STEPS, max_size=60))
def test_everybody_converges(steps: list[Any]) -> None:
    for client in play(seeded(), steps):
        client.assert_converged()
        assert client.refetches == 0


@given(st.lists(STEPS, max_size=60), st.integers(1, 4))
def test_everybody_converges_with_a_window_that_evicts(steps: list[Any], max_entries: int) -> None:
    for client in play(seeded(max_entries=max_entries), steps):
        client.assert_converged()


@given(st.lists(STEPS, max_size=40))
def test_everybody_converges_in_pieces(steps: list[Any]) -> None:
    for client in play(seeded(size=30_000), steps):
        client.assert_converged()


@pytest.mark.parametrize("pieces", [0, 1, 2])
def test_a_connection_that_breaks_between_pieces(pieces: int) -> None:
    server = seeded(size=30_000)
    client = Client(server, 3)
    for number in range(6):
        server.put(f"u{number}", pinned=True)
    server.read()
    client.sync(pieces)
    assert client.reader.position == Position(EPOCH, 6 + 2 * pieces)
    client.assert_converged()


MANY = st.sampled_from([f"k{number:02}" for number in range(KEY_EVENTS + 6)])
MANY_STEPS = st.one_of(
    st.tuples(st.just("put"), MANY, PUTS),
    st.tuples(st.just("delete"), MANY),
    st.tuples(st.just("read")),
    st.tuples(st.just("sync"), CLIENTS, st.integers(1, 3)),
    st.tuples(st.just("extend"), CLIENTS),
)


@given(st.integers(KEY_EVENTS - 3, KEY_EVENTS + 6), st.lists(MANY_STEPS, max_size=25))
def test_everybody_converges_when_the_key_list_is_cut(count: int, steps: list[Any]) -> None:
    server = Server()
    for number in range(count):
        server.put(f"k{number:02}", key=True, time=time_of(number // 2))
    for client in play(server, steps):
        client.assert_converged()


# What it answers ----------------------------------------------------------------------------------


@pytest.fixture
def server() -> Server:
    server = Server()
    for number in range(5):
        server.put(f"u{number}", time=time_of(number))
    server.read()
    return server


def test_a_hole_makes_it_come_back(server: Server) -> None:
    client = Client(server, 2)
    server.put("u4")
    server.put("u3")
    _, second = server.read()
    assert client.reader.apply(second) is Next.RECONNECT
    client.assert_converged()


def test_a_ping_tells_of_a_hole_too(server: Server) -> None:
    reader = Client(server, 2).reader
    assert reader.apply({"type": "ping", "position": "e:5", "readers": 1}) is Next.GO_ON
    assert reader.apply({"type": "ping", "position": "e:6", "readers": 1}) is Next.RECONNECT


@pytest.mark.parametrize("message", [{"type": "change", "after": 0}, {"type": "ping", "position": "e:0"}])
def test_nothing_goes_before_the_first_sync(message: Json) -> None:
    assert Reader().apply(message) is Next.RECONNECT


def test_unknown_messages_are_ignored_unknown_changes_are_not(server: Server) -> None:
    reader = Client(server, 2).reader
    before = reader.page()
    assert reader.apply({"type": "weather", "position": "e:9"}) is Next.GO_ON
    unknown: Json = {"type": "sync", "recovered": True, "position": "e:9", "changes": [{"op": "weather"}]}
    assert reader.apply(unknown) is Next.REFETCH
    assert reader.page() == before


def test_what_is_deleted_does_not_come_back(server: Server) -> None:
    client = Client(server, 2)
    put = {"op": "put", "update": server.live["u4"] | {"rev": 9}}
    server.delete("u4")
    client.assert_converged()
    client.hear({"type": "change", "after": 6, "position": "e:7", "change": put})
    assert "u4" not in client.reader.updates


def test_an_older_page_than_its_own_position_is_not_taken(server: Server) -> None:
    client = Client(server, 2)
    page = server.page(2, below=client.reader.oldest)
    server.put("u4")
    client.assert_converged()
    assert client.reader.extend(page) is Next.RECONNECT
