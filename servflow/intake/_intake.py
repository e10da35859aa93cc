"""Knows how channels and tables make a request of a message; must not know how channels read, nor who opens tickets."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import cached_property
from typing import Any, overload

from attrs import field, frozen

from servflow.calendars import OpenTime
from servflow.desk import AsyncDesk, Desk
from servflow.engine import Workflow
from servflow.engine._definition import ATTRIBUTES
from servflow.engine._fitting import attribute_of
from servflow.errors import ExpressionError, Finding, InputError, Refused, nearest, shown
from servflow.expressions import Expression, Function
from servflow.intake import _check, _matching, _submit, _whole
from servflow.intake._channel import Channel, bounded
from servflow.intake._parts import Acknowledging, Matching, Merging
from servflow.intake._request import Receipt, Request
from servflow.model import Field, FrozenMap, Ticket, ValueProblem, canonical, freeze, instant
from servflow.rules import DecisionTable


def _given(value: Any) -> Any:
    return value  # read once all parts are there, so that every problem is reported at once


def _workflows(value: Iterable[Workflow] | Mapping[str, Workflow]) -> FrozenMap[str, Workflow]:
    items = value.values() if isinstance(value, Mapping) else value
    return FrozenMap({workflow.workflow: workflow for workflow in items})


@frozen(eq=False, repr=False, slots=False)
class Intake:
    """
    The one door for messages of every channel.

    ``tables`` are asked in order; each reads ``channel``, the fields of the message and what the tables before it put out. One
    of them must put out ``workflow``; every other output is a field of the ticket, and wins over the message's own.
    ``table`` is short for a single one. ``fields`` gives types to what channels read: values are converted to them, and a
    message that does not fit is refused. ``tickets`` says for a workflow what its tickets get, as expressions over all
    these names (with ``priority``, ``customer`` and the like where there are any); a workflow that is not named there
    gets everything. With ``workflows`` given, values are checked against the declared fields before anything is
    opened, and what a workflow does not declare is refused.

    ``unique`` makes of messages about one matter one open ticket; see ``Matching``. ``merged`` says by workflow what such a
    message changes there beside; see ``Merging``. ``acknowledge`` tells somebody at once; see ``Acknowledging``. All
    parts may be given as values or as the mappings that a document holds; ``calendars`` are those that ``unique`` counts
    in, ``functions`` the host's, which are no part of the document.

    Raises:
        DefinitionError: with every problem, each with code, path and hint.
    """

    channels: FrozenMap[str, Channel] = field(converter=_given)
    table: DecisionTable | None = field(default=None, converter=_given)
    workflows: FrozenMap[str, Workflow] = field(default=(), converter=_workflows)
    tables: FrozenMap[str, DecisionTable] = field(default=(), converter=_given, kw_only=True)
    name: str = field(default="intake", kw_only=True)
    version: int = field(default=1, kw_only=True)
    title: str = field(default="", kw_only=True)
    description: str = field(default="", kw_only=True)
    fields: FrozenMap[str, Field] = field(default=None, converter=_given, kw_only=True)
    tickets: FrozenMap[str, FrozenMap[str, Expression]] = field(default=None, converter=_given, kw_only=True)
    unique: Matching | None = field(default=None, converter=_given, kw_only=True)
    merged: FrozenMap[str, Merging] = field(default=None, converter=_given, kw_only=True)
    acknowledge: Acknowledging | None = field(default=None, converter=_given, kw_only=True)
    calendars: FrozenMap[str, OpenTime] = field(default=None, converter=_given, kw_only=True)
    functions: Mapping[str, Function] | None = field(default=None, kw_only=True)
    places: Mapping[str, str] = field(init=False)
    """Where each table stands in the document."""

    def __attrs_post_init__(self) -> None:
        for name, value in _whole.read(self).items():
            object.__setattr__(self, name, value)

    # what it is -------------------------------------------------------------------------------------------------

    @classmethod
    def from_data(
        cls,
        data: Mapping[str, Any],
        workflows: Iterable[Workflow] | Mapping[str, Workflow] = (),
        functions: Mapping[str, Function] | None = None,
    ) -> Intake:
        """
        Read a definition from its mapping: the keywords as keys, but for the name, which stands under ``intake``.

        Raises:
            DefinitionError: a key is unknown or missing, or as for the class.
        """
        return cls(**_whole.keywords(data), workflows=workflows, functions=functions)

    def to_data(self) -> dict[str, Any]:
        """The definition as a JSON-ready mapping in one canonical form, without defaults; ``from_data`` gives an equal one."""
        return _whole.to_data(self)

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the canonical definition."""
        # The order of the tables is the order in which they are asked; canonical bytes do not keep it.
        return hashlib.sha256(canonical([self.to_data(), list(self.tables)])).hexdigest()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Intake):
            return NotImplemented
        return (self.hash, self.workflows) == (other.hash, other.workflows)

    def __hash__(self) -> int:
        return hash(self.hash)

    def __repr__(self) -> str:
        return f"Intake({self.name!r}, version {self.version})"

    def check(self, workflows: Iterable[Workflow] | Mapping[str, Workflow] = ()) -> tuple[Finding, ...]:
        """
        What can be said beyond what loading refuses; all of it are warnings, but for cases of tables that fail.

        Rows of tables that can never fit and combinations that no row fits, each with a witness; channels that no row of a
        table that asks for the channel names; cases that fail. Given workflows (here or before): names of workflows that are
        not among them, fields and values that they do not take, and fields they require that nothing gives.
        """
        return _check.findings(self, _workflows(workflows) or self.workflows)

    # messages ----------------------------------------------------------------------------------------------------

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
        channel = self.channel_of(message)
        bounded(message, channel.name)
        key, read, occurred = channel.read(message)
        values, why = self._decided(channel, self._typed(channel, read), now)
        workflow = str(values["workflow"])
        given = self._for_ticket(workflow, values)
        self._check(workflow, channel.name, given)
        id_, once = _matching.ids(channel.name, key)
        matter, until = _matching.matter(self, workflow, values, now)
        return Request(
            workflow=workflow,
            id=id_,
            key=once,
            channel=channel.name,
            received=now,
            occurred=occurred if occurred is not None and occurred < now else None,
            fields=FrozenMap(given),
            why=why,
            values=FrozenMap({name: value for name, value in values.items() if name not in ("channel", "workflow")}),
            matter=matter,
            until=until,
            text="" if self.unique is None else channel.said(message, read),
            sender=_matching.sender(values),
            thanks=_matching.thanks(self, values),
        )

    @overload
    def submit(self, desk: Desk, message: Mapping[str, Any]) -> Receipt: ...
    @overload
    def submit(self, desk: AsyncDesk, message: Mapping[str, Any]) -> Awaitable[Receipt]: ...
    def submit(self, desk: Desk | AsyncDesk, message: Mapping[str, Any]) -> Receipt | Awaitable[Receipt]:
        """
        Take a message in: open a ticket for it, or add it to the open one about the same matter; it is done once.

        Whatever happens at the same time in other threads, processes or on other machines, two tickets are never open about
        one matter within its window, and no message is lost or taken in twice. A message that the open ticket's workflow does
        not let in gets a ticket of its own, and the receipt says beside which and why. The acknowledgement is kept
        in the same transaction as the ticket's change and reaches its handler with the next ``deliver``.

        A message whose channel gives the ``ticket`` that it answers is added to that one, whatever the matter: tables are not
        asked, and nothing is required of it. It must be open, or be reopened as ``unique`` says, and its customer, requester
        or a watcher must be who writes; otherwise the message is taken in like any other, and the receipt says beside which.

        Args:
            desk: where tickets live; of an ``AsyncDesk`` the answer is to be awaited, and all of it is one transaction.
            message: as for ``receive``; it comes in now, as the desk's source of time says.

        Raises:
            InputError: as for ``receive``; nothing was opened.
            Refused: the workflow does not open it; nothing was opened.
            Conflict: another ticket has the id that this message's would get, or others were first, however often.
            StoreError: the store itself failed; submit it again.
        """
        if isinstance(desk, AsyncDesk):
            return desk.batch(lambda plain: _submit.submit(self, plain, message))
        return _submit.submit(self, desk, message)

    def _answer(self, message: Mapping[str, Any], ticket: Ticket, at: datetime) -> Request:
        """
        What a message comes to that answers a ticket: tables are not asked, and of its fields what fits is taken.

        Raises:
            InputError: an expression cannot be evaluated, or there is no text.
        """
        channel = self.channel_of(message)
        key, read, occurred = channel.read(message)
        values = {**dict(self._fitting(read)), "channel": channel.name, "workflow": ticket.workflow}
        id_, once = _matching.ids(channel.name, key)
        return Request(
            workflow=ticket.workflow,
            id=id_,
            key=once,
            channel=channel.name,
            received=at,
            occurred=occurred if occurred is not None and occurred < at else None,
            values=FrozenMap({name: value for name, value in values.items() if name not in ("channel", "workflow")}),
            text=channel.said(message, read),
            sender=_matching.sender(values),
            thanks=_matching.thanks(self, values),
        )

    def _fitting(self, read: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
        for name, value in read.items():
            with suppress(ValueProblem):
                yield name, self._fitted(name, value)

    def _fitted(self, name: str, value: Any) -> Any:
        if name in self.fields:
            return self.fields[name].convert(value)
        if name in ("customer", "asset", "outlet") and isinstance(value, int) and not isinstance(value, bool):
            return str(value)  # a number of a customer is a name, and no quantity
        return freeze(value)

    def channel_of(self, message: Any) -> Channel:
        """
        The channel that a message names.

        Raises:
            InputError: it names none, or an unknown one.
        """
        name = message.get("channel") if isinstance(message, Mapping) else None
        channel = self.channels.get(name) if isinstance(name, str) else None
        if channel is None:
            meant = nearest(name, self.channels) if isinstance(name, str) else None
            tail = f"; did you mean {meant!r}?" if meant else f"; known: {', '.join(self.channels) or 'none'}"
            raise InputError(
                f"the message's `channel` is {shown(name)}, which is no channel{tail}",
                code="intake.channel",
                channel=name if isinstance(name, str) else shown(name),
                nearest=meant,
            )
        return channel

    def _typed(self, channel: Channel, read: Mapping[str, Any]) -> dict[str, Any]:
        """What was read in the declared types, with their defaults."""
        values, problems = dict(read), []
        for name, value in read.items():
            try:
                values[name] = self._fitted(name, value)
            except ValueProblem as problem:
                problems.append(f"{name} is {shown(value)}, expected {problem}")
        for name, spec in self.fields.items():
            if values.get(name) is None and spec.default is not None:
                values[name] = spec.initial
        needed = dict.fromkeys([*channel.required, *(name for name, spec in self.fields.items() if spec.required)])
        problems += [f"{name} is required and missing" for name in needed if values.get(name) in (None, "")]
        if problems:
            raise InputError(
                f"a message of channel {channel.name!r} does not fit: {'; '.join(problems)}",
                code="intake.fields",
                channel=channel.name,
                problems=tuple(problems),
            )
        return values

    def _decided(
        self, channel: Channel, read: Mapping[str, Any], now: datetime
    ) -> tuple[dict[str, Any], tuple[Mapping[str, Any], ...]]:
        """Every name there is after the last table, and the reasons of them all."""
        values: dict[str, Any] = {**read, "channel": channel.name}
        why: list[Mapping[str, Any]] = []
        for table in self.tables.values():
            try:
                decision = table.decide(values, now)
            except (InputError, ExpressionError) as error:
                raise InputError(
                    f"table {table.name!r} cannot decide on a message of channel {channel.name!r}: {error.message}",
                    code="intake.table",
                    channel=channel.name,
                    table=table.name,
                ) from error
            outputs = decision.outputs if isinstance(decision.outputs, Mapping) else {}
            values |= {name: value for name, value in outputs.items() if value is not None}
            why += decision.why
        if not values.get("workflow"):
            routing = [table.name for table in self.tables.values() if "workflow" in table.outputs]
            raise InputError(
                f"no row of table {routing[-1]!r} fits a message of channel {channel.name!r}; add a row of '-' as the last",
                code="intake.no_row",
                channel=channel.name,
                fields=dict(read),
            )
        return values, tuple(why)

    def _for_ticket(self, workflow: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """What a ticket of a workflow gets of all the names there are."""
        mapped = self.tickets.get(workflow)
        if mapped is None:
            return {name: value for name, value in values.items() if name not in ("channel", "workflow")}
        given = {name: values[name] for name in ATTRIBUTES if name != "channel" and values.get(name) is not None}
        for name, expression in mapped.items():
            value = _matching.evaluated(expression, values, f"tickets.{workflow}.{name}")
            if value is not None:
                given[name] = value
        return given

    def _check(self, name: str, channel: str, fields: Mapping[str, Any]) -> None:
        if not self.workflows:
            return
        workflow = self.workflows.get(name)
        if workflow is None:
            table = [one.name for one in self.tables.values() if "workflow" in one.outputs][-1]
            raise InputError(
                f"table {table!r} names workflow {name!r}, which is not there; known: {', '.join(self.workflows)}",
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


def _problems(workflow: Workflow, fields: Mapping[str, Any]) -> Iterable[str]:
    known = [name for name in ATTRIBUTES if name != "channel"]
    for name, value in fields.items():
        spec = workflow.fields.get(name)
        if spec is None and name not in known:
            meant = nearest(name, [*workflow.fields, *known])
            yield f"{name} is no field of it" + (f", did you mean {meant!r}?" if meant else "")
        elif spec is not None:
            try:
                spec.convert(value)
            except ValueProblem as problem:
                yield f"{name} is {shown(value)}, expected {problem}"
        else:
            try:
                attribute_of(workflow.queues, name, value)
            except Refused as refused:
                yield refused.message
    for name, spec in workflow.fields.items():
        if spec.required and fields.get(name) is None and spec.default is None:
            yield f"{name} is required and missing"
