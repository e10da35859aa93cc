"""Knows a definition as a text that people and editors change element by element; must not know how any editor draws it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from attrs import evolve, field, frozen

from servflow.calendars import OpenTime
from servflow.documents._prune import held_at
from servflow.embedding import _source_carry as carry
from servflow.embedding import _source_splice as splice
from servflow.embedding._refusing import an, finding_data, listed, reasons, refusal
from servflow.embedding._source_ids import MAPS, NAME_KEYS, OWN_ID, WORDS, Element, Steps, id_to_write, path_of
from servflow.embedding._source_names import MAPS_KINDS, Named, Unsure, named_anew, places, renamed
from servflow.embedding._source_parts import (
    as_mapping,
    checked_name,
    holds,
    id_part,
    keys_of,
    moves,
    moves_around,
    plain,
    with_value,
    within,
    word_to_add,
)
from servflow.embedding._source_places import lines_at, located, place_in, section_of
from servflow.embedding._source_spans import read
from servflow.embedding._source_text import readable, still_readable, text_of
from servflow.engine import Extensions, Workflow
from servflow.errors import DefinitionError, Finding, nearest, shown

MOST_UNDO = 100
"""How many earlier texts a source remembers."""


def edit(
    source: Source | Workflow | Path | str | Mapping[str, Any],
    *,
    calendars: Mapping[str, OpenTime | Mapping[str, Any]] | None = None,
    extensions: Extensions | None = None,
) -> Source:
    """
    A definition as a text that can be changed element by element, while all else in it stays as it was written.

    Args:
        source: YAML or JSON text; the ``Path`` of a file; a mapping, or a workflow, which are written as YAML first. A text
            is always a text and never the name of a file, whoever sent it.
        calendars: the host's calendars, with which findings are sought.
        extensions: the host's functions, likewise.

    Raises:
        DefinitionError: it cannot be read at all, has anchors or tags, or gives a key twice. What does not load for
            another reason can be edited until it does: ``findings`` tells.
    """
    if isinstance(source, Source):
        return source
    return Source(readable(text_of(source)), calendars=calendars, extensions=extensions)


@frozen(eq=False, slots=False)
class Source:
    """
    A definition as it is written, and what an editor does with it; a value: every edit gives another one.

    Elements go by ids that ``elements`` tells: ``states/on_site``, ``transitions/finish:on_site>checking``,
    ``tables/fee/rows/gold``. What has a name goes by it, so that a rename changes the id, and ``moved`` of the result tells to
    which. What has none (a transition, timer or row) goes by its ``id``, else by what it says; where an edit would change
    that, its ``id`` is written, so that it stays the same.

    Every edit changes the lines of its element only, keeps comments, quotes and order, and is refused as a whole where it
    would break what others name. Two sources are equal where their texts are.
    """

    text: str
    calendars: Any = field(default=None, repr=False)
    extensions: Extensions | None = field(default=None, repr=False)
    moved: Mapping[str, str] = field(factory=dict, repr=False)
    _past: tuple[str, ...] = field(default=(), repr=False)
    _future: tuple[str, ...] = field(default=(), repr=False)
    _new: str | None = field(default=None, repr=False)

    def __eq__(self, other: object) -> bool:
        return self.text == other.text if isinstance(other, Source) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.text)

    @cached_property
    def revision(self) -> str:
        """What names the text: the same for equal texts, another one as soon as anything is changed."""
        return sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    # what is there ----------------------------------------------------------------------------------------------

    @property
    def data(self) -> Mapping[str, Any]:
        """The plain data of the text; not to be changed."""
        return read(self.text).data

    @cached_property
    def elements(self) -> Mapping[str, Element]:
        """Every element by its id, in the order of the text."""
        return {one.id: one for one in located(read(self.text))}

    def element(self, id: str) -> Element:  # noqa: A002 - what it is called everywhere
        """
        One element by its id; the empty id is the definition itself.

        Raises:
            InputError: there is none.
        """
        if id == "":
            return Element("", "workflow", str(self.data.get("workflow", "")), (), "", self.data, 1)
        asked: object = id
        found = self.elements.get(asked) if isinstance(asked, str) else None
        if found is None:
            close = nearest(asked, self.elements) if isinstance(asked, str) else None
            raise refusal("edit.unknown", id=shown(id), nearest=close)
        return found

    def element_at(self, path: str) -> Element | None:
        """The innermost element at the path of a finding, a difference or an option; None where it is in none."""
        best: Element | None = None
        for element in self.elements.values():
            inside = path == element.path or path.startswith((element.path + ".", element.path + "["))
            if inside and (best is None or len(element.path) > len(best.path)):
                best = element
        return best

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What keeps the definition from loading, with lines; empty where it loads."""
        try:
            self.workflow()
        except DefinitionError as error:
            return tuple(error.findings)
        return ()

    @property
    def marks(self) -> Mapping[str, tuple[Finding, ...]]:
        """The findings by the id of the element they are about; those about none under the empty id."""
        return self.marked(self.findings)

    def marked(self, findings: Iterable[Finding]) -> dict[str, tuple[Finding, ...]]:
        """Any findings of this definition, such as those of ``check``, by the id of the element they are about."""
        found: dict[str, tuple[Finding, ...]] = {}
        for finding in findings:
            element = self.element_at(finding.path)
            id_ = "" if element is None else element.id
            found[id_] = (*found.get(id_, ()), finding)
        return found

    def workflow(self) -> Workflow:
        """
        The workflow that the text defines.

        Raises:
            DefinitionError: it does not load.
        """
        from servflow.documents._load import workflow_of

        document = read(self.text).document  # which loading prunes, so that it gets a copy
        return workflow_of(evolve(document, data=deepcopy(document.data)), self.calendars, self.extensions)

    def as_data(self, lang: str = "en", *, findings: Iterable[Finding] | None = None) -> dict[str, Any]:
        """
        JSON-ready form for a page: ``revision``, ``text``, ``elements`` by their ids, ``findings``, ``added`` and ``moved``.

        Args:
            lang: the language of findings.
            findings: others than those that keep it from loading, such as those of ``check``.
        """
        marks = self.marks if findings is None else self.marked(findings)
        return {
            "revision": self.revision,
            "text": self.text,
            "loads": not self.findings,
            "elements": {
                id_: {
                    "id": id_,
                    "kind": one.kind,
                    "name": one.name,
                    "path": one.path,
                    "line": one.line,
                    "data": deepcopy(one.data),
                }
                for id_, one in self.elements.items()
            },
            "findings": [finding_data(one, lang, id_) for id_, those in marks.items() for one in those],
            "added": self.added,
            "moved": dict(self.moved),
        }

    # edits ------------------------------------------------------------------------------------------------------

    def set(self, id: str, key: str | Sequence[str | int], value: Any) -> Source:  # noqa: A002 - as above
        """
        Write a value in an element; the rest of it stays as it is.

        Args:
            id: the element; the empty id is the definition itself.
            key: the key, or the keys and indices that lead to a value further inside.
            value: plain data. None writes ``null``; ``clear`` takes a key out.

        Raises:
            InputError: there is no such element or place, the value is no plain data, or the key is its name.
        """
        element, value = self.element(id), plain(value)
        keys = keys_of(key)
        if element.kind == "row" and isinstance(element.data, list) and len(keys) == 1 and isinstance(keys[0], int):
            return self._done(splice.put(self.text, (*element.steps, *keys), value), kept=element)
        if keys == (NAME_KEYS.get(element.kind, "name"),) and element.kind not in ("workflow", *MAPS_KINDS) and element.name:
            return self.rename(id, value)
        whole = as_mapping(element, self.data)
        made = with_value(whole, keys, value, id)
        # As much as is there already stays as it is written.
        there = 0 if isinstance(element.data, Mapping) else -1
        while 0 <= there < len(keys) - 1 and holds(element.data, keys[: there + 1]):
            there += 1
        inner = keys[: there + 1]
        return self._done(splice.put(self.text, (*element.steps, *inner), held_at(made, inner)), kept=element)

    def clear(self, id: str, key: str | Sequence[str | int]) -> Source:  # noqa: A002 - as above
        """
        Take a key out of an element, so that it has its default; nothing happens where it is not there.

        Raises:
            InputError: there is no such element, or what is passed is no key.
        """
        element = self.element(id)
        keys = keys_of(key)
        if not isinstance(element.data, Mapping) or not holds(element.data, keys):
            return self
        return self._done(splice.drop(self.text, (*element.steps, *keys)), kept=element)

    def add(
        self,
        section: str,
        value: Any = None,
        *,
        name: str | None = None,
        before: str | None = None,
        after: str | None = None,
    ) -> Source:
        """
        Add an element; at the end of its section unless it is said where. ``added`` of the result is its id.

        Args:
            section: where: ``states``, ``transitions`` ..., or that of an element: ``states/on_site/timers``,
                ``states/settling/states``, ``tables/fee/rows``.
            value: what is written, as in a definition.
            name: its name in a section that goes by names.
            before, after: the id of the element it comes before, or after.

        Raises:
            InputError: there is no such section, the name is missing or taken, or the value is no plain data.
        """
        steps, kind = section_of(section, self.element)
        value = plain({} if value is None else value)
        key = steps[-1]
        place = place_in(self.data, steps, before, after, self.element)
        if key in MAPS:
            checked_name(name)
            held = self._held(steps)
            if not isinstance(held, Mapping):
                raise refusal("edit.nameless_section", at=path_of(steps), value=shown(held))
            if name in held or (kind == "state" and f"states/{id_part(name)}" in self.elements):
                raise refusal("edit.taken", what=an(kind), name=name)
            return self._with(splice.add_key(self.text, steps, str(name), value, place), now=(*steps, str(name)))
        if key in WORDS:
            value = word_to_add(value if name is None else name, kind, self.elements.values())
        elif name is not None and isinstance(value, Mapping):
            value = {NAME_KEYS.get(kind, "name"): name, **value}
        held = self._held(steps)
        many = len(held) if isinstance(held, list) else 1 if held else 0
        index = many if place is None else min(place, many)
        return self._with(splice.add_item(self.text, steps, value, place), now=(*steps, index))

    @property
    def added(self) -> str | None:
        """The id of what the last edit added; None where it added nothing."""
        if self._new or not self._past:
            return self._new
        before = set(Source(self._past[-1]).elements)
        fresh = [id_ for id_ in self.elements if id_ not in before and id_ not in self.moved.values()]
        return fresh[0] if fresh else None

    def remove(self, *ids: str) -> Source:
        """
        Take elements out; their comments on lines of their own stay.

        Raises:
            InputError: there is no such element, or one that stays names one that goes: each place is told, and nothing
                is changed.
        """
        gone = [self.element(id_) for id_ in dict.fromkeys(ids)]
        if any(element.kind == "workflow" for element in gone):
            raise refusal("edit.root")
        uses = self.uses(*ids)
        if uses:
            raise refusal(
                "edit.used",
                named=", ".join(sorted({element.id for element in gone})),
                places=listed((use.line, use.path) for use in uses),
                uses=tuple(use.path for use in uses),
                elements=tuple(dict.fromkeys(use.id for use in uses)),
            )
        text = self.text
        order = list(self.elements)
        for element in sorted(gone, key=lambda one: order.index(one.id), reverse=True):
            if not any(other is not element and within(element.steps, other.steps) for other in gone):
                text = splice.drop(text, element.steps)
        return self._with(text, was=[one.steps for one in gone])

    def uses(self, *ids: str) -> tuple[Element, ...]:
        """
        Where other elements name these: the element that does, with ``path`` leading to the very place.

        Raises:
            InputError: there is no such element.
        """
        gone = [self.element(id_) for id_ in ids]
        inner = [one for one in self.elements.values() if any(within(one.steps, out.steps) for out in gone)]
        found: list[Element] = []
        doc = read(self.text)
        for place in places(self.data):
            if any(within(place.steps, one.steps) for one in gone):
                continue
            if any(renamed(place, Named.of(one), "\0", self.data) is not None for one in inner if one.name):
                path = path_of(place.steps)
                holder = self.element_at(path)
                span = doc.find(place.steps)
                line = 0 if span is None else doc.line(span.start)
                base = self.element("") if holder is None else holder
                found.append(evolve(base, path=path, steps=place.steps, line=line))
        return tuple(found)

    def rename(self, id: str, name: str) -> Source:  # noqa: A002 - as above
        """
        Give an element another name, here and wherever the definition names it, also in expressions.

        ``moved`` of the result maps the ids that changed to what they are now.

        Raises:
            InputError: it has no name, the name is taken or none that conditions can hold, a name is worked out where
                nobody can tell it by reading (``uses``), or the definition would no longer load; nothing is changed.
        """
        element = self.element(id)
        checked_name(name)
        if element.kind == "workflow":
            return self._done(splice.put(self.text, ("workflow",), name))
        if element.kind in OWN_ID or (not element.name and element.kind not in MAPS_KINDS):
            raise refusal("edit.nameless", id=id, what=an(element.kind))
        if name == element.name:
            return self
        self._refuse_taken(element, name)
        try:
            values, keys = named_anew(self.data, element, name)
        except Unsure as unsure:
            uses = tuple(path_of(steps) for steps in unsure.steps)
            raise refusal(
                unsure.code, id=id, name=name, places=listed(lines_at(read(self.text), unsure.steps)), uses=uses
            ) from None
        text = splice.put_scalars(self.text, values, keys)
        other = self._done(text, follow=True)
        if other.findings and not self.findings:
            raise refusal("edit.rename", why=other.findings, id=id, name=name, reasons=reasons(other.findings))
        return other

    def move(self, id: str, *, before: str | None = None, after: str | None = None, into: str | None = None) -> Source:  # noqa: A002 - as above
        """
        Put an element at another place among its neighbours, or into another section of its kind.

        Args:
            id: the element.
            before, after: the id of the element it then comes before, or after; at the end where neither is said.
            into: another section, as for ``add``: a state into ``states/settling/states``.

        Raises:
            InputError: there is no such element or section, or it would come to lie in itself.
        """
        element = self.element(id)
        steps = element.steps[:-1]
        if into is not None and section_of(into, self.element)[0] != steps:
            return self._into(element, into, before, after)
        held = self._held(steps)
        if isinstance(held, Mapping) and element.kind not in MAPS_KINDS and not isinstance(("", *element.steps)[-1], int):
            return self  # it stands alone
        place = place_in(self.data, steps, before, after, self.element)
        old = list(held).index(str(element.steps[-1])) if isinstance(held, Mapping) else int(element.steps[-1])
        place = len(held) if place is None else place
        place = place - 1 if place > old else place
        now = element.steps if isinstance(held, Mapping) else (*steps, place)
        return self._with(splice.shift(self.text, element.steps, place), was=[element.steps], now=now)

    def undo(self) -> Source:
        """The source before the last edit; itself where there was none."""
        if not self._past:
            return self
        return evolve(self, text=self._past[-1], past=self._past[:-1], future=(self.text, *self._future), moved={}, new=None)

    def redo(self) -> Source:
        """The source before the last ``undo``; itself where there was none since the last edit."""
        if not self._future:
            return self
        return evolve(self, text=self._future[0], past=(*self._past, self.text), future=self._future[1:], moved={}, new=None)

    def write(self, text: str) -> Source:
        """
        Another whole text, as somebody typed it, in place of this one; one step of ``undo``.

        Raises:
            DefinitionError: it cannot be read at all, as with ``edit``.
            InputError: it is no text.
        """
        given: object = text
        if not isinstance(given, str):
            raise refusal("edit.text", value=shown(given))
        return self.at_once(evolve(self, text=readable(text), moved={}))

    def at_once(self, other: Source) -> Source:
        """Several edits that led from this source to another as one, which one ``undo`` takes back."""
        if other.text == self.text:
            return self
        return evolve(other, past=(*self._past, self.text)[-MOST_UNDO:], future=(), new=None)

    # how --------------------------------------------------------------------------------------------------------

    def _done(self, text: str, *, kept: Element | None = None, follow: bool = False) -> Source:
        if text == self.text:
            return self
        past = (*self._past, self.text)[-MOST_UNDO:]
        made = evolve(self, text=still_readable(text), past=past, future=(), moved={}, new=None)
        if follow:
            return evolve(made, moved=moves(self.elements, made.elements))
        if kept is None or kept.kind == "workflow":
            return made
        return self._keeping(made, kept)

    def _with(self, text: str, *, was: Sequence[Steps] = (), now: Steps | None = None) -> Source:
        """After elements came, went or moved: with the ids that others have now, and that of what came."""
        made = self._done(text)
        if made is self:
            return self
        moved = moves_around(self.elements, made.elements, was, now)
        new = None if was else next((one.id for one in made.elements.values() if one.steps == now), None)
        return evolve(made, moved=moved, new=new)

    def _keeping(self, made: Source, kept: Element) -> Source:
        """The edited source with the id of what was edited written in it, where it would have another one now."""
        now = {element.steps: element for element in made.elements.values()}.get(kept.steps)
        if now is None or now.id == kept.id or kept.kind not in OWN_ID:
            return made if now is None or now.id == kept.id else evolve(made, moved=moves(self.elements, made.elements))
        whole = {**as_mapping(now, made.data), "id": id_to_write(kept)}
        text = (
            splice.put(made.text, (*now.steps, "id"), whole["id"])
            if isinstance(now.data, Mapping)
            else splice.put(made.text, now.steps, whole)
        )
        with_id = evolve(made, text=text)
        return evolve(with_id, moved=moves(self.elements, with_id.elements))

    def _held(self, steps: Steps) -> Any:
        return held_at(self.data, steps) or {}

    def _into(self, element: Element, into: str, before: str | None, after: str | None) -> Source:
        steps, kind = section_of(into, self.element)
        if kind != element.kind or within(steps, element.steps):
            raise refusal("edit.into", id=element.id, into=into)
        name = element.name if element.kind in MAPS_KINDS else None
        for text in (carry.bared(self.text, element.steps), self.text):
            without = evolve(self, text=splice.drop(text, element.steps))
            made = without.add(into, element.data, name=name, before=before, after=after)
            now = made.elements[made.added or element.id]
            whole = carry.carried(self.text, element.steps, made.text, now.steps)
            if whole is not None:
                break
        return evolve(self._with(whole or made.text, was=[element.steps], now=now.steps), new=None)

    def _refuse_taken(self, element: Element, name: str) -> None:
        siblings = [one for one in self.elements.values() if one.kind == element.kind and one is not element]
        if element.kind != "state":
            siblings = [one for one in siblings if one.steps[:-1] == element.steps[:-1]]
        if any(one.name == name for one in siblings):
            raise refusal("edit.taken", what=an(element.kind), name=name)
