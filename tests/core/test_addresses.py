"""Addresses and origins: nothing that a browser could not read, nothing that would break a header."""

from __future__ import annotations

import pytest

from livefeed.core.addresses import image_address, origin, web_address


@pytest.mark.parametrize(
    "address",
    [
        "https://www.example.org/a?b=c#d",
        "http://localhost:8000/",
        "https://пример.рф/новости",
        "https://127.0.0.1/",
        "https://[2001:db8::1]:8443/x",
        "https://example.org./",
        "https://xn--strae-oqa.de/",
        "https://foo-.example.com/",
        "https://r3---sn-abc.example.com/",
    ],
)
def test_addresses_that_are_kept_as_they_are(address: str) -> None:
    assert web_address(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "https://a.example:99999/x.png",
        "https://a.example:-1/",
        "https://a.example:abc/",
        "https://a.example:/",
        "https://a.example:0/",
        "https://a.%zz/",
        "https://a.%00/",
        "https://\u202e.example/",
        "https://1.2.3.4.5/",
        "https://256.1.1.1/",
        "https://xn--/",
        "https://a..example/",
        "https://[::g]/",
        "https://",
        "ftp://a.example/",
        "javascript:alert(1)",
        "//a.example/",
        'https://a.example/"onerror',
    ],
)
def test_addresses_that_are_none(address: str) -> None:
    with pytest.raises(ValueError, match="web address"):
        web_address(address)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("*", "*"),
        ("https://www.example.org", "https://www.example.org"),
        ("HTTPS://WWW.Example.org:443", "https://www.example.org"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("https://пример.рф", "https://xn--e1afmkfd.xn--p1ai"),
        ("https://straße.de", "https://xn--strae-oqa.de"),
        ("https://[2001:DB8::1]:444", "https://[2001:db8::1]:444"),
    ],
)
def test_origins_are_kept_as_browsers_send_them(sent: str, kept: str) -> None:
    assert origin(sent) == kept


@pytest.mark.parametrize(
    "sent",
    [
        "null",
        "https://a.example/",
        "https://a.example/path",
        "https://user@a.example",
        "https://a.example; script-src * 'unsafe-inline'; x",
        "https://a.example\u2028",
        "https://a.example:99999",
        "a.example",
        "ws://a.example",
        "https://*.example.org",
    ],
)
def test_origins_that_are_none(sent: str) -> None:
    with pytest.raises(ValueError, match="origin"):
        origin(sent)


def test_pictures_come_by_https_or_from_here() -> None:
    assert (
        image_address("/media/0a1b0a1b0a1b0a1b0a1b0a1b0a1b0a1b.webp")
        == "/media/0a1b0a1b0a1b0a1b0a1b0a1b0a1b0a1b.webp"
    )
    assert image_address("https://a.example/1.png") == "https://a.example/1.png"
    for wrong in ("http://a.example/1.png", "/media/../secret", "/static/x.png"):
        with pytest.raises(ValueError, match="address"):
            image_address(wrong)
