"""Knows what every store must do with effects that are taken, fail and are tried again; must not know any particular store."""
# ruff: noqa: SIM300 - expected == actual is the order of the whole suite

from __future__ import annotations

import threading
from datetime import timedelta
from zoneinfo import ZoneInfo

from servflow.stores import Pending, Store
from servflow.testing._store_values import MINUTE, NOON, keep, next_step, note, opened, taken, trouble, troubled, with_effects

TICK = timedelta(microseconds=1)
LATER = NOON + 999 * MINUTE

PATIENCE = 10_000
"""How often a handle asks again while another has what is left; a store that gives nothing must not hold up the kit."""


class EffectsContract:
    """Effects on their way to their handlers: each to one worker at a time, those of a ticket one after the other."""

    # -- taking

    def test_a_taken_effect_is_left_to_who_took_it(self, store: Store) -> None:
        """What is taken comes to nobody before its time is over, to the microsecond and in any zone, and then comes again."""
        with_effects(store, "A", "a1")

        assert (Pending(note("a1", "A"), 1),) == store.take(NOON, NOON + MINUTE)
        assert [] == taken(store)
        assert [] == taken(store, (NOON + MINUTE - TICK).astimezone(ZoneInfo("Asia/Shanghai")), LATER)
        assert (note("a1", "A"),) == store.effects()
        assert [("a1", 2)] == taken(store, (NOON + MINUTE).astimezone(ZoneInfo("Asia/Shanghai")), LATER)
        assert [] == taken(store, LATER - TICK, LATER)

    def test_effects_of_a_ticket_are_taken_one_by_one(self, store: Store) -> None:
        """Of each ticket one effect is on its way; the next is taken once that is acknowledged."""
        with_effects(store, "A", "a1", "a2")
        with_effects(store, "B", "b1", "b2")

        assert [("a1", 1), ("b1", 1)] == taken(store)
        assert [] == taken(store)
        store.ack(["a1"])
        assert [("a2", 1)] == taken(store)
        store.ack(["a2", "b1"])
        assert [("b2", 1)] == taken(store)

    def test_effects_are_taken_in_the_order_they_were_kept(self, store: Store) -> None:
        """Across tickets too the first kept are the first taken, as many as asked for."""
        ticket = with_effects(store, "C", "z")
        with_effects(store, "A", "y")
        keep(store, next_step(ticket), effects=(note("a", "C"),))
        with_effects(store, "B", "x")

        assert [] == taken(store, limit=0)
        assert [("z", 1), ("y", 1)] == taken(store, limit=2)
        store.ack(["z"])
        assert [("a", 1), ("x", 1)] == taken(store)

    def test_attempts_are_counted_when_they_begin(self, store: Store) -> None:
        """Who dies with an effect has used an attempt up, though nobody reported it; that alone is no trouble."""
        with_effects(store, "A", "a1")
        for attempt in (1, 2, 3):
            assert [("a1", attempt)] == taken(store, NOON + attempt * MINUTE, NOON + (attempt + 1) * MINUTE)

        assert () == store.troubles()
        store.fail("effect", "a1", "no answer", at=NOON + 3 * MINUTE, again=LATER)
        assert (trouble("a1", "A", tries=3, at=NOON + 3 * MINUTE, again=LATER),) == store.troubles()

    def test_an_effect_kept_again_stays_taken(self, store: Store) -> None:
        """The same effect id kept twice frees nothing and forgets no attempt; once acknowledged it is a new one."""
        ticket = with_effects(store, "A", "a1")
        taken(store)
        step = next_step(ticket)
        keep(store, step, effects=(note("a1", "A"),))

        assert [] == taken(store)
        assert [("a1", 2)] == taken(store, NOON + MINUTE)
        store.ack(["a1"])
        keep(store, next_step(step.ticket), effects=(note("a1", "A"),))
        assert [("a1", 1)] == taken(store)

    # -- failing

    def test_a_failed_effect_waits_for_its_next_try(self, store: Store) -> None:
        """It and what its ticket has behind it wait until then, other tickets do not; a report frees what was taken."""
        for name in "AB":
            with_effects(store, name, f"{name}1", f"{name}2")
        taken(store, until=NOON + 5 * MINUTE)
        store.fail("effect", "A1", "no answer", at=NOON, again=NOON + 9 * MINUTE)
        store.fail("effect", "B1", "no answer", at=NOON, again=NOON + MINUTE)

        assert [] == taken(store, NOON + MINUTE - TICK)
        assert [("B1", 2)] == taken(store, NOON + MINUTE, LATER)
        store.ack(["B1"])
        assert [("B2", 1)] == taken(store, NOON + 9 * MINUTE - TICK, LATER)
        assert [("A1", 2)] == taken(store, NOON + 9 * MINUTE, LATER)

    def test_a_set_aside_effect_holds_up_nobody(self, store: Store) -> None:
        """A dead letter is never taken again, what its ticket has behind it is at once; it is still pending."""
        with_effects(store, "A", "a1", "a2", "a3")
        taken(store)
        store.fail("effect", "a1", "no answer", at=NOON, again=None)

        assert [("a2", 1)] == taken(store)
        store.fail("effect", "a2", "no answer", at=NOON, again=NOON + MINUTE)
        assert [] == taken(store)
        assert [("a2", 2)] == taken(store, LATER, LATER + MINUTE)
        store.ack(["a2"])
        assert [("a3", 1)] == taken(store, LATER, LATER + MINUTE)
        assert ["a1", "a3"] == [effect.id for effect in store.effects()]
        assert ["a1"] == troubled(store, aside=True)

    def test_who_reports_late_brings_nothing_back(self, store: Store) -> None:
        """A failure told after it was set aside, by somebody who hung meanwhile, leaves it set aside and as it was."""
        with_effects(store, "A", "a1", "a2")
        taken(store)
        store.fail("effect", "a1", "no answer", at=NOON, again=None)
        store.fail("ticket", "A", "no answer", at=NOON, again=None)
        before = store.troubles()
        store.fail("effect", "a1", "it took too long", at=LATER, again=LATER)
        store.fail("ticket", "A", "it took too long", at=LATER, again=LATER)

        assert before == store.troubles()
        assert [("a2", 1)] == taken(store, LATER, LATER + MINUTE)
        assert () == store.claim(LATER)

    def test_at_most_half_is_tried_again(self, store: Store) -> None:
        """Where others are there, those that were tried before get half of the limit, and one where that is less."""
        tried, others = [f"t{n}" for n in range(8)], [f"u{n}" for n in range(4)]
        for name in tried:
            with_effects(store, name, name)
        for name, _ in taken(store):
            store.fail("effect", name, "no answer", at=NOON, again=NOON)
        for name in others:
            with_effects(store, name, name)

        assert ["t0"] == [name for name, _ in taken(store, limit=1)]
        assert ["t1", "t2", "u0", "u1"] == [name for name, _ in taken(store, limit=4)]
        assert ["t3", "t4", "t5", "u2", "u3"] == [name for name, _ in taken(store, limit=5)]
        assert [("t6", 2), ("t7", 2)] == taken(store, limit=2)

    def test_a_revived_effect_is_taken_at_once(self, store: Store) -> None:
        """Set aside or waiting, it is tried at once as if for the first time; how many were in trouble is told."""
        for name in "ABC":
            with_effects(store, name, f"{name}1", f"{name}2")
        taken(store)
        store.fail("effect", "A1", "no answer", at=NOON, again=None)
        store.fail("effect", "B1", "no answer", at=NOON, again=LATER)

        assert 2 == store.revive("effect", ["A1", "B1", "C1", "nobody"])
        assert () == store.troubles()
        assert [("A1", 1), ("B1", 1)] == taken(store)
        assert 0 == store.revive("effect", ["A1", "B1"])
        assert [] == taken(store)

    def test_acknowledged_is_out_of_trouble(self, store: Store) -> None:
        """What was carried out after all, even when it had been set aside, is forgotten with its failures."""
        for name in "AB":
            with_effects(store, name, f"{name}1", f"{name}2")
        taken(store)
        store.fail("effect", "A1", "no answer", at=NOON, again=None)
        store.fail("effect", "B1", "no answer", at=NOON, again=LATER)
        store.ack(["A1", "B1"])

        assert () == store.troubles()
        assert [("A2", 1), ("B2", 1)] == taken(store)

    def test_the_failure_of_what_is_gone_is_nothing(self, store: Store) -> None:
        """What was acknowledged meanwhile, or never was, fails without a trace."""
        with_effects(store, "A", "a1")
        taken(store)
        store.ack(["a1"])
        for name in ("a1", "nobody"):
            store.fail("effect", name, "no answer", at=NOON, again=None)
            store.fail("ticket", name, "no answer", at=NOON, again=LATER)

        assert () == store.troubles()
        assert 0 == store.revive("effect", ["a1", "nobody"])
        with_effects(store, "B", "nobody")
        assert [("nobody", 1)] == taken(store)

    def test_attempts_of_an_undone_batch_are_undone(self, store: Store) -> None:
        """What a batch took, reported and revived before it failed is as it was."""
        for name in "ABC":
            with_effects(store, name, f"{name}1")
        taken(store, limit=2)
        store.fail("effect", "A1", "no answer", at=NOON, again=None)
        store.fail("effect", "B1", "no answer", at=NOON, again=NOON)
        before = store.troubles()
        try:
            with store.batch():
                assert [("B1", 2), ("C1", 1)] == taken(store)
                store.fail("effect", "B1", "other", at=NOON + MINUTE, again=None)
                store.revive("effect", ["A1"])
                store.ack(["C1"])
                raise ZeroDivisionError
        except ZeroDivisionError:
            pass

        assert before == store.troubles()
        assert [("B1", 2), ("C1", 1)] == taken(store)

    # -- two handles

    def test_a_taken_effect_is_left_by_other_handles(self, pair: tuple[Store, Store]) -> None:
        """What one handle took, reported or revived is so for the other at once."""
        one, two = pair
        with_effects(one, "A", "a1", "a2")

        assert [("a1", 1)] == taken(one)
        assert [] == taken(two)
        assert [("a1", 2)] == taken(two, NOON + MINUTE, NOON + 2 * MINUTE)
        assert [] == taken(one, NOON + MINUTE)
        two.fail("effect", "a1", "no answer", at=NOON + MINUTE, again=None)
        assert one.troubles() == two.troubles() == (trouble("a1", "A", tries=2, at=NOON + MINUTE),)
        assert [("a2", 1)] == taken(one)
        assert 1 == one.revive("effect", ["a1"])
        assert [("a1", 1)] == taken(two)

    def test_two_handles_at_once_take_different_effects(self, pair: tuple[Store, Store]) -> None:
        """Handles that take and acknowledge together get each effect once between them, those of a ticket in order."""
        names = [[f"{ticket}-{number}" for number in range(4)] for ticket in range(10)]
        for ticket, effects in enumerate(names):
            with_effects(pair[0], str(ticket), *effects)
        got: list[str] = []
        start = threading.Barrier(len(pair))

        def work(store: Store) -> None:
            start.wait()
            for _ in range(PATIENCE):
                mine = [name for name, _ in taken(store, limit=3)]
                got.extend(mine)
                store.ack(mine)
                if not store.effects(1):
                    return

        threads = [threading.Thread(target=work, args=[store]) for store in pair]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(name for effects in names for name in effects) == sorted(got)
        assert names == [[name for name in got if name.startswith(f"{ticket}-")] for ticket in range(10)]

    def test_of_two_handles_one_takes_it(self, pair: tuple[Store, Store]) -> None:
        """An effect that both handles ask for at once goes to one of them."""
        opened(pair[0], "Z")
        for turn in range(5):
            with_effects(pair[0], f"T{turn}", f"e{turn}")
            got: list[str] = []
            start = threading.Barrier(len(pair))
            threads = [threading.Thread(target=_take_at_once, args=[start, store, got]) for store in pair]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert [f"e{turn}"] == got


def _take_at_once(start: threading.Barrier, store: Store, got: list[str]) -> None:
    start.wait()
    got.extend(name for name, _ in taken(store, until=LATER))
