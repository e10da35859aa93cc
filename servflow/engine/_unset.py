"""Knows which fields are read before anything sets them; must not know what is done about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from servflow.engine._abstract import Abstract
from servflow.engine._abstract_search import Found, explore
from servflow.engine._witnesses import START, filler
from servflow.errors import Finding, ServflowError
from servflow.model import freeze, write_instant

if TYPE_CHECKING:
    from servflow.engine._compile import Compiled
    from servflow.expressions import Expression


PLACES, WORK = 3_000, 40_000
"""How many abstract states are looked at for reads before setting, and how many runs of steps."""


def unset_fields(seen: Found) -> Iterator[Finding]:
    """
    Fields that a condition reads and nothing but an opening sets.

    A field with a default, a required one, one that is ``optional`` (null is a normal value of it) and one that
    ``ticket.update`` may correct are left out, and so are those whose conditions ask for null themselves.
    """
    machine = seen.machine
    if machine.granted("ticket.update"):
        return
    compiled = machine.compiled
    later = _set_later(compiled)
    readers = _readers(compiled)
    asked = [
        name
        for name, spec in machine.workflow.fields.items()
        if name in readers and spec.default is None and not spec.required and not spec.optional
    ]
    untouched = _untouched(machine) if later.intersection(asked) else None
    for name in asked:
        where = readers[name]
        if name in later:
            place = None if untouched is None else _too_early(untouched, name)
            if place is None:
                continue
            where = place
        witness = _opened_without(machine, name)
        if witness is not None:
            yield Finding("field.unset", where, {"name": name}, "info", witness=witness)


def _set_later(compiled: Compiled) -> set[str]:
    updates = [update for link in compiled.links for update in link.updates]
    updates += [update for _, made in compiled.rule_updates for update in made]
    updates += [update for plan in compiled.chains for _, made in plan.levels for update in made]
    return {name for update in updates if update.kind == "set" for name in update.values}


def _readers(compiled: Compiled) -> dict[str, str]:
    """Field -> the first condition that reads it without asking whether it is there."""
    found: dict[str, str] = {}

    def look(condition: Expression | None, path: str) -> None:
        if condition is not None:
            for name in compiled.depends_on(condition) - _asked_for(condition.tree):
                found.setdefault(name, path)

    for link in compiled.links:
        look(link.guard, f"{link.path}.when")
        for update in link.updates:
            for name, value in update.values.items():
                if value.text not in value.reads:  # a copy of nothing is nothing
                    look(value, f"{update.path}.{update.kind}.{name}")
    for index, (when, _) in enumerate(compiled.rule_updates):
        look(when, f"rules[{index}].when")
    return found


def _asked_for(tree: Any) -> set[str]:
    """The names a condition compares with null, or asks ``has`` of."""
    found: set[str] = set()
    waiting = [tree]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            args = part.get("args", [])
            if part.get("call") in ("_==_", "_!=_") and any(arg.get("const", 0) is None for arg in args):
                found |= {arg["name"] for arg in args if "name" in arg}
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)
    return found


def _untouched(machine: Abstract) -> Found:
    """The places tickets come to while nobody corrects them by hand."""
    alone = Abstract(machine.workflow, by_hand=False)
    return explore(alone, PLACES, work=WORK)


def _too_early(seen: Found, name: str) -> str | None:
    """Where a field is read while it may be null though something sets it later; None where it never is."""
    machine = seen.machine
    index = machine.order.get(name)
    if index is None or not seen.complete:
        return None
    for link in machine.compiled.links:
        if link.guard is None or name not in link.guard.roots or name in _asked_for(link.guard.tree):
            continue
        for place in seen.places:
            here = any(source == "*" or machine.chart.contains(place.configuration, source) for source in link.spec.source)
            if here and machine.domains[index].regions[place.values[index]].value is None:
                return f"{link.path}.when"
    return None


def _opened_without(machine: Abstract, name: str) -> Any:
    """The witness of a ticket opened without a field, which is null on it."""
    fields = _needed(machine, but=name)
    try:
        made = machine.workflow.open("witness", fields, at=START)
    except ServflowError:
        return None
    if made.ticket.fields.get(name) is not None:
        return None
    return freeze({"at": write_instant(START), "fields": fields, "path": [], "null": name})


def _needed(machine: Abstract, but: str) -> dict[str, Any]:
    specs: Iterable[tuple[str, Any]] = machine.workflow.fields.items()
    return {name: filler(spec) for name, spec in specs if spec.required and spec.default is None and name != but}


__all__ = ["unset_fields"]
