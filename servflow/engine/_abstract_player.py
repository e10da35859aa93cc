"""Knows how runs of the abstract machine are carried out on real tickets, nearest first; must not know laws."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

from servflow.engine._abstract import SOLVING, Place
from servflow.engine._abstract_search import Found, likeness
from servflow.engine._abstract_standing import Choice
from servflow.engine._abstract_steps import Run
from servflow.engine._given import Given
from servflow.engine._playing_dispatch import accepting, coming_for
from servflow.engine._verbs import begin
from servflow.engine._witnesses import START, Story, filler, length, literal, plain
from servflow.errors import ExpressionError, ServflowError
from servflow.expressions import Expression, solve
from servflow.model import RESOLUTION, SYSTEM, Actor, Ticket, TimerFired, World, write_instant

if TYPE_CHECKING:
    from servflow.engine._abstract import Abstract
    from servflow.engine._compile import Compiled

Event: TypeAlias = tuple[str, dict[str, Any], list[Actor | None]]
"""An event, what comes with it, and who may do it."""

MAX_CALLS = 600
"""How many calls of the kernel one search for a story may take."""


class Player:
    """Carries runs of the abstract machine out on real tickets."""

    def __init__(self, machine: Abstract, found: Found) -> None:
        self.machine = machine
        self.found = found
        self.workflow = machine.workflow
        self.calls = 0
        self.world = self._world() if machine.workflow.dispatch else None
        self.waits = self._waits()

    def _world(self) -> Mapping[str, Any]:
        """One engineer and one outlet who can do everything, so that dispatch finds somebody."""
        words = {"text"}
        for spec in self.workflow.fields.values():
            words |= {item for item in spec.one_of if isinstance(item, str)}
        for item in self.machine.domains:
            words |= {region.value for region in item.regions if isinstance(region.value, str)}
        words = {word for word in words if 0 < len(word) <= 200}
        skills = dict.fromkeys(sorted(words), 9)
        able = {"skills": skills, "areas": sorted(words)}
        engineer = {"id": "engineer-1", "roles": list(self.workflow.roles), "outlet": "outlet-1", **able}
        data = {"version": "w1", "engineers": [engineer], "outlets": [{"id": "outlet-1", **able}]}
        try:
            World.of(data)
        except ServflowError:
            return {"version": "w1"}
        return data

    def _waits(self) -> list[timedelta]:
        """How long to wait before an event whose guard reads time: what its text says, and a moment more or less."""
        found = {timedelta()}
        for link in self.machine.compiled.links:
            if link.guard is not None and {"at", "clock"} & link.guard.roots:
                for part in _durations(link.guard.tree):
                    found |= {part, part + timedelta(seconds=1), max(timedelta(), part - timedelta(seconds=1))}
        return sorted(found)[:12]

    def place(self, ticket: Ticket) -> list[int]:
        """The places a ticket may be at."""
        values = []
        for item in self.machine.domains:
            at = item.place(self._value(ticket, item.name))
            if at is None:
                return []
            values.append(at)
        there = Place(
            configuration=ticket.configuration,
            history=tuple(sorted((name, tuple(kept)) for name, kept in ticket.history.items())),
            values=tuple(values),
            timers=tuple((0, timer.state, timer.index) for timer in ticket.timers),
            refused=tuple((held.timer.state, held.timer.index) for held in ticket.refused_timers),
        )
        return self.found.alike.get(likeness(there), [])

    def _value(self, ticket: Ticket, name: str) -> Any:
        if name == "checklist.complete":
            call = begin(self.workflow, ticket, Given(ticket.at, None, None, None))
            return call.scope()["checklist"]["complete"]
        if name in self.workflow.fields:
            return ticket.fields.get(name)
        return getattr(ticket, name)

    # opening ----------------------------------------------------------------------------------------------------

    def opened(self, run: Run) -> list[Story]:
        """Tickets opened as a run says, by nobody in particular and by a person."""
        fields = {
            choice.name: plain(choice.value) for choice in run.choices if choice.what == "open" and not self._usual(choice)
        }
        for name, spec in self.workflow.fields.items():
            if name not in fields and spec.required and spec.default is None:
                fields[name] = filler(spec)
        if self.workflow.dispatch:
            reads = {name for plan in self.machine.compiled.slots for name in plan.reads}
            for name in sorted(reads & self.workflow.fields.keys() - fields.keys()):
                spec = self.workflow.fields[name]
                if spec.default is None and name not in self.machine.order:
                    fields[name] = filler(spec)
        made = []
        asked = any("requester" in link.allow for link in self.machine.compiled.links)
        # What a person gave, rules leave alone: then it matters that somebody did.
        keeps = bool(fields) and any(not rule.overwrite for rule in self.workflow.rules)
        for opener in ("requester-1",) if asked else (None, "requester-1") if keeps else (None,):
            self.calls += 1
            try:
                outcome = self.workflow.open("witness", fields, at=START, actor=opener, world=self.world)
            except ServflowError:
                continue
            shown = ", ".join(f"{name}={literal(value)}" for name, value in fields.items())
            en = f"opened with {shown}" if shown else "opened"
            zh = f"以 {shown} 开单" if shown else "开单"
            made.append(Story(outcome.ticket, fields, opener, (), (en,), (zh,), self.world))
        return made

    def _usual(self, choice: Choice) -> bool:
        """Whether a value is the one a ticket has when nobody says anything."""
        item = self.machine.domains[self.machine.order[choice.name]]
        return item.place(choice.value) == self.machine.usual(item)

    # going on ---------------------------------------------------------------------------------------------------

    def after(self, story: Story, run: Run) -> list[Story]:
        """The ways to do on a ticket what a run does; none where the kernel does not let it happen."""
        kind = run.trigger.kind
        if kind == "timer":
            return self._timer(story, run)
        if kind == "level":
            return self._pass(story, story.ticket.wake)
        if run.trigger.name == "step.uncheck" or run.trigger.name.startswith("unchecked."):
            return self._unchecked(story)
        if kind == "check" or run.trigger.name.startswith(("checked.", "done.checklist.")):
            return self._checked(story)
        if run.trigger.name.startswith(("approved.", "rejected.")):
            return self._voted(story, run.trigger.name)
        if run.trigger.name.startswith("assigned.") and story.ticket.offers:
            return self._accepted(story)
        coming = coming_for(self.workflow, story.ticket, run.trigger.name, self.actors, world=self.world, passing=story.passing)
        if come := next((done for one in coming if (done := self._repeated(story, [one]))), []):
            return come
        if run.trigger.name.startswith("exhausted."):
            return self._pass(story, story.ticket.wake)
        if run.trigger.name == "children.closed":
            return self._repeated(story, _children_closed(story.ticket))
        sent, actors = self._sending(story.ticket, run)
        if sent is None:
            return []
        event, payload = sent
        unsure = any(choice.what == "unknown" for choice in run.choices)
        made = []
        for wait in self.waits if unsure else self.waits[:1]:
            for actor in actors:
                told = self.fire(story, event, payload, actor, wait)
                if told is not None:
                    made.append(told)
                if len(made) > 1:  # who did it matters for what follows, but two will do
                    return made
            if made:
                break
        return made or (self._solved(story, run, actors) if unsure and kind == "event" else [])

    def _solved(self, story: Story, run: Run, actors: list[Actor | None]) -> list[Story]:
        """An event with what its guard asks for: values solved for, the ticket's own mended by hand where anybody may."""
        compiled, workflow = self.machine.compiled, self.workflow
        by_hand = self.machine.usable("ticket.update")
        scope = begin(workflow, story.ticket, Given(story.ticket.at, None, None, None)).scope()
        for row in self.machine.chart.candidates(story.ticket.configuration, run.trigger.name):
            link = compiled.links[row]
            if link.guard is None or link.guard.asks:
                continue
            free = {read for read in link.guard.reads if read.startswith("payload.") or (by_hand and read in workflow.fields)}
            fixed = {read: _read(compiled, read, scope) for read in link.guard.reads - free}
            types = {**compiled.types, "payload": link.spec.payload or "map"}
            solved = solve([link.guard], types=types, fixed=fixed, near=story.ticket.fields, budget=SOLVING // 20)
            if solved.status != "yes":
                continue
            told: Story | None = story
            changes = {
                name: plain(solved.values[name]) for name in sorted(free & solved.values.keys() & workflow.fields.keys())
            }
            changes = {name: value for name, value in changes.items() if value != plain(story.ticket.fields.get(name))}
            if changes:
                granted = workflow.events.get("ticket.update")
                people = self.actors(story.ticket, list(granted.allow) if granted is not None else [], set())
                told = next((t for who in people if (t := self.fire(story, "ticket.update", changes, who)) is not None), None)
            if told is None:
                continue
            payload = {name: filler(spec) for name, spec in link.spec.payload.items() if spec.default is None}
            payload |= {name: plain(value) for name, value in payload_of(solved.values).items()}
            done = (self.fire(told, run.trigger.name, payload, actor) for actor in actors)
            made = [one for one in done if one is not None]
            if made:
                return made[:1]
        return []

    def fire(
        self, story: Story, event: str, payload: Mapping[str, Any], actor: Actor | None, wait: timedelta = timedelta()
    ) -> Story | None:
        """One event on the kernel, so long after the last thing; None where it is refused."""
        ticket, at = story.ticket, story.ticket.at + story.passing + wait
        self.calls += 1
        try:
            outcome = self.workflow.fire(ticket, event, payload, at=at, actor=actor, world=self.world)
        except (ServflowError, OverflowError):
            return None
        step: dict[str, Any] = {"at": write_instant(at), "event": event}
        if payload:
            step["payload"] = dict(payload)
        if actor is not None:
            step["actor"] = {"id": actor.id, "roles": list(actor.roles)}
        shown = ", ".join(f"{name} {literal(value)}" for name, value in payload.items())
        who = actor.id.partition("-")[0] if actor is not None else None
        en = f"{who} fires {event}" if who else f"{event} happens"
        zh = f"{who} 触发 {event}" if who else f"发生 {event}"
        en, zh = (f"{en} ({shown})", f"{zh}（{shown}）") if shown else (en, zh)
        if at > ticket.at:
            en, zh = f"{length(at - ticket.at)} pass, {en}", f"过 {length(at - ticket.at, 'zh')}，{zh}"
        return attrs.evolve(
            story, ticket=outcome.ticket, path=(*story.path, step), en=(*story.en, en), zh=(*story.zh, zh), passing=timedelta()
        )

    def _timer(self, story: Story, run: Run) -> list[Story]:
        due = [
            timer.due for timer in story.ticket.timers if (timer.state, timer.index) == (run.trigger.name, run.trigger.index)
        ]
        return self._pass(story, due[0] + RESOLUTION if due else None)

    def _pass(self, story: Story, at: datetime | None) -> list[Story]:
        if at is None or at < story.ticket.at:
            return []
        told = self.passed(story, at)
        return [] if told is None else [told]

    def passed(self, story: Story, at: datetime) -> Story | None:
        """Time goes on until an instant."""
        self.calls += 1
        try:
            outcome = self.workflow.advance(story.ticket, at=at, world=self.world)
        except (ServflowError, OverflowError):
            return None
        fired = [record.timer.event for record in outcome.records if isinstance(record, TimerFired)]
        events = ", ".join(fired)
        went = at - story.ticket.at
        en = f"{length(went)} pass" + (f": {events}" if events else "")
        zh = f"过 {length(went, 'zh')}" + (f"：{events}" if events else "")
        step = {"at": write_instant(at), "event": None}
        return attrs.evolve(
            story,
            ticket=outcome.ticket,
            path=(*story.path, step),
            en=(*story.en, en),
            zh=(*story.zh, zh),
            passing=timedelta() if outcome.records else at - story.ticket.at,
        )

    def _repeated(self, story: Story, events: list[Event]) -> list[Story]:
        """Several events one after the other, each by the first who may; the story after each that came through."""
        made = []
        for event, payload, actors in events:
            told = next((done for actor in actors if (done := self.fire(story, event, payload, actor)) is not None), None)
            if told is not None:
                story = told
                made.append(told)
        return list(reversed(made))

    def _accepted(self, story: Story) -> list[Story]:
        """Whoever was offered the ticket takes it."""
        return self._repeated(story, accepting(self.workflow, story.ticket))

    def _checked(self, story: Story) -> list[Story]:
        """What is still to be done on the checklists here."""
        events: list[Event] = []
        granted = self.workflow.events.get("step.check")
        for state, steps in self.machine.compiled.checklists.items():
            done: Mapping[str, Any] = story.ticket.checklist.get(state, {})
            for step in steps if state in story.ticket.entered else ():
                if step.step not in done:
                    payload: dict[str, Any] = {"step": step.step}
                    if step.evidence:
                        payload["evidence"] = {name: filler(spec) for name, spec in step.evidence.items()}
                    allow = list(step.allow or (granted.allow if granted is not None else ()))
                    events.append(("step.check", payload, self.actors(story.ticket, allow, set())))
        return self._repeated(story, events[:50])

    def _unchecked(self, story: Story) -> list[Story]:
        """Checks taken back here, the last one first."""
        granted = self.workflow.events.get("step.uncheck")
        allow = list(granted.allow) if granted is not None else []
        events: list[Event] = [
            ("step.uncheck", {"step": step, "reason": "as an example"}, self.actors(story.ticket, allow, set()))
            for state, done in story.ticket.checklist.items()
            if state in story.ticket.entered
            for step in reversed(list(done))
        ]
        return self._repeated(story, events[:50])

    def _voted(self, story: Story, name: str) -> list[Story]:
        """Votes of as many persons as it takes."""
        verdict, _, state = name.partition(".")
        event = "approval.approve" if verdict == "approved" else "approval.reject"
        approval = self.machine.compiled.states[state].approval if state in self.machine.compiled.states else None
        if approval is None:
            return []
        granted = self.workflow.events.get(event)
        allow = approval.allow or (granted.allow if granted is not None else ())
        roles = [entry for entry in allow if isinstance(entry, str) and entry in self.workflow.roles]
        voters: list[Actor | None] = [Actor(f"{role}-{number}", (role,)) for number in (3, 4, 5) for role in roles]
        voters = voters or [Actor(f"voter-{number}", self.workflow.roles) for number in (1, 2, 3)]
        return self._repeated(story, [(event, {}, [voter]) for voter in voters])

    def _sending(self, ticket: Ticket, run: Run) -> tuple[tuple[str, dict[str, Any]] | None, list[Actor | None]]:
        """The event and its payload that do what a run does, and who may."""
        kind, name = run.trigger.kind, run.trigger.name
        if kind == "event":
            rows = self.machine.chart.candidates(ticket.configuration, name)
            links = [self.machine.compiled.links[row] for row in rows]
            payload: dict[str, Any] = {}
            for link in links:
                for key, spec in link.spec.payload.items():
                    if spec.default is None and not spec.optional:
                        payload.setdefault(key, filler(spec))
            for choice in run.choices:
                if choice.what == "payload":
                    payload[choice.name.removeprefix("payload.")] = plain(choice.value)
            allows = [entry for link in links for entry in link.allow]
            not_by = {ticket.last_actors.get(link.not_by) for link in links if link.not_by is not None}
            return (name, {k: v for k, v in payload.items() if v is not None}), self.actors(ticket, allows, not_by)
        asked = self._by_hand(ticket, run)
        if asked is None:
            return None, []
        granted = self.workflow.events.get(asked[0])
        return asked, self.actors(ticket, list(granted.allow) if granted is not None else [], set())

    def _by_hand(self, ticket: Ticket, run: Run) -> tuple[str, dict[str, Any]] | None:
        """The built-in event that does what a run does; None where nobody does that by hand."""
        kind, name = run.trigger.kind, run.trigger.name
        if kind == "update":
            return "ticket.update", {c.name: plain(c.value[0]) for c in run.choices if c.what == "set" and c.value is not None}
        if kind == "force":
            return "ticket.force", {"state": name, "reason": "as an example"}
        if kind == "assign" or (name.startswith("assigned.") and self.machine.usable("ticket.assign")):
            slot = name
            if kind != "assign":
                slot = next(
                    (p.slot for p in self.workflow.dispatch if p.name == name.partition(".")[2]), name.partition(".")[2]
                )
            nobody = any(choice.name == "somebody" and choice.value is False for choice in run.choices)
            known = self.workflow.queues if slot == "queue" else ()
            return "ticket.assign", {
                "to": None if nobody else next(iter(known), "engineer-1"),
                **({"slot": slot} if slot != "assignee" else {}),
            }
        return None

    def actors(self, ticket: Ticket, allows: list[Any], but: set[str | None]) -> list[Actor | None]:
        """Persons who may be what is allowed, each once; nobody in particular where anybody may."""
        if not allows:
            return [None] if not but - {None} else [Actor("person-2")]
        found: dict[Actor, None] = {}
        roles = [entry for entry in allows if isinstance(entry, str) and entry in self.workflow.roles]
        for entry in allows:
            if entry == SYSTEM.id:
                found[SYSTEM] = None
            elif isinstance(entry, str) and entry in ("assignee", "owner", "requester"):
                held = getattr(ticket, entry)
                if held is not None and held not in but:
                    found[Actor(held)] = None
            elif isinstance(entry, str):
                named = next(f"{entry}-{number}" for number in range(1, 50) if f"{entry}-{number}" not in but)
                found[Actor(named, (entry,))] = None
        if len(roles) > 1:
            found[Actor(next(f"everybody-{n}" for n in range(1, 50) if f"everybody-{n}" not in but), tuple(roles))] = None
        return sorted(found, key=lambda actor: actor == SYSTEM)


def payload_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """The payload among solved values, nested or dotted."""
    held = values.get("payload")
    found = dict(held) if isinstance(held, Mapping) else {}
    return found | {name.removeprefix("payload."): value for name, value in values.items() if name.startswith("payload.")}


def _children_closed(ticket: Ticket) -> list[Event]:
    """Every child is closed; where there is none, somebody opens one by hand before."""
    fresh = f"child-{len(ticket.children_closed) + 1}"
    opened = [] if ticket.children else [("ticket.child_opened", fresh)]
    closed = [("ticket.child_closed", child) for child in ticket.children or (fresh,)]
    return [(event, {"child": child}, [SYSTEM]) for event, child in (*opened, *closed)]


def _read(compiled: Compiled, read: str, scope: Any) -> Any:
    try:
        return Expression.parse(read, compiled.types, functions=compiled.functions).value(scope)
    except ExpressionError:
        return None


def _durations(tree: Any) -> list[timedelta]:
    found: list[timedelta] = []
    waiting = [tree]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Mapping):
            if part.get("call") == "duration" and "const" in part.get("args", [{}])[0]:
                try:
                    found.append(Expression.from_tree(part).evaluate({}))
                except ExpressionError:
                    continue
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)
    return [part for part in found if timedelta() <= part <= timedelta(days=3_650)]


