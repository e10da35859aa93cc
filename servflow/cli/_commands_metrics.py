"""Knows the commands that tell figures of a database and hold them against goals; must not know how any is counted."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from servflow.cli._commands_definition import File
from servflow.cli._databases import done_in, latest, open_existing, tickets
from servflow.cli._help import Told
from servflow.cli._output import FINDINGS, FINE, Instant, Say, command, percent, span, stamp
from servflow.cli._progress import counted
from servflow.cli._urls import apart
from servflow.documents import load_world
from servflow.errors import InputError
from servflow.metrics import MEASURES, PERIODS, Row, Tabulation, judge, load_goals, over_by, read_case
from servflow.metrics._goals import Verdict
from servflow.metrics._periods import period_of
from servflow.metrics._reasons import reason_text
from servflow.model import Opened, Record, instant
from servflow.stores import SqliteStore, SqlStore, Store

USUAL = (
    "opened",
    "closed",
    "first_response",
    "time_to_resolve",
    "attainment",
    "reopen_rate",
    "csat",
    "nps",
    "ces",
    "queue_time",
)
"""What is told where nobody says which; those of them that there are."""


@click.command("metrics", cls=Told)
@click.argument("db", required=False)
@click.option("--measure", "names", multiple=True, help="which; may be given several times; the usual ones unless given")
@click.option("--all", "everything", is_flag=True, help="every measure there is")
@click.option("--by", multiple=True, help="the field, attribute or slot that makes groups; may be given several times")
@click.option("--period", type=click.Choice(PERIODS), help="told for each of them besides the whole")
@click.option("--zone", default="UTC", show_default=True, help="whose midnights bound the periods")
@click.option("--at", type=Instant(), help="as of this instant; by default the latest the database has seen")
@click.option("--done", multiple=True, help="a state on whose entry the work counts as done; where dispatch ends unless given")
@click.option("--workflow", "workflows", multiple=True, help="only tickets of it; may be given several times")
@click.option("--world", type=File, help="who there is and when, as JSON or YAML: the roster of utilisation and load")
@click.option("--set", "settings", multiple=True, help="MEASURE.SETTING=VALUE, the value as JSON or as text")
@click.option("--csv", "csv_file", type=click.Path(dir_okay=False, path_type=Path), help="write the figures into this file too")
@click.option(
    "--list",
    "listed",
    is_flag=True,
    help="what measures there are and how each is defined, those of --measure in full; needs no database",
)
@click.option("--tenant", default="default", show_default=True, help="whose tickets")
@command
def metrics_command(say: Say, db: str | None, **asked: Any) -> int:
    """Figures of a database: each with what it was counted from and what was left out.

    Times are told in hours and minutes as text, in seconds as JSON and CSV.
    """
    names = _names(asked["names"], everything=asked["everything"])
    if asked["listed"]:
        _list(say, list(MEASURES) if not asked["names"] else names, in_full=bool(asked["names"]))
        return FINE
    if db is None:
        raise InputError("which database? give its file, or --list to see what measures there are", code="usage")
    if asked["csv_file"] is not None:
        apart(asked["csv_file"], db)
    with open_existing(db, tenant=asked["tenant"]) as store:
        at = asked["at"] or latest(store)
        if at is None:
            _nothing(say)
            return FINE
        settings: dict[str, Any] = _settings(asked["settings"])
        if asked["world"] is not None:
            settings["roster"] = load_world(asked["world"], lang=say.lang)
        made = Tabulation(names, at=at, by=asked["by"], period=asked["period"], zone=asked["zone"], settings=settings)
        done: dict[str, Collection[str]] = {}
        for records in counted(say, "progress.tickets", _histories(store, asked["workflows"], at)):
            made.add(read_case(records, at, asked["done"] or _done(store, records, done)))
        table = made.table()
    if asked["csv_file"] is not None:
        table.to_csv(asked["csv_file"])
    if say.json:
        say.data(table.as_data())
    else:
        say.line(say.words("metrics.at", at=stamp(at)), style="bold")
        _show(say, table.rows)
    return FINE


def _done(store: Store, records: Sequence[Record], known: dict[str, Collection[str]]) -> Collection[str]:
    """The states in which the work of a ticket is done, as ``show`` and ``report`` read it."""
    first = records[0]
    pin = str(first.pins.get("workflow", "")) if isinstance(first, Opened) else ""
    if pin not in known:
        known[pin] = done_in(store, pin)
    return known[pin]


def _names(given: Sequence[str], *, everything: bool) -> list[str]:
    if everything:
        return list(MEASURES)
    return list(given) or [name for name in USUAL if name in MEASURES]


def _settings(given: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        measure, dot, setting = name.partition(".")
        if not (equals and dot and setting):
            raise InputError(f"--set is MEASURE.SETTING=VALUE, such as service_level.within=30s, not {text!r}", code="usage")
        try:
            read = json.loads(value)
        except ValueError:
            read = value
        found.setdefault(measure, {})[setting] = read
    return found


def _histories(store: Store, workflows: Sequence[str] = (), at: datetime | None = None) -> Iterator[Sequence[Record]]:
    for ticket in tickets(store):
        if not workflows or ticket.workflow in workflows:
            records = store.history(ticket.id)
            if records and (at is None or records[0].at <= instant(at)):
                yield records


def _nothing(say: Say) -> None:
    if say.json:
        say.data({"at": None, "rows": []})
    else:
        say.line(say.words("metrics.none"))


def _list(say: Say, names: Sequence[str], *, in_full: bool) -> None:
    unknown = [name for name in names if name not in MEASURES]
    if unknown:
        Tabulation(unknown)  # refuses it, with the one that was probably meant
    if say.json:
        keys = ("source", "cohort", "clock", "open_tickets", "falls", "unit")
        say.data(
            [
                {
                    "name": name,
                    "title": dict(MEASURES[name].titles),
                    "definition": dict(MEASURES[name].definitions),
                    **{key: getattr(MEASURES[name], key) for key in keys},
                    "zh": {key: MEASURES[name].said(key, "zh") for key in keys if key != "unit"},
                    "settings": list(MEASURES[name].settings),
                }
                for name in names
            ]
        )
        return
    for name in names:
        one = MEASURES[name]
        say.head(f"{name}: {one.titles[say.lang]}")
        say.line(f"  {one.definitions[say.lang]}")
        if in_full:
            says = (
                (say.words("metrics.source"), one.said("source", say.lang)),
                (say.words("metrics.cohort"), one.said("cohort", say.lang)),
                (say.words("metrics.clock"), one.said("clock", say.lang)),
                (say.words("metrics.open_tickets"), one.said("open_tickets", say.lang)),
                (say.words("metrics.falls"), one.said("falls", say.lang)),
            )
            for heading, text in says:
                say.line(f"  {say.words('title', title=heading, more=text.replace('``', ''))}")
        if one.settings:
            say.line(f"  {say.words('metrics.settings', names=', '.join(one.settings))}")


def _show(say: Say, rows: Sequence[Row]) -> None:
    words = say.words
    shown: dict[str, list[Row]] = {}
    for row in rows:
        shown.setdefault(row.measure, []).append(row)
    for name, held in shown.items():
        one = MEASURES[name]
        say.head(f"{one.titles[say.lang]} ({name})")
        titles = [words("metrics.part"), words("metrics.group"), words("metrics.period"), words("metrics.value")]
        titles += [words("metrics.of"), words("metrics.interval"), words("metrics.excluded")]
        cells = [_cells(say, row) for row in held]
        # What says the same of every figure, or nothing, is no column.
        said = [any(row[index] not in ("", "all") for row in cells) for index in range(len(titles))]
        told = [index for index, says in enumerate(said) if says or index in NUMBERS]
        told_rows = ([words("all") if row[index] == "all" else row[index] for index in told] for row in cells)
        say.table([titles[index] for index in told], told_rows, right=[told.index(index) for index in NUMBERS])


NUMBERS = (3, 4)
"""The columns that are always there: the value, and of how many."""


def _cells(say: Say, row: Row) -> list[str]:
    left = ", ".join(f"{reason_text(reason, say.lang)} {count}" for reason, count in row.excluded.items())
    interval = "" if row.low is None or row.high is None else f"{_told(row.low, row.unit)} - {_told(row.high, row.unit)}"
    timed = isinstance(row.denominator, float)  # time is held against time, such as hours on a roster
    of = span(timedelta(seconds=row.denominator)) if timed else str(row.denominator)
    return [row.part, row.group, row.period, _told(row.value, row.unit), of, interval, left]


def _told(value: Any, unit: str) -> str:
    if value is None:
        return "-"
    if unit == "seconds":
        return span(timedelta(seconds=value))
    if unit == "share":
        return percent(value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)


@click.command("goals", cls=Told)
@click.argument("file", type=File)
@click.argument("db")
@click.option("--at", type=Instant(), help="as of this instant; by default the latest the database has seen")
@click.option("--periods", "most", type=click.IntRange(1, 120), default=1, show_default=True, help="how many that are over")
@click.option("--running", is_flag=True, help="the running periods instead, as they stand")
@click.option("--world", type=File, help="who there is and when, as JSON or YAML: the roster of utilisation and load")
@click.option("--tenant", default="default", show_default=True, help="whose tickets")
@command
def goals_command(say: Say, file: Path, db: str, *, most: int, running: bool, **asked: Any) -> int:
    """Hold the tickets of a database against goals: what each period came to, and whether that is what it was to be.

    A period is judged when it and the grace after it are over. The status is 1 where a goal is missed, or cannot be counted as
    it is written.
    """
    plan = load_goals(file, lang=say.lang)
    settings = {} if asked["world"] is None else {"roster": load_world(asked["world"], lang=say.lang)}
    with open_existing(db, tenant=asked["tenant"]) as store:
        at = asked["at"] or latest(store)
        if at is None:
            _nothing(say)
            return FINE
        found = list(_verdicts(say, plan, store, at, most=0 if running else most, settings=settings))
    if say.json:
        say.data({"goals": plan.name, "at": stamp(at), "verdicts": [one.as_data() for one in found]})
    else:
        _tell(say, found, plan.name)
    return FINDINGS if any(one.met is False or one.problem for one in found) else FINE


def _verdicts(
    say: Say, plan: Any, store: SqliteStore | SqlStore, at: datetime, *, most: int, settings: Mapping[str, Any]
) -> Iterator[Verdict]:
    wanted: dict[datetime, list[Any]] = {}
    for goal in plan.goals:
        if not most:
            wanted.setdefault(at, []).append((goal, period_of(at, goal.period, plan.zone)))
        else:
            for period in over_by(goal, plan, at, most):
                wanted.setdefault(plan.judged_at(goal, period.end), []).append((goal, period))
    for moment, asked in sorted(wanted.items()):
        yield from judge(plan, counted(say, "progress.tickets", _histories(store)), asked, moment, settings)


def _tell(say: Say, found: Sequence[Verdict], name: str) -> None:
    words = say.words
    if not found:
        say.line(words("goals.none"))
        return
    say.line(words("goals.head", name=name), style="bold")
    marks = {True: words("goals.met"), False: words("goals.missed"), None: ""}
    whys = {"nothing": words("goals.nothing"), "few": words("goals.few"), "refused": words("goals.refused")}
    rows = (
        [
            one.goal.name,
            words("all") if one.group == "all" else one.group,
            one.period.name,
            one.text,
            one.goal.aim,
            "-" if one.row is None else str(one.row.denominator),
            marks[one.met] or whys.get(one.why, one.why),
        ]
        for one in found
    )
    columns = [words("goals.goal"), words("metrics.group"), words("metrics.period"), words("metrics.value")]
    say.table([*columns, words("goals.target"), words("metrics.of"), words("goals.verdict")], rows, right=(3, 5))
    for one in found:
        if one.problem:
            say.line(f"  {one.goal.name}: {one.problem}")


COMMANDS = (metrics_command, goals_command)
