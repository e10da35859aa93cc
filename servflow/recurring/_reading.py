"""Knows how the parts of plans are read and their problems collected; must not know what they are for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import available_timezones

from servflow.calendars import OpenTime, from_data
from servflow.calendars._clock import clock
from servflow.calendars._zones import zone_of
from servflow.errors import DefinitionError, Finding, TimeError, nearest, shown
from servflow.expressions import Expression, _parts
from servflow.model import FrozenMap, Span, name_flaw
from servflow.recurring._asset import MOST_READ, as_date, number_of

MAX_PLANS = 200
MAX_NAME = 100
MAX_FIELDS = 50
_LEAST = Decimal("1e-9")
_AMOUNT = re.compile(r"\d{1,18}(?:\.\d{1,12})?", re.ASCII)

ASSET = {"asset": "map"}
FIELDS = {
    "asset": "map",
    "plan": "string",
    "number": "int",
    "due": "timestamp",
    "reading": "double",
    "threshold": "double",
    "skipped": "int",
    "cause": "string",
}
"""What the expressions that fill a ticket read, with their types."""


class Parts(_parts.Parts):
    """Reads the parts of one document of plans."""

    kind = "recurring"

    def keys(self, given: Mapping[str, Any], known: Iterable[str], path: str) -> None:
        """See that there is no other key."""
        known = tuple(known)
        for key in map(str, given):
            if key not in known:
                close = nearest(key, known)
                self.add("unknown_key", f"{path}.{key}", key=shown(key), known=known, nearest=close)

    def name(self, value: Any, path: str) -> str:
        """A name that can be part of the id of a ticket."""
        wrong = name_flaw(value) is not None or len(value) > MAX_NAME or ":" in value or "/" in value
        if wrong or not value.isprintable():
            self.add("name", path, value=shown(value), limit=MAX_NAME)
            return "?"
        return str(value)

    def option(self, value: Any, known: tuple[str, ...], path: str) -> str:
        """As for every kind; the first where nothing is said."""
        return known[0] if value is None else super().option(value, known, path)

    def number(self, value: Any, path: str, *, zero: bool = False) -> Any:
        """An amount of a counter, more than nothing; or nothing, too."""
        read = number_of(value)
        if isinstance(value, str) and _AMOUNT.fullmatch(value):
            read = Decimal(value)
        if read is None or read < 0 or read > MOST_READ or (read < _LEAST and not (zero and read == 0)):
            self.add("amount", path, value=shown(value))
            return number_of(1)
        return read

    def count(self, value: Any, path: str) -> int | None:
        """A whole number from 1, or None."""
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 100_000:
            self.add("count", path, value=shown(value))
            return None
        return value

    def span(self, value: Any, path: str) -> timedelta:
        """Elapsed time; none where nothing is said."""
        if value is None:
            return timedelta()
        try:
            read = Span.of(value)
        except TimeError as error:
            self.add("span", path, value=shown(value), problem={"en": error.message, "zh": "请写 4h、30m 或 14d"})
            return timedelta()
        if read.business_days:
            self.add("business", path, value=shown(value))
            return timedelta()
        return read.exact

    def zone(self, value: Any, path: str) -> str:
        """The name of a zone."""
        try:
            zone_of(value if isinstance(value, str) else "")
        except KeyError:
            close = nearest(value[:MAX_NAME], available_timezones()) if isinstance(value, str) else None
            self.add("zone", path, value=shown(value), nearest=close)
            return "UTC"
        return str(value)

    def wall(self, value: Any, path: str) -> time:
        """A time of day; midnight where nothing is said."""
        read = 0 if value is None else clock(value)
        if read is None:
            self.add("wall_time", path, value=shown(value))
            read = 0
        seconds, micro = divmod(read, 1_000_000)
        return time(seconds // 3600, seconds // 60 % 60, seconds % 60, micro)

    def day(self, value: Any, path: str) -> date | None:
        """A date, or None."""
        if value is None:
            return None
        read = as_date(value, "UTC")
        if read is None:
            self.add("date", path, value=shown(value))
        return read

    def expression(self, value: Any, path: str, *, bool_wanted: bool = False) -> Expression | None:
        """An expression over an asset; None where nothing is said."""
        return None if value is None else self._parsed(value, ASSET, path, bool_wanted=bool_wanted)

    def fields(self, value: Any, path: str) -> FrozenMap[str, Expression]:
        """Expressions by the names of the fields that they fill."""
        if value is None:
            return FrozenMap({})
        if not isinstance(value, Mapping) or any(name_flaw(key) is not None for key in value) or len(value) > MAX_FIELDS:
            self.add("fields", path, value=shown(value), limit=MAX_FIELDS)
            return FrozenMap({})
        read = {name: self._parsed(item, FIELDS, f"{path}.{name}") for name, item in value.items()}
        return FrozenMap({name: made for name, made in read.items() if made is not None})

    def _parsed(self, value: Any, types: Mapping[str, Any], path: str, *, bool_wanted: bool = False) -> Expression | None:
        if not isinstance(value, (str, Mapping, Expression, int, float)):
            self.add("condition", path, value=shown(value))
            return None
        made = self.parsed(value, types, path)
        if made is not None and bool_wanted and made.type not in ("bool", "dyn", "null_type"):
            self.add("not_bool", path, text=made.text, type=made.type)
            return None
        return made

    def calendars(self, value: Any, path: str = "calendars") -> dict[str, OpenTime]:
        """Calendars by name, as a workflow writes them."""
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self.add("mapping", path, value=shown(value))
            return {}
        made: dict[str, OpenTime] = {}
        for name, given in value.items():
            try:
                made[str(name)] = given if isinstance(given, OpenTime) else from_data(given)
            except DefinitionError as error:
                self.found += [Finding(one.code, f"{path}.{name}.{one.path}".rstrip("."), one.facts) for one in error.findings]
        return made
