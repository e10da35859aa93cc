"""Knows how decision tables give clocks their targets and calendars; must not know what a clock does with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from servflow import sla
from servflow.engine._tables import reasons, timed
from servflow.errors import DefinitionError, ExpressionError, InputError, Refused, TimeError, nearest
from servflow.model import Decided, FrozenMap, Received, Span, freeze
from servflow.sla import Relative, TableOutput

if TYPE_CHECKING:
    from servflow.engine._call import OneCall
    from servflow.engine._compile import Compiled
    from servflow.rules import Decision, DecisionTable

_SINGLE = ("unique", "first", "priority", "any")
_TYPES = {"target": ("string", "duration", "any"), "calendar": ("string", "any")}
TARGET, CALENDAR = "target", "calendar"


class Told(NamedTuple):
    """What the tables of a clock said, each asked once: name and decision."""

    decisions: dict[str, Decision]

    def text(self) -> str:
        """Which rows it was, for the record of the clock."""
        return "; ".join(f"table {name}, row {self.row(name)}" for name in self.decisions)

    def row(self, table: str) -> str:
        """The row of a table that said it: its id, or its number counted from 0; ``-`` for none."""
        decision = self.decisions[table]
        said = decision.why[0].get("id") if decision.why else None
        return str(said if said is not None else decision.matched[0] if decision.matched else "-")


# at load --------------------------------------------------------------------------------------------------------


def check_output(compiled: Compiled, output: TableOutput, path: str, kind: str) -> None:
    """
    Check that a table can be asked for a target or a calendar, and that every cell that is no expression is one.

    Args:
        kind: ``target`` or ``calendar``.
    """
    problems = compiled.problems
    if not problems.known("table", output.table, compiled.tables, f"{path}.table"):
        return
    table = compiled.tables[output.table]
    if table.hit not in _SINGLE:
        problems.add("clock.table_hit", f"{path}.table", table=table.name, hit=table.hit, known=_SINGLE)
    if timed(compiled.workflow.tables, table.name):
        problems.add("clock.table_timed", f"{path}.table", table=table.name)
    if not problems.known("output", output.take, table.outputs, f"{path}.take"):
        return
    spec = table.outputs[output.take]
    if spec.type not in _TYPES[kind]:
        known = _TYPES[kind]
        problems.add("clock.table_type", f"{path}.take", table=table.name, output=output.take, type=spec.type, known=known)
        return
    _check_cells(compiled, table, output.take, kind)


def _check_cells(compiled: Compiled, table: DecisionTable, output: str, kind: str) -> None:
    column = len(table.inputs) + list(table.outputs).index(output)
    cells: list[tuple[str, Any, Any]] = [
        (f"rows[{row}][{column}]", row, value) for row, value in table.constants(output) if value is not None
    ]
    if table.outputs[output].default is not None:
        cells.append((f"outputs.{output}.default", "-", table.outputs[output].default))
    for path, row, value in cells:
        if kind == CALENDAR:
            if value not in compiled.calendars:
                close = nearest(str(value), compiled.calendars)
                facts = {"table": table.name, "row": row, "name": value, "known": tuple(sorted(compiled.calendars))}
                _add(compiled, "clock.table_calendar", f"tables.{table.name}.{path}", facts, close)
            continue
        try:
            read_target(value)
        except DefinitionError as error:
            finding = error.findings[0]
            why = {"en": finding.message(), "zh": finding.message("zh")}
            facts = {"table": table.name, "row": row, "output": output, "why": why}
            _add(compiled, "clock.table_target", f"tables.{table.name}.{path}", facts, None)


def _add(compiled: Compiled, code: str, path: str, facts: dict[str, Any], close: str | None) -> None:
    # Several clocks may take one output: its cells are told once.
    if any(known.code == code and known.path == path for known in compiled.problems.findings):
        return
    compiled.problems.add(code, path, **facts, **({"nearest": close} if close else {}))


def needs_calendar(compiled: Compiled, output: TableOutput) -> bool:
    """Whether some row of a table gives a target that only a calendar can count."""
    table = compiled.tables.get(output.table)
    if table is None or output.take not in table.outputs:
        return False
    return any(_counts_days(value) for _, value in table.constants(output.take))


def check_together(compiled: Compiled, target: TableOutput, calendar: TableOutput) -> None:
    """Check that no row that gives both counts business days and leaves the calendar out."""
    table = compiled.tables.get(target.table)
    if target.table != calendar.table or table is None or not {target.take, calendar.take} <= table.outputs.keys():
        return
    without = {row for row, value in table.constants(calendar.take) if value is None}
    column = len(table.inputs) + list(table.outputs).index(target.take)
    for row, value in table.constants(target.take):
        if row in without and _counts_days(value):
            facts = {"table": table.name, "row": row, "output": calendar.take}
            _add(compiled, "clock.table_days", f"tables.{table.name}.rows[{row}][{column}]", facts, None)


def _counts_days(value: Any) -> bool:
    try:
        span = read_target(value)
    except DefinitionError:
        return False
    return isinstance(span, Relative) or (isinstance(span, Span) and bool(span.business_days))


def read_target(value: Any) -> Span | Relative | None:
    """
    The target a table's output stands for; None for nothing.

    Raises:
        DefinitionError: it is no length of time and no place in the calendar.
    """
    return None if value is None else sla.span_of(value)


# for a ticket ---------------------------------------------------------------------------------------------------


def take(call: OneCall, output: TableOutput, told: Told, where: str) -> Any:
    """
    What a table gives for the ticket as it stands; None where no row matches or its cell is null.

    Raises:
        Refused: it cannot be decided on these values (``guard``).
    """
    decision = told.decisions.get(output.table)
    if decision is None:
        try:
            decision = told.decisions[output.table] = call.compiled.tables[output.table].decide(call.scope())
        except (InputError, ExpressionError, TimeError) as error:
            why = f"{where}: table {output.table} cannot be decided: {error.message}"
            raise Refused(why, code="guard", path=where, why=error.message) from error
    outputs: Any = decision.outputs
    return outputs.get(output.take) if isinstance(outputs, Mapping) else None


def record(call: OneCall, told: Told) -> None:
    """Record what the tables said, each once for what happens now."""
    for name, decision in told.decisions.items():
        if not _is_recorded(call, name, decision):
            table, read = call.compiled.tables[name], call.scope()
            call.record(
                Decided,
                maker="table",
                name=name,
                values=FrozenMap({key: freeze(read.get(key)) for key in sorted(table.reads) if "." not in key}),
                result=freeze(decision.outputs),
                why=freeze(reasons(decision)),
            )


def _is_recorded(call: OneCall, name: str, decision: Decision) -> bool:
    # Several clocks of a step may ask one table; between them nothing it reads has changed.
    for known in reversed(call.records):
        if known.at != call.at or isinstance(known, Received):
            return False
        if isinstance(known, Decided) and known.maker == "table" and known.name == name:
            return bool(known.result == freeze(decision.outputs) and known.why == freeze(reasons(decision)))
    return False


__all__ = ["CALENDAR", "TARGET", "Told", "check_output", "check_together", "needs_calendar", "read_target", "record", "take"]
