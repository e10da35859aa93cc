"""Knows how channels and a table make a request of a message; must not know how channels read, nor who opens tickets."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from attrs import field, frozen

from servflow.engine import Workflow
from servflow.errors import InputError, nearest
from servflow.intake._channel import Channel
from servflow.model import EMPTY, FrozenMap, ValueProblem, instant
from servflow.rules import DecisionTable

_SINGLE = ("unique", "first", "priority", "any")


@frozen(kw_only=True)
class Request:
    """
    What a desk needs to open a ticket.

    ``id`` follows from channel and key, so that the same message gives the same ticket however often and wherever it
    is received; ``key`` makes the opening once. ``received`` is the instant it came in, ``occurred`` when it happened if
    that was earlier.
    """

    workflow: str
    id: str
    key: str
    channel: str
    received: datetime
    occurred: datetime | None = None
    fields: FrozenMap[str, Any] = EMPTY
    why: tuple[Mapping[str, Any], ...] = ()

    def arguments(self) -> dict[str, Any]:
        """What to call a desk with: ``desk.open(**request.arguments())``."""
        return {
            "id": self.id,
            "fields": {**self.fields, "channel": self.channel},
            "workflow": self.workflow,
            "key": self.key,
            "occurred": self.occurred,
        }


def _channels(value: Iterable[Channel] | Mapping[str, Channel]) -> FrozenMap[str, Channel]:
    items = list(value.values() if isinstance(value, Mapping) else value)
    named = {channel.name: channel for channel in items}
    if len(named) != len(items):
        raise InputError("two channels have the same name; each needs its own", code="intake.channel_twice")
    return FrozenMap(named)


def _workflows(value: Iterable[Workflow] | Mapping[str, Workflow]) -> FrozenMap[str, Workflow]:
    items = value.values() if isinstance(value, Mapping) else value
    return FrozenMap({workflow.workflow: workflow for workflow in items})


@frozen
class Intake:
    """
    The one door for messages of every channel.

    ``table`` reads ``channel`` and the fields of the message and must put out ``workflow``; every other output is a
    field of the ticket, and wins over the message's own. With ``workflows`` given, values are checked against the
    declared fields before anything is opened, and what a workflow does not declare is refused.

    Raises:
        InputError: the table does not put out ``workflow``, or two channels share a name.
    """

    channels: FrozenMap[str, Channel] = field(converter=_channels)
    table: DecisionTable
    workflows: FrozenMap[str, Workflow] = field(default=(), converter=_workflows)

    def __attrs_post_init__(self) -> None:
        if "workflow" not in self.table.outputs:
            raise InputError(
                f"table {self.table.name!r} has no output `workflow`; it must say for which workflow a message is",
                code="intake.no_workflow",
                table=self.table.name,
            )
        if self.table.hit not in _SINGLE:
            raise InputError(
                f"table {self.table.name!r} has hit policy {self.table.hit!r}; one of {', '.join(_SINGLE)} gives one workflow",
                code="intake.hit",
                table=self.table.name,
            )

    def receive(self, message: Mapping[str, Any], at: datetime) -> Request:
        """
        What to open for a message.

        Args:
            message: what came in; its ``channel`` names the channel, the rest is what the channel's expressions read.
            at: aware instant at which it came in.

        Raises:
            InputError: the channel is unknown, nothing in the table fits, or the values do not fit the workflow; with
                every problem of the message in ``problems``.
            TimeError: *at* is naive.
        """
        now = instant(at)
        channel = self._channel(message)
        key, fields, occurred = channel.read(message)
        decision = self.table.decide({"channel": channel.name, **fields})
        outputs = decision.outputs if isinstance(decision.outputs, Mapping) else {}
        workflow = outputs.get("workflow")
        if not workflow:
            raise InputError(
                f"no row of table {self.table.name!r} fits a message of channel {channel.name!r}; add a row of '-' as the last",
                code="intake.no_row",
                channel=channel.name,
                fields=dict(fields),
            )
        fields |= {name: value for name, value in outputs.items() if name != "workflow" and value is not None}
        self._check(str(workflow), channel.name, fields)
        return Request(
            workflow=str(workflow),
            id=f"{channel.name}-{hashlib.sha256(key.encode()).hexdigest()[:20]}",
            key=f"intake:{channel.name}:{key}",
            channel=channel.name,
            received=now,
            occurred=occurred if occurred is not None and occurred < now else None,
            fields=FrozenMap(fields),
            why=tuple(decision.why),
        )

    def _channel(self, message: Any) -> Channel:
        name = message.get("channel") if isinstance(message, Mapping) else None
        channel = self.channels.get(name) if isinstance(name, str) else None
        if channel is None:
            meant = nearest(name, self.channels) if isinstance(name, str) else None
            tail = f"; did you mean {meant!r}?" if meant else f"; known: {', '.join(self.channels) or 'none'}"
            raise InputError(
                f"the message's `channel` is {name!r}, which is no channel{tail}",
                code="intake.channel",
                channel=name,
                nearest=meant,
            )
        return channel

    def _check(self, name: str, channel: str, fields: Mapping[str, Any]) -> None:
        if not self.workflows:
            return
        workflow = self.workflows.get(name)
        if workflow is None:
            raise InputError(
                f"table {self.table.name!r} names workflow {name!r}, which is not there; known: {', '.join(self.workflows)}",
                code="intake.workflow",
                workflow=name,
            )
        problems = tuple(_problems(workflow, fields))
        if problems:
            raise InputError(
                f"a message of channel {channel!r} does not fit workflow {name!r}: {'; '.join(problems)}",
                code="intake.fields",
                channel=channel,
                workflow=name,
                problems=problems,
            )


# What a ticket has besides its declared fields, and may be opened with.
_ATTRIBUTES = ("priority", "queue", "customer", "asset", "outlet", "tags", "parent")


def _problems(workflow: Workflow, fields: Mapping[str, Any]) -> Iterable[str]:
    for name, value in fields.items():
        spec = workflow.fields.get(name)
        if spec is None and name not in _ATTRIBUTES:
            meant = nearest(name, [*workflow.fields, *_ATTRIBUTES])
            yield f"{name} is no field of it" + (f", did you mean {meant!r}?" if meant else "")
        elif spec is not None:
            try:
                spec.convert(value)
            except ValueProblem as problem:
                yield f"{name} is {value!r}, expected {problem}"
    for name, spec in workflow.fields.items():
        if spec.required and fields.get(name) is None and spec.default is None:
            yield f"{name} is required and missing"
