"""Knows what a rating and the asking for one do to a ticket; must not know who may rate or how customers are asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from servflow.engine._acting import run_updates
from servflow.engine._payloads import known_keys, refuse, text
from servflow.engine._surveys import ABOUT, ASKED, SCALES, SKIPPED
from servflow.errors import LimitError, TimeError, nearest
from servflow.model import FrozenMap, Rated, Surveyed, instant, read_instant

if TYPE_CHECKING:
    from servflow.engine._call import OneCall
    from servflow.engine._surveys import LowPlan, Survey

Payload = Mapping[str, Any]

MAX_LOW = 200
"""How many low ratings of one ticket, by different people or of different things, are answered before it is reopened."""


def rate(call: OneCall, payload: Payload) -> None:
    """
    Take a rating; a low one is answered as the workflow's surveys say, once.

    Raises:
        Refused: the payload does not fit (``payload``).
        LimitError: too many low ratings by different people.
    """
    event = "rating.add"
    known_keys(call, event, payload)
    scale = _word(payload, "scale", tuple(SCALES))
    score = payload.get("score")
    low, high = SCALES[scale]
    if isinstance(score, bool) or not isinstance(score, int) or not low <= score <= high:
        raise refuse(
            event, f"score of {scale} is a whole number from {low} to {high}, not {score!r}", field="score", value=score
        )
    about, visit = _word(payload, "about", ABOUT), text(event, payload, "visit", limit=300)
    if visit is not None and about != "visit":
        raise refuse(event, f"visit says which visit was rated, and about is {about}; say about: visit", field="visit")
    by = call.actor.id if call.actor is not None else None
    rater = text(event, payload, "rater", limit=300)
    facts: dict[str, Any] = {"scale": scale, "score": score, "by": by, "about": about, "visit": visit}
    facts.update(comment=text(event, payload, "comment") or "", rater=rater if rater != by else None)
    plan = call.compiled.low.get((scale, about))
    if plan is None or score > plan.at_most or _answered(call, facts):
        call.record(Rated, **facts)
        return
    call.record(Rated, **facts, low=plan.survey)
    _answer(call, plan, facts)


def _answered(call: OneCall, facts: Mapping[str, Any]) -> bool:
    held = call.draft.low_ratings
    if Rated(sequence=0, at=call.at, **facts).of in held:
        return True
    if len(held) >= MAX_LOW:
        raise LimitError(f"more than {MAX_LOW} low ratings of one ticket", code="ratings", limit=MAX_LOW)
    return False


def _answer(call: OneCall, plan: LowPlan, facts: Mapping[str, Any]) -> None:
    before = call.payload
    told = {**facts, "rater": facts["rater"] or facts["by"], "ticket": call.draft.id, "survey": plan.survey}
    call.payload = FrozenMap(told)
    call.scope_cache = None
    run_updates(call, plan.updates)
    call.payload = before
    call.scope_cache = None


def _word(payload: Payload, name: str, known: tuple[str, ...]) -> str:
    value = payload.get(name)
    if value is None:
        return known[0]
    if not isinstance(value, str) or value not in known:
        close = nearest(str(value), known)
        hint = f"; did you mean {close!r}?" if close else ""
        why = f"{name} is one of {', '.join(known)}, not {value!r}{hint}"
        raise refuse("rating.add", why, field=name, value=value, known=known, nearest=close)
    return value


# surveys ---------------------------------------------------------------------------------------------------------


def asked(call: OneCall, payload: Payload) -> None:
    """
    Note that a survey was asked of somebody.

    Raises:
        Refused: the workflow has no such survey, or the payload does not fit (``payload``).
    """
    survey = _survey(call, ASKED, payload)
    to = text(ASKED, payload, "to", needed=True, limit=300)
    moments = {name: _moment(payload, name) for name in ("until", "rests")}
    call.record(Surveyed, outcome="asked", to=to, **moments, **_what(ASKED, survey, payload))


def skipped(call: OneCall, payload: Payload) -> None:
    """
    Note that a survey was not asked, and why.

    Raises:
        Refused: as for ``asked``.
    """
    survey = _survey(call, SKIPPED, payload)
    to = text(SKIPPED, payload, "to", limit=300)
    reason = text(SKIPPED, payload, "reason", needed=True, limit=1_000)
    call.record(Surveyed, outcome="skipped", to=to, reason=reason, **_what(SKIPPED, survey, payload))


def _what(event: str, survey: Survey, payload: Payload) -> dict[str, Any]:
    visit = text(event, payload, "visit", limit=300)
    return {"survey": survey.name, "scale": survey.scale, "about": survey.about, "visit": visit}


def _survey(call: OneCall, event: str, payload: Payload) -> Survey:
    known_keys(call, event, payload)
    name = text(event, payload, "survey", needed=True, limit=300)
    surveys = {survey.name: survey for survey in call.workflow.surveys}
    if name in surveys:
        return surveys[str(name)]
    close = nearest(str(name), surveys)
    hint = f"; did you mean {close!r}?" if close else f"; there is {', '.join(surveys) or 'none'}"
    raise refuse(event, f"the workflow has no survey {name!r}{hint}", field="survey", value=name, nearest=close)


def _moment(payload: Payload, name: str) -> datetime | None:
    value = payload.get(name)
    if value is None:
        return None
    try:
        return instant(value, name) if isinstance(value, datetime) else read_instant(value)
    except TimeError:
        raise refuse(ASKED, f"{name} is an aware instant, not {value!r}", field=name, value=value) from None


EVENTS = {"rating.add": rate, ASKED: asked, SKIPPED: skipped}
"""What each of the built-in events about ratings does."""

__all__ = ["EVENTS", "MAX_LOW", "asked", "rate", "skipped"]
