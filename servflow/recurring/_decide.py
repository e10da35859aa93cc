"""Knows what is next for a plan and an asset after its last ticket, and why; must not know where tickets are kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from attrs import frozen

from servflow.errors import ExpressionError, InputError, shown
from servflow.model import FrozenMap, write_instant
from servflow.recurring._asset import Asset, as_date, number_of
from servflow.recurring._dues import Slot, later, local_day, next_slot, slot
from servflow.recurring._every import MOST_COUNTED
from servflow.recurring._occurrence import Last, Occurrence
from servflow.recurring._plan import Expiry, Meter, Plan

_CORRECTION = 10
"""A reading that is lower by less than this part of the interval was misread before; by more, the meter is another one."""
_SAME_END = timedelta(days=10)
"""By how much an end may move, for a holiday or a slip of the pen, before it is told as another one."""

_NO_METER = Meter(counter="", every=Decimal(1))

Told = list[tuple[str, Mapping[str, Any]]] | None
"""What was found on the way, for people who ask why; None where nobody asks."""


@frozen
class Chain:
    """Whose tickets are numbered one after the other: a plan (or a warning and how long ahead) and an asset."""

    document: str
    plan: Plan | Expiry
    ahead: int = 0

    @property
    def label(self) -> str:
        """The name of the plan; of a warning with how long ahead it is."""
        return self.plan.name if isinstance(self.plan, Plan) else f"{self.plan.name}@{self.plan.ahead[self.ahead][0]}"

    def ticket(self, asset: str, number: int) -> str:
        """The id of a ticket: no name holds a colon, so two of them never come out alike."""
        return f"{self.document}:{self.label}:{asset}:{number}"

    def selects(self, asset: Asset) -> bool:
        """
        Whether the plan is for an asset.

        Raises:
            InputError: the condition cannot be judged.
        """
        when = self.plan.when
        if when is None:
            return True
        try:
            return bool(when.test({"asset": asset.scope()}))
        except ExpressionError as error:
            raise _wrong(self, asset, "when", error.message) from None

    def next(self, asset: Asset, last: Last | None, now: datetime, told: Told = None) -> Occurrence | None:
        """
        The next work for an asset the plan is for; None where there is none until something changes.

        What ``opens`` not after *now* is due to be opened. Of several that opened before *now* unseen it is the last one,
        unless the plan wants all of them.

        Raises:
            InputError: what the asset says cannot be used; names plan, asset and what.
        """
        if isinstance(self.plan, Expiry):
            return self._expiring(self.plan, asset, last, now, told)
        plan = self.plan
        if last is not None:
            facts = {"number": last.number, "due": last.due, "closed": last.closed_at}
            _tell(told, "last_closed" if last.closed_at else "last_open", **facts)
            if plan.waits and last.closed_at is None:
                _tell(told, "waits")
                return None
        by_time = self._by_time(plan, asset, last, now, told) if plan.timed else None
        by_meter = self._by_meter(plan, asset, last, now, told) if plan.meter is not None else None
        found = [one for one in (by_time, by_meter) if one is not None]
        best = min(found, key=lambda one: one.opens, default=None)
        if best is not None and plan.times is not None and best.number > plan.times:
            _tell(told, "times", times=plan.times)
            return None
        if best is not None:
            _tell(told, "opens", opens=best.opens, due=best.due)
        return best

    # by time --------------------------------------------------------------------------------------------------------

    def _by_time(self, plan: Plan, asset: Asset, last: Last | None, now: datetime, told: Told) -> Occurrence | None:
        anchor, first = self._anchor(plan, asset, last, told)
        if anchor is None:
            return None
        # What counts from the last closing may well be due before the last due.
        coming = next_slot(plan, anchor, first, None if last is None or plan.completion else last.due, now)
        if coming is None:
            _tell(told, "ended")
            return None
        found, skipped = coming
        _tell(told, "every", **self._every(plan), day=found.day)
        if found.moved != found.day:
            _tell(told, "moved", calendar=plan.calendar_name, day=found.day, moved=found.moved)
        if skipped:
            _tell(told, "skipped", count=skipped)
        return self._made(asset, last, found, skipped=skipped)

    def _every(self, plan: Plan) -> Mapping[str, Any]:
        return {"every": plan.rule_text if plan.every is None else plan.every.text}

    def _anchor(self, plan: Plan, asset: Asset, last: Last | None, told: Told) -> tuple[date | None, int]:
        if plan.completion and last is not None and last.closed_at is not None:
            done = local_day(plan.zone, last.closed_at)
            _tell(told, "completed", day=done)
            return done, 1
        if plan.start is not None:
            return plan.start, plan.first
        if plan.start_of is None:
            return None, 0
        day = self._date(plan.start_of, "start", asset)
        if day is None:
            _tell(told, "no_start", text=plan.start_of.text)
        else:
            _tell(told, "start", text=plan.start_of.text, day=day)
        return day, plan.first

    def _date(self, expression: Any, name: str, asset: Asset) -> date | None:
        try:
            value = expression.value({"asset": asset.scope()})
        except ExpressionError as error:
            raise _wrong(self, asset, name, error.message) from None
        day = as_date(value, self.plan.zone)
        if day is None and value not in (None, ""):
            raise _wrong(self, asset, name, f"{expression.text} is {shown(value)}, which is no date such as 2026-03-15")
        return day

    # by counter -----------------------------------------------------------------------------------------------------

    def _by_meter(self, plan: Plan, asset: Asset, last: Last | None, now: datetime, told: Told) -> Occurrence | None:
        meter = plan.meter or _NO_METER
        reading = number_of(asset.counters.get(meter.counter))
        if reading is None:
            _tell(told, "no_reading", counter=meter.counter)
            return None
        day = as_date(asset.replaced.get(meter.counter), plan.zone)
        base, since = self._counted(plan, last, reading, day, told)
        if plan.completion and since is not None:
            done = Decimal()
            base = since
        else:
            done = Decimal() if since is None else _whole(since + meter.ahead - base, meter.every)
        reached = _whole(reading + meter.ahead - base, meter.every)
        threshold = base + max(reached, done + 1) * meter.every
        facts = {"counter": meter.counter, "reading": reading, "threshold": threshold}
        if reached <= done or (plan.until is not None and local_day(plan.zone, now) > plan.until):
            _tell(told, "not_reached", **facts)
            return None
        if plan.begins is not None and local_day(plan.zone, now) < plan.begins:
            _tell(told, "not_begun", day=plan.begins)
            return None
        skipped = min(int(reached - done) - 1, MOST_COUNTED)
        _tell(told, "reached", **facts)
        if skipped:
            _tell(told, "skipped", count=skipped)
        day = local_day(plan.zone, now)
        found = Slot(day, day, later(now, plan.ahead if meter.within is None else meter.within), now)
        return self._made(asset, last, found, cause="meter", threshold=threshold, skipped=skipped)

    def _counted(
        self, plan: Plan, last: Last | None, reading: Decimal, replaced: date | None, told: Told
    ) -> tuple[Decimal, Decimal | None]:
        """From where thresholds are counted, and what the same meter read at the last ticket; None where it is another."""
        meter, since = plan.meter or _NO_METER, None if last is None else last.reading
        if last is None or since is None:
            return meter.start, since
        # Another meter has its thresholds where the first one would have had them without a start that is whole intervals on.
        anew = meter.start % meter.every
        if replaced is not None and replaced >= local_day(plan.zone, last.opened_at):
            _tell(told, "replaced", counter=meter.counter, day=replaced)
            return anew, None
        if since - reading >= meter.every / _CORRECTION:
            _tell(told, "set_back", reading=reading, before=since)
            return anew, None
        # A plan by hours alone opens nothing below its start: what did was opened for a later meter.
        return (anew if since < meter.start and not plan.timed else meter.start), since

    # ends -----------------------------------------------------------------------------------------------------------

    def _expiring(self, plan: Expiry, asset: Asset, last: Last | None, now: datetime, told: Told) -> Occurrence | None:
        day = self._date(plan.date, "date", asset)
        if day is None:
            _tell(told, "no_start", text=plan.date.text)
            return None
        text, ahead = plan.ahead[self.ahead]
        found = slot(plan, day, ahead)
        if found is None:
            return None
        _tell(told, "expires", text=plan.date.text, day=day, ahead=text)
        if found.moved != found.day:
            _tell(told, "moved", calendar=plan.calendar_name, day=found.day, moved=found.moved)
        if last is not None and abs(last.due - found.due) < _SAME_END:
            _tell(told, "warned", number=last.number, due=last.due)
            return None
        nearer = plan.ahead[self.ahead + 1][1] if self.ahead + 1 < len(plan.ahead) else -plan.grace
        if found.due - now <= nearer:
            _tell(told, "past")
            return None
        _tell(told, "opens", opens=found.opens, due=found.due)
        return self._made(asset, last, found, cause="expiry")

    # what comes of it -----------------------------------------------------------------------------------------------

    def _made(
        self,
        asset: Asset,
        last: Last | None,
        found: Slot,
        *,
        cause: str = "time",
        threshold: Decimal | None = None,
        skipped: int = 0,
    ) -> Occurrence:
        plan, number = self.plan, 1 if last is None else last.number + 1
        meter = plan.meter if isinstance(plan, Plan) else None
        reading = None if meter is None else number_of(asset.counters.get(meter.counter))
        scope = {
            "asset": asset.scope(),
            "plan": self.label,
            "number": number,
            "due": found.due,
            "reading": None if reading is None else float(reading),
            "threshold": None if threshold is None else float(threshold),
            "skipped": skipped,
            "cause": cause,
        }
        return Occurrence(
            plan=self.label,
            asset=asset.id,
            customer=asset.customer,
            number=number,
            ticket=self.ticket(asset.id, number),
            workflow=plan.workflow,
            due=found.due,
            opens=found.opens,
            day=found.day,
            cause=cause,
            reading=reading,
            threshold=threshold,
            skipped=skipped,
            fields=FrozenMap(self._fields(asset, scope)) if plan.fields else FrozenMap({}),
        )

    def _fields(self, asset: Asset, scope: Mapping[str, Any]) -> dict[str, Any]:
        read = {}
        for name, expression in self.plan.fields.items():
            try:
                value = expression.value(scope)
            except ExpressionError as error:
                raise _wrong(self, asset, f"fields.{name}", error.message) from None
            if value is not None:
                read[name] = value
        return read


def _whole(amount: Decimal, every: Decimal) -> Decimal:
    """How many whole times one amount holds another; none where it is below nothing."""
    return max(Decimal(), (amount // every))


def _tell(told: Told, code: str, **facts: Any) -> None:
    if told is not None:
        told.append((code, {name: _said(value) for name, value in facts.items()}))


def _said(value: Any) -> Any:
    if isinstance(value, datetime):
        return write_instant(value)
    if isinstance(value, date):
        return value.isoformat()
    return format(value.normalize(), "f") if isinstance(value, Decimal) else value


def _wrong(chain: Chain, asset: Asset, name: str, problem: str) -> InputError:
    return InputError(
        f"plan {chain.plan.name!r}, {name}, asset {asset.id!r}: {problem}",
        code="recurring.asset_value",
        plan=chain.plan.name,
        asset=asset.id,
        part=name,
    )
