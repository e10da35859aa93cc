"""Knows the commands that look at recurring work: preview, explain; must not know when anything is due."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import click

from servflow.calendars import Calendar
from servflow.cli._databases import open_existing
from servflow.cli._help import ToldGroup
from servflow.cli._output import FINDINGS, FINE, Instant, Say, command
from servflow.errors import InputError, shown
from servflow.recurring import Asset, Occurrence, Plans, load, read_assets

File = click.Path(exists=True, dir_okay=False, path_type=Path)


def _given(function: Callable[..., Any]) -> Callable[..., Any]:
    """What both commands take."""
    options = (
        click.argument("file", type=File),
        click.option("--assets", type=File, required=True, help="the assets: .json, .jsonl (one a line) or .csv"),
        click.option("--plan", help="only this plan"),
        click.option("--db", "--store", "url", help="the database that holds the tickets opened so far"),
        click.option("--tenant", default="default", show_default=True, help="whose tickets"),
        click.option("--zone", help="whose wall clock tells instants; by default that of the document"),
    )
    for option in reversed(options):
        function = option(function)
    return function


@contextmanager
def _plans(say: Say, file: Path, url: str | None, tenant: str) -> Iterator[Plans]:
    made = load(file, lang=say.lang)
    if url is None:
        yield Plans(made)
        return
    with open_existing(url, tenant=tenant) as store:
        yield Plans(made, None, store)


def _zone(plans: Plans, zone: str | None) -> str:
    if zone is not None:
        Calendar(zone, {"mon": ["00:00-24:00"]})  # says what is wrong with a zone, as everywhere
    return zone or plans.definition.zone


@click.group("recurring", cls=ToldGroup)
def recurring_group() -> None:
    """Recurring work: which tickets plans will open for assets, and why.

    FILE holds plans under recurring, in YAML or JSON.
    """


@recurring_group.command("preview")
@_given
@click.option("--until", type=Instant(), required=True, help="tickets that open before this instant")
@click.option("--since", type=Instant(), help="from when on; now unless given")
@click.option("--asset", "only", help="only the asset with this id")
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="at most so many, the next first"
)
@command
def preview_command(
    say: Say, file: Path, *, until: datetime, since: datetime | None, limit: int, zone: str | None, **asked: Any
) -> int:
    """The tickets that plans will open, in the order in which they open.

    Counters are taken as they read now, and what counts from a completion as done when it is due. Nothing is opened.
    """
    with _plans(say, file, asked["url"], asked["tenant"]) as plans:
        here, begin = _zone(plans, zone), since or datetime.now(UTC)
        found = heapq.nsmallest(
            limit + 1,
            _all(plans, asked["assets"], asked["only"], (until, begin, asked["plan"]), most=limit + 1),
            key=lambda one: (one.opens, one.ticket),
        )
    shown_ones, more = found[:limit], len(found) > limit
    if say.json:
        say.data({"recurring": plans.definition.name, "occurrences": [one.as_data() for one in shown_ones], "more": more})
        return FINE
    words = say.words
    if not shown_ones:
        say.line(words("recurring.none"))
        return FINE
    causes = {"time": words("recurring.time"), "meter": words("recurring.meter"), "expiry": words("recurring.expiry")}
    named = ("recurring.opens", "recurring.due", "recurring.asset", "recurring.plan", "recurring.number")
    head = [words(name) for name in (*named, "recurring.cause", "recurring.skipped")]
    rows = [
        [say.at(one.opens, here), say.at(one.due, here), one.asset, one.plan, one.number, causes[one.cause], one.skipped or ""]
        for one in shown_ones
    ]
    say.table(head, rows, right=(4, 6))
    if more:
        say.line(words("recurring.more", limit=limit * 10))
    return FINE


def _all(
    plans: Plans, assets: Path, only: str | None, asked: tuple[datetime, datetime, str | None], *, most: int
) -> Iterator[Occurrence]:
    """Those of all assets, of each no more than are told of all together: a rule may go on for ever."""
    until, since, plan = asked
    plans.definition.of(plan)  # a misspelt plan is told before a large file is read
    for asset in _wanted(assets, only):
        yield from islice(plans.upcoming(asset, until, since=since, plan=plan), most)


def _wanted(assets: Path, only: str | None) -> Iterator[Asset]:
    met = False
    for asset in read_assets(assets):
        if only is None or asset.id == only:
            met = True
            yield asset
    if only is not None and not met:
        raise InputError(f"no asset {shown(only)} in {assets.name}", code="usage")


@recurring_group.command("explain")
@_given
@click.option("--asset", "only", required=True, help="the id of the asset")
@click.option("--at", type=Instant(), help="when it is asked; now unless given")
@command
def explain_command(say: Say, file: Path, *, only: str, at: datetime | None, zone: str | None, **asked: Any) -> int:
    """Why the next ticket of each plan for an asset is due when it is, or why there is none.

    The status is 1 where what the asset says cannot be used.
    """
    with _plans(say, file, asked["url"], asked["tenant"]) as plans:
        here = _zone(plans, zone)
        asset = next(_wanted(asked["assets"], only))
        told = plans.explain(asset, at=at or datetime.now(UTC), plan=asked["plan"])
    if say.json:
        say.data({"asset": asset.id, "plans": [one.as_data(say.lang) for one in told]})
    else:
        for one in told:
            say.head(say.words("recurring.explained", asset=one.asset, plan=one.plan))
            for line in one.lines(say.lang, here):
                say.line(f"  {line}")
    return FINDINGS if any(code == "wrong" for one in told for code, _ in one.steps) else FINE


COMMANDS = (recurring_group,)
