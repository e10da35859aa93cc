"""Knows how what a page sent back becomes a typed payload or problems by input; must not know what an event does."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from attrs import frozen

from servflow.embedding._form_inputs import Input, one_newline, plain_json, shown_text
from servflow.embedding._forms import Form
from servflow.errors import Finding, InputError, nearest, shown
from servflow.model import CONVERTERS, FrozenMap, ValueProblem, freeze, storable, value_text

FORM, EXPECT, KEY = "_form", "_expect", "_key"
"""The names of the hidden inputs: which form it was, which revision was seen, and what makes sending it twice one event."""

IGNORED = ("csrfmiddlewaretoken", "csrf_token")
"""What pages send besides; so is every name that begins with ``_``."""

_YES = frozenset({"on", "true", "1", "yes"})
_NO = frozenset({"", "off", "false", "0", "no"})
_MOST_PROBLEMS = 100
_LONGEST_KEY = 200
_MOST_LISTED = 20
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


@frozen(kw_only=True)
class Submission:
    """
    What a page sent, read: ``payload`` is typed and fits the form where there are no ``problems``.

    ``problems`` holds one finding for each input that is wrong, by its name, said in English and Chinese by
    ``Finding.message(lang)``; what has to do with no input stands under ``""``. ``expect`` is the revision the user saw and
    ``key`` what makes sending twice once; both go to ``fire``. ``given`` is what was sent, to draw the form again with.
    """

    form: Form | None
    payload: FrozenMap[str, Any]
    problems: FrozenMap[str, Finding]
    expect: int | None = None
    key: str | None = None
    given: FrozenMap[str, Any]

    @property
    def ok(self) -> bool:
        """Whether the payload can be used."""
        return not self.problems

    @property
    def event(self) -> str:
        """The event to fire; empty where the form is not there any more."""
        return "" if self.form is None else self.form.event

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form, each problem in both languages."""
        return {
            "event": self.event,
            "ok": self.ok,
            "payload": plain_json(self.payload),
            "expect": self.expect,
            "key": self.key,
            "problems": {
                name: {"code": one.code, **{lang: one.message(lang) for lang in ("en", "zh")}}
                for name, one in self.problems.items()
            },
        }


def read_form(
    form: Form | Sequence[Form], submitted: Mapping[str, Any], *, html: bool | None = None, ignore: Iterable[str] = IGNORED
) -> Submission:
    """
    What an HTML form or a JSON client sent, as a typed payload or with every problem at once.

    Texts become what the input's type says; a wall time without offset is meant in the form's zone. An empty text is
    nothing. What the form does not ask for is a problem, so that a misspelt key is not lost, unless it is ignored. A
    ``partial`` form gives only what differs from what it showed. Where a page may be sent twice, ask the store first
    whether it ``answered`` the key: the first click may have moved the ticket to where the form is gone.

    Args:
        form: the form that was drawn, or all forms there are now: then the hidden input ``_form`` says which, and one that
            is not among them any more is a problem (``form.gone``), as when somebody else was faster.
        submitted: names and what was sent for them; an object with ``getlist`` (Django, Starlette) gives many values of one.
        html: whether an unchecked checkbox is sent as nothing, as browsers do. None: it is for an object with ``getlist``,
            and where all values are texts; for a ``partial`` form the former only, so that no JSON client unchecks by silence.
        ignore: names that are not looked at besides those that begin with ``_``.

    Raises:
        InputError: *submitted* is no mapping, or *form* no form.
    """
    given_object: object = submitted
    if not isinstance(given_object, Mapping):
        raise InputError(f"a form is read from names and values, not from {shown(submitted)}", code="form.submitted")
    given = {str(name): value for name, value in _all(submitted).items()}
    problems: dict[str, Finding] = {}
    chosen = _chosen(form, given, problems)
    expect, key = _revision(given.get(EXPECT), problems), _key(given.get(KEY), problems)
    payload: dict[str, Any] = {}
    if chosen is not None:
        texts = not chosen.partial and all(isinstance(value, str) for value in given.values())
        boxes = hasattr(submitted, "getlist") or texts if html is None else html
        payload = _payload(chosen, given, problems, html=boxes)
        _unknown(chosen, given, problems, (FORM, EXPECT, KEY, *ignore))
    return Submission(
        form=chosen,
        payload=FrozenMap({} if problems else payload),
        problems=FrozenMap(problems),
        expect=expect if expect is not None or chosen is None else chosen.expect,
        key=key,
        given=FrozenMap(given),
    )


