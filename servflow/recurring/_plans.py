"""Knows which work to open now, from the host's assets and the tickets there are; must not know how tickets run."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from inspect import iscoroutinefunction
from itertools import count, islice
from typing import Any

from attrs import define, field

from servflow.engine import Workflow
from servflow.errors import Finding, InputError, ServflowError, shown
from servflow.model import Open, Ticket, instant
from servflow.recurring._asset import Asset, number_of
from servflow.recurring._decide import Chain
from servflow.recurring._definition import Recurring
from servflow.recurring._explain import Explained
from servflow.recurring._occurrence import Last, Occurrence
from servflow.stores import Store

Rows = Iterable["Asset | Mapping[str, Any]"]
MOST_PROBLEMS = 100

_Entry = tuple[datetime, int, Chain, Asset]


def _assets(value: Any) -> Callable[[], Rows]:
    if value is None:
        return tuple
    if callable(value):
        return value  # type: ignore[no-any-return]  # what it gives is looked at row by row
    if isinstance(value, (list, tuple)):
        return lambda: value
    raise InputError(
        f"assets are a list, or a function that gives them anew each time, not {shown(value)}: an iterator is read once only",
        code="recurring.assets",
    )


def _positive(value: Any) -> timedelta:
    if not isinstance(value, timedelta) or value <= timedelta():
        raise InputError(f"horizon is a timedelta above nothing, not {shown(value)}", code="recurring.horizon")
    return value


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InputError(f"step and most are whole numbers from 1, not {shown(value)}", code="recurring.step")
    return value


def _definition(value: Any) -> Recurring:
    if not isinstance(value, Recurring):
        raise InputError(f"plans are what load or Recurring gave, not {shown(value)}", code="recurring.definition")
    return value


def _kept(value: Any) -> Store | None:
    if value is not None and (not isinstance(value, Store) or iscoroutinefunction(value.load)):
        raise InputError(
            f"plans look at the plain store of the desk, such as SqliteStore(path), not at {shown(value)}",
            code="recurring.store",
        )
    return value


def _version(value: Any) -> Callable[[], object] | None:
    if value is not None and not callable(value):
        raise InputError(f"version is a function that gives a value, not {shown(value)}", code="recurring.version")
    return value  # type: ignore[no-any-return]  # what it gives is compared only


@define(eq=False)
class Plans:
    """
    A source of a desk's tick: gives the tickets that are due to be opened, each once.

    Nothing is kept but tickets: which of them were opened the store is asked, so a desk that starts anew, or a second
    one beside it, opens none again. Between two walks over all assets only what opens before the next one is remembered.

    Args:
        definition: what ``load`` or ``Recurring`` gave.
        assets: a list of assets or rows, or a function that gives them anew each time, one by one if there are many.
        store: the store of the desk; needed to open, not to look ahead.
        version: a function that gives another value whenever assets changed, which are then read again at once.
        horizon: how long after a walk over all assets the next one is; how late a change can be seen of which *version* says
            nothing. Elapsed time.
        step: how many assets one call looks at at most; the next call goes on behind them.
        most: how many tickets one call gives at most.

    Raises:
        InputError: an argument is not what is said here.
    """

    definition: Recurring = field(converter=_definition)
    assets: Callable[[], Rows] = field(default=None, converter=_assets)
    store: Store | None = field(default=None, converter=_kept)
    version: Callable[[], object] | None = field(default=None, kw_only=True, converter=_version)
    horizon: timedelta = field(default=timedelta(days=1), kw_only=True, converter=_positive)
    step: int = field(default=20_000, kw_only=True, converter=_count)
    most: int = field(default=1_000, kw_only=True, converter=_count)
    problems: tuple[ServflowError, ...] = field(default=(), init=False)
    """What was wrong with assets of the latest walk, at most a hundred of them."""
    _heap: list[_Entry] = field(factory=list, init=False)
    _walk: Iterator[Any] | None = field(default=None, init=False)
    _until: datetime | None = field(default=None, init=False)
    _seen: object = field(default=None, init=False)
    _news: dict[str, Asset] = field(factory=dict, init=False)
    _turns: Iterator[int] = field(factory=count, init=False)
    _wrong: list[ServflowError] = field(factory=list, init=False)

    @property
    def name(self) -> str:
        """That of the definition."""
        return self.definition.name

    def check(self, workflows: Iterable[Workflow] | Mapping[Any, Workflow] = ()) -> tuple[Finding, ...]:
        """As ``Recurring.check``."""
        return self.definition.check(workflows)

    # what a desk asks -----------------------------------------------------------------------------------------------

    def due(self, now: datetime) -> Iterator[Open]:
        """
        The tickets to be opened at an instant, the longest due first; what was given and not opened comes again.

        Raises:
            InputError: there is no store; or, behind the last ticket, what assets of a walk said and could not be used, all
                in one. What is due for others has been given by then. So it has when the host's assets cannot be read, which
                raises what they raised; the next call asks for them again.
            TimeError: *now* is naive.
        """
        at = instant(now, "now")
        self._store()
        broken: Exception | None = None
        try:
            self._refresh(at)
        except Exception as error:  # whatever the host's assets raise: what is known already is given before it is told
            broken = error
        yield from self._ready(at)
        if broken is not None:
            raise broken
        if self._walk is None and self._wrong:
            self.problems, self._wrong = tuple(self._wrong), []
            raise InputError(
                f"{len(self.problems)} assets of {self.definition.name!r} could not be planned, the others were: "
                + "; ".join(error.message for error in self.problems[:3]),
                code="recurring.assets_wrong",
                problems=tuple(error.message for error in self.problems),
            )

    def changed(self, *assets: Asset | Mapping[str, Any]) -> None:
        """
        Have assets looked at with the next call, as they are given here: after a reading, or an installation.

        Of more than ``step`` of them between two walks all assets are walked anew.

        Raises:
            InputError: one is no asset.
        """
        given = [Asset.of(row) for row in assets]
        if self._until is None:
            return  # the first walk sees them all
        for asset in given:
            self._news[asset.id] = asset
            if len(self._news) > self.step:  # rather all of them once more than to remember ever more
                self._until = None
                return
            for chain in self.definition.chains:
                heapq.heappush(self._heap, (datetime.min.replace(tzinfo=self._until.tzinfo), next(self._turns), chain, asset))

    def upcoming(
        self, asset: Asset | Mapping[str, Any], until: datetime, *, since: datetime, plan: str | None = None
    ) -> Iterator[Occurrence]:
        """As ``Recurring.upcoming``, after the tickets there are."""
        return self.definition.upcoming(asset, until, since=since, plan=plan, known=self._known)

    def explain(self, asset: Asset | Mapping[str, Any], *, at: datetime, plan: str | None = None) -> tuple[Explained, ...]:
        """As ``Recurring.explain``, after the tickets there are."""
        return self.definition.explain(asset, at=at, plan=plan, known=self._known)

    # how it is found ------------------------------------------------------------------------------------------------

    def _store(self) -> Store:
        if self.store is None:
            raise InputError(
                "plans without a store cannot tell what was opened; give them the desk's, as Plans(definition, assets, store)",
                code="recurring.no_store",
            )
        return self.store

    def _refresh(self, now: datetime) -> None:
        seen = None if self.version is None else self.version()
        if self._until is None or now >= self._until or seen != self._seen:
            self._until, self._walk = None, None  # should the host's assets not be had now, the next call asks for them again
            self._walk = self._rows()
            self._seen, self._until = seen, now + self.horizon
            self._heap.clear()
            self._news.clear()
            self._wrong.clear()
        if self._walk is None:
            return
        looked, done = 0, False
        try:
            for row in islice(self._walk, self.step):
                looked += 1
                self._meet(row, now)
            done = True
        finally:
            if not done:
                self._until = None  # the host's assets, or the store, could not be read: the next call begins anew
        if looked < self.step:
            self._walk = None

    def _rows(self) -> Iterator[Any]:
        given: object = self.assets()
        if not isinstance(given, Iterable):
            raise InputError(f"assets are many, one by one, and not {shown(given)}", code="recurring.assets")
        return iter(given)

    def _meet(self, row: Any, now: datetime) -> None:
        try:
            asset = Asset.of(row)
        except InputError as error:
            self._note(error)
            return
        for chain in self.definition.chains:
            self._look(chain, asset, now)

    def _note(self, error: ServflowError) -> None:
        if len(self._wrong) < MOST_PROBLEMS:
            self._wrong.append(error)

    def _look(self, chain: Chain, asset: Asset, now: datetime) -> None:
        """Remember when a chain is next to be looked at, where that is before the next walk."""
        try:
            found = self._next(chain, asset, now)
        except InputError as error:
            self._note(error)
            return
        if found is not None and self._until is not None and found.opens < self._until:
            heapq.heappush(self._heap, (found.opens, next(self._turns), chain, asset))

    def _next(self, chain: Chain, asset: Asset, now: datetime) -> Occurrence | None:
        asset = self._news.get(asset.id, asset)
        return chain.next(asset, self._known(chain, asset), now) if chain.selects(asset) else None

    def _ready(self, now: datetime) -> Iterator[Open]:
        given, again = 0, []
        try:
            while self._heap and self._heap[0][0] <= now and given < self.most:
                entry = heapq.heappop(self._heap)
                _, _, chain, asset = entry
                again.append(entry)
                found = self._due(chain, asset, now)
                if found is None:
                    again.pop()
                    continue
                given += 1
                yield found.effect()
                if self._store().head(found.ticket) is not None:
                    again.pop()
                    self._look(chain, asset, now)
        finally:
            # What was given and not opened, because it was refused or nobody carried it out, comes behind all others.
            for _, _, chain, asset in again:
                heapq.heappush(self._heap, (now, next(self._turns), chain, asset))

    def _due(self, chain: Chain, asset: Asset, now: datetime) -> Occurrence | None:
        """What is due now; what is due later is remembered until then."""
        try:
            found = self._next(chain, asset, now)
        except InputError as error:
            self._note(error)
            return None
        if found is not None and found.opens > now:
            if self._until is not None and found.opens < self._until:
                heapq.heappush(self._heap, (found.opens, next(self._turns), chain, asset))
            return None
        return found

    # what tickets tell ----------------------------------------------------------------------------------------------

    def _known(self, chain: Chain, asset: Asset) -> Last | None:
        if self.store is None:
            return None
        number = self._latest(self.store, chain, asset.id)
        ticket = self.store.load(chain.ticket(asset.id, number)) if number else None
        return None if ticket is None else _last(number, ticket)

    @staticmethod
    def _latest(store: Store, chain: Chain, asset: str) -> int:
        """The number of the latest ticket, 0 where there is none; they are numbered without gaps."""
        low, high = 0, 1
        while store.head(chain.ticket(asset, high)) is not None:
            low, high = high, high * 2
        while high - low > 1:
            middle = (low + high) // 2
            if store.head(chain.ticket(asset, middle)) is None:
                high = middle
            else:
                low = middle
        return low


def _last(number: int, ticket: Ticket) -> Last:
    due = ticket.fields.get("due")
    return Last(
        number=number,
        # A workflow that keeps no `due`, or whose people emptied it, is taken at the instant the ticket was opened.
        due=due if isinstance(due, datetime) else ticket.opened_at,
        opened_at=ticket.opened_at,
        closed_at=ticket.closed_at if ticket.closed else None,
        reading=number_of(ticket.fields.get("reading")),
    )
