"""The command line, as typed: what it prints, and what it says of wrong words."""

from __future__ import annotations

import json
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.livefeed_process import Livefeed, command, environment, run_command
from tests.real_data import needs_real_feeds, real_feed


@pytest.fixture(scope="module")
def livefeed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Livefeed]:
    running = Livefeed(tmp_path_factory.mktemp("cli"))
    try:
        running.start()
        yield running
    finally:
        running.clean_up()


def run(livefeed: Livefeed, *arguments: str | Path, stdin: str = "") -> str:
    """The standard output of a command that works."""
    done = run_command(*arguments, "--data-dir", livefeed.data_dir, stdin=stdin)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(livefeed: Livefeed, *arguments: str | Path) -> str:
    """What a command says that is refused: never a traceback, exit code 1."""
    done = run_command(*arguments, "--data-dir", livefeed.data_dir)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def exported(livefeed: Livefeed, feed: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in run(livefeed, "export", feed).splitlines()]


def test_publish_prints_the_id_and_export_has_it(livefeed: Livefeed) -> None:
    run(livefeed, "feed", "create", "published", "--title", "Published")
    update_id = run(livefeed, "publish", "published", "**Hello**", "--tag", "greeting", "--key").strip()
    (line,) = exported(livefeed, "published")
    assert line["id"] == update_id
    assert (line["text"], line["tags"], line["key"]) == ("**Hello**", ["greeting"], True)


def test_publish_reads_standard_input(livefeed: Livefeed) -> None:
    run(livefeed, "feed", "create", "piped")
    run(livefeed, "publish", "piped", "-", stdin="From a pipe\n")
    assert [line["text"] for line in exported(livefeed, "piped")] == ["From a pipe\n"]


def test_what_is_exported_imports_into_another_feed(livefeed: Livefeed, tmp_path: Path) -> None:
    run(livefeed, "feed", "create", "one")
    run(livefeed, "feed", "create", "two")
    for text in ("First", "Second", "Third"):
        run(livefeed, "publish", "one", text)
    file = tmp_path / "one.ndjson"
    file.write_text(run(livefeed, "export", "one"))
    assert run(livefeed, "import", "two", file).startswith("3 published")
    assert run(livefeed, "import", "two", file).startswith("0 published, 0 edited, 3 unchanged")
    same = ("text", "time", "tags", "key", "pinned", "breaking")
    assert [[line[name] for name in same] for line in exported(livefeed, "two")] == [
        [line[name] for name in same] for line in exported(livefeed, "one")
    ]


def test_an_export_into_its_own_feed_changes_nothing(livefeed: Livefeed, tmp_path: Path) -> None:
    run(livefeed, "feed", "create", "again")
    ids = [run(livefeed, "publish", "again", text).strip() for text in ("One", "Two", "Three")]
    file = tmp_path / "again.ndjson"
    file.write_text(run(livefeed, "export", "again"))
    assert run(livefeed, "import", "again", file).startswith("0 published, 0 edited, 3 unchanged")
    assert [line["id"] for line in exported(livefeed, "again")] == ids


def test_an_export_keeps_what_its_updates_were_imported_from(livefeed: Livefeed, tmp_path: Path) -> None:
    for slug in ("from", "to"):
        run(livefeed, "feed", "create", slug)
    wire = tmp_path / "wire.ndjson"
    wire.write_text('{"id": "wire:1", "text": "From the wire"}\n')
    run(livefeed, "import", "from", wire)
    file = tmp_path / "from.ndjson"
    file.write_text(run(livefeed, "export", "from"))
    run(livefeed, "import", "to", file)
    assert run(livefeed, "import", "to", wire).startswith("0 published, 0 edited, 1 unchanged")


def test_import_says_what_it_skipped_and_why(livefeed: Livefeed) -> None:
    run(livefeed, "feed", "create", "skipping")
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
    run(livefeed, "feed", "create", feed)
    first = run(livefeed, "import", feed, real_feed(name))
    assert not first.startswith("0 published")
    assert first.endswith("0 skipped\n")
    assert run(livefeed, "import", feed, real_feed(name)).startswith("0 published, 0 edited")


