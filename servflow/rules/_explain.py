"""Knows how an answer of a table is explained: every row, the nearest miss, the smallest change; must not know tickets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, overload

from servflow.errors import ServflowError, render
from servflow.model import FrozenMap
from servflow.rules._altering import Change, smallest_change
from servflow.rules._program import Program
from servflow.rules._question import Asked, Question, held, nearest_row
from servflow.rules._said import listed, plain_data, row_words, said, sentence, words

MAX_TOLD = 20
"""How many of the losing rows the text tells one by one; the entries hold all."""


class Explained(Sequence[Mapping[str, Any]]):
    """
    Why a table says what it says of some fields, row by row.

    It reads as the tuple of its entries, one per row in order. An entry has ``row`` (``id`` where written),
    ``matches`` and ``text``. One that does not match has also ``input``, ``cell`` and ``value`` of the first
    condition that stands against it, and ``lines`` (the comparisons) where the cell is an expression; where the row
    is not in force the input is ``effective`` and the value the instant. One that matches, but another row comes
    first, has that row as ``by``.

    ``nearest``, ``change`` and ``text`` are worked out when somebody looks.
    """

    __slots__ = ("__dict__", "_question", "lang")

    def __init__(self, question: Question, lang: str = "en") -> None:
        self._question = question
        self.lang = lang

    # the rows --------------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._question.table.rows)

    @overload
    def __getitem__(self, index: int) -> Mapping[str, Any]: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Mapping[str, Any], ...]: ...

    def __getitem__(self, index: int | slice) -> Mapping[str, Any] | tuple[Mapping[str, Any], ...]:
        if isinstance(index, slice):
            return tuple(self._entry(row) for row in range(*index.indices(len(self))))
        row = range(len(self))[index]
        return self._entry(row)

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        return (self._entry(row) for row in range(len(self)))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Explained):
            return tuple(self) == tuple(other)
        return tuple(self) == other if isinstance(other, tuple) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # it is compared entry by entry, and entries may hold lists

    def __repr__(self) -> str:
        return f"Explained({self._question.table.name!r}, {len(self)} rows)"

    def _entry(self, row: int) -> Mapping[str, Any]:
        question = self._question
        entry: dict[str, Any] = {"row": row}
        if question.table.rows[row].id is not None:
            entry["id"] = question.table.rows[row].id
        if question.matching >> row & 1:
            entry["matches"] = True
            if self._beaten(row):
                entry["by"] = self._matched[0]
            code = "rules.row_beaten" if "by" in entry else "rules.row_matches"
            facts = {"row": self._named(row), "by": self._named(entry.get("by", row))}
            return FrozenMap({**entry, "text": sentence(code, facts, self.lang)})
        index = question.failing(row)[0]
        condition = question.condition(row, index)
        entry |= {"matches": False, **{name: condition[name] for name in ("input", "cell", "value")}}
        if index >= 0:
            lines = question.lines(question.program.tests[row][index], self.lang)
            if lines:
                entry["lines"] = lines
        return FrozenMap({**entry, "text": self._against(row, condition, index)})

    def _against(self, row: int, condition: Mapping[str, Any], index: int) -> str:
        if index < 0:
            return sentence("rules.row_not_in_force", {"row": self._named(row), **self._shown(condition)}, self.lang)
        return sentence("rules.row_fails", {"row": self._named(row), **self._shown(condition)}, self.lang)

    def _beaten(self, row: int) -> bool:
        hit = self._question.table.hit
        return hit in ("first", "priority") and bool(self._matched) and row != self._matched[0]

    def _named(self, row: int) -> str:
        return row_words(row, self._question.table.rows[row].id, self.lang)

    def _shown(self, condition: Mapping[str, Any]) -> dict[str, str]:
        return {name: str(value) if name in ("input", "cell") else said(value) for name, value in condition.items()}

    def failed(self, row: int) -> tuple[Mapping[str, Any], ...]:
        """
        All conditions that stand against one row, in the order of the inputs; none where it matches.

        Each has ``input``, ``cell`` and ``value``; ``to``, the nearest value that would do (``any``: so would others),
        and ``by``, the exact difference, where there is one; ``reads`` and ``traces`` where the cell is an expression.

        Args:
            row: counted from 0.
        """
        row = range(len(self))[row]
        return tuple(self._question.condition(row, index) for index in self._question.failing(row))

    def decides(self, row: int) -> bool:
        """
        Whether a row is behind the answer.

        Args:
            row: counted from 0.
        """
        return bool(self._question.matching >> row & 1) and not self._beaten(row)

    def rows_named(self, names: Iterable[Any]) -> list[int]:
        """
        The rows of these numbers and ids, in order.

        Args:
            names: numbers from 0, or ids.
        """
        wanted = set(names)
        return [row for row, written in enumerate(self._question.table.rows) if row in wanted or written.id in wanted - {None}]

    def rows_giving(self, fits: Callable[[Any], bool]) -> list[int]:
        """
        The rows whose outputs are constants that fit, in order.

        Args:
            fits: is asked with the outputs of each row.
        """
        constants = self._question.program.constants
        return [row for row, outputs in enumerate(constants) if outputs is not None and fits(outputs)]

    def said(self, lang: str) -> Explained:
        """
        The same in another language.

        Args:
            lang: ``en`` or ``zh``.
        """
        return Explained(self._question, lang)

    # the answer ------------------------------------------------------------------------------------------------

    @cached_property
    def decision(self) -> Any:
        """What the table decides on these fields; None where it cannot, and ``error`` says why."""
        try:
            return self._question.table.decide(self._question.fields, self._question.at)
        except ServflowError as error:
            self.__dict__["error"] = error
            return None

    @cached_property
    def error(self) -> ServflowError | None:
        """Why the table cannot decide; None where it can."""
        held_error: ServflowError | None = None
        if self.decision is None:
            held_error = self.__dict__.get("error")
        return held_error

    @property
    def _matched(self) -> tuple[int, ...]:
        matched: tuple[int, ...] = () if self.decision is None else self.decision.matched
        return matched

    # what nearly was, and what would be ------------------------------------------------------------------------

    @cached_property
    def nearest(self) -> Mapping[str, Any] | None:
        """
        The nearest miss: of the rows that do not match the one with the fewest conditions against it.

        Of several the one whose conditions are the least far from being met in sum, then the first. It has ``row``
        (``id``), ``failed`` (as the method of that name gives) and ``distance``, each condition counting from 0 to 1 as
        ``servflow.expressions.distance`` measures. None where every row matches.
        """
        row = nearest_row(self._question)
        if row is None:
            return None
        far = sum(self._question.far(row, index) for index in self._question.failing(row))
        found: dict[str, Any] = {"row": row, "failed": self.failed(row), "distance": float(far)}
        if self._question.table.rows[row].id is not None:
            found["id"] = self._question.table.rows[row].id
        return FrozenMap(found)

    @cached_property
    def _change(self) -> Change | str:
        return smallest_change(self._question)

    @property
    def change(self) -> Mapping[str, Any] | None:
        """
        The smallest change of fields after which other rows decide, and decide something else; None where none is known.

        The fewest fields, then the least different values. ``fields`` lists ``field``, ``from`` and ``to`` (``any``: one
        of many values that would do), ``outputs`` and ``matched`` are what the table says then: it was asked.
        ``proved`` says that no smaller change does it; where cells read fields, inputs are computed or outputs are, it
        is the smallest one found. Time is never changed, and an error is no result.
        """
        found = self._change
        if isinstance(found, str):
            return None
        fields: list[FrozenMap[str, Any]] = []
        for path, old, near in found.fields:
            told = {"field": ".".join(path), "from": old, "to": near.value}
            fields.append(FrozenMap({**told, "any": True} if near.invented else told))
        facts = {"fields": tuple(fields), "outputs": found.outputs, "matched": found.matched, "proved": found.proved}
        return FrozenMap(facts)

    @property
    def no_change(self) -> str | None:
        """
        Why there is no ``change``; None where there is one.

        ``none``: it is proved that no values of the inputs alter the result. ``budget``: too much to look at.
        ``open``: none was found, but cells that read fields leave it open.
        """
        return self._change if isinstance(self._change, str) else None

    # told ------------------------------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """The whole explanation for people, in the language asked for: a few lines, however many rows there are."""
        lines = [self._result(), *self._reasons()]
        losing = [row for row in range(len(self)) if not self._question.matching >> row & 1 or self._beaten(row)]
        if losing:
            lines += ["", words("losing", self.lang, count=len(losing))]
            lines += [f"  {self._entry(row)['text']}" for row in losing[:MAX_TOLD]]
            if len(losing) > MAX_TOLD:
                lines.append("  " + words("more", self.lang, count=len(losing) - MAX_TOLD))
        lines += ["", *self._nearly(), *self._would()]
        return "\n".join(lines)

    def _result(self) -> str:
        name, lang = self._question.table.name, self.lang
        if self.decision is None:
            message = "" if self.error is None else render(self.error.code, self.error.facts, lang)
            return words("undecided", lang, table=name, problem=message)
        outputs = said(self.decision.outputs)
        if not self._matched:
            default = self.decision.outputs not in (None, [])
            return words("default" if default else "nothing", lang, table=name, outputs=outputs)
        rows = self._matched[:1] if self._question.table.hit == "priority" else self._matched
        return words("result", lang, table=name, outputs=outputs, rows=listed([self._named(row) for row in rows], lang))

    def _reasons(self) -> list[str]:
        lines: list[str] = []
        why = () if self.decision is None else self.decision.why
        for reason in why[:MAX_TOLD]:
            asked = [part for part in reason["inputs"] if part["cell"] not in ("-", "")]
            lines.append(words("because" if asked else "always", self.lang, row=self._named(reason["row"])))
            lines += [f"  {self._condition(part)}" for part in asked]
            if "effective" in reason:
                lines.append(
                    "  " + words("in_force", self.lang, period=str(self._question.table.rows[reason["row"]].effective))
                )
            for made in reason.get("computed", ()):
                facts = {"output": made["output"], "value": said(made["value"]), "cell": made["cell"]}
                lines.append("  " + words("computed", self.lang, **facts, reads=said(made["reads"])))
        return lines

    def _condition(self, part: Mapping[str, Any]) -> str:
        """One condition with its value, and what its expression read besides."""
        period = part["input"] == "effective"
        reads = {name: value for name, value in part.get("reads", {}).items() if name != part["input"]}
        code = "period" if period else "condition_reading" if reads else "condition"
        facts = {name: str(part[name]) for name in ("input", "cell")}
        return words(code, self.lang, **facts, value=said(part["value"]), reads=said(reads))

    def _nearly(self) -> list[str]:
        if self.nearest is None:
            return [words("no_miss", self.lang)]
        row, failed = self.nearest["row"], self.nearest["failed"]
        head = words("nearest", self.lang, row=self._named(row), count=len(failed))
        return [head, *(f"  {self._miss(condition)}" for condition in failed)]

    def _miss(self, part: Mapping[str, Any]) -> str:
        sentence = self._condition(part)
        if "by" in part:
            return words("apart", self.lang, condition=sentence, by=said(part["by"]), to=said(part["to"]))
        if part.get("any"):
            return words("needs_other", self.lang, condition=sentence)
        return words("needs", self.lang, condition=sentence, to=said(part["to"])) if "to" in part else sentence

    def _would(self) -> list[str]:
        if self.change is None:
            return [words(f"no_change_{self.no_change}", self.lang)]
        lines = [words("change" if self.change["proved"] else "change_found", self.lang)]
        for part in self.change["fields"]:
            facts = {"field": part["field"], "old": said(part["from"]), "to": said(part["to"])}
            lines.append("  " + words("another" if part.get("any") else "becomes", self.lang, **facts))
        rows = [self._named(row) for row in self.change["matched"][:MAX_TOLD]]
        facts = {"outputs": said(self.change["outputs"]), "rows": listed(rows, self.lang)}
        lines.append("  " + words("then" if rows else "then_none", self.lang, **facts))
        return lines

    def to_data(self) -> dict[str, Any]:
        """
        The explanation as fresh JSON-ready data: decimals, instants and lengths of time as text.

        ``result`` has ``outputs`` and ``matched``, or ``error``; ``why``, ``rows``, ``nearest``, ``change`` and
        ``no_change`` are as the attributes of those names.
        """
        result: dict[str, Any] = {"error": None if self.error is None else self.error.code}
        if self.decision is not None:
            result = {"outputs": self.decision.outputs, "matched": self.decision.matched}
        found: dict[str, Any] = plain_data(
            {
                "table": self._question.table.name,
                "result": result,
                "why": () if self.decision is None else self.decision.why,
                "rows": tuple(self),
                "nearest": self.nearest,
                "change": self.change,
                "no_change": self.no_change,
            }
        )
        return found


def explain(
    table: Asked, program: Program, fields: Mapping[str, Any], in_force: int, *, at: datetime | None, lang: str
) -> Explained:
    """
    The explanation of a table's answer.

    Args:
        table: the table, to be asked again.
        program: what it runs.
        fields: as for ``decide``.
        in_force: the rows in force.
        at: as for ``decide``.
        lang: ``en`` or ``zh``; anything else reads as ``en``.

    Raises:
        InputError: a value does not fit its input's type.
        ExpressionError: an input's expression cannot be evaluated.
        TimeError: an input is a naive instant.
    """
    return Explained(Question(table, program, held(fields, program), at, in_force), "zh" if lang == "zh" else "en")
