"""Commands about people, as typed."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest

from tests.livefeed_process import Livefeed, run_command


def test_a_token_is_printed_alone_and_can_be_revoked(livefeed: Livefeed) -> None:
    secret = livefeed.run("token", "create", "script", "--role", "editor", "--feeds", "news").strip()
    assert secret.startswith("lf_")
    assert len(secret.split()) == 1
    listed = livefeed.run("token", "list")
    assert "script" in listed
    assert secret not in listed
    livefeed.run("token", "revoke", "script")
    assert "script" not in livefeed.run("token", "list")
    assert "no token named" in livefeed.refused("token", "revoke", "script")


def test_an_invite_is_a_link_whose_secret_stays_in_the_fragment(livefeed: Livefeed) -> None:
    link = livefeed.run("invite", "Ada", "--role", "editor").strip()
    address, _, secret = link.partition("#")
    assert address == f"{livefeed.url}/desk/join"
    assert secret.startswith("lfi_")


def test_an_invite_for_a_name_that_is_in_says_that_it_changes_nothing(livefeed: Livefeed) -> None:
    livefeed.run("token", "create", "Edith", "--role", "editor")
    made = run_command("invite", "Edith", "--role", "admin", "--data-dir", livefeed.data_dir)
    assert made.stdout.count("\n") == 1
    assert "/desk/join#lfi_" in made.stdout
    assert "“Edith” is in already and stays what they are: editor, feeds: all." in made.stderr


def test_invites_are_listed_and_withdrawn(livefeed: Livefeed) -> None:
    # A name like any other.
    livefeed.run("invite", "create", "list", "--role", "contributor", "--feeds", "news")
    row = next(line for line in livefeed.run("invite", "list").splitlines() if line.startswith("list"))
    assert row.split()[:3] == ["list", "contributor", "news"]
    livefeed.run("invite", "withdraw", "list")
    assert "contributor" not in livefeed.run("invite", "list")
    assert "no invite for “list”" in livefeed.refused("invite", "withdraw", "list")
    assert "--role" in run_command("invite", "create", "--help").stdout
    assert "withdraw" in run_command("invite", "--help").stdout


def test_the_desk_s_own_host_is_in_the_link(livefeed: Livefeed) -> None:
    arguments = ("invite", "Cem", "--role", "editor", "--data-dir", livefeed.data_dir)
    done = run_command(*arguments, public_url="https://live.example.org", desk_host="desk.example.org")
    assert done.stdout.startswith("https://desk.example.org/desk/join#lfi_")


def test_sessions_are_listed_and_ended(livefeed: Livefeed) -> None:
    link = livefeed.run("invite", "Dora", "--role", "editor").strip()
    request = urllib.request.Request(
        f"{livefeed.url}/v1/join",
        json.dumps({"invite": link.partition("#")[2]}).encode(),
        {"Content-Type": "application/json", "Origin": livefeed.url, "User-Agent": "A [red]browser[/red]"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        cookie = answer.headers["Set-Cookie"].partition(";")[0]
        session = json.load(answer)["session"]
    row = next(line for line in livefeed.run("session", "list").splitlines() if "Dora" in line)
    assert row.startswith(session)
    assert "A [red]browser[/red]" in row
    livefeed.run("session", "end", session)
    assert "Dora" not in livefeed.run("session", "list")
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(
            urllib.request.Request(f"{livefeed.url}/v1/session", headers={"Cookie": cookie}), timeout=10
        )
    assert "no session" in livefeed.refused("session", "end", session)
