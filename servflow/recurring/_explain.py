"""Knows how it is told why work is due when it is; must not know how that was found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from attrs import frozen

from servflow.errors import InputError
from servflow.errors._catalogue import render
from servflow.recurring._asset import Asset
from servflow.recurring._decide import Chain
from servflow.recurring._occurrence import Last, Occurrence


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

    def lines(self, lang: str = "en") -> tuple[str, ...]:
        """The steps as sentences; *lang* is ``en`` or ``zh``."""
        return tuple(render(f"recurring.why.{code}", facts, lang) for code, facts in self.steps)

    def as_data(self, lang: str = "en") -> dict[str, Any]:
        """It as JSON-ready data."""
        steps = [
            {"code": code, "facts": dict(facts), "text": text}
            for (code, facts), text in zip(self.steps, self.lines(lang), strict=True)
        ]
        following = None if self.next is None else self.next.as_data()
        return {"plan": self.plan, "asset": self.asset, "due": self.due, "next": following, "steps": steps}
