"""Knows how a story is lived through, on a desk with a time of its own; must not know what its checks compare."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from attrs import evolve, frozen

from servflow.desk import Problem
from servflow.documents._source import read_document
from servflow.engine import Workflow
from servflow.errors import Finding, InputError, LimitError, Refused, ServflowError
from servflow.model import SYSTEM, Actor, Open
from servflow.testing._coverage import Coverage
from servflow.testing._story import LAST_YEAR, OPENED, Moment, Opening, Stories, Story, StoryStep
from servflow.testing._story_checks import Checks, Stand, refusal_of
from servflow.testing._story_log import happened
from servflow.testing._story_reading import load_stories
from servflow.testing._story_values import fields_sent, payload_sent
from servflow.testing._virtual import BEGIN, VirtualDesk, VirtualTime

_OF_CHILDREN = "ticket.child_"


@frozen(kw_only=True)
class StoryResult:
    """
    What one story came to: ``problems`` are what went otherwise than told; none: it passed.

    Each problem has the line of what was told, and as its ``witness`` by language the lines that explain it. ``step`` is the
    number of the step it ended in, ``at`` the instant then.
    """

    name: str
    path: str
    line: int | None
    file: str = ""
    step: int = 0
    at: datetime
    problems: tuple[Finding, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether everything went as told."""
        return not self.problems

    @property
    def place(self) -> str:
        """Where to look: ``repair.stories.yaml:12``; what failed, where something did."""
        line = next((one.line for one in self.problems if one.line is not None), self.line)
        if line is not None:
            return f"{self.file or 'stories'}:{line}"
        return self.problems[0].path if self.problems else self.path

    def text(self, lang: str = "en", zone: str = "UTC") -> str:
        """The result for people: the story, the step, what was expected and found, and why."""
        from servflow.testing._story_text import told

        return told(self, lang, zone)

    def as_data(self, lang: str = "en") -> dict[str, Any]:
        """JSON-ready form."""
        from servflow.testing._story_text import data_of

        return data_of(self, lang)


@frozen(kw_only=True)
class StoryReport:
    """What a run of stories came to: each result, and what of each workflow they exercised, by its name."""

    results: tuple[StoryResult, ...]
    coverage: Mapping[str, Coverage]
    zone: str = "UTC"

    @property
    def passed(self) -> bool:
        """Whether all of them passed."""
        return all(result.passed for result in self.results)

    @property
    def failed(self) -> tuple[StoryResult, ...]:
        """Those that did not."""
        return tuple(result for result in self.results if not result.passed)

    def text(self, lang: str = "en") -> str:
        """What failed, and how many passed."""
        from servflow.testing._story_text import summary

        return "\n\n".join([*(result.text(lang, self.zone) for result in self.failed), summary(self.results, lang)])

    def as_data(self, lang: str = "en") -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "passed": self.passed,
            "results": [result.as_data(lang) for result in self.results],
            "coverage": {name: coverage.as_data() for name, coverage in self.coverage.items()},
        }


def run_stories(
    stories: Stories | Any, workflows: Any = None, *, select: str = "", coverage: Mapping[str, Coverage] | None = None
) -> StoryReport:
    """
    Live through stories, each on a desk of its own with its own time, so that timers, promises, chains and effects happen
    at their instants.

    Args:
        stories: what ``load_stories`` gave, or what it takes.
        workflows: as for ``load_stories``; of stories that were read, they go before those that were found.
        select: only stories with this text in their name, whatever its case.
        coverage: where to count what is exercised, by name of the workflow; new ones unless given.

    Raises:
        DefinitionError: the stories have problems, as for ``load_stories``.
        InputError: nobody gave the workflow they are about.
    """
    told = stories if isinstance(stories, Stories) else load_stories(stories, workflows)
    if isinstance(stories, Stories) and workflows is not None:
        from servflow.testing._story_reading import _by_name

        told = evolve(told, workflows={**told.workflows, **_by_name(workflows)})
    counted = coverages(told, coverage)
    asked = select.casefold()
    results = tuple(run_story(told, story, counted) for story in told.cases if asked in story.name.casefold())
    return StoryReport(results=results, coverage=counted, zone=told.zone)


