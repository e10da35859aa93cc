"""Knows which tickets that wake can be kept with one commit, and keeps them; must not know what is decided, nor why not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from attrs import define, field

from servflow.desk._failures import concerns_all
from servflow.desk._steps import Steps
from servflow.desk._waking import by_message, by_time, is_due
from servflow.model import World
from servflow.stores import Answer, Change, Claim


@define
class Together:
    """
    Many tickets decided one after the other and kept at once, which costs a store far less.

    Only what is plain goes this way: the ticket has not failed before, nothing it decides takes or frees what tickets
    share, and no message is refused. Whatever else there is (an error, another writer, a key known before) is left
    as it was, for whoever answers one ticket at a time and can tell what is wrong. The world is read once for all.
    """

    steps: Steps
    now: datetime
    counts: Counter[str] = field(factory=Counter)

    def run(self, claims: Iterable[Claim]) -> Collection[str]:
        """The ids of the tickets that were answered in full; the others are still to be answered."""
        plain = [claim for claim in claims if not claim.tries and not claim.woken]
        if len(plain) < 2:
            return ()
        try:
            released, world = self.steps.around.fresh()
        except Exception:  # told by whoever asks for it next
            return ()
        made: dict[str, list[tuple[str, Change]]] = {}
        for claim in plain:
            try:
                made[claim.ticket] = self._decided(claim, released, world)
            except Exception:
                continue
        answers = self._kept([change for own in made.values() for _, change in own])
        done = set()
        for ticket, own in made.items():
            applied = [answer is not None and answer.status == "applied" for answer in (next(answers, None) for _ in own)]
            self.counts.update(word for (word, _), kept in zip(own, applied, strict=True) if kept)
            if own and all(applied):
                done.add(ticket)
        return done

    def _decided(self, claim: Claim, released: int | None, world: World | None) -> list[tuple[str, Change]]:
        """The changes that answer all of a claim, in order, each with what it counts as; none where it is not plain."""
        ticket, made = self.steps.get(claim.ticket), []
        for message in claim.messages:
            outcome = by_message(self.steps, message)(ticket, self.steps.around.now(), world)
            if outcome.reservations or not outcome.records:
                return []
            change = self.steps.prepared(ticket, outcome, key=message.key, released=released, consumed=(message.id,))
            made.append(("fired", change))
            ticket = outcome.ticket
        if is_due(ticket, self.now):
            outcome = by_time(self.steps, self.now)(ticket, self.now, world)
            if outcome.reservations or not outcome.records:
                return []
            made.append(("advanced", self.steps.prepared(ticket, outcome, released=released)))
        return made

    def _kept(self, changes: list[Change]) -> Iterator[Answer]:
        store = self.steps.store
        if len(changes) < 2:
            return iter(())
        try:
            with store.batch():
                return iter(store.commit(changes))
        except Exception as error:
            if concerns_all(error):
                raise
            return iter(())  # one of them cannot be written, so none was; each alone tells which
