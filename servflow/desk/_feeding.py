"""Knows how facts on their way reach the tickets of correlators; must not know what a correlator makes of them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from itertools import count

from servflow.desk._facts import WRONG, counted_by, is_correlators, is_fact
from servflow.desk._failures import concerns_all
from servflow.desk._openings import post_for
from servflow.desk._steps import Steps
from servflow.errors import Conflict, ExpressionError, NotFound, StoreError
from servflow.model import SYSTEM, Effect, Outcome, Send, World
from servflow.stores import Claim, Store

_PAGE = 200


def feed(steps: Steps, effect: Send) -> bool:
    """
    Put a fact into the mailbox of its key, whose ticket is opened with the first; False where it was there before.

    Raises:
        ExpressionError: there is no fact: an expression of the correlator failed on the record.
        NotFound: neither the desk nor the store has the correlator.
    """
    if WRONG in effect.payload:
        raise ExpressionError(effect.payload[WRONG], code="fact")
    if steps.store.load(effect.to_ticket) is None:
        _open(steps, effect)
    return post_for(steps, effect)


def _open(steps: Steps, effect: Send) -> None:
    name, hash_ = counted_by(effect)
    correlator = steps.workflows.correlators.get(name) or steps.workflows.of_hash(name, hash_)
    if correlator is None:
        raise NotFound(
            f"a record is to be counted by correlator {name!r}, which this desk was not given and cannot read from the store by"
            " itself; pass it too: Desk([..., correlator], ...)",
            code="workflow",
            workflow=name,
            hash=hash_,
        )

    def decide(now: datetime, world: World | None) -> Outcome:
        # At the instant of its first fact: the ticket of a key lives in the time of its facts.
        at = min(now, effect.at)
        return correlator.open(effect.to_ticket, {"key": effect.payload["key"]}, at=at, actor=SYSTEM, world=world)

    with suppress(Conflict):  # somebody else was faster
        steps.open(effect.to_ticket, decide, key=None)


def reads_first(store: Store, claim: Claim) -> bool:
    """Whether a correlator's ticket has mail behind what was claimed, which is to be read before time passes."""
    if not is_correlators(claim.ticket):
        return False
    return bool(store.mail(claim.ticket, 1, after=claim.messages[-1].id if claim.messages else 0))


def catch_up(steps: Steps, now: datetime, limit: int, told: Callable[[Effect, Exception], None]) -> None:
    """
    Bring what was committed to correlators before any of them is asked what time means to it.

    One that waits for something not to happen must not be late because nobody delivered for a while. As a rule one look at
    what is on its way shows all of it; where very much is, the rest is looked through only where a correlator has
    something to do at all.

    Args:
        told: is told of each fact that can never be counted.
    """
    store, done, seen = steps.store, list[str](), set[str]()
    after: str | None = None
    for turn in count():
        try:
            page = store.effects(_PAGE, after=after)
        except StoreError as error:
            if error.code != "damaged" or "effect" not in error.facts:
                raise
            break  # whoever takes it sets it aside, and brings what is behind it
        for effect in page:
            if isinstance(effect, Send) and is_fact(effect) and _fed(steps, effect, told):
                done.append(effect.id)
        # Behind one that somebody else acknowledged meanwhile it begins anew.
        if len(page) < _PAGE or page[-1].id in seen or (turn == 0 and not _awake(steps, now, limit)):
            break
        seen.update(effect.id for effect in page)
        after = page[-1].id
    if done:
        store.ack(done)


def _fed(steps: Steps, effect: Send, told: Callable[[Effect, Exception], None]) -> bool:
    """Whether there is no more to do for a fact; what may go better another time is left to whoever delivers."""
    try:
        feed(steps, effect)
    except ExpressionError as error:
        told(effect, error)
    except Exception as error:
        if concerns_all(error):
            raise
        return False
    return True


def _awake(steps: Steps, now: datetime, limit: int) -> bool:
    return any(is_correlators(claim.ticket) for claim in steps.store.claim(now, limit))