def test_tail_prints_one_message_a_line(livefeed: Livefeed) -> None:
    run(livefeed, "feed", "create", "tailed")
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
        run(livefeed, "publish", "tailed", "Now")
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
        run(livefeed, "feed", "create", "closing", "--title", "Closing", "--lang", "uk")
        == f"{livefeed.url}/feeds/closing\n"
    )
    run(livefeed, "feed", "close", "closing")
    row = next(line for line in run(livefeed, "feed", "list").splitlines() if line.startswith("closing"))
    assert row.split() == ["closing", "Closing", "closed", "uk", "UTC"]
    assert "is closed" in refused(livefeed, "publish", "closing", "Too late")
    run(livefeed, "feed", "reopen", "closing")
    run(livefeed, "publish", "closing", "In time")


def test_a_token_is_printed_alone_and_can_be_revoked(livefeed: Livefeed) -> None:
    secret = run(livefeed, "token", "create", "script", "--role", "editor", "--feeds", "news").strip()
    assert secret.startswith("lf_")
    assert len(secret.split()) == 1
    listed = run(livefeed, "token", "list")
    assert "script" in listed
    assert secret not in listed
    run(livefeed, "token", "revoke", "script")
    assert "script" not in run(livefeed, "token", "list")
    assert "no token named" in refused(livefeed, "token", "revoke", "script")


def test_an_invite_is_a_link_whose_secret_stays_in_the_fragment(livefeed: Livefeed) -> None:
    link = run(livefeed, "invite", "Ada", "--role", "editor").strip()
    address, _, secret = link.partition("#")
    assert address == f"{livefeed.url}/desk/join"
    assert secret.startswith("lfi_")


def test_an_invite_for_a_name_that_is_in_says_that_it_changes_nothing(livefeed: Livefeed) -> None:
    run(livefeed, "token", "create", "Edith", "--role", "editor")
    made = run_command("invite", "Edith", "--role", "admin", "--data-dir", livefeed.data_dir)
    assert made.stdout.count("\n") == 1
    assert "/desk/join#lfi_" in made.stdout
    assert "“Edith” is in already and stays what they are: editor, feeds: all." in made.stderr


def test_invites_are_listed_and_withdrawn(livefeed: Livefeed) -> None:
    run(
        livefeed, "invite", "create", "list", "--role", "contributor", "--feeds", "news"
    )  # a name like any other
    row = next(line for line in run(livefeed, "invite", "list").splitlines() if line.startswith("list"))
    assert row.split()[:3] == ["list", "contributor", "news"]
    run(livefeed, "invite", "withdraw", "list")
    assert "contributor" not in run(livefeed, "invite", "list")
    assert "no invite for “list”" in refused(livefeed, "invite", "withdraw", "list")
    assert "--role" in run_command("invite", "create", "--help").stdout
    assert "withdraw" in run_command("invite", "--help").stdout


def test_the_desk_s_own_host_is_in_the_link(livefeed: Livefeed) -> None:
    arguments = ("invite", "Cem", "--role", "editor", "--data-dir", livefeed.data_dir)
    done = run_command(*arguments, public_url="https://live.example.org", desk_host="desk.example.org")
    assert done.stdout.startswith("https://desk.example.org/desk/join#lfi_")


def test_sessions_are_listed_and_ended(livefeed: Livefeed) -> None:
    link = run(livefeed, "invite", "Dora", "--role", "editor").strip()
    request = urllib.request.Request(
        f"{livefeed.url}/v1/join",
        json.dumps({"invite": link.partition("#")[2]}).encode(),
        {"Content-Type": "application/json", "Origin": livefeed.url, "User-Agent": "A [red]browser[/red]"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        cookie = answer.headers["Set-Cookie"].partition(";")[0]
        session = json.load(answer)["session"]
    row = next(line for line in run(livefeed, "session", "list").splitlines() if "Dora" in line)
    assert row.startswith(session)
    assert "A [red]browser[/red]" in row
    run(livefeed, "session", "end", session)
    assert "Dora" not in run(livefeed, "session", "list")
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(
            urllib.request.Request(f"{livefeed.url}/v1/session", headers={"Cookie": cookie}), timeout=10
        )
    assert "no session" in refused(livefeed, "session", "end", session)


def test_doctor_finds_everything_well(livefeed: Livefeed) -> None:
    assert "BAD" not in run(livefeed, "doctor")


def test_doctor_finds_pictures_that_cannot_be_kept(livefeed: Livefeed) -> None:
    assert "ok   pictures in " in run(livefeed, "doctor")
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
    assert said in refused(livefeed, *arguments)
