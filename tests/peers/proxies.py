"""nginx and Caddy in front of livefeed, with the configurations that docs/operating.md recommends."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.redis_servers import free_port

__all__ = ["CACHE", "CACHE_STATUS", "PROXIES", "running"]

OPERATING = Path(__file__).resolve().parents[2] / "docs/operating.md"
DEADLINE_S = 10.0

# What a proxy is set to compress by itself must neither be packed twice nor wait in a buffer.
NGINX_GZIP = "gzip on; gzip_proxied any; gzip_types *; gzip_min_length 1;"
CACHE_STATUS = "X-Cache"
CACHE = "nginx with cache"
PROXIES = ("nginx", "nginx with gzip", CACHE, "caddy", "caddy with encode")


def documented(language: str, *, cache: bool = False) -> str:
    """The one configuration of this kind in docs/operating.md."""
    all_of_it = re.findall(rf"^```{language}\n(.*?)^```$", OPERATING.read_text(), re.MULTILINE | re.DOTALL)
    (found,) = (text for text in all_of_it if ("proxy_cache" in text) == cache)
    return str(found)


@contextmanager
def running(name: str, upstream: str, folder: Path) -> Iterator[str]:
    """Run a proxy in front of ``upstream`` (``host:port``), with its files in ``folder``; yields its URL.

    Raises:
        FileNotFoundError: it is not installed.
    """
    program = name.split()[0]
    path = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if path is None:
        raise FileNotFoundError(program)
    folder = folder / name.replace(" ", "-")
    folder.mkdir()
    port = free_port()
    command = (_nginx if program == "nginx" else _caddy)(
        path, upstream, port, folder, name.partition(" with ")[2]
    )
    log = folder / "log"
    with log.open("wb") as output:
        environment = os.environ | {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
    try:
        _until_it_listens(process, port, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _put(text: str, old: str, new: str) -> str:
    assert old in text, f"docs/operating.md does not say {old!r} any more"
    return text.replace(old, new)


def _nginx(path: str, upstream: str, port: int, folder: Path, extra: str) -> list[str]:
    site = _put(documented("nginx", cache=extra == "cache"), "127.0.0.1:8000", upstream)
    if extra == "cache":
        site = _put(site, "/var/cache/nginx/livefeed", f"{folder}/cache")
        # Which answers came from the cache is told to the verification alone.
        site = _put(
            site,
            "proxy_cache livefeed;",
            f"proxy_cache livefeed; add_header {CACHE_STATUS} $upstream_cache_status always;",
        )
    site = _put(site, "listen 80;", f"listen 127.0.0.1:{port};")
    temporary = [
        f"{kind}_temp_path {folder};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    ]
    config = "\n".join(
        [
            "user root;" if os.geteuid() == 0 else "",
            f"daemon off; pid {folder}/pid; error_log stderr;",
            "events {} http { access_log off;",
            *temporary,
            NGINX_GZIP if extra == "gzip" else "gzip off;",
            site,
            "}",
        ]
    )
    (folder / "nginx.conf").write_text(config)
    return [path, "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")]


def _caddy(path: str, upstream: str, port: int, folder: Path, extra: str) -> list[str]:
    site = _put(documented("caddy"), "127.0.0.1:8000", upstream)
    encode = "\n    encode" if extra else ""
    site = _put(site, "live.example.org {", f"http://127.0.0.1:{port} {{{encode}")
    (folder / "Caddyfile").write_text(f"{{\n    admin off\n    auto_https off\n}}\n{site}")
    return [path, "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


def _until_it_listens(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.02)
