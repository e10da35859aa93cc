"""Knows how the parts of an intake are read and their problems collected; must not know what they are for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from attrs import frozen

from servflow.calendars import OpenTime, from_data
from servflow.engine._building import at_path, read_field
from servflow.errors import DefinitionError, TimeError, nearest, shown
from servflow.expressions import Expression, Function, _parts
from servflow.intake._channel import MAX_CHANNEL, SCOPE, Channel
from servflow.model import EMPTY, Field, FrozenMap, Span, name_flaw
from servflow.rules import DecisionTable

MAX_CHANNELS = 200
MAX_TABLES = 50
MAX_FIELDS = 500
RESERVED = ("channel", "workflow", "message", "ticket", "at")
"""Names that no field of a message takes: the first two are what intake itself says of it."""

MERGES = ("open", "reopen")
Functions = Mapping[str, Function] | None


@frozen(kw_only=True)
class Matching:
    """
    When two messages are about one matter: ``key`` gives the same value, and the first one's ticket is still open.

    Two workflows never share a matter. A key that is null, or a list with a null in it, says that nothing is known, and nothing
    is matched. ``window`` is for how long from its opening a ticket takes in further messages, counted in ``calendar`` where
    one is named (its end does not belong to it); without one, for as long as it is open. ``merge: reopen`` tries to
    reopen a closed ticket within its window; where the workflow does not allow that, or with ``open``, a message about the
    matter of a closed ticket opens a new one. ``roles`` are those in whose name it is added.
    """

    key: Expression
    window: Span | None = None
    calendar: str | None = None
    merge: str = "open"
    roles: tuple[str, ...] = ("customer",)


@frozen(kw_only=True)
class Acknowledging:
    """
    Who is told at once that a message came in.

    ``to`` gives a person or an address; null tells nobody, and so does ``when`` where it does not hold. ``template`` is the
    host's, ``merged`` the one where the message was added to an open ticket. ``data`` are expressions for the template,
    which also gets ``ticket``, ``channel`` and ``status``.
    """

    to: Expression
    template: str
    merged: str
    data: FrozenMap[str, Expression] = EMPTY
    when: Expression | None = None


@frozen(kw_only=True)
class Merging:
    """
    What a message that was added to an open ticket changes there beside: the system fires ``event`` with ``payload``.

    Expressions read all the names there are and ``ticket``: the open ticket's fields and attributes (such as ``priority``) and
    its ``state``. Where ``when`` does not hold nothing is fired, nor where all of a payload is null; what is null is left out.
    The workflow must let the system fire it. Where that fails the message is kept all the same, and the receipt says why.
    """

    event: str = "ticket.update"
    when: Expression | None = None
    payload: FrozenMap[str, Expression] = EMPTY


class Parts(_parts.Parts):
    """Reads the parts of one intake."""

    kind = "intake"

    def text(self, value: Any, path: str, *, needed: bool = False) -> str:
        """A text that can be kept."""
        if isinstance(value, str) and ((value == "" and not needed) or name_flaw(value) is None):
            return value
        self.add("intake.text", path, value=shown(value))
        return "?"

    def whole(self, value: Any, path: str) -> int:
        """A version."""
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value < 2**31:
            self.add("intake.version", path, value=shown(value))
            return 1
        return value

    def mapping(self, value: Any, path: str, most: int = MAX_FIELDS) -> Mapping[str, Any]:
        """As for every kind; an empty list is nothing, too."""
        return super().mapping(None if isinstance(value, (tuple, list)) and not value else value, path, most)

    def known(self, given: Mapping[str, Any], words: Iterable[str], path: str, needed: Iterable[str] = ()) -> None:
        """Note the keys that mean nothing here, and those that are missing."""
        listed = tuple(words)
        for key in given:
            if key not in listed:
                at = f"{path}.{key}".lstrip(".")
                self.add("intake.unknown_key", at, key=shown(key), known=listed, nearest=nearest(str(key), listed))
        for key in needed:
            if given.get(key) is None:
                self.add("intake.missing", f"{path}.{key}".lstrip("."), key=key)

    def expression(self, value: Any, types: Mapping[str, Any] | None, path: str) -> Expression | None:
        """An expression of what it may read; its tree, and a constant, will do."""
        if not isinstance(value, (str, Mapping, Expression, int, float)):
            self.add("intake.expression", path, value=shown(value))
            return None
        return self.parsed(value, types, path)

    def expressions(self, value: Any, types: Mapping[str, Any], path: str) -> FrozenMap[str, Expression]:
        """Expressions by name."""
        read = {name: self.expression(one, types, f"{path}.{name}") for name, one in self.mapping(value, path).items()}
        return FrozenMap({name: one for name, one in read.items() if one is not None})

    # what an intake is made of -----------------------------------------------------------------------------------

    def channels(self, value: Any) -> FrozenMap[str, Channel]:
        """The channels by their names."""
        if not isinstance(value, Mapping):
            items = list(value) if isinstance(value, Iterable) and not isinstance(value, (str, bytes)) else [value]
            if any(not isinstance(one, Channel) for one in items):
                self.add("intake.mapping", "channels", value=shown(value))
                return FrozenMap()
            named: dict[str, Channel] = {}
            for one in items:
                if one.name in named:
                    self.add("intake.channel_twice", f"channels.{one.name}", channel=one.name)
                named[one.name] = one
            value = named
        read = {name: self.channel(name, one) for name, one in self.mapping(value, "channels", MAX_CHANNELS).items()}
        if not value:
            self.add("intake.no_channels", "channels")
        return FrozenMap(read)

    def channel(self, name: str, value: Any) -> Channel:
        """One channel."""
        path = f"channels.{name}"
        if len(name) > MAX_CHANNEL or not name.isprintable():
            self.add("intake.channel_name", path, value=shown(name), limit=MAX_CHANNEL)
        given = _said(value) if isinstance(value, Channel) else self.mapping(value, path)
        self.known(given, ("key", "fields", "occurred", "text", "ticket", "required", "title"), path, needed=("key",))
        fields = self.expressions(given.get("fields"), SCOPE, f"{path}.fields")
        for field in fields:
            if field in RESERVED:
                self.add("intake.reserved", f"{path}.fields.{field}", field=field)
        required = self.names(given.get("required", ()), f"{path}.required")
        for field in required:
            if field not in fields:
                near = nearest(field, fields)
                self.add("intake.required_unread", f"{path}.required", field=field, known=tuple(fields), nearest=near)
        one: dict[str, Expression | None] = {
            word: None if given.get(word) is None else self.expression(given[word], SCOPE, f"{path}.{word}")
            for word in ("key", "occurred", "text", "ticket")
        }
        title = self.text(given.get("title", ""), f"{path}.title")
        return Channel(name=name, **{**one, "key": one["key"] or "''"}, fields=fields, required=required, title=title)

    def fields(self, value: Any) -> FrozenMap[str, Field]:
        """The types that fields of messages are read in."""
        read: dict[str, Field] = {}
        for name, given in self.mapping(value, "fields").items():
            path = f"fields.{name}"
            if name in RESERVED:
                self.add("intake.reserved", path, field=name)
                continue
            try:
                read[name] = read_field(given)
            except DefinitionError as error:
                self.found += at_path(error, path)
        return FrozenMap(read)

    def tables(self, value: Any, path: str) -> dict[str, DecisionTable]:
        """The tables in the order in which they are asked."""
        if isinstance(value, DecisionTable):
            value = [value]
        if isinstance(value, (list, tuple)) and all(isinstance(one, DecisionTable) for one in value):
            value = {one.name: one for one in value}
        read: dict[str, DecisionTable] = {}
        for name, given in self.mapping(value, path, MAX_TABLES).items():
            made = given if isinstance(given, DecisionTable) else self.table(name, given, f"{path}.{name}")
            if made is not None:
                read[name] = made
        return read

    def table(self, name: str, given: Any, path: str) -> DecisionTable | None:
        """One table of a document."""
        if not isinstance(given, Mapping):
            self.add("intake.mapping", path, value=shown(given))
            return None
        made: DecisionTable | None = self.tried(
            path, partial(DecisionTable, **{"name": name, **given}, functions=self.functions)
        )
        return made

    def tried(self, path: str, make: Callable[[], Any]) -> Any:
        """What is made; None where that fails, with its problems under a path."""
        try:
            return make()
        except TypeError as error:
            self.add("intake.other", path, why=str(error))
        except DefinitionError as error:
            self.found += at_path(error, path)
        return None

    def calendars(self, value: Any) -> FrozenMap[str, OpenTime]:
        """The calendars that windows count in."""
        read: dict[str, OpenTime] = {}
        for name, given in self.mapping(value, "calendars").items():
            made = given if isinstance(given, OpenTime) else self.tried(f"calendars.{name}", partial(from_data, given))
            if made is not None:
                read[name] = made
        return FrozenMap(read)

    def matching(self, value: Any, types: Mapping[str, Any], calendars: Mapping[str, OpenTime]) -> Matching | None:
        """What makes two messages one matter."""
        if value is None:
            return None
        given = _said(value) if isinstance(value, Matching) else self.mapping(value, "unique")
        self.known(given, ("key", "window", "calendar", "merge", "roles"), "unique", needed=("key",))
        key = self.expression(given["key"], types, "unique.key") if given.get("key") is not None else None
        calendar, merge = given.get("calendar"), given.get("merge", "open")
        if calendar is not None and calendar not in calendars:
            near = nearest(str(calendar), calendars)
            self.add("intake.calendar", "unique.calendar", value=shown(calendar), known=tuple(calendars), nearest=near)
        if merge not in MERGES:
            self.add("intake.merge", "unique.merge", value=shown(merge), known=MERGES, nearest=nearest(str(merge), MERGES))
        window = self.window(given.get("window"), calendar is not None)
        roles = self.names(given.get("roles", ("customer",)), "unique.roles")
        return None if key is None else Matching(key=key, window=window, calendar=calendar, merge=merge, roles=roles)

    def window(self, value: Any, counted: bool) -> Span | None:
        """For how long further messages are taken in."""
        if value is None:
            return None
        try:
            span = Span.of(value)
        except TimeError as error:
            self.add("intake.window", "unique.window", value=shown(value), why=error.message)
            return None
        if span.business_days and not counted:
            self.add("intake.business", "unique.window", value=span.text)
        elif not span.exact and not span.business_days:
            self.add("intake.window", "unique.window", value=shown(value), why="it is no time at all")
        return span

    def acknowledging(self, value: Any, types: Mapping[str, Any]) -> Acknowledging | None:
        """Who is told at once."""
        if value is None:
            return None
        given = _said(value) if isinstance(value, Acknowledging) else self.mapping(value, "acknowledge")
        self.known(given, ("to", "template", "merged", "data", "when"), "acknowledge", needed=("to", "template"))
        to = self.expression(given["to"], types, "acknowledge.to") if given.get("to") is not None else None
        when = self.expression(given["when"], types, "acknowledge.when") if given.get("when") is not None else None
        template = self.text(given.get("template", "?"), "acknowledge.template", needed=True)
        merged = self.text(given.get("merged") or template, "acknowledge.merged", needed=True)
        data = self.expressions(given.get("data"), types, "acknowledge.data")
        return None if to is None else Acknowledging(to=to, template=template, merged=merged, data=data, when=when)

    def merged(self, value: Any, types: Mapping[str, Any]) -> FrozenMap[str, Merging]:
        """What a message that is added changes of open tickets, by their workflows."""
        read = self.mapping(value, "merged").items()
        return FrozenMap({name: self.merging(one, {**types, "ticket": "map"}, f"merged.{name}") for name, one in read})

    def merging(self, value: Any, types: Mapping[str, Any], path: str) -> Merging:
        """What it changes of tickets of one workflow."""
        given = _said(value) if isinstance(value, Merging) else self.mapping(value, path)
        self.known(given, ("event", "when", "payload"), path)
        event = self.text(given.get("event", "ticket.update"), f"{path}.event", needed=True)
        when = self.expression(given["when"], types, f"{path}.when") if given.get("when") is not None else None
        payload = self.expressions(given.get("payload"), types, f"{path}.payload")
        if event == "ticket.update" and not payload and given.get("payload") is None:
            self.add("intake.missing", f"{path}.payload", key="payload")
        return Merging(event=event, when=when, payload=payload)

    def tickets(self, value: Any, types: Mapping[str, Any]) -> FrozenMap[str, FrozenMap[str, Expression]]:
        """What a ticket of each workflow gets."""
        read = self.mapping(value, "tickets").items()
        return FrozenMap({name: self.expressions(one, types, f"tickets.{name}") for name, one in read})


def _said(value: Any) -> dict[str, Any]:
    names = [attribute.name for attribute in value.__attrs_attrs__]
    return {name: getattr(value, name) for name in names if name != "name" and getattr(value, name) not in (None, "", ())}
