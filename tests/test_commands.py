"""What every command does: errors are one line each, tables are whole, Ctrl-C is no traceback."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from rich.table import Table

from livefeed.commands import Commands, CommandsOrCreate, print_table
from livefeed.errors import FeedNotFound, FieldError, InvalidInput
from tests.livefeed_process import run_command


def outcome_of(error: Exception) -> tuple[int, str]:
    @click.group(cls=Commands)
    def main() -> None:
        pass

    @main.command()
    def fail() -> None:
        raise error

    result = CliRunner().invoke(main, ["fail"])
    return result.exit_code, result.stderr


def test_an_error_of_ours_is_one_line() -> None:
    assert outcome_of(FeedNotFound("news")) == (1, "Error: There is no feed “news”.\n")


def test_each_wrong_field_has_a_line() -> None:
    error = InvalidInput([FieldError("title", "too long"), FieldError("tags.0", "empty")])
    assert outcome_of(error) == (1, "Error: title: too long\ntags.0: empty\n")


def test_a_table_for_a_program_is_not_cut(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("name", box=None)
    table.add_row("x" * 300)
    print_table(table)
    assert "x" * 300 in capsys.readouterr().out


def test_without_a_server_it_is_said_how_to_start_one(tmp_path: Path) -> None:
    done = run_command("publish", "news", "Hello", "--data-dir", tmp_path)
    assert done.returncode == 1
    assert "livefeed serve" in done.stderr


def test_create_need_not_be_typed() -> None:
    @click.group(cls=CommandsOrCreate, context_settings={"help_option_names": ["-h", "--help"]})
    def invite() -> None:
        """Invite people."""

    @invite.command("create")
    @click.argument("name")
    @click.option("--role")
    def create(name: str, role: str) -> None:
        click.echo(f"{name} {role}")

    @invite.command("list")
    def list_() -> None:
        click.echo("all")

    for arguments in (["Ada", "--role", "x"], ["--role", "x", "Ada"], ["create", "Ada", "--role", "x"]):
        assert CliRunner().invoke(invite, arguments).stdout == "Ada x\n"
    assert CliRunner().invoke(invite, ["list"]).stdout == "all\n"
    assert "Invite people." in CliRunner().invoke(invite, ["-h"]).stdout
