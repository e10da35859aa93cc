"""Knows stores that each break one promise, so that the contract can be tried on them; must not know the contract."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from attrs import evolve

from servflow.model import Effect, FrozenMap, Record, Ticket
from servflow.stores import Answer, Change, Claim, MemoryStore, Message, SqliteStore, Store
from servflow.testing import StoreContract
from tests.contracts.failing import sqlite_faults


class LosesUpdates(MemoryStore):
    """Keeps a change whatever revision it was decided on."""

    def _apply(self, change: Change) -> Answer:
        stored = self._space.tickets.get(change.ticket.id)
        if stored is not None and change.expected is not None:
            change = evolve(change, expected=stored.revision)
        return super()._apply(change)


class OpensTwice(MemoryStore):
    """Lets a ticket be opened again over the one that is there."""

    def _apply(self, change: Change) -> Answer:
        stored = self._space.tickets.get(change.ticket.id)
        return super()._apply(evolve(change, expected=stored.revision) if stored and change.expected is None else change)


class IgnoresKeys(MemoryStore):
    """Never knows a key again when a change brings it."""

    def _apply(self, change: Change) -> Answer:
        return super()._apply(evolve(change, keys=()))


class KeepsAcksOfUndoneBatches(MemoryStore):
    """Forgets an effect at once, so that it is lost where the batch is undone."""

    def ack(self, ids: Iterable[str]) -> None:
        for id_ in ids:
            if id_ in self._space.order:
                self._space.effects.pop(self._space.order.pop(id_), None)


class AcksEverything(MemoryStore):
    """Forgets everything up to what was acknowledged, and what was not."""

    def ack(self, ids: Iterable[str]) -> None:
        super().ack(list(self._space.order) if list(ids) else [])


class WakesForGood(MemoryStore):
    """Does not clear the wake of a ticket that has none any more."""

    def _due(self, ticket: str) -> None:
        before = self._space.due.get(ticket)
        super()._due(ticket)
        if before is not None and ticket not in self._space.due:
            self._space.due[ticket] = before


class ClaimsUnordered(MemoryStore):
    """Hands out what is due by id instead of by wake."""

    def claim(self, now: datetime, limit: int = 100, *, after: Claim | None = None) -> tuple[Claim, ...]:
        return tuple(sorted(super().claim(now, limit, after=after), key=lambda claim: claim.ticket))


class ClaimsEarly(MemoryStore):
    """Counts in whole seconds, so that what wakes later in this one is handed out too."""

    def claim(self, now: datetime, limit: int = 100, *, after: Claim | None = None) -> tuple[Claim, ...]:
        return super().claim(now.replace(microsecond=999_999), limit, after=after)


class LosesClaimedMail(MemoryStore):
    """Takes mail out of the box as soon as somebody claimed it."""

    def claim(self, now: datetime, limit: int = 100, *, after: Claim | None = None) -> tuple[Claim, ...]:
        claims = super().claim(now, limit, after=after)
        for claim in claims:
            self._space.mail.pop(claim.ticket, None)
        return claims


class ShowsMailThatIsDue(MemoryStore):
    """Shows of a ticket's mail what it could be claimed with, and nothing else."""

    def mail(self, ticket: str, limit: int = 100, *, after: int = 0) -> tuple[Message, ...]:
        return super().mail(ticket, limit, after=after) if ticket in self._space.due else ()


class AnswersLaterWakeUps(MemoryStore):
    """Lets a change answer a wake-up it has not seen."""

    def _wait(self, change: Change, before: tuple[str, ...]) -> None:
        super()._wait(evolve(change, woken=change.woken and 1 << 60), before)


class MissesReleases(MemoryStore):
    """Does not look whether a key was released between deciding and keeping."""

    def _wait(self, change: Change, before: tuple[str, ...]) -> None:
        super()._wait(evolve(change, released=None), before)


class NumbersWrong(MemoryStore):
    """Takes records whatever their numbers are."""

    def commit(self, changes: Sequence[Change]) -> tuple[Answer, ...]:
        with self.batch():
            return tuple(self._apply(change) for change in changes)


class NeverFull(MemoryStore):
    """Does not look at limits."""

    def _apply(self, change: Change) -> Answer:
        free = (evolve(one, limit=None) if hasattr(one, "limit") else one for one in change.reservations)
        return super()._apply(evolve(change, reservations=tuple(free)))


class DecimalsAsFloats(MemoryStore):
    """Reads an amount as a binary fraction."""

    def load(self, id: str) -> Ticket | None:  # noqa: A002 - as the protocol has it
        ticket = super().load(id)
        if ticket is None or "amount" not in ticket.fields:
            return ticket
        return evolve(ticket, fields=FrozenMap({**ticket.fields, "amount": float(ticket.fields["amount"])}))


