"""Knows how a workflow's question for a metric is answered from a store's records; must not know how any is defined."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from attrs import frozen

from servflow.errors import InputError, shown
from servflow.metrics._cases import Case
from servflow.metrics._measure import MEASURES, Measure, named
from servflow.metrics._reading import counts, read_case
from servflow.metrics._values import plain
from servflow.model import Call, instant, read_instant
from servflow.stores import Store

_KEYS = ("measure", "of", "where", "since", "until", "part", "settings")
_PAGE = 500


@frozen(kw_only=True)
class Answers:
    """
    The handler of ``call:metric``: answers a workflow's question for a metric.

    The call's data are ``measure`` (a name of ``MEASURES``) and, where wanted, ``of`` (whose tickets: the name of a workflow),
    ``where`` (labels and the values they must have; null asks nothing), ``since`` and ``until`` (instants; a ticket counts that
    began in ``[since, until)``), ``part`` and ``settings`` of the measure. The figures are as of the instant of the call, so
    that a late answer is the same answer.

    The reply is ``value`` (a number, times in seconds; None where nobody was counted), ``numerator``, ``denominator``,
    ``excluded`` and ``measure``. Tickets are read one after the other, so that memory does not grow with them.

    >>> # desk = Desk([complaint, problem], store, handlers={"call:metric": Answers(store=store)})

    ``done`` are the states on whose entry the work counts as done, as for ``read_case``.

    Raises:
        InputError: the call names no measure there is, a setting it does not have, or something has a wrong shape; the desk
            shows it among its troubles.
    """

    store: Store
    done: Collection[str] = ()

    def __call__(self, effect: Call) -> Mapping[str, Any]:
        """The reply to a call."""
        asked = dict(effect.data)
        unknown = sorted(set(asked) - set(_KEYS))
        if unknown:
            raise _wrong(f"has no {shown(unknown[0])}; it takes {', '.join(_KEYS)}")
        wanted = _text(asked, "measure")
        if wanted is None:
            raise _wrong(f"names no measure; it is one of {', '.join(MEASURES)}")
        (measure,) = named((wanted,))
        figures = measure.by_part(self._cases(asked, effect.at), **_mapping(asked, "settings"))
        return _reply(measure, figures.get(_text(asked, "part") or "all"))

    def _cases(self, asked: Mapping[str, Any], at: datetime) -> Iterator[Case]:
        where = {name: value for name, value in _mapping(asked, "where").items() if value is not None}
        since, until = _instant(asked, "since"), _instant(asked, "until")
        workflow, after = _text(asked, "of"), None
        while page := self.store.find(workflow=workflow, limit=_PAGE, after=after):
            after = page[-1].id
            for ticket in page:
                records = self.store.history(ticket.id)
                if not counts(records, at):
                    continue
                case = read_case(records, at, self.done)
                in_time = (since is None or case.began >= since) and (until is None or case.began < until)
                if in_time and all(case.label(name) == str(value) for name, value in where.items()):
                    yield case


def _reply(measure: Measure[Any], figure: Any) -> dict[str, Any]:
    if figure is None:
        return {"measure": measure.name, "value": None, "numerator": None, "denominator": 0, "excluded": {}}
    return {
        "measure": measure.name,
        "value": plain(figure.value),
        "numerator": plain(figure.numerator),
        "denominator": figure.denominator,
        "excluded": dict(figure.excluded),
    }


def _wrong(what: str) -> InputError:
    return InputError(f"the question for a metric {what}", code="metric")


def _text(asked: Mapping[str, Any], key: str) -> str | None:
    value = asked.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or not value:
        raise _wrong(f"needs a text as {key!r}, not {shown(value)}")
    return value


def _mapping(asked: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = asked.get(key)
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise _wrong(f"needs names and values as {key!r}, not {shown(value)}")
    return dict(value)


def _instant(asked: Mapping[str, Any], key: str) -> datetime | None:
    value = asked.get(key)
    if value is None:
        return None
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, str):
        return read_instant(value)
    raise _wrong(f"needs an instant as {key!r}, not {shown(value)}")
