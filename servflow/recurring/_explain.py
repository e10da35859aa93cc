"""Knows how it is told why work is due when it is; must not know how that was found."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from attrs import frozen

from servflow.calendars._zones import zone_of
from servflow.errors import InputError, shown
from servflow.errors._catalogue import render
from servflow.model import read_instant
from servflow.recurring._asset import Asset
from servflow.recurring._decide import Chain
from servflow.recurring._occurrence import Last, Occurrence

_INSTANTS = ("opens", "due", "closed")
_PERIOD = re.compile(r"(\d+) (day|week|month|year)s?", re.ASCII)
_UNITS_ZH = {"day": "天", "week": "周", "month": "个月", "year": "年"}


@frozen(kw_only=True)
class Explained:
    """
    Why the next ticket of a plan for an asset is due when it is.

    ``next`` is that ticket, or None where there is none; ``due`` says whether it is to be opened at the instant asked.
    ``steps`` are codes with facts, in the order in which they were found.
    """

    plan: str
    asset: str
    next: Occurrence | None
    due: bool
    steps: tuple[tuple[str, Mapping[str, Any]], ...]

    @classmethod
    def of(cls, chain: Chain, asset: Asset, now: datetime, known: Callable[[Chain, Asset], Last | None]) -> Explained:
        """The explanation of one chain and asset at an instant."""
        told: list[tuple[str, Mapping[str, Any]]] = []
        found: Occurrence | None = None
        try:
            if chain.selects(asset):
                found = chain.next(asset, known(chain, asset), now, told)
            else:
                told.append(("not_selected", {"when": chain.plan.when.text if chain.plan.when else "true"}))
        except InputError as error:
            told.append(("wrong", {"problem": error.message}))
        due = found is not None and found.opens <= now
        return cls(plan=chain.label, asset=asset.id, next=found, due=due, steps=tuple(told))

    def lines(self, lang: str = "en", zone: str | None = None) -> tuple[str, ...]:
        """
        The steps as sentences; *lang* is ``en`` or ``zh``. Instants are those of *zone*, with its offset; UTC unless given.

        Raises:
            InputError: there is no such zone.
        """
        return tuple(render(f"recurring.why.{code}", _for_people(facts, lang, zone), lang) for code, facts in self.steps)

    def as_data(self, lang: str = "en") -> dict[str, Any]:
        """It as JSON-ready data."""
        steps = [
            {"code": code, "facts": dict(facts), "text": text}
            for (code, facts), text in zip(self.steps, self.lines(lang), strict=True)
        ]
        following = None if self.next is None else self.next.as_data()
        return {"plan": self.plan, "asset": self.asset, "due": self.due, "next": following, "steps": steps}


def _for_people(facts: Mapping[str, Any], lang: str, zone: str | None) -> Mapping[str, Any]:
    """The facts as people read them: instants on their wall clock, and a period in their language."""
    told = dict(facts)
    if zone is not None:
        try:
            here = zone_of(zone)
        except KeyError:
            raise InputError(f"there is no zone {shown(zone)}; write a name such as Asia/Shanghai", code="zone") from None
        for name in _INSTANTS:
            if isinstance(told.get(name), str):
                told[name] = read_instant(told[name]).astimezone(here).isoformat(" ")
    period = _PERIOD.fullmatch(str(told.get("every")))
    if lang == "zh" and "every" in told:
        told["every"] = f"每 {period[1]} {_UNITS_ZH[period[2]]}" if period else f"规则 {told['every']} "
    return told