def _all(submitted: Mapping[str, Any]) -> dict[str, Any]:
    many = getattr(submitted, "getlist", None)
    if many is None:
        return dict(submitted)
    found = {}
    for name in submitted:
        values = list(many(name))
        found[name] = values if len(values) > 1 else values[0] if values else ""
    return found


def _chosen(form: Form | Sequence[Form], given: Mapping[str, Any], problems: dict[str, Finding]) -> Form | None:
    if isinstance(form, Form):
        return form
    asked: object = form
    if not isinstance(asked, Sequence) or not all(isinstance(one, Form) for one in asked):
        raise InputError(f"a form, or all that `forms` gave, reads what was sent; {shown(asked)} is neither", code="form.form")
    wanted, known = str(given.get(FORM, "")), [one.id for one in form]
    found = next((one for one in form if one.id == wanted), None)
    if found is None:
        problems[""] = Finding("form.gone", "", {"form": wanted, "known": known, "nearest": nearest(wanted, known)})
    return found


def _revision(value: Any, problems: dict[str, Finding]) -> int | None:
    if value is None or value == "":
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        return int(value)
    problems[""] = Finding("form.expect", "", {"value": shown(value)})
    return None


def _key(value: Any, problems: dict[str, Finding]) -> str | None:
    if value is None or value == "":
        return None
    text = str(value) if isinstance(value, int) else value
    if isinstance(text, str) and len(text) <= _LONGEST_KEY and storable(text):
        return text
    problems[""] = Finding("form.key", "", {"value": shown(value), "most": _LONGEST_KEY})
    return None


def _unknown(form: Form, given: Mapping[str, Any], problems: dict[str, Finding], ignored: Iterable[str]) -> None:
    passed = frozenset(ignored)
    tops, names = {one.path[0] for one in form.inputs}, [one.name for one in form.inputs]
    for name in given:
        if name in passed or name.startswith("_") or name in names or name in tops or len(problems) > _MOST_PROBLEMS:
            continue
        facts = {"name": name[:200], "known": names, "nearest": nearest(name, names)}
        problems[name] = Finding("form.unknown", name[:200], facts)


def _payload(form: Form, given: Mapping[str, Any], problems: dict[str, Finding], *, html: bool) -> dict[str, Any]:
    payload: dict[str, Any] = {}
    for one in form.inputs:
        there, value = _given(one, given)
        if not there and html and one.widget == "checkbox":
            there, value = True, False
        if one.widget == "hidden" and one.value is not None and not there:
            there, value = True, one.value
        if form.partial and (not there or _unchanged(one, value)):
            continue
        if not there or value is None or (isinstance(value, str) and not value.strip()):
            cleared = form.partial or (there and value is None and one.clears)
            if cleared:
                _put(payload, one, None)
            elif one.required:
                problems[one.name] = Finding("form.missing", one.name, {"title": one.called})
            continue
        try:
            _put(payload, one, freeze(_typed(one, value)))
        except ValueProblem as problem:
            facts = {"title": one.called, "expected": str(problem), "value": shown(value)}
            problems[one.name] = Finding("form.value", one.name, facts)
    if form.partial and not payload and not problems:
        problems[""] = Finding("form.nothing", "", {})
    return payload


def _given(one: Input, given: Mapping[str, Any]) -> tuple[bool, Any]:
    if one.name in given:
        return True, given[one.name]
    value: Any = given
    for key in one.path:  # a JSON client sends the map itself
        if not isinstance(value, Mapping) or key not in value:
            return False, None
        value = value[key]
    return True, value


def _put(payload: dict[str, Any], one: Input, value: Any) -> None:
    inside = payload
    for key in one.path[:-1]:
        inside = inside.setdefault(key, {})
    inside[one.path[-1]] = value


def _unchanged(one: Input, value: Any) -> bool:
    if isinstance(value, str) and one.type != "bool":
        return one_newline(value) == one_newline(shown_text(one.value, one.type, one.zone))
    if one.type == "bool" and one.value is None and _flag(value) is False:
        return True  # a checkbox cannot show that nothing was said
    return value is one.value or (type(value) is type(one.value) and bool(value == one.value)) or _same_flag(one, value)


def _same_flag(one: Input, value: Any) -> bool:
    return one.type == "bool" and isinstance(one.value, bool) and _flag(value) is one.value


