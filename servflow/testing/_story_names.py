"""Knows which names of stories must exist in a workflow; must not know how stories are read or run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from servflow.documents._models_story import PHASES, REFUSALS, STANDINGS
from servflow.engine import BUILT_IN, Workflow
from servflow.engine._definition import ATTRIBUTES
from servflow.engine._surveys import CALL_BACK
from servflow.errors import Finding, Refused, TimeError, nearest, shown
from servflow.model import KINDS as WRITTEN
from servflow.model import SYSTEM, Record
from servflow.sla import mark_name
from servflow.testing._story import OPENED, Opening, Stories, Story, StoryStep, moment, signed
from servflow.testing._story_values import typed

READ = (*ATTRIBUTES, "assignee", "owner", "requester", "provider")
"""What a ticket has besides its fields, as ``then: {fields: ...}`` may read it."""


class Names:
    """What is wrong with the names that stories use."""

    def __init__(self, stories: Stories, broken: set[str]) -> None:
        self.stories = stories
        self.broken = broken
        self.flows = {flow.workflow: flow for flow in stories.flows}
        self.templates = _templates(stories.workflows.values())
        self.people = {*stories.people, SYSTEM.id}
        self.calls = _calls(self.flows.values())
        self.opened = {*stories.workflows, *_opened(self.flows.values())}
        turned = (step.world for story in stories.cases for step in story.steps)
        for world in (stories.world, *turned):
            if world is not None:
                members = (member for queue in world.queues for member in queue.members)
                self.people |= {*world.by_id, *world.persons, *members}
        self.closed = bool(stories.people) or any(flow.roles for flow in self.flows.values())
        """Whether whoever acts must be known."""

    def findings(self, data: Mapping[str, Any]) -> Iterator[Finding]:
        """Every name that does not exist, with the one that was probably meant."""
        main = self.flows.get(self.stories.workflow)
        if main is None:
            if self.flows and "stories" not in self.broken:
                yield from _known("workflow", self.stories.workflow, self.flows, "stories")
            return
        if "people" not in self.broken:
            for who, roles in self.stories.people.items():
                for role in roles:
                    known = tuple(role for flow in self.flows.values() for role in flow.roles)
                    if any(flow.roles for flow in self.flows.values()):
                        yield from _known("role", role, known, f"people.{who}")
        yield from self._replies(self.stories.replies, "replies")
        for story in self.stories.cases:
            yield from self._story(story)

    def _replies(self, replies: Iterable[str], path: str) -> Iterator[Finding]:
        for name in replies:
            yield from _known("call", name, self.calls, f"{path}.{name}")

    def _story(self, story: Story) -> Iterator[Finding]:
        of: dict[str, Workflow] = {}
        for opening in story.given:
            yield from self._opening(opening, of)
        for step in story.steps:
            if step.opening is not None:
                yield from self._opening(step.opening, of)
            if _opener(step.ticket, of) not in of and step.ticket not in (one.ticket for one in story.given):
                yield from _known("ticket", step.ticket, of, f"{step.path}.ticket")
            flow = of.get(step.ticket)
            if flow is not None:
                yield from self._step(step, flow)

    def _opening(self, opening: Opening, of: dict[str, Workflow]) -> Iterator[Finding]:
        flow = self.flows.get(opening.workflow)
        if flow is None:
            facts = {"name": opening.workflow[:200], "nearest": nearest(opening.workflow, self.flows)}
            yield Finding("story.no_workflow", f"{opening.path}.workflow", facts)
            return
        of[opening.ticket] = flow
        yield from self._person(opening.actor, f"{opening.path}.actor")
        yield from _word(opening.refused, REFUSALS, f"{opening.path}.refused")
        if opening.refused is None:
            for name in opening.fields:
                yield from _known("field", name, (*flow.fields, *ATTRIBUTES), f"{opening.path}.fields.{name}")

    def _step(self, step: StoryStep, flow: Workflow) -> Iterator[Finding]:
        yield from self._person(step.actor, f"{step.path}.actor")
        yield from _word(step.refused, REFUSALS, f"{step.path}.refused")
        yield from self._replies(step.replies, f"{step.path}.replies")
        if step.event is not None and step.refused != "unknown":
            yield from _event(step.event, flow, f"{step.path}.when")
        for key, value in step.then.items():
            check = getattr(self, f"_{key}", None)
            if check is not None and value is not None:
                yield from check(value, flow, f"{step.path}.then.{key}")

    def _person(self, name: str | None, path: str) -> Iterator[Finding]:
        if name is not None and self.closed:
            yield from _known("person", name, self.people, path)

    # what is to be true -----------------------------------------------------------------------------------------

    def _state(self, value: Any, flow: Workflow, path: str) -> Iterator[Finding]:
        for name in listed(value):
            yield from _known("state", name, flow.compiled.states, path)

    def _fields(self, value: Mapping[str, Any], flow: Workflow, path: str) -> Iterator[Finding]:
        for name, wanted in value.items():
            problem = tuple(_known("field", name, (*flow.fields, *READ), f"{path}.{name}"))
            yield from problem
            if not problem:
                try:
                    typed(flow, name, wanted, self.stories.zone)
                except Refused as refused:
                    facts = {"name": name, "value": shown(wanted), "why": refused.message}
                    yield Finding("story.value", f"{path}.{name}", facts)

    def _assignee(self, value: str, _: Workflow, path: str) -> Iterator[Finding]:
        if self.stories.world is not None or self.stories.people:
            yield from _known("person", value, self.people, path)

    _owner = _assignee

    def _queue(self, value: str, flow: Workflow, path: str) -> Iterator[Finding]:
        if flow.queues:
            yield from _known("queue", value, flow.queues, path)

    def _clocks(self, value: Mapping[str, Any], flow: Workflow, path: str) -> Iterator[Finding]:
        promised = {promise.clock.name: promise.clock for promise in flow.compiled.promises}
        for name, wanted in value.items():
            where = f"{path}.{name}"
            yield from _known("clock", name, promised, where)
            if isinstance(wanted, str):
                yield from _word(wanted, STANDINGS, where)
            elif isinstance(wanted, Mapping):
                yield from _word(wanted.get("phase"), PHASES, f"{where}.phase")
                yield from self._times(wanted, where)
                marks = promised[name].warn if name in promised else ()
                for mark in listed(wanted.get("marks")) if name in promised else ():
                    yield from _known("mark", mark_name(mark), marks, f"{where}.marks")

    def _times(self, wanted: Mapping[str, Any], path: str) -> Iterator[Finding]:
        due, left = wanted.get("due"), wanted.get("remaining")
        if due is not None and moment(due, self.stories.zone) is None:
            yield Finding("story.moment", f"{path}.due", {"value": shown(due)})
        if left is not None:
            try:
                signed(left)
            except TimeError as error:
                yield Finding("story.span", f"{path}.remaining", {"value": shown(left), "why": error.message})

    def _notified(self, value: Iterable[Any], _: Workflow, path: str) -> Iterator[Finding]:
        for index, wanted in enumerate(value):
            name = wanted if isinstance(wanted, str) else wanted.get("template")
            if name is not None and name not in self.templates:
                facts = {"name": name, "known": tuple(sorted(self.templates)), "nearest": nearest(name, self.templates)}
                yield Finding("story.never_told", f"{path}[{index}]", facts)

    def _levels(self, value: Mapping[str, Any], flow: Workflow, path: str) -> Iterator[Finding]:
        chains = {chain.name: chain for chain in flow.escalations}
        for name, levels in value.items():
            yield from _known("chain", name, chains, f"{path}.{name}")
            for level in listed(levels) if name in chains else ():
                yield from _known("level", level, [one.name for one in chains[name].levels], f"{path}.{name}")

    def _available(self, value: Any, flow: Workflow, path: str) -> Iterator[Finding]:
        for name in listed(value):
            yield from _event(name, flow, path)

    def _refused(self, value: Any, flow: Workflow, path: str) -> Iterator[Finding]:
        yield from self._available(value, flow, path)
        if isinstance(value, Mapping):
            for name, code in value.items():
                yield from _word(code, REFUSALS, f"{path}.{name}")

    def _children(self, value: Any, _: Workflow, path: str) -> Iterator[Finding]:
        for name in listed(value):
            yield from _known("workflow", name, self.opened, path)

    def _checked(self, value: Any, flow: Workflow, path: str) -> Iterator[Finding]:
        known = [step.step for steps in flow.compiled.checklists.values() for step in steps]
        for name in listed(value):
            yield from _known("checklist step", name, known, path)

    def _records(self, value: Mapping[str, Any], _: Workflow, path: str) -> Iterator[Finding]:
        for name in value:
            yield from _known("record", name, RECORDS, f"{path}.{name}")


RECORDS = {name: kind for name, kind in WRITTEN.items() if issubclass(kind, Record) and kind is not Record}
"""Every kind of record by the word for it."""


def listed(value: Any) -> tuple[str, ...]:
    """The names that a text or a list of texts stands for; the keys of a mapping."""
    return (value,) if isinstance(value, str) else tuple(value or ())


def _known(kind: str, name: str, known: Iterable[str], path: str) -> Iterator[Finding]:
    names = tuple(known)
    if name not in names:
        facts = {"kind": kind, "name": name[:200], "known": names[:30], "nearest": nearest(name, names)}
        yield Finding("name.unknown", path, facts)


def _word(word: str | None, known: tuple[str, ...], path: str) -> Iterator[Finding]:
    if word is not None and word not in known:
        yield Finding("story.word", path, {"value": word[:200], "known": known, "nearest": nearest(word, known)})


def _event(name: str, flow: Workflow, path: str) -> Iterator[Finding]:
    if not flow.compiled.moves(name) and name not in flow.compiled.events:
        own = [event for event in flow.compiled.events if event not in BUILT_IN and "*" not in event]
        facts = {
            "kind": "event",
            "name": name[:200],
            "known": tuple(sorted(own)),
            "nearest": nearest(name, flow.compiled.events),
        }
        yield Finding("name.unknown", path, facts)


def _templates(flows: Iterable[Any]) -> set[str]:
    """Every template that some part of the definitions names."""
    found = (part.get("template") for part in _parts(flows))
    return {name for name in found if isinstance(name, str)}


def _calls(flows: Iterable[Any]) -> set[str]:
    """Every function of the host that some part of the definitions calls."""
    called = (part.get("call") for part in _parts(flows))
    named = (call.get("name") if isinstance(call, Mapping) else call for call in called)
    return {name for name in named if isinstance(name, str)}


def _opener(ticket: str, known: Mapping[str, Any]) -> str:
    """The ticket itself, or the one that opened it: ``T1`` of ``T1.2``."""
    found = None if ticket in known else OPENED.fullmatch(ticket)
    return ticket if found is None else _opener(found[1], known)


def _opened(flows: Iterable[Workflow]) -> Iterator[str]:
    """The workflow of every ticket that some part of the definitions opens, be it here or elsewhere."""
    for part in _parts(flows):
        opened = part.get("open")
        name = opened.get("workflow") if isinstance(opened, Mapping) else opened
        if isinstance(name, str):
            yield name
    yield from (CALL_BACK["workflow"] for flow in flows if any(survey.low for survey in flow.surveys))


def _parts(flows: Iterable[Any]) -> Iterator[Mapping[str, Any]]:
    """Every mapping in the definitions."""
    waiting: list[Any] = [flow.to_data() for flow in flows]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Mapping):
            yield part
            waiting += part.values()
        elif isinstance(part, (list, tuple)):
            waiting += part
