"""Knows stores with one bug each in what they make of one call, of tenants or of names; must not know the contract."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any

from attrs import evolve

from servflow.model import Record, Release, Take, Ticket, Unique
from servflow.stores import Answer, Change, Claim, MemoryStore, Sort
from servflow.stores._memory_space import Space
from servflow.stores._reservations import Refusal, settle


class LeavesWhatWasRefused(MemoryStore):
    """Leaves unique keys taken that stood ahead of what was refused."""

    def _apply(self, change: Change) -> Answer:
        answer = super()._apply(change)
        if answer.status == "refused":
            for one in change.reservations:
                if isinstance(one, Unique):
                    self._journal.put(self._space.owners, one.key, (change.ticket.id, one.until))
        return answer


class ReadsMailItRefuses(MemoryStore):
    """Takes mail out of the box though the change that answers it is refused."""

    def _apply(self, change: Change) -> Answer:
        answer = super()._apply(change)
        if answer.status == "refused":
            for message in change.consumed:
                self._journal.drop(self._space.mail.get(change.ticket.id, {}), message)
        return answer


class AnswersWakeUpsOfLosers(MemoryStore):
    """Takes a wake-up for answered by a change that came too late."""

    def _apply(self, change: Change) -> Answer:
        answer = super()._apply(change)
        if answer.status == "conflict" and change.woken:
            self._journal.drop(self._space.woken, change.ticket.id)
            self._due(change.ticket.id)
        return answer


class KeepsEffectsOfDuplicates(MemoryStore):
    """Writes effects before it looks for the key."""

    def _apply(self, change: Change) -> Answer:
        answer = super()._apply(change)
        if answer.status == "duplicate":
            for effect in change.effects:
                number = self._number("effect")
                self._journal.put(self._space.order, effect.id, number)
                self._journal.put(self._space.effects, number, effect)
        return answer


class BelievesInTheFuture(MemoryStore):
    """Refuses what was decided on an earlier revision only, as a careless ``revision <= expected`` does."""

    def _apply(self, change: Change) -> Answer:
        space, stored = self._space, self._space.tickets.get(change.ticket.id)
        if stored is not None and change.expected is not None and change.expected > stored.revision:
            self._journal.put(space.links[stored.id], change.expected, space.links[stored.id][stored.revision])
            self._journal.put(space.tickets, stored.id, evolve(stored, sequence=change.expected))
        return super()._apply(change)


class LooksAtKeysFirst(MemoryStore):
    """Looks up the keys of a call at once, before any of it is kept."""

    def commit(self, changes: Sequence[Change]) -> tuple[Answer, ...]:
        with self.batch():
            known = [self._duplicate(change.ticket.id, change.keys) for change in changes]
            return tuple(first or self._anew(change) for first, change in zip(known, changes, strict=True))

    def _anew(self, change: Change) -> Answer:
        kept = self._space.keys
        self._space.keys = {}
        answer = super()._apply(change)
        kept.update(self._space.keys)
        self._space.keys = kept
        return answer


class _Before(Space):
    """The holdings before a call."""


class LooksAtHoldingsFirst(MemoryStore):
    """Looks at all reservations of a call before any of them is entered."""

    def commit(self, changes: Sequence[Change]) -> tuple[Answer, ...]:
        with self.batch():
            before = _Before(
                units={key: dict(held) for key, held in self._space.units.items()},
                totals=dict(self._space.totals),
                owners=dict(self._space.owners),
                counters=dict(self._space.counters),
            )
            return tuple(self._granted(change, before) for change in changes)

    def _granted(self, change: Change, before: Space) -> Answer:
        settled = settle(change.reservations, change.ticket, before)
        if isinstance(settled, Refusal):
            return Answer(status="refused", reservation=settled.reservation, key=settled.key, held=settled.held)
        free = (evolve(one, limit=None) if isinstance(one, Take) else one for one in change.reservations)
        return super()._apply(evolve(change, reservations=tuple(free)))


class AnybodyGivesBack(MemoryStore):
    """Frees a unique key whoever gives it back."""

    def _apply(self, change: Change) -> Answer:
        for one in change.reservations:
            if isinstance(one, Release):
                self._journal.drop(self._space.owners, one.key)
        return super()._apply(change)


class CountsReleasedKeys(MemoryStore):
    """Numbers releases by how many keys there were so far, so a key released again is nothing new."""

    def released(self) -> int:
        with self.batch():
            return len(self._space.freed)


class ReadsMailOfOthers(MemoryStore):
    """Takes a message out by its number, whoever it is for."""

    def _apply(self, change: Change) -> Answer:
        answer = super()._apply(change)
        if answer.status == "applied":
            for ticket, box in self._space.mail.items():
                for message in change.consumed:
                    self._journal.drop(box, message)
                self._due(ticket)
        return answer


class RevivesForEveryTenant(MemoryStore):
    """Forgets the attempts of every effect of that name."""

    def revive(self, sort: Sort, ids: Iterable[str]) -> int:
        given = tuple(ids)
        for space in self._spaces.values():
            for id_ in given:
                self._journal.drop(space.attempts, id_)
        return super().revive(sort, given)


class AcksForEveryTenant(MemoryStore):
    """Forgets with an effect the attempts of every effect of that name."""

    def ack(self, ids: Iterable[str]) -> None:
        given = tuple(ids)
        for space in self._spaces.values():
            for id_ in given:
                self._journal.drop(space.attempts, id_)
        super().ack(given)


class FoldsIds(MemoryStore):
    """Takes a capital for its small letter, as the collation of many a database does."""

    def _apply(self, change: Change) -> Answer:
        for name, ticket in self._space.tickets.items():
            if name != change.ticket.id and name.casefold() == change.ticket.id.casefold():
                return Answer(status="conflict", revision=ticket.revision)
        return super()._apply(change)


class PadsKeys(MemoryStore):
    """Ignores blanks at the end of a key, as a column of fixed width does."""

    def _duplicate(self, ticket: str, keys: Iterable[str]) -> Answer | None:
        for key in keys:
            for (owner, known), (first, last) in self._space.keys.items():
                if owner == ticket and known.rstrip() == key.rstrip():
                    return Answer(status="duplicate", key=key, first=first, last=last)
        return None


class LikesPrefixes(MemoryStore):
    """Compares prefixes as ``LIKE`` does in SQLite."""

    def usage(self, prefix: str = "") -> Mapping[str, int]:
        return {key: held for key, held in super().usage().items() if key.casefold().startswith(prefix.casefold())}


class OrdersAsPeopleDo(MemoryStore):
    """Orders ids as a dictionary of a language does."""

    def find(self, **asked: Any) -> tuple[Ticket, ...]:
        return tuple(sorted(super().find(**asked), key=lambda ticket: (ticket.id.casefold(), ticket.id)))


class ZeroIsAll(MemoryStore):
    """Takes a limit of 0 for none."""

    def history(self, id: str, after: int = 0, limit: int | None = None) -> tuple[Record, ...]:  # noqa: A002 - the word of the library
        return super().history(id, after, limit or None)


class LooksTwice(MemoryStore):
    """Looks through the ids it is given twice, and finds none the second time."""

    def ack(self, ids: Iterable[str]) -> None:
        if all(isinstance(one, str) for one in ids):
            super().ack(ids)


class KeepsWhatWasInterrupted(MemoryStore):
    """Undoes a batch that fails, and keeps one that somebody interrupts."""

    def batch(self) -> AbstractContextManager[None]:
        return self._kept()

    @contextmanager
    def _kept(self) -> Iterator[None]:
        gone: BaseException | None = None
        with super().batch():
            try:
                yield
            except Exception:
                raise
            except BaseException as stop:
                gone = stop
        if gone is not None:
            raise gone


class ForgetsTheRestOfABox(MemoryStore):
    """Leaves nothing in a box of which it handed out a part."""

    def claim(self, now: datetime, limit: int = 100, *, after: Claim | None = None) -> tuple[Claim, ...]:
        claims = super().claim(now, limit, after=after)
        for claim in claims:
            box = self._space.mail.get(claim.ticket, {})
            for number in list(box)[len(claim.messages) :]:
                del box[number]
        return claims


MEMORY: tuple[tuple[type[MemoryStore], str], ...] = (
    (LeavesWhatWasRefused, "what_is_turned_away_leaves_nothing[refused]"),
    (ReadsMailItRefuses, "what_is_turned_away_leaves_nothing[refused]"),
    (AnswersWakeUpsOfLosers, "what_is_turned_away_leaves_nothing[conflict]"),
    (KeepsEffectsOfDuplicates, "what_is_turned_away_leaves_nothing[duplicate]"),
    (BelievesInTheFuture, "what_is_turned_away_leaves_nothing[ahead]"),
    (LooksAtKeysFirst, "a_key_twice_in_one_call_is_once"),
    (LooksAtHoldingsFirst, "of_one_call_the_first_gets_the_last[take]"),
    (LooksAtHoldingsFirst, "what_one_change_gives_back_the_next_takes"),
    (AnybodyGivesBack, "who_does_not_hold_it_gives_nothing_back"),
    (CountsReleasedKeys, "every_release_has_a_later_number"),
    (ReadsMailOfOthers, "mail_of_another_ticket_stays"),
    (RevivesForEveryTenant, "what_one_tenant_does_leaves_who_took_it"),
    (AcksForEveryTenant, "what_one_tenant_does_leaves_who_took_it"),
    (FoldsIds, "names_are_compared_sign_by_sign"),
    (PadsKeys, "names_are_compared_sign_by_sign"),
    (LikesPrefixes, "names_are_compared_sign_by_sign"),
    (OrdersAsPeopleDo, "names_are_compared_sign_by_sign"),
    (ZeroIsAll, "nothing_asked_for_is_nothing"),
    (LooksTwice, "ids_may_come_one_by_one"),
    (KeepsWhatWasInterrupted, "a_batch_that_is_interrupted_is_undone"),
    (ForgetsTheRestOfABox, "a_full_box_is_handed_out_in_parts"),
)
"""Stores with one handle, and the clause each of them breaks."""
