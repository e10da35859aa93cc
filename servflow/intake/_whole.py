"""Knows how the parts of an intake go together, and how they are written down; must not know how any of them is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from attrs import evolve

from servflow.engine._building import at_path
from servflow.errors import DefinitionError, Finding, nearest, shown
from servflow.expressions import FieldType
from servflow.intake._parts import Acknowledging, Matching, Merging, Parts
from servflow.model import Field, FrozenMap
from servflow.rules import DecisionTable
from servflow.rules._definition import plain

if TYPE_CHECKING:
    from servflow.intake._channel import Channel
    from servflow.intake._intake import Intake

SINGLE = ("unique", "first", "priority", "any")
"""Hit policies that give one answer."""

KEYS = (
    "servflow",
    "intake",
    "version",
    "title",
    "description",
    "channels",
    "fields",
    "table",
    "tables",
    "tickets",
    "unique",
    "merged",
    "acknowledge",
    "calendars",
)


def keywords(data: Any) -> dict[str, Any]:
    """
    The keywords of an intake from its mapping.

    Raises:
        DefinitionError: it is none, a key is unknown or missing, or the format is another.
    """
    if not isinstance(data, Mapping):
        raise DefinitionError.of([Finding("intake.mapping", "", {"value": shown(data)})])
    found = [
        Finding("intake.unknown_key", str(key)[:200], {"key": shown(key), "known": KEYS, "nearest": nearest(str(key), KEYS)})
        for key in data
        if key not in KEYS
    ]
    found += [Finding("intake.missing", key, {"key": key}) for key in ("intake", "channels") if key not in data]
    if data.get("servflow", 1) != 1:
        found.append(Finding("definition.format", "servflow", {"value": shown(data["servflow"]), "known": 1}))
    if found:
        raise DefinitionError.of(found)
    return {("name" if key == "intake" else key): value for key, value in data.items() if key != "servflow"}


def read(given: Intake) -> dict[str, Any]:
    """
    Everything an intake is made of, from what was given for it.

    Raises:
        DefinitionError: with every problem.
    """
    parts = Parts(given.functions)
    made: dict[str, Any] = {
        "name": parts.text(given.name, "intake", needed=True),
        "version": parts.whole(given.version, "version"),
        "title": parts.text(given.title, "title"),
        "description": parts.text(given.description, "description"),
        "channels": parts.channels(given.channels),
        "fields": parts.fields(given.fields),
        "calendars": parts.calendars(given.calendars),
    }
    tables, where = _tables(parts, given)
    unread = _unread(given, tables)
    types = {**unread, **channel_types(made["channels"], made["fields"])}
    for name, table in tables.items():
        parts.found += _typed(table, types, where[name])
        types = {**types, **_outputs(table)}
        if table.hit not in SINGLE:
            parts.add("intake.hit", f"{where[name]}.hit", table=table.name, hit=table.hit, known=SINGLE)
    if tables and "workflow" not in unread and not any("workflow" in table.outputs for table in tables.values()):
        parts.add("intake.no_workflow", next(iter(where.values())), table=next(iter(tables)))
    made["tickets"] = parts.tickets(given.tickets, types)
    made["unique"] = parts.matching(given.unique, types, made["calendars"])
    made["merged"] = parts.merged(given.merged, types)
    made["acknowledge"] = parts.acknowledging(given.acknowledge, types)
    if parts.found:
        raise DefinitionError.of(parts.found)
    return {**made, "tables": FrozenMap(tables), "table": [*tables.values()][-1], "places": where}


def _tables(parts: Parts, given: Intake) -> tuple[dict[str, DecisionTable], dict[str, str]]:
    """The tables in their order, and where each stands."""
    single: Any = given.table
    many: Any = given.tables
    if single is not None and many:
        parts.add("intake.two_ways", "table")
    if single is None and not many:
        parts.add("intake.no_tables", "tables")
        return {}, {}
    if single is not None:
        made = single if isinstance(single, DecisionTable) else parts.table("table", single, "table")
        return ({}, {}) if made is None else ({made.name: made}, {made.name: "table"})
    read = parts.tables(many, "tables")
    return read, {name: f"tables.{name}" for name in read}


def _unread(given: Intake, tables: Mapping[str, DecisionTable]) -> dict[str, str]:
    """Names that parts would give if they could be read, so that one mistake is not told again wherever they are named."""
    asked: list[Any] = [given.channels, given.tables, {"table": given.table}]
    channels, many, single = ({} if not isinstance(one, Mapping) else one for one in asked)
    held: list[Any] = [one.get("fields") for one in channels.values() if isinstance(one, Mapping)]
    read = {**many, **single}
    held += [one.get("outputs") for name, one in read.items() if isinstance(one, Mapping) and name not in tables]
    return {name: "any" for part in held if isinstance(part, Mapping) for name in part if isinstance(name, str)}


def channel_types(channels: Mapping[str, Channel], fields: Mapping[str, Field]) -> dict[str, Any]:
    """The types of the names that the first table reads; a row may name a channel that is not there at present."""
    read: dict[str, Any] = dict.fromkeys([name for channel in channels.values() for name in channel.fields], "any")
    declared = {name: FieldType(spec.type, spec.one_of) for name, spec in fields.items()}
    return {**read, **declared, "channel": "string"}


def _outputs(table: DecisionTable) -> dict[str, Any]:
    return {name: FieldType(output.type, output.one_of) for name, output in table.outputs.items()}


def types_of(intake: Intake, until: DecisionTable | None = None) -> dict[str, Any]:
    """The types of the names that a table reads, or that there are after the last one, and the channels there are."""
    names: list[Any] = list(intake.channels)
    types = {**channel_types(intake.channels, intake.fields), "channel": FieldType("string", names)}
    for table in intake.tables.values():
        if table is until:
            break
        types |= _outputs(table)
    return types


def _typed(table: DecisionTable, types: Mapping[str, Any], path: str) -> list[Finding]:
    try:
        return [evolve(one, path=f"{path}.{one.path}") for one in (*table.typed(types), *table.proven(types))]
    except DefinitionError as error:
        return at_path(error, path)


# as data ----------------------------------------------------------------------------------------------------------


def to_data(intake: Intake) -> dict[str, Any]:
    """The canonical document."""
    data: dict[str, Any] = {"servflow": 1, "intake": intake.name}
    data |= {name: value for name in ("title", "description") if (value := getattr(intake, name))}
    if intake.version != 1:
        data["version"] = intake.version
    data["channels"] = {name: _channel(one) for name, one in intake.channels.items()}
    if intake.fields:
        data["fields"] = {name: _field(spec) for name, spec in intake.fields.items()}
    data["tables"] = {
        name: {key: value for key, value in table.to_data().items() if (key, value) != ("name", name)}
        for name, table in intake.tables.items()
    }
    if intake.tickets:
        data["tickets"] = {name: {key: one.text for key, one in given.items()} for name, given in intake.tickets.items()}
    if intake.unique is not None:
        data["unique"] = _matching(intake.unique)
    if intake.merged:
        data["merged"] = {name: _merging(one) for name, one in intake.merged.items()}
    if intake.acknowledge is not None:
        data["acknowledge"] = _acknowledging(intake.acknowledge)
    if intake.calendars:
        data["calendars"] = {name: calendar.to_data() for name, calendar in intake.calendars.items()}
    return data


def _channel(channel: Channel) -> dict[str, Any]:
    data: dict[str, Any] = {"key": channel.key.text}
    data |= {name: one.text for name in ("occurred", "text", "ticket") if (one := getattr(channel, name)) is not None}
    if channel.fields:
        data["fields"] = {name: one.text for name, one in channel.fields.items()}
    if channel.required:
        data["required"] = list(channel.required)
    return {**data, "title": channel.title} if channel.title else data


def _field(spec: Field) -> dict[str, Any]:
    data: dict[str, Any] = {"type": spec.type}
    if spec.one_of:
        data["one_of"] = [plain(one) for one in spec.one_of]
    if spec.default is not None:
        data["default"] = plain(spec.default)
    words = ("optional", "required", "personal", "indexed", "title", "description")
    return data | {name: value for name in words if (value := getattr(spec, name))}


def _matching(matching: Matching) -> dict[str, Any]:
    data: dict[str, Any] = {"key": matching.key.text}
    if matching.window is not None:
        data["window"] = matching.window.text
    if matching.calendar is not None:
        data["calendar"] = matching.calendar
    if matching.merge != "open":
        data["merge"] = matching.merge
    return data if matching.roles == ("customer",) else {**data, "roles": list(matching.roles)}


def _merging(merging: Merging) -> dict[str, Any]:
    data: dict[str, Any] = {} if merging.event == "ticket.update" else {"event": merging.event}
    if merging.when is not None:
        data["when"] = merging.when.text
    return {**data, "payload": {name: one.text for name, one in merging.payload.items()}} if merging.payload else data


def _acknowledging(asked: Acknowledging) -> dict[str, Any]:
    data: dict[str, Any] = {"to": asked.to.text, "template": asked.template}
    if asked.merged != asked.template:
        data["merged"] = asked.merged
    if asked.data:
        data["data"] = {name: one.text for name, one in asked.data.items()}
    return data if asked.when is None else {**data, "when": asked.when.text}
