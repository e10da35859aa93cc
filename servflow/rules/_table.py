"""Knows how a decision table decides and says why; must not know workflows, tickets or other tables."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from attrs import evolve, field, frozen

from servflow.errors import DefinitionError, ExpressionError, Finding, InputError, nearest, render
from servflow.expressions import Function
from servflow.model import FrozenMap, canonical, encode_value
from servflow.model._titles import read_title, written
from servflow.rules._batch import in_turn, look
from servflow.rules._cases import About, Case, CaseResult, read_cases, run_cases, typed_cases
from servflow.rules._check import check_table
from servflow.rules._decision import Decision, Ready
from servflow.rules._definition import (
    HITS,
    ORDERABLE,
    SUMMABLE,
    Input,
    Output,
    Row,
    base_type,
    check_flag,
    check_name,
    check_version,
    document_order,
    read_inputs,
    read_outputs,
    read_rows,
)
from servflow.rules._effective import asked_at, read_zone
from servflow.rules._explain import Explained, explain
from servflow.rules._hits import known_results, released, settle
from servflow.rules._program import DICTS, Program, compile_table, evaluate_outputs, fitted, located, read_values
from servflow.rules._proven import proven
from servflow.rules._quick import Quick
from servflow.rules._space import samples_of
from servflow.rules._strict import Demands
from servflow.rules._typing import typed_findings
from servflow.rules._why import seen_by


def _given(value: Any) -> Any:
    return value  # read and checked once all parts are there, so that every problem is reported at once


@frozen(kw_only=True, eq=False, repr=False, slots=False)
class DecisionTable:
    """
    Rows of cells that turn fields into outputs, after DMN 1.5 decision tables.

    The keywords are the keys of the document; ``DecisionTable(**table.to_data()) == table``.

    An input is a field's name, an expression, or a mapping of ``name`` or ``expr``, ``type`` and ``one_of``.
    A row is its input cells and then its output cells, all text; or a mapping of ``when``, ``then``, ``id``, ``note``,
    ``labels`` and ``effective``: ``{start, end}``, half-open, each an instant with its offset or a date, which begins at 00:00
    in ``zone``. Rows outside their period do not match. ``version`` and ``title`` are for people. ``cases`` test the table:
    mappings of ``given`` (fields), ``expected`` (outputs; null for no match), ``row`` (number or id), ``at`` and ``name``. An
    input cell is one of::

        -                    anything, also null or missing; an empty cell is the same
        "gold", "silver"     any of these
        >= 3                 a comparison: < <= > >= = == !=
        [1..5] (1..5) [1..5) ]1..5[    a range; a square bracket facing its value includes it
        not("gold")          none of these
        null                 null or missing
        amount > limit       a condition, where it is true or false and the input is not
        tier                 the value of another field; a list means any of its items

    A comparison with null, or between kinds that have no order, does not match, also inside ``not(...)``;
    equality is always decided, so ``not("gold")`` matches null. An output cell is an expression in which a
    missing name is null; ``-`` stands for the output's default. With ``strict`` a cell that would compare with what is
    missing or null is an error, unless another cell rules the row out; ``-`` and ``null`` ask nothing of it. Beside a decimal
    a string literal is that decimal. ``functions`` are the host's functions that cells may call; they are no part of the
    document.

    Raises:
        DefinitionError: with every problem of every cell, under paths such as ``rows[3][1]``.
    """

    name: str = field(converter=_given)
    hit: str = field(default="unique", converter=_given)
    inputs: tuple[Input, ...] = field(default=(), converter=_given)
    outputs: Mapping[str, Output] = field(factory=dict, converter=_given)
    rows: tuple[Row, ...] = field(default=(), converter=_given)
    zone: str | None = field(default=None, converter=_given)
    version: int | str | None = field(default=None, converter=_given)
    cases: tuple[Case, ...] = field(default=(), converter=_given)
    strict: bool = field(default=False, converter=_given)
    title: str = field(default="", converter=_given)
    functions: Mapping[str, Function] | None = None
    _program: Program = field(init=False)
    _ready: Ready | None = field(init=False)
    _quick: Quick | None = field(init=False)
    _demands: Demands | None = field(init=False)

    def __attrs_post_init__(self) -> None:
        found: list[Finding] = []
        check_name(self.name, found)
        asked: object = self.hit
        hit = " ".join(asked.lower().split()) if isinstance(asked, str) else ""
        if hit not in HITS:
            found.append(Finding("rules.hit", "hit", {"hit": self.hit, "known": HITS, "nearest": nearest(hit[:60], HITS)}))
        inputs = read_inputs(self.inputs, found)
        outputs = read_outputs(self.outputs, found)
        rows = read_rows(self.rows, len(inputs), len(outputs), found) if outputs else ()
        zone = read_zone(self.zone, found)
        check_version(self.version, found)
        check_flag(self.strict, "strict", found)
        title = read_title(self.title, found)
        _check_policy(hit, outputs, found)
        program = compile_table(inputs, outputs, rows, self.functions, found, zone=zone)
        cases = read_cases(self.cases, About(hit, inputs, outputs, rows), program, found) if hit in HITS and outputs else ()
        if found:
            raise DefinitionError.of(sorted(found, key=document_order))
        for name, value in (
            ("hit", hit),
            ("inputs", inputs),
            ("outputs", FrozenMap(outputs)),
            ("rows", rows),
            ("zone", zone),
            ("cases", cases),
            ("title", title),
            ("_program", program),
        ):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "_demands", Demands(self.name, inputs, program, self.functions) if self.strict else None)
        if self.strict:
            object.__setattr__(self, "_ready", None)
            object.__setattr__(self, "_quick", None)
            return
        # With inputs that are expressions the reasons tell what these read, which must be kept at once.
        plain = program.names is not None
        results = known_results(hit, outputs, program.constants) if plain else None
        object.__setattr__(self, "_ready", None if results is None else Ready.of(self, results, program.residual))
        object.__setattr__(self, "_quick", Quick(program, inputs, self._fitted) if program.names else None)

    def demanding(self) -> DecisionTable:
        """The same table with ``strict: true``."""
        if self.strict:
            return self
        made = object.__new__(DecisionTable)
        held = {name: value for name, value in self.__dict__.items() if name != "hash"}
        demands = Demands(self.name, self.inputs, self._program, self.functions)
        made.__dict__.update(held, strict=True, _ready=None, _quick=None, _demands=demands)
        return made

    def decide(self, fields: Mapping[str, Any], at: datetime | None = None) -> Decision:
        """
        The outputs for these fields, with the rows that gave them.

        Args:
            fields: names and values; also what cells read beside the inputs. A missing name is null.
            at: the instant the question is asked for, where rows have effective dates; without it the field ``at`` is
                taken, where it is an instant.

        Raises:
            InputError: ``rules.not_unique`` (two rows match under ``unique``), ``rules.conflict`` (rows
                disagree under ``any``), ``rules.input_value`` (a value does not fit its input's type),
                ``rules.result`` (a result does not fit its output), ``rules.aggregate``, ``rules.at`` (rows have
                effective dates, and no instant is given); of a strict table also ``rules.null`` and ``rules.null_input`` (a
                cell, or an input that is a condition, would compare with nothing).
            ExpressionError: a cell of a row that may match cannot be evaluated.
            TimeError: an input or *at* is a naive instant.
        """
        program, quick = self._program, self._quick
        if quick is None or type(fields) not in DICTS:
            return self._looked_at(fields, at)
        try:
            values = quick.take(fields)
        except KeyError:
            values = quick.values(fields)
        try:
            mask = quick.find(values)
        except (KeyError, TypeError):  # values to convert, or none that fit
            return self._looked_at(fields, at)
        if at is not None or program.effective is not None:
            mask &= self._in_force(fields, at)
        known = None if self._ready is None else self._ready.decision(mask, values)
        return self._decided(mask, values, fields) if known is None else known

    def _looked_at(self, fields: Mapping[str, Any], at: datetime | None) -> Decision:
        program = self._program
        values = read_values(self.name, self.inputs, program, fields)
        mask = program.every_row if program.effective is None and at is None else self._in_force(fields, at)
        for column, value in zip(program.columns, values, strict=True):
            if value is not None or self._demands is None:
                mask &= column.mask(value)
        known = None if self._ready is None else self._ready.decision(mask, values)
        return self._decided(mask, values, fields) if known is None else known

    def decide_many(self, many: Iterable[Mapping[str, Any]], at: datetime | None = None) -> list[Decision]:
        """
        The decision for each of many sets of fields, in order; the same as asking ``decide`` for each, in less time.

        Args:
            many: the sets of fields, such as the tickets of a year.
            at: as for ``decide``, for all of them; without it each set's own field ``at`` is taken.

        Raises:
            InputError: as ``decide`` for the first set that fails, with its ``index`` among the facts.
            ExpressionError: likewise.
            TimeError: likewise.
        """
        quick, ready = self._quick, self._ready
        in_force = self._in_force({}, at) if at is not None else None
        # Without an instant for all of them each is asked for its own.
        alone = quick is None or (at is None and self.timed)

        def together(some: Sequence[Mapping[str, Any]], answers: list[Decision]) -> bool:
            looked = None if quick is None or alone else look(quick, some)
            if looked is None:
                return False
            masks, values = looked
            if in_force is not None:
                masks = [mask & in_force for mask in masks]
            if ready is None:
                answers.extend(map(self._decided, masks, values, some))
            else:
                ready.decide(masks, values, some, self._decided, answers)
            return True

        return in_turn(many, together, lambda fields: self.decide(fields, at))

    def _decided(self, mask: int, values: Sequence[Any], fields: Mapping[str, Any]) -> Decision:
        program = self._program
        rows = self._survivors(mask, values, fields)
        evaluated = [evaluate_outputs(self.name, self.outputs, program, row, fields) for row in rows]
        outputs, ordered = settle(self.name, self.hit, self.outputs, rows, evaluated)
        behind = ordered[:1] if self.hit == "priority" else ordered
        seen = seen_by(program, fields, behind, evaluated, rows)
        return Decision.made(self, released(outputs), ordered, behind, values, seen=seen)

    def _fitted(self, column: Input, value: Any) -> Any:
        return fitted(self.name, column, value)

    def _in_force(self, fields: Mapping[str, Any], at: datetime | None) -> int:
        asked = asked_at(at, fields)
        if self._program.effective is None:
            return self._program.every_row
        if asked is None:
            facts = {"table": self.name}
            raise InputError(render("rules.at", facts), code="rules.at", **facts)
        return self._program.effective.mask(asked)

    def _survivors(self, mask: int, values: Sequence[Any], fields: Mapping[str, Any]) -> list[int]:
        residual, first = self._program.residual, self.hit == "first"
        if self._demands is not None:
            return self._demands.matched(mask, values, fields, first=first)
        answers: dict[tuple[int, str], bool] = {}
        matched: list[int] = []
        while mask:
            lowest = mask & -mask
            mask ^= lowest
            row = lowest.bit_length() - 1
            if row in residual and not self._passes(row, values, fields, answers):
                continue
            matched.append(row)
            if first:
                break
        return matched

    def _passes(self, row: int, values: Sequence[Any], fields: Mapping[str, Any], answers: dict[tuple[int, str], bool]) -> bool:
        # Rows often share a cell: within one decision each distinct one is tested once.
        for index, test in self._program.residual[row]:
            key = (index, test.text)
            if key not in answers:
                try:
                    answers[key] = test.holds(values[index], fields)
                except ExpressionError as error:
                    raise located(error, self.name, f"rows[{row}][{index}]") from error
            if not answers[key]:
                return False
        return True

    def explain(self, fields: Mapping[str, Any], lang: str = "en", at: datetime | None = None) -> Explained:
        """
        Every row in order: whether it matches and, where not, the first condition that stands against it.

        The answer reads as a tuple of entries, and tells besides the ``nearest`` miss, the smallest ``change`` that would
        alter the result, and all of it as ``text``.

        Args:
            fields: as for ``decide``.
            lang: ``en`` or ``zh``.
            at: as for ``decide``; a row that is not in force then has the input ``effective``.

        Raises:
            InputError: a value does not fit its input's type; rows have effective dates, and no instant is given.
            ExpressionError: an input's expression cannot be evaluated.
            TimeError: an input or *at* is a naive instant.
        """
        return explain(self, self._program, fields, self._in_force(fields, at), at=at, lang=lang)

    def run_cases(self, fields: Mapping[str, Any] | None = None) -> tuple[CaseResult, ...]:
        """
        What comes of the ``cases`` written beside the rows, in order: each passes, or says what came instead and why.

        Args:
            fields: field types, where known; given values are read in them. What an input declares counts anyway.
        """
        return run_cases(self, fields or {})

    @property
    def timed(self) -> bool:
        """Whether what it says changes with time alone: some row has effective dates, and ``decide`` needs an instant."""
        return self._program.effective is not None

    @property
    def reads(self) -> frozenset[str]:
        """The names any cell or input reads, dotted where a path is read."""
        return self._program.reads

    def constants(self, output: str) -> tuple[tuple[int, Any], ...]:
        """What the cells of one output give where they are no expressions, each with its row; null for a cell that is null."""
        column = list(self.outputs).index(output)
        cells = ((row, cells[column]) for row, cells in enumerate(self._program.cells))
        return tuple((row, cell.constant) for row, cell in cells if cell.operand is None)

    def check(
        self,
        fields: Mapping[str, Any] | None = None,
        *,
        nulls: bool = False,
        overlaps: bool = False,
        steps: int | None = None,
    ) -> tuple[Finding, ...]:
        """
        What is wrong with the rows taken together, each with a witness: fields that show it.

        ``rules.never`` (no value lets a row match), ``rules.unreachable`` (one row, or several together, always come before
        it), ``rules.overlap`` (two rows match together under ``unique``), ``rules.conflicting`` (two rows match together and
        disagree, under ``any``, or with equal rank under ``priority``), ``rules.gap`` (a single-hit table without a default
        matches nothing). As notes: ``rules.redundant`` (a row can go, all such rows together, and no answer changes) and
        ``rules.mergeable`` (rows could be one, with the cell to write). Constant cells are decided exactly. What was not
        decided, of which rows and why, is said as ``rules.not_decided``.

        Args:
            fields: field types, where known: they say which values there are.
            nulls: also report gaps that need a null or missing field.
            overlaps: also report, as notes, the overlaps that the hit policy is made for.
            steps: how much work is done before the rest is called not decided; a second or so for a million.
        """
        return check_table(self, self._program, fields or {}, nulls=nulls, overlaps=overlaps, steps=steps)

    def samples(self, name: str, fields: Mapping[str, Any]) -> tuple[Any, ...]:
        """
        Values of one input such that each row answers any value as it answers one of them; null is not among them.

        Args:
            name: what the input reads; nothing comes of a name no input reads as it is.
            fields: field types, where known.
        """
        return samples_of(self.inputs, self._program, (name,), fields)

    def proven(self, fields: Mapping[str, Any] | None = None) -> tuple[Finding, ...]:
        """
        Rows that certainly break the hit policy: two that match together under ``unique``, or disagree under ``any``.

        A workflow that holds such a table is refused with these findings, each with a witness that has a value on every
        field. What constant cells do not prove is enforced by ``decide``.

        Args:
            fields: field types, where known: they say which values there are.
        """
        return proven(self, self._program, fields or {})

    def typed(self, fields: Mapping[str, Any]) -> tuple[Finding, ...]:
        """
        What is wrong with the cells once the types of the fields are known.

        Unknown names, operands that never work together, constants of another type or outside the field's
        ``one_of``.

        Args:
            fields: name to type, as ``Expression.parse`` takes them.
        """
        return (*typed_findings(self, self._program, fields), *typed_cases(self.cases, fields))

    def to_data(self) -> dict[str, Any]:
        """The table as its document writes it, ready for JSON."""
        data: dict[str, Any] = {"name": self.name}
        if self.title:
            data["title"] = written(self.title)
        if self.version is not None:
            data["version"] = self.version
        data["hit"] = self.hit
        if self.zone is not None:
            data["zone"] = self.zone
        if self.strict:
            data["strict"] = True
        data["inputs"] = [column.to_data() for column in self.inputs]
        data["outputs"] = {name: output.to_data() for name, output in self.outputs.items()}
        data["rows"] = [row.to_data() for row in self.rows]
        if self.cases:
            data["cases"] = [case.to_data() for case in self.cases]
        return data

    @cached_property
    def hash(self) -> str:
        """
        SHA-256 of the canonical document, whose every word a decision may show.

        ``cases``, which only test it, and titles, which only people read, are left out. Tables of the same hash give the
        same decisions for the same reasons, where the host's functions are the same.
        """
        data = {name: value for name, value in self.to_data().items() if name not in ("cases", "title")}
        data["inputs"] = [evolve(column, title="").to_data() for column in self.inputs]
        data["outputs"] = {name: evolve(output, title="").to_data() for name, output in self.outputs.items()}
        # The order of the outputs says which cell is whose; canonical bytes do not keep it.
        return hashlib.sha256(canonical([encode_value(data), list(self.outputs)])).hexdigest()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, DecisionTable):
            return NotImplemented
        return self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def _identity(self) -> tuple[Any, ...]:
        # The order of the outputs says which cell is whose and which output ranks first.
        outputs = tuple(self.outputs.items())
        said = (self.name, self.title, self.version)
        return (*said, self.hit, self.zone, self.strict, self.inputs, outputs, self.rows, self.cases)

    def __repr__(self) -> str:
        return f"DecisionTable(name={self.name!r}, hit={self.hit!r}, rows={len(self.rows)})"

    def __reduce__(self) -> tuple[Any, ...]:
        parts = {"inputs": self.inputs, "outputs": dict(self.outputs), "rows": self.rows}
        plain = {name: getattr(self, name) for name in _PLAIN}
        return _rebuild, ({**plain, **parts},)


_PLAIN = ("name", "title", "version", "hit", "zone", "strict", "cases", "functions")


def _rebuild(parts: dict[str, Any]) -> DecisionTable:
    return DecisionTable(**parts)


def _check_policy(hit: str, outputs: Mapping[str, Output], found: list[Finding]) -> None:
    if hit in ("priority", "output order") and outputs and not any(output.one_of for output in outputs.values()):
        found.append(Finding("rules.no_order", "outputs", {"hit": hit}))
    if hit in ("collect sum", "collect min", "collect max"):
        if len(outputs) > 1:
            found.append(Finding("rules.one_output", "outputs", {"hit": hit, "outputs": tuple(outputs)}))
        allowed = SUMMABLE if hit == "collect sum" else ORDERABLE
        for name, output in outputs.items():
            if base_type(output.type) not in allowed:
                facts = {"hit": hit, "output": name, "type": output.type, "known": tuple(sorted(allowed))}
                found.append(Finding("rules.aggregate_type", f"outputs.{name}", facts))
