"""``livefeed serve``: the first start, the next ones, and the ways in which it cannot start."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.livefeed_process import Livefeed, run_command
from tests.redis_servers import RedisServer, wait_until


@pytest.fixture
def livefeed(tmp_path: Path) -> Iterator[Livefeed]:
    running = Livefeed(tmp_path)
    yield running
    running.clean_up()


def get(livefeed: Livefeed, path: str) -> dict[str, object]:
    with urllib.request.urlopen(livefeed.url + path, timeout=30) as answer:
        got = json.load(answer)
    assert isinstance(got, dict)
    return got


def post(livefeed: Livefeed, text: str) -> str:
    request = urllib.request.Request(
        f"{livefeed.url}/v1/feeds/news/updates",
        json.dumps({"text": text}).encode(),
        {"Authorization": f"Bearer {livefeed.token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 201
        return str(json.load(answer)["id"])


def post_once_it_can(livefeed: Livefeed, text: str) -> None:
    """503, or nobody listening yet, passes."""

    def can() -> bool:
        try:
            return bool(post(livefeed, text))
        except OSError:
            return False

    wait_until(can, "a publish to be taken")


def demo_updates(livefeed: Livefeed) -> list[object]:
    try:
        updates = get(livefeed, "/v1/feeds/demo/updates")["updates"]
    except OSError:
        return []
    assert isinstance(updates, list)
    return updates


def test_the_first_start_makes_a_feed_and_prints_a_token_once(livefeed: Livefeed) -> None:
    livefeed.start()
    assert get(livefeed, "/v1/feeds/news")["slug"] == "news"
    assert post(livefeed, "Hello")
    assert livefeed.stop() == 0
    livefeed.start()
    assert livefeed.said().count("lf_") == 1
    assert livefeed.stop() == 0
    assert "Traceback" not in livefeed.said()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_template_that_cannot_work_stops_the_start_before_anything_else(
    tmp_path: Path, workers: str
) -> None:
    (tmp_path / "ticker.html").write_text("\n{% nothing %}")
    ended = run_command(
        *("serve", "--port", "0", "--data-dir", tmp_path / "data", "--workers", workers),
        templates_dir=str(tmp_path),
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"Error: {tmp_path}/ticker.html, line 2: Encountered unknown tag")
    assert ended.stderr.count("\n") == 1
    assert ended.stdout == ""


def test_it_says_where_everything_is(livefeed: Livefeed) -> None:
    livefeed.start()
    assert f"Ticker  {livefeed.url}/feeds/news" in livefeed.said()
    assert f'<script src="{livefeed.url}/static/embed.js" data-feed="news" async></script>' in livefeed.said()


def test_in_an_empty_redis_of_one_s_own_it_says_how_to_begin(tmp_path: Path) -> None:
    with RedisServer() as redis_server:
        livefeed = Livefeed(tmp_path, redis_url=redis_server.url, prot="8001")
        try:
            livefeed.start()
            assert "Ticker  there is no feed yet: livefeed feed create news --title News" in livefeed.said()
            assert "Sign in nobody can yet: livefeed invite NAME --role admin" in livefeed.said()
            assert "embed.js" not in livefeed.said()
            assert "LIVEFEED_PROT is no setting" in livefeed.said()
            livefeed.stop()
            for command in (["feed", "create", "sport"], ["token", "create", "Ada", "--role", "admin"]):
                assert run_command(*command, redis_url=redis_server.url).returncode == 0
            before = len(livefeed.said())
            livefeed.start()
            said = livefeed.said()[before:]
            assert f"Ticker  {livefeed.url}/feeds/sport" in said
            assert "Sign in" not in said
        finally:
            livefeed.clean_up()


def test_nothing_acknowledged_is_lost_when_everything_is_killed(livefeed: Livefeed) -> None:
    livefeed.start()
    ids = [post(livefeed, f"Number {number}") for number in range(5)]
    livefeed.kill_everything()
    livefeed.start()
    for update_id in ids:
        assert get(livefeed, f"/v1/feeds/news/updates/{update_id}")["id"] == update_id


def test_a_redis_that_dies_is_started_again(livefeed: Livefeed) -> None:
    livefeed.start()
    before = livefeed.redis_pid
    update_id = post(livefeed, "Before")
    os.kill(before, signal.SIGKILL)
    post_once_it_can(livefeed, "After")
    assert livefeed.redis_pid != before
    assert get(livefeed, f"/v1/feeds/news/updates/{update_id}")["text"] == "Before"


def invite_of(livefeed: Livefeed) -> str:
    """The invite of the newest start."""
    return str(re.findall(r"Sign in +http://127.0.0.1:[0-9]+/desk/join#(lfi_\S+)", livefeed.said())[-1])


def join(livefeed: Livefeed, invite: str) -> object:
    request = urllib.request.Request(
        f"{livefeed.url}/v1/join",
        json.dumps({"invite": invite}).encode(),
        {"Content-Type": "application/json", "Origin": livefeed.url},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)["name"]


def test_each_start_of_the_demo_prints_a_link_that_lets_one_in(tmp_path: Path) -> None:
    livefeed = Livefeed(tmp_path, "--demo", "--workers", "2")
    try:
        livefeed.start()
        unused = invite_of(livefeed)
        livefeed.stop()
        livefeed.start()
        with pytest.raises(urllib.error.HTTPError, match="401"):
            join(livefeed, unused)  # nobody used it: the next one took its place
        assert join(livefeed, invite_of(livefeed)) == "demo"
        livefeed.stop()
        livefeed.start()
        assert join(livefeed, invite_of(livefeed)) == "demo 2"
    finally:
        livefeed.clean_up()


def test_without_the_demo_nobody_is_invited(livefeed: Livefeed) -> None:
    livefeed.start()
    assert "lfi_" not in livefeed.said()


def test_the_demo_is_alive_at_once(tmp_path: Path) -> None:
    livefeed = Livefeed(tmp_path, "--demo")
    try:
        livefeed.start()
        wait_until(lambda: len(demo_updates(livefeed)) > 3, "the demo's first updates")
    finally:
        livefeed.clean_up()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_taken_port_is_one_line(tmp_path: Path, workers: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run_command("serve", "--port", port, "--workers", workers, "--data-dir", tmp_path / "data")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert port in done.stderr
    assert "--port" in done.stderr


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis://127.0.0.1:1/0", "cannot be reached"),
        ("http://127.0.0.1", "LIVEFEED_REDIS_URL"),
        ("unix:///nowhere/redis.sock", "cannot be reached"),
    ],
)
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_redis_that_cannot_be_used_is_one_line(url: str, said: str, workers: str) -> None:
    done = run_command("serve", "--port", "0", "--workers", workers, "--redis-url", url)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert said in done.stderr


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_folder_of_pictures_that_cannot_be_used_is_one_line(tmp_path: Path, workers: str) -> None:
    (tmp_path / "file").write_text("")
    settings = {
        "data_dir": str(tmp_path / "data"),
        "media_dir": str(tmp_path / "file" / "media"),
        "port": "0",
    }
    ended = run_command("serve", workers=workers, **settings)
    assert ended.returncode == 1
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    assert "file/media cannot be used" in line
    assert "LIVEFEED_MEDIA_DIR" in line


def test_a_folder_that_is_in_use_is_one_line(livefeed: Livefeed) -> None:
    livefeed.start()
    done = run_command("serve", "--port", "0", "--data-dir", livefeed.data_dir)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "already" in done.stderr


def test_ctrl_c_ends_it_cleanly_and_redis_with_it(livefeed: Livefeed) -> None:
    livefeed.start()
    redis_pid = livefeed.redis_pid
    assert livefeed.stop(signal.SIGINT) == 0
    assert not Path(f"/proc/{redis_pid}").exists()
    assert "Traceback" not in livefeed.said()


def test_several_workers_serve_one_port(tmp_path: Path) -> None:
    livefeed = Livefeed(tmp_path, "--workers", "2")
    try:
        livefeed.start()
        post_once_it_can(livefeed, "From one of two")
        assert get(livefeed, "/v1/feeds/news/updates")["updates"]
        assert livefeed.stop() == 0
    finally:
        livefeed.clean_up()
