"""Knows what a built-in event lets people choose among, on this ticket in this world; must not know how a form is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from attrs import frozen

from servflow.embedding._form_inputs import Choice
from servflow.embedding._form_words import plain, word
from servflow.engine import SURVEY_ABOUT as ABOUT
from servflow.engine import SURVEY_SCALES as SCALES
from servflow.engine import Workflow
from servflow.engine._assigning import SLOTS
from servflow.engine._parts_asked import CONDITIONS
from servflow.model import Actor, Ticket, World, in_language
from servflow.sla import SIDES

MOST = 500
"""How many suggestions a form makes at most: a page with thousands of people in every form helps nobody."""


@frozen(kw_only=True)
class Sight:
    """What a form is drawn of: the ticket as it stands, for whom and in which language."""

    workflow: Workflow
    ticket: Ticket
    actor: Actor | None
    world: World | None
    lang: str
    zone: str | None

    def state(self, name: str) -> str:
        """What a state is called."""
        return self.called("state", name)

    def called(self, kind: str, name: str) -> str:
        """What a part of the workflow is called: by its title, else by its name in words."""
        told = self.workflow.called(kind, name, lang=self.lang)
        return plain(name) if told == name else told


def choices_of(sight: Sight, event: str, key: str) -> tuple[tuple[Choice, ...], bool]:
    """What there is to choose for a key of a built-in event, and whether there is nothing else; none for most."""
    maker = _CHOICES.get(f"{event}.{key}") or _CHOICES.get(f"{event.partition('.')[0]}.*.{key}")
    if maker is None:
        return (), False
    find, strict = maker
    found: dict[object, Choice] = {}
    for choice in find(sight):
        if len(found) >= MOST and not strict:
            break
        found.setdefault(choice.value, choice)
    return tuple(found.values()), strict and bool(found)


def bounds_of(event: str, key: str) -> tuple[int | None, int | None]:
    """The least and the greatest number that a key of a built-in event may be, where there are any."""
    if (event, key) == ("rating.add", "score"):
        return min(low for low, _ in SCALES.values()), max(high for _, high in SCALES.values())
    return (1, None) if key in ("quantity", "line", "cycle", "run") else (None, None)


def _words(names: Iterable[str]) -> Callable[[Sight], Iterator[Choice]]:
    listed = tuple(names)
    return lambda sight: (Choice(name, word(name, sight.lang)) for name in listed)


def _named(people: Iterable[object]) -> Iterator[Choice]:
    for one in people:
        key = str(getattr(one, "id", ""))
        yield Choice(key, str(getattr(one, "name", "")) or key)


def _people(sight: Sight) -> Iterator[Choice]:
    if sight.world is not None:
        yield from _named((*sight.world.engineers, *sight.world.agents, *sight.world.people))


def _takers(sight: Sight) -> Iterator[Choice]:
    yield from _people(sight)
    if sight.world is not None:
        yield from _named((*sight.world.outlets, *sight.world.bots, *sight.world.providers))
    yield from (Choice(name, sight.called("queue", name)) for name in sight.workflow.queues)


def _states(sight: Sight) -> Iterator[Choice]:
    return (Choice(name, sight.state(name)) for name in sight.workflow.compiled.forcible)


def _done_steps(sight: Sight) -> Iterator[Choice]:
    for state, steps in sight.workflow.compiled.checklists.items():
        done: Mapping[str, object] = sight.ticket.checklist.get(state, {}) if state in sight.ticket.entered else {}
        yield from (
            Choice(step.step, in_language(step.title, sight.lang) or plain(step.step)) for step in steps if step.step in done
        )


def _approvals(sight: Sight) -> Iterator[Choice]:
    return (Choice(name, sight.state(name)) for name in sight.workflow.compiled.approvals if name in sight.ticket.entered)


def _offers(sight: Sight) -> Iterator[Choice]:
    who = sight.actor.id if sight.actor is not None else None
    return (Choice(offer.id, plain(offer.policy)) for offer in sight.ticket.offers if offer.to == who)


def _breached(sight: Sight) -> Iterator[Choice]:
    held = sight.ticket.clocks.items()
    return (Choice(name, sight.called("clock", name)) for name, run in held if run.breached_at is not None or run.summary.late)


def _running_chains(sight: Sight) -> Iterator[Choice]:
    return (Choice(run.chain, sight.called("chain", run.chain)) for run in sight.ticket.chains)


def _all_chains(sight: Sight) -> Iterator[Choice]:
    return (Choice(chain.name, sight.called("chain", chain.name)) for chain in sight.workflow.escalations)


def _policies(sight: Sight) -> Iterator[Choice]:
    return (Choice(policy.name, plain(policy.name)) for policy in sight.workflow.dispatch)


def _helpers(sight: Sight) -> Iterator[Choice]:
    names = {choice.value: choice for choice in _people(sight)}
    return (names.get(who) or Choice(who, who) for who in sight.ticket.helpers)


def _watchers(sight: Sight) -> Iterator[Choice]:
    names = {choice.value: choice for choice in _people(sight)}
    return (names.get(who) or Choice(who, who) for who in sight.ticket.watchers)


def _parts(sight: Sight) -> Iterator[Choice]:
    yield from (Choice(line.part, line.part) for line in sight.ticket.parts)
    if sight.world is not None and sight.world.stock is not None:
        yield from (Choice(part, part) for held in sight.world.stock.values() for part in held)


def _places(sight: Sight) -> Iterator[Choice]:
    if sight.world is not None and sight.world.stock is not None:
        yield from (Choice(place, place) for place in sight.world.stock if place)


def _scales(sight: Sight) -> Iterator[Choice]:
    asked = [survey.scale for survey in sight.workflow.surveys]
    for name in (*asked, *SCALES):
        low, high = SCALES[name]
        yield Choice(name, f"{name.upper()} ({low}-{high})")


_CHOICES: Mapping[str, tuple[Callable[[Sight], Iterable[Choice]], bool]] = {
    "ticket.assign.slot": (_words(SLOTS), True),
    "ticket.assign.to": (_takers, False),
    "ticket.message.side": (_words(SIDES), True),
    "ticket.force.state": (_states, True),
    "ticket.watch.who": (_people, False),
    "ticket.unwatch.who": (_watchers, True),
    "helper.remove.who": (_helpers, True),
    "step.uncheck.step": (_done_steps, True),
    "approval.*.state": (_approvals, True),
    "offer.*.offer": (_offers, True),
    "dispatch.*.to": (_takers, False),
    "dispatch.*.slot": (_words(SLOTS), True),
    "queue.take.policy": (_policies, True),
    "appointment.*.to": (_people, False),
    "clock.waive.clock": (_breached, True),
    "chain.start.chain": (_all_chains, True),
    "chain.*.chain": (_running_chains, True),
    "part.*.part": (_parts, False),
    "part.*.place": (_places, False),
    "part.return.condition": (_words(CONDITIONS), True),
    "rating.add.scale": (_scales, True),
    "rating.add.about": (_words(ABOUT), True),
}
"""Built-in event and key (``*``: any event of that kind) -> what there is to choose, and whether there is nothing else."""

__all__ = ["MOST", "Sight", "bounds_of", "choices_of"]
