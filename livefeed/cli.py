"""The command line. Each command is thin: it reads its arguments and calls what does the work."""

from __future__ import annotations

import sys
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from livefeed import serving
from livefeed.commands import Commands, print_table, redis_options, with_store
from livefeed.core.models import FeedCreate, UpdateCreate
from livefeed.core.validation import parse
from livefeed.errors import MediaUnavailable
from livefeed.fanout.hub import Hub
from livefeed.fanout.stream import DraftPass, stream
from livefeed.people_commands import invite, session, token
from livefeed.settings import Settings, load_settings, unknown_variables
from livefeed.store.store import Store
from livefeed.wires.exporting import export_feed
from livefeed.wires.fetching import load
from livefeed.wires.importing import import_wire
from livefeed.wires.read import read_wire

__all__ = [
    "config",
    "doctor",
    "export",
    "feed",
    "feed_close",
    "feed_create",
    "feed_list",
    "feed_reopen",
    "import_",
    "main",
    "publish",
    "serve",
    "tail",
]


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="livefeed")
def main() -> None:
    """livefeed: a self-hosted live ticker."""


@main.command()
@click.option("--host", help="Address to listen on.  [127.0.0.1]")
@click.option("--port", type=int, help="Port to listen on; 0 takes a free one.  [8000]")
@click.option("--workers", type=int, help="Processes that serve readers.  [1]")
@click.option("--demo", is_flag=True, help="Play a sample coverage into the feed “demo”.")
@redis_options
def serve(demo: bool, **flags: Any) -> None:
    """Run the server: ticker, desk, API. Without a Redis it runs one of its own."""
    serving.serve(load_settings(**flags), demo=demo, say=click.echo)


@main.command()
@click.argument("feed")
@click.argument("text")
@click.option("--title")
@click.option("--author")
@click.option("--tag", "tags", multiple=True, help="May be given more than once.")
@click.option("--breaking", is_flag=True)
@click.option("--key", is_flag=True, help="List it among the key events.")
@click.option("--pinned", is_flag=True)
@with_store
async def publish(feed: str, text: str, tags: tuple[str, ...], *, store: Store, **fields: Any) -> None:
    """Publish an update to FEED; “-” reads the text from standard input. Prints the update's id."""
    text = sys.stdin.read() if text == "-" else text
    said = {name: value for name, value in fields.items() if value}
    draft = parse(UpdateCreate, {"text": text, "tags": list(tags), **said})
    click.echo((await store.updates.publish(feed, draft)).id)


@main.command()
@click.argument("feed")
@with_store
async def tail(feed: str, *, store: Store) -> None:
    """Print what readers of FEED get, one JSON message a line, until Ctrl-C."""
    hub = Hub(store, store.settings)
    await hub.start()
    try:
        channel = await hub.channel(feed)
        async for batch in stream(
            hub, channel, None, ping_s=store.settings.ping_s, drain_s=0, draft_pass=DraftPass("", 0.0)
        ):
            for message in batch:
                click.echo(message.data)
    finally:
        await hub.close()


@main.command("import")
@click.argument("feed")
@click.argument("source")
@with_store
async def import_(feed: str, source: str, *, store: Store) -> None:
    """Import updates into FEED from SOURCE, a file, an address or “-”: NDJSON, RSS, Atom or JSON Feed.

    Twice is the same as once; an item that changed at its source becomes an edit; what was deleted
    here stays deleted.
    """
    data, content_type = await load(source)
    wire = read_wire(data, content_type=content_type, name=source)
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("Importing", total=len(wire.entries))
        report = await import_wire(
            store,
            feed,
            wire,
            on_progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    for skipped in report.skipped:
        click.echo(f"skipped {skipped.where}: {skipped.reason}", err=True)
    click.echo(
        f"{report.published} published, {report.edited} edited, {report.unchanged} unchanged, "
        f"{report.deleted_here} deleted here, {len(report.skipped)} skipped"
    )
    if report.skipped and len(report.skipped) == len(wire.entries) + len(wire.skipped):
        sys.exit(1)


@main.command()
@click.argument("feed")
@with_store
async def export(feed: str, *, store: Store) -> None:
    """Write the updates of FEED, oldest first, as the NDJSON that `import` reads."""
    async for lines in export_feed(store, feed):
        click.echo(lines, nl=False)


# Feeds ------------------------------------------------------------------------------------------


@main.group(cls=Commands)
def feed() -> None:
    """Create, close and list feeds."""


@feed.command("create")
@click.argument("slug")
@click.option("--title")
@click.option("--lang", help="Language, as en or uk.")
@click.option("--timezone", help="Time zone, as Europe/Kyiv.")
@with_store
async def feed_create(slug: str, *, store: Store, **fields: str | None) -> None:
    """Create the feed SLUG."""
    said = {name: value for name, value in fields.items() if value}
    made = await store.feeds.create(parse(FeedCreate, {"slug": slug, **said}))
    click.echo(f"{serving.address(store.settings)}/feeds/{made.slug}")


@feed.command("close")
@click.argument("slug")
@with_store
async def feed_close(slug: str, *, store: Store) -> None:
    """Close the feed SLUG: its coverage has ended; readers are told."""
    await store.feeds.patch(slug, {"status": "closed"})
    click.echo(f"The feed “{slug}” is closed.")


@feed.command("reopen")
@click.argument("slug")
@with_store
async def feed_reopen(slug: str, *, store: Store) -> None:
    """Open the feed SLUG again."""
    await store.feeds.patch(slug, {"status": "open"})
    click.echo(f"The feed “{slug}” is open.")


@feed.command("list")
@with_store
async def feed_list(*, store: Store) -> None:
    """List the feeds."""
    table = Table("feed", "title", "status", "language", "time zone", box=None, pad_edge=False)
    for item in await store.feeds.list():
        table.add_row(item.slug, item.title, item.status, item.lang, item.timezone)
    print_table(table)


# The operator -----------------------------------------------------------------------------------


@main.command()
@with_store
async def doctor(*, store: Store) -> None:
    """Check Redis, its settings and every feed; exit code 1 if something is wrong."""
    click.echo(f"ok   {await store.check_version()}")
    problems = await store.check_settings()
    problems += await _check_media(store)
    for slug in [item.slug for item in await store.feeds.list()]:
        found = await store.check(slug)
        problems += [f"feed {slug}: {problem}" for problem in found]
        if not found:
            click.echo(f"ok   feed {slug}")
    for problem in problems:
        click.echo(f"BAD  {problem}")
    if problems:
        sys.exit(1)


async def _check_media(store: Store) -> list[str]:
    """Where pictures are kept is known here if a setting names it, or this is the server's data directory."""
    settings = store.settings
    if settings.media_url or settings.media_dir or settings.data_dir.exists():
        try:
            click.echo(f"ok   {await store.media.check()}")
        except MediaUnavailable as error:
            return [str(error)]
    return []


@main.command()
@redis_options
def config(**flags: Any) -> None:
    """Show every setting in effect; docs/operating.md says what each means."""
    settings = load_settings(**flags)
    for name in Settings.model_fields:
        click.echo(f"LIVEFEED_{name.upper()}={settings.shown(name)}")
    for name in unknown_variables():
        click.echo(f"{name} is no setting", err=True)


for _people in (token, invite, session):
    main.add_command(_people)
