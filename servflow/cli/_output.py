"""Knows how every command says what it found: text or JSON, English or Chinese, and its exit status; must not know commands."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click
from attrs import frozen
from rich.console import Console
from rich.table import Table
from rich.text import Text

from servflow.cli._help import lang_here
from servflow.cli._source_lines import as_lines, source_line, visible
from servflow.cli._words import WORDS, Words
from servflow.engine._called_words import EVENTS, KEYS, RELATIONS
from servflow.errors import DefinitionError, Finding, InputError, Refused, ServflowError
from servflow.model import read_instant, write_instant

FINE, FINDINGS, BAD = 0, 1, 2
"""Exit status: nothing to complain about; findings; bad usage or input."""

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAYS_ZH = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")

if TYPE_CHECKING:
    from servflow.engine import Workflow

FIRST_YEAR, LAST_YEAR = 1900, 9000
"""Years an instant on the command line may lie in: far from both ends of what a datetime holds, to count on from there."""

_FILE = {FileNotFoundError: "file.gone", PermissionError: "file.denied", IsADirectoryError: "file.folder"}

WIDE = 118
"""Columns of text that goes to a file or a pipe, where no terminal says how wide it is."""


@frozen
class Say:
    """What a command writes with: in one language, as text or JSON."""

    lang: str
    format: str
    workflow: Workflow | None = None
    """Whose names are told, so that they are called by their titles."""

    @property
    def json(self) -> bool:
        """Whether a program reads."""
        return self.format == "json"

    @property
    def words(self) -> Words:
        """The words of the language."""
        return Words(self.lang)

    @property
    def console(self) -> Console:
        """Where text goes; coloured only on a terminal."""
        width = None if sys.stdout.isatty() else WIDE
        return Console(file=sys.stdout, width=width, highlight=False, soft_wrap=False)

    @property
    def errors(self) -> Console:
        """Where it is said what went wrong; coloured only on a terminal."""
        return Console(stderr=True, highlight=False, soft_wrap=True)

    def called(self, kind: str, name: str, of: str = "") -> str:
        """What people call a part of the workflow; in Chinese also what is built in, by our words."""
        told = name if self.workflow is None else self.workflow.called(kind, name, of=of, lang=self.lang)
        ours = EVENTS if kind == "event" else RELATIONS if kind == "role" else KEYS if kind == "slot" else {}
        return ours[name][1] if told == name and self.lang == "zh" and name in ours else told

    def states(self, configuration: str) -> str:
        """States that a ticket is in at once (``a+b``), as people call them."""
        return " + ".join(self.called("state", name) for name in configuration.split("+")) if configuration else ""

    def data(self, value: Any) -> None:
        """Write a value as JSON."""
        text = json.dumps(value, ensure_ascii=False, indent=2, default=str)
        try:
            text.encode()
        except UnicodeEncodeError:  # the name of a file that is no text
            text = json.dumps(value, indent=2, default=str)
        click.echo(text)

    def at(self, at: datetime | None, zone: str) -> str:
        """An instant as a wall clock of the zone shows it."""
        return local(at, zone, self.lang)

    def line(self, text: str = "", *, style: str = "") -> None:
        """Write a line of text, as wide as it is."""
        self.console.print(Text(visible(text), style=style), soft_wrap=True)

    def head(self, text: str) -> None:
        """Write the title of a part."""
        self.line()
        self.line(text, style="bold")

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, right: Iterable[int] = ()) -> None:
        """Write a table; *right* are the columns that hold numbers."""
        made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        numbers = set(right)
        for index, name in enumerate(columns):
            made.add_column(name, justify="right" if index in numbers else "left", overflow="fold")
        for row in rows:
            # As Text: what users wrote is never read as markup.
            made.add_row(*(Text("" if cell is None else visible(str(cell))) for cell in row))
        self.console.print(made)

    def findings(self, findings: Sequence[Finding], **more: Any) -> None:
        """Write findings, each with its place, sentence and hint."""
        if self.json:
            self.data({**more, "findings": [finding_data(finding, self.lang) for finding in findings]})
            return
        for finding in findings:
            for line in as_lines(finding, self.lang):
                self.console.print(Text("  ").append_text(line), soft_wrap=True)


def finding_data(finding: Finding, lang: str) -> dict[str, Any]:
    """A finding as JSON-ready data."""
    return {
        "code": finding.code,
        "severity": finding.severity,
        "path": finding.path,
        "line": finding.line,
        "column": finding.column,
        "file": finding.file,
        "source_line": source_line(finding),
        "message": finding.message(lang),
        "hint": finding.hint(lang),
        "witness": finding.witness,
    }


def fail(say: Say, error: ServflowError) -> int:
    """
    Say what went wrong, in one sentence or as findings; the exit status that goes with it.

    A definition or a map that does not load is bad input; findings are what ``check`` was asked for, so it says them itself.
    """
    if isinstance(error, DefinitionError) and error.findings:
        if say.json:
            say.findings(error.findings)
        else:
            for finding in error.findings:
                for line in as_lines(finding, say.lang):
                    say.errors.print(line, soft_wrap=True)
        return BAD
    message = error.text(say.lang) if isinstance(error, Refused) else _message(say, error)
    if say.json:
        say.data({"error": {"code": error.code, "message": message}})
    else:
        say.errors.print(Text(visible(say.words("error", message=message))), soft_wrap=True)
    return BAD


def _message(say: Say, error: ServflowError) -> str:
    """What an error says, in the language asked for where the command line has words for its code."""
    key = f"error.{error.facts.get('said') or error.code}"
    if say.lang == "en" or key not in WORDS:
        return error.text(say.lang) if isinstance(error, InputError) else error.message
    try:
        said = say.words(key, **error.facts)
    except KeyError:  # another error of that code, which lacks a fact
        return error.message
    near = error.facts.get("nearest")
    return say.words("usage.near", said=said, near=say.words("error.nearest", nearest=near)) if near else said


def command(function: Callable[..., int | None]) -> Callable[..., None]:
    """
    Give a command what all have: ``--format``, ``--lang``, and errors as one sentence without a traceback.

    The function gets a ``Say`` first and may return an exit status.
    """

    @click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", help="text or JSON")
    @click.option("--lang", type=click.Choice(["en", "zh"]), default=lang_here, help="language; SERVFLOW_LANG sets it for all")
    @functools.wraps(function)
    def run(*arguments: Any, format_: str, lang: str, **options: Any) -> None:
        say = Say(lang, format_)
        try:
            status = function(say, *arguments, **options) or FINE
        except ServflowError as error:
            status = fail(say, error)
        except OSError as error:
            named = f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error)
            status = fail(say, ServflowError(named, code="file", said=_FILE.get(type(error)), path=error.filename))
        except OverflowError as error:
            # The last net: an instant or a length of time that was read from a file or a database leaves the calendar.
            told = f"this leads beyond the years that can be counted in ({error}); give an earlier instant or a shorter time"
            status = fail(say, InputError(told, code="overflow"))
        click.get_current_context().exit(status)

    return run


class Instant(click.ParamType):  # type: ignore[type-arg,unused-ignore]  # generic only in recent versions of click
    """An instant on the command line: RFC 3339 with its offset, such as 2026-11-02T09:00:00+08:00."""

    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        read: datetime | None = None
        try:
            read = read_instant(str(value))
        except OverflowError:
            pass  # in UTC it lies beyond the years that there are
        except (ServflowError, ValueError):
            self.fail(
                f"{value!r} is not an instant with an offset; write it as 2026-11-02T09:00:00+08:00 or 2026-11-02T01:00:00Z",
                param,
                ctx,
            )
        if read is None or not FIRST_YEAR <= read.year <= LAST_YEAR:
            self.fail(f"{value!r} is out of range; give an instant in the years {FIRST_YEAR} to {LAST_YEAR}", param, ctx)
        return read


def span(length: timedelta | None) -> str:
    """A length of time for people: ``2d 3h 20m``; whole seconds, the two or three largest parts."""
    if length is None:
        return "-"
    sign = "-" if length < timedelta() else ""
    seconds = abs(length) // timedelta(seconds=1)
    parts = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return sign + (" ".join(parts[:3]) or "0s")


def local(at: datetime | None, zone: str, lang: str = "en") -> str:
    """An instant as a wall clock of the zone shows it, to the second, with the day of the week."""
    if at is None:
        return "-"
    here = at.astimezone(ZoneInfo(zone))
    return f"{weekday(here, lang)} {here:%Y-%m-%d %H:%M:%S}"


def weekday(here: datetime, lang: str) -> str:
    """The day of the week, short; never as the machine's locale would say it."""
    return (_DAYS_ZH if lang == "zh" else _DAYS)[here.weekday()]


def stamp(at: datetime | None) -> str | None:
    """An instant for programs."""
    return None if at is None else write_instant(at)


def percent(value: float | None) -> str:
    """A share for people."""
    return "-" if value is None else f"{value * 100:.1f} %"
