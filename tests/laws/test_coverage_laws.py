"""Holds coverage of drawn runs of templates to a count that is read off their records and refusals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import servflow
from servflow.documents import read_template
from servflow.errors import Refused
from servflow.model import Record
from servflow.testing import Coverage, event_sequences, fields_for, histories_for, play
from tests.oracles import coverage_count

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
LIVED, REFUSED = ("appliance_repair", "field_service", "it_incident"), ("complaint", "entitlements", "quality_review")


@cache
def flow_of(name: str) -> servflow.Workflow:
    """The workflow of a template."""
    return servflow.load(read_template(f"{name}.yaml"))


def counted(coverage: Coverage, *kinds: str) -> Counter[tuple[str, ...]]:
    """What coverage counted of some kinds, by their keys taken apart."""
    found: Counter[tuple[str, ...]] = Counter()
    for item in coverage.items:
        if item.kind in kinds and coverage.counts[item.key]:
            found[key_of(item.key)] += coverage.counts[item.key]
    return found


def key_of(key: str) -> tuple[str, ...]:
    """A key taken apart: names may have colons in them, kinds, answers and numbers have none."""
    kind, _, rest = key.partition(":")
    if kind in ("state", "transition", "rule", "dispatch"):
        return kind, rest
    if kind == "level":
        return (kind, *rest.split(":", 1))
    return (kind, *rest.rsplit(":", 1))


def guards(coverage: Coverage, answer: str) -> set[int]:
    """The transitions whose guards coverage heard give an answer."""
    return {int(place) for _, place, said in counted(coverage, "guard") if said == answer}


def moves(flow: servflow.Workflow) -> list[tuple[int, str | None, tuple[str, ...]]]:
    """Each transition with its place, its event and where it leads from, as the definition comes down to them."""
    return [(place, move.event, tuple(move.source)) for place, move in enumerate(flow.compiled.transitions)]


def guarded(flow: servflow.Workflow) -> set[int]:
    """The places of transitions with guards."""
    return {link.index for link in flow.compiled.links if link.guard is not None}


def asked_by_conditions(flow: servflow.Workflow) -> set[str]:
    """The tables that some condition reads: where it says no, nothing is written down."""
    said = str(flow.to_data())
    return {name for name in flow.tables if f"table.{name}." in said}


def agrees(flow: servflow.Workflow, coverage: Coverage, records: Iterable[Record], refusals: Iterable[Refused]) -> None:
    """Hold the two counts against each other."""
    told, refused, with_guards = list(records), list(refusals), guarded(flow)
    kinds = ("state", "transition", "timer", "clock", "level", "rule", "dispatch")

    assert coverage_count.happened(told) == counted(coverage, *kinds)

    written = coverage_count.rows(told)
    heard = {(name, None if row == "none" else int(row)) for _, name, row in counted(coverage, "row")}
    listed = {(item.key.split(":")[1], item.answer) for item in coverage.items if item.kind == "row"}
    defaults = {(name, None) for name, answer in listed if answer == "none"}

    assert {row for row in written if row[1] is not None or row in defaults} <= heard
    assert {name for name, _ in heard - written} <= asked_by_conditions(flow)

    yes, no = guards(coverage, "true"), guards(coverage, "false")
    taken = coverage_count.held(told, with_guards)

    assert taken == yes
    assert coverage_count.failed(refused, with_guards) <= no
    assert yes | no <= with_guards
    states = {state for kind, state, *_ in coverage_count.happened(told) if kind == "state"} | {"*"}
    events = coverage_count.events(told, refused) | {None}
    for place, event, sources in moves(flow):
        if place in yes | no:
            assert states & set(sources), (place, sources)
            assert event in events, (place, event)


@pytest.mark.parametrize("name", LIVED)
@given(data=st.data())
def test_what_records_tell_is_what_was_counted(name: str, data: st.DataObject) -> None:
    """Over whole lives every state, transition, timer, mark, level, rule and row is counted as often as it is written down."""
    coverage = Coverage(flow_of(name))
    history = data.draw(histories_for(coverage.watched))

    agrees(coverage.workflow, coverage, history.records, ())
    if history.ticket.entered:
        last = coverage_count.at_rest(history.ticket.entered, moves(coverage.workflow), guarded(coverage.workflow))

        assert last <= guards(coverage, "false")


@pytest.mark.parametrize("name", REFUSED)
@given(data=st.data())
def test_what_refusals_tell_is_what_was_counted(name: str, data: st.DataObject) -> None:
    """A guard that a refusal names said no, and one whose transition was taken said yes; nothing else is made up."""
    coverage = Coverage(flow_of(name))
    records: list[Any] = []
    refusals: list[Refused] = []
    try:
        outcome = coverage.watched.open("a", data.draw(fields_for(coverage.workflow)), at=AT)
    except Refused as refused:
        agrees(coverage.workflow, coverage, (), (refused,))
        return
    records += outcome.records
    # What time does first is let happen on its own: within what is refused it is asked, and not kept.
    drawn = data.draw(event_sequences(coverage.workflow))
    steps = [part for step in drawn for part in (attrs.evolve(step, event=None), attrs.evolve(step, after=timedelta()))]
    for _, one in play(coverage.watched, outcome.ticket, steps):
        if isinstance(one, Refused):
            refusals.append(one)
        else:
            records += one.records

    agrees(coverage.workflow, coverage, records, refusals)
