"""Knows what conditions may read of checklists, approvals and children; must not know how these change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from servflow.dispatch._appointment_view import VIEW_TYPE, appointment_view
from servflow.engine import _parts_there
from servflow.errors import nearest, render
from servflow.model import EMPTY, ApprovalRound, Field, FrozenMap, PartLine, part_units, write_instant

if TYPE_CHECKING:
    from servflow.engine._call import OneCall
    from servflow.engine._idioms import ChecklistStep

TYPES: Mapping[str, Mapping[str, str]] = {
    "checklist": {"complete": "bool", "done": "list(string)", "missing": "list(string)"},
    "approval": {"approved": "int", "rejected": "int", "by": "list(string)"},
    "children": {"open": "int", "total": "int"},
    "appointment": VIEW_TYPE,
    "parts": {
        "ready": "bool",
        "short": "list(string)",
        **dict.fromkeys(("reserved", "used", "returned"), "list(string)"),
        "open": "int",
        "origin": "string",
    },
}
"""What a condition may read of checklists and approvals of the active states, of children, of the visit and of spare parts."""

NO_VOTES = ApprovalRound()


def steps(call: OneCall) -> Iterator[tuple[str, ChecklistStep]]:
    """The steps of the active states, each with its state, in their order."""
    entered = call.draft.entered
    for state, listed in call.compiled.checklists.items():
        if state in entered:
            for step in listed:
                yield state, step


def is_done(call: OneCall, state: str, step: str) -> bool:
    """Whether a step of a state was checked."""
    return step in call.draft.checklist.get(state, ())


def checklist(call: OneCall) -> Mapping[str, Any]:
    """Whether every required step is done, which steps are, and which required ones are not."""
    done, missing = [], []
    for state, step in steps(call):
        if is_done(call, state, step.step):
            done.append(step.step)
        elif step.required:
            missing.append(step.step)
    return {"complete": not missing, "done": tuple(done), "missing": tuple(missing)}


def voting(call: OneCall) -> list[str]:
    """The active states in which something is to be approved."""
    return [state for state in call.compiled.approvals if state in call.draft.entered]


def approval(call: OneCall) -> Mapping[str, Any] | None:
    """How many have approved and rejected, and who approved; None where a field has the name."""
    if "approval" in call.workflow.fields:
        return None
    votes = [vote for state in voting(call) for vote in call.draft.approvals.get(state, NO_VOTES).votes]
    approved = [vote.by for vote in votes if vote.vote == "approve"]
    return {"approved": len(approved), "rejected": len(votes) - len(approved), "by": tuple(approved)}


def children(call: OneCall) -> Mapping[str, Any] | None:
    """How many children are open, and how many there have ever been; None where a field has the name."""
    if "children" in call.workflow.fields:
        return None
    return {"open": len(call.draft.children), "total": max(call.draft.children_total, len(call.draft.children))}


def appointment(call: OneCall) -> Mapping[str, Any] | None:
    """The visit that is booked, and how often one came to nothing; None where a field has the name."""
    if "appointment" in call.workflow.fields:
        return None
    return appointment_view(call.draft.appointment)


def parts(call: OneCall) -> Mapping[str, Any] | None:
    """
    Which spare parts are waited for, put aside, used and given back; None where a field has the name.

    ``ready`` says that none is waited for, ``open`` how many units were put aside and not used; ``origin`` from where those
    came that the event at hand used or gave back.
    """
    if "parts" in call.workflow.fields:
        return None
    held = call.draft.parts
    by_state = {state: part_units(held, state) for state in ("needed", "reserved", "used", "returned")}
    names = {state: tuple(found) for state, found in by_state.items()}
    short = names.pop("needed")
    open_ = sum(by_state["reserved"].values())
    happening = vars(call).get("happening")  # guards are asked before the first step begins
    return {
        "ready": not short,
        "short": short,
        **names,
        "open": open_,
        "origin": happening.origin if happening is not None else "",
    }


def part_rows(call: OneCall) -> Iterator[FrozenMap[str, Any]]:
    """The lines of spare parts as people are told them, in their order; what is waited for with why."""
    for line in call.draft.parts:
        yield FrozenMap(
            {
                "line": line.line,
                "part": line.part,
                "quantity": line.quantity,
                "state": line.state,
                "since": write_instant(line.since),
                "place": line.place,
                "origin": line.origin,
                "serials": line.serials,
                "condition": line.condition,
                "held": line.held,
                "waits": line.waits,
                **dict(zip(("why", "why_zh"), _why(call, line), strict=True)),
            }
        )


def _why(call: OneCall, line: PartLine) -> list[str]:
    facts: dict[str, Any] = {"quantity": line.quantity, "part": line.part}
    if line.state != "needed":
        more = f"_{line.condition}" if line.condition else "_held" if line.state == "used" and line.held else ""
        return [render(f"parts.{line.state}{more}", facts, lang) for lang in ("en", "zh")]
    there = list(_parts_there.places(call, line))
    known = {part for held in (call.world.stock or {}).values() for part in held} if call.world is not None else set()
    close = nearest(line.part, known) if line.part not in known else None
    code = "needed" if not close else "needed_unknown"
    unknown = "needed_plain" if line.waits else "needed_uncounted"  # a world that counted it is not at hand
    found = []
    for lang in ("en", "zh"):
        each = [
            render(
                "parts.free_at" if place else "parts.free_central",
                {"free": max(0, _parts_there.free(call, line.part, place, units)), "on_hand": units, "place": place},
                lang,
            )
            for place, units in there
        ]
        said = {**facts, "places": ("，" if lang == "zh" else ", ").join(each), "nearest": close}  # noqa: RUF001 - Chinese text uses full-width punctuation
        found.append(render(f"parts.{code if each else unknown}", said, lang))
    return found


def step_rows(call: OneCall) -> Iterator[FrozenMap[str, Any]]:
    """The steps of the active states as people are told them, in their order."""
    for state, step in steps(call):
        done = call.draft.checklist.get(state, EMPTY).get(step.step)
        run = call.draft.clocks.get(f"step.{state}.{step.step}")
        yield FrozenMap(
            {
                "state": state,
                "step": step.step,
                "title": step.title,
                "required": step.required,
                "done": done is not None,
                "by": done.by if done is not None else None,
                "at": write_instant(done.at) if done is not None else None,
                "evidence": {name: asked_type(spec) for name, spec in step.evidence.items()},
                "given": done.evidence if done is not None else None,
                "due": write_instant(run.due) if run is not None and run.due is not None else None,
            }
        )


def asked_type(spec: Field) -> str:
    """The type of a value that is asked for; ``?`` marks what may be left out."""
    return f"{spec.type}?" if spec.optional or spec.default is not None else spec.type


def approval_rows(call: OneCall) -> Iterator[FrozenMap[str, Any]]:
    """The approvals of the active states as people are told them: what it takes, and who voted what."""
    for state in voting(call):
        held = call.draft.approvals.get(state, NO_VOTES)
        spec = call.compiled.approvals[state]
        run = call.draft.clocks.get(f"approval.{state}")
        yield FrozenMap(
            {
                "state": state,
                "quorum": spec.quorum,
                "reject": spec.reject,
                "votes": tuple(
                    FrozenMap({"by": vote.by, "vote": vote.vote, "at": write_instant(vote.at), "roles": vote.roles})
                    for vote in held.votes
                ),
                "approved": tuple(vote.by for vote in held.votes if vote.vote == "approve"),
                "rejected": tuple(vote.by for vote in held.votes if vote.vote == "reject"),
                "decided": held.decided,
                "due": write_instant(run.due) if run is not None and run.due is not None else None,
            }
        )


__all__ = [
    "NO_VOTES",
    "TYPES",
    "appointment",
    "approval",
    "approval_rows",
    "asked_type",
    "checklist",
    "children",
    "is_done",
    "part_rows",
    "parts",
    "step_rows",
    "steps",
    "voting",
]