class OneTenant(MemoryStore):
    """Shows every tenant the same."""

    def for_tenant(self, name: str) -> MemoryStore:
        return super().for_tenant("default")


class HistoryOffByOne(MemoryStore):
    """Gives the record it was to go on behind once more."""

    def history(self, id: str, after: int = 0, limit: int | None = None) -> tuple[Record, ...]:  # noqa: A002 - as above
        return super().history(id, max(after - 1, 0), limit)


class KeepsWhatTheHostHolds(MemoryStore):
    """Keeps the very mapping it was given, and gives it away again."""

    def define(self, hash: str, name: str, version: int, data: Mapping[str, Any]) -> None:  # noqa: A002 - as above
        self._space.definitions[hash] = data

    def definition(self, hash: str) -> Mapping[str, Any] | None:  # noqa: A002 - as above
        return self._space.definitions.get(hash)


class BatchesAreNotAtomic(MemoryStore):
    """Holds the others off during a batch, but undoes nothing."""

    def batch(self) -> AbstractContextManager[None]:
        return self._locked()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        failure: Exception | None = None
        with super().batch():
            try:
                yield
            except Exception as error:
                failure = error
        if failure is not None:
            raise failure


class DoublesEffects(MemoryStore):
    """Keeps an effect again that is on its way already."""

    def _apply(self, change: Change) -> Answer:
        for effect in change.effects:
            self._space.order.pop(effect.id, None)
        return super()._apply(change)


class MailBackwards(MemoryStore):
    """Hands out the latest mail first."""

    def claim(self, now: datetime, limit: int = 100, *, after: Claim | None = None) -> tuple[Claim, ...]:
        claims = super().claim(now, limit, after=after)
        return tuple(evolve(claim, messages=tuple(reversed(claim.messages))) for claim in claims)


class SkipsAfterAnAck(MemoryStore):
    """Counts places instead of numbers, so that an effect is passed over after the first is acknowledged."""

    def effects(self, limit: int = 100, *, after: str | None = None) -> tuple[Effect, ...]:
        skipped = 0 if after is None else self._space.order.get(after, 0)
        return super().effects()[skipped : skipped + limit]


class BatchesOverlap(MemoryStore):
    """Lets others into its batches."""

    def batch(self) -> AbstractContextManager[None]:
        return self._open()

    @contextmanager
    def _open(self) -> Iterator[None]:
        yield


MEMORY: tuple[tuple[type[MemoryStore], str], ...] = (
    (LosesUpdates, "stale_writer_is_refused"),
    (OpensTwice, "open_twice_is_a_conflict"),
    (IgnoresKeys, "same_key_twice_is_once"),
    (KeepsAcksOfUndoneBatches, "batch_that_fails_is_undone"),
    (AcksEverything, "effects_until_acknowledged"),
    (WakesForGood, "a_step_sets_the_wake_anew"),
    (ClaimsUnordered, "claims_by_wake_and_id"),
    (ClaimsEarly, "a_wake_is_exact_to_the_microsecond"),
    (LosesClaimedMail, "mail_wakes_the_ticket"),
    (ShowsMailThatIsDue, "mail_is_looked_at"),
    (AnswersLaterWakeUps, "a_later_release_is_not_lost"),
    (MissesReleases, "a_release_while_deciding_is_not_lost"),
    (NumbersWrong, "numbers_that_do_not_fit"),
    (NeverFull, "take_up_to_the_limit"),
    (DecimalsAsFloats, "any_text_number_and_zone_comes_back_equal"),
    (OneTenant, "tenants_see_nothing_of_each_other"),
    (HistoryOffByOne, "history_in_parts"),
    (KeepsWhatTheHostHolds, "a_definition_is_kept_apart_from_the_hosts"),
    (BatchesAreNotAtomic, "batch_that_fails_is_undone"),
    (DoublesEffects, "an_effect_that_is_pending_is_not_doubled"),
    (MailBackwards, "mail_wakes_the_ticket"),
    (SkipsAfterAnAck, "effects_until_acknowledged"),
)
"""Stores with one handle, and the clause each of them breaks."""


class ForgetsKeys(SqliteStore):
    """Does not find the keys again after it was opened anew."""

    def __init__(self, path: str | Path) -> None:
        super().__init__(path)
        with self.batch():
            self._db.run("DELETE FROM answered")


class ForgetsWakes(SqliteStore):
    """Wakes nobody after it was opened anew."""

    def __init__(self, path: str | Path) -> None:
        super().__init__(path)
        with self.batch():
            self._db.run("UPDATE ticket SET wake = NULL")


class ForgetsWhoWaits(SqliteStore):
    """Does not know who waited for what after it was opened anew."""

    def __init__(self, path: str | Path) -> None:
        super().__init__(path)
        with self.batch():
            self._db.run("DELETE FROM wait")


