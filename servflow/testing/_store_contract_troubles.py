"""Knows what every store must keep of what failed, and of tickets that fail; must not know any particular store."""
# ruff: noqa: SIM300 - expected == actual is the order of the whole suite

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from servflow.model import Release, Take
from servflow.stores import Change, Claim, Store
from servflow.stores._protocol import MAX_ERROR
from servflow.testing._store_values import (
    MINUTE,
    NOON,
    claimed,
    first_mail,
    keep,
    next_step,
    note,
    opened,
    taken,
    trouble,
    troubled,
    with_effects,
)

TICK = timedelta(microseconds=1)
LATER = NOON + 999 * MINUTE


class TroublesContract:
    """What failed: listed until it is done, tried again when its time has come, set aside so that others go on."""

    # -- the list

    def test_what_failed_is_listed(self, store: Store) -> None:
        """With what it was, how often, the latest error, and when it failed first, last and is tried next."""
        with_effects(store, "T1", "e1")
        taken(store)
        store.fail("effect", "e1", "busy", at=NOON, again=NOON + MINUTE)
        store.fail("ticket", "T1", "no rule", at=NOON + MINUTE, again=NOON + 2 * MINUTE)
        assert () == store.troubles(aside=True)
        assert [("e1", 2)] == taken(store, NOON + MINUTE, NOON + 2 * MINUTE)
        store.fail("effect", "e1", "no answer", at=(NOON + MINUTE).astimezone(ZoneInfo("Asia/Shanghai")), again=None)
        store.fail("ticket", "T1", "no rule at all", at=NOON + 3 * MINUTE, again=NOON + 4 * MINUTE + TICK)

        effect = trouble("e1", "T1", tries=2, since=NOON, at=NOON + MINUTE)
        ticket = trouble(
            "T1",
            "T1",
            sort="ticket",
            tries=2,
            error="no rule at all",
            since=NOON + MINUTE,
            at=NOON + 3 * MINUTE,
            again=NOON + 4 * MINUTE + TICK,
        )
        assert (effect, ticket) == store.troubles()

    def test_what_is_tried_again_is_still_in_trouble(self, store: Store) -> None:
        """A failed effect that was taken anew is listed until it is done, with this attempt and the end of its time."""
        with_effects(store, "T1", "e1")
        taken(store)
        store.fail("effect", "e1", "no answer", at=NOON, again=NOON)
        taken(store, NOON + MINUTE, NOON + 5 * MINUTE)

        assert (trouble("e1", "T1", tries=2, again=NOON + 5 * MINUTE),) == store.troubles()

    def test_troubles_in_pages(self, store: Store) -> None:
        """Effects come before tickets, each ordered by id, page by page, all or only those wanted."""
        for name in ("B", "A", "ä"):
            with_effects(store, name, f"e{name}")
            store.fail("ticket", name, "no rule", at=NOON, again=None if name == "A" else LATER)
            store.fail("effect", f"e{name}", "no answer", at=NOON, again=None if name == "B" else LATER)
        listed = ["eA", "eB", "eä", "A", "B", "ä"]

        assert listed == troubled(store)
        pages, last = [], None
        while page := store.troubles(limit=2, after=last):
            last = page[-1]
            pages.append([one.id for one in page])
            assert len(pages) < len(listed)
        assert [listed[:2], listed[2:4], listed[4:]] == pages
        assert ["A", "B", "ä"] == troubled(store, sort="ticket")
        assert ["eA", "eä"] == troubled(store, sort="effect", aside=False)
        assert ["eB", "A"] == troubled(store, aside=True)
        assert ["A"] == troubled(store, aside=True, after=store.troubles(aside=True)[0])
        assert () == store.troubles(limit=0)

    @pytest.mark.parametrize(
        ("error", "kept"),
        [
            pytest.param('没有人接听 🧺 it\'s "busy"\n%s', '没有人接听 🧺 it\'s "busy"\n%s', id="any language"),
            pytest.param("", "", id="none"),
            pytest.param("长" * 5 * MAX_ERROR, "长" * MAX_ERROR, id="long"),
        ],
    )
    def test_an_error_in_words(self, store: Store, error: str, kept: str) -> None:
        """The text of an error comes back as it was, up to the length that is kept."""
        opened(store)
        store.fail("ticket", "T1", error, at=NOON, again=None)

        assert [kept] == [one.error for one in store.troubles()]

    def test_a_failure_is_told_whatever_its_text(self, store: Store) -> None:
        """Signs that a database does not take lose nothing but themselves."""
        opened(store)
        store.fail("ticket", "T1", "before \x00 \udcff after", at=NOON, again=None)

        (told,) = store.troubles()
        assert ("before ", " after") == (told.error[:7], told.error[-6:])

    # -- tickets

    def test_a_failed_ticket_waits_for_its_next_try(self, store: Store) -> None:
        """It is not claimed before, and then at that instant's place; where its own wake is later, that counts."""
        for name in ("A", "B", "C", "D"):
            opened(store, name, wake=NOON)
        opened(store, "E", wake=NOON + 3 * MINUTE)
        store.fail("ticket", "A", "no rule", at=NOON, again=NOON + 2 * MINUTE)
        store.fail("ticket", "B", "no rule", at=NOON, again=NOON + MINUTE + TICK)
        store.fail("ticket", "C", "no rule", at=NOON, again=NOON - MINUTE)
        store.fail("ticket", "E", "no rule", at=NOON, again=NOON + MINUTE)

        assert [("C", 1), ("D", 0)] == claimed(store)
        assert [("C", 1), ("D", 0)] == claimed(store, NOON + MINUTE)
        everyone = store.claim(NOON + 3 * MINUTE)
        assert ["C", "D", "B", "A", "E"] == [claim.ticket for claim in everyone]
        assert Claim(ticket="B", wake=NOON + MINUTE + TICK, tries=1) == everyone[2]
        assert Claim(ticket="E", wake=NOON + 3 * MINUTE, tries=1) == everyone[4]
        assert everyone[3:] == store.claim(NOON + 3 * MINUTE, after=everyone[2])

    def test_failures_of_a_ticket_are_counted(self, store: Store) -> None:
        """Each report is one try more, until the ticket moves on."""
        ticket = opened(store, wake=NOON)
        for tries in (1, 2, 3):
            store.fail("ticket", "T1", "no rule", at=NOON, again=NOON)
            assert [("T1", tries)] == claimed(store)

        keep(store, next_step(ticket))
        assert [("T1", 0)] == claimed(store)

    def test_a_set_aside_ticket_is_not_claimed(self, store: Store) -> None:
        """Nothing wakes it before it is revived: not its wake, no mail, no release; others are claimed meanwhile."""
        holder = opened(store, "H", reservations=(Take(key="ann"),))
        for name in ("W", "X"):
            opened(store, name, waits=("ann",), wake=NOON)
        store.fail("ticket", "W", "no rule", at=NOON, again=LATER)
        store.fail("ticket", "W", "no rule", at=NOON, again=None)
        store.post("W", "go", key="m", at=NOON)
        keep(store, next_step(holder), reservations=(Release(key="ann"),))

        assert [("X", 0)] == claimed(store, LATER + MINUTE)
        assert 1 == store.revive("ticket", ["W", "X", "nobody"])
        assert [("W", 0), ("X", 0)] == claimed(store)
        assert "m" == first_mail(store).key
        assert () == store.troubles()

    def test_mail_does_not_hasten_the_next_try(self, store: Store) -> None:
        """Who failed and gets mail is claimed when it is to be tried again, with the mail."""
        opened(store)
        store.fail("ticket", "T1", "no rule", at=NOON, again=NOON + MINUTE)
        assert () == store.claim(LATER)
        store.post("T1", "go", key="m", at=NOON)

        assert () == store.claim(NOON + MINUTE - TICK)
        (claim,) = store.claim(NOON + MINUTE)
        assert (NOON + MINUTE, 1, ["m"]) == (claim.wake, claim.tries, [message.key for message in claim.messages])

    def test_a_step_ends_the_trouble_of_its_ticket(self, store: Store) -> None:
        """A change with records does, set aside or not, and only its own; one without records or turned away does not."""
        tickets = {name: opened(store, name, wake=NOON) for name in ("A", "B", "C")}
        keep(store, next_step(tickets["C"]), effects=(note("e", "C"),), keys=("k",))
        for name, again in (("A", None), ("B", NOON), ("C", None)):
            store.fail("ticket", name, "no rule", at=NOON, again=again)
        store.fail("effect", "e", "no answer", at=NOON, again=None)
        before = store.troubles()
        assert "applied" == keep(store, Change(ticket=tickets["A"], expected=1, keys=("k",))).status
        assert "conflict" == keep(store, next_step(tickets["C"])).status
        assert "duplicate" == keep(store, next_step(tickets["C"]), keys=("k",)).status

        assert before == store.troubles()
        assert [("B", 1)] == claimed(store)
        for name in ("A", "B"):
            assert "applied" == keep(store, next_step(tickets[name], wake=NOON)).status
        assert ["e", "C"] == troubled(store)
        assert [("A", 0), ("B", 0)] == claimed(store)

    def test_tickets_and_effects_fail_apart(self, store: Store) -> None:
        """A ticket and an effect with one id have nothing to do with one another."""
        change = with_effects(store, "T1", "T1")
        store.fail("effect", "T1", "no answer", at=NOON, again=None)
        assert 0 == store.revive("ticket", ["T1"])
        store.fail("ticket", "T1", "no rule", at=NOON, again=None)

        assert ["effect", "ticket"] == [one.sort for one in store.troubles()]
        keep(store, next_step(change))
        assert ["effect"] == [one.sort for one in store.troubles()]
        store.fail("ticket", "T1", "no rule", at=NOON, again=None)
        store.ack(["T1"])
        assert ["ticket"] == [one.sort for one in store.troubles()]
        assert 1 == store.revive("ticket", ["T1", "T1"])

    def test_the_failure_of_an_undone_batch_is_undone(self, store: Store) -> None:
        """What a batch reported, revived or ended before it failed is as it was."""
        tickets = [opened(store, name, wake=NOON) for name in ("A", "B", "C")]
        for name in ("A", "B"):
            store.fail("ticket", name, "no rule", at=NOON, again=None)
        before = store.troubles(), store.claim(NOON)
        try:
            with store.batch():
                store.revive("ticket", ["A"])
                keep(store, next_step(tickets[1]))
                store.fail("ticket", "C", "no rule", at=NOON, again=LATER)
                raise ZeroDivisionError
        except ZeroDivisionError:
            pass

        assert before == (store.troubles(), store.claim(NOON))

    def test_tenants_fail_apart(self, store: Store) -> None:
        """What one tenant takes, reports, revives and lists is nothing to another with the same names."""
        other = store.for_tenant("other")
        for one in (store, other):
            with_effects(one, "T1", "e1")
            keep(one, next_step(with_effects(one, "T2"), wake=NOON))
        taken(store)
        for sort, name in (("effect", "e1"), ("ticket", "T2")):
            store.fail(sort, name, "no answer", at=NOON, again=None)  # type: ignore[arg-type] # both are sorts

        assert () == other.troubles()
        assert 0 == other.revive("effect", ["e1"]) + other.revive("ticket", ["T2"])
        assert [("T2", 0)] == claimed(other)
        assert [("e1", 1)] == taken(other)
        keep(other, next_step(other.find(after="T1")[0]))
        other.ack(["e1"])
        assert ["e1", "T2"] == troubled(store)
        assert () == store.claim(LATER)

    # -- two handles

    def test_a_failure_is_known_to_other_handles(self, pair: tuple[Store, Store]) -> None:
        """What one handle reports or revives counts for the other at once."""
        one, two = pair
        opened(one, wake=NOON)
        assert [("T1", 0)] == claimed(two)
        one.fail("ticket", "T1", "no rule", at=NOON, again=NOON + MINUTE)

        assert () == two.claim(NOON)
        assert [("T1", 1)] == claimed(two, NOON + MINUTE)
        two.fail("ticket", "T1", "no rule", at=NOON, again=None)
        assert () == one.claim(LATER)
        assert 2 == one.troubles()[0].tries
        assert 1 == one.revive("ticket", ["T1"])
        assert [("T1", 0)] == claimed(two)
