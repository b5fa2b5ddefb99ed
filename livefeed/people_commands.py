"""Commands about people: their tokens, the invites that let them in, their sessions at the desk."""

from __future__ import annotations

from collections.abc import Sequence

import click
from rich.table import Table
from rich.text import Text

from livefeed import serving
from livefeed.commands import Commands, CommandsOrCreate, print_table, with_store
from livefeed.core.models import PersonCreate, Role
from livefeed.core.validation import parse
from livefeed.store.store import Store

__all__ = [
    "invite",
    "invite_create",
    "invite_list",
    "invite_withdraw",
    "session",
    "session_end",
    "session_list",
    "token",
    "token_create",
    "token_list",
    "token_revoke",
]

_ROLES = click.Choice(["contributor", "editor", "admin"])


@click.group(cls=Commands)
def token() -> None:
    """Create, list and revoke tokens of editors and scripts."""


@token.command("create")
@click.argument("name")
@click.option("--role", type=_ROLES, required=True)
@click.option("--feeds", help="Limit it to these feeds, as news,sport.")
@with_store
async def token_create(name: str, role: Role, feeds: str | None, *, store: Store) -> None:
    """Create a token and print it, alone, once: it cannot be shown again."""
    person = await _person(store, name, role, feeds)
    click.echo(await store.tokens.create(person.name, person.role, person.feeds))


@token.command("list")
@with_store
async def token_list(*, store: Store) -> None:
    """List the tokens (never their secrets)."""
    table = Table("name", "role", "feeds", "created", "used", box=None, pad_edge=False)
    for item in await store.tokens.list():
        table.add_row(item.name, item.role, _shown(item.feeds), item.created, item.used or "never")
    print_table(table)


@token.command("revoke")
@click.argument("name")
@with_store
async def token_revoke(name: str, *, store: Store) -> None:
    """Take the token NAME back, with every session opened with it."""
    await store.tokens.revoke(name)
    click.echo(f"The token “{name}” is revoked.")


@click.group(cls=CommandsOrCreate)
def invite() -> None:
    """Invite people to the desk: `livefeed invite NAME --role ROLE` prints a link."""


@invite.command("create")
@click.argument("name")
@click.option("--role", type=_ROLES, required=True)
@click.option("--feeds", help="Limit it to these feeds, as news,sport.")
@with_store
async def invite_create(name: str, role: Role, feeds: str | None, *, store: Store) -> None:
    """Print a link that lets NAME sign in at the desk, once, within a day.

    Whoever is in already is signed in again, with the role and feeds they have: revoke their token first
    to change these.
    """
    person = await _person(store, name, role, feeds)
    secret, made = await store.invites.create(person.name, person.role, person.feeds)
    asked = (person.role, None if person.feeds is None else tuple(person.feeds))
    if (made.role, made.feeds) != asked:
        click.echo(
            f"“{made.name}” is in already and stays what they are: {made.role}, feeds: {_shown(made.feeds)}. "
            "To change that, `livefeed token revoke` them first.",
            err=True,
        )
    desk = store.settings.desk_at(serving.address(store.settings))
    # After the #, so that it is in no server's log and no scanner that opens the link spends it.
    click.echo(f"{desk}/desk/join#{secret}")


@invite.command("list")
@with_store
async def invite_list(*, store: Store) -> None:
    """List the invites that nobody has used yet (never their links)."""
    table = Table("name", "role", "feeds", "until", box=None, pad_edge=False)
    for item in await store.invites.list():
        table.add_row(item.name, item.role, _shown(item.feeds), item.until)
    print_table(table)


@invite.command("withdraw")
@click.argument("name")
@with_store
async def invite_withdraw(name: str, *, store: Store) -> None:
    """Withdraw the invite of NAME: its link lets nobody in any more."""
    await store.invites.withdraw(name)
    click.echo(f"The invite for “{name}” is withdrawn.")


@click.group(cls=Commands)
def session() -> None:
    """List and end sessions at the desk."""


@session.command("list")
@with_store
async def session_list(*, store: Store) -> None:
    """List who is signed in at the desk, the last used first."""
    table = Table("id", "name", "role", "began", "used", "browser", box=None, pad_edge=False)
    for item in await store.sessions.list():
        table.add_row(item.id, item.token.name, item.token.role, item.began, item.used, Text(item.agent))
    print_table(table)


@session.command("end")
@click.argument("id")
@with_store
async def session_end(id: str, *, store: Store) -> None:
    """End the session ID everywhere, its open streams too."""
    await store.sessions.end(id)
    click.echo("The session has ended.")


async def _person(store: Store, name: str, role: Role, feeds: str | None) -> PersonCreate:
    """Somebody new, as typed.

    Raises:
        InvalidInput, FeedNotFound
    """
    return parse(PersonCreate, {"name": name, "role": role, "feeds": await _feeds(store, feeds)})


def _shown(feeds: Sequence[str] | None) -> str:
    return "all" if feeds is None else ",".join(feeds)


async def _feeds(store: Store, listed: str | None) -> list[str] | None:
    """Feeds as typed, each of which must be there.

    Raises:
        FeedNotFound
    """
    if listed is None:
        return None
    slugs = [slug.strip() for slug in listed.split(",") if slug.strip()]
    for slug in slugs:
        await store.feeds.get(slug)
    return slugs
