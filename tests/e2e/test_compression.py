"""Chromium's own EventSource and WebSocket on compressed streams, without the ticker's code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Request

from tests.e2e.conftest import Server

LONG = "The council met again, and the council adjourned again. " * 8

EVENT_SOURCE = """() => {
    window.seen = [];
    window.opened = [];
    const source = new EventSource('/v1/feeds/news/events');
    source.onopen = () => window.opened.push(performance.now());
    for (const type of ['sync', 'change', 'bye']) source.addEventListener(type, event =>
        window.seen.push({...JSON.parse(event.data), id: event.lastEventId, at: performance.now()}));
}"""

WEB_SOCKET = """() => {
    window.seen = [];
    window.opened = [];
    window.closes = [];
    let position = null, retry = null;
    const open = () => {
        const after = position ? `?after=${position}` : '';
        const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/v1/feeds/news/socket${after}`);
        socket.onopen = () => {
            window.extensions = socket.extensions;
            window.opened.push(performance.now());
        };
        socket.onmessage = ({data}) => {
            const message = JSON.parse(data);
            if (message.type === 'ping') return;
            position = message.position ?? position;
            retry = message.retry ?? retry;
            window.seen.push({...message, at: performance.now()});
        };
        socket.onclose = ({code}) => {
            window.closes.push(code);
            setTimeout(open, retry);
        };
    };
    open();
}"""


@pytest.fixture
def blank(page: Page, server: Server) -> Page:
    """A page of the server's origin that opens no stream of its own."""
    page.goto(f"{server.url}/healthz")
    return page


@pytest.fixture
def rotating(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Renews each stream about once a second: that is looked at with each heartbeat."""
    server = Server(tmp_path_factory.mktemp("rotating"), drain_s="0", rotate_s="1", ping_s="0.2")
    try:
        server.be_new()
        yield server
    finally:
        server.clean_up()


def seen(page: Page, *types: str) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = page.evaluate("window.seen")
    return [message for message in messages if message["type"] in types]


def texts(page: Page) -> list[str]:
    """The first word of each update that the page was told of after the snapshot, in order."""
    return [
        change["update"]["text"].split()[0]
        for message in seen(page, "sync", "change")
        for change in [message.get("change"), *message.get("changes", [])]
        if change is not None
    ]


def comes(page: Page, count: int, type_: str) -> None:
    page.wait_for_function(
        "([count, type]) => window.seen.filter(m => m.type === type).length >= count", arg=[count, type_]
    )


def comes_text(page: Page, text: str) -> None:
    page.wait_for_function("text => JSON.stringify(window.seen).includes(text)", arg=f'"text":"{text} ')


def resumes(request: Request, last: str) -> bool:
    return request.url.endswith("/events") and request.all_headers().get("last-event-id") == last


def publish_one_by_one(page: Page, server: Server) -> None:
    for number in range(5):
        server.publish(f"{number} {LONG}")
        comes(page, number + 1, "change")
    assert texts(page) == ["0", "1", "2", "3", "4"]


def assert_came_back_as_told(page: Page) -> None:
    """Not before the time that the bye gave."""
    (bye,) = seen(page, "bye")
    _, again = page.evaluate("window.opened")
    assert again - bye["at"] >= bye["retry"] - 1  # the clocks of timers round


def test_an_event_source_reads_gzip_as_it_comes(blank: Page, server: Server) -> None:
    with blank.expect_response("**/events") as answered:
        blank.evaluate(EVENT_SOURCE)
    assert "gzip" in answered.value.request.all_headers()["accept-encoding"]
    assert answered.value.all_headers()["content-encoding"] == "gzip"
    comes(blank, 1, "sync")
    publish_one_by_one(blank, server)


def test_an_event_source_comes_back_after_a_drain(blank: Page, server: Server) -> None:
    """A gzip stream without its trailer is an end like any other."""
    blank.evaluate(EVENT_SOURCE)
    comes(blank, 1, "sync")
    publish_one_by_one(blank, server)
    last = seen(blank, "change")[-1]["id"]
    server.stop()
    comes(blank, 1, "bye")
    with blank.expect_request(
        lambda request: (
            request.url.endswith("/events") and request.all_headers().get("last-event-id") == last
        ),
        timeout=30_000,
    ):
        server.start()
    server.publish(f"5 {LONG}")
    comes_text(blank, "5")
    assert texts(blank) == ["0", "1", "2", "3", "4", "5"]
    assert [sync["recovered"] for sync in seen(blank, "sync")] == [False, True]
    assert_came_back_as_told(blank)


def test_an_event_source_loses_nothing_to_rotation(page: Page, rotating: Server) -> None:
    page.goto(f"{rotating.url}/healthz")
    page.evaluate(EVENT_SOURCE)
    comes(page, 1, "sync")
    published = 0
    while len(seen(page, "bye")) < 2:
        rotating.publish(f"{published} {LONG}")
        comes_text(page, str(published))
        published += 1
    assert texts(page) == [str(number) for number in range(published)]
    assert {bye["reason"] for bye in seen(page, "bye")} == {"rotate"}
    assert [sync["recovered"] for sync in seen(page, "sync")][1:] == [True] * (len(seen(page, "sync")) - 1)


def test_a_socket_reads_deflated_frames(blank: Page, server: Server) -> None:
    blank.evaluate(WEB_SOCKET)
    comes(blank, 1, "sync")
    agreed = {part.strip() for part in blank.evaluate("window.extensions").split(";")}
    assert agreed == {"permessage-deflate", "server_no_context_takeover", "client_no_context_takeover"}
    publish_one_by_one(blank, server)


def test_a_socket_is_told_when_to_come_back(blank: Page, server: Server) -> None:
    blank.evaluate(WEB_SOCKET)
    comes(blank, 1, "sync")
    publish_one_by_one(blank, server)
    server.stop()
    comes(blank, 1, "bye")
    blank.wait_for_function("window.closes.length > 0")
    assert blank.evaluate("window.closes[0]") == 1012
    server.start()
    blank.wait_for_function("window.opened.length === 2", timeout=30_000)
    server.publish(f"5 {LONG}")
    comes_text(blank, "5")
    assert texts(blank) == ["0", "1", "2", "3", "4", "5"]
    assert_came_back_as_told(blank)
