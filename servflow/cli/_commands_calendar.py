"""Knows the commands for calendars: holidays, import, export, diff, show; must not know how dates are found or counted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from servflow.calendars import Calendar, Change, HolidayList, Proposal, diff
from servflow.cli._calendar_files import CalendarFile, read_calendars
from servflow.cli._help import ToldGroup
from servflow.cli._output import FINDINGS, Instant, Say, command, finding_data, local
from servflow.errors import Finding, InputError
from servflow.integrations import holidays as package
from servflow.integrations import icalendar as ical

File = click.Path(exists=True, dir_okay=False, path_type=Path)
NewFile = click.Path(dir_okay=False, writable=True, path_type=Path)
_MOST_SHOWN = 2_000


class Day(click.ParamType):  # type: ignore[type-arg,unused-ignore]  # generic only in recent versions of click
    """A date on the command line."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            return value if isinstance(value, date) else date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a date; write it as 2026-10-01", param, ctx)


@click.group("calendar", cls=ToldGroup)
def calendar_group() -> None:
    """Calendars: what holidays would change in them, and when they are open.

    Nothing is changed unless --write names a file; without it every command only shows what would be.
    """


@calendar_group.command("holidays")
@click.argument("country")
@click.option("--years", required=True, help="one year, or the first and the last: 2026 or 2026-2027")
@click.option("--into", "doc", type=File, help="a definition or a calendar that they are laid over")
@click.option("--calendar", "name", help="which calendar of it; may be left out where there is one")
@click.option("--subdivision", help="a part of the country, such as BY of Germany")
@click.option("--category", "categories", multiple=True, default=("public",), show_default=True, help="a kind of holidays")
@click.option("--language", help="of the names, such as en_US; by default the country's own")
@click.option(
    "--half-day", "half_days", multiple=True, metavar="WINDOW", help="hours of a half-day holiday, such as 09:00-12:00"
)
@click.option("--replace", is_flag=True, help="the calendar's own dates of these years make way")
@click.option("--write", type=NewFile, help="write the file with the changes here")
@command
def holidays_command(say: Say, country: str, *, years: str, doc: Path | None, **asked: Any) -> int | None:
    """Show a country's holidays and make-up workdays, or what they would change in a calendar.

    They come from the package holidays. known_until is the end of the last year whose schedule has been announced. The
    status is 1 where there is something to read first.
    """
    listed = package.holiday_list(
        country,
        _years(years),
        subdivision=asked["subdivision"],
        categories=asked["categories"],
        language=asked["language"],
        half_days=asked["half_days"] or None,
    )
    if doc is not None:
        return _propose(say, doc, listed, asked)
    if asked["write"] is not None:
        raise InputError("--write needs --into: the file whose calendar is meant", code="usage")
    if say.json:
        say.data({**listed.to_data(), "notes": [finding_data(note, say.lang) for note in listed.notes]})
        return _status(listed.notes)
    rows = [(item.date, item.name) for item in listed.holidays]
    rows += [(text, say.words("calendar.workday")) for text in listed.workdays]
    rows += [(text, ", ".join(windows)) for text, windows in listed.half_days]
    say.table([say.words("calendar.date"), say.words("calendar.what")], sorted(rows))
    if listed.known_until is not None:
        say.line(say.words("calendar.known_until", date=listed.known_until.isoformat()))
    return _notes(say, listed.notes)


@calendar_group.command("import")
@click.argument("file", type=File)
@click.argument("doc", type=File)
@click.option("--start", type=Day(), required=True, help="the first date wanted")
@click.option("--end", type=Day(), required=True, help="the last date wanted")
@click.option("--calendar", "name", help="which calendar of DOC; may be left out where there is one")
@click.option("--kind", "kinds", multiple=True, metavar="WORD=KIND", help="what a word makes of an event, such as 补班=workday")
@click.option("--replace", is_flag=True, help="the calendar's own dates of this time make way")
@click.option("--write", type=NewFile, help="write DOC with the changes here")
@command
def import_command(say: Say, file: Path, doc: Path, *, start: date, end: date, **asked: Any) -> int | None:
    """Show what an iCalendar file would change in a calendar.

    FILE is .ics; DOC a definition, its section calendars alone, or one calendar. Kinds are holiday, workday, shift, closed,
    break and skip. The status is 1 where there is something to read first.
    """
    kinds = {}
    for pair in asked["kinds"]:
        word, sign, kind = pair.rpartition("=")
        if not sign or not word:
            raise InputError(f"--kind is written as WORD=KIND, not {pair!r}", code="usage")
        kinds[word] = kind
    held = read_calendars(doc)
    _, calendar = held.single(asked["name"])
    listed = ical.read_ics(file, zone=calendar.zone, start=start, end=end, kinds=kinds)
    return _propose(say, doc, listed, asked)