# searching ----------------------------------------------------------------------------------------------------


def search(
    machine: Abstract,
    found: Found,
    goals: Iterable[int],
    reached: Callable[[Story, int], Any],
    *,
    calls: int = MAX_CALLS,
) -> Any:
    """
    The first real ticket that gets where the abstract machine says one may, nearest first.

    Args:
        goals: places by number.
        reached: asked of every story that stands at a goal; what it gives, unless None, is the answer.
        calls: how many calls of the kernel are made at most.
    """
    player = Player(machine, found)
    ahead = found.distances(goals)
    order = count()
    # What is still to be done: a story to look on from, or one more run to carry out on it; of equally long ones that
    # which is nearest to its end.
    waiting: list[tuple[int, int, int, Story | None, int, Run | None]] = []
    visits: dict[tuple[int, bool], int] = {}

    def plan(runs: Iterable[Run], story: Story | None, far: int) -> None:
        done: set[Any] = set()
        for run in runs:
            left = ahead.get(found.numbers.get(run.target, -1))  # type: ignore[arg-type]  # these runs lead somewhere
            asked = (run.trigger, tuple((c.what, c.name, c.taken) for c in run.choices if c.free), _unsure(run))
            if left is not None and asked not in done:
                done.add(asked)
                heapq.heappush(waiting, (far + left, left, next(order), story, far, run))

    plan(found.openings(), None, 0)
    while waiting and player.calls < calls:
        _, _, _, story, far, run = heapq.heappop(waiting)
        if run is not None:
            for told in player.opened(run) if story is None else player.after(story, run):
                for number in player.place(told.ticket):
                    if number in ahead:
                        heapq.heappush(
                            waiting,
                            (far + ahead[number], ahead[number], next(order), attrs.evolve(told, number=number), far, None),
                        )
            continue
        assert story is not None
        number = story.number
        key = (number, story.opener is not None)
        visits[key] = visits.get(key, 0) + 1
        if ahead[number] == 0:
            answer = reached(story, number)
            if answer is not None:
                return answer
        if visits[key] <= 3:
            plan(found.steps(number), story, far + 1)
    return None


def _unsure(run: Run) -> bool:
    return any(choice.what == "unknown" for choice in run.choices)


__all__ = ["MAX_CALLS", "Player", "search"]
