"""Knows which measures make up the board and where each is defined; must not know how it is drawn."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from attrs import frozen

from servflow.metrics import _measures
from servflow.metrics._cases import Case
from servflow.metrics._outcomes import attainment
from servflow.metrics._reading import counts, read_case
from servflow.metrics._times import first_response, time_to_resolve
from servflow.metrics._values import Durations, Load, Share
from servflow.model import Record, instant, write_instant

DEFINITIONS: Mapping[str, Mapping[str, str]] = {
    "volumes": {
        "en": "all tickets opened, by channel",
        "zh": "全部已开工单，按渠道",  # noqa: RUF001 - Chinese text uses full-width punctuation
    },
    "first_response": first_response.definitions,
    "time_to_resolve": time_to_resolve.definitions,
    "attainment": attainment.definitions,
    "breaches": {
        "en": "cycles of a clock that went past their due instant",
        "zh": "超过应完成时刻的计时周期数",
    },
    "escalations": {
        "en": "how often a level of a chain was reached",
        "zh": "升级链各级别到达的次数",
    },
    "load": {
        "en": "tickets by who has them last; late: with a broken promise",
        "zh": "按最后持有者统计的工单；超时：有承诺被违反",  # noqa: RUF001 - as above
    },
    "offers": {
        "en": "offers accepted, of those answered or run out",
        "zh": "被接受的派单邀约占已答复或已过期邀约的比例",
    },
    "csat": {
        "en": "ratings of 4 or 5, of all ratings from 1 to 5",
        "zh": "评分为 4 或 5 的占全部 1 至 5 分评价的比例",
    },
}
"""Measure -> its definition in one sentence, in English and Chinese."""


@frozen(kw_only=True)
class Board:
    """
    What many tickets come to, as of one instant.

    ``by`` names the label that ``groups`` are made of. ``first_response`` and ``time_to_resolve`` map a group
    to its figures, ``attainment`` a clock to its groups; the group ``all`` holds everybody. What has no cases is None.
    """

    at: datetime
    by: str
    groups: tuple[str, ...]
    tickets: int
    open: int
    closed: int
    cancelled: int
    reopened: int
    volumes: Mapping[str, int]
    first_response: Mapping[str, Durations | None]
    time_to_resolve: Mapping[str, Durations | None]
    attainment: Mapping[str, Mapping[str, Share | None]]
    breaches: Mapping[str, int]
    escalations: Mapping[str, Mapping[str, int]]
    outlets: tuple[Load, ...]
    engineers: tuple[Load, ...]
    offers: Share | None
    csat: Mapping[str, Share | None]

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form; times in seconds, shares from 0 to 1."""
        return {
            "at": write_instant(self.at),
            "by": self.by,
            "tickets": self.tickets,
            "open": self.open,
            "closed": self.closed,
            "cancelled": self.cancelled,
            "reopened": self.reopened,
            "volumes": dict(self.volumes),
            "first_response": _data(self.first_response),
            "time_to_resolve": _data(self.time_to_resolve),
            "attainment": {clock: _data(shares) for clock, shares in self.attainment.items()},
            "breaches": dict(self.breaches),
            "escalations": {chain: dict(levels) for chain, levels in self.escalations.items()},
            "outlets": [load.as_data() for load in self.outlets],
            "engineers": [load.as_data() for load in self.engineers],
            "offers": None if self.offers is None else self.offers.as_data(),
            "csat": _data(self.csat),
        }


def _data(figures: Mapping[str, Durations | Share | None]) -> dict[str, Any]:
    return {name: None if figure is None else figure.as_data() for name, figure in figures.items()}


def board(
    histories: Iterable[Sequence[Record] | Case],
    at: datetime,
    *,
    by: str = "tier",
    channel: str = "channel",
    done: Collection[str] = (),
) -> Board:
    """
    Every measure over many tickets.

    Args:
        histories: the records of each ticket, or the cases they were read into.
        at: aware instant as of which open promises are judged.
        by: the field, attribute or slot whose values make the groups.
        channel: the one that volumes are counted by.
        done: states on whose entry the work counts as done; see ``read_case``.

    Raises:
        InputError: a history does not begin with ``Opened``.
        TimeError: *at* is naive.
    """
    given = (one for one in histories if isinstance(one, Case) or counts(one, instant(at)))
    cases = tuple(one if isinstance(one, Case) else read_case(one, at, done) for one in given)
    groups: dict[str, Sequence[Case]] = {"all": cases}
    for name in sorted({case.label(by) for case in cases}):
        groups[name] = [case for case in cases if case.label(by) == name]
    clocks = sorted({cycle.clock for case in cases for cycle in case.cycles})
    return Board(
        at=instant(at),
        by=by,
        groups=tuple(groups),
        tickets=len(cases),
        open=sum(case.closed_at is None for case in cases),
        closed=sum(case.closed_at is not None and not case.cancelled for case in cases),
        cancelled=sum(case.cancelled for case in cases),
        reopened=sum(case.reopened for case in cases),
        volumes=_measures.volumes(cases, channel),
        first_response={name: first_response(own) for name, own in groups.items()},
        time_to_resolve={name: time_to_resolve(own) for name, own in groups.items()},
        attainment={clock: {name: _measures.sla_attainment(own, clock) for name, own in groups.items()} for clock in clocks},
        breaches=_measures.breaches(cases),
        escalations=_measures.escalations(cases),
        outlets=_measures.load(cases, "outlet"),
        engineers=_measures.load(cases, "assignee"),
        offers=_measures.offers(cases),
        csat={name: _measures.csat(own) for name, own in groups.items()},
    )
