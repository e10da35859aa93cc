"""Knows what drawings contain and that nobody can write into them; must not know how they are laid out."""

from __future__ import annotations

import pytest

from servflow.errors import InputError
from servflow.statemachine import Machine, draw

MACHINE = Machine(
    states={
        "new": {},
        "work": {
            "parallel": True,
            "states": {
                "site": {"states": {"trip": {}, "fixed": {"final": True}, "back": {"history": "deep", "default": "fixed"}}},
                "bill": {"states": {"open": {}, "paid": {"final": True}}},
            },
        },
        "closed": {},
    },
    transitions=[
        {"event": "go", "source": "new", "target": "work", "when": "amount > 1"},
        {"event": "note", "source": "*"},
        {"event": "cancel", "source": "*", "target": "closed"},
        {"event": "e", "source": "work", "target": "trip", "internal": True},
        {"event": "done.state.work", "source": "work", "target": "closed"},
        {"event": "again", "source": "closed", "target": ["back", "paid"]},
        {"event": "pay", "source": "trip", "target": "paid"},
    ],
)


def test_mermaid() -> None:
    """The state diagram nests states, splits regions and tells where an edge leads that cannot be drawn."""
    text = draw(MACHINE, marked=["trip", "open"])
    lines = [line.strip() for line in text.splitlines()]

    assert "stateDiagram-v2" == lines[0]
    assert 'state "work" as s2 {' in lines
    assert "--" in lines
    assert "s1 --> s2 : go #91;amount #62; 1#93;" in lines
    assert "any --> any : note (stays)" in lines
    assert "s2 --> s2 : e (internal) → trip" in lines
    assert "s10 --> s2 : again → back" in lines
    assert "s2 --> s2 : pay (trip → paid)" in lines
    assert "s6 --> s5 : default" in lines
    assert "class s4,s8 marked" in lines


def test_dot() -> None:
    """The graph has a cluster per nested state and an edge per source and target."""
    text = draw(MACHINE, "dot", marked=["trip", "work"])

    assert 4 - 1 == text.count("subgraph cluster_")
    assert 'label="go [amount > 1]", lhead=cluster_s2' in text
    assert text.count("{") == text.count("}")
    assert 's4 [label="trip", style="rounded,filled", fillcolor="#cfe8ff"];' in text


def test_table() -> None:
    """The table has a line per transition, in the order given."""
    lines = draw(MACHINE, "table", marked=["closed"]).splitlines()

    assert 2 + 7 == len(lines)
    assert "| 0 | new | go | amount &#62; 1 | work | - |" == lines[2]
    assert "| 1 | any state | note | - | - | stays |" == lines[3]
    assert "| 5 | **closed** | again | - | back, paid | - |" == lines[7]


def test_labels_are_the_callers() -> None:
    """A host writes its own texts on transitions, by index."""
    for form in ("mermaid", "dot", "table"):
        assert "Nummer 4" in draw(MACHINE, form, labels=lambda index: f"Nummer {index}")


@pytest.mark.parametrize(
    ("text", "mermaid", "dot", "table"),
    [
        ('"]; x', 'state "#34;#93;#59; x" as s1', 'label="\\"]; x"', '| "\\]; x |'),
        ("a\nb", 'state "a b" as s1', 'label="a b"', "| a b |"),
        ("a\\", 'state "a#92;" as s1', 'label="a\\\\"', "| a\\\\ |"),
        ("<b>|x", 'state "#60;b#62;#124;x" as s1', 'label="<b>|x"', "| &#60;b&#62;\\|x |"),
        ("[l](http://x)", 'state "#91;l#93;(http#58;//x)" as s1', 'label="[l](http://x)"', "| \\[l\\](http&#58;//x) |"),
        ("%%{init}%%", 'state "#37;#37;#123;init#125;#37;#37;" as s1', 'label="%%{init}%%"', "| %%{init}%% |"),
        ("待_派单_", 'state "待_派单_" as s1', 'label="待_派单_"', "| 待_派单\\_ |"),
    ],
)
def test_ids_are_escaped(text: str, mermaid: str, dot: str, table: str) -> None:
    """An id stays text in every format, whatever is in it."""
    machine = Machine(states={text: {}}, transitions=[{"event": "e", "source": text, "target": text}])

    assert mermaid in draw(machine, "mermaid")
    assert dot in draw(machine, "dot")
    assert table in draw(machine, "table")


def test_an_unknown_format_is_refused() -> None:
    """The error names the formats there are and the likely one."""
    with pytest.raises(InputError, match="mermaid, dot, table") as caught:
        draw(MACHINE, "mermiad")
    assert "mermaid" == caught.value.nearest
