"""Knows how the records of many tickets become one page with bounded memory; must not know where records are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from heapq import heapify, heappush, heappushpop
from io import StringIO
from typing import TYPE_CHECKING, Any, TextIO
from zoneinfo import ZoneInfo

from attrs import define, evolve, field, frozen

from servflow.errors import InputError, ServflowError
from servflow.metrics import MEASURES
from servflow.metrics._reading import of_correlator
from servflow.model import Opened, Record, instant
from servflow.report._entries import ASKED, Entry, Unread, read_entry
from servflow.report._figures import figures
from servflow.report._flow import ways_of
from servflow.report._frame import before, frame
from servflow.report._names import Names
from servflow.report._page import MOST_UNREAD, Page, page
from servflow.report._story import story
from servflow.report._words import LANGS

if TYPE_CHECKING:
    from servflow.engine import Workflow

TICKETS = 120
"""Tickets whose stories are told unless somebody asks for another number."""

ROWS = 20_000
"""Tickets that a page holds, the latest; more make a file that no browser likes to open."""

MOST_RECORDS = 400_000
"""Records that are kept at once for the stories to be told at the end."""

History = Sequence[Record] | Unread


@frozen(kw_only=True)
class Written:
    """
    What a page holds: ``tickets``, and of them the ``stories`` told in full; ``left`` older ones are left out.

    ``unread`` tickets could not be read; ``unread_first`` are the first of them, with the reason.
    """

    tickets: int
    stories: int
    left: int = 0
    unread: int = 0
    unread_first: tuple[Unread, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        first = [{"ticket": one.id, "reason": one.reason} for one in self.unread_first]
        counts = {name: getattr(self, name) for name in ("tickets", "stories", "left", "unread")}
        return {**counts, "unread_first": first}


@define
class _Kept:
    """The latest tickets, and the records of those with most to tell, while histories pass by."""

    stories: int
    rows: int
    latest: list[tuple[datetime, int, Entry]] = field(factory=list)
    telling: list[tuple[tuple[int, ...], int, str, Sequence[Record]]] = field(factory=list)
    unread: list[Unread] = field(factory=list)
    unread_all: int = 0
    all: int = 0
    held: int = 0

    def take(self, entry: Entry, records: Sequence[Record]) -> None:
        self.all += 1
        one = (entry.case.began, -self.all, entry)
        if len(self.latest) < self.rows:
            heappush(self.latest, one)
        else:
            gone = heappushpop(self.latest, one)
            self._forget(gone[1])
            if gone is one:
                return  # older than all that are kept
        if not self.stories or len(records) > MOST_RECORDS:
            return
        told = (entry.interest, -self.all, entry.case.id, records)
        self.held += len(records)
        if len(self.telling) < self.stories and self.held <= MOST_RECORDS:
            heappush(self.telling, told)
        else:
            self.held -= len(heappushpop(self.telling, told)[3])

    def _forget(self, number: int) -> None:
        """The story of a ticket that is not on the page any more is not told."""
        for place, told in enumerate(self.telling):
            if told[1] == number:
                self.held -= len(told[3])
                del self.telling[place]
                heapify(self.telling)
                return

    def miss(self, unread: Unread) -> None:
        self.unread_all += 1
        if len(self.unread) < MOST_UNREAD:
            self.unread.append(unread)


def write(
    file: TextIO,
    histories: Iterable[History],
    workflows: Mapping[str, Workflow] | Iterable[Workflow] = (),
    *,
    at: datetime,
    since: datetime | None = None,
    lang: str = "en",
    zone: str = "UTC",
    title: str | None = None,
    limit: int = TICKETS,
) -> Written:
    """
    Write one self-contained HTML page about many tickets.

    Histories are read one by one: at most 20,000 tickets are kept, the latest, and the records of *limit* of them; what is
    left out is said on the page. A history that cannot be read is named there and counts in no figure.

    Args:
        file: opened for writing text in UTF-8.
        histories: the records of each ticket in order, or an ``Unread`` that says why they are not there. The tickets in
            which correlators keep what they know are left out.
        workflows: the definitions they ran under, or by their hashes; what is missing is told from what tickets did.
        at: the last instant of the period, aware; records after it are not looked at, and promises are judged as of it. For
            periods that follow each other give the microsecond before the next begins, as the command does with ``--to``.
        since: aware beginning of the period; figures are compared with the period of the same length before it. The first
            opening where left out, and nothing to compare with.
        lang: ``en`` or ``zh``; the page has both and a switch, which the titles that the definitions give follow too.
        zone: of the tz database, whose days and hours are told.
        title: of the page.
        limit: tickets whose stories are told, those with most to tell.

    Returns:
        What the page holds, and what it leaves out.

    Raises:
        InputError: there is no such language or zone, or *limit* is negative.
        TimeError: an instant is naive.
    """
    end = instant(at)
    begin = None if since is None else instant(since)
    _check(lang, zone, limit)
    if begin is not None and begin >= end:
        raise InputError(f"the period ends at {end.isoformat()}, which is not after its beginning {begin.isoformat()}")
    known = dict(workflows) if isinstance(workflows, Mapping) else {one.hash: one for one in workflows}
    kept = _Kept(limit, ROWS)
    for history in histories:
        _read(kept, history, known, (begin, end))
    entries = [entry for _, _, entry in sorted(kept.latest, key=lambda one: (one[2].interest, one[0], one[1]), reverse=True)]
    made = _page(kept, entries, known, (begin, end, zone))
    for piece in page(_with(made, lang, title)):
        file.write(piece)
    return Written(
        tickets=len(entries), stories=len(made.stories), left=made.left, unread=made.unread_all, unread_first=tuple(made.unread)
    )


def html(histories: Iterable[History], workflows: Mapping[str, Workflow] | Iterable[Workflow] = (), **options: Any) -> str:
    """The page as one text; takes what ``write`` takes."""
    out = StringIO()
    write(out, histories, workflows, **options)
    return out.getvalue()


def _check(lang: str, zone: str, limit: int) -> None:
    if lang not in LANGS:
        raise InputError(f"there is no language {lang!r}; give en or zh", lang=lang)
    if limit < 0:
        raise InputError(f"the number of stories cannot be {limit}; give 0 or more", limit=limit)
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise InputError(f"there is no time zone {zone!r}; write it as Asia/Shanghai or UTC", code="zone", zone=zone) from None


def _read(kept: _Kept, history: History, known: Mapping[str, Workflow], period: tuple[datetime | None, datetime]) -> None:
    begin, end = period
    if isinstance(history, Unread):
        kept.miss(history)
        return
    try:
        records = [record for record in history if record.at <= end]
        if of_correlator(records):
            return
        if not records:
            if not history:
                raise InputError("it has no records", code="history")
            return  # opened after the period
        entry = read_entry(records, end, _done(records, known))
    except (ServflowError, ValueError, TypeError, KeyError, AttributeError, StopIteration) as error:
        kept.miss(Unread(_named(history), str(error) or type(error).__name__))
        return
    if begin is not None and entry.case.closed_at is not None and entry.case.closed_at < before(begin, end):
        return  # over and done before the period that is compared with
    kept.take(entry, records)


def _done(records: Sequence[Record], known: Mapping[str, Workflow]) -> frozenset[str]:
    """The states in which the work is done: where whoever did it is free again, as ``servflow show`` reads it."""
    pins = records[0].pins if isinstance(records[0], Opened) else {}
    workflow = known.get(str(pins.get("workflow", "")))
    return frozenset() if workflow is None else frozenset(state for policy in workflow.dispatch for state in policy.until)


def _named(history: Sequence[Any]) -> str:
    return next((str(record.id) for record in history if hasattr(record, "id")), "-")


def _page(
    kept: _Kept,
    entries: Sequence[Entry],
    known: Mapping[str, Workflow],
    period: tuple[datetime | None, datetime, str],
) -> Page:
    begin, end, zone = period
    found = frame(entries, at=end, since=begin, zone=zone)
    ways = ways_of(entries, known)
    editions = sorted((known[pin] for pin in {entry.pin for entry in entries} & known.keys()), key=lambda one: one.version)
    pins = {entry.case.id: entry.pin for entry in entries}
    best = sorted(kept.telling, key=lambda one: one[:2], reverse=True)
    return Page(
        entries=entries,
        frame=found,
        ways=ways,
        figures=figures(entries, found, ways) if entries else {},
        stories={name: story(records, known.get(pins[name]), zone) for _, _, name, records in best if name in pins},
        unread=kept.unread,
        unread_all=kept.unread_all,
        all=kept.all,
        left=kept.all - len(entries),
        definitions=_definitions(),
        names=Names.of(editions),
    )


def _with(made: Page, lang: str, title: str | None) -> Page:
    from servflow import __version__

    return evolve(made, lang=lang, title=title, version=__version__)


def _definitions() -> list[tuple[str, str, str, str]]:
    """What the figures of the page mean: name and definition in both languages."""
    found = (MEASURES[name] for name in ASKED)
    return [(one.titles["en"], one.titles["zh"], one.definitions["en"], one.definitions["zh"]) for one in found]
