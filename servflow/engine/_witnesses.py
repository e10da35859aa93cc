"""Knows how a way through the abstract machine becomes a real ticket, step by step on the kernel; must not know laws."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import attrs

from servflow.engine._call import OneCall
from servflow.engine._given import Given
from servflow.engine._verbs import begin
from servflow.errors import ExpressionError, InputError
from servflow.expressions import Expression
from servflow.model import Field, Outcome, Ticket, write_instant

if TYPE_CHECKING:
    from servflow.engine._workflow import Workflow

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
"""When the tickets of stories are opened: a Monday morning, so that what counts in business hours counts."""

_FILLERS: Mapping[str, Any] = {
    "string": "text", "int": 1, "uint": 1, "double": 1.0, "decimal": "1", "bool": True,
    "timestamp": "2026-01-05T09:00:00Z", "duration": "1h", "bytes": b"x", "list": [], "map": {}, "any": "text",
}  # fmt: skip


@attrs.frozen(eq=False)
class Story:
    """
    A real ticket with how it came about: what it was opened with, what happened, and that in words.

    ``passing`` is how long nothing has happened since; ``number`` the place it stands at in a search.
    """

    ticket: Ticket
    fields: Mapping[str, Any]
    opener: str | None
    path: tuple[Mapping[str, Any], ...] = ()
    en: tuple[str, ...] = ()
    zh: tuple[str, ...] = ()
    world: Mapping[str, Any] | None = None
    passing: timedelta = timedelta()
    number: int = -1

    def witness(self) -> dict[str, Any]:
        """What ``Workflow.replay_witness`` takes."""
        out: dict[str, Any] = {"at": write_instant(START), "fields": dict(self.fields)}
        if self.opener is not None:
            out["actor"] = {"id": self.opener}
        if self.world is not None:
            out["world"] = self.world
        out["path"] = [dict(step) for step in self.path]
        return out

    def told(self) -> dict[str, str]:
        """The story in both languages."""
        return {"en": "; ".join(self.en), "zh": "；".join(self.zh)}


def holds(workflow: Workflow, condition: Expression, ticket: Ticket) -> bool:
    """Whether a timeless condition holds on a ticket as it stands; what cannot be decided does not hold."""
    call: OneCall = begin(workflow, ticket, Given(ticket.at, None, None, None))
    scope = call.scope()
    if "closed" not in workflow.fields:
        scope["closed"] = ticket.closed
    try:
        return condition.test(scope)
    except ExpressionError:
        return False


def replay(workflow: Workflow, witness: Mapping[str, Any] | None) -> tuple[Outcome, ...]:
    """
    Every outcome of a witness on the kernel: the opening and each step.

    Raises:
        InputError: it holds no ticket.
    """
    if not isinstance(witness, Mapping) or "path" not in witness or "at" not in witness:
        raise InputError("this witness holds no ticket: what it proves is true of the definition alone", code="witness")
    world = witness.get("world")
    at = datetime.fromisoformat(witness["at"])
    made = [workflow.open("witness", witness.get("fields"), at=at, actor=witness.get("actor"), world=world)]
    for step in witness.get("path", ()):
        ticket, at = made[-1].ticket, datetime.fromisoformat(step["at"])
        if step.get("event") is None:
            made.append(workflow.advance(ticket, at=at, world=world))
        else:
            made.append(workflow.fire(ticket, step["event"], step.get("payload"), at=at, actor=step.get("actor"), world=world))
    return tuple(made)


def plain(value: Any) -> Any:
    """A value as JSON has it and a field takes it."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return write_instant(value)
    if isinstance(value, timedelta):
        return f"{int(value.total_seconds())}s" if value >= timedelta() else value
    return value


def length(passed: timedelta, lang: str = "en") -> str:
    """A length of time as people say it."""
    seconds = int(passed.total_seconds())
    parts = []
    for size, en, zh in ((86_400, " d", " 天"), (3_600, " h", " 小时"), (60, " min", " 分钟"), (1, " s", " 秒")):
        held, seconds = divmod(seconds, size)
        if held:
            parts.append(f"{held}{zh if lang == 'zh' else en}")
    return " ".join(parts[:2]) or ("片刻" if lang == "zh" else "an instant")


def filler(spec: Field) -> Any:
    """Some value of a field that must be there."""
    return plain(spec.one_of[0]) if spec.one_of else _FILLERS.get(spec.type, "text")


def literal(value: Any) -> str:
    """A value as stories write it."""
    return (
        {None: "null", True: "true", False: "false"}[value] if value is None or isinstance(value, bool) else str(value) or "''"
    )


__all__ = ["START", "Story", "filler", "holds", "length", "literal", "plain", "replay"]
