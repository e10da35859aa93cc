"""Knows the cases written beside a table, how they are read and what comes of asking them; must not know workflows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from attrs import field, frozen

from servflow.errors import Finding, ServflowError, TimeError, nearest, render
from servflow.model import CONVERTERS, EMPTY, FrozenMap, ValueProblem, freeze, instant, read_instant
from servflow.rules._altering import alike, put
from servflow.rules._definition import MULTIPLE, Input, Output, Row, base_type
from servflow.rules._explain import Explained
from servflow.rules._program import Program
from servflow.rules._question import Asked, at_path
from servflow.rules._said import plain_data, row_words, said

MAX_CASES = 5_000
"""Most cases of one table."""

_KEYS = ("name", "given", "at", "expected", "row")
_MAX_LOOKED = 500  # rows looked at to say which one was meant


@frozen
class Case:
    """
    What a table should say of some fields.

    ``given`` are the fields, in the types its inputs declare. ``checks`` says what is compared: ``expected`` (the outputs; of a
    mapping those it names; None: no row matches), ``row`` (the deciding row, or the list of them for a policy that gives
    several, each by its number from 0 or its id; None: no row), or both. ``at`` is the instant asked for, ``name`` is for
    people.
    """

    given: FrozenMap[str, Any] = field(default=EMPTY, eq=False)
    checks: tuple[str, ...] = ()
    expected: Any = field(default=None, eq=False)
    row: Any = None
    at: datetime | None = None
    name: str | None = None
    written: FrozenMap[str, Any] = field(default=EMPTY, repr=False)

    def to_data(self) -> dict[str, Any]:
        """The case as a definition writes it."""
        found: dict[str, Any] = plain_data(self.written)
        return {key: found[key] for key in _KEYS if key in found}


@frozen(eq=False, slots=False)
class CaseResult:
    """
    What came of one case.

    ``passed`` says whether the table says what was expected; ``outputs`` and ``matched`` are what it does say, ``error`` why
    it says nothing. ``index`` counts the cases from 0.
    """

    index: int
    case: Case
    passed: bool
    outputs: Any = None
    matched: tuple[int, ...] = ()
    error: ServflowError | None = None
    explained: Explained | None = field(default=None, repr=False)

    def to_data(self) -> dict[str, Any]:
        """The result as fresh JSON-ready data."""
        found = {"index": self.index, "name": self.case.name, "passed": self.passed, "outputs": self.outputs}
        told: dict[str, Any] = plain_data({**found, "matched": self.matched})
        return told | {"error": None if self.error is None else self.error.code}

    def why(self, lang: str = "en") -> str:
        """
        What stands against the row that was meant: the row named, or one that gives what was expected; else why it decided so.

        Args:
            lang: ``en`` or ``zh``.
        """
        if self.explained is None:
            return "" if self.error is None else render(self.error.code, self.error.facts, lang)
        entries = self.explained.said(lang)
        meant = _meant(entries, self.case)
        if meant is not None:
            return str(entries[meant]["text"])
        return entries.text.split("\n\n", 1)[0].replace("\n", " ")


class Cased(Asked, Protocol):
    """A table with cases beside it."""

    @property
    def cases(self) -> tuple[Case, ...]: ...  # as read

    def explain(self, fields: Mapping[str, Any], lang: str = "en", at: datetime | None = None) -> Explained:
        """Why it says what it says."""


# reading ------------------------------------------------------------------------------------------------------


@frozen
class About:
    """What cases are about: the columns, rows and hit policy of a table."""

    hit: str
    inputs: tuple[Input, ...]
    outputs: Mapping[str, Output]
    rows: tuple[Row, ...]


def read_cases(source: Any, table: About, program: Program, found: list[Finding]) -> tuple[Case, ...]:
    """
    Read the cases; what is wrong with one becomes a finding, and it is left out.

    Args:
        source: what was written.
        table: what they are about, already read.
        program: what the table runs.
        found: gets a finding for everything wrong.
    """
    if source is None:
        return ()
    if not isinstance(source, (list, tuple)) or len(source) > MAX_CASES:
        found.append(Finding("rules.cases_form", "cases", {"value": source, "limit": MAX_CASES}))
        return ()
    reading = _Reading(table, program, found)
    cases = [reading.case(item, f"cases[{index}]") for index, item in enumerate(source)]
    return tuple(case for case in cases if case is not None)


@frozen
class _Reading:
    table: About
    program: Program
    found: list[Finding]

    def add(self, code: str, path: str, **facts: Any) -> None:
        self.found.append(Finding(code, path, facts))

    def case(self, item: Any, path: str) -> Case | None:
        if isinstance(item, Case):
            item = item.written
        if not isinstance(item, Mapping):
            self.add("rules.case_form", path, value=item)
            return None
        before = len(self.found)
        for key in item:
            if key not in _KEYS:
                self.add("rules.unknown_key", path, key=key, known=_KEYS, nearest=nearest(str(key), _KEYS))
        checks = tuple(key for key in ("expected", "row") if key in item)
        if not checks:
            self.add("rules.case_nothing", path)
        name = item.get("name")
        if name is not None and not (isinstance(name, str) and name.strip()):
            self.add("rules.text", f"{path}.name", value=name)
        given = self.given(item.get("given", {}), f"{path}.given")
        at = self.at(item.get("at"), f"{path}.at")
        expected = self.expected(item.get("expected"), f"{path}.expected") if "expected" in item else None
        row = self.row(item.get("row"), f"{path}.row") if "row" in item else None
        if len(self.found) > before:
            return None
        written = FrozenMap({key: freeze(plain_data(item[key])) for key in _KEYS if key in item})
        return Case(given, checks, expected, row, at, name, written)

    def given(self, source: Any, path: str) -> FrozenMap[str, Any]:
        try:
            fields: Any = CONVERTERS["map"](source)
        except ValueProblem as problem:
            self.add("rules.case_value", path, value=source, expected=str(problem))
            return EMPTY
        known = _roots(self.program)
        for name in fields:
            if name not in known:
                self.add(
                    "rules.case_name", f"{path}.{name}", name=name, known=tuple(sorted(known)), nearest=nearest(name, known)
                )
        types = {
            source.path: base_type(column.type)
            for column, source in zip(self.table.inputs, self.program.sources, strict=True)
            if source.path and column.type is not None
        }
        fields, faults = _converted(fields, types)
        for name, value, expected in faults:
            self.add("rules.case_value", f"{path}.{name}", value=value, expected=expected)
        return FrozenMap(fields)

    def at(self, source: Any, path: str) -> datetime | None:
        if source is None:
            return None
        try:
            return read_instant(source) if isinstance(source, str) else instant(source)
        except (TimeError, OverflowError, ValueError):
            self.add("rules.case_at", path, value=source)
            return None

    def expected(self, source: Any, path: str) -> Any:
        hit, outputs = self.table.hit, self.table.outputs
        if source is None:
            return None
        if hit.startswith("collect "):
            name, output = next(iter(outputs.items()))
            return self.output(source, output if hit != "collect count" else Output(name, "int"), path)
        if hit in MULTIPLE:
            if isinstance(source, (list, tuple)):
                return [self.mapping(item, f"{path}[{index}]") for index, item in enumerate(source)]
            self.add("rules.case_expected", path, value=source, hit=hit)
            return None
        return self.mapping(source, path)

    def mapping(self, source: Any, path: str) -> dict[str, Any]:
        outputs = self.table.outputs
        if not isinstance(source, Mapping) or not source:
            self.add("rules.case_expected", path, value=source, hit=self.table.hit)
            return {}
        found: dict[str, Any] = {}
        for name, value in source.items():
            if name not in outputs:
                close = nearest(str(name), outputs)
                self.add("rules.case_name", f"{path}.{name}", name=name, known=tuple(outputs), nearest=close)
            else:
                found[name] = self.output(value, outputs[name], f"{path}.{name}")
        return found

    def output(self, value: Any, output: Output, path: str) -> Any:
        try:
            return output.convert(value)
        except ValueProblem as problem:
            self.add("rules.case_value", path, value=value, expected=str(problem))
            return None

    def row(self, source: Any, path: str) -> Any:
        many = self.table.hit in MULTIPLE or self.table.hit.startswith("collect ")
        if isinstance(source, (list, tuple)):
            if not many:
                self.add("rules.case_row_form", path, value=source, hit=self.table.hit)
            return tuple(self.one_row(item, f"{path}[{index}]") for index, item in enumerate(source))
        if source is None:
            return None  # no row
        return (self.one_row(source, path),) if many else self.one_row(source, path)

    def one_row(self, source: Any, path: str) -> Any:
        rows = self.table.rows
        ids = [row.id for row in rows if row.id is not None]
        if isinstance(source, bool) or not isinstance(source, (int, str)):
            self.add("rules.case_row_form", path, value=source, hit=self.table.hit)
        elif (isinstance(source, str) and source not in ids) or (isinstance(source, int) and not 0 <= source < len(rows)):
            close = nearest(source, ids) if isinstance(source, str) else None
            self.add("rules.case_row", path, row=source, rows=len(rows), ids=tuple(ids), nearest=close)
        return source


def _roots(program: Program) -> set[str]:
    found = {source.path[0] for source in program.sources if source.path} | {"at"}
    return found | {name.split(".", 1)[0] for name in program.reads}


Faults = list[tuple[str, Any, str]]


def _converted(fields: Mapping[str, Any], types: Mapping[tuple[str, ...], str]) -> tuple[Mapping[str, Any], Faults]:
    """The fields in these types, and what does not fit: its name, the value and what was expected."""
    faults: Faults = []
    for path, type_name in types.items():
        value = at_path(fields, path)
        if value is None or type_name not in CONVERTERS:
            continue
        try:
            converted = freeze(CONVERTERS[type_name](value))
        except ValueProblem as problem:
            faults.append((".".join(path), value, str(problem)))
            continue
        if converted is not value:
            fields = put(fields, path, converted)
    return fields, faults


def typed_cases(cases: Sequence[Case], types: Mapping[str, Any]) -> list[Finding]:
    """
    The values of cases that do not fit the types of the fields, as findings.

    Args:
        cases: as read.
        types: field types, as ``Expression.parse`` takes them.
    """
    found: list[Finding] = []
    for index, case in enumerate(cases):
        for name, value, expected in _converted(case.given, _typed(case.given, types))[1]:
            facts = {"value": value, "expected": expected}
            found.append(Finding("rules.case_value", f"cases[{index}].given.{name}", facts))
    return found


def _typed(given: Mapping[str, Any], types: Mapping[str, Any]) -> dict[tuple[str, ...], str]:
    found: dict[tuple[str, ...], str] = {}
    for name in given:
        spec = types.get(name)
        word = spec if isinstance(spec, str) else getattr(spec, "type", None)
        if isinstance(word, str):
            found[(name,)] = base_type(word)
    return found


# running ------------------------------------------------------------------------------------------------------


def run_cases(table: Cased, types: Mapping[str, Any]) -> tuple[CaseResult, ...]:
    """
    What the table says of every case, in order.

    Args:
        table: with its cases.
        types: field types, where known; the given values are read in them.
    """
    return tuple(_run(table, index, case, types) for index, case in enumerate(table.cases))


def _run(table: Cased, index: int, case: Case, types: Mapping[str, Any]) -> CaseResult:
    fields, faults = _converted(case.given, _typed(case.given, types))
    if faults:
        name, value, expected = faults[0]
        facts = {"value": value, "expected": expected}
        error = ServflowError(f"{name}: {render('rules.case_value', facts)}", code="rules.case_value", **facts)
        return CaseResult(index, case, passed=False, error=error)
    explained: Explained | None = None
    try:
        decision = table.decide(fields, case.at)
    except ServflowError as error:
        return CaseResult(index, case, passed=False, error=error)
    passed = all(_met(table, case, check, decision.outputs, decision.matched) for check in case.checks)
    if not passed:
        explained = table.explain(fields, at=case.at)
    return CaseResult(index, case, passed, decision.outputs, decision.matched, None, explained)


def _met(table: Asked, case: Case, check: str, outputs: Any, matched: tuple[int, ...]) -> bool:
    if check == "row":
        if case.row is None:
            return not matched
        if isinstance(case.row, tuple):
            return len(case.row) == len(matched) and all(
                _is(table, row, name) for row, name in zip(matched, case.row, strict=True)
            )
        deciding = matched if table.hit == "any" else matched[:1]
        return any(_is(table, row, case.row) for row in deciding)
    if case.expected is None:
        return not matched
    if isinstance(case.expected, list):
        return (
            isinstance(outputs, list)
            and len(outputs) == len(case.expected)
            and all(_within(wanted, got) for wanted, got in zip(case.expected, outputs, strict=True))
        )
    return _within(case.expected, outputs)


def _is(table: Asked, row: int, name: int | str) -> bool:
    return row == name if isinstance(name, int) else table.rows[row].id == name


def _within(wanted: Any, got: Any) -> bool:
    """Whether a result is what was expected: of a mapping only the outputs named are compared."""
    if isinstance(wanted, Mapping) and isinstance(got, Mapping):
        return all(name in got and alike(value, got[name]) for name, value in wanted.items())
    return alike(wanted, got)


def _meant(entries: Explained, case: Case) -> int | None:
    """The row a failed case is about: the first it names that does not decide, or the nearest that gives what it expects."""
    rows = entries.rows_named(case.row if isinstance(case.row, tuple) else (case.row,)) if "row" in case.checks else []
    losing = [row for row in rows if not entries.decides(row)]
    if losing:
        return losing[0]
    if not isinstance(case.expected, Mapping):
        return None
    fitting = entries.rows_giving(lambda outputs: _within(case.expected, outputs))[:_MAX_LOOKED]
    losing = [row for row in fitting if not entries.decides(row)]
    return min(losing, key=lambda row: (len(entries.failed(row)), row), default=None)


def failed_cases(table: Cased, results: Iterable[CaseResult]) -> tuple[Finding, ...]:
    """A finding for every case that failed: what was expected, what came, by which row, and why."""
    found: list[Finding] = []
    for result in results:
        if result.passed:
            continue
        case = result.case
        facts: dict[str, Any] = {
            "table": table.name,
            "case": str(result.index) if case.name is None else f"{result.index} ({case.name})",
            "expected": {lang: _expected(case, lang) for lang in ("en", "zh")},
            "got": {lang: _got(table, result, lang) for lang in ("en", "zh")},
            "why": {lang: result.why(lang) for lang in ("en", "zh")},
        }
        found.append(Finding("rules.case_failed", f"cases[{result.index}]", facts, "error", witness=dict(case.given)))
    return tuple(found)


def _expected(case: Case, lang: str) -> str:
    parts: list[str] = []
    if "expected" in case.checks:
        parts.append(_nothing(lang) if case.expected is None else said(case.expected))
    if "row" in case.checks:
        rows = case.row if isinstance(case.row, tuple) else (case.row,)
        parts.append(_by_rows([str(row) for row in rows], lang) if case.row is not None else _nothing(lang))
    return ("，" if lang == "zh" else ", ").join(parts)  # noqa: RUF001 - Chinese punctuation


def _got(table: Asked, result: CaseResult, lang: str) -> str:
    if result.error is not None:
        return render(result.error.code, result.error.facts, lang)
    if not result.matched:
        return _nothing(lang) if result.outputs in (None, []) else said(result.outputs)
    rows = result.matched[:1] if table.hit in ("first", "priority", "unique") else result.matched
    named = [row_words(row, table.rows[row].id, lang) for row in rows[:20]]
    comma = "，" if lang == "zh" else ", "  # noqa: RUF001 - Chinese punctuation
    return f"{said(result.outputs)}{comma}{_by_rows(named, lang)}"


def _nothing(lang: str) -> str:
    return "没有匹配的行" if lang == "zh" else "no row that matches"


def _by_rows(rows: Sequence[str], lang: str) -> str:
    return f"依据第 {'、'.join(rows)} 行".replace("」 行", "」行") if lang == "zh" else f"by row {', '.join(rows)}"


def unreached(table: Cased, results: Iterable[CaseResult]) -> tuple[int, ...]:
    """
    The rows that no case reaches: that are behind the answer of none.

    Args:
        table: with its cases.
        results: what came of them.
    """
    single = table.hit in ("first", "priority", "unique")
    reached = {row for result in results for row in (result.matched[:1] if single else result.matched)}
    return tuple(row for row in range(len(table.rows)) if row not in reached)
