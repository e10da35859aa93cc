"""Knows what a decision says, by which edition of which table, and why; must not know how rows are found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from attrs import field, frozen

from servflow.rules._definition import Input, Output, Row
from servflow.rules._why import Seen, reason

Reasons = tuple[Mapping[str, Any], ...]


class Decider(Protocol):
    """The table that said it."""

    @property
    def hit(self) -> str: ...  # its hit policy
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


@frozen
class Result:
    """What one row of a table gives where it decides alone, or what no row does."""

    table: Decider
    outputs: Any
    matched: tuple[int, ...]


@frozen
class Ready:
    """
    Results known before anything is asked: one per row and then, last, that of no row; None where it must be evaluated.

    ``unsure`` are the rows that may not match although nothing constant stands against them; ``first`` is whether the
    lowest row wins.
    """

    results: tuple[Result | None, ...]
    unsure: int
    first: bool

    @classmethod
    def of(cls, table: Decider, known: Sequence[tuple[Any] | None], unsure: Iterable[int]) -> Ready:
        """
        The results of a table.

        Args:
            table: the table.
            known: what each row gives, and last what no row does, each in a tuple of one.
            unsure: the rows with cells that must be evaluated.
        """
        last = len(known) - 1
        results = (
            None if each is None else Result(table, each[0], (row,) if row < last else ()) for row, each in enumerate(known)
        )
        return cls(tuple(results), sum(1 << row for row in unsure), table.hit == "first")

    def decision(self, mask: int, values: Sequence[Any]) -> Decision | None:
        """
        What the table says where nothing need be evaluated for it; else None.

        Args:
            mask: the rows that may match.
            values: what each input was given.
        """
        lowest = mask & -mask
        # With several rows the first decides, or who looks at all of them; without any the last result stands.
        if mask & self.unsure or not (self.first or lowest == mask):
            return None
        result = self.results[lowest.bit_length() - 1]
        if result is None:
            return None
        draft = _Draft()
        draft.outputs, draft._result, draft._values = result.outputs, result, values
        draft.__class__ = Decision  # type: ignore[assignment]  # of the same layout
        return draft  # type: ignore[return-value]  # it is one now

    def decide(
        self,
        masks: Sequence[int],
        values: Sequence[Sequence[Any]],
        many: Sequence[Mapping[str, Any]],
        otherwise: Callable[[int, Sequence[Any], Mapping[str, Any]], Decision],
        answers: list[Decision],
    ) -> None:
        """
        Many decisions: the same as ``decision`` for each, without a call for each.

        Args:
            masks: for each the rows that may match.
            values: for each what each input was given.
            many: for each the fields.
            otherwise: what decides where something must be evaluated.
            answers: where each decision is added as it is made.
        """
        add = answers.append
        for result, given, mask, fields in zip(self._found(masks), values, masks, many, strict=True):
            if result is None:
                add(otherwise(mask, given, fields))
                continue
            draft = _Draft()
            draft.outputs, draft._result, draft._values = result.outputs, result, given
            draft.__class__ = Decision  # type: ignore[assignment]  # of the same layout
            add(draft)  # type: ignore[arg-type]  # it is one now

    def _found(self, masks: Sequence[int]) -> list[Result | None]:
        results, unsure = self.results, self.unsure
        if not self.first:
            return [None if mask & unsure or mask & (mask - 1) else results[mask.bit_length() - 1] for mask in masks]
        if unsure:
            return [None if mask & unsure else results[(mask & -mask).bit_length() - 1] for mask in masks]
        return [results[(mask & -mask).bit_length() - 1] for mask in masks]


class _Behind:
    """What a decision keeps so that it can work out the rest when somebody asks."""

    __slots__ = ("__weakref__", "_behind", "_by", "_result", "_seen", "_values")

    _behind: tuple[int, ...]
    _by: Decider
    _result: Result
    _seen: Seen | None
    _values: Sequence[Any]


class _Draft(_Behind):
    """A decision while it is made: the same slots, which may be written; most of the time of deciding would go there."""

    __slots__ = ("hash", "matched", "outputs", "table", "version", "why")

    outputs: Any
    matched: tuple[int, ...]
    table: str
    version: int | str | None


@frozen
class Decision(_Behind):
    """
    What a table says about some fields, and why.

    ``outputs`` is a mapping for ``unique``, ``first``, ``priority`` and ``any`` (None where nothing matches
    and no output has a default), a list of mappings for ``collect``, ``rule order`` and ``output order``, and
    a plain value for ``collect sum``, ``min``, ``max`` and ``count``; lists and maps among the values are list
    and dict, as ``evaluate`` gives them. ``matched`` holds the rows, counted from
    0, that matched: in the order of the list for a list, the deciding row first for ``priority``, only the
    deciding row for ``first``. ``why`` has an entry per row that made the result: its ``row`` (with ``id``, ``note``,
    ``labels`` and ``effective`` where written) and for each of its ``inputs`` the ``cell`` and the ``value`` given; where
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
        draft = _Draft()
        draft.outputs, draft.matched, draft.table, draft.version = outputs, matched, table.name, table.version
        draft._by, draft._behind, draft._values, draft._seen = table, behind, values, seen
        draft.__class__ = cls  # type: ignore[assignment]  # of the same layout
        return draft  # type: ignore[return-value]  # it is one now

    def __getattr__(self, name: str) -> Any:
        # Only asked for what is not there yet.
        value: Any
        match name:
            case "matched" | "_behind":
                value = self._result.matched
            case "_by":
                value = self._result.table
            case "table":
                value = self._by.name
            case "version":
                value = self._by.version
            case "hash":
                value = self._by.hash
            case "_seen":
                value = None
            case "why":
                value = tuple(reason(self._by, row, self._values, self._seen) for row in self._behind)
            case _:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
        object.__setattr__(self, name, value)
        return value

    def __reduce__(self) -> tuple[Any, ...]:
        return Decision, (self.outputs, self.matched, self.why, self.table, self.version, self.hash)
