"""Knows how many tickets of a store are changed one by one, each in its own transaction; must not know what becomes of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime

from attrs import field, frozen

from servflow.desk._reports import MAX_PROBLEMS, Problem
from servflow.desk._steps import Steps
from servflow.errors import Conflict, NotFound, Refused, ReservationRefused, ServflowError, StoreError
from servflow.model import Outcome, Ticket, World

PAGE = 500
"""How many tickets are looked up at once."""

NEARER = "nearer"
"""What a decision says that only brought a ticket which slept for very long nearer to the present."""

Decided = Callable[[Ticket, datetime, World | None], tuple[str, Outcome]]
"""What becomes of a ticket at an instant, and the word under which it is counted."""

_ONE_TICKETS = (Conflict, ReservationRefused, NotFound)
_MOST_ROUNDS = 1_000  # how often a ticket is brought nearer before it is given up for now


@frozen
class Swept:
    """How a sweep went: tickets by word, whether it ended at its limit, and the first problems."""

    counts: Counter[str] = field(factory=Counter)
    more: bool = False
    problems: tuple[Problem, ...] = ()


def sweep(
    steps: Steps, ids: Iterable[str], decided: Decided, *, verb: str, enough: tuple[int | None, tuple[str, ...]], refused: str
) -> Swept:
    """
    Decide about tickets one by one.

    Args:
        verb: what problems name as having failed.
        enough: the sweep ends, with ``more``, once so many are counted under these words; None for no limit.
        refused: the word under which tickets are counted whose change is refused.

    Raises:
        StoreError: the store as a whole cannot be used.
    """
    counts: Counter[str] = Counter()
    problems: list[Problem] = []
    limit, words = enough
    for id_ in ids:
        if limit is not None and sum(counts[word] for word in words) >= limit:
            return Swept(counts, True, tuple(problems[:MAX_PROBLEMS]))
        try:
            counts[_one(steps, id_, decided)] += 1
        except ServflowError as error:
            if isinstance(error, StoreError) and not isinstance(error, _ONE_TICKETS):
                raise
            counts[refused if isinstance(error, Refused) else "failed"] += 1
            problems.append(Problem(id_, verb, error))
    return Swept(counts, False, tuple(problems[:MAX_PROBLEMS]))


def _one(steps: Steps, id_: str, decided: Decided) -> str:
    """One ticket, decided again on whatever others make of it meanwhile."""
    for _ in range(_MOST_ROUNDS):
        came: list[str] = []

        def decide(ticket: Ticket, now: datetime, world: World | None, came: list[str] = came) -> Outcome:
            word, outcome = decided(ticket, max(now, ticket.at), world)
            came[:] = [word]
            return outcome

        steps.change(id_, decide)
        if came != [NEARER]:
            return came[0]
    return "failed"
