"""Knows where a definition copies personal data into fields that are not marked so; must not know what is done about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from servflow.errors import Finding
from servflow.model import EMPTY

if TYPE_CHECKING:
    from servflow.engine._actions import Update
    from servflow.engine._compile import Compiled
    from servflow.model import Field

_TELLING = frozenset({"string", "bytes", "list", "map", "any"})
"""Types that can hold what was copied; a number or an instant that was worked out says little."""


def copies(compiled: Compiled) -> Iterator[Finding]:
    """Every ``set`` of a field that is not personal from what is: erasing would leave the copy."""
    for link in compiled.links:
        yield from _sets(compiled, link.updates, link.spec.payload)
    for _, updates in compiled.rule_updates:
        yield from _sets(compiled, updates, EMPTY)


def _sets(compiled: Compiled, updates: tuple[Update, ...], payload: Mapping[str, Field]) -> Iterator[Finding]:
    fields = compiled.workflow.fields
    personal = {name for name, spec in fields.items() if spec.personal}
    personal |= {f"payload.{name}" for name, spec in payload.items() if spec.personal}
    for update in updates:
        for name, value in update.values.items() if update.kind == "set" else ():
            spec = fields.get(name)
            if spec is None or spec.personal or spec.one_of or spec.type not in _TELLING:
                continue
            read = sorted(one for one in personal if any(f"{path}.".startswith(f"{one}.") for path in value.reads))
            if read:
                facts = {"name": name, "reads": read}
                yield Finding("field.personal_copy", f"{update.path}.set.{name}", facts, "warning")
