"""Knows which tickets that wake can be kept with one commit, and keeps them; must not know what is decided, nor why not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from attrs import define, evolve, field

from servflow.desk._failures import concerns_all
from servflow.desk._feeding import reads_first
from servflow.desk._steps import Steps
from servflow.desk._waking import by_message, by_time, is_due
from servflow.model import World
from servflow.stores import Change, Claim


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

    def run(self, claims: Sequence[Claim]) -> list[Claim]:
        """The claims that are still to be answered, in the order they were, without the messages that were."""
        plain = [claim for claim in claims if not claim.tries and not claim.woken]
        if len(plain) < 2:
            return list(claims)
        try:
            released, world = self.steps.around.fresh()
        except Exception:  # told by whoever asks for it next
            return list(claims)
        made: dict[str, list[tuple[str, Change]]] = {}
        for claim in plain:
            try:
                made[claim.ticket] = self._decided(claim, released, world)
            except Exception:
                continue
        kept = self._kept({ticket: own for ticket, own in made.items() if own})
        left = []
        for claim in claims:
            own, count = made.get(claim.ticket, []), kept[claim.ticket]
            self.counts.update(word for word, _ in own[:count])
            if not own or count < len(own):
                left.append(evolve(claim, messages=claim.messages[count:]) if count else claim)
        return left

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
        if is_due(ticket, self.now) and not reads_first(self.steps.store, claim):
            outcome = by_time(self.steps, self.now)(ticket, self.now, world)
            if outcome.reservations or not outcome.records:
                return []
            made.append(("advanced", self.steps.prepared(ticket, outcome, released=released)))
        return made

    def _kept(self, made: Mapping[str, list[tuple[str, Change]]]) -> Counter[str]:
        """How many of its changes each ticket got, one more of every ticket with each commit."""
        # Offered at once, a ticket's second change might fit by its number although somebody else's was kept as the first.
        kept: Counter[str] = Counter()
        if len(made) < 2:
            return kept
        store = self.steps.store
        try:
            with store.batch():
                for turn in range(max(map(len, made.values()))):
                    tickets = [ticket for ticket, own in made.items() if kept[ticket] == turn < len(own)]
                    if not tickets:
                        break
                    answers = store.commit([made[ticket][turn][1] for ticket in tickets])
                    kept.update(ticket for ticket, answer in zip(tickets, answers, strict=True) if answer.status == "applied")
        except Exception as error:
            if concerns_all(error):
                raise
            return Counter()  # one of them cannot be written, so none was; each alone tells which
        return kept
