"""Knows how the cases of a log run through a workflow; must not know how the log is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any

from servflow.engine import EventSpec, Workflow
from servflow.engine._definition import ATTRIBUTES
from servflow.errors import DefinitionError, Finding, nearest
from servflow.lab._case import Keep, Runner
from servflow.lab._log import Log, Progress
from servflow.lab._map import LogMap
from servflow.lab._report import Report
from servflow.model import Record


def replay(
    log: Path | str,
    map: LogMap | Mapping[str, Any],  # noqa: A002 - the word of the domain, and the name of the option
    workflow: Workflow,
    *,
    progress: Progress | None = None,
    limit: int | None = None,
    keep: Keep | None = None,
) -> Report:
    """
    Run every case of a foreign log through a workflow.

    Each case is opened at its opening instant and every change of its state is fired, at the instant of its row,
    by the kernel that runs in production; conformance and the time of clocks come out of the tickets. A case
    conforms when no change was refused and its ticket is closed in the end. A change that is refused is noted
    and then made all the same (``ticket.force``), so that the clocks of the case go on. Instants that go back are
    clamped to the latest the case has seen. Nothing is left out silently.

    The workflow's initial state is where a ticket is before the first row. A workflow that shall say which
    states a log may begin with has an initial state of its own that no row shows, and its transitions lead to them.

    Args:
        log: a CSV file, or a zip that holds one; the zip is not unpacked to disk.
        map: how to read it.
        workflow: under whose rules.
        progress: is told the bytes read and the bytes there are, from time to time.
        limit: after how many cases to stop.
        keep: is told of each case once it is replayed: the workflow it ran under (that which was given, with leave to put
            a ticket where the log says it is), the ticket in the end, and its records from ``Opened`` on.

    Raises:
        InputError: the log cannot be read, or columns of the map are missing from it.
        DefinitionError: the map names states, events or fields that the workflow does not have.
    """
    return replay_all(log, map, (workflow,), progress=progress, limit=limit, keep=keep)[0]


def replay_all(
    log: Path | str,
    map: LogMap | Mapping[str, Any],  # noqa: A002 - the word of the domain, and the name of the option
    workflows: Sequence[Workflow],
    *,
    progress: Progress | None = None,
    limit: int | None = None,
    keep: Keep | None = None,
) -> tuple[Report, ...]:
    """
    Run every case of a foreign log through several workflows, reading the log once.

    Returns:
        One report for each workflow, in their order; see ``replay`` for the rest.
    """
    spec, runners = _runners(map, workflows, keep)
    with ExitStack() as stack:
        source = Log(log, spec, stack, _known(runners), progress)
        for count, case in enumerate(source.cases()):
            if limit is not None and count >= limit:
                source.reading.limited = True
                break
            for runner in runners:
                runner.run(case)
    return tuple(runner.report(source.reading) for runner in runners)


def histories(
    log: Path | str,
    map: LogMap | Mapping[str, Any],  # noqa: A002 - the word of the domain, and the name of the option
    workflow: Workflow,
    *,
    progress: Progress | None = None,
    limit: int | None = None,
) -> Iterator[tuple[Record, ...]]:
    """
    The records of every case of a foreign log, as a desk that had run it under a workflow would have kept them.

    They are what ``replay`` makes of each case, one after the other, and nothing is kept: measures and reports read a log
    of any length as they read a store. A case that the workflow cannot open gives none.

    Raises:
        InputError, DefinitionError: as for ``replay``, when the first one is asked for.
    """
    found: list[tuple[Record, ...]] = []
    spec, runners = _runners(map, (workflow,), lambda _, ticket, records: found.append(records))
    with ExitStack() as stack:
        source = Log(log, spec, stack, _known(runners), progress)
        for case in islice(source.cases(), None if limit is None else max(0, limit)):
            for runner in runners:
                runner.run(case)
            yield from found
            found.clear()


def _runners(
    source: LogMap | Mapping[str, Any], workflows: Sequence[Workflow], keep: Keep | None
) -> tuple[LogMap, list[Runner]]:
    spec = LogMap.of(source)
    for workflow in workflows:
        _check(spec, workflow)
    return spec, [Runner(spec, _forcible(workflow), workflow, keep) for workflow in workflows]


def _known(runners: Sequence[Runner]) -> frozenset[str]:
    """The states of the log that every runner knows."""
    return frozenset.intersection(*(frozenset(runner.states) for runner in runners)) if runners else frozenset()


def _forcible(workflow: Workflow) -> Workflow:
    """The workflow as it is, but with leave to put a ticket where the log says it is."""
    spec = workflow.events.get("ticket.force")
    if (spec is None and not workflow.roles) or spec == EventSpec(allow=("system",)):
        return workflow
    data = workflow.to_data()
    data["events"] = {**data.get("events", {}), "ticket.force": {"allow": ["system"]}}
    return Workflow(**data, host_calendars=workflow.host_calendars, extensions=workflow.extensions)


def _check(spec: LogMap, workflow: Workflow) -> None:
    compiled = workflow.compiled
    leaves = compiled.chart.leaves
    found = [
        Finding("lab.state", f"states.{name}", {"state": state, "known": tuple(leaves), "nearest": nearest(state, leaves)})
        for name, state in spec.states.items()
        if state not in leaves
    ]
    for section, events in (
        ("events", spec.events.items()),
        ("milestones", [(event, event) for event in spec.milestones]),
    ):
        found += [
            Finding(
                "lab.event",
                f"{section}.{name}",
                {"event": event, "known": tuple(sorted(compiled.events)), "nearest": nearest(event, compiled.events)},
            )
            for name, event in events
            if event not in compiled.events and not compiled.moves(event)
        ]
    known = (*workflow.fields, *ATTRIBUTES)
    found += [
        Finding("lab.field", f"fields.{name}", {"field": name, "known": known, "nearest": nearest(name, known)})
        for name in spec.fields
        if name not in known
    ]
    if found:
        raise DefinitionError.of(found)


__all__ = ["histories", "replay", "replay_all"]
