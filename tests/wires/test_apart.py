from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from livefeed.errors import InvalidInput
from livefeed.wires.apart import MAX_ENTRIES, MAX_SKIPPED, read_apart
from livefeed.wires.read import read_wire

pytestmark = pytest.mark.anyio


class Handler(BaseHTTPRequestHandler):
    """``/feed`` is one, ``/never`` never ends its headers."""

    ended: threading.Event

    def do_GET(self) -> None:
        if self.path == "/never":
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            while not self.ended.wait(0.02):
                self.wfile.write(b"x")
            return
        body = b'{"id":"a","text":"From the web"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    Handler.ended = threading.Event()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.handle_error = lambda *_: None  # type: ignore[method-assign]  # who is killed hangs up
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        Handler.ended.set()
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("name", ["windows-1251.rss.xml", "xhtml.atom.xml", "feed.json", "updates.ndjson"])
async def test_the_same_as_here(samples: Path, name: str) -> None:
    data = (samples / name).read_bytes()
    here, apart = read_wire(data), await read_apart(data)
    assert apart == here
    assert [each.model_fields_set for each in apart.entries] == [
        each.model_fields_set for each in here.entries
    ]


async def test_what_is_none_is_said_in_words() -> None:
    for data in (b"", b"neither", b"<html><body>A page</body></html>"):
        with pytest.raises(InvalidInput) as here:
            read_wire(data)
        with pytest.raises(InvalidInput) as apart:
            await read_apart(data)
        assert apart.value.errors == here.value.errors


async def test_from_the_web(site: str) -> None:
    wire = await read_apart(address=f"{site}/feed", public_only=False)
    assert [entry.text for entry in wire.entries] == ["From the web"]
    with pytest.raises(InvalidInput, match="private network"):
        await read_apart(address=f"{site}/feed")


@pytest.mark.parametrize("address", ["file:///etc/passwd", "/etc/passwd", "-", "gopher://example.org/", ""])
async def test_only_the_web(address: str) -> None:
    with pytest.raises(InvalidInput, match="http://"):
        await read_apart(address=address, public_only=False)


async def test_what_takes_too_long_is_ended(site: str) -> None:
    began = time.monotonic()
    with pytest.raises(InvalidInput, match="within 3 seconds"):
        await read_apart(address=f"{site}/never", public_only=False, timeout_s=3)
    assert time.monotonic() - began < 8


async def test_who_leaves_takes_it_along(site: str) -> None:
    task = asyncio.create_task(read_apart(address=f"{site}/never", public_only=False, timeout_s=60))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_too_many_entries() -> None:
    data = b"\n".join(b'{"id":"%d","text":"x"}' % at for at in range(MAX_ENTRIES + 1))
    with pytest.raises(InvalidInput, match="2,001 entries"):
        await read_apart(data)


async def test_of_what_cannot_be_read_the_first_are_listed() -> None:
    wire = await read_apart(b'{"id":"a","text":"x"}\n' + b"rubbish\n" * (MAX_SKIPPED + 50))
    assert len(wire.skipped) == MAX_SKIPPED + 1
    assert wire.skipped[-1].where == "50 more"


async def test_a_bomb_of_entities_goes_off_elsewhere() -> None:
    levels = "".join(
        f'<!ENTITY l{at} "{f"&l{at - 1};" * 10}">' if at else '<!ENTITY l0 "lol">' for at in range(12)
    )
    bomb = f"<?xml version='1.0'?><!DOCTYPE rss [{levels}]><rss version='2.0'><channel><item><title>&l11;"
    bomb += "</title></item></channel></rss>"
    try:
        wire = await read_apart(bomb.encode())
    except InvalidInput:
        return
    assert sum(len(entry.text) for entry in wire.entries) < 100_000
