"""Knows what every store must make of one call, of many changes in it and of names; must not know any particular store."""
# ruff: noqa: SIM300 - expected == actual is the order of the whole suite

from __future__ import annotations

from unicodedata import normalize

import pytest
from attrs import evolve

from servflow.model import FrozenMap, Next, Release, Reservation, Take, Unique
from servflow.stores import Answer, Change, Store
from servflow.stores._protocol import MAX_MESSAGES
from servflow.testing._store_values import (
    MINUTE,
    NOON,
    everything,
    first_mail,
    keep,
    new_ticket,
    next_step,
    note,
    opened,
    taken,
    troubled,
    with_effects,
)

NAMES = ("A", "B", "a", "a ", "b", "e\u0301", "é", "\uff21")
"""Different signs, in the order of their numbers, which languages and lazy comparisons take for the same."""


class CallsContract:
    """What one call keeps and what it leaves alone, however it is asked."""

    # -- what is turned away

    @pytest.mark.parametrize(
        "status", [pytest.param(status, id=status) for status in ("duplicate", "conflict", "refused", "ahead")]
    )
    def test_what_is_turned_away_leaves_nothing(self, store: Store, status: str) -> None:
        """Neither what it takes, gives back, says or asks for, nor the mail and the wake-up it answers."""
        holder = opened(store, "H", reservations=(Take(key="ann"),))
        ticket = opened(store, reservations=(Take(key="mine"),), waits=("ann",))
        step = next_step(ticket)
        keep(store, step, keys=("known",))
        keep(store, next_step(holder), reservations=(Release(key="ann"),))
        store.post("T1", "go", key="m", at=NOON)
        (claim,) = store.claim(NOON)
        before = everything(store)
        base = {"conflict": ticket, "ahead": evolve(step.ticket, sequence=5)}.get(status, step.ticket)
        reservations: tuple[Reservation, ...] = (Unique(key="u"), Next(counter="n", expected=0))
        reservations += (Release(key="mine"), Take(key="t"))
        change = evolve(
            next_step(base, wake=NOON, slots=FrozenMap(), assignee="ann"),
            effects=(note("e"),),
            keys=("known", "k") if status == "duplicate" else ("k",),
            reservations=(*reservations, Take(key="full", limit=0)) if status == "refused" else reservations,
            consumed=(claim.messages[0].id,),
            woken=claim.woken,
            index=FrozenMap(city="上海"),
        )

        assert status.replace("ahead", "conflict") == keep(store, change).status
        assert before == everything(store)
        assert store.answered("T1", "k") is None
        assert "applied" == keep(store, new_ticket("V"), reservations=(Unique(key="u"), Next(counter="n", expected=0))).status

    # -- many changes of one call

    def test_a_key_twice_in_one_call_is_once(self, store: Store) -> None:
        """A later change of the call gets the first result of an earlier one."""
        one = next_step(opened(store))
        answers = store.commit([evolve(one, keys=("j", "k")), evolve(next_step(one.ticket), keys=("k",), effects=(note("e"),))])

        assert Answer(status="duplicate", key="k", first=2, last=2) == answers[1]
        assert ((), 2) == (store.effects(), len(store.history("T1")))

    @pytest.mark.parametrize(
        "reservation",
        [
            pytest.param(Take(key="x", limit=1), id="take"),
            pytest.param(Unique(key="x"), id="unique"),
            pytest.param(Next(counter="x", expected=0), id="next"),
        ],
    )
    def test_of_one_call_the_first_gets_the_last(self, store: Store, reservation: Reservation) -> None:
        """What one change takes is gone for those behind it in the same call, which goes on with the others."""
        changes = [new_ticket("A"), new_ticket("B"), new_ticket("C")]
        answers = store.commit([*(evolve(one, reservations=(reservation,)) for one in changes[:2]), changes[2]])

        assert ["applied", "refused", "applied"] == [answer.status for answer in answers]
        assert ["A", "C"] == [ticket.id for ticket in store.find()]

    def test_what_one_change_gives_back_the_next_takes(self, store: Store) -> None:
        """In one call too; and who is turned away may come again behind it."""
        holder = opened(store, "H", reservations=(Take(key="x", limit=1), Unique(key="u")))
        wanted = evolve(new_ticket("B"), reservations=(Take(key="x", limit=1), Unique(key="u")))
        given = evolve(next_step(holder), reservations=(Release(key="x"), Release(key="u")))

        assert ["refused", "applied", "applied"] == [answer.status for answer in store.commit([wanted, given, wanted])]
        assert {"x": 1} == dict(store.usage())

    def test_a_release_of_the_same_call_wakes(self, store: Store) -> None:
        """Who begins to wait ahead of a release in its call is woken, and so is who begins to wait behind it."""
        holder = opened(store, "H", reservations=(Take(key="ann"),))
        read = store.released()
        given = evolve(next_step(holder), reservations=(Release(key="ann"),))
        ahead, behind = (evolve(new_ticket(name, waits=("ann",)), released=read) for name in ("A", "B"))
        store.commit([ahead, given, behind])

        assert ["A", "B"] == [claim.ticket for claim in store.claim(NOON)]

    def test_one_effect_twice_in_one_call_is_once(self, store: Store) -> None:
        """The same effect id of two changes is delivered once, in its first place."""
        one = next_step(opened(store))
        first = evolve(one, effects=(note("e"), note("f")))
        store.commit([first, evolve(next_step(one.ticket), effects=(note("e"), note("g")))])

        assert ["e", "f", "g"] == [effect.id for effect in store.effects()]

    # -- whose it is

    def test_who_does_not_hold_it_gives_nothing_back(self, store: Store) -> None:
        """Units and a unique key that another ticket holds stay with it, and nobody is woken."""
        opened(store, "A", reservations=(Unique(key="u"), Take(key="x")))
        opened(store, "W", waits=("u", "x"))
        keep(store, new_ticket("B"), reservations=(Release(key="u"), Release(key="x")))

        refused = keep(store, new_ticket("C"), reservations=(Unique(key="u"),))
        assert ("refused", "A") == (refused.status, refused.held)
        assert {"x": 1} == dict(store.usage())
        assert () == store.claim(NOON)

    def test_every_release_has_a_later_number(self, store: Store) -> None:
        """Also one of a key that was released before, and also where nobody waits any more."""
        ticket, numbers = opened(store, reservations=(Take(key="x", units=3),)), [store.released()]
        waiting = opened(store, "W", waits=("x",))
        for _ in range(3):
            step = next_step(ticket)
            keep(store, step, reservations=(Release(key="x"),))
            ticket = step.ticket
            numbers.append(store.released())
        keep(store, next_step(waiting, slots=FrozenMap()))

        assert sorted(set(numbers)) == numbers
        assert numbers[-1] == store.released()

    def test_mail_of_another_ticket_stays(self, store: Store) -> None:
        """A change takes out the mail of its own ticket only, whatever numbers it gives."""
        ticket = opened(store)
        opened(store, "T2")
        store.post("T2", "go", key="m", at=NOON)
        keep(store, next_step(ticket), consumed=(first_mail(store).id,))

        assert ["m"] == [message.key for message in store.mail("T2")]
        assert ["T2"] == [claim.ticket for claim in store.claim(NOON)]

    def test_what_one_tenant_does_leaves_who_took_it(self, store: Store) -> None:
        """An effect that is taken stays taken, and counted, when another tenant revives or acknowledges its namesake."""
        other = store.for_tenant("other")
        for one in (store, other):
            with_effects(one, "T1", "e1")
            with_effects(one, "T2", "e2")
            taken(one)
        for one, effect in ((store, "e1"), (other, "e2")):
            one.fail("effect", effect, "no answer", at=NOON, again=None)
            assert 1 == one.revive("effect", [effect])
            one.ack([effect])

        assert [[], []] == [taken(store), taken(other)]
        assert [[("e2", 2)], [("e1", 2)]] == [taken(one, NOON + MINUTE) for one in (store, other)]

    # -- how it is asked

    def test_names_are_compared_sign_by_sign(self, store: Store) -> None:
        """Capitals, accents, blanks at the end and wide letters are other names; their order is that of the signs' numbers."""
        assert normalize("NFC", NAMES[5]) == NAMES[6]
        for name in reversed(NAMES):
            reservations = (Take(key=name), Unique(key=name))
            change = evolve(new_ticket(name, wake=NOON), keys=(name,), index=FrozenMap(field=name), reservations=reservations)
            assert "applied" == keep(store, change, effects=(note(name, name),)).status
            assert store.post("T1", "go", key=name, at=NOON)
            step = next_step(change.ticket, 0)
            assert ["applied"] * len(NAMES) == [keep(store, step, keys=(f"+{key}",)).status for key in NAMES]

        assert NAMES == store.ids() == tuple(ticket.id for ticket in store.find())
        assert NAMES == tuple(claim.ticket for claim in store.claim(NOON))
        assert dict.fromkeys(NAMES, 1) == dict(store.usage())
        for place, name in enumerate(NAMES):
            assert {other: 1 for other in NAMES if other.startswith(name)} == dict(store.usage(name))
            assert [name] == [ticket.id for ticket in store.find(where={"field": name})]
            assert NAMES[place + 1 :] == store.ids(after=name)

    def test_nothing_asked_for_is_nothing(self, store: Store) -> None:
        """A limit of 0 gives nothing, and is not the same as none."""
        opened(store, wake=NOON)
        keep(store, new_ticket("T2"), effects=(note("e", "T2"),))
        store.post("T1", "go", key="m", at=NOON)

        assert () == store.history("T1", limit=0) + store.chain("T1", limit=0) + store.mail("T1", 0) + store.effects(0)
        assert () == store.find(limit=0) + store.claim(NOON, 0) + store.ids(0) + store.take(NOON, NOON, 0)
        assert [("e", 1)] == taken(store)

    def test_ids_may_come_one_by_one(self, store: Store) -> None:
        """What can be looked through once only is looked through once."""
        for name in ("A", "B"):
            with_effects(store, name, f"{name}1", f"{name}2")
        for name, _ in taken(store):
            store.fail("effect", name, "no answer", at=NOON, again=None)
        assert 2 == store.revive("effect", iter(["A1", "B1"]))
        store.ack(iter(["A1", "B1"]))

        assert [] == troubled(store)
        assert ["A2", "B2"] == [effect.id for effect in store.effects()]

    def test_a_batch_that_is_interrupted_is_undone(self, store: Store) -> None:
        """Whatever leaves the block undoes it: also a worker that is told to stop, which is no ``Exception``."""
        ticket = opened(store, wake=NOON)
        before = everything(store)
        for stop in (KeyboardInterrupt, SystemExit, GeneratorExit):
            with pytest.raises(stop):
                self._interrupted(store, next_step(ticket, wake=None), stop)
            assert before == everything(store)

    def _interrupted(self, store: Store, change: Change, stop: type[BaseException]) -> None:
        with store.batch():
            keep(store, change, effects=(note("e"),), keys=("k",))
            with store.batch():
                raise stop

    def test_a_full_box_is_handed_out_in_parts(self, store: Store) -> None:
        """A claim holds so many messages at most, the oldest; the others come once those are answered."""
        ticket = opened(store)
        keys = [f"m{number}" for number in range(MAX_MESSAGES + 3)]
        with store.batch():
            for key in keys:
                store.post("T1", "go", key=key, at=NOON)
        messages = store.claim(NOON)[0].messages
        assert keys[:MAX_MESSAGES] == [message.key for message in messages]
        keep(store, next_step(ticket), consumed=tuple(message.id for message in messages))

        assert keys[MAX_MESSAGES:] == [message.key for message in store.claim(NOON)[0].messages]
