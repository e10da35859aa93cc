"""Knows what became of every run of a ticket, as its records tell it; must not know how a run goes on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from attrs import define, evolve, field, frozen

from servflow.errors import InputError, shown
from servflow.escalation._causes import cause_text
from servflow.escalation._chain import Chain
from servflow.model import (
    Acknowledged,
    Assigned,
    ChainRecord,
    ChainResumed,
    ChainRun,
    ChainStarted,
    ChainStopped,
    DeliveryNoted,
    Escalated,
    LevelRecord,
    Migrated,
    QuietEnded,
    Record,
    Reminded,
    Updated,
    Watched,
    replace,
    write_instant,
)

LEVELS = ("level", "reminder", "quiet")
"""The kinds of a step that address people."""

CLIMBED = "every level was climbed"
"""Why a run ended that nothing stopped."""

_ACTIONS = ("escalations[", "past_chains.")
"""How the source of a record begins that an action of a level brought about."""


@frozen(kw_only=True)
class Step:
    """
    One thing that happened to a run, or would.

    ``at`` is the instant it was set for and ``recorded`` that of its record, which is later where the ticket had gone on
    meanwhile. ``kind`` is ``armed``, ``started``, ``level``, ``reminder``, ``quiet`` (what a level held back in quiet hours
    went out), ``delivered``, ``failed``, ``acknowledged``, ``snoozed``, ``resumed``, ``changed`` or ``stopped``.

    A level's ``outcome`` is ``fired``, ``coalesced``, ``empty``, ``skipped`` or ``stopped`` (the climb ended before it), a
    reminder's one of the first three. ``to`` holds who was told and ``because`` how each was found, ``why`` the reasons,
    ``did`` what else the level did (``owner: olga``) and ``given`` whom it gave the ticket to, ``by`` who acted, ``until`` when
    a rest would end by itself. ``waits`` names those in ``to`` who are told when quiet hours end, unless something comes in
    between: a step of the kind ``quiet`` says what became of it. ``level`` is the place from 0; of a level that was not
    reached it is None. ``sequence`` is the number of its record: what happened at one instant, of several runs too, happened
    in that order.
    """

    at: datetime
    recorded: datetime
    kind: str
    level: int | None = None
    name: str = ""
    outcome: str = ""
    to: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    did: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    by: str | None = None
    climb: int = 1
    until: datetime | None = None
    sequence: int = 0
    waits: tuple[str, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "at": write_instant(self.at),
            "recorded": write_instant(self.recorded),
            "kind": self.kind,
            "level": self.level,
            "name": self.name,
            "outcome": self.outcome,
            "to": list(self.to),
            "because": list(self.because),
            "why": list(self.why),
            "did": list(self.did),
            "given": list(self.given),
            "by": self.by,
            "climb": self.climb,
            "until": None if self.until is None else write_instant(self.until),
            "sequence": self.sequence,
            "waits": list(self.waits),
        }


@frozen(kw_only=True)
class RunStory:
    """
    What became of one run: every step in the order of the records, also after it left the ticket.

    ``run`` is the run as its last record left it, ``ended_at`` and ``ended`` when and why it ended (None, empty: it goes on).
    ``definition`` is the edition it climbs, where whoever tells the story knows it.
    """

    run: ChainRun
    steps: tuple[Step, ...]
    started_at: datetime
    ended_at: datetime | None = None
    ended: str = ""
    definition: Chain | None = field(default=None, repr=False, eq=False)

    @property
    def chain(self) -> str:
        """The name of the chain it climbs."""
        return self.run.chain

    @property
    def cause(self) -> str:
        """What started it."""
        return self.run.cause

    @property
    def phase(self) -> str:
        """Where it stands: as on a run, ``done`` once it has ended."""
        return self.run.phase

    @property
    def levels(self) -> tuple[Step, ...]:
        """Its levels alone, each with its outcome."""
        return tuple(step for step in self.steps if step.kind == "level")

    @property
    def told(self) -> tuple[str, ...]:
        """Everybody who was told, in the order in which they first were."""
        spoken = (step for step in self.steps if step.kind in LEVELS and step.outcome != "coalesced")
        return tuple(dict.fromkeys(person for step in spoken for person in step.to if person not in step.waits))

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "chain": self.chain,
            "cause": self.cause,
            "started_by": cause_text(self.cause, self.definition),
            "generation": self.run.generation,
            "hash": self.run.hash,
            "phase": self.phase,
            "started_at": write_instant(self.started_at),
            "ended_at": None if self.ended_at is None else write_instant(self.ended_at),
            "ended": self.ended,
            "told": list(self.told),
            "steps": [step.as_data() for step in self.steps],
        }


def history(records: Iterable[Record], *, live: Iterable[ChainRun] = ()) -> tuple[RunStory, ...]:
    """
    Every run that a ticket's records tell of, in the order in which they began.

    The records are facts; nothing is worked out again. Given a part of them, a run that began before it is told from there on.

    Args:
        records: all of the ticket, or what came after some snapshot of it.
        live: the runs of that snapshot (``ticket.chains``); they are told first.

    Raises:
        InputError: *records* hold something else.
    """
    book = _Book()
    for run in live:
        book.place(run)
    for record in records:
        given: object = record
        if not isinstance(given, Record):
            raise InputError(f"a history is told by a ticket's records, not by {shown(given)}", code="history")
        book.read(record)
    return tuple(story.told() for story in book.stories)


@define
class _Open:
    """A story while it is written."""

    run: ChainRun
    started_at: datetime
    steps: list[Step] = field(factory=list)
    names: dict[int, str] = field(factory=dict)
    ended_at: datetime | None = None
    ended: str = ""

    def add(self, step: Step) -> None:
        self.steps.append(step)
        if step.level is not None and step.name:
            self.names[step.level] = step.name

    def end(self, at: datetime, why: str) -> None:
        self.ended_at, self.ended = at, why

    def told(self) -> RunStory:
        return RunStory(
            run=self.run, steps=tuple(self.steps), started_at=self.started_at, ended_at=self.ended_at, ended=self.ended
        )


class _Book:
    """The stories so far, and which of them go on."""

    def __init__(self) -> None:
        self.stories: list[_Open] = []
        self.live: dict[tuple[str, str], _Open] = {}
        self.did: list[Assigned | Updated | Watched] = []

    def read(self, record: Record) -> None:
        if isinstance(record, (Assigned, Updated, Watched)):
            if record.source.startswith(_ACTIONS):
                self.did.append(record)
        elif isinstance(record, ChainRecord):
            did = tuple(self.did) if isinstance(record, Escalated) else ()
            self.did.clear()
            self._note(record, did)
        elif isinstance(record, Migrated):
            self._moved(record)

    def _note(self, record: ChainRecord, did: tuple[Assigned | Updated | Watched, ...]) -> None:
        story = self.place(record.run)
        for step in _steps(record, story, did):
            story.add(evolve(step, sequence=record.sequence))
        story.run = record.run
        if record.run.phase == "done":
            del self.live[record.run.chain, record.run.cause]
            story.end(record.at, record.reason if isinstance(record, ChainStopped) else CLIMBED)

    def place(self, run: ChainRun) -> _Open:
        key = (run.chain, run.cause)
        if key not in self.live:
            self.live[key] = _Open(run, run.started_at)
            self.stories.append(self.live[key])
        return self.live[key]

    def _moved(self, record: Migrated) -> None:
        """A migration left these runs on the ticket, on whatever edition; those it left out are over."""
        kept = {(run.chain, run.cause): run for run in record.chains}
        # A chain, or the state in a cause, may be called otherwise from here on.
        begun = {run.generation: run for run in record.chains if run.generation}
        for key, story in list(self.live.items()):
            run = kept.get(key) or begun.get(story.run.generation)
            if run is None:
                story.add(_moved(record, "stopped", story.run))
                story.run = replace(story.run, phase="done", due=None)
                story.end(record.at, "migration")
                del self.live[key]
            elif run != story.run:
                story.add(_moved(record, "changed", run))
                story.run = run
                self.live[run.chain, run.cause] = self.live.pop(key)


def _moved(record: Migrated, kind: str, run: ChainRun) -> Step:
    at, number = record.at, record.sequence
    return Step(at=at, recorded=at, kind=kind, why=("migration",), climb=run.climb, sequence=number)


def _given(record: Assigned | Updated | Watched) -> str | None:
    """Who got something to do with the ticket by it, where somebody did."""
    if isinstance(record, Watched):
        return record.who if record.watching else None
    return record.to if isinstance(record, Assigned) else None


def _did(record: Assigned | Updated | Watched) -> Iterator[str]:
    if isinstance(record, Watched):
        yield f"{'watcher' if record.watching else 'watches no longer'}: {record.who}"
        return
    if isinstance(record, Assigned):
        yield f"{record.slot}: {'-' if record.to is None else record.to}"
        return
    for name, value in (*record.fields.items(), *record.attributes.items()):
        yield f"{name}: {', '.join(map(str, value)) if isinstance(value, tuple) else value}"


def _waits(record: LevelRecord) -> tuple[str, ...]:
    """Whom of those it addresses a level or reminder holds something back for."""
    if not record.run.quiet or isinstance(record, QuietEnded):
        return ()
    waiting = {notice.to for notice in record.run.quiet if notice.level == record.level}
    return tuple(who for who in record.to if who in waiting)


def _steps(record: ChainRecord, story: _Open, did: tuple[Assigned | Updated | Watched, ...]) -> Iterator[Step]:
    # The run on a record is the one after it; the climb that a level belongs to is that of the run before.
    run, at, before = record.run, record.at, story.run.climb
    if isinstance(record, Escalated):
        yield Step(
            at=record.scheduled, recorded=at, kind="level", level=record.level, name=record.name, outcome=record.outcome,
            to=record.to, because=record.because, why=record.why,
            did=tuple(word for one in did for word in _did(one)), climb=before,
            given=tuple(who for one in did if (who := _given(one)) is not None), waits=_waits(record),
        )  # fmt: skip
    elif isinstance(record, (Reminded, QuietEnded)):
        yield Step(
            at=record.scheduled, recorded=at, kind="reminder" if isinstance(record, Reminded) else "quiet",
            level=record.level, name=story.names.get(record.level, ""), outcome=record.outcome, to=record.to,
            because=record.because,
            why=record.why, climb=before, waits=_waits(record),
        )  # fmt: skip
    elif isinstance(record, (ChainStopped, ChainResumed)):
        # Nobody is forgotten silently: the levels that a climb did not reach are told beside its end.
        why = (record.reason,) if record.reason else ()
        for name in record.levels:
            yield Step(at=at, recorded=at, kind="level", name=name, outcome="stopped", why=why, climb=before)
        kind = "stopped" if isinstance(record, ChainStopped) else "resumed"
        yield Step(at=at, recorded=at, kind=kind, why=why, by=record.by, climb=run.climb)
    else:
        yield _answer(record, story)


def _answer(record: ChainRecord, story: _Open) -> Step:
    run, at = record.run, record.at
    if isinstance(record, Acknowledged):
        kind = "snoozed" if record.snoozed else "acknowledged"
        return Step(at=at, recorded=at, kind=kind, by=record.by, climb=run.climb, until=run.until)
    if isinstance(record, ChainStarted):
        if run.phase == "armed":
            return Step(at=at, recorded=at, kind="armed", climb=run.climb, until=run.due)
        return Step(at=run.started_at, recorded=at, kind="started", climb=run.climb)
    if isinstance(record, DeliveryNoted):
        return Step(
            at=at, recorded=at, kind=record.result, level=record.level, name=story.names.get(record.level, ""), to=(record.to,),
            why=(record.reason,) if record.reason else (), climb=run.climb,
        )  # fmt: skip
    return Step(at=at, recorded=at, kind="changed", climb=run.climb)
