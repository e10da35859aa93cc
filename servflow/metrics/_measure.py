"""Knows what a measure is and keeps all of them by name; must not know how any of them is defined."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from attrs import field, frozen

from servflow.errors import InputError, nearest, shown
from servflow.metrics._cases import Case
from servflow.metrics._chinese import CHINESE, PHRASES
from servflow.metrics._counting import SHAPES, Counting, Seen
from servflow.metrics._kinds import Kind, Tally
from servflow.metrics._settings import fitting
from servflow.metrics._values import Figure
from servflow.model import EMPTY, FrozenMap, Record, instant

__all__ = ["MEASURES", "Measure", "made", "measure", "named"]

F = TypeVar("F", bound=Figure)


@frozen(kw_only=True, eq=False, slots=False)
class Measure(Generic[F]):
    """
    What is measured, how it is defined, and how it is computed from cases.

    ``titles`` and ``definitions`` are in English and Chinese. ``source`` says where the definition is from, ``cohort``
    who is counted, ``clock`` which time, ``open_tickets`` what becomes of tickets that are still open, ``falls`` by which
    instant a case falls in a period, ``parts`` what its parts are (empty: it has none). ``settings`` are the names and
    defaults of what can be set.

    Calling it gives the figure over all cases, or None where nothing was counted.
    """

    name: str
    titles: FrozenMap[str, str]
    definitions: FrozenMap[str, str]
    source: str
    cohort: str
    clock: str
    open_tickets: str
    falls: str
    unit: str
    kind: Kind[F]
    seen: Callable[..., Iterable[Seen]]
    shape: str = "event"
    parts: str = ""
    whole: bool = True
    of_all: bool = False
    settings: FrozenMap[str, Any] = EMPTY
    doc: str = field(default="", repr=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "__doc__", self.doc or None)  # what help() shows: that of the function

    def said(self, part: str, lang: str = "en") -> str:
        """
        What stands under ``source``, ``cohort``, ``clock``, ``open_tickets`` or ``falls``, in ``en`` or ``zh``.

        A measure of a host says it in the language of its docstring.
        """
        text: str = getattr(self, part)
        if lang != "zh":
            return text
        if part in ("source", "cohort") and MEASURES.get(self.name) is self:
            return CHINESE[self.name][part == "cohort"]
        return PHRASES.get(" ".join(text.split()), text)

    def __call__(
        self,
        cases: Iterable[Case | Iterable[Record]],
        /,
        *,
        at: datetime | None = None,
        done: Collection[str] = (),
        **settings: Any,
    ) -> F | None:
        """
        The figure over all cases, read once, one after the other.

        Args:
            cases: cases, or the records of tickets, which are then read as of *at*.
            at: aware instant as of which stocks are counted; None: that as of which each case was read.
            done: states on whose entry the work counts as done, where records are given; see ``read_case``.
            settings: those that the measure takes.

        Raises:
            InputError: there is no such setting, or *at* is missing.
            TimeError: *at* is naive.
        """
        return self.by_part(cases, at=at, done=done, **settings).get("all")

    def by_part(
        self,
        cases: Iterable[Case | Iterable[Record]],
        /,
        *,
        at: datetime | None = None,
        done: Collection[str] = (),
        **settings: Any,
    ) -> dict[str, F | None]:
        """
        Part -> its figure, ordered by name, ``all`` of them first where the measure has a whole.

        Raises:
            InputError: there is no such setting, or *at* is missing.
            TimeError: *at* is naive.
        """
        taken = self.taking(settings)
        if at is not None and "at" in self.settings:
            taken = {"at": instant(at), **taken}
        counting = Counting([self], {self.name: taken}, at=at, done=done)
        for case in cases:
            counting.add(case)
        return counting.figures(self)

    def taking(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """
        The settings as its function takes them.

        Raises:
            InputError: there is no such setting, with the one that was probably meant; or it takes no such value.
            TimeError: a length of time or an instant is none.
        """
        for name in given:
            if name not in self.settings:
                close = nearest(name, self.settings)
                said = f"; did you mean {close!r}?" if close else f"; it takes {', '.join(self.settings) or 'none'}"
                raise InputError(
                    f"measure {self.name!r} has no setting {shown(name)}{said}",
                    code="setting",
                    said="measure_setting",
                    measure=self.name,
                    setting=shown(name),
                    name=shown(name),
                    known=", ".join(self.settings) or "-",
                    nearest=close,
                )
        return {name: fitting(name, self.settings[name], value) for name, value in given.items()}

    def start(self, settings: Mapping[str, Any]) -> Tally[F]:
        """A tally of nothing yet."""
        return self.kind.start({**self.settings, **settings})


_MEASURES: dict[str, Measure[Any]] = {}

MEASURES: Mapping[str, Measure[Any]] = MappingProxyType(_MEASURES)
"""Name -> measure, in the order in which they are told."""


_SECTIONS = ("Source", "Cohort", "Clock", "Open tickets", "Period")


def made(
    kind: Kind[F],
    *,
    titles: tuple[str, str],
    zh: str,
    unit: str,
    name: str | None = None,
    shape: str = "event",
    told: Mapping[str, Any] = EMPTY,
) -> Callable[[Callable[..., Iterable[Seen]]], Measure[F]]:
    """
    Make a measure of a function that tells what it sees in a case.

    The function takes a case, and its settings by keyword. Its docstring is the definition: the first paragraph says it
    in English; then come, each beginning a line, ``Source:``, ``Cohort:``, ``Clock:``, ``Open tickets:`` and ``Period:`` (by
    which instant a case falls in one); a hand-computed example may follow as a doctest. The measure is asked by itself:
    it is not among ``MEASURES``.

    Args:
        kind: the figure it is told in.
        titles: what it is called in English and in Chinese.
        zh: the definition in Chinese.
        unit: ``share``, ``seconds``, ``points``, ``tickets`` or another word.
        name: unless it is that of the function.
        shape: ``event``, ``span`` or ``stock``; see ``Seen``.
        told: ``parts``, ``whole`` and ``of_all`` where they are not those of ``Measure``.

    Raises:
        InputError: there is no such shape, a setting is called ``done``, or its docstring does not say one of the above.
    """

    def make(function: Callable[..., Iterable[Seen]]) -> Measure[F]:
        known = name or function.__name__
        if shape not in SHAPES:
            raise InputError(f"a shape is one of {', '.join(SHAPES)}, not {shown(shape)}", code="measure", measure=known)
        doc = inspect.cleandoc(function.__doc__ or "")
        definition, sections = _read(doc, known)
        parameters = list(inspect.signature(function).parameters.values())[1:]
        if any(parameter.name == "done" for parameter in parameters):
            raise InputError("no setting is called 'done': it says how records are read", code="measure", measure=known)
        return Measure(
            name=known,
            titles=FrozenMap({"en": titles[0], "zh": titles[1]}),
            definitions=FrozenMap({"en": definition, "zh": zh}),
            source=sections["Source"],
            cohort=sections["Cohort"],
            clock=sections["Clock"],
            open_tickets=sections["Open tickets"],
            falls=sections["Period"],
            unit=unit,
            kind=kind,
            seen=function,
            shape=shape,
            settings=FrozenMap({parameter.name: parameter.default for parameter in parameters}),
            doc=doc,
            **told,
        )

    return make


def measure(kind: Kind[F], **words: Any) -> Callable[[Callable[..., Iterable[Seen]]], Measure[F]]:
    """
    Make a measure, as ``made`` does, and keep it among ``MEASURES``.

    Raises:
        InputError: there is one of that name already; or as for ``made``.
    """
    make = made(kind, **words)

    def keep(function: Callable[..., Iterable[Seen]]) -> Measure[F]:
        one = make(function)
        if one.name in _MEASURES:
            raise InputError(f"there is a measure {one.name!r} already", code="measure", measure=one.name)
        _MEASURES[one.name] = one
        return one

    return keep


def _read(doc: str, name: str) -> tuple[str, dict[str, str]]:
    """The definition and the sections of a measure's docstring."""
    definition, _, rest = doc.partition("\n\n")
    found: dict[str, str] = {}
    heading = ""
    for line in rest.split(">>>")[0].splitlines():
        word, colon, said = line.partition(":")
        if colon and word in _SECTIONS:
            heading, found[word] = word, said.strip()
        elif heading and line.strip():
            found[heading] += " " + line.strip()
        else:
            heading = ""
    missing = [word for word in _SECTIONS if not found.get(word)]
    if not definition or missing:
        said = ", ".join(missing) or "definition"
        raise InputError(f"measure {name!r} does not say its {said}", code="measure", measure=name)
    return " ".join(definition.split()), found


def named(names: Iterable[str | Measure[Any]] | None) -> tuple[Measure[Any], ...]:
    """
    The measures of those names, in their order; all of them for None.

    Raises:
        InputError: there is no such measure; with the one that was probably meant.
    """
    if names is None:
        return tuple(_MEASURES.values())
    if isinstance(names, str):
        names = (names,)
    found: dict[str, Measure[Any]] = {}
    for name in names:
        one = name if isinstance(name, Measure) else _MEASURES.get(name)
        if one is None:
            close = nearest(str(name)[:100], _MEASURES)
            said = f"; did you mean {close!r}?" if close else f"; there are {', '.join(_MEASURES)}"
            raise InputError(f"no measure {shown(name)}{said}", code="measure", measure=shown(name), nearest=close)
        found[one.name] = one
    return tuple(found.values())
