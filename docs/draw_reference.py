"""Knows how the reference pages are drawn from the tables the engine runs; must not know what the pages say around them."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import attrs
import draw_api

from servflow import errors, model
from servflow.correlation import firing_types, record_types
from servflow.documents import schema
from servflow.engine._definition import BUILT_IN
from servflow.metrics import MEASURES
from servflow.recurring._reading import FIELDS

HERE = Path(__file__).parent / "reference"
PAGES = (
    "correlator.md",
    "definition.md",
    "errors.md",
    "evaluation.md",
    "intake.md",
    "metrics.md",
    "records-and-effects.md",
    "recurring.md",
    "schedules.md",
    "stories.md",
)


def main() -> int:
    """Write every drawn part anew; with ``--check``, say which differ and write nothing."""
    stale = []
    for page in PAGES:
        path = HERE / page
        before = path.read_text("utf-8")
        after = drawn(before)
        if before != after:
            stale.append(page)
            if "--check" not in sys.argv:
                path.write_text(after, "utf-8")
    for path, after in draw_api.pages().items():
        if not path.exists() or path.read_text("utf-8") != after:
            stale.append(f"api/{path.name}")
            if "--check" not in sys.argv:
                path.write_text(after, "utf-8")
    print(
        *(f"{page} is not as the code draws it" if "--check" in sys.argv else f"{page} drawn anew" for page in stale), sep="\n"
    )
    return 1 if stale and "--check" in sys.argv else 0


def drawn(text: str) -> str:
    """A page with the part between each pair of marks replaced by what its name draws."""
    return re.sub(
        r"(<!-- drawn: (\w+) -->\n)(?:(?!<!-- end -->).)*(<!-- end -->)",
        lambda found: found[1] + "\n".join(PARTS[found[2]]()).strip() + "\n" + found[3],
        text,
        flags=re.DOTALL,
    )


# -- the definition --------------------------------------------------------------------------------------------------


def definition() -> Iterator[str]:
    """Every key of a workflow's definition."""
    return _document("workflow")


def built_in_events() -> Iterator[str]:
    """Every built-in event, and what its payload may carry."""
    yield "| event | payload |"
    yield "|---|---|"
    for event, payload in BUILT_IN.items():
        said = ", ".join(f"`{name}`: {kind}" for name, kind in payload.items())
        yield f"| `{event}` | {'any field by name' if event == 'ticket.update' else said or 'nothing'} |"


def correlator() -> Iterator[str]:
    """Every key of a correlator's definition, and the names its expressions may read."""
    yield from _document("correlator")
    for title, types in (("what conditions read", record_types({}, {})), ("what actions read", firing_types({}))):
        yield ""
        yield f"## {title}"
        yield ""
        yield "| name | type |"
        yield "|---|---|"
        yield from (f"| `{name}` | {_type(kind)} |" for name, kind in types.items())


def schedules() -> Iterator[str]:
    """Every key of a file of on-call schedules."""
    return _document("schedules")


def recurring() -> Iterator[str]:
    """Every key of a document of recurring work, and the names that the expressions which fill tickets may read."""
    yield from _document("recurring")
    yield ""
    yield "## what fields read"
    yield ""
    yield "| name | type |"
    yield "|---|---|"
    yield from (f"| `{name}` | {_type(kind)} |" for name, kind in FIELDS.items())


def intake() -> Iterator[str]:
    """Every key of an intake's definition."""
    return _document("intake")


def scorecard() -> Iterator[str]:
    """Every key of a scorecard."""
    return _document("scorecard")


def sampling() -> Iterator[str]:
    """Every key of a sampling."""
    return _document("sampling")


def stories() -> Iterator[str]:
    """Every key of a document of stories."""
    return _document("stories")


def _type(kind: Any) -> str:
    return str(getattr(kind, "type", "map" if isinstance(kind, Mapping) else kind))


