"""Knows how votes make an approval and what could never be approved; must not know what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from servflow.engine._facts import NO_VOTES, voting
from servflow.engine._payloads import refuse
from servflow.engine._permit import done_by, is_one_of, not_permitted, permitted, who
from servflow.engine._raised import tell
from servflow.errors import LimitError, Refused, nearest
from servflow.model import FrozenMap, Vote, Voted

if TYPE_CHECKING:
    from servflow.engine._call import OneCall
    from servflow.engine._compile import Compiled
    from servflow.engine._idioms import Approval

APPROVE, REJECT = "approval.approve", "approval.reject"
MAX_VOTES = 200
"""How many people may vote in one round."""

_LONGEST = 10_000
_OF_STAYS = ("closed", "checklist", "ordered", "approval", "timers", "shown")


def grant(compiled: Compiled, state: str, event: str) -> tuple[tuple[Any, ...], str | None]:
    """Who may vote in a state, and the event whose last actor may not: its own grant, else that of the event."""
    approval = compiled.approvals[state]
    spec = compiled.workflow.events.get(event)
    allow = approval.allow or (spec.allow if spec is not None else ())
    return allow, approval.not_by or (spec.not_by if spec is not None else None)


def may_vote(call: OneCall, event: str) -> bool:
    """Whether the present actor may vote in any active state."""
    return any(_refusal(call, state, event) is None for state in voting(call))


def why_not(call: OneCall, event: str) -> Refused:
    """Why the present actor may not vote here."""
    here = voting(call)
    if not here:
        allowed = tuple(call.compiled.approvals)
        return Refused(
            f"{event} is not allowed in state {call.draft.state}; it is in {', '.join(allowed) or 'no state'}",
            code="not_here",
            event=event,
            state=call.draft.state,
            allowed_in=allowed,
        )
    return next(
        (no for state in here if (no := _refusal(call, state, event)) is not None), not_permitted(call, event, (), None)
    )


def _refusal(call: OneCall, state: str, event: str) -> Refused | None:
    """Why the present actor may not vote in one state; None where they may."""
    approval = call.compiled.approvals[state]
    allow, not_by = grant(call.compiled, state, event)
    if call.actor is None or not permitted(call, allow, not_by):
        if call.actor is None and not allow:
            return Refused(
                f"{event} is not permitted: a vote is somebody's, and no actor was given",
                code="not_permitted",
                event=event,
                actor=None,
                needs=(),
            )
        return not_permitted(call, event, allow, not_by)
    denied = next((entry for entry in approval.deny if is_one_of(call, (entry,))), None)
    if denied is None:
        return None
    relation = who((denied,))[0]
    return Refused(
        f"{event} is not permitted: {call.actor.id} is {relation}, and {relation} may not vote here",
        code="not_permitted",
        event=event,
        actor=call.actor.id,
        roles=call.roles,
        needs=who(allow),
        deny=who(approval.deny),
    )


def vote(call: OneCall, event: str, payload: Mapping[str, Any]) -> None:
    """
    Take one vote; an earlier one of the same person is replaced.

    Raises:
        Refused: nothing is to be approved here, it is decided already, or the actor may not.
        LimitError: too many people have voted.
    """
    state = _where(call, event, payload)
    comment = payload.get("comment") or ""
    if not isinstance(comment, str) or len(comment) > _LONGEST:
        raise refuse(
            event, f"comment is a text of at most {_LONGEST} characters, not {comment!r}", field="comment", value=comment
        )
    problem = _refusal(call, state, event)
    if problem is not None:
        raise problem
    held = call.draft.approvals.get(state, NO_VOTES)
    if held.decided is not None:
        raise Refused(
            f"{event} is not allowed now: {state} was {held.decided}",
            code="guard",
            event=event,
            state=state,
            approval=state,
            decided=held.decided,
        )
    approval = call.compiled.approvals[state]
    by = call.actor.id if call.actor is not None else ""
    kind = "approve" if event == APPROVE else "reject"
    counted = approval.quorum if isinstance(approval.quorum, Mapping) else ()
    roles = tuple(role for role in counted if is_one_of(call, (role,)))
    others = [other for other in held.votes if other.by != by]
    if len(others) >= MAX_VOTES:
        raise LimitError(f"more than {MAX_VOTES} people have voted in {state}", code="votes", limit=MAX_VOTES)
    votes = [*others, Vote(by=by, vote=kind, at=call.at, roles=roles)]
    needed, decided = _decided(call, state, approval, votes)
    call.record(Voted, state=state, by=by, vote=kind, roles=roles, comment=comment, needed=needed, decided=decided)
    call.happening.changed.add("approval")
    if decided is not None:
        voters = tuple(one.by for one in votes if (one.vote == "approve") is (decided == "approved"))
        tell(call, f"{decided}.{state}", FrozenMap({"by": voters, "comment": comment}))


def _where(call: OneCall, event: str, payload: Mapping[str, Any]) -> str:
    here = voting(call)
    if not here:
        raise why_not(call, event)
    named = payload.get("state")
    if named is not None:
        if named in here:
            return str(named)
        close = nearest(str(named), here)
        said = f"did you mean {close!r}?" if close else f"there is one in {', '.join(here)}"
        raise refuse(
            event,
            f"there is no approval in {named!r} now; {said}",
            field="state",
            value=named,
            known=tuple(here),
            nearest=close,
        )
    waiting = [state for state in here if call.draft.approvals.get(state, NO_VOTES).decided is None]
    mine = [state for state in waiting if _refusal(call, state, event) is None]
    if len(mine) > 1:
        raise refuse(event, f"say which with state: {', '.join(mine)}", field="state", value=None, known=tuple(mine))
    return (mine or waiting or here)[0]


# counting ----------------------------------------------------------------------------------------------------------


def _decided(call: OneCall, state: str, approval: Approval, votes: list[Vote]) -> tuple[int | None, str | None]:
    """How many approvals it takes, and what the votes decide."""
    approved = [one for one in votes if one.vote == "approve"]
    quorum, share = approval.quorum, approval.share
    if share is None and isinstance(quorum, Mapping):
        needed = sum(quorum.values())
        met = _filled(quorum, approved)
    elif share is None:
        needed = int(quorum)
        met = len(approved) >= needed
    else:
        body = electorate(call, state) | {one.by for one in votes}
        needed = -(-share * len(body) // 100)
        met = len(approved) >= needed
    if met:
        return needed, "approved"
    return needed, "rejected" if len(votes) - len(approved) >= approval.reject else None


def _filled(quorum: Mapping[str, int], approved: list[Vote]) -> bool:
    """Whether the votes fill every place of every role, each vote one place: found by augmenting paths."""
    places = [role for role, count in quorum.items() for _ in range(count)]
    taken: dict[int, int] = {}  # index of a vote -> place

    def seat(place: int, tried: set[int]) -> bool:
        for index, one in enumerate(approved):
            if index in tried or places[place] not in one.roles:
                continue
            tried.add(index)
            if index not in taken or seat(taken[index], tried):
                taken[index] = place
                return True
        return False

    return all(seat(place, set()) for place in range(len(places)))


def electorate(call: OneCall, state: str) -> set[str]:
    """
    Everybody who may vote in a state, as far as the world and the ticket know.

    Raises:
        Refused: no world was given, so that nobody can be counted.
    """
    approval = call.compiled.approvals[state]
    allow, not_by = grant(call.compiled, state, APPROVE)
    if call.world is None:
        raise Refused(
            f"{state} takes {approval.quorum} of those who may approve, and without a world nobody can count them",
            code="guard",
            event=APPROVE,
            state=state,
            approval=state,
            quorum=approval.quorum,
        )
    found = {person for entry in allow for person in _people(call, entry)}
    found -= {person for entry in approval.deny for person in _people(call, entry)}
    return found - done_by(call.draft, not_by)


def _people(call: OneCall, entry: Any) -> list[str]:
    draft, world = call.draft, call.world
    if world is None:
        return []
    if isinstance(entry, Mapping):
        subject = getattr(draft, str(entry.get("manager_of")), None)
        found = [None if subject is None else world.manager_of(subject)]
    elif entry in ("assignee", "owner"):
        found = [getattr(draft, entry)]
    elif entry == "requester":
        found = [draft.requester, draft.customer]
    else:
        scopes = {person: world.persons[person].outlets for person in world.holders.get(entry, ())}
        found = [person for person, outlets in scopes.items() if not outlets or draft.outlet in outlets]
    return [person for person in found if person is not None]


# at load -----------------------------------------------------------------------------------------------------------


def check_states(compiled: Compiled) -> None:
    """
    Note what idioms get wrong.

    Who may check or vote that is not declared, approvals that can never be met, decisions nothing waits for, and what
    is said of a history state, in which no ticket ever is.
    """
    for name, state_spec in compiled.states.items():
        for key in _OF_STAYS if state_spec.history is not None else ():
            if getattr(state_spec, key):
                compiled.problems.add("state.history_part", f"{compiled.paths[name]}.{key}", state=name, key=key)
    for name, steps in compiled.checklists.items():
        for index, step in enumerate(steps):
            compiled.check_allow(step.allow, f"{compiled.paths[name]}.checklist[{index}].allow")
    asked = any(link.guard is not None and "approval" in link.guard.roots for link in compiled.links)
    for state, approval in compiled.approvals.items():
        path = f"{compiled.paths[state]}.approval"
        compiled.check_allow(approval.allow, f"{path}.allow")
        compiled.check_allow(approval.deny, f"{path}.deny")
        compiled.check_not_by(approval.not_by, f"{path}.not_by")
        allow, _ = grant(compiled, state, APPROVE)
        _check_quorum(compiled, approval, allow, path)
        for word in ("approved", "rejected"):
            event = f"{word}.{state}"
            if not asked and not compiled.raised.taken(event):
                compiled.problems.add("approval.unheard", path, "warning", event=event, state=state)


def _check_quorum(compiled: Compiled, approval: Approval, allow: tuple[Any, ...], path: str) -> None:
    add, roles = compiled.problems.add, compiled.workflow.roles
    if isinstance(approval.quorum, Mapping):
        for role in approval.quorum:
            if roles:
                compiled.problems.known("role", role, roles, f"{path}.quorum.{role}")
            if role not in allow or role in approval.deny:
                add(
                    "approval.never",
                    f"{path}.quorum.{role}",
                    quorum=f"{role}: {approval.quorum[role]}",
                    allow=who(allow),
                    most=0,
                )
        return
    if not allow:
        if roles:
            add("approval.nobody", path)
        elif approval.share is not None:
            add("approval.share", f"{path}.quorum", quorum=approval.quorum)
        return
    most = sum(
        _MOST.get(str(entry), 1 if isinstance(entry, Mapping) else 1_000) for entry in allow if entry not in approval.deny
    )
    needed = 1 if approval.share is not None else int(approval.quorum)
    if most < needed:
        add("approval.never", f"{path}.quorum", quorum=approval.quorum, allow=who(allow), most=most)


# How many people a relation can be at once; whoever opened a ticket and its customer are both its requester.
_MOST = {"assignee": 1, "owner": 1, "requester": 2, "system": 1}


__all__ = ["APPROVE", "REJECT", "check_states", "electorate", "grant", "may_vote", "vote", "why_not"]
