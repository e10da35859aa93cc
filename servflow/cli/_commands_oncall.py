"""Knows the commands about who is on call: who, shifts, fairness, coverage, import, export; must not know how turns pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from attrs import frozen

from servflow.calendars import Calendar
from servflow.cli._calendar_files import read_calendars
from servflow.cli._help import ToldGroup
from servflow.cli._output import FINDINGS, FIRST_YEAR, LAST_YEAR, Instant, Say, command, finding_data, percent, stamp
from servflow.documents import load_schedules, load_world
from servflow.documents._save import written
from servflow.errors import DefinitionError, Finding, InputError, nearest, shown
from servflow.escalation import Shift, coverage, duties, fairness
from servflow.escalation._reports import named, shifts_of, zones_of
from servflow.integrations import icalendar as ical
from servflow.integrations._ical_people import names_of
from servflow.model import World

File = click.Path(exists=True, dir_okay=False, path_type=Path)
NewFile = click.Path(dir_okay=False, writable=True, path_type=Path)
_MOST_SHOWN = 500
_HOUR = timedelta(hours=1)
_WHO = ("oncall.schedule", "oncall.on_call", "oncall.until", "oncall.next", "oncall.previous")
_SHIFTS = ("oncall.start", "oncall.end", "oncall.hours", "oncall.on_call")
_FAIRNESS = (
    "oncall.person",
    "oncall.share",
    "oncall.hours",
    "oncall.shifts",
    "oncall.night_hours",
    "oncall.nights",
    "oncall.weekend_hours",
    "oncall.weekends",
    "oncall.holiday_hours",
    "oncall.holidays",
    "oncall.zone",
)


class When(click.ParamType):  # type: ignore[type-arg,unused-ignore]  # generic only in recent versions of click
    """An instant on the command line, or a date: its midnight in the zone of the command."""

    name = "when"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime | date:
        if isinstance(value, date):
            return value
        try:
            day = date.fromisoformat(str(value)) if len(str(value)) == len("2026-03-02") else None
        except ValueError:
            day = None
        if day is None:
            return Instant().convert(value, param, ctx)
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            self.fail(f"{value!r} is out of range; give a date in the years {FIRST_YEAR} to {LAST_YEAR}", param, ctx)
        return day


@frozen
class Asked:
    """A schedule of a file by its name, and the zone in which instants are told."""

    name: str
    schedule: Any
    zone: str

    def at(self, when: datetime | date) -> datetime:
        """The instant that was meant."""
        return when if isinstance(when, datetime) else datetime.combine(when, time(), ZoneInfo(self.zone)).astimezone(UTC)


def _read(say: Say, file: Path, name: str | None, zone: str | None) -> list[Asked]:
    """The schedule of that name, or all of the file."""
    _check_zone(zone)
    known = load_schedules(file, lang=say.lang)
    if name is not None and name not in known:
        close = nearest(name, known)
        hint = f"did you mean {close!r}?" if close else f"there are {', '.join(map(repr, known)) or 'none'}"
        raise InputError(f"no schedule {name!r} in {file.name}; {hint}", code="usage")
    found = []
    for each in known if name is None else (name,):
        own = zones_of(known[each])
        found.append(Asked(each, known[each], zone or (own[0] if len(own) == 1 else "UTC")))
    return found


def _check_zone(zone: str | None) -> None:
    if zone is not None:
        Calendar(zone, {"mon": ["00:00-24:00"]})  # says what is wrong with a zone, as everywhere


def _check_person(asked: Asked, person: str | None) -> None:
    """See that a person is one of the schedule: a misspelt one would look like somebody without shifts."""
    users = named(asked.schedule)
    if person is not None and person not in users:
        close = nearest(person, users)
        hint = f"did you mean {close!r}?" if close else "`servflow oncall fairness` lists everybody"
        raise InputError(f"{asked.name} names nobody called {shown(person)}; {hint}", code="usage")


def _one(say: Say, file: Path, name: str | None, zone: str | None) -> Asked:
    found = _read(say, file, name, zone)
    if len(found) != 1:
        there = ", ".join(repr(one.name) for one in found) or "none"
        raise InputError(f"name one schedule with --schedule; there are {there}", code="usage")
    return found[0]


def _world(say: Say, path: Path | None) -> World | None:
    return None if path is None else load_world(path, lang=say.lang)


Options = Callable[[Callable[..., Any]], Callable[..., Any]]


def _options(*options: Options) -> Options:
    def give(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return give


_SCHEDULE = _options(
    click.argument("file", type=File),
    click.option("--schedule", "name", help="which schedule of FILE; may be left out where there is one"),
    click.option("--zone", help="whose wall clock tells instants; by default the schedule's own, else UTC"),
)
_RANGE = _options(
    click.option("--start", type=When(), required=True, help="from when: an instant, or a date"),
    click.option("--end", type=When(), required=True, help="until when"),
)


@click.group("oncall", cls=ToldGroup)
def oncall_group() -> None:
    """On-call schedules: who is on call, whose shifts, how fair, where nobody is; feeds in and calendars out.

    FILE holds schedules by name under schedules, in YAML or JSON, whatever else stands in it.
    """


@oncall_group.command("who")
@_SCHEDULE
@click.option("--at", "when", type=When(), help="when; now unless given")
@command
def who_command(say: Say, file: Path, *, name: str | None, zone: str | None, when: datetime | date | None) -> None:
    """Say who is on call, until when, who comes next and who was before; of every schedule unless one is named."""
    rows, told = [], []
    for one in _read(say, file, name, zone):
        at = datetime.now(UTC) if when is None else one.at(when)
        schedule = one.schedule
        now, following, before = (getattr(schedule, ask)(at) for ask in ("on_call", "next_on_call", "previous_on_call"))
        until = _until(schedule, at, now)
        rows.append((one.name, _names(now), say.at(until, one.zone), _names(following), _names(before)))
        facts = {"on_call": list(now), "until": stamp(until), "next": list(following), "previous": list(before)}
        told.append({"schedule": one.name, "at": stamp(at), **facts})
    if say.json:
        say.data({"schedules": told})
        return
    say.table([say.words(key) for key in _WHO], rows)


@oncall_group.command("shifts")
@_SCHEDULE
@_RANGE
@click.option("--person", help="only theirs: a shift then goes on whoever comes and goes beside them")
@command
def shifts_command(
    say: Say, file: Path, *, name: str | None, zone: str | None, person: str | None, **span: datetime | date
) -> None:
    """Show the shifts from --start to --end, each whole, and how long they are."""
    one = _one(say, file, name, zone)
    start, end = one.at(span["start"]), one.at(span["end"])
    found: Sequence[Shift] = shifts_of(one.schedule, start, end)
    _check_person(one, person)
    if person is not None:
        found = duties(one.schedule, start, end).get(person, [])
    if say.json:
        say.data({"schedule": one.name, "zone": one.zone, "shifts": [_shift(shift) for shift in found]})
        return
    _table(say, found, one.zone)


@oncall_group.command("fairness")
@_SCHEDULE
@_RANGE
@click.option("--world", type=File, help="a file with people whose own zones count for their nights")
@click.option("--night", default="22:00-06:00", show_default=True, help="the window of a night")
@click.option("--weekend", default="sat-sun", show_default=True, help="the days of a weekend")
@click.option("--holiday", "holidays", multiple=True, metavar="DATE", help="a holiday: 2026-10-01, or 05-01 of every year")
@click.option("--holidays-of", "calendars", type=File, help="a calendar, or a definition with one, whose holidays count")
@click.option("--calendar", help="which calendar of it; may be left out where there is one")
@command
def fairness_command(say: Say, file: Path, *, name: str | None, zone: str | None, **asked: Any) -> None:
    """Show how duty, nights, weekends and holidays are shared out; hours are those that pass, also when clocks change."""
    one = _one(say, file, name, zone)
    days: Any = asked["holidays"]
    if asked["calendars"] is not None:
        days = [*(day.date for day in read_calendars(asked["calendars"]).single(asked["calendar"])[1].holidays), *days]
    told = fairness(
        one.schedule,
        one.at(asked["start"]),
        one.at(asked["end"]),
        zone=zone,
        world=_world(say, asked["world"]),
        night=asked["night"],
        weekend=asked["weekend"],
        holidays=days,
    )
    if say.json:
        say.data({"schedule": one.name, **told.to_data()})
        return
    rows = [
        (p.user, percent(p.share), _hours(p.duty), p.shifts, _hours(p.night), p.nights, _hours(p.weekend), p.weekends,
         _hours(p.holiday), p.holidays, p.zone)
        for p in told.people
    ]  # fmt: skip
    say.table([say.words(key) for key in _FAIRNESS], rows, right=range(1, 10))


@oncall_group.command("coverage")
@_SCHEDULE
@click.option("--at", "when", type=When(), help="from when; now unless given")
@click.option("--days", type=int, default=30, show_default=True, help="how many days ahead")
@click.option("--world", type=File, help="a file with people: whoever is on call and not in it is told")
@click.option("--wanted", type=File, help="a calendar, or a definition with one: when somebody ought to be on call")
@click.option("--calendar", help="which calendar of it; may be left out where there is one")
@click.option("--alone", is_flag=True, help="also list when one person is on call alone")
@command
def coverage_command(say: Say, file: Path, *, name: str | None, zone: str | None, **asked: Any) -> int | None:
    """Show where nobody is on call in the next days, on whom all hangs, and overrides that change nothing.

    The status is 1 where something is found; one person alone is none.
    """
    one = _one(say, file, name, zone)
    at = datetime.now(UTC) if asked["when"] is None else one.at(asked["when"])
    wanted = None if asked["wanted"] is None else read_calendars(asked["wanted"]).one(asked["calendar"])[1]
    told = coverage(one.schedule, at, asked["days"], world=_world(say, asked["world"]), calendar=wanted)
    if say.json:
        say.data({"schedule": one.name, **told.to_data(), "findings": [finding_data(each, say.lang) for each in told.findings]})
        return FINDINGS if told.findings else None
    say.line(say.words("oncall.covered", name=one.name, share=percent(told.covered), start=say.at(told.start, one.zone),
                       end=say.at(told.end, one.zone), zone=one.zone))  # fmt: skip
    if told.gaps:
        say.head(say.words("oncall.gaps", count=len(told.gaps)))
        _table(say, told.gaps, one.zone)
    if told.depends_on:
        say.head(say.words("oncall.depends"))
        rows = [(user, _hours(length)) for user, length in told.depends_on.items()]
        say.table([say.words("oncall.person"), say.words("oncall.hours")], rows, right=(1,))
    if told.together:
        doubled = sum((each.end - each.start for each in told.together), timedelta())
        say.line(say.words("oncall.together", hours=_hours(doubled)))
    if asked["alone"] and told.alone:
        say.head(say.words("oncall.alone"))
        _table(say, told.alone, one.zone)
    return _notes(say, [each for each in told.findings if each.code != "coverage.gap"]) or (FINDINGS if told.gaps else None)


@oncall_group.command("import")
@click.argument("feed", type=File)
@_RANGE
@click.option("--zone", help="whose whole days, and times without a zone, are meant; by default the one that FEED names")
@click.option("--world", type=File, help="a file with people: their ids and names are known")
@click.option("--person", "people", multiple=True, metavar="NAME=ID", help="who is meant by a name or an address")
@click.option("--who", "places", multiple=True, type=click.Choice(["summary", "attendee", "description"]),
              help="where events name people; the first that names somebody decides")  # fmt: skip
@click.option("--name", help="what the schedule is called; by default as FEED calls itself")
@click.option("--write", "target", type=NewFile, help="write a file with the schedule here")
@command
def import_command(
    say: Say, feed: Path, *, zone: str | None, name: str | None, target: Path | None, **asked: Any
) -> int | None:
    """Show the shifts in an on-call feed (iCalendar), and what in it is not understood; --write keeps them as a schedule.

    Without --world and --person names are ids. The status is 1 where there is something to read first.
    """
    _check_zone(zone)
    here = Asked("", None, zone or "UTC")
    start, end = here.at(asked["start"]), here.at(asked["end"])
    places = asked["places"] or ("summary", "attendee", "description")
    roster = ical.read_on_call(feed, start=start, end=end, zone=zone, people=_people(say, asked), who=places)
    called = name or (feed.stem if roster.name == feed.name else roster.name) or feed.stem
    if target is not None:
        _write(target, called, roster.to_data())
    if say.json:
        notes = [finding_data(note, say.lang) for note in roster.notes]
        said = None if target is None else str(target)
        say.data({"schedule": called, **roster.to_data(), "notes": notes, "written": said})
        return FINDINGS if roster.notes else None
    _table(say, roster.duties, here.zone)
    if target is not None:
        say.line(say.words("calendar.written", name=called, file=target))
    return _notes(say, roster.notes)


@oncall_group.command("export")
@_SCHEDULE
@_RANGE
@click.option("--person", help="whose shifts; everybody's unless given")
@click.option("--stamp", "made", type=Instant(), help="when it was made, for DTSTAMP; by default now")
@click.option("--output", type=NewFile, help="write to this file")
@command
def export_command(say: Say, file: Path, *, name: str | None, zone: str | None, output: Path | None, **asked: Any) -> None:
    """Write a person's shifts, or everybody's, as an iCalendar file that phones and office programs subscribe to.

    Times are in UTC, or in --zone. A shift keeps its UID however often it is written.
    """
    one = _one(say, file, name, zone)
    start, end = one.at(asked["start"]), one.at(asked["end"])
    _check_person(one, asked["person"])
    when = asked["made"] or datetime.now(UTC)
    text = ical.write_shifts(one.schedule, asked["person"], start, end, stamp=when, zone=zone, name=one.name)
    if output is not None:
        output.write_bytes(text.encode("utf-8"))
    if say.json:
        say.data({"schedule": one.name, "text": text})
    elif output is None:
        click.echo(text, nl=False)
    else:
        say.line(say.words("calendar.written", name=one.name, file=output))


def _people(say: Say, asked: Mapping[str, Any]) -> dict[str, Any] | None:
    pairs: dict[str, Any] = {}
    world = _world(say, asked["world"])
    if world is not None:
        pairs.update(names_of(world))
    for given in asked["people"]:
        text, sign, user = given.partition("=")
        if not sign or not text.strip() or not user.strip():
            raise InputError(f"--person is NAME=ID such as 'Ann Lee=ann', not {given!r}", code="usage")
        pairs[text.strip()] = user.strip()
    return pairs or (None if world is None else {})


def _write(target: Path, name: str, data: Mapping[str, Any]) -> None:
    if target.exists():
        try:
            held: Iterable[str] = load_schedules(target)
        except DefinitionError:
            held = ("",)
        if set(held) != {name}:
            said = f"{target} is there and holds more than schedule {name!r}; write to a new file and copy it over"
            raise InputError(said, code="usage")
    target.write_text(written({"servflow": 1, "schedules": {name: data}}), "utf-8")


def _until(schedule: Any, at: datetime, now: tuple[str, ...]) -> datetime | None:
    """When the first change comes after which other people are on call; None where none is near."""
    moment: datetime | None = at
    for _ in range(_MOST_SHOWN):
        moment = schedule.next_change(moment)
        if moment is None or set(schedule.on_call(moment)) != set(now):
            return moment
    return None


def _table(say: Say, shifts: Sequence[Shift], zone: str) -> None:
    rows = [
        (say.at(one.start, zone), say.at(one.end, zone), _hours(one.end - one.start), _names(one.users))
        for one in shifts[:_MOST_SHOWN]
    ]
    say.table([say.words(key) for key in _SHIFTS], rows, right=(2,))
    if len(shifts) > _MOST_SHOWN:
        say.line(say.words("oncall.more", count=len(shifts) - _MOST_SHOWN))
    say.line(say.words("oncall.told_in", zone=zone))


def _notes(say: Say, notes: Sequence[Finding]) -> int | None:
    for note in notes:
        say.line(f"! {note.text(say.lang)}")
    return FINDINGS if notes else None


def _shift(one: Shift) -> dict[str, Any]:
    hours = (one.end - one.start) / _HOUR
    return {"start": stamp(one.start), "end": stamp(one.end), "users": list(one.users), "hours": hours}


def _names(users: Sequence[str]) -> str:
    return ", ".join(users) or "-"


def _hours(length: timedelta) -> str:
    return f"{length / _HOUR:.2f}".rstrip("0").rstrip(".")


COMMANDS = (oncall_group,)