def _document(of: str) -> Iterator[str]:
    """Every key of a definition, section by section, from its JSON Schema."""
    made: Any = schema(of)
    yield "## The document"
    yield from _keys(made)
    for name, part in sorted(made.get("$defs", {}).items(), key=lambda item: _order(item[0])):
        yield ""
        yield f"## {_heading(name)}"
        yield ""
        yield _sentence(part.get("description", ""))
        yield from _keys(part)


_SECTIONS = (
    "Field",
    "Event",
    "Transition",
    "State",
    "Step",
    "Approval",
    "Reopen",
    "Timer",
    "Action",
    "Notify",
    "Call",
    "Open",
    "Send",
    "Emit",
    "Person",
    "Raise",
    "To",
    "Manager",
    "Table",
    "Input",
    "Output",
    "Row",
    "Rule",
    "Dispatch",
    "Requirement",
    "Term",
    "Offer",
    "Relax",
    "Clock",
    "WithinChoice",
    "Relative",
    "CalendarChoice",
    "Condition",
    "Message",
    "Escalation",
    "Trigger",
    "Ending",
    "Level",
    "Remind",
    "Repeat",
    "Calendar",
    "Holiday",
)


def _order(name: str) -> tuple[int, str]:
    plain = name.removesuffix("Model")
    return (_SECTIONS.index(plain) if plain in _SECTIONS else len(_SECTIONS)), plain


def _heading(name: str) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.removesuffix("Model")).lower()
    return words


def _sentence(text: str) -> str:
    return text if text.endswith(".") or not text else f"{text}."


def _keys(part: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield "| key | takes | meaning |"
    yield "|---|---|---|"
    needed = part.get("required", ())
    for name, value in part.get("properties", {}).items():
        said = value.get("description", "")
        default = value.get("default")
        if name in needed:
            said += " (needed)"
        elif default not in (None, "", [], {}):
            said += f" (`{_plain(default)}` unless given)"
        yield f"| `{name}` | {_takes(value)} | {said} |".replace("\n", " ")


def _plain(value: Any) -> str:
    return "true" if value is True else "false" if value is False else str(value)


def _takes(value: Mapping[str, Any]) -> str:
    found: dict[str, None] = {}
    waiting: list[tuple[Mapping[str, Any], str]] = [(value, "")]
    while waiting:
        shape, prefix = waiting.pop(0)
        if "$ref" in shape:
            heading = _heading(shape["$ref"].rsplit("/", 1)[1])
            found[f"{prefix}[{heading}](#{heading.replace(' ', '-')})"] = None
        elif inner := shape.get("anyOf") or shape.get("oneOf"):
            waiting = [*((one, prefix) for one in inner if one.get("type") != "null"), *waiting]
        elif "enum" in shape:
            found[prefix + " ".join(f"`{_plain(one)}`" for one in shape["enum"])] = None
        elif "const" in shape:
            found[f"{prefix}`{_plain(shape['const'])}`"] = None
        elif _shape_type(shape) == "array":
            waiting.insert(0, (shape.get("items", {}), f"{prefix}list of "))
        elif _shape_type(shape) == "object" and isinstance(shape.get("additionalProperties"), Mapping):
            waiting.insert(0, (shape["additionalProperties"], f"{prefix}names to "))
        else:
            found[prefix + _word(shape)] = None
    return ", or ".join(found)


_WORDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false", "object": "mapping"}


def _word(shape: Mapping[str, Any]) -> str:
    return "span" if shape.get("examples", [])[:1] == ["4h"] else _WORDS.get(_shape_type(shape), "any value")


def _shape_type(shape: Mapping[str, Any]) -> str:
    """The type of a value that is not null."""
    types = shape.get("type", "")
    return next(one for one in types if one != "null") if isinstance(types, list) else str(types)


# -- errors ----------------------------------------------------------------------------------------------------------


def tree() -> Iterator[str]:
    """The exceptions, from their own docstrings."""
    yield "| error | code | meaning |"
    yield "|---|---|---|"
    for name in errors.__all__:
        kind = getattr(errors, name)
        if isinstance(kind, type) and issubclass(kind, errors.ServflowError):
            yield f"| `{name}` | `{kind.default_code}` | {_first(kind)} |"


def codes() -> Iterator[str]:
    """Every code that has a sentence, with that sentence, by part."""
    from servflow.errors import _catalogue

    for part in _catalogue._PARTS:
        texts = import_module(f"servflow.errors._texts_{part}").TEXTS
        if not texts:
            continue
        yield f"### {part}"
        yield ""
        yield "| code | sentence | next step |"
        yield "|---|---|---|"
        for code, text in sorted(texts.items()):
            yield f"| `{code}` | {_cell(text.en)} | {_cell(text.hint_en)} |"
        yield ""


def _cell(text: str) -> str:
    return (
        " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;").replace("``", "`").replace("{{", "{").replace("}}", "}")
    )


