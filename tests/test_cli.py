"""The command line, as typed: what it prints, and what it says of wrong words."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest

from tests.livefeed_process import Livefeed, command, environment, run_command
from tests.real_data import needs_real_feeds, real_feed


def exported(livefeed: Livefeed, feed: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in livefeed.run("export", feed).splitlines()]


def test_publish_prints_the_id_and_export_has_it(livefeed: Livefeed) -> None:
    livefeed.run("feed", "create", "published", "--title", "Published")
    update_id = livefeed.run("publish", "published", "**Hello**", "--tag", "greeting", "--key").strip()
    (line,) = exported(livefeed, "published")
    assert line["id"] == update_id
    assert (line["text"], line["tags"], line["key"]) == ("**Hello**", ["greeting"], True)


def test_publish_reads_standard_input(livefeed: Livefeed) -> None:
    livefeed.run("feed", "create", "piped")
    livefeed.run("publish", "piped", "-", stdin="From a pipe\n")
    assert [line["text"] for line in exported(livefeed, "piped")] == ["From a pipe\n"]


def test_what_is_exported_imports_into_another_feed(livefeed: Livefeed, tmp_path: Path) -> None:
    livefeed.run("feed", "create", "one")
    livefeed.run("feed", "create", "two")
    for text in ("First", "Second", "Third"):
        livefeed.run("publish", "one", text)
    file = tmp_path / "one.ndjson"
    file.write_text(livefeed.run("export", "one"))
    assert livefeed.run("import", "two", file).startswith("3 published")
    assert livefeed.run("import", "two", file).startswith("0 published, 0 edited, 3 unchanged")
    same = ("text", "time", "tags", "key", "pinned", "breaking")
    assert [[line[name] for name in same] for line in exported(livefeed, "two")] == [
        [line[name] for name in same] for line in exported(livefeed, "one")
    ]


def test_an_export_into_its_own_feed_changes_nothing(livefeed: Livefeed, tmp_path: Path) -> None:
    livefeed.run("feed", "create", "again")
    ids = [livefeed.run("publish", "again", text).strip() for text in ("One", "Two", "Three")]
    file = tmp_path / "again.ndjson"
    file.write_text(livefeed.run("export", "again"))
    assert livefeed.run("import", "again", file).startswith("0 published, 0 edited, 3 unchanged")
    assert [line["id"] for line in exported(livefeed, "again")] == ids


def test_an_export_keeps_what_its_updates_were_imported_from(livefeed: Livefeed, tmp_path: Path) -> None:
    for slug in ("from", "to"):
        livefeed.run("feed", "create", slug)
    wire = tmp_path / "wire.ndjson"
    wire.write_text('{"id": "wire:1", "text": "From the wire"}\n')
    livefeed.run("import", "from", wire)
    file = tmp_path / "from.ndjson"
    file.write_text(livefeed.run("export", "from"))
    livefeed.run("import", "to", file)
    assert livefeed.run("import", "to", wire).startswith("0 published, 0 edited, 1 unchanged")


def test_import_says_what_it_skipped_and_why(livefeed: Livefeed) -> None:
    livefeed.run("feed", "create", "skipping")
    lines = '{"id": "a", "text": "Fine"}\n{"id": "b"}\n{"id": "c", "text": "Also fine"}\n'
    done = run_command("import", "skipping", "-", "--data-dir", livefeed.data_dir, stdin=lines)
    assert done.stdout.startswith("2 published")
    assert "1 skipped" in done.stdout
    assert "line 2" in done.stderr
    assert "text" in done.stderr


@needs_real_feeds
@pytest.mark.parametrize(
    "name", ["liveblog-2023-12-13.ndjson", "wire-reddit.atom.xml", "wire-spiegel.rss.xml"]
)
def test_real_feeds_import_and_twice_is_once(livefeed: Livefeed, name: str) -> None:
    feed = name.split(".")[0].lower()
    livefeed.run("feed", "create", feed)
    first = livefeed.run("import", feed, real_feed(name))
    assert not first.startswith("0 published")
    assert first.endswith("0 skipped\n")
    assert livefeed.run("import", feed, real_feed(name)).startswith("0 published, 0 edited")


def test_tail_prints_one_message_a_line(livefeed: Livefeed) -> None:
    livefeed.run("feed", "create", "tailed")
    tail = subprocess.Popen(
        command("tail", "tailed", "--data-dir", livefeed.data_dir),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert tail.stdout is not None
        first = json.loads(tail.stdout.readline())
        assert (first["type"], first["recovered"]) == ("sync", False)
        livefeed.run("publish", "tailed", "Now")
        change = json.loads(tail.stdout.readline())
        assert change["change"]["update"]["text"] == "Now"
        tail.send_signal(signal.SIGINT)
        assert tail.wait(10) == 130
        assert tail.stderr is not None
        assert "Traceback" not in tail.stderr.read()
    finally:
        tail.kill()
        tail.communicate()


def test_feeds_are_created_listed_and_closed(livefeed: Livefeed) -> None:
    assert (
        livefeed.run("feed", "create", "closing", "--title", "Closing", "--lang", "uk")
        == f"{livefeed.url}/feeds/closing\n"
    )
    livefeed.run("feed", "close", "closing")
    row = next(line for line in livefeed.run("feed", "list").splitlines() if line.startswith("closing"))
    assert row.split() == ["closing", "Closing", "closed", "uk", "UTC"]
    assert "is closed" in livefeed.refused("publish", "closing", "Too late")
    livefeed.run("feed", "reopen", "closing")
    livefeed.run("publish", "closing", "In time")


def test_doctor_finds_everything_well(livefeed: Livefeed) -> None:
    assert "BAD" not in livefeed.run("doctor")


def test_doctor_finds_pictures_that_cannot_be_kept(livefeed: Livefeed) -> None:
    assert "ok   pictures in " in livefeed.run("doctor")
    environment = {"data_dir": str(livefeed.data_dir), "media_dir": "/proc/nowhere"}
    ended = run_command("doctor", **environment)
    assert ended.returncode == 1
    assert "BAD  Pictures cannot be kept or read: the folder /proc/nowhere" in ended.stdout


def test_config_shows_each_setting(livefeed: Livefeed) -> None:
    secrets = {"redis_url": "redis://me:hunter2@localhost/0", "media_secret": "hunter2"}
    shown = run_command("config", prot="8001", **secrets)
    assert "LIVEFEED_DATA_DIR" in shown.stdout
    assert "hunter2" not in shown.stdout
    assert shown.stderr == "LIVEFEED_PROT is no setting\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("publish", "nowhere", "Hello"), "There is no feed “nowhere”"),
        (("publish", "news", " "), "text: "),
        (("tail", "nowhere"), "There is no feed “nowhere”"),
        (("export", "nowhere"), "There is no feed “nowhere”"),
        (("import", "news", "/no/such/file"), "/no/such/file"),
        (("import", "news", "/etc/passwd"), "neither"),
        (("feed", "create", "Bad Slug"), "slug: "),
        (("token", "create", "a/b", "--role", "editor"), "name: "),
        (("feed", "create", "news"), "already"),
        (("feed", "create", "mars", "--timezone", "Mars/Phobos"), "timezone: "),
        (("token", "create", "x", "--role", "editor", "--feeds", "nowhere"), "There is no feed “nowhere”"),
    ],
)
def test_wrong_words_are_answered_in_words(livefeed: Livefeed, arguments: tuple[str, ...], said: str) -> None:
    assert said in livefeed.refused(*arguments)
