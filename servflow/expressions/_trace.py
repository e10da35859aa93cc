"""Knows how a condition's outcome is explained part by part; must not know who asks."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from attrs import evolve, field, frozen

from servflow.errors import ExpressionError
from servflow.expressions._compile import Compiler, Program
from servflow.expressions._conversions import text_of_decimal
from servflow.expressions._faults import fault, foreign, sourced
from servflow.expressions._moments import write_duration, write_timestamp
from servflow.expressions._nodes import AND, COMPARISONS, CONDITIONAL, NOT, OR, Call, Const, Name, Node, walk
from servflow.expressions._reading import Run
from servflow.expressions._reads import reads, told
from servflow.expressions._values import admit, kind, release
from servflow.expressions._writing import literal, write

_MAX_SHOWN = 60


@frozen(kw_only=True)
class Trace:
    """
    What a part of a condition gave, and the parts that made it so.

    ``kind`` is ``and``, ``or``, ``not``, ``if``, ``compare``, ``call``, ``value`` or ``const``; ``sign`` is the operator
    of a comparison, whose two operands are listed. ``value`` is plain Python; None also when ``error``
    says why there is none. ``missing`` are the names below that were not there.
    """

    text: str
    kind: str
    sign: str = ""
    value: Any = None
    operands: tuple[Trace, ...] = ()
    missing: tuple[str, ...] = ()
    error: str | None = field(default=None)

    @property
    def result(self) -> bool:
        """Whether the part holds: its value is true."""
        return self.value is True

    def as_data(self) -> dict[str, Any]:
        """The trace as fresh JSON-ready data: instants and durations as CEL writes them, bytes in base64, decimals as text."""
        data: dict[str, Any] = {"text": self.text, "kind": self.kind, "value": _data(self.value)}
        if self.sign:
            data["sign"] = self.sign
        if self.operands:
            data["operands"] = [operand.as_data() for operand in self.operands]
        if self.missing:
            data["missing"] = list(self.missing)
        if self.error is not None:
            data["error"] = self.error
        return data

    def lines(self, lang: str = "en") -> tuple[str, ...]:
        """
        One sentence for each comparison that decided the result, each with the values it saw.

        Args:
            lang: ``en`` or ``zh``; anything else reads as ``en``.
        """
        return tuple(_sentence(part, lang) for part in _decisive(self))


def _decisive(trace: Trace) -> list[Trace]:
    found: list[Trace] = []
    waiting = [trace]
    while waiting:
        part = waiting.pop()
        if part.kind in ("and", "or") and part.error is None:
            settles = part.kind == "or"
            wanted = [operand for operand in part.operands if operand.result == settles and operand.error is None]
            # When nothing settles it, every operand had its say.
            chosen = wanted if part.result == settles else list(part.operands)
            waiting.extend(reversed(chosen))
        elif part.kind == "if" and part.operands:
            waiting.extend(reversed(part.operands))
        elif part.kind in ("not", "and", "or") and part.operands:
            failed = [operand for operand in part.operands if operand.error is not None]
            waiting.extend(reversed(failed or part.operands))
        else:
            found.append(part)
    return found


def _sentence(part: Trace, lang: str) -> str:
    zh = lang == "zh"
    if part.kind in ("compare", "call") and part.operands:
        shown = _filled(part, lang)
    else:
        shown = _shown(part, lang) if part.kind not in ("const", "value") or not isinstance(part.value, bool) else part.text
        if part.missing and part.value in (None, False):
            shown = f"{part.text} ({'缺失' if zh else 'missing'})"
    if part.error is not None:
        return f"{shown}：{part.error}" if zh else f"{shown}: {part.error}"  # noqa: RUF001 - Chinese punctuation
    if zh:
        return f"{shown} {'成立' if part.result else '不成立'}"
    return f"{shown} is {'true' if part.result else 'false'}"


def _filled(part: Trace, lang: str) -> str:
    shown = [_shown(operand, lang) for operand in part.operands]
    if part.kind == "compare":
        return f"{shown[0]} {part.sign} {shown[1]}"
    seen = [text for text, operand in zip(shown, part.operands, strict=True) if operand.kind != "const"]
    return f"{part.text} [{', '.join(seen)}]" if seen else part.text


def _shown(operand: Trace, lang: str) -> str:
    if operand.kind == "const":
        return operand.text
    if operand.error is not None:
        return operand.text
    if operand.value is None:
        word = ("缺失" if operand.missing else "空") if lang == "zh" else ("missing" if operand.missing else "null")
        return f"{operand.text} ({word})"
    return f"{operand.text} ({_brief(operand.value)})"


def _brief(value: Any) -> str:
    if isinstance(value, datetime):
        text = write_timestamp(value)
    elif isinstance(value, timedelta):
        text = write_duration(value)
    elif isinstance(value, Decimal):
        text = text_of_decimal(value)
    elif isinstance(value, list):
        text = "[" + ", ".join(_brief(item) for item in value[:10]) + (", ..." if len(value) > 10 else "") + "]"
    elif isinstance(value, dict):
        text = f"{{{', '.join(str(key) for key in list(value)[:10])}}}"
    else:
        text = literal(value)
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 3] + "..."


def _data(value: Any) -> Any:
    if isinstance(value, list):
        return [_data(item) for item in value]
    if isinstance(value, dict):
        return {key if isinstance(key, str) else literal(key): _data(item) for key, item in value.items()}
    if isinstance(value, datetime):
        return write_timestamp(value)
    if isinstance(value, timedelta):
        return write_duration(value)
    if isinstance(value, Decimal):
        return text_of_decimal(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):  # noqa: PLR0124 - not-a-number
        return str(value)
    return value


class _Part:
    """What telling of one part takes, made when it is first told of: a refusal is told as often as a screen is drawn."""

    def __init__(self, shared: Program, node: Node) -> None:
        self.shared = shared
        self.node = node

    @cached_property
    def text(self) -> str:
        return write(self.node)

    @cached_property
    def run(self) -> Run:
        return Compiler(self.shared, self.shared.asked).compile(self.node)

    @cached_property
    def reads(self) -> tuple[str, ...]:
        return tuple(sorted(reads(self.node, self.shared.type_names)))

    @cached_property
    def fixed(self) -> bool:
        """Whether it reads nothing, as a list of literals or duration("1h") does: its text says all there is to say."""
        return not any(isinstance(part, Name) for part in walk(self.node))


class Tracer:
    """Evaluates the parts of one expression one by one, leniently, in the order they are written."""

    def __init__(self, shared: Program, source: str) -> None:
        self.shared = shared
        self.source = source
        self.made: dict[int, _Part] = {}

    def of(self, node: Node) -> _Part:
        part = self.made.get(id(node))
        if part is None:
            part = self.made[id(node)] = _Part(self.shared, node)
        return part

    def trace(self, bindings: Mapping[str, Any]) -> Trace:
        """The trace of the whole expression."""
        return self.part(self.shared.node, bindings)

    def part(self, node: Node, bindings: Mapping[str, Any]) -> Trace:
        if not isinstance(node, Call):
            return self.demanded(self.leaf(node, bindings), node)
        text = self.of(node).text
        if node.function in (AND, OR):
            return self.junction(node, text, bindings)
        if node.function == NOT:
            inner = self.asked(node.args[0], bindings)
            value = None if inner.error is not None else not inner.result
            return Trace(text=text, kind="not", value=value, operands=(inner,), missing=inner.missing, error=inner.error)
        if node.function == CONDITIONAL:
            return self.conditional(node, text, bindings)
        operands = tuple(self.leaf(arg, bindings) for arg in node.args)
        value, error = self.run(node, bindings)
        missing = _gathered(operands)
        if node.function in COMPARISONS:
            sign = node.function.strip("_")
            return Trace(text=text, kind="compare", sign=sign, value=value, operands=operands, missing=missing, error=error)
        return self.demanded(Trace(text=text, kind="call", value=value, operands=operands, missing=missing, error=error), node)

    def asked(self, node: Node, bindings: Mapping[str, Any]) -> Trace:
        """A part where a bool is wanted."""
        found = self.part(node, bindings)
        if found.error is not None or found.value is None or isinstance(found.value, bool):
            return found
        return evolve(found, error=fault("not_bool", kind=kind(admit(found.value))).message)

    def demanded(self, part: Trace, node: Node) -> Trace:
        """The part, failed where it is null and null does not do as a condition."""
        if not self.shared.asked.demanding or part.value is not None or part.error is not None:
            return part
        return evolve(part, error=fault("null", name=told(node, self.shared.type_names)).message)

    def leaf(self, node: Node, bindings: Mapping[str, Any]) -> Trace:
        part = self.of(node)
        if isinstance(node, Const):
            return Trace(text=part.text, kind="const", value=release(node.value))
        value, error = self.run(node, bindings)
        fixed = error is None and part.fixed
        missing = () if fixed else tuple(read for read in part.reads if _absent(read, bindings))
        return Trace(text=part.text, kind="const" if fixed else "value", value=value, missing=missing, error=error)

    def junction(self, node: Call, text: str, bindings: Mapping[str, Any]) -> Trace:
        settles = node.function == OR
        # All of them, also after one settled it: whoever is refused wants to know everything that stood in the way.
        parts = [self.asked(arg, bindings) for arg in node.args]
        settled = any(part.error is None and part.result == settles for part in parts)
        failed = [part.error for part in parts if part.error is not None]
        error = failed[0] if failed and not settled else None
        value = None if error is not None else (settles if settled else not settles)
        kind = "or" if settles else "and"
        return Trace(text=text, kind=kind, value=value, operands=tuple(parts), missing=_gathered(tuple(parts)), error=error)

    def conditional(self, node: Call, text: str, bindings: Mapping[str, Any]) -> Trace:
        condition = self.asked(node.args[0], bindings)
        if condition.error is not None:
            return Trace(text=text, kind="if", operands=(condition,), missing=condition.missing, error=condition.error)
        chosen = self.part(node.args[1 if condition.result else 2], bindings)
        both = (condition, chosen)
        return Trace(text=text, kind="if", value=chosen.value, operands=both, missing=_gathered(both), error=chosen.error)

    def run(self, node: Node, bindings: Mapping[str, Any]) -> tuple[Any, str | None]:
        try:
            return release(self.of(node).run(self.shared.frame(bindings))), None
        except ExpressionError as error:
            return None, sourced(error, self.source).message
        except Exception as error:  # noqa: BLE001,RUF100 - whatever a host's mapping raises is its expression's failure
            return None, foreign(error, self.source).message


def _absent(read: str, bindings: Any) -> bool:
    value = bindings
    for part in read.split("."):
        if not isinstance(value, Mapping):
            return True
        try:
            value = value[part]
        except Exception:  # noqa: BLE001,RUF100 - a host's mapping may refuse in any way; what cannot be read is not there
            return True
    return False


def _gathered(parts: tuple[Trace, ...]) -> tuple[str, ...]:
    return tuple(sorted({name for part in parts for name in part.missing}))
