"""Knows what can have happened to the spare parts of a ticket; must not know why it was decided so."""

from __future__ import annotations

from attrs import frozen

from servflow.model._parts import PartLine
from servflow.model._records import Record


@frozen(kw_only=True, slots=False)
class PartChanged(Record):
    """
    Units of a part came to another state: ``part_line`` is what holds from now on, ``was`` what held before.

    ``was`` is None where a need is new, or where some units of a line went on and the others stayed: then another record says
    what is left of the line. ``reason`` says why in words.
    """

    part_line: PartLine
    was: PartLine | None = None
    reason: str = ""
    by: str | None = None
