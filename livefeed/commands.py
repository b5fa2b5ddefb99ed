"""What commands share: one line for an error, the store they work on, tables."""

from __future__ import annotations

import asyncio
import functools
import sys
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.table import Table

from livefeed.errors import InvalidInput, LivefeedError, StartupError
from livefeed.settings import load_settings
from livefeed.store.embedded import find_embedded
from livefeed.store.store import Store

__all__ = ["Commands", "CommandsOrCreate", "print_table", "redis_options", "with_store"]

_Result = TypeVar("_Result")


class Commands(click.Group):
    """Turns what livefeed raises on purpose into one line and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except InvalidInput as error:
            lines = [f"{item.field}: {item.message}" for item in error.errors]
            raise click.ClickException("\n".join(lines)) from error
        except LivefeedError as error:
            raise click.ClickException(str(error)) from error


class CommandsOrCreate(Commands):
    """A group in which ``create`` need not be typed: ``invite Ada`` is ``invite create Ada``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["create", *args]
        return super().parse_args(ctx, args)


def redis_options(command: Callable[..., Any]) -> Callable[..., Any]:
    command = click.option("--redis-url", help="Redis to use instead of the embedded one.")(command)
    return click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of the embedded Redis.")(
        command
    )


def with_store(work: Callable[..., Awaitable[_Result]]) -> Callable[..., _Result]:
    """Run an async command on the store: at ``LIVEFEED_REDIS_URL``, or the server in the data directory."""

    @redis_options
    @functools.wraps(work)
    def command(*args: Any, redis_url: str | None, data_dir: Path | None, **options: Any) -> _Result:
        settings = load_settings(redis_url=redis_url, data_dir=data_dir)
        url = settings.redis_url or find_embedded(settings.data_dir)
        if url is None:
            raise StartupError(
                f"No livefeed runs in {settings.data_dir}: start `livefeed serve` there, or name the folder "
                "with --data-dir, or a Redis with --redis-url."
            )

        async def run() -> _Result:
            store = Store(url, settings)
            try:
                return await work(*args, store=store, **options)
            finally:
                await store.close()

        return _run(run())

    return command


def _run(work: Coroutine[Any, Any, _Result]) -> _Result:
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        sys.exit(130)


def print_table(table: Table) -> None:
    """Print a table; to a file or a program, however wide it is."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=1_000)
    console.print(table)
