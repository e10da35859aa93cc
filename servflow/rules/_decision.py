"""Knows what a decision says, by which edition of which table, and why; must not know how rows are found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from attrs import field, frozen

from servflow.rules._definition import Input, Output, Row
from servflow.rules._why import Seen, reason

Reasons = tuple[Mapping[str, Any], ...]


class Decider(Protocol):
    """The table that said it."""

    @property
    def name(self) -> str: ...  # what decisions call it
    @property
    def version(self) -> int | str | None: ...  # its edition
    @property
    def hash(self) -> str: ...  # of its content
    @property
    def inputs(self) -> tuple[Input, ...]: ...  # the input columns
    @property
    def outputs(self) -> Mapping[str, Output]: ...  # the output columns, in order
    @property
    def rows(self) -> tuple[Row, ...]: ...  # as written


@frozen(slots=False)
class Decision:
    """
    What a table says about some fields, and why.

    ``outputs`` is a mapping for ``unique``, ``first``, ``priority`` and ``any`` (None where nothing matches
    and no output has a default), a list of mappings for ``collect``, ``rule order`` and ``output order``, and
    a plain value for ``collect sum``, ``min``, ``max`` and ``count``; lists and maps among the values are list
    and dict, as ``evaluate`` gives them. ``matched`` holds the rows, counted from
    0, that matched: in the order of the list for a list, the deciding row first for ``priority``, only the
    deciding row for ``first``. ``why`` has an entry per row that made the result: its ``row`` (with ``id``, ``note``,
    ``labels`` and ``effective`` where written) and for each of its ``inputs`` the ``cell`` and the ``value`` it was given; where
    the cell or the input is an expression, also the values it ``reads`` and the comparisons it came to (``lines`` of text, the
    same as ``traces``). ``computed`` has for each computed output its ``cell``, ``value`` and what it ``reads``.

    ``table``, ``version`` and ``hash`` pin who said it: the table's name, its ``version`` and its content hash. Decisions that
    say the same for the same reasons are equal, whichever edition they come from.
    """

    outputs: Any
    matched: tuple[int, ...] = ()
    why: Reasons = ()
    table: str = field(default="", eq=False)
    version: int | str | None = field(default=None, eq=False)
    hash: str = field(default="", eq=False)

    @classmethod
    def made(
        cls,
        table: Decider,
        outputs: Any,
        matched: tuple[int, ...],
        behind: tuple[int, ...],
        values: Sequence[Any],
        *,
        seen: Seen | None = None,
    ) -> Decision:
        """
        A decision that works its reasons and its hash out when somebody looks at them; most are never looked at.

        Args:
            table: who decides.
            outputs: the result.
            matched: the rows that matched.
            behind: those of them that made the result.
            values: what each input was given.
            seen: what expressions read besides.
        """
        decision = object.__new__(cls)
        decision.__dict__.update(
            outputs=outputs, matched=matched, table=table.name, version=table.version, _by=table, _behind=behind, _values=values
        )
        if seen is not None:
            decision.__dict__["_seen"] = seen
        return decision

    def __getattr__(self, name: str) -> Any:
        # Only asked for what is not there yet.
        held = self.__dict__
        if "_by" not in held or name not in ("why", "hash"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
        by: Decider = held["_by"]
        if name == "hash":
            made: Any = by.hash
        else:
            made = tuple(reason(by, row, held["_values"], held.get("_seen")) for row in held["_behind"])
        held[name] = made
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return Decision, (self.outputs, self.matched, self.why, self.table, self.version, self.hash)

