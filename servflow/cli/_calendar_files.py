"""Knows where a calendar stands in a file and how it is put back with all the rest kept; must not know what changes it."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import frozen

from servflow.calendars import Calendar, OpenTime, from_data
from servflow.documents._source import read_document
from servflow.errors import DefinitionError, InputError, nearest

_PARTS = ("holidays", "shifts", "breaks", "known_until")


@frozen
class CalendarFile:
    """The calendars of a file: a definition, its section ``calendars`` alone, or one calendar by itself."""

    path: Path
    calendars: Mapping[str, OpenTime]
    alone: bool

    def one(self, name: str | None) -> tuple[str, OpenTime]:
        """
        The calendar of that name, or the only one.

        Raises:
            InputError: there is none, or several and no name.
        """
        if name is None and len(self.calendars) == 1:
            return next(iter(self.calendars.items()))
        if name is None or name not in self.calendars:
            close = nearest(name, self.calendars) if name else None
            there = ", ".join(map(repr, self.calendars)) or "none"
            hint = f"did you mean {close!r}?" if close else f"there are {there}"
            said = f"no calendar {name!r}; {hint}" if name else f"name one with --calendar; {hint}"
            raise InputError(said, code="usage")
        return name, self.calendars[name]

    def single(self, name: str | None) -> tuple[str, Calendar]:
        """
        The same, where it is no combination.

        Raises:
            InputError: as ``one``, or it is a combination.
        """
        found, calendar = self.one(name)
        if not isinstance(calendar, Calendar):
            said = f"calendar {found!r} is a combination; name the calendars it is made of apart, and choose one"
            raise InputError(said, code="usage")
        return found, calendar

    def with_calendar(self, name: str, calendar: Calendar) -> str:
        """
        The text of the file with the dated parts of one calendar as given, and everything else as it was.

        Raises:
            InputError: the file cannot be written so that it reads back.
        """
        text = self.path.read_text("utf-8-sig")
        given = calendar.to_data()
        if self.path.suffix.lower() == ".json" or text.lstrip().startswith("{"):
            data = json.loads(text)
            _put(data if self.alone else data["calendars"][name], given)
            made = json.dumps(data, ensure_ascii=False, indent=2) + "\n"
        else:
            made = self._as_yaml(text, name, given)
        try:
            again = read_document(made if "\n" in made else made + "\n").data
            same = from_data(again if self.alone else again["calendars"][name]) == calendar
        except DefinitionError:
            same = False
        if not same:
            raise InputError(f"{self.path} cannot be written so that it reads back; enter the changes by hand", code="file")
        return made

    def _as_yaml(self, text: str, name: str, given: Mapping[str, Any]) -> str:
        # Imported here as in the documents: a program that only asks loads no YAML.
        from ruamel.yaml import YAML

        editor = YAML(typ="rt", pure=True)
        editor.preserve_quotes = True
        editor.width = 120
        editor.indent(mapping=2, sequence=4, offset=2)
        data = editor.load(text)
        place = data if self.alone else data["calendars"][name]
        if any(key in given for key in _PARTS):
            place.fa.set_block_style()
            for part in place.values():
                if hasattr(part, "fa") and part.fa.flow_style() is None:
                    part.fa.set_flow_style()
        _put(place, _short(given))
        out = io.StringIO()
        editor.dump(data, out)
        return out.getvalue()


def read_calendars(path: Path) -> CalendarFile:
    """
    Read the calendars of a file; nothing else in it is looked at.

    Raises:
        DefinitionError: the file cannot be read, or a calendar is wrong.
        InputError: it has no calendars.
    """
    data = read_document(path).data
    section = data.get("calendars")
    if isinstance(section, Mapping):
        return CalendarFile(path, {str(name): from_data(part) for name, part in section.items()}, False)
    if not {"zone", "any_of", "all_of", "minus"} & set(data):
        said = f"{path.name} holds no calendar: neither a section calendars nor one by itself, with zone and week"
        raise InputError(said, code="usage")
    return CalendarFile(path, {str(data.get("name") or path.stem): from_data(data)}, True)


def _put(place: Any, given: Mapping[str, Any]) -> None:
    for key in _PARTS:
        if key in given:
            place[key] = given[key]
        elif key in place:
            del place[key]


def _short(given: Mapping[str, Any]) -> dict[str, Any]:
    """Windows and single holidays on one line each, as people write them."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    def flow(value: Any) -> Any:
        made = CommentedMap(value) if isinstance(value, Mapping) else CommentedSeq(value)
        made.fa.set_flow_style()
        return made

    out: dict[str, Any] = {}
    for key, value in given.items():
        if key == "holidays":
            out[key] = [flow(item) if isinstance(item, Mapping) else item for item in value]
        elif key in ("shifts", "breaks"):
            out[key] = {text: flow(windows) for text, windows in value.items()}
        else:
            out[key] = value
    return out
