"""Knows how the parts of a correlator are read and their problems collected; must not know what they are for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from attrs import frozen

from servflow.errors import DefinitionError, ExpressionError, TimeError, nearest, shown
from servflow.expressions import Expression, FieldType, Function, _parts
from servflow.model import Action, FrozenMap, Span, freeze, name_flaw

MAX_COUNT = 1_000
MAX_KEEP = 1_000
MAX_STEPS = 10
MAX_ACTIONS = 50
MAX_WORKFLOWS = 1_000
MAX_CARRIED = 50
MAX_NAME = 100

Functions = Mapping[str, Function] | None


@frozen(kw_only=True)
class Sent:
    """One action of a firing, checked: its place in the definition, its fixed parts and its expressions."""

    kind: str
    path: str
    parts: Mapping[str, Any]
    values: Mapping[str, Expression]


class Parts(_parts.Parts):
    """Reads the parts of one correlator."""

    kind = "correlation"

    def name(self, value: Any, path: str) -> str:
        """A name that can begin the id of a ticket."""
        if name_flaw(value) is not None or len(value) > MAX_NAME or "/" in value or not value.isprintable():
            self.add("correlation.name", path, value=shown(value), limit=MAX_NAME)
            return "?"
        return str(value)

    def number(self, value: Any, path: str, least: int, most: int) -> int:
        """A whole number within bounds."""
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.add("correlation.number", path, value=shown(value), least=least, most=most)
            return least
        return value

    def text(self, value: Any, path: str) -> str:
        """Any text that can be kept."""
        if isinstance(value, str) and (value == "" or name_flaw(value[:1]) is None):
            return value
        self.add("correlation.text", path, value=shown(value))
        return ""

    def span(self, value: Any, path: str, *, zero: bool = False) -> Span:
        """A length of time that passes, not of a calendar: what is looked for may lie on tickets of several."""
        try:
            read = Span.of(value)
        except TimeError as error:
            self.add("correlation.span", path, value=shown(value), problem=error.message)
            return Span(timedelta(hours=1))
        if read.business_days:
            self.add("correlation.business", path, value=shown(value))
        elif not read.exact and not zero:
            self.add("correlation.zero", path)
        else:
            return read
        return Span(timedelta(hours=1))

    def span_or_none(self, value: Any, path: str, *, zero: bool = False) -> Span | None:
        """As ``span``; None where nothing is said."""
        return None if value is None else self.span(value, path, zero=zero)

    def mapping(self, value: Any, path: str, most: int = MAX_CARRIED) -> Mapping[str, Any]:
        """As for every kind; what is carried is little."""
        return super().mapping(value, path, most)

    def declared(self, value: Any, path: str) -> FrozenMap[str, Any]:
        """The types of fields: the word of a type, or a field as definitions write it."""
        read: dict[str, Any] = {}
        for name, given in self.mapping(value, path, 1_000).items():
            kind = given.get("type") if isinstance(given, Mapping) else getattr(given, "type", given)
            listed = given.get("one_of") if isinstance(given, Mapping) else getattr(given, "one_of", ())
            try:
                Expression.parse("true || x == null", {"x": kind if isinstance(kind, str) else 0})
            except ExpressionError as error:
                close = error.facts.get("nearest")
                self.add("correlation.type_name", f"{path}.{name}", value=shown(kind), nearest=close)
                continue
            listed = tuple(listed) if isinstance(listed, (list, tuple)) else ()
            read[name] = freeze({"type": kind, "one_of": listed}) if listed else kind
        return FrozenMap(read)

    def expression(self, value: Any, types: Mapping[str, Any], path: str, wanted: tuple[str, ...] = ()) -> Expression | None:
        """
        An expression, typed against what it may read.

        Args:
            wanted: the types it may give; any where there are none.
        """
        if not isinstance(value, (str, Mapping, Expression, bool)):
            self.add("correlation.condition", path, value=shown(value))
            return None
        made = self.parsed(value, types, path)
        if made is not None and wanted and made.type not in (*wanted, "dyn", "null_type"):
            self.add("correlation.gives", path, text=made.text, type=made.type, expected=wanted)
            return None
        return made

    # actions ----------------------------------------------------------------------------------------------------

    def actions(self, value: Any, types: Mapping[str, Any]) -> tuple[tuple[Mapping[str, Any], ...], tuple[Sent, ...]]:
        """The actions as written, and as they are carried out."""
        if value is not None and not isinstance(value, (list, tuple, Mapping)):
            self.add("correlation.list", "do", value=shown(value))
            return (), ()
        if isinstance(value, (list, tuple)) and len(value) > MAX_ACTIONS:
            self.add("correlation.too_many", "do", count=len(value), limit=MAX_ACTIONS)
            return (), ()
        listed = [value] if isinstance(value, Mapping) else list(value or ())
        written, made = [], []
        for index, item in enumerate(listed):
            path = f"do[{index}]"
            try:
                action = Action.of(item, path)
            except DefinitionError as error:
                unknown = isinstance(item, Mapping) and len(item) == 1
                if unknown:
                    self._unknown(next(iter(item)), path)
                else:
                    self.found.extend(error.findings)
                continue
            read = _READ.get(action.kind)
            if read is None:
                self._unknown(action.kind, path)
                continue
            written.append(FrozenMap({action.kind: action.value}))
            made.append(read(self, action.value, path, types))
        return tuple(written), tuple(made)

    def _unknown(self, action: Any, path: str) -> None:
        self.add("correlation.action", path, action=shown(action), known=tuple(_READ), nearest=nearest(str(action), _READ))

    def inner(self, value: Any, key: str, path: str, known: Iterable[str]) -> Mapping[str, Any]:
        """The mapping of an action, every key of which is known; one word alone is its most telling part."""
        given = {key: value} if isinstance(value, str) else self.mapping(value, path)
        for name in given:
            if name not in known:
                close = nearest(name, known)
                self.add("correlation.unknown_key", f"{path}.{name}", key=name, known=tuple(known), nearest=close)
        return given

    def required(self, given: Mapping[str, Any], key: str, path: str) -> str:
        """A name that an action must have."""
        value = given.get(key)
        if key not in given:
            self.add("correlation.missing", f"{path}.{key}", key=key)
        elif name_flaw(value) is not None:
            self.add("correlation.text", f"{path}.{key}", value=shown(value))
        return value if isinstance(value, str) else ""

    def values(self, given: Any, path: str, types: Mapping[str, Any]) -> dict[str, Expression]:
        """Named expressions."""
        read = {name: self.expression(text, types, f"{path}.{name}") for name, text in self.mapping(given, path).items()}
        return {name: made for name, made in read.items() if made is not None}


def _send(parts: Parts, value: Any, path: str, types: Mapping[str, Any]) -> Sent:
    where = f"{path}.send"
    given = parts.inner(value, "event", where, ("ticket", "event", "payload"))
    target = parts.expression(given.get("ticket", "tickets"), types, f"{where}.ticket", ("string", "list"))
    payload = parts.values(given.get("payload"), f"{where}.payload", types)
    event = parts.required(given, "event", where)
    return Sent(kind="send", path=path, parts={"event": event, "ticket": target}, values=payload)


def _open(parts: Parts, value: Any, path: str, types: Mapping[str, Any]) -> Sent:
    where = f"{path}.open"
    given = parts.inner(value, "workflow", where, ("workflow", "fields"))
    fields = parts.values(given.get("fields"), f"{where}.fields", types)
    return Sent(kind="open", path=path, parts={"workflow": parts.required(given, "workflow", where)}, values=fields)


_TO = ("role", "queue", "user")


def _notify(parts: Parts, value: Any, path: str, types: Mapping[str, Any]) -> Sent:
    where = f"{path}.notify"
    given = parts.inner(value, "template", where, ("to", "template", "data", "urgent"))
    to = given.get("to")
    recipient = ""
    if isinstance(to, Mapping) and len(to) == 1 and next(iter(to)) in _TO and name_flaw(next(iter(to.values()))) is None:
        kind, name = next(iter(to.items()))
        recipient = name if kind == "user" else f"{kind}:{name}"
    else:
        parts.add("correlation.to", f"{where}.to", value=shown(to), known=_TO)
    urgent = given.get("urgent", False)
    if not isinstance(urgent, bool):
        parts.add("correlation.option", f"{where}.urgent", value=shown(urgent), known=("true", "false"), nearest=None)
    data = parts.values(given.get("data"), f"{where}.data", types)
    fixed = {"to": recipient, "template": parts.required(given, "template", where), "urgent": urgent is True}
    return Sent(kind="notify", path=path, parts=fixed, values=data)


_READ = {"send": _send, "open": _open, "notify": _notify}


def typed(declared: Mapping[str, Any]) -> dict[str, FieldType]:
    """Declared types as expressions are given them, whatever the fields are called."""
    return {
        name: FieldType(given["type"], given.get("one_of", ())) if isinstance(given, Mapping) else FieldType(given)
        for name, given in declared.items()
    }
