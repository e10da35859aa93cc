"""Knows how functions of the host are asked and what is kept of their answers; must not know what they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from servflow.model import FrozenMap

if TYPE_CHECKING:
    from servflow.dispatch._case import Case
    from servflow.dispatch._requirement import Requirement
    from servflow.dispatch._term import Term

MAX_ANSWER = 1_000_000_000_000
"""The greatest number, of either sign, that a term of the host may give."""

MAX_FAULT = 200
"""How much is kept of why an expression gave nothing."""

MAX_KEPT = 20
"""Of how many candidates a record keeps what each function answered."""


def labels(case: Case) -> dict[int, str]:
    """What answers call each use of a host's function: its name, with a number from the second use on; by the entry's id."""
    policy = case.policy
    uses: list[Requirement | Term] = [entry for entry in policy.require if entry.host]
    uses += [term for level in policy.prefer for term in level if term.host]
    out: dict[int, str] = {}
    for use in uses:
        name, number = str(use.host), 1
        while name in out.values():
            number += 1
            name = f"{use.host}_{number}"
        out[id(use)] = name
    return out


def answered(case: Case, label: str, who: str, ask: Callable[[], object], fault: Callable[[object], str | None]) -> Any:
    """
    What a function of the host answers for a candidate, asked once in a decision; None where that is no answer.

    Either way it is kept. What it raises and what has a wrong type cannot stop the ticket: of an error its name is kept,
    since its text may differ from run to run and may quote a customer.
    """
    told = case.answers.setdefault(label, {})
    if who not in told:
        try:
            found: object = ask()
        except Exception as error:
            told[who] = f"raised {type(error).__name__}"
        else:
            told[who] = wrong if (wrong := fault(found)) is not None else _plain(found)
    answer = told[who]
    return None if isinstance(answer, str) else answer


def _plain(found: object) -> object:
    # What is kept outlives the host's code: a member of an enumeration of theirs is kept as the number it is.
    return int(found) if isinstance(found, int) and not isinstance(found, bool) else found


def no_number(found: object) -> str | None:
    """Why something is no answer of a term; None where it is one."""
    if isinstance(found, bool) or not isinstance(found, int):
        return f"gave {type(found).__name__}, not a whole number"
    return None if -MAX_ANSWER <= found <= MAX_ANSWER else f"gave a number beyond {MAX_ANSWER}"


def no_verdict(found: object) -> str | None:
    """Why something is no answer of a requirement; None where it is one."""
    return None if isinstance(found, bool) else f"gave {type(found).__name__}, not true or false"


def failed(case: Case, label: str, who: str, why: str) -> None:
    """Keep why an expression of a term gave nothing for a candidate, apart from what functions of that name answer."""
    taken = labels(case).values()
    while label in taken:
        label += "_"
    case.answers.setdefault(label, {})[who] = why[:MAX_FAULT]


def told(case: Case) -> FrozenMap[str, FrozenMap[str, Any]]:
    """Everything that was answered so far, as a choice keeps it."""
    return FrozenMap({label: FrozenMap(answers) for label, answers in case.answers.items() if answers})


def kept(answers: Mapping[str, Mapping[str, Any]], first: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """The answers as a record keeps them: of the *first* candidates, then of others by id, up to a bound."""
    return {label: {who: given[who] for who in _few(given, first)} for label, given in answers.items()}


def _few(given: Mapping[str, Any], first: tuple[str, ...]) -> list[str]:
    named = [who for who in first if who in given][:MAX_KEPT]
    rest = sorted(set(given) - set(named))[: MAX_KEPT - len(named)]
    return [*named, *rest]
