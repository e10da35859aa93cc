"""Knows stores with one bug each where effects are taken, something failed or a screen asks; must not know the contract."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

from attrs import evolve

from servflow.model import Effect, FrozenMap, Ticket
from servflow.stores import Answer, Change, MemoryStore, Pending, Sort, SqliteStore, Trouble
from servflow.stores._asking import written_index
from servflow.stores._chain import seal

FOR_GOOD = timedelta(days=36_500)
TICK = timedelta(microseconds=1)

# -- taking


class LeavesNothingToWhoTookIt(MemoryStore):
    """Hands an effect to whoever asks, taken or not."""

    def take(self, now: datetime, until: datetime, limit: int = 100) -> tuple[Pending, ...]:
        return super().take(now, now, limit)


class TakesForGood(MemoryStore):
    """Does not hand out again what somebody took and never reported."""

    def take(self, now: datetime, until: datetime, limit: int = 100) -> tuple[Pending, ...]:
        return super().take(now, until + FOR_GOOD, limit)


class TakesInParallel(MemoryStore):
    """Hands out all effects of a ticket at once."""

    def _ready(self, now: datetime) -> Iterator[Effect]:
        space = self._space
        return (one for one in space.effects.values() if one.id not in space.attempts or space.attempts[one.id][1] <= now)


class CountsReports(MemoryStore):
    """Counts an attempt when it is reported, so that one that kills whoever makes it is never counted."""

    def take(self, now: datetime, until: datetime, limit: int = 100) -> tuple[Pending, ...]:
        taken = super().take(now, until, limit)
        for one in taken:
            self._space.attempts[one.effect.id] = (one.tries - 1, until)
        return taken


class UnfairToOthers(MemoryStore):
    """Lets what was tried before go first."""

    def _ready(self, now: datetime) -> Iterator[Effect]:
        return iter(sorted(super()._ready(now), key=lambda one: not self._space.tries(one)))

    def take(self, now: datetime, until: datetime, limit: int = 100) -> tuple[Pending, ...]:
        space, ready = self._space, list(self._ready(now))
        if not any(space.tries(one) for one in ready):
            return super().take(now, until, limit)
        again = [one.id for one in ready if space.tries(one)][:limit]
        others = {number: one for number, one in space.effects.items() if one.id not in again}
        for number in others:
            del space.effects[number]
        taken = super().take(now, until, limit)
        space.effects.update(others)
        return taken


class TakesOutsideOfBatches(MemoryStore):
    """Keeps what a batch took where the batch is undone."""

    def take(self, now: datetime, until: datetime, limit: int = 100) -> tuple[Pending, ...]:
        mark = len(self._journal.undo)
        taken = super().take(now, until, limit)
        del self._journal.undo[mark:]
        return taken


class FreesWhatIsKeptAgain(MemoryStore):
    """Counts an effect that comes again from the beginning, though it is on its way."""

    def _apply(self, change: Change) -> Answer:
        for effect in change.effects:
            self._journal.drop(self._space.attempts, effect.id)
        return super()._apply(change)


# -- failing


class DeadLettersBlock(MemoryStore):
    """Hands out nothing of a ticket behind an effect that was set aside."""

    def _ready(self, now: datetime) -> Iterator[Effect]:
        blocked = {one.ticket for one in self._space.troubles.values() if one.sort == "effect" and one.again is None}
        return (one for one in super()._ready(now) if one.ticket not in blocked)


class Hurries(MemoryStore):
    """Tries again at once, whatever was agreed."""

    def fail(self, sort: Sort, id: str, error: str, *, at: datetime, again: datetime | None) -> None:  # noqa: A002 - as the protocol has it
        super().fail(sort, id, error, at=at, again=None if again is None else min(at, again))


class WaitsForTheTaker(MemoryStore):
    """Frees what was reported only when the time of who took it is over."""

    def fail(self, sort: Sort, id: str, error: str, *, at: datetime, again: datetime | None) -> None:  # noqa: A002 - as above
        until = self._space.attempts.get(id, (0, at))[1]
        super().fail(sort, id, error, at=at, again=None if again is None else max(until, again))


class BringsBack(MemoryStore):
    """Believes whoever reports last, also of what was set aside meanwhile."""

    def fail(self, sort: Sort, id: str, error: str, *, at: datetime, again: datetime | None) -> None:  # noqa: A002 - as above
        known = self._space.troubles.get((sort, id))
        if known is not None and known.again is None:
            self._space.troubles[sort, id] = evolve(known, again=at)
        super().fail(sort, id, error, at=at, again=again)


class RevivesWithItsTries(MemoryStore):
    """Does not count what it revived from the beginning."""

    def revive(self, sort: Sort, ids: Iterable[str]) -> int:
        names = list(ids)
        tries = {one: self._space.attempts[one] for one in names if one in self._space.attempts}
        revived = super().revive(sort, names)
        for name, (count, _) in tries.items():
            self._space.attempts[name] = (count, datetime.min.replace(tzinfo=self._space.effects[1].at.tzinfo))
        return revived


class RevivesOnlyDeadLetters(MemoryStore):
    """Leaves what waits for another try waiting."""

    def revive(self, sort: Sort, ids: Iterable[str]) -> int:
        aside = {one.id for one in self.troubles(sort=sort, aside=True)}
        return super().revive(sort, [one for one in ids if one in aside])


class RemembersWhatIsDone(MemoryStore):
    """Lists what failed and was carried out after all."""

    def ack(self, ids: Iterable[str]) -> None:
        before = dict(self._space.troubles)
        super().ack(ids)
        self._space.troubles.update(before)


class TellsOfNobody(MemoryStore):
    """Lists the failure of what is not there."""

    def fail(self, sort: Sort, id: str, error: str, *, at: datetime, again: datetime | None) -> None:  # noqa: A002 - as above
        told = Trouble(sort=sort, id=id, ticket=id, tries=1, error=error, since=at, at=at, again=again)
        self._journal.put(self._space.troubles, (sort, id), told)
        super().fail(sort, id, error, at=at, again=again)


class MailWakesWhatWasSetAside(MemoryStore):
    """Claims a ticket that was set aside as soon as it gets mail."""

    def _due(self, ticket: str) -> None:
        super()._due(ticket)
        mail = self._space.mail.get(ticket)
        if mail and ticket in self._space.tickets and ticket not in self._space.due:
            self._journal.put(self._space.due, ticket, min(one.at for one in mail.values()))


class ForgivesByAnyChange(MemoryStore):
    """Ends the trouble of a ticket that has not moved."""

    def _apply(self, change: Change) -> Answer:
        answer = super()._apply(change)
        if answer.status == "applied":
            self._journal.drop(self._space.troubles, ("ticket", change.ticket.id))
            self._due(change.ticket.id)
        return answer


class NeverForgives(MemoryStore):
    """Counts on, though the ticket has moved since."""

    def _apply(self, change: Change) -> Answer:
        before = self._space.troubles.get(("ticket", change.ticket.id))
        answer = super()._apply(change)
        if before is not None:
            self._journal.put(self._space.troubles, ("ticket", change.ticket.id), before)
            self._due(change.ticket.id)
        return answer


class ReportsOutsideOfBatches(MemoryStore):
    """Keeps what a batch reported where the batch is undone."""

    def fail(self, sort: Sort, id: str, error: str, *, at: datetime, again: datetime | None) -> None:  # noqa: A002 - as above
        with self.batch():
            mark = len(self._journal.undo)
            super().fail(sort, id, error, at=at, again=again)
            del self._journal.undo[mark:]


class ForgetsTheFirstFailure(MemoryStore):
    """Tells since when from the latest failure."""

    def troubles(self, **asked: Any) -> tuple[Trouble, ...]:
        return tuple(evolve(one, since=one.at) for one in super().troubles(**asked))


class KeepsWholeErrors(MemoryStore):
    """Keeps as much of an error as somebody gives."""

    def fail(self, sort: Sort, id: str, error: str, *, at: datetime, again: datetime | None) -> None:  # noqa: A002 - as above
        super().fail(sort, id, error, at=at, again=again)
        told = self._space.troubles.get((sort, id))
        if told is not None:
            self._space.troubles[sort, id] = evolve(told, error=error)


class ListsByTicket(MemoryStore):
    """Lists what failed by its ticket, and so pages through it wrongly."""

    def troubles(self, **asked: Any) -> tuple[Trouble, ...]:
        return tuple(sorted(super().troubles(**asked), key=lambda one: one.ticket))


class ListsOnlyDeadLetters(MemoryStore):
    """Takes what is tried again by itself for no trouble."""

    def troubles(self, **asked: Any) -> tuple[Trouble, ...]:
        return super().troubles(**{**asked, "aside": True})


# -- erasing


class RemembersSalts(MemoryStore):
    """Keeps the salt of what was erased, so that it can be found by trying."""

    def _record(self, change: Change) -> None:
        links = self._space.links.get(change.ticket.id, {})
        before = {one.sequence: links[one.sequence] for one in change.erased}
        super()._record(change)
        for sequence, old in before.items():
            links[sequence] = evolve(links[sequence], salt=old.salt)


class SealsAgain(MemoryStore):
    """Seals what stood there last instead of what was kept first."""

    def _record(self, change: Change) -> None:
        links = self._space.links.get(change.ticket.id, {})
        before = {one.sequence: links[one.sequence] for one in change.erased}
        super()._record(change)
        for sequence, old in before.items():
            links[sequence] = evolve(links[sequence], seal=seal(old.body, old.salt))


class ErasesOnlyTheLog(MemoryStore):
    """Still tells what was erased to whoever asks for the history."""

    def _record(self, change: Change) -> None:
        before = dict(self._space.records.get(change.ticket.id, {}))
        super()._record(change)
        self._space.records[change.ticket.id].update(before)


class ForgetsSealsOfWhatMoves(MemoryStore):
    """Seals records anew that were erased where they come from."""

    def _apply(self, change: Change) -> Answer:
        return super()._apply(evolve(change, seals=()))


# -- screens


class FindsLookalikes(MemoryStore):
    """Compares values as Python does: 1 is 1.0 is true."""

    def _apply(self, change: Change) -> Answer:
        return super()._apply(change if change.index is None else evolve(change, index=_alike(change.index)))

    def find(self, **asked: Any) -> tuple[Ticket, ...]:
        return super().find(**{**asked, "where": _alike(asked.get("where") or {})})


def _alike(values: Mapping[str, Any]) -> FrozenMap[str, Any]:
    return FrozenMap({name: float(value) if isinstance(value, (int, float)) else value for name, value in values.items()})


class FindsAnyOfThem(MemoryStore):
    """Finds tickets of which one value is right."""

    def find(self, **asked: Any) -> tuple[Ticket, ...]:
        where = asked.pop("where", None) or {}
        found = {one.id: one for name, value in where.items() for one in super().find(**asked, where={name: value})}
        return tuple(found[id_] for id_ in sorted(found)) if where else super().find(**asked)


class AddsToTheIndex(MemoryStore):
    """Adds what a ticket is found by to what it was found by."""

    def _apply(self, change: Change) -> Answer:
        answer = super()._apply(change)
        if answer.status == "applied" and change.index is not None:
            added = self.added.setdefault(change.ticket.id, {})
            added.update(written_index(change.index))
            self._journal.put(self._space.index, change.ticket.id, dict(added))
        return answer

    def __init__(self) -> None:
        super().__init__()
        self.added: dict[str, dict[str, str]] = {}


class ClearsTheIndex(MemoryStore):
    """Forgets what a ticket is found by where a change says nothing of it."""

    def _apply(self, change: Change) -> Answer:
        return super()._apply(evolve(change, index=change.index or FrozenMap()))


class IndexesFirst(MemoryStore):
    """Sets what a ticket is found by before it knows whether the change holds."""

    def _apply(self, change: Change) -> Answer:
        if change.index is not None:
            self._journal.put(self._space.index, change.ticket.id, written_index(change.index))
        return super()._apply(change)


class FindsWhatIsDueThen(MemoryStore):
    """Counts the instant itself as before it."""

    def find(self, **asked: Any) -> tuple[Ticket, ...]:
        before = asked.get("due_before")
        return super().find(**(asked if before is None else {**asked, "due_before": before + TICK}))


class PagesById(MemoryStore):
    """Goes on behind an id, whatever the order."""

    def find(self, **asked: Any) -> tuple[Ticket, ...]:
        after, limit = asked.pop("after", None), asked.pop("limit", 100)
        return tuple(islice((one for one in super().find(**asked) if after is None or one.id > after), limit))


MEMORY: tuple[tuple[type[MemoryStore], str], ...] = (
    (LeavesNothingToWhoTookIt, "a_taken_effect_is_left_to_who_took_it"),
    (TakesForGood, "attempts_are_counted_when_they_begin"),
    (TakesInParallel, "effects_of_a_ticket_are_taken_one_by_one"),
    (CountsReports, "attempts_are_counted_when_they_begin"),
    (UnfairToOthers, "at_most_half_is_tried_again"),
    (TakesOutsideOfBatches, "attempts_of_an_undone_batch_are_undone"),
    (FreesWhatIsKeptAgain, "an_effect_kept_again_stays_taken"),
    (DeadLettersBlock, "a_set_aside_effect_holds_up_nobody"),
    (Hurries, "a_failed_effect_waits_for_its_next_try"),
    (Hurries, "a_failed_ticket_waits_for_its_next_try"),
    (WaitsForTheTaker, "a_failed_effect_waits_for_its_next_try"),
    (BringsBack, "who_reports_late_brings_nothing_back"),
    (RevivesWithItsTries, "a_revived_effect_is_taken_at_once"),
    (RevivesOnlyDeadLetters, "a_revived_effect_is_taken_at_once"),
    (RemembersWhatIsDone, "acknowledged_is_out_of_trouble"),
    (TellsOfNobody, "the_failure_of_what_is_gone_is_nothing"),
    (MailWakesWhatWasSetAside, "a_set_aside_ticket_is_not_claimed"),
    (ForgivesByAnyChange, "a_step_ends_the_trouble_of_its_ticket"),
    (NeverForgives, "failures_of_a_ticket_are_counted"),
    (ReportsOutsideOfBatches, "the_failure_of_an_undone_batch_is_undone"),
    (ForgetsTheFirstFailure, "what_failed_is_listed"),
    (KeepsWholeErrors, "an_error_in_words[long]"),
    (ListsByTicket, "troubles_in_pages"),
    (ListsOnlyDeadLetters, "what_failed_is_listed"),
    (RemembersSalts, "an_erased_record"),
    (SealsAgain, "a_record_erased_again_keeps_its_first_seal"),
    (ErasesOnlyTheLog, "an_erased_record"),
    (ForgetsSealsOfWhatMoves, "seals_of_records_that_move"),
    (FindsLookalikes, "find_by_a_value[whole number]"),
    (FindsAnyOfThem, "find_by_several_values"),
    (AddsToTheIndex, "what_a_ticket_is_found_by_is_set_whole"),
    (ClearsTheIndex, "what_a_ticket_is_found_by_is_set_whole"),
    (IndexesFirst, "a_change_that_is_turned_away_sets_nothing"),
    (FindsWhatIsDueThen, "find_what_is_due"),
    (PagesById, "find_in_the_order_they_are_due"),
)
"""Stores with one handle, and the clause each of them breaks."""


class MarksInTheHandle(SqliteStore):
    """Knows by itself what it has taken, and tells nobody."""

    def __init__(self, path: str | Path) -> None:
        super().__init__(path)
        self.marks: dict[str, datetime] = {}

    def take(self, now: datetime, until: datetime, limit: int = 100) -> tuple[Pending, ...]:
        free = [one for one in super().take(now, now, limit) if self.marks.get(one.effect.id, now) <= now]
        self.marks.update({one.effect.id: until for one in free})
        return tuple(free)


class LooksBeforeItTakes(SqliteStore):
    """Looks in one transaction what there is and marks it in the next, so that two of them take the same."""

    both: ClassVar[threading.Barrier] = threading.Barrier(2)

    def take(self, now: datetime, until: datetime, limit: int = 100) -> tuple[Pending, ...]:
        with suppress(_Looked), self.batch():
            seen = super().take(now, until, limit)
            raise _Looked
        self.both.wait()
        super().take(now, until, limit)
        return seen


class _Looked(Exception):
    """What ends the look."""


class ForgetsFailures(SqliteStore):
    """Knows nothing of what failed after it was opened anew."""

    def __init__(self, path: str | Path) -> None:
        super().__init__(path)
        with self.batch():
            self._db.run("DELETE FROM trouble")


class ForgetsWhatWasTaken(SqliteStore):
    """Hands everything out again after it was opened anew."""

    def __init__(self, path: str | Path) -> None:
        super().__init__(path)
        with self.batch():
            self._db.run("UPDATE effect SET again = NULL, tries = 0")


class ForgetsTheIndex(SqliteStore):
    """Finds nothing by its fields after it was opened anew."""

    def __init__(self, path: str | Path) -> None:
        super().__init__(path)
        with self.batch():
            self._db.run("DELETE FROM indexed")


class ReportsAtOnce(SqliteStore):
    """Commits what failed at once, with all that its batch has done so far."""

    def fail(self, sort: Sort, id: str, error: str, *, at: datetime, again: datetime | None) -> None:  # noqa: A002 - as above
        super().fail(sort, id, error, at=at, again=again)
        with self._db.lock:
            if self._db._sqlite.in_transaction:
                self._db._sqlite.execute("COMMIT")
                self._db._sqlite.execute("BEGIN IMMEDIATE")


SQLITE: tuple[tuple[type[SqliteStore], str], ...] = (
    (MarksInTheHandle, "a_taken_effect_is_left_by_other_handles"),
    (LooksBeforeItTakes, "of_two_handles_one_takes_it"),
    (ForgetsFailures, "failures_and_screens_outlive_the_store"),
    (ForgetsWhatWasTaken, "failures_and_screens_outlive_the_store"),
    (ForgetsTheIndex, "failures_and_screens_outlive_the_store"),
    (ReportsAtOnce, "a_fault_undoes_attempts_and_failures"),
)
"""Stores with several handles, and the clause each of them breaks."""
