"""Knows what people outside are shown of a ticket; must not know any name inside that they should not see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from servflow import sla
from servflow.engine._as_of import as_of
from servflow.engine._given import Given
from servflow.engine._shown import View
from servflow.errors import InputError, nearest, shown
from servflow.model import ShownStep, Ticket, in_language, write_instant

if TYPE_CHECKING:
    from servflow.engine._call import OneCall
    from servflow.engine._compile import Compiled
    from servflow.engine._workflow import Workflow
    from servflow.model import ClockRun


@frozen(kw_only=True)
class ProgressStep:
    """
    One step as an audience sees it.

    ``status`` is ``done`` (the ticket was there), ``current``, ``coming``, or ``skipped`` (it lies before where
    the ticket is, and the ticket never was there). ``at`` is when the ticket came there last.
    """

    name: str
    status: str
    at: datetime | None = None

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {"name": self.name, "status": self.status, "at": _at(self.at)}


@frozen(kw_only=True)
class ProgressPromise:
    """
    A promise an audience is told of.

    ``due`` is when it is due as the clock's ``display`` wants it shown, None while it rests; ``kept`` is True or False once
    that is decided, None before.
    ``waived`` says that it was broken and that is excused; the reason is not for outside.
    """

    name: str
    due: datetime | None = None
    kept: bool | None = None
    waived: bool = False

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {"name": self.name, "due": _at(self.due), "kept": self.kept, "waived": self.waived}


@frozen(kw_only=True)
class Progress:
    """
    Where a ticket stands, as an audience outside sees it: words meant for it and nothing else.

    ``current`` are the steps it is at (several where work goes on side by side; none before the first one), since
    ``since``. ``steps`` are all of them in the order of the definition.
    """

    ticket: str
    audience: str
    at: datetime
    current: tuple[str, ...] = ()
    since: datetime | None = None
    closed: bool = False
    steps: tuple[ProgressStep, ...] = ()
    promises: tuple[ProgressPromise, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form, for a tracking page or a message."""
        return {
            "ticket": self.ticket,
            "audience": self.audience,
            "at": _at(self.at),
            "current": list(self.current),
            "since": _at(self.since),
            "closed": self.closed,
            "steps": [step.as_data() for step in self.steps],
            "promises": [promise.as_data() for promise in self.promises],
        }


def _at(value: datetime | None) -> str | None:
    return None if value is None else write_instant(value)


def progress(workflow: Workflow, ticket: Ticket, audience: str, at: datetime | None, world: Any, *, lang: str) -> Progress:
    """
    The outward view of a ticket as of one instant.

    Raises:
        InputError: the workflow shows nothing to such an audience.
    """
    views = workflow.compiled.views
    wanted: object = audience
    if not isinstance(wanted, str) or wanted not in views:
        close = nearest(str(wanted)[:200], views)
        hint = f"did you mean {close!r}?" if close else f"known are {', '.join(views) or 'none: give states a key shown'}"
        raise InputError(
            f"workflow {workflow.workflow} shows nothing to an audience {shown(wanted)}; {hint}",
            code="audience",
            audience=shown(wanted),
            known=tuple(views),
            nearest=close,
        )
    if not isinstance(ticket, Ticket):
        raise InputError(f"pass a Ticket, not {shown(ticket)}; load_ticket(row) reads a stored one")
    call = as_of(workflow, ticket, Given.of(ticket.at if at is None else at, None, world, None))
    draft, view = call.draft, views[audience]
    seen = _seen(call, audience, view)
    current = [step for step in seen if step.current]
    return Progress(
        ticket=draft.id,
        audience=audience,
        at=call.at,
        current=tuple(
            in_language(text, lang) for state, text in view.steps.items() if any(step.state == state for step in current)
        ),
        since=max((step.at for step in current), default=None),
        closed=draft.closed,
        steps=_steps(view, seen, lang),
        promises=tuple(_promises(call.compiled, audience, draft.clocks, lang)),
    )


def _seen(call: OneCall, audience: str, view: View) -> list[ShownStep]:
    """
    The steps the audience has seen, in the order of coming to them.

    What the ticket kept, put right by where it stands: it may have come there under a version that showed nothing.
    """
    draft = call.draft
    here = view.here(draft.configuration)
    kept = [step for step in draft.shown.get(audience, ()) if step.state in view.steps]
    if not here or {step.state for step in kept if step.current} == set(here):
        return kept
    since = {step.state: step.at for step in kept if step.current}
    for leaf in draft.configuration:
        since.setdefault(view.of_state.get(leaf, ""), draft.entered.get(leaf, draft.entered_at))
    passed = [evolve(step, current=False) for step in kept if step.state not in here]
    return [*passed, *(ShownStep(state=state, at=since[state]) for state in here)]


def _steps(view: View, seen: list[ShownStep], lang: str) -> tuple[ProgressStep, ...]:
    order = {state: place for place, state in enumerate(view.steps)}
    known = {step.state: step for step in seen}
    here = [order[step.state] for step in seen if step.current]
    found = []
    for state, text in view.steps.items():
        step = known.get(state)
        if step is not None and step.current:
            status = "current"
        elif not here or order[state] > max(here):
            status = "coming"
        elif step is not None:
            status = "done"
        else:
            status = "skipped" if order[state] < min(here) else "coming"
        at = step.at if step is not None and status != "coming" else None
        found.append(ProgressStep(name=in_language(text, lang), status=status, at=at))
    return tuple(found)


def _promises(compiled: Compiled, audience: str, runs: Mapping[str, ClockRun], lang: str) -> Iterable[ProgressPromise]:
    for plan in compiled.clocks:
        run = runs.get(plan.clock.name)
        if run is None or run.phase == "cancelled" or audience not in plan.clock.shown:
            continue
        kept = False if run.breached_at is not None else True if run.phase == "met" else None
        waived = kept is False and run.waived is not None
        due = sla.display_due(plan.clock, run, compiled.counting(run.calendar, run.name))
        yield ProgressPromise(name=in_language(plan.clock.shown[audience], lang), due=due, kept=kept, waived=waived)


__all__ = ["Progress", "ProgressPromise", "ProgressStep", "progress"]
