"""Knows how pandas counts the figures of an incident log, from its columns alone; must not know servflow."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

STATE, OPENED, AT = 1, 9, 13
CALLER, CHANNEL, PLACE, CATEGORY, GROUP, WHO, CODE = 7, 14, 15, 16, 23, 24, 32
OFFICE = (9, 17)


@dataclass
class Frames:
    """
    The log as tables: ``cases`` one row each; ``moves``, ``stints``, ``teams`` one for each change of state, assignee, group.

    A row of the last three has ``case``, ``at`` and ``value``, and ``until``: when the next of its case follows (NaT: none).
    """

    cases: pd.DataFrame
    moves: pd.DataFrame
    stints: pd.DataFrame
    teams: pd.DataFrame


def read(path: Path, unknown: tuple[str, ...] = ("?",)) -> Frames:
    """
    Read the log by position; instants are naive, never go back within a case and never before its opening.

    *unknown* are values that say nothing: what was there before goes on.
    """
    with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as file:
        raw = pd.read_csv(file, header=0, names=range(36), dtype=str, keep_default_na=False)
    raw["at"] = pd.to_datetime(raw[AT], format="%d/%m/%Y %H:%M")
    raw["opened"] = pd.to_datetime(raw[OPENED], format="%d/%m/%Y %H:%M")
    first = raw.groupby(0, sort=False)["opened"].transform("first")
    raw["at"] = raw[["at"]].assign(first=first).max(axis=1).groupby(raw[0], sort=False).cummax()
    tops = raw.groupby(0, sort=False).first()
    cases = pd.DataFrame(
        {
            "opened": tops["opened"],
            **{name: tops[at] for name, at in (("channel", CHANNEL), ("place", PLACE), ("category", CATEGORY))},
            **{name: tops[at] for name, at in (("customer", CALLER), ("cause", CODE))},
        }
    )
    frames = Frames(cases, *(_changes(raw, column, unknown) for column in (STATE, WHO, GROUP)))
    _conclude(frames)
    return frames


def _changes(raw: pd.DataFrame, column: int, unknown: tuple[str, ...]) -> pd.DataFrame:
    known = raw[~raw[column].isin(unknown)]
    before = known.groupby(0, sort=False)[column].shift()
    rows = known[known[column] != before]
    out = pd.DataFrame({"case": rows[0], "at": rows["at"], "value": rows[column]}).reset_index(drop=True)
    out["until"] = out.groupby("case", sort=False)["at"].shift(-1)
    return out


def _conclude(frames: Frames) -> None:
    """When each case was last done (resolved, or closed without) and closed, NaT where it is open in the end."""
    moves = frames.moves
    last = moves.groupby("case", sort=False).last()
    closed = last["at"].where(last["value"] == "Closed")
    # A closing or a resolution counts while nothing but these two follows it.
    still = moves["value"].isin(["Resolved", "Closed"])
    tail = still[::-1].groupby(moves["case"][::-1], sort=False).cummin()[::-1].astype(bool)
    resolved = moves[tail & (moves["value"] == "Resolved")].groupby("case", sort=False)["at"].last()
    cases = frames.cases
    cases["closed"] = closed.reindex(cases.index)
    cases["done"] = resolved.reindex(cases.index).fillna(cases["closed"])


# what there is of ------------------------------------------------------------------------------------------------


def volumes(frames: Frames, by: str) -> dict[str, int]:
    """Cases per value; ``-`` where none is known."""
    return {str(name): int(count) for name, count in frames.cases[by].replace("?", "-").value_counts().items()}


def hours(frames: Frames) -> dict[int, int]:
    """Cases per hour of the day in which they were opened."""
    return {int(hour): int(count) for hour, count in frames.cases["opened"].dt.hour.value_counts().items()}


def first_wait(frames: Frames) -> pd.Series:
    """Time from opening to the first assignee, of cases that ever had one."""
    first = frames.stints.groupby("case", sort=False)["at"].first()
    return (first - frames.cases["opened"].reindex(first.index)).dropna()


def answered_within(frames: Frames, seconds: float) -> tuple[int, int]:
    """How many cases were active within so many seconds, and how many ever were before they were first closed."""
    active, shut = (
        frames.moves[frames.moves["value"] == value].groupby("case", sort=False)["at"].first() for value in ("Active", "Closed")
    )
    active = active[~(shut.reindex(active.index) < active)]
    waits = (active - frames.cases["opened"].reindex(active.index)).dt.total_seconds()
    return int((waits <= seconds).sum()), len(waits)


def causes(frames: Frames) -> list[tuple[str, int, float]]:
    """Causes by how often, with the share of all up to and with each; the unknown left out."""
    known = frames.cases["cause"][frames.cases["cause"] != "?"]
    counts = (
        known.value_counts().rename_axis("cause").reset_index(name="n").sort_values(["n", "cause"], ascending=[False, True])
    )
    shares = counts["n"].cumsum() / counts["n"].sum()
    return [(str(c), int(n), float(s)) for c, n, s in zip(counts["cause"], counts["n"], shares, strict=True)]


def repeats(frames: Frames, days: float, until: Any) -> tuple[int, int]:
    """Of the done cases of known customers with so many days gone by, how many were followed by another within them."""
    cases = frames.cases[frames.cases["customer"] != "?"]
    known = cases.dropna(subset=["done"]).sort_values("done")
    span = pd.Timedelta(days=days)
    known = known[known["done"] + span <= until]
    later = cases[["customer", "opened"]].sort_values("opened")
    found = pd.merge_asof(
        known.rename(columns={"opened": "began"}),
        later.rename(columns={"opened": "next"}),
        left_on="done",
        right_on="next",
        by="customer",
        direction="forward",
        allow_exact_matches=False,
    )
    return int((found["next"] - found["done"] <= span).sum()), len(known)


# who has it ------------------------------------------------------------------------------------------------------


def held(frames: Frames) -> pd.DataFrame:
    """Stretches in which somebody has an open case; a closing ends one, a reopening begins one."""
    shut = frames.moves[frames.moves["value"] == "Closed"]
    gaps: dict[str, list[tuple[Any, Any]]] = {}
    for row in shut.itertuples():
        gaps.setdefault(str(row.case), []).append((row.at, row.until))
    rows = []
    for stint in frames.stints.itertuples():
        at = stint.at
        for since, until in gaps.get(str(stint.case), ()):
            if since > at:
                end = since if pd.isna(stint.until) else min(since, stint.until)
                if at < end:
                    rows.append((stint.value, at, end))
            at = pd.NaT if pd.isna(until) else max(at, until)
            if pd.isna(at):
                break
        if not pd.isna(at) and (pd.isna(stint.until) or at < stint.until):
            rows.append((stint.value, at, stint.until))
    return pd.DataFrame(rows, columns=["who", "since", "until"])


def peaks(stretches: pd.DataFrame, start: Any, end: Any) -> dict[str, tuple[int, float]]:
    """Per holder the most held at once within ``[start, end)``, and the average over that time."""
    stretches = _clipped(stretches, start, end)
    steps = pd.concat(
        [
            pd.DataFrame({"who": stretches["who"], "at": stretches["since"], "step": 1}),
            pd.DataFrame({"who": stretches["who"], "at": stretches["until"], "step": -1}),
        ]
    ).sort_values(["who", "at", "step"])
    steps["held"] = steps.groupby("who")["step"].cumsum()
    total = (stretches["until"] - stretches["since"]).groupby(stretches["who"]).sum()
    return {
        str(who): (int(most), float(total[who] / (end - start))) for who, most in steps.groupby("who")["held"].max().items()
    }


def _clipped(stretches: pd.DataFrame, start: Any, end: Any) -> pd.DataFrame:
    out = stretches.assign(since=stretches["since"].clip(lower=start), until=stretches["until"].fillna(end).clip(upper=end))
    return out[out["since"] < out["until"]]


def busy(stretches: pd.DataFrame, who: str, start: Any, end: Any) -> tuple[float, float, float]:
    """
    Seconds of office time (Monday to Friday, 9 to 17) with something held, of office time, and held, each piece counted apart.

    Counted minute by minute: every instant of the log is a whole minute.
    """
    minutes = pd.date_range(start, end, freq="min", inclusive="left")
    office = (minutes.day_of_week < 5) & (minutes.hour >= OFFICE[0]) & (minutes.hour < OFFICE[1])
    steps = np.zeros(len(minutes) + 1, dtype=int)
    own = _clipped(stretches[stretches["who"] == who], start, end)
    np.add.at(steps, ((own["since"] - start) // pd.Timedelta(minutes=1)).to_numpy(dtype=int), 1)
    np.add.at(steps, ((own["until"] - start) // pd.Timedelta(minutes=1)).to_numpy(dtype=int), -1)
    load = steps.cumsum()[:-1]
    return float((office & (load > 0)).sum() * 60), float(office.sum() * 60), float(load[office].sum() * 60)


# how it went -----------------------------------------------------------------------------------------------------


def resolution(frames: Frames) -> pd.Series:
    """Time from opening to when the case was last done."""
    return (frames.cases["done"] - frames.cases["opened"]).dropna()


def times_in(frames: Frames) -> dict[str, tuple[int, float]]:
    """Per state how many stays ended and how many seconds they took together."""
    ended = frames.moves.dropna(subset=["until"])
    taken = (ended["until"] - ended["at"]).dt.total_seconds().groupby(ended["value"])
    return {str(state): (int(count), float(taken.sum()[state])) for state, count in taken.count().items()}


def backlog(frames: Frames, at: Any) -> pd.Series:
    """Age at an instant of the cases that are open then: opened by then, and their latest move until then is no closing."""
    until = frames.moves[frames.moves["at"] <= at].groupby("case", sort=False)["value"].last()
    opened = frames.cases["opened"][frames.cases["opened"] <= at]
    state = until.reindex(opened.index)
    return at - opened[state != "Closed"]


def handovers(frames: Frames) -> tuple[int, int, int]:
    """Changes from one assignee to another, cases with any, and changes back to whoever had it before the last one."""
    names = frames.stints
    count = names.groupby("case", sort=False).size() - 1
    two_before = names.groupby("case", sort=False)["value"].shift(2)
    return int(count.sum()), int((count > 0).sum()), int((names["value"] == two_before).sum())


def reopenings(frames: Frames) -> tuple[int, int]:
    """How often a closed case moved on to another state, and how many cases did."""
    before = frames.moves.groupby("case", sort=False)["value"].shift()
    again = frames.moves[before == "Closed"]
    return len(again), int(again["case"].nunique())


def in_one_go(frames: Frames) -> tuple[int, int]:
    """Of the done cases, those never reopened that were in no state a second time, later, until they were done."""
    moves, cases = frames.moves, frames.cases
    done = cases["done"].dropna()
    work = moves[(moves["value"] != "Closed") & (moves["at"] <= moves["case"].map(cases["done"]))]
    again = work["at"] > work.groupby(["case", "value"], sort=False)["until"].shift()
    reopened = moves["case"][moves.groupby("case", sort=False)["value"].shift() == "Closed"]
    bad = set(work["case"][again]) | set(reopened)
    return int((~done.index.isin(list(bad))).sum()), len(done)


def kept_within(frames: Frames, days: float) -> tuple[int, int]:
    """Of the times a case was open, how many were resolved or closed within so many days; a reopening begins another one."""
    moves = frames.moves.copy()
    moves["again"] = moves.groupby("case", sort=False)["value"].shift() == "Closed"
    moves["round"] = moves.groupby("case", sort=False)["again"].cumsum()
    start = moves.groupby(["case", "round"], sort=False)["at"].first()
    first = start.index.get_level_values("round") == 0
    start[first] = frames.cases["opened"].reindex(start.index.get_level_values("case")[first]).to_numpy()
    ended = moves[moves["value"].isin(["Resolved", "Closed"])].groupby(["case", "round"], sort=False)["at"].first()
    taken = ended - start.reindex(ended.index)
    return int((taken <= pd.Timedelta(days=days)).sum()), len(ended)


def nearest_rank(values: pd.Series, share: float) -> Any:
    """The quantile that is one of the values: the smallest that at least this share does not exceed."""
    held = values.sort_values()
    return held.iloc[int(np.ceil(len(held) * share)) - 1]
