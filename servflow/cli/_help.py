"""Knows how help is told in both languages, and that a command is loaded when it is asked for; must not know what any does."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from importlib import import_module
from inspect import cleandoc

import click
from click.shell_completion import CompletionItem

from servflow.cli._completion import completed
from servflow.cli._listed import COMMANDS
from servflow.cli._words import Words
from servflow.cli._words_help import HELP

LANG = "servflow.lang"
"""Where the language of a command line is kept, from the first word on that is read of it."""


def lang_of(given: Sequence[str]) -> str:
    """The language that a command line is told in, whether or not it can be read."""
    return "zh" if _asked(given) == "zh" else "en"


def _asked(given: Sequence[str]) -> str:
    """What stands after --lang, wherever that is, or in the environment; it need not be a language."""
    found = os.environ.get("SERVFLOW_LANG", "en")
    for index, word in enumerate(given):
        if word == "--":
            break
        if word == "--lang" and index + 1 < len(given):
            found = given[index + 1]
        elif word.startswith("--lang="):
            found = word.removeprefix("--lang=")
    return found


def lang_here() -> str:
    """The language of the command that runs, where it says none itself; refused by its option where it is none."""
    found: str = click.get_current_context().meta.get(LANG, "en")
    return found


class _Chinese(click.HelpFormatter):
    """Help with the heads, the first sentence and what options mean in Chinese; what has no words there stays as it is."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, f"{Words('zh')('usage.head')}: ")

    def write_heading(self, heading: str) -> None:
        super().write_heading(_in_chinese(heading))

    def write_text(self, text: str) -> None:
        parts = text.split("\n\n")
        super().write_text("\n\n".join(HELP.get(" ".join(part.split()), part) for part in parts))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        super().write_dl([(name, _in_chinese(text)) for name, text in rows], col_max, col_spacing)


def _in_chinese(text: str) -> str:
    said, gap, facts = text.partition("  [")  # what click adds by itself: a default, a range, a variable
    return HELP.get(said, said) + gap + facts.replace("default: ", "默认: ").replace("required", "必填")


class Told(click.Command):
    """A command whose help is told in the language that was asked for."""

    def get_help(self, ctx: click.Context) -> str:
        if ctx.meta.get(LANG) != "zh":
            return super().get_help(ctx)
        formatter = _Chinese(width=ctx.terminal_width, max_width=ctx.max_content_width)
        self.format_help(ctx, formatter)
        return formatter.getvalue().rstrip("\n")


class ToldGroup(Told, click.Group):
    """A group of such commands."""

    command_class = Told

    def summaries(self, ctx: click.Context) -> dict[str, str]:
        """What each command does in a line, by its name, in English."""
        return {name: summary(self.commands[name]) for name in self.list_commands(ctx)}

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(self.summaries(ctx).items()))

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        name, known = args[0], self.list_commands(ctx)
        if name not in known and not name.startswith("-") and not ctx.resilient_parsing:
            # Read when something was mistyped only: that is in a layer which costs its time to load.
            from servflow.errors import nearest

            near = nearest(name, known)
            ctx.fail(f"No such command {name!r}; did you mean {near!r}?" if near else f"No such command {name!r}.")
        return super().resolve_command(ctx, args)


class Lazy(ToldGroup):
    """The group of all commands, each loaded when it is asked for; a list of them loads none."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[LANG] = _asked(args)
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def summaries(self, ctx: click.Context) -> dict[str, str]:
        return {name: COMMANDS[name].en for name in self.list_commands(ctx)}

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in COMMANDS and cmd_name not in self.commands:
            modules = [import_module(f"servflow.cli._commands_{name}") for name in COMMANDS[cmd_name].modules]
            self.add_command(next(one for module in modules for one in getattr(module, "COMMANDS", ()) if one.name == cmd_name))
            completed(self.commands[cmd_name])
        return super().get_command(ctx, cmd_name)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        chinese = lang_of(()) == "zh"
        names = [name for name in self.list_commands(ctx) if name.startswith(incomplete)]
        offered = [CompletionItem(name, help=COMMANDS[name].zh if chinese else COMMANDS[name].en) for name in names]
        return [*offered, *click.Command.shell_complete(self, ctx, incomplete)]


def summary(command: click.Command) -> str:
    """The first paragraph of what a command says of itself, in one line."""
    return " ".join(cleandoc(command.help or "").partition("\n\n")[0].split())


__all__ = ["LANG", "Lazy", "Told", "ToldGroup", "lang_here", "lang_of", "summary"]
