"""Knows what every store must do across tickets and for what wakes them; must not know any particular store."""
# ruff: noqa: SIM300 - expected == actual is the order of the whole suite

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from servflow.model import (
    Actor,
    FrozenMap,
    Next,
    Release,
    Take,
    Unique,
)
from servflow.stores import Answer, Change, Claim, Store
from servflow.testing._store_values import MINUTE, NOON, first_mail, keep, new_ticket, next_step, opened


class WakingContract:
    """What stands across tickets: reservations, wake-ups and mail."""

    # -- reservations

    def test_take_up_to_the_limit(self, store: Store) -> None:
        """Units of all tickets together never pass the limit; the refused change leaves no trace."""
        opened(store, "A", reservations=(Take(key="ann", units=2, limit=3),))
        refused = Take(key="ann", units=2, limit=3)
        answer = keep(store, new_ticket("B"), reservations=(Take(key="bob"), refused))

        assert Answer(status="refused", reservation=refused, key="ann", held=2) == answer
        assert store.load("B") is None
        assert {"ann": 2} == dict(store.usage())
        assert "applied" == keep(store, new_ticket("B"), reservations=(Take(key="ann", limit=3),)).status
        assert {"ann": 3} == dict(store.usage())

    def test_take_without_a_limit_is_counted(self, store: Store) -> None:
        """Without a limit everything is counted and nothing refused."""
        opened(store, "A", reservations=(Take(key="ann", units=5),))
        opened(store, "B", reservations=(Take(key="ann", units=5),))

        assert {"ann": 10} == dict(store.usage())

    def test_release_gives_back_what_the_ticket_holds(self, store: Store) -> None:
        """A ticket gives back no more than it holds itself."""
        ticket = opened(store, "A", reservations=(Take(key="ann", units=2),))
        opened(store, "B", reservations=(Take(key="ann"),))
        keep(store, next_step(ticket), reservations=(Release(key="ann", units=9),))

        assert {"ann": 1} == dict(store.usage())

    def test_release_and_take_in_one_change(self, store: Store) -> None:
        """Reservations count in their order: a unit released first can be taken again at the limit; not the other way."""
        ticket = opened(store, reservations=(Take(key="ann", limit=1),))
        swap = (Release(key="ann"), Take(key="ann", limit=1))
        step = next_step(ticket)

        assert "applied" == keep(store, step, reservations=swap).status
        assert "refused" == keep(store, next_step(step.ticket), reservations=tuple(reversed(swap))).status
        assert {"ann": 1} == dict(store.usage())

    def test_unique_until(self, store: Store) -> None:
        """A unique key belongs to one ticket until its instant; then another may have it; its owner may renew it."""
        one = opened(store, "A", reservations=(Unique(key="phone", until=NOON + MINUTE),))
        taken = keep(store, new_ticket("B"), reservations=(Unique(key="phone"),))
        assert ("refused", "A") == (taken.status, taken.held)

        assert "applied" == keep(store, next_step(one), reservations=(Unique(key="phone", until=NOON + 2 * MINUTE),)).status
        early, late = new_ticket("B", at=NOON + MINUTE), new_ticket("B", at=NOON + 2 * MINUTE)
        assert "refused" == keep(store, early, reservations=(Unique(key="phone"),)).status
        assert "applied" == keep(store, late, reservations=(Unique(key="phone"),)).status
        assert "refused" == keep(store, new_ticket("C", at=NOON + 99 * MINUTE), reservations=(Unique(key="phone"),)).status

    def test_unique_is_given_back(self, store: Store) -> None:
        """Releasing a unique key lets another ticket have it at once."""
        one = opened(store, "A", reservations=(Unique(key="phone"),))
        keep(store, next_step(one), reservations=(Release(key="phone"),))

        assert "applied" == keep(store, new_ticket("B"), reservations=(Unique(key="phone"),)).status

    def test_counter(self, store: Store) -> None:
        """A counter moves on by one for whoever expects where it stands, and tells the others."""
        opened(store, "A", reservations=(Next(counter="turn", expected=0), Next(counter="turn", expected=1)))
        stale = keep(store, new_ticket("B"), reservations=(Next(counter="turn", expected=1),))

        assert ("refused", "turn", 2) == (stale.status, stale.key, stale.held)
        assert {"turn": 2} == dict(store.usage())

    def test_usage_by_prefix(self, store: Store) -> None:
        """Usage lists the keys that begin with a prefix, whatever signs it holds, sorted, and leaves out zero."""
        held = ("e:b", "e:a", "e%", "f:a", "e_x")
        one = opened(store, "A", reservations=tuple(Take(key=key) for key in held))
        keep(store, next_step(one), reservations=(Release(key="e:b"), Take(key="e:c", units=2)))

        assert [("e:a", 1), ("e:c", 2)] == list(store.usage("e:").items())
        assert {"e%": 1} == dict(store.usage("e%"))
        assert {"e_x": 1} == dict(store.usage("e_"))

    # -- waking

    def test_claims_by_wake_and_id(self, store: Store) -> None:
        """What wakes is claimed from its instant on, ordered by wake, then id, as many as asked for."""
        for name, wake in (("C", NOON), ("B", NOON + MINUTE), ("A", NOON + MINUTE), ("D", NOON + 3 * MINUTE)):
            opened(store, name, wake=wake)
        opened(store, "E")

        assert () == store.claim(NOON - timedelta(microseconds=1))
        assert [Claim(ticket="C", wake=NOON)] == list(store.claim(NOON))
        claims = store.claim(NOON + 2 * MINUTE)
        assert ["C", "A", "B"] == [claim.ticket for claim in claims]
        assert ["C", "A"] == [claim.ticket for claim in store.claim(NOON + 2 * MINUTE, limit=2)]
        assert ["B"] == [claim.ticket for claim in store.claim(NOON + 2 * MINUTE, after=claims[1])]
        assert claims == store.claim((NOON + 2 * MINUTE).astimezone(ZoneInfo("Asia/Shanghai")))

    def test_a_wake_is_exact_to_the_microsecond(self, store: Store) -> None:
        """A ticket is claimed at its microsecond, not with the rest of its second."""
        wake = NOON + timedelta(microseconds=500_001)
        opened(store, wake=wake)

        assert () == store.claim(wake - timedelta(microseconds=1))
        assert [Claim(ticket="T1", wake=wake)] == list(store.claim(wake))

    def test_a_step_sets_the_wake_anew(self, store: Store) -> None:
        """After a step the ticket wakes when its new snapshot says, or never."""
        ticket = opened(store, wake=NOON)
        step = next_step(ticket, wake=NOON + MINUTE)
        keep(store, step)

        assert () == store.claim(NOON)
        assert 1 == len(store.claim(NOON + MINUTE))
        keep(store, next_step(step.ticket, wake=None))
        assert () == store.claim(NOON + 99 * MINUTE)

    def test_release_wakes_who_waits(self, store: Store) -> None:
        """Giving a key back makes every ticket that waits for it claimable, until a change answers that wake-up."""
        holder = opened(store, "H", reservations=(Take(key="ann"),))
        waiting = opened(store, "W", waits=("ann", "bob"))
        opened(store, "X", waits=("eve",))
        assert () == store.claim(NOON)
        keep(store, next_step(holder), reservations=(Release(key="ann"),))

        (claim,) = store.claim(NOON)
        assert ("W", NOON, True) == (claim.ticket, claim.wake, claim.woken > 0)
        assert "applied" == keep(store, Change(ticket=waiting, expected=1, woken=claim.woken)).status
        assert () == store.claim(NOON)
        assert waiting == store.load("W")

    def test_a_later_release_is_not_lost(self, store: Store) -> None:
        """A change answers the wake-up it saw; a release after that wakes the ticket again."""
        holder = opened(store, "H", reservations=(Take(key="ann", units=2),))
        waiting = opened(store, "W", waits=("ann",))
        step = next_step(holder)
        keep(store, step, reservations=(Release(key="ann"),))
        (claim,) = store.claim(NOON)
        keep(store, next_step(step.ticket), reservations=(Release(key="ann"),))
        keep(store, Change(ticket=waiting, expected=1, woken=claim.woken))

        assert ["W"] == [claim.ticket for claim in store.claim(NOON)]

    def test_a_release_while_deciding_is_not_lost(self, store: Store) -> None:
        """A ticket that begins to wait for a key released since its world was read is claimable at once."""
        holder = opened(store, "H", reservations=(Take(key="ann"),))
        read = store.released()
        keep(store, next_step(holder), reservations=(Release(key="ann"),))
        assert read < store.released()
        keep(store, new_ticket("W", waits=("ann",)), released=read)
        keep(store, new_ticket("V", waits=("ann",)), released=store.released())

        assert ["W"] == [claim.ticket for claim in store.claim(NOON)]

    def test_who_waits_no_more_is_not_woken(self, store: Store) -> None:
        """A ticket that stopped waiting is left alone when the key is released."""
        holder = opened(store, "H", reservations=(Take(key="ann"),))
        waiting = opened(store, "W", waits=("ann",))
        keep(store, next_step(waiting, slots=FrozenMap()))
        keep(store, next_step(holder), reservations=(Release(key="ann"),))

        assert () == store.claim(NOON)

    def test_exchange_wakes_nobody(self, store: Store) -> None:
        """Where as much is taken as was given back, nobody is woken."""
        holder = opened(store, "H", reservations=(Take(key="ann"),))
        opened(store, "W", waits=("ann",))
        keep(store, next_step(holder), reservations=(Release(key="ann"), Take(key="ann")))

        assert () == store.claim(NOON)
        assert 0 == store.released()

    # -- mail

    def test_mail_wakes_the_ticket(self, store: Store) -> None:
        """Mail is claimed with its ticket, in the order it was posted, and stays until a change consumes it."""
        ticket = opened(store)
        actor = Actor("ann", ["clerk"], ["o1"])
        assert store.post("T1", "go", {"n": Decimal("1.5"), "list": [1]}, key="m1", at=NOON + MINUTE, actor=actor)
        assert store.post("T1", "stop", key="m2", at=NOON)

        (claim,) = store.claim(NOON + MINUTE)
        first, second = claim.messages
        assert ("T1", NOON) == (claim.ticket, claim.wake)
        assert ("go", FrozenMap(n=Decimal("1.5"), list=(1,)), "m1", actor, NOON + MINUTE) == (
            first.event,
            first.payload,
            first.key,
            first.actor,
            first.at,
        )
        assert ("stop", {}, None) == (second.event, second.payload, second.actor)
        step = next_step(ticket)
        keep(store, step, consumed=(first.id,), keys=("m1",))
        assert [(second,)] == [claim.messages for claim in store.claim(NOON)]
        keep(store, Change(ticket=step.ticket, expected=2, consumed=(second.id,), keys=("m2",)))
        assert () == store.claim(NOON + MINUTE)

    def test_mail_with_one_key_is_once(self, store: Store) -> None:
        """A key posted before, or kept by a change, is not posted again, even after it was consumed."""
        ticket = opened(store)
        assert store.post("T1", "go", key="m", at=NOON)
        assert not store.post("T1", "go", key="m", at=NOON)
        keep(store, next_step(ticket), keys=("m", "direct"), consumed=(first_mail(store).id,))

        assert not store.post("T1", "go", key="m", at=NOON)
        assert not store.post("T1", "go", key="direct", at=NOON)
        assert () == store.claim(NOON)

    def test_mail_waits_for_its_ticket(self, store: Store) -> None:
        """Mail for a ticket that is not there yet comes to it once it is opened."""
        store.post("T1", "go", key="m", at=NOON)
        assert () == store.claim(NOON)
        opened(store)

        assert "go" == first_mail(store).event

    def test_mail_is_looked_at(self, store: Store) -> None:
        """All mail of a ticket is shown in pages: dated later, for nobody yet, set aside; until a change consumes it."""
        ticket = opened(store)
        for number, name in enumerate(("T1", "T2", "T1", "T1")):
            store.post(name, "go", {"n": number}, key=f"m{number}", at=NOON + number * 1000 * MINUTE)
        first, *later = store.mail("T1")
        assert [0, 2, 3] == [message.payload["n"] for message in (first, *later)]
        assert [1] == [message.payload["n"] for message in store.mail("T2")]
        assert () == store.mail("T3")
        assert (first, later[0]) == store.mail("T1", 2)
        assert (later[0],) == store.mail("T1", 1, after=first.id)
        store.fail("ticket", "T1", "broken", at=NOON, again=None)
        assert (first, *later) == store.mail("T1")
        keep(store, next_step(ticket), keys=("m0",), consumed=(first.id,))
        assert tuple(later) == store.mail("T1")
        assert () == store.claim(NOON)
        assert [(later[0],)] == [claim.messages[:1] for claim in store.claim(NOON + 2000 * MINUTE)]
