"""Knows what can be said of an intake that loads; must not know what loading refuses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from attrs import evolve

from servflow.engine import Workflow
from servflow.engine._definition import ATTRIBUTES, BUILT_IN
from servflow.errors import DefinitionError, ExpressionError, Finding, InputError, nearest, shown
from servflow.intake._whole import types_of
from servflow.model import SYSTEM, ValueProblem
from servflow.rules import DecisionTable, failed_cases

if TYPE_CHECKING:
    from servflow.intake._intake import Intake
    from servflow.intake._parts import Merging


def findings(intake: Intake, workflows: Mapping[str, Workflow]) -> tuple[Finding, ...]:
    """Everything that can be said, in the order of the document."""
    return (*_tables(intake), *_workflows(intake, workflows))


def _tables(intake: Intake) -> Iterator[Finding]:
    for name, table in intake.tables.items():
        types = types_of(intake, table)
        vain = [evolve(one, severity="warning") for one in table.typed(types)]
        rows = {one.path.partition("]")[0] + "]" for one in vain}
        rest = [one for one in table.check(types) if one.code != "rules.never" or one.path not in rows]
        for one in (*vain, *rest, *failed_cases(table, table.run_cases(types))):
            # That words of a subject cannot be reckoned with beforehand is nothing against the table.
            severity = "info" if one.code == "rules.not_decided" else one.severity
            yield evolve(one, path=f"{intake.places[name]}.{one.path}", severity=severity)
        for index, column in enumerate(table.inputs):
            if column.name == "channel" and column.expr in (None, "channel"):
                yield from _unnamed(intake, name, table, index)


def _unnamed(intake: Intake, name: str, table: DecisionTable, index: int) -> Iterator[Finding]:
    """Channels that no cell of a column takes."""
    if any(output.default is not None for output in table.outputs.values()):
        return  # where no row fits, the table answers all the same
    cells = [row.when[index] for row in table.rows if row.when]
    try:
        asked = DecisionTable(
            name=name,
            hit="collect",
            inputs=["channel"],
            outputs={"row": "int"},
            rows=[[cell, "1"] for cell in dict.fromkeys(cells)],
            functions=intake.functions,
        )
        missed = [channel for channel in intake.channels if not asked.decide({"channel": channel}).matched]
    except (DefinitionError, InputError, ExpressionError):
        return  # a cell that reads more than the channel
    for channel in missed:
        facts = {"channel": channel, "table": name}
        yield Finding("intake.channel_unnamed", f"{intake.places[name]}.rows", facts, "warning", witness={"channel": channel})


def _workflows(intake: Intake, workflows: Mapping[str, Workflow]) -> Iterator[Finding]:
    named = _named(intake)
    for name, path in named.items():
        if workflows and name not in workflows:
            near = nearest(name, workflows)
            yield _warning("intake.workflow_unknown", path, workflow=name, known=tuple(workflows), nearest=near)
    for part, section in (("tickets", intake.tickets), ("merged", intake.merged)):
        for name in section:
            if named and name not in named and not _computed(intake):
                near = nearest(name, named)
                yield _warning("intake.ticket_unused", f"{part}.{name}", workflow=name, known=tuple(named), nearest=near)
    for name in named:
        if name in workflows:
            yield from _fields(intake, workflows[name])
            if name in intake.merged:
                yield from _merged(intake.merged[name], workflows[name])
    yield from _unraised(intake, named)


def _merged(merging: Merging, workflow: Workflow) -> Iterator[Finding]:
    """Whether a workflow lets the system fire what a message that is added fires."""
    path, event = f"merged.{workflow.workflow}", merging.event
    allows = [one.allow for one in workflow.transitions if one.event == event]
    if event in workflow.events:
        allows.append(workflow.events[event].allow)
    if not allows and (event not in BUILT_IN or workflow.roles):
        known = tuple(dict.fromkeys([*(one.event for one in workflow.transitions if one.event), *workflow.events]))
        facts = {"event": event, "workflow": workflow.workflow, "known": known, "nearest": nearest(event, known)}
        yield _warning("intake.event_unknown", f"{path}.event", **facts)
    elif allows and not any(SYSTEM.id in allow or not (allow or workflow.roles) for allow in allows):
        yield _warning("intake.event_forbidden", f"{path}.event", event=event, workflow=workflow.workflow)
    elif event == "ticket.update":
        fields = [*workflow.fields, *ATTRIBUTES]
        for name in merging.payload:
            if name not in fields:
                facts = {"field": name, "workflow": workflow.workflow, "known": tuple(fields), "nearest": nearest(name, fields)}
                yield _warning("intake.field_unknown", f"{path}.payload.{name}", **facts)


def _unraised(intake: Intake, named: Iterable[str]) -> Iterator[Finding]:
    """Tickets that stay as urgent as they were, however urgent a message is that is added to them."""
    rest = tuple(name for name in named if name not in intake.merged)
    if intake.unique is not None and rest and any("priority" in table.outputs for table in intake.tables.values()):
        yield Finding("intake.unraised", "merged", {"workflows": rest}, "info")


def _warning(code: str, path: str, **facts: Any) -> Finding:
    return Finding(code, path, facts, "warning")


def _routing(intake: Intake) -> Iterator[tuple[str, DecisionTable]]:
    return ((name, table) for name, table in intake.tables.items() if "workflow" in table.outputs)


def _computed(intake: Intake) -> bool:
    """Whether some row works out the workflow, so that not every name is known."""
    return any(len(table.constants("workflow")) < len(table.rows) for _, table in _routing(intake))


def _named(intake: Intake) -> dict[str, str]:
    """The workflows that rows and defaults name, each with where it stands first."""
    found: dict[str, str] = {}
    for name, table in _routing(intake):
        column = len(table.inputs) + list(table.outputs).index("workflow")
        default = table.outputs["workflow"].default
        if isinstance(default, str):
            found.setdefault(default, f"{intake.places[name]}.outputs.workflow")
        for row, value in table.constants("workflow"):
            if isinstance(value, str) and value:
                found.setdefault(value, f"{intake.places[name]}.rows[{row}][{column}]")
    return found


def _fields(intake: Intake, workflow: Workflow) -> Iterator[Finding]:
    """What tickets of a workflow would be given and do not take, and what they require and do not get."""
    mapped = intake.tickets.get(workflow.workflow)
    everything = [*types_of(intake)]
    paths = _paths(intake) if mapped is None else {name: f"tickets.{workflow.workflow}.{name}" for name in mapped}
    given = {*paths} if mapped is None else {*mapped, *(name for name in ATTRIBUTES if name in everything)}
    known = [*workflow.fields, *(name for name in ATTRIBUTES if name != "channel")]
    for name, path in paths.items():
        if name not in known:
            near = nearest(name, known)
            facts = {"field": name, "workflow": workflow.workflow, "known": tuple(known), "nearest": near}
            yield _warning("intake.field_unknown", path, **facts)
    if mapped is None:
        yield from _values(intake, workflow)
    for name, spec in workflow.fields.items():
        if spec.required and spec.default is None and name not in given:
            yield _warning("intake.field_missing", f"tickets.{workflow.workflow}", field=name, workflow=workflow.workflow)


def _paths(intake: Intake) -> dict[str, str]:
    """Where each name stands first that a ticket gets where nothing says which."""
    found: dict[str, str] = {}
    for channel in intake.channels.values():
        for name in channel.fields:
            found.setdefault(name, f"channels.{channel.name}.fields.{name}")
    for name in intake.fields:
        found.setdefault(name, f"fields.{name}")
    for name, table in intake.tables.items():
        for output in table.outputs:
            found.setdefault(output, f"{intake.places[name]}.outputs.{output}")
    found.pop("workflow", None)
    return found


def _values(intake: Intake, workflow: Workflow) -> Iterator[Finding]:
    """Constant results of rows that may go with a workflow and that its field does not take."""
    for table, output, row, value in _constants(intake):
        spec = workflow.fields.get(output)
        if spec is None or value is None or not _together(intake, table, row, workflow.workflow):
            continue
        try:
            spec.convert(value)
        except ValueProblem as problem:
            made = intake.tables[table]
            column = len(made.inputs) + list(made.outputs).index(output)
            facts = {"field": output, "workflow": workflow.workflow, "value": shown(value), "expected": str(problem)}
            yield _warning("intake.value", f"{intake.places[table]}.rows[{row}][{column}]", **facts)


def _constants(intake: Intake) -> Iterable[tuple[str, str, int, Any]]:
    for name, table in intake.tables.items():
        for output in table.outputs:
            if output != "workflow":
                for row, value in table.constants(output):
                    yield name, output, row, value


def _together(intake: Intake, table: str, row: int, workflow: str) -> bool:
    """Whether a row may give a value to tickets of a workflow: not where the same row sends them elsewhere."""
    made = intake.tables[table]
    if "workflow" not in made.outputs:
        return True
    return bool(dict(made.constants("workflow")).get(row, workflow) == workflow)
