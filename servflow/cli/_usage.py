"""Knows how bad usage is told in the language that was asked for; must not know any command."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from typing import Any

import click

from servflow.cli._help import Lazy, lang_of
from servflow.cli._source_lines import visible
from servflow.cli._words import Words

_SAID: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("usage.meant", re.compile(r"No such command (?P<name>'.*'); did you mean '(?P<nearest>[\w-]+)'\?", re.DOTALL)),
    ("usage.command", re.compile(r"No such command (?P<name>'.*')\.", re.DOTALL)),
    ("usage.extra", re.compile(r"Got unexpected extra arguments? \((?P<name>.*)\)", re.DOTALL)),
    ("usage.value", re.compile(r"Option '(?P<name>.*)' requires an argument\.", re.DOTALL)),
    ("usage.choice", re.compile(r"(?P<value>.*) is not one of (?P<known>.*)\.", re.DOTALL)),
    ("usage.gone", re.compile(r"(?P<kind>File|Path|Directory) (?P<value>'.*') does not exist\.", re.DOTALL)),
    ("usage.folder", re.compile(r"File (?P<value>'.*') is a directory\.", re.DOTALL)),
    ("usage.range", re.compile(r"(?P<value>.*) is not in the range (?P<known>.*)\.", re.DOTALL)),
    ("usage.number", re.compile(r"(?P<value>'.*') is not a valid (?P<kind>integer|float)( range)?\.", re.DOTALL)),
    ("usage.instant", re.compile(r"(?P<value>'.*') is not an instant with an offset; .*", re.DOTALL)),
)
"""What click and our own types say, and the key of the same in both languages; what is not here stays as it is."""

_NOTHING: tuple[type[click.UsageError], ...] = tuple(
    kind for kind in (getattr(click.exceptions, "NoArgsIsHelpError", None),) if kind is not None
)
"""What is raised where no command was named; older versions of click show help without it."""


class Servflow(Lazy):
    """The commands: bad usage of any is told in the language that was asked for, wherever the option stands."""

    def main(self, *args: Any, **more: Any) -> Any:
        words = args[0] if args else more.get("args")
        given = [str(word) for word in (sys.argv[1:] if words is None else words)]
        if not more.get("standalone_mode", True) or lang_of(given) == "en":
            return super().main(*args, **more)
        try:
            status = super().main(*args, **{**more, "standalone_mode": False})
        except click.UsageError as error:
            if isinstance(error, _NOTHING):  # help, and no sentence about it
                error.show()
                sys.exit(error.exit_code)
            click.echo(told(error, lang_of(given)), err=True)
            sys.exit(error.exit_code)
        except click.ClickException as error:
            error.show()
            sys.exit(error.exit_code)
        except click.Abort:
            sys.exit(1)
        sys.exit(status if isinstance(status, int) else 0)


def told(error: click.UsageError, lang: str) -> str:
    """What is wrong with how a command was used, and where its help is."""
    words, lines = Words(lang), []
    if error.ctx is not None:
        lines = [error.ctx.get_usage().replace("Usage:", f"{words('usage.head')}:", 1)]
        lines += [words("usage.try", command=error.ctx.command_path), ""]
    return visible("\n".join([*lines, f"{words('usage.error')}: {_sentence(error, words)}"]))


def _sentence(error: click.UsageError, words: Words) -> str:
    if isinstance(error, click.NoSuchOption):
        said = words("usage.option", name=error.option_name)
        near = ", ".join(sorted(error.possibilities or ()))
        return words("usage.near", said=said, near=words("error.nearest", nearest=near)) if near else said
    hint = error.param.get_error_hint(error.ctx) if isinstance(error, click.BadParameter) and error.param and error.ctx else ""
    if isinstance(error, click.MissingParameter):
        return words("usage.missing", name=hint)
    found = _matched(error.message)
    said = error.message if found is None else words(found[0], **found[1])
    return words("usage.bad", name=hint, why=said) if hint else said


def _matched(message: str) -> tuple[str, Mapping[str, str]] | None:
    for key, pattern in _SAID:
        found = pattern.fullmatch(message)
        if found is not None:
            return key, found.groupdict()
    return None


__all__ = ["Servflow", "told"]