class ForgetsWhoHolds(SqliteStore):
    """Knows how much is held after it was opened anew, but not by whom."""

    def __init__(self, path: str | Path) -> None:
        super().__init__(path)
        with self.batch():
            self._db.run("DELETE FROM held")


class TrustsItsCache(SqliteStore):
    """Gives a ticket as it read it first, whoever has changed it since."""

    def load(self, id: str) -> Ticket | None:  # noqa: A002 - as the protocol has it
        known = self._cache._held.get((self.tenant, id))
        return super().load(id) if known is None else known


class ShowsWhatWas(SqliteStore):
    """Forgets to keep beside a snapshot who has the ticket now."""

    def commit(self, changes: Sequence[Change]) -> tuple[Answer, ...]:
        with self.batch():
            answers = super().commit(changes)
            self._db.run("UPDATE ticket SET assignee = NULL WHERE tenant = ?", (self.tenant,))
        return answers


class TwoTransactions(SqliteStore):
    """Keeps a change first and its effects afterwards, in a transaction of their own."""

    def commit(self, changes: Sequence[Change]) -> tuple[Answer, ...]:
        answers = super().commit([evolve(change, effects=()) for change in changes])
        with self.batch():
            for change, answer in zip(changes, answers, strict=True):
                if answer.status == "applied" and change.effects:
                    super().commit([Change(ticket=change.ticket, expected=change.ticket.revision, effects=change.effects)])
        return answers


class Swallows(SqliteStore):
    """Answers as if it had kept what the storage failed to keep."""

    def ack(self, ids: Iterable[str]) -> None:
        for id_ in ids:
            with self._db.lock:
                self._db._sqlite.execute("DELETE FROM effect WHERE id = ?", (id_,))
                if self._db._sqlite.in_transaction:
                    self._db._sqlite.execute("COMMIT")
                    self._db._sqlite.execute("BEGIN IMMEDIATE")


class Leases(SqliteStore):
    """Marks what it hands out as taken, for good where the one who took it dies."""

    taken: ClassVar[dict[Path, set[tuple[str, int]]]] = {}

    def claim(self, now: datetime, limit: int = 100, *, after: Claim | None = None) -> tuple[Claim, ...]:
        marks = self.taken.setdefault(Path(self._db.path), set())
        claims = super().claim(now, 1_000, after=after)
        if not self._db._depth:
            return claims[:limit]
        free = [claim for claim in claims if (claim.ticket, self._revision(claim.ticket)) not in marks][:limit]
        marks.update((claim.ticket, self._revision(claim.ticket)) for claim in free)
        return tuple(free)

    def _revision(self, ticket: str) -> int:
        loaded = self.load(ticket)
        return 0 if loaded is None else loaded.revision


class ReadsBeforeItLocks(SqliteStore):
    """Begins its batches without the lock, so that two of them claim the same."""

    def batch(self) -> AbstractContextManager[None]:
        return self._open()

    @contextmanager
    def _open(self) -> Iterator[None]:
        yield


SQLITE: tuple[tuple[type[SqliteStore], str], ...] = (
    (ForgetsKeys, "everything_outlives_the_store"),
    (ForgetsWakes, "everything_outlives_the_store"),
    (ForgetsWhoWaits, "it_goes_on_where_it_stood"),
    (ForgetsWhoHolds, "it_goes_on_where_it_stood"),
    (TrustsItsCache, "another_handle_reads_the_same"),
    (ShowsWhatWas, "columns_say_what_the_ticket_says"),
    (TwoTransactions, "a_fault_between_any_two_statements_keeps_nothing"),
    (Swallows, "a_fault_undoes_the_whole_batch"),
    (Leases, "a_claim_is_free_when_its_handle_dies"),
    (ReadsBeforeItLocks, "claims_are_disjoint"),
)
"""Stores with several handles, and the clause each of them breaks."""


def sqlite_contract(kind: Callable[[Path], SqliteStore], directory: Path) -> type[StoreContract]:
    """The contract of a SQLite store that lives in files of a directory, each used once."""
    names = iter(range(1_000_000))

    class SqliteContract(StoreContract):
        """The contract of one kind of store in SQLite."""

        def make(self) -> Store:
            return kind(directory / f"{next(names)}.db")

        def handles(self) -> tuple[Store, Store]:
            path = directory / f"{next(names)}.db"
            return kind(path), kind(path)

        def reopen(self, store: Store) -> Store:
            assert isinstance(store, SqliteStore)
            store.close()
            return kind(Path(store._db.path))

        def faults(self, store: Store, after: int) -> AbstractContextManager[None]:
            assert isinstance(store, SqliteStore)
            return sqlite_faults(store, after)

    return SqliteContract