def _flag(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else None
    return True if word in _YES else False if word in _NO else None


# values ----------------------------------------------------------------------------------------------------------


def _typed(one: Input, value: Any) -> Any:
    """
    What was sent as the input's type.

    Raises:
        ValueProblem: it does not fit; says what was expected.
    """
    if isinstance(value, list) and one.type != "list" and len(value) > 1 and all(isinstance(item, str) for item in value):
        raise ValueProblem("one value")
    read = _READERS.get(one.type)
    converted = CONVERTERS[one.type](read(one, value) if read is not None and isinstance(value, str) else value)
    listed = one.spec.one_of or tuple(choice.value for choice in one.choices if one.strict)
    if one.widget == "hidden" and one.value is not None:  # it is the form's own, and nobody's to fill in
        listed = (one.value,)
    meant = converted if one.spec.one_of else plain_json(converted)
    if listed and meant not in listed:
        more = ["…"] if len(listed) > _MOST_LISTED else []
        raise ValueProblem("one of " + ", ".join([*(value_text(item)[:_LONGEST_KEY] for item in listed[:_MOST_LISTED]), *more]))
    if isinstance(converted, int) and not isinstance(converted, bool):
        low, high = one.low, one.high
        if (low is not None and converted < low) or (high is not None and converted > high):
            raise ValueProblem(f"a whole number from {low} to {high}" if high is not None else f"a whole number from {low} on")
    return converted


def _whole(_: Input, value: str) -> int:
    text = value.strip()
    digits = text.lstrip("+-")
    if not digits.isascii() or not digits.isdecimal() or len(digits) > 20 or len(text) - len(digits) > 1:
        raise ValueProblem("a whole number")
    return int(text)


def _text(_: Input, value: str) -> str:
    return one_newline(value)  # a browser sends every line break as two characters, whatever was typed


def _number(_: Input, value: str) -> float:
    text = value.strip()
    number = float(text) if len(text) <= 400 and _NUMBER.fullmatch(text) else math.nan
    if not math.isfinite(number):  # no JSON writes another
        raise ValueProblem("a number")
    return number


def _decimal(_: Input, value: str) -> str:
    text = value.strip()
    if len(text) <= 60 and not _NUMBER.fullmatch(text):
        raise ValueProblem("an exact number written as text, such as '12.50'")
    return text


def _yes_or_no(_: Input, value: str) -> bool:
    flag = _flag(value)
    if flag is None:
        raise ValueProblem("true or false")
    return flag


def _instant(one: Input, value: str) -> Any:
    text = value.strip()
    if one.zone is None:
        return text
    try:
        wall = datetime.fromisoformat(text if ":" in text else "")  # a day alone says no time
    except ValueError:
        raise ValueProblem("a day and a time, such as 2026-03-02T09:00") from None
    if wall.tzinfo is not None:
        return wall
    zone = ZoneInfo(one.zone)
    try:
        first = wall.replace(tzinfo=zone, fold=0)
        # A wall time that a change of the clocks skips does not come back from UTC as it was.
        if first.astimezone(ZoneInfo("UTC")).astimezone(zone).replace(tzinfo=None) != wall:
            raise ValueProblem("a time that the clocks show; that one is skipped when they are put forward")
        if first.utcoffset() != wall.replace(tzinfo=zone, fold=1).utcoffset():
            raise ValueProblem("a time that the clocks show once; that one comes twice, so add its offset, such as +02:00")
    except OverflowError:
        raise ValueProblem("an instant in the years 1 to 9999") from None
    return first


def _exact(_: Input, value: str) -> str:
    return value.strip()


def _bytes(_: Input, value: str) -> bytes:
    try:
        return base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError):
        raise ValueProblem("bytes, written in base64") from None


def _listed(_: Input, value: str) -> Any:
    text = value.strip()
    if text.startswith("["):
        return _json(text)
    return [line.strip() for line in text.splitlines() if line.strip()]


def _mapping(_: Input, value: str) -> Any:
    return _json(value)


def _anything(_: Input, value: str) -> Any:
    try:
        return _json(value)
    except ValueProblem:
        return value


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refused, parse_float=_finite, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise ValueProblem("JSON") from None


def _refused(word: str) -> NoReturn:
    raise ValueError(word)


def _finite(word: str) -> float:
    number = float(word)
    return number if math.isfinite(number) else _refused(word)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else _refused("a key is there twice, and one of its values would be lost")


_READERS: Mapping[str, Any] = {
    "string": _text,
    "int": _whole,
    "uint": _whole,
    "double": _number,
    "decimal": _decimal,
    "bool": _yes_or_no,
    "timestamp": _instant,
    "duration": _exact,
    "bytes": _bytes,
    "list": _listed,
    "map": _mapping,
    "any": _anything,
}

__all__ = ["EXPECT", "FORM", "IGNORED", "KEY", "Submission", "read_form"]
