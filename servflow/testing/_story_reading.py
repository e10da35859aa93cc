"""Knows how a document becomes checked stories; must not know how stories are run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import attrs
from attrs import define, field

from servflow.documents._load import in_order
from servflow.documents._source import Document, _names_file, read_document
from servflow.errors import DefinitionError, Finding, TimeError, shown
from servflow.model import EMPTY, Span, World
from servflow.model._titles import read_title
from servflow.testing._story import DAY, FIRST_TICKET, Moment, Opening, Stories, Story, StoryStep, moment, wall_time
from servflow.testing._story_examples import MOST_EXAMPLES, places_in, told_apart
from servflow.testing._story_files import MOST_WORLDS, Beside, changed
from servflow.testing._story_names import Names

Source = Path | str | Mapping[str, Any]

MOST_STORIES = 2_000
"""How many stories one document may tell, each row of examples counted."""

MOST_STEPS = 500
"""How many steps one story may have."""

MOST_TICKETS = 50
"""How many tickets a story may begin with."""


def load_stories(source: Source, workflows: Any = None, *, lang: str = "en") -> Stories:
    """
    Read and check stories: a document that begins with ``stories:``.

    Names are checked against the workflow: it is one of *workflows*, or in a file beside the stories, ``repair.yaml`` for
    ``repair.stories.yaml``, or one that the document names under ``beside``. Files outside of its directory are never read.

    Args:
        source: a path, a text or a mapping, as for ``servflow.load``.
        workflows: one, several, or a mapping of them by name; they go before files. Correlators may be among them.
        lang: ``en`` or ``zh``: the language of the error's text.

    Raises:
        DefinitionError: with every problem at once, each with code, path, hint and, of a text, its line.
    """
    try:
        document = read_document(source)
        file = Path(source) if isinstance(source, Path) or (isinstance(source, str) and _names_file(source)) else None
        return _Reading(document, file, lang).stories(_by_name(workflows))
    except DefinitionError as error:
        raise DefinitionError.of(error.findings, lang) from None


def _by_name(given: Any) -> dict[str, Any]:
    if given is None:
        return {}
    if isinstance(given, Mapping):
        given = given.values()
    elif hasattr(given, "workflow"):
        given = (given,)
    return {flow.workflow: flow for flow in given}


@define
class _Reading:
    """One document on its way to stories, with what was wrong so far."""

    document: Document
    file: Path | None
    lang: str
    found: list[Finding] = field(factory=list)
    zone: str = "UTC"
    beside: Beside = field(init=False)
    around: Any = field(init=False, factory=dict)
    """The world of the story that is read, as far as its steps have changed it."""

    def stories(self, given: dict[str, Any]) -> Stories:
        """The whole document; refused with everything that was found."""
        data, base = self.document.data, None if self.file is None else self.file.parent
        self.found += self.document.findings
        broken = self._shape(data)
        self._zone(data.get("zone"))
        beside = self.beside = Beside(base, self.lang, dict(given))
        name = data["stories"] if isinstance(data.get("stories"), str) else ""
        if "beside" not in broken:
            beside.read(_listed(data.get("beside"), "beside"))
        beside.search(name, self.file)
        world = None if "world" in broken else beside.world(data.get("world"))
        start = None if "start" in broken else self._moment(data.get("start"), "start", alone=True)
        people = {} if "people" in broken else {who: _texts(roles) for who, roles in (data.get("people") or {}).items()}
        cases = tuple(self._cases(data, name, broken)) if isinstance(data.get("cases"), list) else ()
        self.found += beside.found
        if beside.turns > MOST_WORLDS:
            self._many("cases", beside.turns, MOST_WORLDS, {"en": "changes of the world", "zh": "世界变化数"})
        made = Stories(
            workflow=name,
            cases=cases,
            workflows=beside.workflows,
            start=start,
            zone=self.zone,
            people=people,
            world=world,
            replies={} if "replies" in broken else data.get("replies") or {},
            title=read_title(data.get("title"), self.found),
            file="" if self.file is None else str(self.file),
            places=beside.places,
        )
        self.found += Names(made, broken).findings(data)
        if self.found:
            raise DefinitionError.of(in_order(self.found, self.document))
        return made

    def _shape(self, data: Mapping[str, Any]) -> set[str]:
        """Check the shape, each story as its examples make it; the parts that cannot be read further."""
        from servflow.documents._models_story import StoriesModel
        from servflow.documents._schema import FORMAT
        from servflow.documents._shape import check_shape

        cases = data.get("cases")
        wrong = check_shape({**data, "cases": []} if isinstance(cases, list) else data, StoriesModel)
        told: dict[tuple[str, str], Finding] = {(one.code, one.path): one for _, one in wrong}
        broken = {str(steps[0]) for steps, _ in wrong if steps}
        written = data.get("servflow", FORMAT)
        if isinstance(written, int) and written != FORMAT:
            self.found.append(Finding("definition.format", "servflow", {"value": written, "known": FORMAT}))
        for index, case in enumerate(cases if isinstance(cases, list) else ()):
            for _, _, made in told_apart(case):
                for _, one in check_shape({"stories": "?", "cases": [made]}, StoriesModel):
                    path = one.path.replace("cases[0]", f"cases[{index}]", 1)
                    told.setdefault((one.code, path), attrs.evolve(one, path=path))
                    broken.add(f"cases[{index}]")
        self.found += told.values()
        return broken

    def _zone(self, given: object) -> None:
        if not isinstance(given, str):
            return
        try:
            ZoneInfo(given)
            self.zone = given
        except (OSError, ValueError, KeyError):
            self.found.append(Finding("story.zone", "zone", {"value": shown(given)}))

    # stories ----------------------------------------------------------------------------------------------------

    def _cases(self, data: Mapping[str, Any], workflow: str, broken: set[str]) -> Iterator[Story]:
        if not data["cases"]:
            self.found.append(Finding("story.none", "cases"))
        count, names = 0, set[str]()
        for index, case in enumerate(data["cases"]):
            path = f"cases[{index}]"
            if path in broken:
                continue
            if case["story"] in names:
                self.found.append(Finding("story.twice", f"{path}.story", {"name": case["story"]}))
            names.add(case["story"])
            self._examples(case, path)
            for name, row, made in told_apart(case):
                count += 1
                if count > MOST_STORIES:
                    self._many("cases", count, MOST_STORIES, {"en": "stories", "zh": "故事数"})
                    return
                where = path if row is None else f"{path}.examples[{row}]"
                yield self._story(made, (name, workflow), where, path)

    def _examples(self, case: Mapping[str, Any], path: str) -> None:
        rows = case.get("examples") or []
        names = list(dict.fromkeys(name for row in rows for name in row))
        if not rows:
            return
        if len(rows) > MOST_EXAMPLES:
            self._many(f"{path}.examples", len(rows), MOST_EXAMPLES, {"en": "examples", "zh": "示例数"})
        text = _all_text({key: value for key, value in case.items() if key != "examples"})
        wanted = list(dict.fromkeys((*names, *places_in(text))))
        for index, row in enumerate(rows[:MOST_EXAMPLES]):
            for name in wanted:
                if name not in row:
                    facts = {"name": name, "known": tuple(row)}
                    self.found.append(Finding("story.placeholder", f"{path}.examples[{index}]", facts))
        for name in names:
            if f"{{{name}}}" not in text:
                self.found.append(Finding("story.example", f"{path}.examples", {"name": name}))

    def _story(self, case: Mapping[str, Any], named: tuple[str, str], where: str, path: str) -> Story:
        name, workflow = named
        given = case.get("given")
        listed = given if isinstance(given, list) else [{} if given is None else given]
        openings = [
            self._opening(one, workflow, f"{path}.given[{index}]" if isinstance(given, list) else f"{path}.given", index)
            for index, one in enumerate(listed[:MOST_TICKETS])
        ]
        if len(listed) > MOST_TICKETS:
            self._many(f"{path}.given", len(listed), MOST_TICKETS, {"en": "tickets", "zh": "工单数"})
        told = openings[0].at if openings else None
        if openings and (told is None or told.instant is None) and "start" not in self.document.data:
            self.found.append(Finding("story.start", f"{path}.given" if given is not None else path))
        if len(case["steps"]) > MOST_STEPS:
            self._many(f"{path}.steps", len(case["steps"]), MOST_STEPS, {"en": "steps", "zh": "步骤数"})
        first, self.around = openings[0].ticket if openings else FIRST_TICKET, self.beside.around
        steps = tuple(
            self._step(step, index, (first, workflow), f"{path}.steps[{index}]")
            for index, step in enumerate(case["steps"][:MOST_STEPS])
        )
        seen = set[str]()
        for one in (*openings, *(step.opening for step in steps if step.opening is not None)):
            if one.ticket in seen:
                self.found.append(Finding("story.ticket_twice", one.path, {"name": one.ticket}))
            seen.add(one.ticket)
        return Story(name=name, given=tuple(openings), steps=steps, path=where, line=self._line(where))

    def _opening(self, data: Mapping[str, Any], workflow: str, path: str, index: int) -> Opening:
        return Opening(
            ticket=data.get("ticket") or f"T{index + 1}",
            workflow=data.get("workflow") or workflow,
            at=self._moment(data.get("at"), f"{path}.at"),
            occurred=self._moment(data.get("occurred"), f"{path}.occurred"),
            actor=data.get("actor"),
            fields=data.get("fields") or EMPTY,
            refused=data.get("refused"),
            path=path,
            line=self._line(path),
        )

    def _step(self, data: Mapping[str, Any], index: int, first: tuple[str, str], path: str) -> StoryStep:
        ticket, workflow = first
        for key, needs in _NEEDS.items():
            if key in data and not any(name in data for name in needs):
                facts = {"key": key, "needs": tuple(needs)}
                self.found.append(Finding("story.alone", f"{path}.{key}", facts))
        if "at" in data and "after" in data:
            self.found.append(Finding("story.both", f"{path}.after"))
        opened = data.get("open")
        then = data.get("then") or {}
        lines = {key: line for key in _places(then) if (line := self._line(f"{path}.then.{key}")) is not None}
        opening = None
        if opened is not None:
            opening = self._opening({"ticket": f"T{index + 2}", **opened}, workflow, f"{path}.open", index)
        return StoryStep(
            number=index + 1,
            ticket=data.get("ticket") or ticket,
            at=self._moment(data.get("at"), f"{path}.at"),
            after=self._span(data.get("after"), f"{path}.after"),
            opening=opening,
            event=data.get("when"),
            actor=data.get("actor"),
            payload=data.get("payload") or EMPTY,
            occurred=self._moment(data.get("occurred"), f"{path}.occurred"),
            refused=data.get("refused"),
            world=self._world(data.get("world"), f"{path}.world"),
            replies=data.get("replies") or {},
            then=then,
            path=path,
            line=self._line(path),
            lines=lines,
        )

    def _world(self, change: Mapping[str, Any] | None, path: str) -> World | None:
        if change is None:
            return None
        self.around = changed(self.around, change)
        return self.beside.turned(self.around, path)

    def _many(self, path: str, count: int, limit: int, what: Mapping[str, str]) -> None:
        self.found.append(Finding("story.many", path, {"count": count, "limit": limit, "what": what}))

    def _line(self, path: str) -> int | None:
        place = self.document.locate(path)
        return None if place is None else place.line

    # time -------------------------------------------------------------------------------------------------------

    def _moment(self, text: str | None, path: str, *, alone: bool = False) -> Moment | None:
        """A wall time or an instant; *alone*: it must name its day, for there is nothing before it."""
        if text is None:
            return None
        made = moment(text, self.zone)
        if made is None or (alone and made.instant is None):
            self.found.append(Finding("story.moment", path, {"value": shown(text)}))
            return None
        if made.instant is not None and (found := DAY.fullmatch(text.strip())) and not self._exists(made.instant, found):
            self.found.append(Finding("story.gap", path, {"value": text, "zone": self.zone}))
        return made

    def _exists(self, instant: datetime, found: re.Match[str]) -> bool:
        """Whether the zone's clocks ever show what was written, rather than being put forward over it."""
        return instant.astimezone(ZoneInfo(self.zone)).time() == wall_time(found[2])

    def _span(self, text: str | None, path: str) -> timedelta | None:
        if text is None:
            return None
        try:
            span = Span.of(text)
        except TimeError as error:
            self.found.append(Finding("story.span", path, {"value": shown(text), "why": error.message}))
            return None
        if span.business_days:
            why = {"en": "business days need a calendar", "zh": "工作日需要日历"}
            self.found.append(Finding("story.span", path, {"value": shown(text), "why": why}))
        return span.exact


_NEEDS: Mapping[str, tuple[str, ...]] = {
    "payload": ("when",),
    "occurred": ("when",),
    "refused": ("when",),
}
"""Keys of a step that mean nothing without another one."""


def _places(then: Mapping[str, Any]) -> Iterator[str]:
    """The paths of what is to be true: each key, and each name or place under it."""
    for key, wanted in then.items():
        yield key
        if isinstance(wanted, Mapping):
            yield from (f"{key}.{name}" for name in wanted)
        elif isinstance(wanted, list):
            yield from (f"{key}[{index}]" for index in range(len(wanted)))


def _texts(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())


def _listed(value: Any, path: str) -> Iterable[tuple[str, str]]:
    if isinstance(value, str):
        return [(path, value)]
    return [(f"{path}[{index}]", name) for index, name in enumerate(value or ())]


def _all_text(value: Any) -> str:
    """Every text in a value, to look for names in braces."""
    found: list[str] = []
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            found.append(one)
        elif isinstance(one, Mapping):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, list):
            waiting += one
    return "\n".join(found)
