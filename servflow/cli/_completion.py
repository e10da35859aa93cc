"""Knows what a shell may complete of the command line: databases, tickets, templates, measures; must not know any command."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from zoneinfo import available_timezones

import click
from click.shell_completion import CompletionItem

from servflow.cli._urls import SERVERS, path_of
from servflow.errors import ServflowError

MOST = 100
"""How many names are offered; who wants a later one writes more of it."""


class _Named(click.ParamType):  # type: ignore[type-arg,unused-ignore]  # generic only in recent versions of click
    """A text of which a shell completes what there is."""

    name = "text"

    def names(self, ctx: click.Context, incomplete: str) -> Iterable[str]:
        """All there is, or what of it comes from *incomplete* on."""
        return ()

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        # One name a line is all the shells are told, so a name that would be two lines is not offered.
        fitting = (name for name in self.names(ctx, incomplete) if name.startswith(incomplete) and name.isprintable())
        return [CompletionItem(name) for name in islice(fitting, MOST)]


class Database(_Named):
    """The path of a database."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return [CompletionItem(incomplete, type="file")]


class TicketId(_Named):
    """A ticket of the database that was named before it."""

    def names(self, ctx: click.Context, incomplete: str) -> Iterable[str]:
        url = str(ctx.params.get("db") or ctx.params.get("url") or "")
        if not url or url.startswith(SERVERS):
            return  # nobody waits at a prompt for a server
        try:
            if path_of(url).is_file():
                from servflow.cli._databases import open_existing

                with open_existing(url, tenant=ctx.params.get("tenant") or "default") as store:
                    yield from () if not incomplete or store.load(incomplete) is None else (incomplete,)
                    yield from store.ids(limit=MOST, after=incomplete or None)
        except (ServflowError, OSError, ValueError):
            return  # the command itself says what is wrong with it


class TemplateName(_Named):
    """A template."""

    def names(self, ctx: click.Context, incomplete: str) -> Iterable[str]:
        from servflow.documents import TEMPLATES

        return TEMPLATES


class Measure(_Named):
    """A measure of ``metrics``."""

    def names(self, ctx: click.Context, incomplete: str) -> Iterable[str]:
        from servflow.metrics import MEASURES

        return MEASURES


class Zone(_Named):
    """A zone of the time zone database."""

    def names(self, ctx: click.Context, incomplete: str) -> Iterable[str]:
        return sorted(available_timezones())


TYPES: tuple[tuple[str, str, type[_Named]], ...] = (
    ("", "db", Database),
    ("", "url", Database),
    ("", "ticket", TicketId),
    ("revive", "ids", TicketId),
    ("new", "template", TemplateName),
    ("metrics", "names", Measure),
    ("", "zone", Zone),
)
"""Command (any where it is empty), parameter, and what a shell completes for it."""


def completed(command: click.Command) -> None:
    """Let a shell complete the texts of a command, or of all in a group, that have something to complete them with."""
    for one in _commands(command):
        for param in one.params:
            kind = next((kind for name, known, kind in TYPES if name in ("", one.name) and known == param.name), None)
            if kind is not None and param.type is click.STRING:
                param.type = kind()


def _commands(command: click.Command) -> Iterator[click.Command]:
    if isinstance(command, click.Group):
        for one in command.commands.values():
            yield from _commands(one)
    else:
        yield command


__all__ = ["MOST", "completed"]
