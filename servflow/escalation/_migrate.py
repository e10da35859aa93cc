"""Knows how a run goes on under another edition of its chain; must not know tickets, or why it is moved."""

from __future__ import annotations

from attrs import evolve

from servflow.errors import InputError, nearest, shown
from servflow.escalation._chain import Chain
from servflow.escalation._steps import settled
from servflow.model import ChainRun, ReminderDue


def migrate(run: ChainRun, chain: Chain, at_level: int | str | None = None, *, old: Chain | None = None) -> ChainRun:
    """
    The run as it goes on under another edition of its chain: at the level of the same name, due when it was due.

    What was promised stands: the next level keeps its instant (frozen: what is left of it), reminders keep theirs as far as
    their levels still remind, what waits for quiet hours to end keeps its own as far as its level is there, and only what
    comes after counts by the new edition. A run whose last level has fired stays past the last level, and is done where the
    new edition leaves nothing of it. The run's own edition gives the same run.

    Args:
        chain: the edition to go on under; the run is pinned to it from then on.
        at_level: the level that comes next, by its name or place in *chain*, where the names do not tell. A run that has no
            level to come cannot be given one.
        old: the edition the run is pinned to, which has the names of its levels. Without it *at_level* is needed, and
            reminders and what waits for quiet hours, whose levels nobody can name, are let go.

    Raises:
        InputError: *chain* has no level of that name (``no_level``), neither *old* nor *at_level* was given (``old``), or
            *old* is another edition than the run's.
    """
    given: object = chain
    if not isinstance(given, Chain):
        raise InputError(f"a run is migrated to a Chain, not to {shown(given)}", code="chain")
    if old is not None and old.hash != run.hash:
        raise InputError(
            f"the run is pinned to edition {run.hash[:12]!r} of chain {run.chain!r} and old is edition {old.hash[:12]!r};"
            " pass the one with the run's hash",
            code="old",
            chain=run.chain,
            hash=run.hash,
        )
    if at_level is None and run.hash == chain.hash:
        return run
    names = None if old is None else [level.name for level in old.levels]
    if run.hash == chain.hash:
        names = [level.name for level in chain.levels]
    place = _next_level(run, chain, at_level, names)
    asks = place < len(chain.levels) and chain.levels[place].asks
    moved = evolve(run, chain=chain.name, hash=chain.hash, level=place, counted_in=run.counted_in if asks else None)
    places = [] if names is None else [chain.index(name) for name in names]
    moved = evolve(
        moved,
        reached=_reached(run, places, place),
        reminders=_reminders(run, chain, places),
        quiet=tuple(evolve(one, level=now) for one in run.quiet if (now := _now(places, one.level)) is not None),
        sent=tuple(evolve(one, level=None if one.level is None else _now(places, one.level)) for one in run.sent),
    )
    # Past the last level with nothing left to say, no instant would ever end it.
    return settled(chain, moved) if run.phase == "running" else moved


def _next_level(run: ChainRun, chain: Chain, at_level: int | str | None, names: list[str] | None) -> int:
    if run.phase == "done" or (names is not None and run.level >= len(names)):
        if at_level is not None:
            raise InputError(f"the run of chain {run.chain!r} has no level to come", code="no_level", chain=run.chain)
        return len(chain.levels)
    if at_level is not None:
        return _place(chain, at_level)
    if run.phase == "armed" and run.level == 0:
        return 0  # it begins where any run begins
    if names is None:
        raise InputError(
            f"the run of chain {run.chain!r} knows its next level by place only; pass old=, the edition it is pinned to, or"
            f" at_level=, one of {_listed(chain)}",
            code="old",
            chain=run.chain,
        )
    return _place(chain, names[run.level])


def _place(chain: Chain, level: int | str) -> int:
    place: object = chain.index(level) if isinstance(level, str) else level
    if isinstance(place, int) and not isinstance(place, bool) and 0 <= place < len(chain.levels):
        return place
    close = nearest(level, [known.name for known in chain.levels]) if isinstance(level, str) else None
    raise InputError(
        f"chain {chain.name!r} has no level {shown(level)}"
        + (f"; did you mean {close!r}?" if close else f"; it has {_listed(chain)}")
        + " Say at_level= where the run goes on.",
        code="no_level",
        chain=chain.name,
        level=level,
        known=tuple(known.name for known in chain.levels),
    )


def _listed(chain: Chain) -> str:
    return ", ".join(repr(level.name) for level in chain.levels) + "."


Places = list[int | None]
"""Where each level of the old edition stands in the new one; empty where nobody knows."""


def _now(places: Places, level: int) -> int | None:
    return places[level] if level < len(places) else None


def _reached(run: ChainRun, places: Places, place: int) -> int:
    if not places:
        return min(run.reached, place)
    return max((index + 1 for index in places[: run.reached] if index is not None), default=0)


def _reminders(run: ChainRun, chain: Chain, places: Places) -> tuple[ReminderDue, ...]:
    kept = []
    for reminder in run.reminders:
        level = _now(places, reminder.level)
        if level is not None and chain.levels[level].remind is not None:
            kept.append(evolve(reminder, level=level))
    return tuple(kept)