def coverages(stories: Stories, given: Mapping[str, Coverage] | None = None) -> dict[str, Coverage]:
    """
    What counts for the workflows of stories, by their names.

    Raises:
        InputError: the workflow that they are about is missing.
    """
    found = dict(given or {})
    for flow in stories.flows:
        if flow.workflow not in found:
            found[flow.workflow] = Coverage(flow)
        counted = found[flow.workflow]
        counted.locate = counted.locate or _liner(stories.places.get(flow.workflow))
    if not isinstance(stories.workflows.get(stories.workflow), Workflow):
        problem = Finding("story.no_workflow", "stories", {"name": stories.workflow})
        raise InputError(f"{problem.message()}; {problem.hint()}", code="story.no_workflow", name=stories.workflow)
    return found


def lines_of(source: Any) -> Any:
    """A function that gives the line of a path in a definition's text, for ``Coverage``."""
    return _liner(read_document(source).locate)


def _liner(locate: Any) -> Any:
    if locate is None:
        return None

    def line(path: str) -> int | None:
        place = locate(path)
        return None if place is None else int(place.line)

    return line


def run_story(stories: Stories, story: Story, counted: Mapping[str, Coverage]) -> StoryResult:
    """Live through one story until a step goes otherwise than told."""
    life = _Life(stories, story, counted)
    number, problems = 0, tuple[Finding, ...]()
    try:
        problems = tuple(life.begin())
        for step in story.steps:
            if problems:
                break
            number = step.number
            problems = tuple(life.step(step))
    finally:
        life.close()
    return StoryResult(
        name=story.name, path=story.path, line=story.line, file=stories.file, step=number, at=life.now, problems=problems
    )


