"""Knows a whole document of plans, and what it says of one asset; must not know who opens tickets."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from datetime import datetime
from typing import Any

import attrs

from servflow.calendars import OpenTime
from servflow.engine import Workflow
from servflow.errors import Finding, InputError, nearest, shown
from servflow.model import instant
from servflow.recurring._asset import Asset
from servflow.recurring._decide import Chain
from servflow.recurring._explain import Explained
from servflow.recurring._fitting import misfits
from servflow.recurring._occurrence import Last, Occurrence
from servflow.recurring._plan import Expiry, Plan, read_expiry, read_plan
from servflow.recurring._reading import MAX_PLANS, Parts

Known = Callable[[Chain, Asset], "Last | None"]
"""What is known of the latest ticket of a chain and an asset."""


def _nothing(chain: Chain, asset: Asset) -> Last | None:
    return None


class Recurring:
    """
    Plans of work that comes round, and warnings of ends, for the assets of a host.

    Args:
        recurring: the name of the document; ids of tickets begin with it.
        plans: mappings as a document holds them, see ``load``.
        expiry: likewise.
        zone: whose dates and wall times are meant, unless a plan says another.
        calendars: calendars by name, each a calendar or its mapping; plans that name one move their dates to its working days.
        version: of the document, for people.
        title: what people read.

    Raises:
        DefinitionError: with every problem at once.
    """

    def __init__(
        self,
        recurring: str,
        plans: Iterable[Mapping[str, Any]] = (),
        expiry: Iterable[Mapping[str, Any]] = (),
        *,
        zone: str = "UTC",
        calendars: Mapping[str, OpenTime | Mapping[str, Any]] | None = None,
        version: int = 1,
        title: str = "",
    ) -> None:
        parts = Parts()
        self.name = parts.name(recurring, "recurring")
        self.version = parts.count(version, "version") or 1
        self.title = title
        self.zone = parts.zone(zone, "zone")
        self.calendars = parts.calendars(calendars)
        around = self.zone, self.calendars
        self.plans = tuple(_read(parts, plans, "plans", read_plan, around))
        self.expiry = tuple(_read(parts, expiry, "expiry", read_expiry, around))
        if not self.plans and not self.expiry and not parts.found:
            parts.add("empty", "plans")
        _unlike(parts, self.plans, self.expiry)
        parts.settle()
        self._data: dict[str, Any] = {
            "recurring": self.name,
            "plans": deepcopy(list(plans)),
            "expiry": deepcopy(list(expiry)),
            "zone": self.zone,
            "calendars": {name: calendar.to_data() for name, calendar in self.calendars.items()},
            "version": self.version,
            "title": self.title,
        }
        self.chains: tuple[Chain, ...] = (
            *(Chain(self.name, plan) for plan in self.plans),
            *(Chain(self.name, plan, place) for plan in self.expiry for place in range(len(plan.ahead))),
        )

    def to_data(self) -> dict[str, Any]:
        """What it was made of, as fresh data: ``Recurring(**data)`` is this document again."""
        return deepcopy(self._data)

    def __eq__(self, other: object) -> bool:
        return self._data == other._data if isinstance(other, Recurring) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # it is told apart by what it holds, which is a mapping

    def __repr__(self) -> str:
        return f"<Recurring {self.name!r}: {len(self.plans)} plans, {len(self.expiry)} ends>"

    def check(self, workflows: Iterable[Workflow] | Mapping[Any, Workflow] = ()) -> tuple[Finding, ...]:
        """
        What workflows lack for the tickets of its plans: one that is missing, or fields that are filled and not declared.

        Nothing can be said where none are given.
        """
        known = tuple(workflows.values() if isinstance(workflows, Mapping) else workflows)
        return tuple(misfits(self, known)) if known else ()

    def of(self, plan: object = None) -> tuple[Chain, ...]:
        """
        The chains of a plan or of a warning by its name, or all.

        Raises:
            InputError: there is no such plan; with a did-you-mean.
        """
        if plan is None:
            return self.chains
        found = tuple(chain for chain in self.chains if plan in (chain.plan.name, chain.label))
        if not found:
            names = [one.plan.name for one in self.chains]
            close = nearest(plan, names) if isinstance(plan, str) else None
            hint = f"did you mean {close!r}?" if close else f"there are {', '.join(dict.fromkeys(names))}"
            raise InputError(f"no plan {shown(plan)} in {self.name!r}; {hint}", code="recurring.plan", plan=shown(plan))
        return found

    def upcoming(
        self,
        asset: Asset | Mapping[str, Any],
        until: datetime,
        *,
        since: datetime,
        plan: str | None = None,
        known: Known = _nothing,
    ) -> Iterator[Occurrence]:
        """
        The tickets that will be opened for an asset, in the order in which they open.

        A look ahead: readings are taken as they are now, so a counter tells only what is due already; what counts from
        a completion is taken as closed when it is due. Occurrences are made one by one as they are asked for.

        Args:
            asset: an asset or its row.
            until: aware instant; what opens then or later is left out.
            since: aware instant from which to look; what opened unseen before it comes first, as a desk would open it.
            plan: only this one.
            known: what is known of the latest ticket; nothing unless given.

        Raises:
            InputError: what the asset says cannot be used, or there is no such plan.
            TimeError: *until* or *since* is naive.
        """
        thing, high, low = Asset.of(asset), instant(until, "until"), instant(since, "since")
        each = [self._ahead(chain, thing, high, low, known) for chain in self.of(plan)]
        return heapq.merge(*each, key=lambda found: (found.opens, found.ticket))

    def _ahead(self, chain: Chain, asset: Asset, until: datetime, now: datetime, known: Known) -> Iterator[Occurrence]:
        if not chain.selects(asset):
            return
        last = known(chain, asset)
        if last is not None and last.closed_at is None:
            last = attrs.evolve(last, closed_at=max(now, last.due))
        while True:
            found = chain.next(asset, last, now)
            if found is None or found.opens >= until:
                return
            yield found
            if isinstance(chain.plan, Expiry):
                return
            now = max(now, found.opens)
            last = Last(number=found.number, due=found.due, opened_at=now, closed_at=max(now, found.due), reading=found.reading)

    def explain(
        self, asset: Asset | Mapping[str, Any], *, at: datetime, plan: str | None = None, known: Known = _nothing
    ) -> tuple[Explained, ...]:
        """
        Why the next ticket of each plan is due when it is, or why there is none.

        Args:
            asset: an asset or its row.
            at: aware instant at which it is asked.
            plan: only this one.
            known: as for ``upcoming``.

        Raises:
            InputError: there is no such plan. What the asset says and cannot be used is told in the explanation.
            TimeError: *at* is naive.
        """
        thing, now = Asset.of(asset), instant(at)
        return tuple(Explained.of(chain, thing, now, known) for chain in self.of(plan))


def _read(parts: Parts, given: Any, path: str, read: Any, around: tuple[str, Mapping[str, OpenTime]]) -> Iterator[Any]:
    items = given if isinstance(given, (list, tuple)) else None
    if items is None or len(items) > MAX_PLANS:
        parts.add("list", path, value=shown(given), limit=MAX_PLANS)
        return
    for index, item in enumerate(items):
        made = read(parts, item, f"{path}[{index}]", *around)
        if made is not None:
            yield made


def _unlike(parts: Parts, plans: tuple[Plan, ...], expiry: tuple[Expiry, ...]) -> None:
    seen: set[str] = set()
    both: tuple[tuple[str, tuple[Plan | Expiry, ...]], ...] = (("plans", plans), ("expiry", expiry))
    for path, items in both:
        for index, plan in enumerate(items):
            # A warning `w` of 14 days has ids with `w@14d`, which might be the name of a plan.
            labels = [] if isinstance(plan, Plan) else [f"{plan.name}@{text}" for text, _ in plan.ahead]
            same = next((name for name in (plan.name, *labels) if name in seen), None)
            if same is not None and plan.name != "?":
                parts.add("same_name", f"{path}[{index}].name", name=same)
            seen.update((plan.name, *labels))
