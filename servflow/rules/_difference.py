"""Knows one difference between two tables; must not know how it was found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from servflow.errors import render
from servflow.model import EMPTY
from servflow.rules._witness import shown


@frozen
class Difference:
    """
    Where two tables answer differently: as the rows *old_rows* decided, and as *new_rows* do now.

    ``old`` and ``new`` are the outputs for the fields of ``witness``; a mapping of ``error`` and a code where the table
    refuses to answer. No rows are those that answer where no row matches. ``where`` are the cells of a row that matches the
    fields around the witness for which it is so; an input it does not name may be anything, or have values no cell can say.

    An entry with a ``reason`` is no difference, but something that was not decided: ``cells`` (these rows read other fields
    or computed inputs), ``size`` (the steps did not suffice), ``many`` (more differences than are kept), or ``outputs``
    (outputs that only one of the tables has, in ``old`` and ``new``; they were not compared).
    """

    old_rows: tuple[int, ...] = ()
    new_rows: tuple[int, ...] = ()
    old: Any = None
    new: Any = None
    witness: Mapping[str, Any] | None = None
    where: Mapping[str, str] = field(default=EMPTY)
    reason: str | None = None

    def text(self, lang: str = "en") -> str:
        """
        The difference as one sentence.

        Args:
            lang: ``en`` or ``zh``.
        """
        facts = {
            "old_rows": self.old_rows,
            "new_rows": self.new_rows,
            "old": _said(self.old),
            "new": _said(self.new),
            "witness": shown(self.witness or {}),
            "where": self.where,
            "reason": self.reason,
        }
        if self.reason == "outputs":
            return render("rules.outputs_differ", facts, lang)
        return render("rules.difference" if self.reason is None else "rules.difference_open", facts, lang)


def _said(answer: Any) -> str:
    return "null" if answer is None else str(answer)
