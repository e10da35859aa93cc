"""Knows how to ask the `durable_rules` engine for bursts, in a process of its own; must not know servflow, nor import it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from itertools import pairwise
from typing import Any

RULESET = "bursts"


def main() -> int:
    """Read a question from standard input and write the bursts found, as numbers of messages, to standard output."""
    question = json.load(sys.stdin)
    try:
        from durable import engine, lang
    except ImportError:
        return 3
    found: list[list[int]] = []
    names = [f"m{index}" for index in range(question["count"])]

    class Still(engine.Host):  # type: ignore[misc]  # the package has no annotations
        def _run(self) -> None:
            """Start none of the background threads that dispatch timers: time is in the messages."""

    def act(matched: Any) -> None:
        found.append([int(getattr(matched, name).number) for name in names])

    host = Still()
    host.register_rulesets(dict([rules(lang, names, question["span"], act)]))
    for number, (key, at) in enumerate(question["messages"]):
        host.post(RULESET, {"id": str(number), "number": number, "key": key, "at": at})
    json.dump(found, sys.stdout)
    return 0


def rules(lang: Any, names: list[str], span: int, act: Callable[[Any], None]) -> tuple[str, Any]:
    """
    One rule: as many messages of one key as there are names, each after the one before, none later than *span* after the first.

    The package changes what ``lang.c.name`` gives by the operators applied to it, so it is asked for anew each time.
    """
    patterns = [getattr(lang.c, names[0]) << (lang.m.number >= 0)]
    for before, name in pairwise(names):
        same = lang.m.key == getattr(lang.c, names[0]).key
        in_time = lang.m.at <= getattr(lang.c, names[0]).at + span
        patterns.append(getattr(lang.c, name) << ((lang.m.number > getattr(lang.c, before).number) & in_time & same))
    ruleset = lang.ruleset(RULESET)
    with ruleset:
        lang.when_all(*patterns)(act)
    defined: tuple[str, Any] = ruleset.define()
    return defined


if __name__ == "__main__":
    sys.exit(main())
