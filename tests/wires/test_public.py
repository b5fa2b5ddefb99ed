"""Against servers on this machine: which of its addresses count as public, the tests say."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from livefeed.errors import InvalidInput
from livefeed.wires import public
from livefeed.wires.fetching import fetch
from livefeed.wires.public import is_public
from tests.certificates import Certificate


class Handler(BaseHTTPRequestHandler):
    """``/to/<address>`` leads there; anything else is a feed."""

    asked: list[str]

    def do_GET(self) -> None:
        type(self).asked.append(self.headers["Host"])
        _, found, to = self.path.partition("/to/")
        self.send_response(302 if found else 200)
        if found:
            self.send_header("Location", to)
        self.send_header("Content-Length", "0" if found else "6")
        self.end_headers()
        if not found:
            self.wfile.write(b"<rss/>")

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def serving_at(address: str, context: ssl.SSLContext | None = None) -> Iterator[int]:
    Handler.asked = []
    with ThreadingHTTPServer((address, 0), Handler) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.fixture
def only_one_is_public(monkeypatch: pytest.MonkeyPatch) -> None:
    """127.0.0.1 stands for the internet, the rest of this machine for a private network."""
    monkeypatch.setattr(public, "is_public", lambda address: address == "127.0.0.1")


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254"),
        *("0.0.0.0", "255.255.255.255", "224.0.0.1", "239.255.255.250", "240.0.0.1", "192.0.2.1"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "100::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1"),
        *("2002:7f00:1::", "2002:a9fe:a9fe::1", "2001:0:1::", "2001:db8::1", "5f00::1"),
    ],
)
def test_what_is_not_the_internet(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "93.184.216.34", "2001:4860:4860::8888", "64:ff9b::808:808", "::ffff:8.8.8.8"]
)
def test_what_is(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "127.1", "[::ffff:127.0.0.1]", "0"]
)
def test_this_machine_however_it_is_written(host: str) -> None:
    with serving_at("127.0.0.1") as port:
        with pytest.raises(InvalidInput, match=r"private network|cannot be reached"):
            fetch(f"http://{host}:{port}/", public_only=True)
        assert Handler.asked == []


@pytest.mark.usefixtures("only_one_is_public")
def test_a_public_address_is_fetched() -> None:
    with serving_at("127.0.0.1") as port:
        assert fetch(f"http://127.0.0.1:{port}/", public_only=True)[0] == b"<rss/>"
        assert Handler.asked == [f"127.0.0.1:{port}"]


@pytest.mark.usefixtures("only_one_is_public")
def test_a_redirect_into_a_private_network() -> None:
    with serving_at("127.0.0.2") as inside, serving_at("127.0.0.1") as port:
        with pytest.raises(InvalidInput, match=r"127\.0\.0\.2 is in a private network"):
            fetch(f"http://127.0.0.1:{port}/to/http://127.0.0.2:{inside}/", public_only=True)
        assert len(Handler.asked) == 1
        # It is there, and would be reached:
        assert fetch(f"http://127.0.0.1:{port}/to/http://127.0.0.2:{inside}/")[0] == b"<rss/>"


@pytest.mark.usefixtures("only_one_is_public")
def test_a_name_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the first answer is harmless, the next one is not."""
    answers = iter(["127.0.0.1", "127.0.0.2", "127.0.0.2"])
    real = socket.getaddrinfo

    def rebinding(host: str, port: int, **options: Any) -> list[Any]:
        return list(real(next(answers) if host == "rebind.example" else host, port, **options))

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    with serving_at("127.0.0.1") as port:
        assert fetch(f"http://rebind.example:{port}/", public_only=True)[0] == b"<rss/>"
        assert Handler.asked == [f"rebind.example:{port}"]
        assert next(answers) == "127.0.0.2"  # never asked for


@pytest.mark.usefixtures("only_one_is_public")
def test_one_private_address_among_several_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo

    def both(host: str, port: int, **options: Any) -> list[Any]:
        return [*real("127.0.0.1", port, **options), *real("127.0.0.2", port, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    with serving_at("127.0.0.1") as port, pytest.raises(InvalidInput, match="private network"):
        fetch(f"http://both.example:{port}/", public_only=True)


def test_no_proxy_is_asked_to_look_it_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving_at("127.0.0.1") as port:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        with pytest.raises(InvalidInput, match="private network"):
            fetch("http://127.0.0.3:1/", public_only=True)
        assert Handler.asked == []


def test_over_https_the_certificate_is_checked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(public, "is_public", lambda address: True)
    certificate = Certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    with serving_at("127.0.0.1", context) as port:
        with pytest.raises(InvalidInput, match="CERTIFICATE_VERIFY_FAILED"):
            fetch(f"https://127.0.0.1:{port}/", public_only=True)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))
        assert fetch(f"https://127.0.0.1:{port}/", public_only=True)[0] == b"<rss/>"