class _Life:
    """One story on its way: the desk with its own time, and how much of what was sent was looked at."""

    def __init__(self, stories: Stories, story: Story, counted: Mapping[str, Coverage]) -> None:
        self.stories = stories
        self.story = story
        told = (story.given[0].at if story.given else None, stories.start)
        begin = next((one.instant for one in told if one is not None and one.instant is not None), BEGIN)
        flows = [counted[name].watched if name in counted else flow for name, flow in stories.workflows.items()]
        self.replies = dict(stories.replies)
        answering = {"call": lambda call: self.replies.get(call.name)}
        self.desk = VirtualDesk(flows, time=VirtualTime(begin), world=stories.world, handlers=answering)
        self.stand = Stand(stories=stories)

    @property
    def now(self) -> datetime:
        """The present."""
        return self.desk.time()

    def close(self) -> None:
        """Let the store go."""
        self.desk.close()

    def begin(self) -> Iterator[Finding]:
        """Open the tickets that the story begins with."""
        for opening in self.story.given:
            found = tuple(self._open(opening, opening.path, opening.line))
            yield from found
            if found:
                return

    def step(self, step: StoryStep) -> Iterator[Finding]:
        """Everything of one step; what goes otherwise than told."""
        found = tuple(self._happens(step))
        step = evolve(step, ticket=self._named(step.ticket))
        yield from found
        if found or not step.then:
            return
        if self.desk.store.load(step.ticket) is None:
            yield self._finding("story.no_ticket", step, {"name": step.ticket})
            return
        checks = Checks(self.stand, self.desk, step, self.now, actor=self._actor(step.actor))
        yield from checks.findings()

    def _happens(self, step: StoryStep) -> Iterator[Finding]:
        target = self._target(step.at) if step.at is not None else self.now + (step.after or timedelta())
        if target < self.now:
            facts = {"at": self.stories.told(target), "now": self.stories.told(self.now)}
            yield self._finding("story.back", step, facts)
            return
        if target.year > LAST_YEAR:
            yield self._finding("story.far", step, {"year": LAST_YEAR})
            return
        found = tuple(self._until(target, (step.path, step.line)))
        self.replies.update(step.replies)
        if not found and step.world is not None:
            world = step.world
            found = tuple(self._live(lambda: self.desk.turn(world), (step.path, step.line)))
        if not found and step.opening is not None:
            found = tuple(self._open(step.opening, step.path, step.line))
        if not found and step.event is not None:
            found = tuple(self._fire(step))
        yield from found

    def _target(self, at: Moment) -> datetime:
        return at.after(self.now, self.stories.zone)

    def _over(self, at: Moment) -> datetime:
        return at.before(self.now, self.stories.zone)

    def _actor(self, name: str | None) -> Actor | None:
        if name is None or name == SYSTEM.id:
            return SYSTEM if name else None
        return Actor(name, self.stories.people.get(name, ()))

    # what happens -----------------------------------------------------------------------------------------------

    def _open(self, opening: Opening, path: str, line: int | None) -> Iterator[Finding]:
        if opening.at is not None:
            target = self._target(opening.at)
            if target < self.now:
                facts = {"at": self.stories.told(target), "now": self.stories.told(self.now)}
                yield Finding("story.back", path, facts, line=line)
                return
            found = tuple(self._until(target, (path, line)))
            if found:
                yield from found
                return
        occurred = None if opening.occurred is None else self._over(opening.occurred)
        try:
            self.desk.open(
                opening.ticket,
                self._fields(opening),
                workflow=opening.workflow,
                actor=self._actor(opening.actor),
                occurred=occurred,
            )
        except ServflowError as error:
            yield from refusal_of(error, "open", opening.refused, (path, line))
            return
        if opening.refused is not None:
            yield Finding("story.allowed", path, {"event": "open", "wanted": opening.refused}, line=line)
            return
        yield from self._settle((path, line))

    def _fire(self, step: StoryStep) -> Iterator[Finding]:
        assert step.event is not None
        event, ticket = step.event, self._named(step.ticket)
        occurred = None if step.occurred is None else self._over(step.occurred)
        payload = self._payload(ticket, event, step.payload)
        try:
            self.desk.fire(ticket, event, payload, actor=self._actor(step.actor), occurred=occurred)
        except ServflowError as error:
            yield from refusal_of(error, event, step.refused, (step.path, step.line), self._happened(ticket))
            return
        if step.refused is not None:
            facts = {"event": event, "wanted": step.refused}
            yield Finding("story.allowed", step.path, facts, line=step.line, witness=self._happened(ticket))
            return
        yield from self._settle((step.path, step.line))

    def _fields(self, opening: Opening) -> Mapping[str, Any]:
        flow = self.stories.workflows.get(opening.workflow)
        return fields_sent(flow, opening.fields, self.stories.zone) if isinstance(flow, Workflow) else opening.fields

    def _payload(self, ticket: str, event: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        held = self.desk.store.load(ticket) if payload else None
        flow = None if held is None else self.stories.workflows.get(held.workflow)
        if event.startswith(_OF_CHILDREN) and isinstance(payload.get("child"), str):
            payload = {**payload, "child": self._named(payload["child"])}
        return payload_sent(flow, event, payload, self.stories.zone) if isinstance(flow, Workflow) else payload

    def _named(self, name: str) -> str:
        """The id of the ticket that is meant: its own, or by whom and as the how manieth it was opened."""
        found = OPENED.fullmatch(name)
        if found is None or self.desk.store.load(name) is not None:
            return name
        parent, place = self._named(found[1]), int(found[2]) - 1
        opened = [effect.new_ticket for effect in self.desk.sent if isinstance(effect, Open) and effect.ticket == parent]
        return opened[place] if place < len(opened) else name

    def _happened(self, ticket: str) -> Mapping[str, tuple[str, ...]] | None:
        """What explains where a ticket stands; None where there is none of that name."""
        if self.desk.store.load(ticket) is None:
            return None
        return happened(self.desk.history(ticket), self.stories.zone)

    def _until(self, target: datetime, place: tuple[str, int | None]) -> Iterator[Finding]:
        """Let time pass to an instant, stopping wherever a ticket wakes."""
        return self._live(lambda: self.desk.until(target), place)

    def _settle(self, place: tuple[str, int | None]) -> Iterator[Finding]:
        """Do what is due now, and carry out what follows from it, until nothing does."""
        return self._live(self.desk.settle, place)

    def _live(self, what: Callable[[], tuple[Problem, ...]], place: tuple[str, int | None]) -> Iterator[Finding]:
        path, line = place
        try:
            problems = what()
        except LimitError as error:
            yield Finding("story.failed", path, {"what": "time", "told": error.message}, line=line)
            return
        for problem in problems:
            # Mail that a ticket does not take now is consumed, as it would be in a host; what is no answer at all is a mistake.
            if isinstance(problem.error, Refused) and problem.error.code != "payload":
                continue
            yield Finding("story.failed", path, {"what": problem.what, "told": str(problem.error)}, line=line)
            return

    def _finding(self, code: str, step: StoryStep, facts: Mapping[str, Any]) -> Finding:
        return Finding(code, step.path, facts, line=step.line)
