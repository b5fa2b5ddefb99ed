"""Settings: where they come from, and what is said of a wrong one."""

from __future__ import annotations

import pytest

from livefeed.errors import StartupError
from livefeed.settings import Settings, load_settings, unknown_variables


def test_a_flag_goes_before_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEFEED_PORT", "9000")
    assert load_settings(port=None).port == 9000
    assert load_settings(port=9001).port == 9001


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LIVEFEED_PORT", "http"),
        ("LIVEFEED_PORT", "70000"),
        ("LIVEFEED_PUBLIC_URL", "live.example.org"),
        ("LIVEFEED_PUBLIC_URL", "https://live.example.org/news"),
        ("LIVEFEED_PUBLISHER_NAME", " "),
        ("LIVEFEED_PUBLISHER_NAME", "two\nlines"),
        ("LIVEFEED_PUBLISHER_NAME", "n" * 201),
        ("LIVEFEED_PUBLISHER_URL", "www.example.org"),
        ("LIVEFEED_PUBLISHER_URL", "https://user:password@www.example.org"),
        ("LIVEFEED_PUBLISHER_LOGO", "http://www.example.org/logo.png"),
        ("LIVEFEED_PUBLISHER_LOGO", "/logo.png"),
        ("LIVEFEED_WINDOW_ENTRIES", "-1"),
        ("LIVEFEED_LOG_LEVEL", "loud"),
        ("LIVEFEED_MEDIA_URL", "https://s3.example.org/bucket"),
        ("LIVEFEED_MEDIA_URL", "s3://key:secret@bucket"),
        ("LIVEFEED_MEDIA_URL", "s3:///folder"),
        ("LIVEFEED_IMAGE_BYTES", "1"),
        ("LIVEFEED_TRUSTED_PROXIES", "proxy.example.org"),
        ("LIVEFEED_TRUSTED_PROXIES", "127.0.0.1,10.0.0.1/8"),
        ("LIVEFEED_MAX_READERS", "-1"),
        ("LIVEFEED_MAX_JOINS_PER_S", "nan"),
        ("LIVEFEED_MAX_JOINS_PER_S", "inf"),
    ],
)
def test_a_wrong_value_is_named_in_one_line(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(StartupError) as caught:
        load_settings()
    assert str(caught.value).startswith(f"{name} is wrong: ")
    assert "\n" not in str(caught.value)


def test_a_variable_that_is_no_setting_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    before = unknown_variables()
    monkeypatch.setenv("LIVEFEED_PROT", "8001")
    monkeypatch.setenv("livefeed_port", "8001")
    assert unknown_variables() == [*before, "LIVEFEED_PROT"]


def test_a_wrong_flag_is_named_as_it_was_typed() -> None:
    with pytest.raises(StartupError, match=r"^--port is wrong: "):
        load_settings(port=99_999)


def test_the_origin_is_the_public_address_or_the_one_listened_on() -> None:
    assert load_settings(public_url="https://live.example.org/").origin == "https://live.example.org"
    assert load_settings(host="0.0.0.0", port=8001).origin == "http://localhost:8001"
    assert load_settings(host="::1", port=8001).origin == "http://[::1]:8001"
    assert load_settings(port=8001, tls_certificate="c.pem").origin == "https://127.0.0.1:8001"


def test_trusted_proxies_are_addresses_and_networks() -> None:
    assert load_settings().proxies == ()
    proxies = load_settings(trusted_proxies="127.0.0.1, 10.0.0.0/8,fd00::/8,").proxies
    assert [str(network) for network in proxies] == ["127.0.0.1/32", "10.0.0.0/8", "fd00::/8"]


def test_passwords_are_not_shown() -> None:
    settings = load_settings(redis_url="redis://user:hunter2@redis.example.org:6379/0")
    assert settings.shown("redis_url") == "redis://***@redis.example.org:6379/0"
    assert load_settings().shown("redis_url") == ""


@pytest.mark.parametrize(
    ("origin", "desk_host", "desk"),
    [
        ("https://live.example.org", None, "https://live.example.org"),
        ("https://live.example.org", "desk.example.org", "https://desk.example.org"),
        ("http://127.0.0.1:8000", "desk.local", "http://desk.local:8000"),
        ("https://live.example.org", "desk.example.org:8443", "https://desk.example.org:8443"),
    ],
)
def test_where_the_desk_is(origin: str, desk_host: str | None, desk: str) -> None:
    assert Settings(desk_host=desk_host).desk_at(origin) == desk
