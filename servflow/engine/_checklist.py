"""Knows how steps of a checklist are checked and what is still missing; must not know who may fire events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from servflow.engine._facts import is_done, steps
from servflow.engine._payloads import lacking, refuse, typed_payload
from servflow.engine._permit import not_permitted, permitted
from servflow.engine._raised import tell
from servflow.errors import Refused, nearest
from servflow.model import Checked, FrozenMap, Unchecked, frozen_map

if TYPE_CHECKING:
    from servflow.engine._call import OneCall
    from servflow.engine._idioms import ChecklistStep

CHECK, UNCHECK = "step.check", "step.uncheck"
_LONGEST = 1_000


def grant(call: OneCall, step: ChecklistStep | None) -> tuple[tuple[Any, ...], str | None]:
    """Who may check a step, and by whom it may not be: its own grant, else that of the event."""
    spec = call.workflow.events.get(CHECK)
    allow = spec.allow if spec is not None else ()
    return (step.allow if step is not None and step.allow else allow), (spec.not_by if spec is not None else None)


def may_check(call: OneCall) -> bool:
    """Whether the present actor may check any step here; where there is none, whether they could."""
    return any(permitted(call, *grant(call, step)) for step in _here(call))


def why_not(call: OneCall) -> Refused:
    """Why the present actor may check no step here."""
    grants = [grant(call, step) for step in _here(call)]
    return not_permitted(call, CHECK, tuple(dict.fromkeys(entry for allow, _ in grants for entry in allow)), grants[0][1])


def _here(call: OneCall) -> list[ChecklistStep | None]:
    here: list[ChecklistStep | None] = [step for _, step in steps(call)]
    return here or [None]


def may_start(call: OneCall, state: str, name: str) -> bool:
    """Whether the promise of a step begins now: it is to be done, and in an ordered list it is its turn."""
    if state not in call.draft.entered or is_done(call, state, name):
        return False
    return not (call.compiled.states[state].ordered and _before(call, state, name))


def _before(call: OneCall, state: str, name: str) -> list[str]:
    """The required steps that come before one and are not done."""
    found = []
    for step in call.compiled.checklists[state]:
        if step.step == name:
            break
        if step.required and not is_done(call, state, step.step):
            found.append(step.step)
    return found


def check(call: OneCall, payload: Mapping[str, Any]) -> None:
    """
    Check one step of an active state.

    Raises:
        Refused: there is no such step here, somebody else has to do it, another comes first, or its evidence is missing.
    """
    state, step = _find(call, payload, CHECK, done=False)
    allow, not_by = grant(call, step)
    # Where a transition takes the event, that has granted it unless the step says otherwise.
    if (step.allow or not call.compiled.moves(CHECK)) and not permitted(call, allow, not_by):
        raise not_permitted(call, CHECK, allow, not_by, what=f"checking {step.step}")
    if is_done(call, state, step.step):
        return  # a second tap on the same box is no second check
    missing = _before(call, state, step.step) if call.compiled.states[state].ordered else []
    if missing:
        raise refuse(
            CHECK, f"{step.step} comes after {', '.join(missing)}", field="step", step=step.step, missing=tuple(missing)
        )
    call.record(Checked, state=state, step=step.step, by=_by(call), evidence=_evidence(step, payload.get("evidence")))
    call.happening.changed.add("checklist")
    tell(call, f"checked.{state}.{step.step}", FrozenMap({"step": step.step}))
    if all(is_done(call, state, other.step) or not other.required for other in call.compiled.checklists[state]):
        tell(call, f"done.checklist.{state}")


def uncheck(call: OneCall, payload: Mapping[str, Any]) -> None:
    """
    Take the check of a step back.

    Raises:
        Refused: there is no such step here, it is not checked, or in an ordered list a later one is.
    """
    reason = payload.get("reason")
    if reason in (None, ""):
        raise lacking(UNCHECK, "reason")
    if not isinstance(reason, str) or not 0 < len(reason) <= _LONGEST:
        raise refuse(
            UNCHECK, f"reason is a text of at most {_LONGEST} characters, not {reason!r}", field="reason", value=reason
        )
    state, step = _find(call, payload, UNCHECK, done=True)
    if not is_done(call, state, step.step):
        raise refuse(UNCHECK, f"{step.step} is not checked", field="step", value=step.step)
    listed = [other for other in call.compiled.checklists[state] if other.required or other is step]
    later = [other.step for other in listed[listed.index(step) + 1 :] if is_done(call, state, other.step)]
    if call.compiled.states[state].ordered and step.required and later:
        raise refuse(
            UNCHECK, f"{', '.join(later)} came after {step.step}; uncheck that first", field="step", later=tuple(later)
        )
    call.record(Unchecked, state=state, step=step.step, by=_by(call), reason=reason)
    call.happening.changed.add("checklist")
    tell(call, f"unchecked.{state}.{step.step}", FrozenMap({"step": step.step}))


def _find(call: OneCall, payload: Mapping[str, Any], event: str, *, done: bool) -> tuple[str, ChecklistStep]:
    name = payload.get("step")
    if name in (None, ""):
        raise lacking(event, "step")
    if not isinstance(name, str) or not name or len(name) > _LONGEST:
        raise refuse(event, f"step is the name of a step, not {name!r}", field="step", value=name)
    here = list(steps(call))
    named = [(state, step) for state, step in here if step.step == name]
    if not named:
        known = [step.step for _, step in here]
        close = nearest(name, known)
        said = f"did you mean {close!r}?" if close else f"it has {', '.join(known) or 'none'}"
        raise refuse(
            event,
            f"state {call.draft.state} has no checklist step {name!r}; {said}",
            field="step",
            value=name,
            known=tuple(known),
            nearest=close,
        )
    # Two regions may list the same step: the one where there is something to do goes first.
    return next((found for found in named if is_done(call, found[0], name) is done), named[0])


def _evidence(step: ChecklistStep, given: Any) -> Any:
    """What came with a check, in the types its step declares."""
    if not step.evidence:
        return given
    needs = {name: spec.type for name, spec in step.evidence.items()}
    if given is not None and not isinstance(given, Mapping):
        raise refuse(CHECK, f"evidence of {step.step} is a mapping, not {given!r}", field="evidence", needs=needs)
    try:
        return frozen_map(typed_payload(step.evidence, given or {}, f"{CHECK} of {step.step}"))
    except Refused as problem:
        problem.facts.update(event=CHECK, step=step.step, field="evidence")
        raise


def _by(call: OneCall) -> str | None:
    return call.actor.id if call.actor is not None else None


__all__ = ["CHECK", "UNCHECK", "check", "grant", "may_check", "may_start", "uncheck", "why_not"]
