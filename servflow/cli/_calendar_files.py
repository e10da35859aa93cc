"""Knows where a calendar stands in a file and how it is put back with all the rest kept; must not know what changes it."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from servflow.calendars import Calendar, OpenTime, from_data
from servflow.documents._source import read_document
from servflow.errors import DefinitionError, InputError, nearest

_PARTS = ("holidays", "shifts", "breaks", "known_until")


@frozen
class CalendarFile:
    """The calendars of a file as they are written: a definition, its section ``calendars`` alone, or one calendar by itself."""

    path: Path
    calendars: Mapping[str, Any]
    alone: bool

    def one(self, name: str | None) -> tuple[str, OpenTime]:
        """
        The calendar of that name, or the only one.

        Raises:
            InputError: there is none, or several and no name.
            DefinitionError: it is wrong, or names a list of holidays, which only the host has.
        """
        if name is None and len(self.calendars) == 1:
            name = next(iter(self.calendars))
        if name is None or name not in self.calendars:
            close = nearest(name, self.calendars) if name else None
            there = ", ".join(map(repr, self.calendars)) or "none"
            hint = f"did you mean {close!r}?" if close else f"there are {there}"
            said = f"no calendar {name!r}; {hint}" if name else f"name one with --calendar; {hint}"
            raise InputError(said, code="usage")
        try:
            return name, from_data(self.calendars[name])
        except DefinitionError as error:
            place = "" if self.alone else f"calendars.{name}."
            raise DefinitionError.of(evolve(one, path=f"{place}{one.path}".strip(".")) for one in error.findings) from None

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
            place = data if self.alone else data["calendars"][name]
            for key in _PARTS:
                if key in given:
                    place[key] = given[key]
                else:
                    place.pop(key, None)
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

        from servflow.cli._calendar_edit import merge

        editor = YAML(typ="rt", pure=True)
        editor.preserve_quotes = True
        editor.width = 120
        editor.brace_single_entry_mapping_in_flow_sequence = True
        editor.indent(mapping=2, sequence=4, offset=2)
        data = editor.load(text)
        place = data if self.alone else data["calendars"][name]
        if any(key in given for key in _PARTS):
            place.fa.set_block_style()
            for part in place.values():
                if hasattr(part, "fa") and part.fa.flow_style() is None:
                    part.fa.set_flow_style()
        for key in _PARTS:
            if key in given:
                merge(place, key, given[key])
            else:
                place.pop(key, None)
        out = io.StringIO()
        editor.dump(data, out)
        return out.getvalue()


def read_calendars(path: Path) -> CalendarFile:
    """
    Read the calendars of a file, each only once it is asked for; nothing else in it is looked at.

    Raises:
        DefinitionError: the file cannot be read.
        InputError: it has no calendars.
    """
    data = read_document(path).data
    section = data.get("calendars")
    if isinstance(section, Mapping):
        return CalendarFile(path, {str(name): part for name, part in section.items()}, False)
    if not {"zone", "any_of", "all_of", "minus"} & set(data):
        said = f"{path.name} holds no calendar: neither a section calendars nor one by itself, with zone and week"
        raise InputError(said, code="usage")
    return CalendarFile(path, {str(data.get("name") or path.stem): data}, True)
