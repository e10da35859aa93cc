"""Knows what a condition costs beside the same lines of Python and another CEL; must not judge it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from benchmarks._measure import medians, ratio
from servflow.expressions import Expression

Fields = Mapping[str, Any]
TYPES = {
    "tier": {"type": "string", "one_of": ["gold", "silver", "standard"]},
    "region": "string",
    "amount": "int",
    "safety": "bool",
    "visits": "int",
    "limit": "int",
    "tags": "list(string)",
}
HOLDS: Fields = {
    "tier": "gold",
    "region": "east",
    "amount": 150,
    "safety": True,
    "visits": 2,
    "limit": 200,
    "tags": ["vip", "ac"],
}
FAILS_FIRST: Fields = {**HOLDS, "tier": "standard"}
FAILS_LAST: Fields = {**HOLDS, "visits": 9}

CASES: dict[str, tuple[str, Callable[[Fields], bool]]] = {
    "text, int, set and int": (
        'tier == "gold" && amount > 100 && region in ["east", "south"] && visits <= 3',
        lambda f: f["tier"] == "gold" and f["amount"] > 100 and f["region"] in ("east", "south") and f["visits"] <= 3,
    ),
    "text, name with name, int and int": (
        'tier != "standard" && amount < limit && amount >= 10 && visits < 3',
        lambda f: f["tier"] != "standard" and f["amount"] < f["limit"] and f["amount"] >= 10 and f["visits"] < 3,
    ),
    "text or text, int or int": (
        '(tier == "gold" || tier == "silver") && (amount > 100 || visits > 2)',
        lambda f: (f["tier"] == "gold" or f["tier"] == "silver") and (f["amount"] > 100 or f["visits"] > 2),
    ),
    "four negated": (
        '!(tier == "standard") && !(amount < 100) && !(visits > 3) && !(region == "west")',
        lambda f: f["tier"] != "standard" and not f["amount"] < 100 and not f["visits"] > 3 and f["region"] != "west",
    ),
}
"""Four comparisons each, and the same written by hand."""

WIDER = 'safety ? amount * 2 > limit : tags.exists(t, t.startsWith("v")) || tier in ["gold", "silver"]'


def _peer(text: str) -> Callable[[Fields], bool]:
    import celpy

    environment = celpy.Environment()
    program = environment.program(environment.compile(text))
    return lambda fields: bool(program.evaluate({name: celpy.json_to_cel(value) for name, value in fields.items()}))


def _prepared_peer(text: str, fields: Fields) -> Callable[[], Any]:
    """The other CEL with the conversion of the fields left out."""
    import celpy

    environment = celpy.Environment()
    program = environment.program(environment.compile(text))
    given = {name: celpy.json_to_cel(value) for name, value in fields.items()}
    return lambda: program.evaluate(given)


def conditions() -> None:
    """A condition of four comparisons: where it holds, and where the first or last of them does not."""
    for name, (text, by_hand) in CASES.items():
        condition = Expression.parse(text, TYPES)
        careful = Expression.parse(text, TYPES, strict=True)
        for fields in (HOLDS, FAILS_FIRST, FAILS_LAST):
            assert condition.test(fields) == by_hand(fields) == careful.test(fields), (text, fields)
        test, strict = condition.compiled_test, careful.compiled_test
        calls: dict[str, Callable[[], Any]] = {
            f"{name}": lambda test=test: test(HOLDS),
            f"{name}, strict": lambda strict=strict: strict(HOLDS),
            f"{name}, by hand": lambda by_hand=by_hand: by_hand(HOLDS),
            f"{name}, the first fails": lambda test=test: test(FAILS_FIRST),
            f"{name}, the first fails, by hand": lambda by_hand=by_hand: by_hand(FAILS_FIRST),
        }
        peer = f"{name}, cel-python"
        try:
            assert all(_peer(text)(fields) == by_hand(fields) for fields in (HOLDS, FAILS_FIRST, FAILS_LAST))
            calls[peer] = _prepared_peer(text, HOLDS)
        except ImportError as error:
            print(f"  {peer}: {error.name} is not installed (pip install 'servflow[bench]')")
        found = medians(calls)
        ratio(f"{name}, beside the same by hand", found[name] / found[f"{name}, by hand"], most=4)
        ratio(f"{name}, strict, beside the same by hand", found[f"{name}, strict"] / found[f"{name}, by hand"], most=4)
        if peer in found:
            ratio("beside cel-python, its values converted beforehand", found[peer] / found[name], least=20)


def reading() -> None:
    """What it costs to read, check and compile a text, once for a definition."""
    text = CASES["text, int, set and int"][0]
    tree = Expression.parse(text).tree
    assert Expression.from_tree(tree).text == Expression.parse(text).text

    def compiled(source: str) -> Any:
        return Expression.parse(source, TYPES).compiled_test

    calls: dict[str, Callable[[], Any]] = {
        "read, check and compile four comparisons": lambda: compiled(text),
        "read, check and compile a wider one": lambda: compiled(WIDER),
        "read and check the tree of four comparisons": lambda: Expression.from_tree(tree, TYPES),
    }
    try:
        calls["read four comparisons, cel-python"] = lambda: _peer(text)
        _peer(text)
    except ImportError:
        del calls["read four comparisons, cel-python"]
    print("\nreading")
    medians(calls)


def explaining() -> None:
    """What the reasons cost, which nobody pays for who does not ask."""
    condition = Expression.parse(CASES["text, int, set and int"][0], TYPES)
    print("\nexplaining")
    medians({"the trace of four comparisons, with its sentences": lambda: condition.trace(FAILS_LAST).lines()})


def main() -> None:
    """Print every measurement, and every ratio beside what it should be."""
    conditions()
    reading()
    explaining()


if __name__ == "__main__":
    main()
