"""Knows the commands about what failed again and again: troubles, revive, drop; must not know who tried it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from servflow.cli._databases import open_existing
from servflow.cli._help import Told
from servflow.cli._output import FINDINGS, FINE, Say, command, stamp
from servflow.errors import InputError
from servflow.stores import Sort, Store, Trouble

SORTS: tuple[Sort, ...] = ("effect", "ticket")
PAGE = 500

_sort = click.option("--sort", type=click.Choice(SORTS), help="only of this sort; both where left out")
_tenant = click.option("--tenant", default="default", show_default=True, help="whose")


@click.command("troubles", cls=Told)
@click.argument("url")
@_sort
@click.option("--aside/--waiting", "aside", default=None, help="only what was set aside / only what is tried again by itself")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="how many to list")
@_tenant
@command
def troubles_command(say: Say, url: str, *, sort: Sort | None, aside: bool | None, limit: int, tenant: str) -> int:
    """Tickets and effects that failed and were not done since, with their error, and when they are tried again.

    The status is 1 where anything listed was set aside, which is never tried again by itself: see revive and drop.
    """
    with open_existing(url, tenant=tenant) as store:
        found = store.troubles(sort=sort, aside=aside, limit=limit + 1)
    listed, more = found[:limit], len(found) > limit
    if say.json:
        say.data({"troubles": [_data(one) for one in listed], "more": more})
    elif not listed:
        say.line(say.words("troubles.none"))
    else:
        for one in listed:
            _show(say, one)
        if more:
            say.line(say.words("troubles.more"))
    return FINDINGS if any(one.again is None for one in listed) else FINE


def _data(one: Trouble) -> dict[str, Any]:
    what = {"sort": one.sort, "id": one.id, "ticket": one.ticket, "tries": one.tries, "error": one.error}
    return what | {"since": stamp(one.since), "at": stamp(one.at), "again": stamp(one.again)}


def _show(say: Say, one: Trouble) -> None:
    words, facts = say.words, {"id": one.id, "ticket": one.ticket, "tries": one.tries, "since": say.at(one.since, "UTC")}
    again = words("troubles.aside") if one.again is None else words("troubles.again", at=say.at(one.again, "UTC"))
    said = words("troubles.effect", **facts) if one.sort == "effect" else words("troubles.ticket", **facts)
    say.line(f"{said} {again}")
    say.line(f"  {one.error.splitlines()[0] if one.error else ''}")


@click.command("revive", cls=Told)
@click.argument("url")
@click.argument("ids", nargs=-1)
@_sort
@click.option("--all", "every", is_flag=True, help="everything that was set aside")
@_tenant
@command
def revive_command(say: Say, url: str, ids: tuple[str, ...], *, sort: Sort | None, every: bool, tenant: str) -> int:
    """Have tickets or effects that are in trouble tried again at once, counted from the beginning.

    The status is 1 where an id was not in trouble.
    """
    if bool(ids) == every:
        raise InputError("give the ids of what is to be tried again, or --all, and not both", code="ids")
    sorts = SORTS if sort is None else (sort,)
    unknown: list[str] = []
    count = 0
    with open_existing(url, tenant=tenant) as store, store.batch():
        if every:
            for one in sorts:
                count += store.revive(one, [trouble.id for trouble in _aside(store, one)])
        for id_ in ids:
            revived = sum(store.revive(one, [id_]) for one in sorts)
            count += revived
            if not revived:
                unknown.append(id_)
    if say.json:
        say.data({"revived": count, "unknown": unknown})
    else:
        say.line(say.words("troubles.revived", count=count))
        if unknown:
            say.line(say.words("troubles.unknown", ids=", ".join(unknown)))
    return FINDINGS if unknown else FINE


@click.command("drop", cls=Told)
@click.argument("url")
@click.argument("effects", nargs=-1, required=True)
@_tenant
@command
def drop_command(say: Say, url: str, effects: tuple[str, ...], *, tenant: str) -> int:
    """Acknowledge dead letters by hand: they are never carried out.

    Only effects that were set aside are dropped. The status is 1 where an id is none of these.
    """
    with open_existing(url, tenant=tenant) as store, store.batch():
        dead = {trouble.id for trouble in _aside(store, "effect")}
        dropped = [id_ for id_ in dict.fromkeys(effects) if id_ in dead]
        store.ack(dropped)
    unknown = [id_ for id_ in effects if id_ not in dead]
    if say.json:
        say.data({"dropped": len(dropped), "unknown": unknown})
    else:
        say.line(say.words("troubles.dropped", count=len(dropped)))
        if unknown:
            say.line(say.words("troubles.undropped", ids=", ".join(unknown)))
    return FINDINGS if unknown else FINE


def _aside(store: Store, sort: Sort) -> Iterator[Trouble]:
    after: Trouble | None = None
    while page := store.troubles(sort=sort, aside=True, limit=PAGE, after=after):
        yield from page
        after = page[-1]


COMMANDS = (troubles_command, revive_command, drop_command)
