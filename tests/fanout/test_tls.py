"""A certificate and a key that cannot be used are one line, before anything is started."""

from __future__ import annotations

import subprocess
import urllib.request
from pathlib import Path

import pytest

from livefeed.errors import StartupError
from livefeed.fanout.tls import check_tls
from livefeed.settings import Settings
from tests.certificates import Certificate
from tests.livefeed_process import Livefeed, run_command


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return Certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return Certificate(tmp_path_factory.mktemp("other"))


def said(certificate: Path | None, key: Path | None) -> str:
    with pytest.raises(StartupError) as error:
        check_tls(Settings(tls_certificate=certificate, tls_key=key))
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_pair_and_none_are_fine(good: Certificate) -> None:
    check_tls(Settings(**good.settings))
    check_tls(Settings())


def test_one_without_the_other(good: Certificate) -> None:
    assert "go together" in said(good.certificate, None)
    assert "go together" in said(None, good.key)


def test_what_cannot_be_read(good: Certificate, tmp_path: Path) -> None:
    missing = tmp_path / "missing.pem"
    assert said(missing, good.key) == (
        f"LIVEFEED_TLS_CERTIFICATE: {missing} cannot be read (No such file or directory)."
    )
    assert (
        said(good.certificate, tmp_path) == f"LIVEFEED_TLS_KEY: {tmp_path} cannot be read (Is a directory)."
    )


def test_what_does_not_belong_together(good: Certificate, other: Certificate) -> None:
    assert "KEY_VALUES_MISMATCH" in said(good.certificate, other.key)
    assert "belong together" in said(good.key, good.certificate)


def test_what_is_no_certificate(good: Certificate, tmp_path: Path) -> None:
    junk = tmp_path / "junk.pem"
    junk.write_bytes(b"\xff\0 nothing of the kind")
    assert str(junk) in said(junk, good.key)
    assert str(junk) in said(good.certificate, junk)


def test_a_key_with_a_password_is_not_asked_for(good: Certificate, tmp_path: Path) -> None:
    locked = tmp_path / "locked.pem"
    command = [
        "openssl",
        "ec",
        "-in",
        str(good.key),
        "-out",
        str(locked),
        "-aes128",
        "-passout",
        "pass:secret",
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    assert "without a password" in said(good.certificate, locked)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_serve_says_so_in_one_line(good: Certificate, tmp_path: Path, workers: str) -> None:
    done = run_command(
        *("serve", "--port", "0", "--workers", workers, "--data-dir", tmp_path / "data"),
        tls_certificate=str(good.certificate),
        tls_key=str(tmp_path / "missing.pem"),
    )
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
    assert "LIVEFEED_TLS_KEY" in done.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_serve_speaks_https(good: Certificate, tmp_path: Path, workers: str) -> None:
    settings = {name: str(path) for name, path in good.settings.items()}
    livefeed = Livefeed(tmp_path, "--workers", workers, **settings)
    try:
        livefeed.start()
        assert livefeed.url.startswith("https://")
        with urllib.request.urlopen(f"{livefeed.url}/healthz", timeout=30, context=good.trusted) as answer:
            assert answer.status == 200
        with pytest.raises(ConnectionError):
            urllib.request.urlopen(livefeed.url.replace("https", "http"), timeout=30)
        assert livefeed.stop() == 0
        assert "Traceback" not in livefeed.said()
    finally:
        livefeed.clean_up()
