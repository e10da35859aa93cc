"""Knows whether a customer may be asked now, and how a desk is told what came of it; must not know how a question is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from inspect import iscoroutinefunction
from typing import Any, Protocol, runtime_checkable

from servflow.errors import InputError, ReservationRefused, shown
from servflow.model import (
    SYSTEM,
    Actor,
    Call,
    Effect,
    Erased,
    FrozenMap,
    Moved,
    Notify,
    Rated,
    Record,
    Reservation,
    Surveyed,
    Ticket,
    Unique,
    effect_id,
)

REASONS = ("nobody", "left", "expired", "rated", "fatigue", "opted_out")
"""Why nobody was asked: there is nobody to ask; the ticket went on; it is too late; they rated already; they were asked
lately, about whatever ticket; they do not want to be."""

KEY = "survey:"
"""What the reservation of whoever was asked begins with; their id follows."""


@runtime_checkable
class AsksDesk(Protocol):
    """What is needed of a desk."""

    def get(self, id: str) -> Ticket: ...  # noqa: A002 - the word of the whole library

    def history(self, id: str, after: int = 0, limit: int | None = None) -> tuple[Record, ...]: ...  # noqa: A002 - as above

    def fire(
        self,
        id: str,  # noqa: A002 - as above
        event: str,
        payload: Mapping[str, Any] | None = None,
        *,
        actor: Actor | None = None,
        key: str | None = None,
        reservations: Iterable[Reservation] = (),
        effects: Iterable[Effect] = (),
    ) -> object: ...


class BesidesDesk(Protocol):
    """What is needed of a desk for coroutines."""

    @property
    def plain(self) -> AsksDesk: ...


def _system_clock() -> datetime:
    return datetime.now(UTC)


def _anybody(_who: str) -> bool:
    return True


class Surveys:
    """
    The handler of ``call:survey``: asks whoever a survey is for, at most once within its fatigue, across all tickets.

    Whoever is asked is held by a ``Unique`` reservation in the store until the fatigue is over, so that no other ticket,
    desk or process asks them meanwhile, also after a restart. In the same transaction the ticket notes that it asked
    (``Surveyed``) and asks for the notification with the survey's template, which the host's handler of ``notify`` sends.
    Where nobody is asked, the ticket notes why.

    >>> surveys = Surveys()
    >>> # desk = Desk(workflows, store, handlers={"call:survey": surveys, "notify": send})
    >>> # surveys.join(desk)

    Args:
        desk: a ``Desk`` or an ``AsyncDesk``; ``join`` gives it later, since a desk needs its handlers first.
        now: gives the present as an aware instant, the same as the desk's.
        may_ask: whether somebody wants to be asked at all, by their id.
    """

    def __init__(
        self,
        desk: AsksDesk | BesidesDesk | None = None,
        *,
        now: Callable[[], datetime] = _system_clock,
        may_ask: Callable[[str], bool] = _anybody,
    ) -> None:
        self._desk: AsksDesk | None = None
        self._now = now
        self._may_ask = may_ask
        if desk is not None:
            self.join(desk)

    def join(self, desk: AsksDesk | BesidesDesk) -> Surveys:
        """
        Ask in the name of this desk from here on; gives itself back.

        Of an ``AsyncDesk`` the plain desk behind it asks, in the thread in which effects are delivered.

        Raises:
            InputError: it is neither.
        """
        behind: object = getattr(desk, "plain", desk)
        if not isinstance(behind, AsksDesk) or iscoroutinefunction(behind.fire):
            raise InputError(f"surveys join a Desk or an AsyncDesk, not {shown(desk)}", code="desk")
        self._desk = behind
        return self

    def __call__(self, effect: Effect) -> None:
        """
        Ask, or note why not; the same effect again changes nothing.

        Raises:
            InputError: no desk was joined, or the effect is no call of a survey.
            Refused: the ticket's definition has no such survey any more.
        """
        if self._desk is None:
            raise InputError("these surveys have no desk; say surveys.join(desk) once it is made", code="desk")
        if not isinstance(effect, Call) or "survey" not in effect.data:
            raise InputError(f"surveys answer calls named survey, not {shown(effect)}", code="effect")
        desk, data, now = self._desk, effect.data, self._now()
        to = data.get("to")
        reason = self._why_not(desk, effect, to, now)
        if reason is None:
            try:
                self._ask(desk, effect, str(to), now)
            except ReservationRefused:
                reason = "fatigue"
        if reason is not None:
            # The same key as of the asking: whichever of the two was kept first is what happened, however often it comes.
            payload = {**_told(effect), "reason": reason, **({"to": str(to)} if to else {})}
            desk.fire(effect.ticket, "survey.skipped", payload, actor=SYSTEM, key=effect.id)

    def _why_not(self, desk: AsksDesk, effect: Call, to: Any, now: datetime) -> str | None:
        data = effect.data
        if not isinstance(to, str) or not to:
            return "nobody"
        since = desk.get(effect.ticket).entered.get(str(data.get("state")))
        if since is None or since > effect.at:
            return "left"
        if data.get("expires") and now - effect.at >= timedelta(seconds=data["expires"]):
            return "expired"
        records = desk.history(effect.ticket)
        if any(isinstance(record, Erased) and to in record.people for record in records):
            return "nobody"  # it is the stand-in of somebody who was erased, the same on many a ticket
        if not self._may_ask(to):
            return "opted_out"
        return _lately(records, data, to, now)

    def _ask(self, desk: AsksDesk, effect: Call, to: str, now: datetime) -> None:
        data = effect.data
        until = now + timedelta(seconds=data["expires"]) if data.get("expires") else None
        rests = now + timedelta(seconds=data["fatigue"]) if data.get("fatigue") else None
        moments = {name: moment for name, moment in (("until", until), ("rests", rests)) if moment is not None}
        payload = {**_told(effect), "to": to, **moments}
        shown_data = {key: data.get(key) for key in ("survey", "scale", "about", "visit") if data.get(key) is not None}
        notify = Notify(
            id=effect_id(effect.ticket, effect.id, "survey.ask", to),
            ticket=effect.ticket,
            at=now,
            cause=effect.id,
            action="survey.ask",
            to=to,
            template=str(data.get("template")),
            data=FrozenMap({**shown_data, "ticket": effect.ticket, "until": until}),
            reason="survey",
        )
        held = (Unique(key=f"{KEY}{to}", until=rests),) if rests is not None else ()
        desk.fire(effect.ticket, "survey.asked", payload, actor=SYSTEM, key=effect.id, reservations=held, effects=(notify,))


def _told(effect: Call) -> dict[str, Any]:
    visit = effect.data.get("visit")
    return {"survey": effect.data["survey"], **({"visit": str(visit)} if visit is not None else {})}


def _lately(records: tuple[Record, ...], data: Mapping[str, Any], to: str, now: datetime) -> str | None:
    """What the ticket's own records say against asking: it holds its reservation itself, which would let it ask again."""
    opinion = (data.get("scale"), data.get("about"), data.get("visit"))
    for record in reversed(records):
        if isinstance(record, Rated) and (record.scale, record.about, record.visit) == opinion:
            return "rated"
        if isinstance(record, Moved) and record.reopened:
            break  # what was said of the work before says nothing of the work since
    if not data.get("fatigue"):
        return None  # it asks whoever was asked lately too, of whatever ticket
    rests = (one.rests for one in records if isinstance(one, Surveyed) and one.outcome == "asked" and one.to == to)
    return "fatigue" if any(until is not None and until > now for until in rests) else None


__all__ = ["KEY", "REASONS", "Surveys"]
