"""Knows what must hold between two handles on one storage, and when it fails; must not know any particular store."""
# ruff: noqa: SIM300 - expected == actual is the order of the whole suite

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from decimal import Decimal
from typing import Any, TypeAlias

import pytest
from attrs import evolve

from servflow.errors import StoreError
from servflow.model import FrozenMap, Next, Release, Reservation, Take, Unique
from servflow.stores import Answer, Change, Store
from servflow.testing._store_values import MINUTE, NOON, everything, first_mail, keep, new_ticket, next_step, note, opened, said

Pair: TypeAlias = tuple[Store, Store]

STATEMENTS = 500
"""How many statements of one operation are made to fail at most; a commit of one change needs far fewer."""

WAIT = 0.3
"""Seconds a handle is given to go on while another is inside its transaction; one that waits for it goes on afterwards."""


class Crash(Exception):
    """What ends a block as if the process had died there."""


class HandlesContract(ABC):
    """What holds between two handles that share nothing but the storage, and what a failure may leave behind: nothing."""

    @abstractmethod
    def make(self) -> Store:
        """An empty store."""

    def handles(self) -> Pair:
        """
        Two handles on one empty store that share nothing but the storage, as two processes would have.

        Skips the test where a store cannot be opened twice.
        """
        pytest.skip("handles() is not given: nothing is proved between two processes")

    def die(self, store: Store) -> None:
        """End a handle as a killed process would, in the middle of what it does; closes it where nothing else is said."""
        store.close()

    def faults(self, store: Store, after: int) -> AbstractContextManager[None]:
        """
        A block in which the storage fails once, before its statement number *after*, counted from 0 and with the commit.

        Do not count what keeps nothing and may fail unseen, such as sweeping up after a commit.
        Skips the test where the storage cannot be made to fail.
        """
        pytest.skip("faults() is not given: nothing is proved about failures between statements")

    @contextmanager
    def opened_pair(self) -> Iterator[Pair]:
        """Two handles, closed afterwards."""
        one, two = self.handles()
        try:
            yield one, two
        finally:
            one.close()
            two.close()

    @pytest.fixture
    def pair(self) -> Iterator[Pair]:
        """Two handles on one empty store, closed after the test."""
        with self.opened_pair() as pair:
            yield pair

    # -- two handles

    def test_another_handle_reads_the_same(self, pair: Pair) -> None:
        """What one handle keeps the other reads at once, equal: also a ticket it has read before."""
        one, two = pair
        fields = FrozenMap(客户="王 🧺", amount=Decimal("0.10"), many=(1, FrozenMap(deep=Decimal("1E+3"))))
        ticket = opened(one, fields=fields, reservations=(Take(key="c", units=2), Unique(key="u")))
        assert ticket == two.load("T1")
        step = next_step(ticket, 2, wake=NOON, assignee="ann")
        keep(one, step, effects=(note("e1"), note("e2")), keys=("k",))
        one.post("T1", "go", {"n": Decimal("1.50")}, key="m", at=NOON)
        one.define("h", "repair", 1, {"b": 1, "a": [2]})

        assert step.ticket == two.load("T1")
        assert everything(one) == everything(two)
        assert "1.50" == str(first_mail(two).payload["n"])
        assert {"b": 1, "a": [2]} == two.definition("h")

    def test_stale_handle_is_refused(self, pair: Pair) -> None:
        """A handle that decided on a revision another handle has passed is refused, and leaves no trace."""
        one, two = pair
        opened(one)
        seen = two.load("T1")
        assert seen is not None
        first = next_step(seen, fields=FrozenMap(by="one"))
        keep(one, first)
        answer = keep(two, next_step(seen, 2, fields=FrozenMap(by="two")), effects=(note("e"),), keys=("k",))

        assert Answer(status="conflict", revision=2) == answer
        for store in pair:
            assert first.ticket == store.load("T1")
            assert ((), None) == (store.effects(), store.answered("T1", "k"))

    def test_of_two_handles_one_wins(self, pair: Pair) -> None:
        """Two handles that write at once on one revision: one is applied, the other told; never both, never none."""
        ticket = opened(pair[0])
        for _ in range(5):
            steps = [next_step(ticket, fields=FrozenMap(by=by)) for by in ("one", "two")]
            answers = _at_once(pair, steps)
            assert ["applied", "conflict"] == sorted(answer.status for answer in answers)
            ticket = steps[[answer.status for answer in answers].index("applied")].ticket
            assert [ticket, ticket] == [store.load("T1") for store in pair]
        assert list(range(1, 7)) == [record.sequence for record in pair[1].history("T1")]

    @pytest.mark.parametrize(
        "reservation",
        [
            pytest.param(Take(key="x", limit=1), id="take"),
            pytest.param(Unique(key="x"), id="unique"),
            pytest.param(Next(counter="x", expected=0), id="next"),
        ],
    )
    def test_of_two_handles_one_gets_the_last(self, pair: Pair, reservation: Reservation) -> None:
        """The last unit, a unique key and the next turn go to one of two handles that ask at once, for different tickets."""
        answers = _at_once(pair, [evolve(new_ticket(name), reservations=(reservation,)) for name in ("A", "B")])

        assert ["applied", "refused"] == sorted(answer.status for answer in answers)
        assert 1 == len(pair[0].find())

    def test_claims_are_disjoint(self, pair: Pair) -> None:
        """What one handle claimed in a batch no other claims in a batch of its own before that one has ended."""
        one, two = pair
        names = ["A", "B", "C", "D", "E"]
        tickets = {name: opened(one, name, wake=NOON) for name in names}
        others: list[str] = []

        def claim() -> None:
            with two.batch():
                others.extend(claim.ticket for claim in two.claim(NOON))

        thread = threading.Thread(target=claim)
        with one.batch():
            mine = [claim.ticket for claim in one.claim(NOON, limit=2)]
            thread.start()
            thread.join(WAIT)
            for name in mine:
                assert "applied" == keep(one, next_step(tickets[name], wake=None)).status
        thread.join()

        assert ["A", "B"] == mine
        assert ["C", "D", "E"] == others

    def test_a_claim_is_free_when_its_handle_dies(self, pair: Pair) -> None:
        """What a handle claimed and did before it died in the middle is as it was, and free for another."""
        one, two = pair
        tickets = [opened(one, name, wake=NOON) for name in ("A", "B")]
        two.post("A", "go", key="m", at=NOON)
        before = everything(two)
        block = one.batch()
        block.__enter__()
        assert 2 == len(one.claim(NOON))
        keep(one, next_step(tickets[0], wake=None), effects=(note("e", "A"),), consumed=(first_mail(one).id,))
        self.die(one)

        assert before == everything(two)
        with two.batch():
            assert ["A", "B"] == [claim.ticket for claim in two.claim(NOON)]
            assert "applied" == keep(two, next_step(tickets[0], wake=None)).status
        with suppress(Crash, StoreError):
            block.__exit__(Crash, Crash(), None)
        assert 2 == len(two.history("A"))

    def test_a_cancelled_timer_is_never_claimed(self, pair: Pair) -> None:
        """A wake that was cancelled or put off by one handle is not claimed by another; one brought forward is."""
        one, two = pair
        tickets = {name: opened(one, name, wake=NOON) for name in ("cancelled", "later", "kept")}
        early = opened(one, "earlier", wake=NOON + 9 * MINUTE)
        assert 3 == len(two.claim(NOON))
        keep(one, next_step(tickets["cancelled"], wake=None))
        keep(one, next_step(tickets["later"], wake=NOON + MINUTE))
        keep(one, next_step(early, wake=NOON))

        assert ["earlier", "kept"] == [claim.ticket for claim in two.claim(NOON)]
        assert ["earlier", "kept", "later"] == [claim.ticket for claim in two.claim(NOON + 99 * MINUTE)]

    def test_wakes_come_in_order_whoever_set_them(self, pair: Pair) -> None:
        """Claims are ordered by wake, then id, whichever handle set them and in which order."""
        for turn, (name, minute) in enumerate((("C", 2), ("B", 1), ("D", 1), ("A", 3))):
            opened(pair[turn % 2], name, wake=NOON + minute * MINUTE)
        pair[0].post("A", "go", key="m", at=NOON)

        for store in pair:
            assert ["A", "B", "D", "C"] == [claim.ticket for claim in store.claim(NOON + 9 * MINUTE)]

    def test_a_ticket_keeps_its_order(self, pair: Pair) -> None:
        """Records, effects and mail of one ticket come in the order they were kept, whichever handle kept them."""
        ticket = opened(pair[0])
        for turn in range(6):
            change = next_step(ticket)
            assert "applied" == keep(pair[turn % 2], change, effects=(note(f"e{9 - turn}"),)).status
            pair[turn % 2].post("T1", "go", key=f"m{9 - turn}", at=NOON - turn * MINUTE)
            ticket = change.ticket

        for store in pair:
            assert list(range(1, 8)) == [record.sequence for record in store.history("T1")]
            assert [f"e{9 - turn}" for turn in range(6)] == [effect.id for effect in store.effects()]
            assert [f"m{9 - turn}" for turn in range(6)] == [message.key for message in store.claim(NOON)[0].messages]

    def test_retry_after_a_lost_answer(self, pair: Pair) -> None:
        """Who did not hear the answer and offers the same again, from anywhere, is told the first result."""
        one, two = pair
        ticket = opened(one, reservations=(Take(key="c"),))
        change = evolve(next_step(ticket, 2), keys=("k",), effects=(note("e"),), reservations=(Take(key="c"),))
        keep(one, change)
        before = everything(two)

        for store in (two, one):
            assert Answer(status="duplicate", key="k", first=2, last=3) == keep(store, change)
        assert before == everything(two)
        assert {"c": 2} == dict(two.usage())

    def test_effects_come_again_until_one_handle_acknowledges(self, pair: Pair) -> None:
        """An effect handed to one handle is handed to the other too, until one of them acknowledged it."""
        one, two = pair
        keep(one, next_step(opened(one)), effects=(note("e1"), note("e2")))

        assert [("e1", "e2")] * 2 == [tuple(effect.id for effect in store.effects()) for store in pair]
        two.ack(["e1"])
        assert [("e2",)] * 2 == [tuple(effect.id for effect in store.effects()) for store in pair]

    # -- failures

    def test_a_fault_between_any_two_statements_keeps_nothing(self) -> None:
        """However far a commit got when the storage failed, nothing of it is kept; the same again is applied once."""
        store = self.make()
        try:
            change, before = self._rich_change(store), everything(store)
            answers = self._until_it_works(
                store, lambda: store.commit([new_ticket("B"), change]), lambda: (store.answered("T1", "k"), everything(store))
            )

            assert ["applied", "applied"] == [answer.status for answer in answers]
            assert before != everything(store)
            assert Answer(status="duplicate", key="k", first=2, last=4) == keep(store, change)
            assert ["e1", "e2"] == [effect.id for effect in store.effects()]
        finally:
            store.close()

    def test_a_fault_undoes_the_whole_batch(self) -> None:
        """A failure in a batch of several operations undoes all of them: commit, mail and acknowledgements."""
        store = self.make()
        try:
            change = self._rich_change(store)
            keep(store, new_ticket("D"), effects=(note("d", "D"),))

            def work() -> None:
                with store.batch():
                    store.ack(["d"])
                    keep(store, change)
                    store.post("D", "go", key="d1", at=NOON)
                    keep(store, new_ticket("B", wake=NOON))

            self._until_it_works(store, work, lambda: everything(store))
            assert ["e1", "e2"] == [effect.id for effect in store.effects()]
            assert ["B", "D", "W"] == sorted(claim.ticket for claim in store.claim(NOON))
        finally:
            store.close()

    def test_a_fault_undoes_attempts_and_failures(self) -> None:
        """A failure of the storage between taking, reporting and reviving leaves nothing taken, failed or revived."""
        store = self.make()
        try:
            for name in ("A", "B", "C"):
                keep(store, new_ticket(name, wake=NOON), effects=(note(f"{name}1", name), note(f"{name}2", name)))
            assert 3 == len(store.take(NOON, NOON, 3))
            store.fail("effect", "A1", "no answer", at=NOON, again=NOON)
            store.fail("effect", "B1", "no answer", at=NOON, again=None)
            store.fail("ticket", "A", "no rule", at=NOON, again=NOON)

            def work() -> list[int]:
                with store.batch():
                    tries = [pending.tries for pending in store.take(NOON, NOON + MINUTE)]
                    store.fail("effect", "A1", "no answer", at=NOON, again=None)
                    store.fail("ticket", "A", "no rule", at=NOON, again=None)
                    store.revive("effect", ["B1"])
                    store.fail("ticket", "C", "no rule", at=NOON, again=NOON + MINUTE)
                    return tries

            # Whatever an undone try had taken would be one more attempt in the end.
            assert [2, 1, 2] == self._until_it_works(store, work, lambda: everything(store))
            assert ["A1", "A", "C"] == [trouble.id for trouble in store.troubles()]
        finally:
            store.close()

    def _rich_change(self, store: Store) -> Change:
        """A change that touches everything a store keeps."""
        ticket = opened(store, reservations=(Take(key="c", units=2),), wake=NOON)
        store.fail("ticket", "T1", "no rule", at=NOON, again=NOON)
        opened(store, "W", waits=("c",))
        store.post("T1", "go", key="m", at=NOON)
        reservations = (Release(key="c"), Next(counter="n", expected=0), Unique(key="u"))
        change = next_step(ticket, 3, fields=FrozenMap(x=Decimal("1.0")), assignee="ann", wake=None)
        mail = first_mail(store).id
        change = evolve(change, index=FrozenMap(city="上海"), erased=(said(1, ""),))
        return evolve(change, effects=(note("e1"), note("e2")), keys=("k",), reservations=reservations, consumed=(mail,))

    def _until_it_works(self, store: Store, work: Callable[[], Any], seen: Callable[[], Any]) -> Any:
        """Do it with a failure before its first statement, its second and so on, until there are no more; what it answers."""
        before = seen()
        for after in range(STATEMENTS):
            try:
                with self.faults(store, after):
                    result = work()
            except StoreError:
                assert before == seen(), f"a failure before statement {after} left something behind"
                continue
            assert after > 0, "faults() made nothing fail"
            return result
        raise AssertionError(f"still failing after {STATEMENTS} statements: faults() has to count up to *after*")


def _at_once(pair: Pair, changes: Sequence[Change]) -> list[Answer]:
    """What each handle answers when both commit together, each in a thread of its own."""
    start = threading.Barrier(len(pair))
    answers: dict[int, Answer] = {}

    def run(turn: int) -> None:
        start.wait()
        answers[turn] = keep(pair[turn], changes[turn])

    threads = [threading.Thread(target=run, args=[turn]) for turn in range(len(pair))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pair) == len(answers), "a handle raised instead of answering"
    return [answers[turn] for turn in range(len(pair))]