def _first(kind: type) -> str:
    """The first sentence of a docstring."""
    said = " ".join(inspect.cleandoc(kind.__doc__ or "").split("\n\n")[0].split())
    return _cell(said)


# -- records, effects, reservations ----------------------------------------------------------------------------------


def records() -> Iterator[str]:
    """Every kind of record with its attributes."""
    return _values(_kinds(model.Record), skip=("sequence", "at"))


def effects() -> Iterator[str]:
    """Every kind of effect with its attributes."""
    return _values(_kinds(model.Effect), skip=[one.name for one in attrs.fields(model.Effect)])


def reservations() -> Iterator[str]:
    """Every kind of reservation with its attributes."""
    return _values((model.Take, model.Release, model.Unique, model.Next), skip=())


def _kinds(root: type) -> tuple[type, ...]:
    found = (getattr(model, name) for name in model.__all__)
    kinds = [kind for kind in found if isinstance(kind, type) and issubclass(kind, root) and kind is not root]
    return tuple(kind for kind in kinds if kind not in (model.ClockRecord, model.ChainRecord, model.LevelRecord))


def _values(kinds: Iterable[type], skip: Iterable[str]) -> Iterator[str]:
    left_out = set(skip)
    yield "| kind | attributes | meaning |"
    yield "|---|---|---|"
    for kind in kinds:
        names = [f"`{one.name}`" for one in attrs.fields(kind) if one.name not in left_out]
        yield f"| `{kind.__name__}` | {' '.join(names)} | {_cell(' '.join(inspect.cleandoc(kind.__doc__ or '').split()))} |"


# -- measures --------------------------------------------------------------------------------------------------------


def measures() -> Iterator[str]:
    """Every measure: its definition, all that tells how it is counted, and its example."""
    for one in MEASURES.values():
        yield f"## {one.titles['en']}"
        yield ""
        yield f"`{one.name}` · {one.titles['zh']}: {one.definitions['zh']}"
        yield ""
        yield one.definitions["en"].replace("``", "`")
        yield ""
        yield "| | |"
        yield "|---|---|"
        told = {
            "told in": f"{one.kind.name}; unit: {one.unit}",
            "parts": one.parts,
            "source": one.source,
            "cohort": one.cohort,
            "clock": one.clock,
            "open tickets": one.open_tickets,
            "period": one.falls,
            "settings": ", ".join(f"`{name}`" for name in one.settings),
        }
        yield from (f"| {word} | {_cell(said)} |" for word, said in told.items() if said)
        yield ""
        yield "```pycon"
        yield ">>>" + one.doc.split(">>>", 1)[1].rstrip()
        yield "```"
        yield ""


PARTS = {
    "scorecard": scorecard,
    "sampling": sampling,
    "correlator": correlator,
    "definition": definition,
    "events": built_in_events,
    "tree": tree,
    "codes": codes,
    "records": records,
    "effects": effects,
    "reservations": reservations,
    "schedules": schedules,
    "recurring": recurring,
    "intake": intake,
    "metrics": measures,
    "stories": stories,
}

if __name__ == "__main__":
    sys.exit(main())
