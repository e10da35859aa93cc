"""Knows the command that tells which visits of a ticket can be booked; must not know who could come."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from servflow.cli._commands_dispatch import Situation, dispatch_group, situated
from servflow.cli._output import FINDINGS, FINE, Say, command

MOST_NAMED = 5
"""How many of those who could come are told as text, the best first; as JSON all are."""


@dispatch_group.command("slots")
@situated
@click.option("--days", type=click.IntRange(1), help="only so many days, today included")
@click.option("--why", is_flag=True, help="every window, also those to which nobody can come, with what keeps how many out")
@command
def slots_command(say: Say, file: Path, *, days: int | None, why: bool, **asked: Any) -> int:
    """The visits of a ticket that its customer could book, with who could come to each.

    The status is 1 where there is none.
    """
    situation = Situation.of(file, say.lang, asked)
    flow, ticket = situation.workflow, situation.ticket
    found = flow.slots(ticket, at=situation.at, world=situation.world, days=days, policy=situation.slot, explain=why)
    words = say.words
    if say.json:
        say.data({"ticket": ticket.id, "slots": [window.as_data() for window in found]})
    else:
        head = [words("dispatch.begins"), words("dispatch.ends"), words("dispatch.could_come")]
        rows = []
        for window in found:
            named = ", ".join(window.who[:MOST_NAMED]) + (", ..." if window.count > MOST_NAMED else "")
            row = [say.at(window.start, situation.zone), say.at(window.end, situation.zone), f"{window.count} {named}".strip()]
            rows.append([*row, window.choice.summary(say.lang)] if window.choice is not None else row)
        say.table([*head, words("reason")] if why else head, rows)
    return FINE if any(window.count for window in found) else FINDINGS
