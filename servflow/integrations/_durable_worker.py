"""Knows how to ask the `durable_rules` engine what it matches, in a process of its own; must not import servflow."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from itertools import pairwise
from typing import Any

NOT_INSTALLED = 3

Question = dict[str, Any]


class Matched(Exception):
    """
    What a rule's action ends with: the messages it matched were seen, and the engine is to do no more with them.

    Completing an action, the engine (2.0.28) takes the matched messages out while it goes through them, in memory that may have
    moved meanwhile: with four of them joined the process ended, or not, by how its memory lay. So no action is completed;
    whoever asked has the context emptied before it is used again.
    """


def main() -> int:
    """
    Read rules from the first line of standard input, then one request a line; write one answer a line.

    A request names a rule and a context, says whether the context is to be emptied first, and holds messages to post in order.
    The answer is the numbers of the messages of the last match, or none; or what the engine or an action of it raised.
    """
    try:
        from durable import engine, lang
    except ImportError:
        return NOT_INSTALLED

    class Still(engine.Host):  # type: ignore[misc]  # the package has no annotations
        def _run(self) -> None:
            """Start none of the background threads that dispatch timers: time is in the messages."""

    def run(action: Any, matched: Any, complete: Callable[[Exception], None]) -> None:
        try:
            action._func(matched)
        except Exception as error:
            complete(error)
        else:
            complete(Matched())

    engine.Promise.run = run
    found: list[list[int]] = []
    host = Still()
    rules = json.loads(sys.stdin.readline())
    host.register_rulesets(dict(ruleset(lang, name, rule, found) for name, rule in rules.items()))
    print(json.dumps({"ready": len(rules)}), flush=True)
    for line in sys.stdin:
        try:
            answer = ask(host, json.loads(line), found)
        except Exception as error:  # it goes to whoever asked
            answer = {"error": f"{type(error).__name__}: {str(error)[:500]}"}
        print(json.dumps(answer), flush=True)
    return 0


def ask(host: Any, request: Question, found: list[list[int]]) -> Question:
    """
    Carry one request out, up to the first match.

    Raises:
        Exception: the engine raised, or an action of a rule did.
    """
    rule, context = request["rule"], request["context"]
    if request.get("empty"):
        host.delete_state(rule, context)
    found.clear()
    for message in request.get("messages", ()):
        try:
            host.post(rule, {**message, "id": str(message["number"]), "sid": context})
        except Matched:  # it may be complete before the last: a late one stands in its place among them
            break
        except Exception as error:
            # The engine says so of every message that matches the first condition of no rule.
            if type(error).__name__ != "MessageNotHandledException":
                raise
    return {"found": found[-1] if found else []}


def ruleset(lang: Any, name: str, rule: Question, found: list[list[int]]) -> tuple[str, Any]:
    """One rule in a set of its own, since contexts are counted for each set; its action notes which messages it matched."""
    names = [f"m{index}" for index in range(rule["count"])]

    def act(matched: Any) -> None:
        found.append([int(getattr(matched, name).number) for name in names])

    made = lang.ruleset(name)
    with made:
        lang.when_all(*PATTERNS[rule["find"]](lang, names, rule["span"]))(act)
    defined: tuple[str, Any] = made.define()
    return defined


# The package changes what ``lang.c.name`` gives by the operators applied to it, so it is asked for anew each time.
#
# Where the last of several conditions that join messages is the first to fail, the engine (2.0.28) reads on behind the end of
# its conditions until it meets an end by chance: it goes two steps where it means one. So the first condition is repeated
# as the last, which by then is known to hold; twice, since with four messages joined one repetition ends the process.


def _after(lang: Any, name: str) -> Any:
    return lang.m.number > getattr(lang.c, name).number


def _counted(lang: Any, names: list[str], span: int) -> list[Any]:
    """As many messages as there are names, each after the one before, none later than the span after the first."""
    patterns = [getattr(lang.c, names[0]) << (lang.m.number >= 0)]
    for before, name in pairwise(names):
        in_time = lang.m.at <= getattr(lang.c, names[0]).at + span
        patterns.append(getattr(lang.c, name) << (_after(lang, before) & in_time & _after(lang, before) & _after(lang, before)))
    return patterns


def _distinct(lang: Any, names: list[str], span: int) -> list[Any]:
    """The same, of which no two have the same value."""
    patterns = [getattr(lang.c, names[0]) << (lang.m.number >= 0)]
    for index, name in enumerate(names[1:], 1):
        wanted = _after(lang, names[index - 1]) & (lang.m.at <= getattr(lang.c, names[0]).at + span)
        for other in names[:index]:
            wanted = wanted & (lang.m.value != getattr(lang.c, other).value)
        patterns.append(getattr(lang.c, name) << (wanted & _after(lang, names[index - 1])))
    return patterns


def _steps(lang: Any, names: list[str], span: int) -> list[Any]:
    """One message for every step, in order."""
    patterns = [getattr(lang.c, names[0]) << (lang.m.s0 == 1)]
    for index, name in enumerate(names[1:], 1):
        before = names[index - 1]
        in_time = lang.m.at <= getattr(lang.c, names[0]).at + span
        step = getattr(lang.m, f"s{index}") == 1
        patterns.append(
            getattr(lang.c, name) << (step & _after(lang, before) & in_time & _after(lang, before) & _after(lang, before))
        )
    return patterns


PATTERNS: dict[str, Callable[[Any, list[str], int], list[Any]]] = {
    "count": _counted,
    "distinct": _distinct,
    "sequence": _steps,
}

if __name__ == "__main__":
    sys.exit(main())
