from __future__ import annotations

import gzip
import io
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from livefeed.errors import InvalidInput
from livefeed.wires import fetching
from livefeed.wires.fetching import load


class Handler(BaseHTTPRequestHandler):
    """``/redirect/3`` leads on three times; the rest says what it does."""

    seen: list[str]

    def do_GET(self) -> None:
        type(self).seen.append(self.headers["User-Agent"])
        name, _, rest = self.path[1:].partition("/")
        match name:
            case "feed":
                self.answer(200, b"<rss/>", ("Content-Type", "text/xml; charset=koi8-r"))
            case "gzip":
                self.answer(200, gzip.compress(b"<rss/>"), ("Content-Encoding", "gzip"))
            case "bomb":
                self.answer(200, gzip.compress(bytes(fetching.MAX_BYTES + 1)), ("Content-Encoding", "gzip"))
            case "rubbish":
                self.answer(200, b"<rss/>", ("Content-Encoding", "gzip"))
            case "redirect":
                to = "/feed" if rest == "1" else f"/redirect/{int(rest) - 1}"
                self.answer(302, b"", ("Location", to))
            case "away":
                self.answer(302, b"", ("Location", rest))
            case "large":
                self.answer(200, bytes(fetching.MAX_BYTES + 1))
            case "slow":
                self.answer(200, b"", ("Connection", "close"), length=50)
                for _ in range(50):
                    self.wfile.write(b"x")
                    time.sleep(0.05)
            case "short":
                self.answer(200, b"x", length=50)
            case _:
                self.answer(404, b"no")

    def answer(self, status: int, body: bytes, *headers: tuple[str, str], length: int | None = None) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is what some tests are about."""


@pytest.fixture
def site() -> Iterator[str]:
    Handler.seen = []
    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


async def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_bytes(b"a")
    assert await load(str(path)) == (b"a", None)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("missing.xml", "missing.xml cannot be read: No such file or directory"),
        (".", "cannot be read: Is a directory"),
        ("a\0b", "cannot be read"),
        ("ftp://example.org/a", "only http:// and https://"),
        ("file:///etc/passwd", "only http:// and https://"),
        ("http://", "http:// cannot be"),
        ("http://[broken", "cannot be"),
        ("http://127.0.0.1:1/", "cannot be reached"),
    ],
)
async def test_what_cannot_be_read_is_said_in_words(source: str, reason: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await load(source)
    assert reason in str(caught.value)


async def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"piped")))
    assert await load("-") == (b"piped", None)


async def test_the_web(site: str) -> None:
    assert await load(f"{site}/feed") == (b"<rss/>", "text/xml; charset=koi8-r")
    assert Handler.seen[0].startswith("livefeed")


async def test_compressed_without_being_asked(site: str) -> None:
    assert (await load(f"{site}/gzip"))[0] == b"<rss/>"


async def test_five_redirects_but_no_more(site: str) -> None:
    assert (await load(f"{site}/redirect/5"))[0] == b"<rss/>"
    with pytest.raises(InvalidInput, match="too many redirects"):
        await load(f"{site}/redirect/6")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("nothing", "the server answered 404 Not Found"),
        ("away/file:///etc/passwd", "with a redirect to file:///etc/passwd, which is not fetched"),
        ("away/ftp://example.org/", "with a redirect to ftp://example.org/, which is not fetched"),
        ("large", "larger than 10 MiB"),
        ("bomb", "larger than 10 MiB"),
        ("rubbish", "cannot be fetched"),
        ("short", "cannot be fetched"),
    ],
)
async def test_bad_answers_are_said_in_words(site: str, path: str, reason: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await load(f"{site}/{path}")
    assert f"{site}/{path}" in str(caught.value)
    assert reason in str(caught.value)


async def test_a_server_that_drips(site: str) -> None:
    started = time.monotonic()
    with pytest.raises(InvalidInput, match=r"no complete answer within 0\.3 s"):
        await load(f"{site}/slow", timeout_s=0.3)
    assert time.monotonic() - started < 2