@calendar_group.command("export")
@click.argument("doc", type=File)
@click.option("--calendar", "name", help="which calendar; may be left out where there is one")
@click.option("--start", type=Day(), help="the first date; none: no bound")
@click.option("--end", type=Day(), help="the last date; none: no bound")
@click.option("--open-hours", is_flag=True, help="also every open stretch; needs both dates")
@click.option("--stamp", type=Instant(), help="when it was made, for DTSTAMP; by default now")
@click.option("--output", type=NewFile, help="write to this file")
@command
def export_command(say: Say, doc: Path, *, name: str | None, output: Path | None, stamp: datetime | None, **asked: Any) -> None:
    """Write a calendar as an iCalendar file for other programs: holidays, closed dates, shifts and breaks."""
    called, calendar = read_calendars(doc).one(name)
    if not isinstance(calendar, Calendar) and not asked["open_hours"]:
        said = f"calendar {called!r} is a combination, without holidays of its own; --open-hours --start DATE --end DATE writes"
        raise InputError(f"{said} when it is open", code="usage")
    given = getattr(calendar, "name", None) or called
    text = ical.write_ics(calendar, stamp=stamp or datetime.now(UTC), name=given, **asked)
    if output is not None:
        output.write_bytes(text.encode("utf-8"))
    if say.json:
        say.data({"calendar": called, "text": text})
    elif output is None:
        click.echo(text, nl=False)
    else:
        say.line(say.words("calendar.written", name=called, file=output))


@calendar_group.command("diff")
@click.argument("old", type=File)
@click.argument("new", type=File)
@click.option("--calendar", "name", help="which calendar; by default all that both files have")
@command
def diff_command(say: Say, old: Path, new: Path, *, name: str | None) -> int | None:
    """Say on which dates the calendars of two files differ, and in what else.

    Calendars that only one of them has are named. The status is 1 where anything differs.
    """
    before, after = read_calendars(old), read_calendars(new)
    if name is None and len(before.calendars) == len(after.calendars) == 1:
        pairs = {before.one(None)[0]: (before.one(None)[1], after.one(None)[1])}
        only: dict[str, list[str]] = {"removed": [], "added": []}
    else:
        names = [name] if name is not None else [each for each in before.calendars if each in after.calendars]
        pairs = {each: (before.one(each)[1], after.one(each)[1]) for each in names}
        lone = name is None
        only = {
            "removed": sorted(set(before.calendars) - set(after.calendars)) if lone else [],
            "added": sorted(set(after.calendars) - set(before.calendars)) if lone else [],
        }
    found = {each: diff(*both) for each, both in pairs.items()}
    if say.json:
        told = {each: [change.to_data() for change in changes] for each, changes in found.items()}
        say.data({"differences": told, **only})
    else:
        for each, changes in found.items():
            key = "calendar.differs" if changes else "calendar.same"
            say.line(say.words(key, name=each, count=len(changes)))
            _lines(say, changes)
        for key, missing in only.items():
            if missing:
                say.line(say.words("table.removed" if key == "removed" else "table.added", names=", ".join(missing)))
    return FINDINGS if any(found.values()) or any(only.values()) else None


