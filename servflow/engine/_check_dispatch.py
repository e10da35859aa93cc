"""Knows what keeps tickets of a workflow from being dispatched in a world; must not know how anyone is chosen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import attrs

from servflow.dispatch import check_policy, check_world
from servflow.errors import Finding
from servflow.model import World

if TYPE_CHECKING:
    from servflow.engine._workflow import Workflow


def dispatch_findings(workflow: Workflow, world: World | None, at: datetime | None) -> Iterator[Finding]:
    """
    What is wrong with the world where anybody is dispatched, and what each policy asks that nobody in it can meet.

    Args:
        world: where nothing is given, nothing is said.
        at: where given, rosters and certificates are looked at from then on.
    """
    if world is None or not workflow.dispatch:
        return
    about = check_world(world, at)
    yield from about
    if any(finding.code == "world.empty" for finding in about):
        return
    values = {name: tuple(field.one_of) for name, field in workflow.fields.items() if field.one_of}
    for index, policy in enumerate(workflow.dispatch):
        for finding in check_policy(policy, world, at, values=values):
            yield attrs.evolve(finding, path=f"dispatch[{index}].{finding.path}")