@calendar_group.command("show")
@click.argument("doc", type=File)
@click.option("--start", type=Day(), required=True, help="the first date")
@click.option("--end", type=Day(), required=True, help="the last date")
@click.option("--calendar", "name", help="which calendar; may be left out where there is one")
@command
def show_command(say: Say, doc: Path, *, start: date, end: date, name: str | None) -> None:
    """Show when a calendar is open, as its own wall clock shows it, and its holidays by name."""
    if end < start or (end - start).days >= _MOST_SHOWN:
        raise InputError(f"show takes 1 to {_MOST_SHOWN} dates, the first one first", code="usage")
    called, calendar = read_calendars(doc).one(name)
    zone = calendar.days_zone
    low, high = (datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC) for day in (start, end + timedelta(days=1)))
    stretches = calendar.intervals(low, high)
    names = _holidays(calendar, start, end) if isinstance(calendar, Calendar) else {}
    total = sum((finish - begin for begin, finish in stretches), start=timedelta())
    if say.json:
        opened = [{"start": begin.isoformat(), "end": finish.isoformat()} for begin, finish in stretches]
        say.data({"calendar": called, "zone": zone, "open": opened, "holidays": names, "total": total.total_seconds()})
        return
    rows = [(begin.astimezone(ZoneInfo(zone)).date().isoformat(), begin, finish) for begin, finish in stretches]
    lines = [
        (text, local(begin, zone, say.lang), local(finish, zone, say.lang), _hours(finish - begin), "")
        for text, begin, finish in rows
    ]
    lines += [(text, "", "", "", named or say.words("calendar.holiday")) for text, named in names.items()]
    columns = [say.words(key) for key in ("calendar.opens", "calendar.closes", "calendar.long", "calendar.what")]
    say.table(columns, [(first or text, *rest) for text, first, *rest in sorted(lines)], right=(2,))
    say.line(say.words("calendar.total", zone=zone, total=_hours(total)))


def _propose(say: Say, doc: Path, listed: HolidayList, asked: dict[str, Any]) -> int | None:
    held: CalendarFile = read_calendars(doc)
    name, calendar = held.single(asked["name"])
    proposal = Proposal.of(calendar, listed, replace=asked["replace"])
    target: Path | None = asked["write"]
    if target is not None:
        target.write_text(held.with_calendar(name, proposal.proposed), "utf-8")
    if say.json:
        notes = [finding_data(note, say.lang) for note in proposal.notes]
        said = None if target is None else str(target)
        say.data({"calendar": name, **proposal.to_data(), "notes": notes, "written": said})
        return _status(proposal.notes)
    _lines(say, proposal.changes)
    say.line(proposal.text(say.lang).splitlines()[len(proposal.changes)])
    status = _notes(say, proposal.notes)
    key = "calendar.preview" if target is None else "calendar.written"
    if proposal.changes or target is not None:
        say.line(say.words(key, name=name, file=target or doc))
    return status


def _lines(say: Say, changes: Sequence[Change]) -> None:
    for change in changes:
        say.line(f"  {change.text(say.lang)}")


def _notes(say: Say, notes: Sequence[Finding]) -> int | None:
    for note in notes:
        say.line(f"! {note.text(say.lang)}")
    return _status(notes)


def _hours(amount: timedelta) -> str:
    """Open time in hours and minutes: a day of it would be a matter of opinion."""
    minutes, seconds = divmod(amount // timedelta(seconds=1), 60)
    parts = (f"{minutes // 60}h", f"{minutes % 60}m" if minutes % 60 else "", f"{seconds}s" if seconds else "")
    return " ".join(part for part in parts if part)


def _status(notes: Sequence[Finding]) -> int | None:
    return FINDINGS if any(note.severity != "info" for note in notes) else None


def _years(text: str) -> range:
    first, sign, last = text.partition("-")
    if not first.isdigit() or (sign and not last.isdigit()) or max(len(first), len(last)) > 4:
        raise InputError(f"--years is a year, or the first and the last such as 2026-2027, not {text!r}", code="usage")
    return range(int(first), int(last or first) + 1)


def _holidays(calendar: Calendar, start: date, end: date) -> dict[str, str | None]:
    held = {item.date: item.name for item in calendar.holidays}
    days = [start + timedelta(days=number) for number in range((end - start).days + 1)]
    texts = [day.isoformat() for day in days]
    return {text: held.get(text) or held.get(text[5:]) for text in texts if text in held or text[5:] in held}


COMMANDS = (calendar_group,)
