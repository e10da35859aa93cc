"""Holds DMN documents to what they mean, and what cannot be read to errors that say what and where; must not know how."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pytest

from servflow.errors import DefinitionError, InputError
from servflow.integrations._feel_read import Vocabulary
from servflow.integrations.dmn import Model, read_dmn, write_dmn
from servflow.rules import DecisionTable

MODEL = "https://www.omg.org/spec/DMN/20191111/MODEL/"


def _table(
    inputs: Sequence[tuple[str, str]],
    outputs: Sequence[tuple[str, str, str]],
    rules: Sequence[Sequence[str]],
    hit: str = "UNIQUE",
    more: str = "",
) -> str:
    """A table of (expression, type) inputs, (name, type, values) outputs and rules of entries."""
    lines = [f'<decisionTable id="t" hitPolicy="{hit}" {more}>']
    for text, kind in inputs:
        said = f" typeRef={quoteattr(kind)}" if kind else ""
        lines.append(f"<input><inputExpression{said}><text>{escape(text)}</text></inputExpression></input>")
    for name, kind, values in outputs:
        said = f" name={quoteattr(name)}" if name else ""
        said += f" typeRef={quoteattr(kind)}" if kind else ""
        inner = f"<outputValues><text>{escape(values)}</text></outputValues>" if values else ""
        lines.append(f"<output{said}>{inner}</output>")
    for number, entries in enumerate(rules):
        cells = "".join(
            f'<{tag} id="e{number}_{index}"><text>{escape(text)}</text></{tag}>'
            for index, text in enumerate(entries)
            for tag in ("inputEntry" if index < len(inputs) else "outputEntry",)
        )
        lines.append(f'<rule id="rule{number}">{cells}</rule>')
    return "\n".join([*lines, "</decisionTable>"])


def _decision(name: str, logic: str, kind: str = "", needs: Sequence[str] = ()) -> str:
    said = f'<variable name="{name}" typeRef="{kind}"/>' if kind else ""
    required = "".join(
        f'<informationRequirement><requiredDecision href="#d_{need.replace(" ", "_")}"/></informationRequirement>'
        for need in needs
    )
    return f'<decision id="d_{name.replace(" ", "_")}" name="{name}">{said}{required}{logic}</decision>'


def _doc(*parts: str, space: str = MODEL, data: Sequence[tuple[str, str]] = ()) -> str:
    given = "".join(
        f'<inputData id="i{n}" name="{a}"><variable name="{a}" typeRef="{b}"/></inputData>' for n, (a, b) in enumerate(data)
    )
    return (
        f'<?xml version="1.0"?>\n<definitions xmlns="{space}" name="m" namespace="urn:test">{given}\n'
        + "\n".join(parts)
        + "\n</definitions>"
    )


def _cell(text: str, kind: str = "number", name: str = "amount", **asked: Any) -> str:
    """What one unary test becomes."""
    document = _doc(_decision("d", _table([(name, kind)], [("o", "string", "")], [(text, '"x"')])))
    return read_dmn(document, **asked).table().rows[0].when[0]


def _entry(text: str, kind: str = "number", **asked: Any) -> str:
    """What one output entry becomes."""
    document = _doc(_decision("d", _table([("amount", "number")], [("o", kind, "")], [("-", text)])))
    return read_dmn(document, **asked).table().rows[0].then[0]


def _findings(document: str, **asked: Any) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        read_dmn(document, **asked)
    assert all(finding.text("zh") for finding in caught.value.findings)
    return [str(finding) for finding in caught.value.findings]


# what the public conformance tests of DMN expect of decision tables, in documents of our own ----------------------------

APPROVAL = [
    (">=18", '"Medium","Low"', "true", '"Approved"'),
    ("<18", '"Medium","Low"', "true", '"Declined"'),
    ("-", '"High"', "true", '"Declined"'),
    ("-", "-", "false", '"Declined"'),
]
APPROVAL_IN = [("Age", "number"), ("RiskCategory", "string"), ("isAffordable", "boolean")]
RATED = [
    (">=18", '"Medium","Low"', "true", '"Approved"', '"Basic"'),
    ("<18", "-", "-", '"Declined"', '"Standard"'),
    ("-", '"High"', "-", '"Approved"', '"Standard"'),
]
RATED_OUT = [("Approved/Declined", "string", '"Approved", "Declined"'), ("Rate", "string", "")]
BONUS = [(">1", "100"), (">2", "200"), (">3", "300"), (">5", "500")]


@pytest.mark.parametrize(
    ("age", "risk", "affordable", "expected"),
    [(18, "Medium", True, "Approved"), (17, "Medium", True, "Declined"), (18, "High", True, "Declined")],
)
def test_conformance_unique(age: int, risk: str, affordable: bool, expected: str) -> None:
    """A unique table with one unnamed output is called by its decision (level 2, case 0004)."""
    logic = _table(APPROVAL_IN, [("", "", '"Approved", "Declined"')], APPROVAL)
    table = read_dmn(_doc(_decision("Approval Status", logic, "string"))).table()

    found = table.decide({"Age": age, "RiskCategory": risk, "isAffordable": affordable})
    assert {"Approval Status": expected} == found.outputs


@pytest.mark.parametrize(
    ("age", "risk", "expected"),
    [
        (17, "High", [("Approved", "Standard"), ("Declined", "Standard")]),
        (19, "Low", [("Approved", "Basic")]),
        (10, "Low", [("Declined", "Standard")]),
    ],
)
def test_conformance_output_order(age: int, risk: str, expected: list[tuple[str, str]]) -> None:
    """Results come by the order of the output values (level 2, case 0110)."""
    logic = _table(APPROVAL_IN, RATED_OUT, RATED, "OUTPUT ORDER")
    table = read_dmn(_doc(_decision("Approval Status", logic))).table()

    found = table.decide({"Age": age, "RiskCategory": risk, "isAffordable": True}).outputs
    assert expected == [tuple(one.values()) for one in found]


def test_conformance_priority_by_item_definition() -> None:
    """The priority may come from the allowed values of a structure's component (level 2, case 0118)."""
    item = """<itemDefinition name="tStatus"><itemComponent name="Approved/Declined"><typeRef>string</typeRef>
      <allowedValues><text>"Approved", "Declined"</text></allowedValues></itemComponent>
      <itemComponent name="Rate"><typeRef>string</typeRef></itemComponent></itemDefinition>"""
    outputs = [(name, "", "") for name, _, _ in RATED_OUT]
    logic = _table(APPROVAL_IN, outputs, RATED, "PRIORITY")
    table = read_dmn(_doc(item, _decision("Approval Status", logic, "tStatus"))).table()

    found = table.decide({"Age": 17, "RiskCategory": "High", "isAffordable": True}).outputs
    assert {"Approved/Declined": "Approved", "Rate": "Standard"} == found
    assert ("Approved", "Declined") == table.outputs["Approved/Declined"].one_of


@pytest.mark.parametrize(
    ("years", "aggregation", "expected"),
    [(6, "SUM", 1100), (3, "SUM", 300), (2, "SUM", 100), (6, "MIN", 100), (6, "MAX", 500), (6, "COUNT", 4), (1, "COUNT", 0)],
)
def test_conformance_collect(years: int, aggregation: str, expected: int) -> None:
    """Aggregations work on all rules that match (level 2, cases 0114 to 0116)."""
    logic = _table([("NumOfYears", "number")], [("", "", "")], BONUS, "COLLECT", f'aggregation="{aggregation}"')
    table = read_dmn(_doc(_decision("Salary", logic, "number"))).table()

    assert expected == table.decide({"NumOfYears": years}).outputs


def test_conformance_table_tests() -> None:
    """Paths, ranges between names, and dates where a zone is said (level 3, case 0017)."""
    out = [("", "", "")]
    document = _doc(
        _decision("priceGt10", _table([("structA.price", "number")], out, [(">10", "true"), ("<=10", "false")]), "boolean"),
        _decision(
            "priceInRange",
            _table(
                [("structA.price", "number")],
                [("", "", '"In range", "Not in range"')],
                [("[numB..numC]", '"In range"'), ("-", '"Not in range"')],
                "PRIORITY",
            ),
            "string",
        ),
        _decision(
            "dateCompare1",
            _table([("dateD", "date")], out, [('>date("2016-10-01")', "true"), ('<=date("2016-10-01")', "false")]),
            "boolean",
        ),
        _decision("dateCompare2", _table([("dateD", "date")], out, [(">dateE", "true"), ("<=dateE", "false")]), "boolean"),
    )
    fields = {"structA": {"name": "widget", "price": 20}, "numB": 9, "numC": 10}
    fields |= {"dateD": datetime(2016, 11, 1, tzinfo=UTC), "dateE": datetime(2016, 11, 2, tzinfo=UTC)}
    model = read_dmn(document, zone="UTC")

    assert {"priceGt10": True, "priceInRange": "Not in range", "dateCompare1": True, "dateCompare2": False} == {
        table.name: table.decide(fields).outputs[table.name] for table in model.tables
    }
    assert 2 == len([line for line in _findings(document) if "dmn.date" in line])


@pytest.mark.parametrize(("age", "years", "expected"), [(16, 1, 5), (25, 5, 0), (44, 30, 5), (60, 20, 5)])
def test_conformance_vacation_days(age: int, years: int, expected: int) -> None:
    """Names with blanks, alternatives, MAX and a default where nothing matches (level 3, case 0020)."""
    logic = """<decisionTable hitPolicy="COLLECT" aggregation="MAX">
      <input label="Age"><inputExpression typeRef="number"><text>Age</text></inputExpression></input>
      <input label="Years of Service"><inputExpression typeRef="number"><text>Years of
         Service</text></inputExpression></input>
      <output><defaultOutputEntry><text>0</text></defaultOutputEntry></output>
      <rule><inputEntry><text>&lt;18,&gt;=60</text></inputEntry><inputEntry><text>-</text></inputEntry><outputEntry><text>5</text></outputEntry></rule>
      <rule><inputEntry><text>-</text></inputEntry><inputEntry><text>&gt;=30</text></inputEntry><outputEntry><text>5</text></outputEntry></rule>
    </decisionTable>"""
    document = _doc(_decision("Extra days", logic, "number"), data=[("Age", "number"), ("Years of Service", "number")])
    table = read_dmn(document).table()
    renamed = read_dmn(document, names={"Years of Service": "years"}).table()

    assert expected == table.decide({"Age": age, "Years of Service": years}).outputs
    assert expected == renamed.decide({"Age": age, "years": years}).outputs


def test_conformance_lists_and_booleans_of_names() -> None:
    """A name that holds a list means any of its items; beside a bool a name is its value (level 3, cases 0036 and 0039)."""
    symptoms = _table(
        [("Symptom", "string")],
        [("", "", "")],
        [('"cough"', 'Symptom + " cold"'), ("Flu Symptoms", 'Symptom + " flu"')],
        "COLLECT",
    )
    same = _table(
        [("asked", "boolean")], [("", "", "")], [("Complex.aBoolean", '"same"'), ("not(Complex.aBoolean)", '"not same"')]
    )
    document = _doc(
        _decision("analysis", symptoms),
        _decision("boolean", same, "string"),
        data=[("Flu Symptoms", "Any"), ("Symptom", "string")],
    )
    model = read_dmn(document, names={"Flu Symptoms": "flu"})

    found = model.table("analysis").decide({"Symptom": "cough", "flu": ["fever", "cough"]}).outputs
    assert ["cough cold", "cough flu"] == [one["analysis"] for one in found]
    assert {"boolean": "not same"} == model.table("boolean").decide({"asked": False, "Complex": {"aBoolean": True}}).outputs


@pytest.mark.parametrize(
    ("text", "fields", "expected"),
    [
        ("amount > 5", {"amount": 7}, "yes"),
        ("amount > 5", {"amount": 3}, "no"),
        ("amount > 5", {}, "null"),
        ("not(amount > 5)", {"amount": 3}, "yes"),
        ("not(amount > 5)", {"amount": None}, "null"),
        ("a and b", {"a": None, "b": True}, "null"),
        ("a and b", {"a": None, "b": False}, "no"),
        ("a or b", {"a": None, "b": True}, "yes"),
        ("amount between 1 and 5", {}, "null"),
        ("amount = 5", {}, "no"),
        ('starts with(tier, "g")', {}, "null"),
        ("if amount > 5 then true else false", {}, "no"),
    ],
)
def test_a_condition_as_a_value_is_null_where_feel_says_so(text: str, fields: dict[str, Any], expected: str) -> None:
    """What compares with nothing is neither true nor false, also as the value of a column; it comes back the same."""
    rules = [("true", '"yes"'), ("false", '"no"'), ("null", '"null"')]
    table = read_dmn(_doc(_decision("d", _table([(text, "boolean")], [("", "", "")], rules)))).table()
    result = read_dmn(_doc(_decision("d", _table([], [("", "", "")], [(text,)]), "boolean"))).table()

    assert {"d": expected} == table.decide(fields).outputs
    assert {"d": {"yes": True, "no": False}.get(expected)} == result.decide(fields).outputs
    if "starts" not in text:
        assert [table, result] == [read_dmn(write_dmn(one)).table() for one in (table, result)]


def test_other_engines_read_a_condition_as_it_is_here() -> None:
    """A condition of our own that is false for null is said so that it is false in FEEL too."""
    table = DecisionTable(
        name="t",
        hit="first",
        inputs=[{"name": "amount > 5", "type": "bool"}],
        outputs={"o": "bool"},
        rows=[{"when": ["false"], "then": ["amount > 3"]}],
    )

    assert 2 == write_dmn(table).count("then true else false")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a  b c", ("a b", 4)),
        ("ab", None),
        ("a-b", ("a-b", 3)),
        ("a - b", ("a", 1)),
        ("Years\n of Service", ("Years of Service", 17)),
        ("Years of Services", None),
        ("a%b", ("a", 1)),
        ("a% + 1", ("a%", 2)),
    ],
)
def test_names_end_where_the_longest_declared_one_does(text: str, expected: Any) -> None:
    """A declared name is found whole, with any blanks between its words, and never as the beginning of a longer word."""
    assert expected == Vocabulary(["a", "a b", "a-b", "a%", "Years of Service"]).match(text, 0)


# what becomes what --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("-", "number", "-"),
        ("", "number", "-"),
        ("5", "number", "5"),
        ("-5.50", "number", "-5.50"),
        (".5", "number", "0.5"),
        ("1e3", "number", "1000"),
        ("= 5", "number", "= 5"),
        (">5", "number", "> 5"),
        ("!= 5", "number", "!= 5"),
        ("[1..5)", "number", "[1..5)"),
        ("]1..5[", "number", "(1..5)"),
        ("(1 .. 5]", "number", "(1..5]"),
        ("[low..high + 1]", "number", "[low..high + 1]"),
        ("1,2 , >10", "number", "1, 2, > 10"),
        ("not(1, >10)", "number", "not(1, > 10)"),
        ("[1,2]", "number", "1, 2"),
        ("? > 3", "number", "> 3"),
        ("3 < ?", "number", "> 3"),
        ("? in [1..5]", "number", "[1..5]"),
        ("? in (1, >10)", "number", "1, > 10"),
        ("? between 1 and 5", "number", "[1..5]"),
        ("? > 3 and ? < limit", "number", "amount > 3 && amount < limit"),
        ("amount * 1.1 > limit", "number", 'amount * decimal("1.1") > limit'),
        ("limit != 3", "number", "!(limit == 3)"),
        ("not(? > 3 and ? < limit)", "number", "amount <= 3 || amount >= limit"),
        ("123456789012345678901234567890", "number", '"123456789012345678901234567890"'),
        ("null", "string", "null"),
        ("not(null)", "string", "not(null)"),
        ('"a","b\\"c\\u00e9\\n"', "string", '"a", "b\\"cé\\n"'),
        ('"\\uD83D\\uDE00", "\\U01F600"', "string", '"😀", "😀"'),
        ("tier", "string", "tier"),
        ("true", "boolean", "true"),
        ('< date and time("2026-01-01T00:00:00+08:00")', "date and time", '< timestamp("2025-12-31T16:00:00Z")'),
        ('@"2026-01-01T00:00:00@Asia/Shanghai"', "dateTime", 'timestamp("2025-12-31T16:00:00Z")'),
        ('> duration("P1DT2H")', "days and time duration", '> duration("93600s")'),
        ('@"-PT0.5S"', "dayTimeDuration", 'duration("-0.5s")'),
        ("5 // five\n", "number", "5"),
    ],
)
def test_unary_tests(text: str, kind: str, expected: str) -> None:
    """Each form of a unary test becomes the cell that means the same."""
    assert expected == _cell(text, kind)


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ('"x"', "string", '"x"'),
        ("", "string", "null"),
        ("12.50", "number", "12.50"),
        ("amount * 2 - 1.5", "number", 'amount * 2 - decimal("1.5")'),
        ("amount / 3", "number", "decimal(amount) / 3"),
        ("-(amount + 1)", "number", "-(amount + 1)"),
        ('"fee " + tier', "string", '"fee " + tier'),
        ("if amount > 3 then 5 else 6.5", "number", 'amount != null && amount > 3 ? 5 : decimal("6.5")'),
        ("amount >= 3", "boolean", "dyn(amount != null ? amount >= 3 : null)"),
        ('tier in ("a", "b")', "boolean", 'tier == "a" || tier == "b"'),
        (
            'if contains(tier, "o") and not(starts with(tier, "s")) then 1 else 2',
            "number",
            'tier != null && tier.contains("o") && tier != null && !tier.startsWith("s") ? 1 : 2',
        ),
        ("string length(tier)", "number", "size(tier)"),
    ],
)
def test_output_entries(text: str, kind: str, expected: str) -> None:
    """Literals, names, arithmetic, conditions and texts become expressions; division is exact."""
    assert expected == _entry(text, kind)


@pytest.mark.parametrize(
    ("text", "kind", "what"),
    [
        ("count(list) > 3", "number", "the function count() with 1 arguments"),
        ("some x in y satisfies x > 3", "number", "'some'"),
        ("for x in y return x", "number", "'for'"),
        ("{a: 1}", "number", "a context '{...}'"),
        ("list[1]", "number", "a filter '[...]'"),
        ("2 ** 3", "number", "'**'"),
        ("x instance of number", "number", "'instance of'"),
        ('duration("P1Y")', "days and time duration", "the years and months duration 'P1Y'"),
        ('time("10:00:00")', "date and time", "a time of day"),
        ('date("2026-01-01")', "date and time", "'2026-01-01'"),
        ('date and time("2026-01-01T00:00:00")', "date and time", "'2026-01-01T00:00:00'"),
        ('"a"', "number", '"a"'),
        ("5", "string", "5"),
        ("> ", "number", "the end"),
        ("Years of Service", "number", "'of'"),
        ("“a”", "string", "'“a”'"),
        ("a > 3", "boolean", "a condition"),
        ("x in y", "number", "'in' a name"),
        ("floor(n: 3)", "number", "an argument by name"),
    ],
)
def test_what_is_not_supported_is_named(text: str, kind: str, what: str) -> None:
    """FEEL without a counterpart is refused by name, with the entry's id, its line and the position."""
    document = _doc(_decision("d", _table([("amount", kind)], [("o", "string", "")], [(text, '"x"')])))
    with pytest.raises(DefinitionError) as caught:
        read_dmn(document)
    finding = caught.value.findings[0]

    assert ("e0_0", what) == (finding.path, finding.facts["what"])
    assert finding.line is not None
    assert 0 <= finding.facts["position"] <= len(text)


def test_all_problems_are_told_at_once() -> None:
    """Everything that is wrong with a document is one error."""
    context = "<context><contextEntry><literalExpression><text>1</text></literalExpression></contextEntry></context>"
    bad = _table([("amount", "time")], [("o", "tWrong", "")], [("max(1)", "abs(2)"), ("-", "-")], "FIRTS")
    found = _findings(
        _doc(
            _decision("a", context),
            _decision("b", bad),
            _decision("c", "<literalExpression><text>1</text></literalExpression>"),
        )
    )

    assert ["dmn.no_table", "dmn.hit", "dmn.no_type", "dmn.type", "dmn.feel", "dmn.feel", "dmn.no_value", "dmn.no_table"] == [
        line.rpartition("[")[2].rstrip("]") for line in found
    ]
    assert "the decision 'a' holds no decision table but <context>" in found[0]


def test_decisions_that_read_each_other() -> None:
    """A required decision with one result is a table that is read; a list is refused by name."""
    first = _table([("amount", "number")], [("", "", "")], [("> 100", '"big"'), ("<= 100", '"small"')], "FIRST")
    second = _table(
        [("size", "string")],
        [("fee", "number", ""), ("note", "string", "")],
        [('"big"', "10", '"b"'), ("-", "5", '"s"')],
        "FIRST",
    )
    third = _table([("fees.fee", "number")], [("ok", "boolean", "")], [("> 7", 'size = "big"')])
    parts = [
        _decision("size", first, "string"),
        _decision("fees", second, needs=["size"]),
        _decision("last", third, needs=["fees", "size"]),
    ]
    model = read_dmn(_doc(*parts))

    assert ("table.size.size", "table.fees.fee") == (model.table("fees").inputs[0].name, model.table("last").inputs[0].name)
    assert 'table.size.size == "big"' == model.table("last").rows[0].then[0]
    assert model == read_dmn(write_dmn(model.tables))
    listed = parts[0].replace("FIRST", "COLLECT")
    assert any("gives a list or a total (collect)" in line for line in _findings(_doc(listed, *parts[1:])))
    assert any(
        "is a decision that this one does not require" in line
        for line in _findings(_doc(parts[0], parts[1], _decision("last", third)))
    )


def test_results_by_the_names_of_their_outputs() -> None:
    """What Camunda calls by an output's name, or a decision's id, is that result where no input data has the name."""
    first = _decision(
        "Season decision", _table([("t", "double")], [("season", "string", "")], [("> 10.5", '"summer"')], "FIRST")
    )
    logic = _table(
        [("season", "string"), ("d_Season_decision", "string")], [("o", "string", "")], [('"summer"', "-", "season")], "FIRST"
    )
    second = _decision("Dish", logic, needs=["Season decision"])
    model = read_dmn(_doc(first, second), names={"Season decision": "seasons"})

    assert ["table.seasons.season", "table.seasons.season"] == [one.name for one in model.table("Dish").inputs]
    assert "table.seasons.season" == model.table("Dish").rows[0].then[0]
    assert ["season", "d_Season_decision"] == [
        one.name
        for one in read_dmn(_doc(second.replace("<informationReq", "<x").replace("</informationReq", "</x"))).table().inputs
    ]
    assert "names={'Season decision': 'a_name'}" in _findings(_doc(first, second))[0]
    by_name = _table([("Season decision", "string")], [("o", "string", "")], [("-", '"x"')])
    assert _findings(_doc(first, _decision("Dish", by_name, needs=["Season decision"])))


def test_the_asked_value_by_the_name_that_camunda_gives_it() -> None:
    """Entries may call what is asked cellInput, or as the input says, unless input data has that name."""
    logic = _table([("amount", "number")], [("", "", "")], [("cellInput > 3 and amt < 9", "1")])
    named = logic.replace("<input>", '<input xmlns:c="http://camunda.org/schema/1.0/dmn" c:inputVariable="amt">', 1)

    assert ("cellInput > 3 && amount < 9",) == read_dmn(_doc(_decision("d", named))).table().rows[0].when
    assert ("amount > 3 && amt < 9",) == read_dmn(_doc(_decision("d", logic))).table().rows[0].when
    declared = read_dmn(_doc(_decision("d", logic), data=[("cellInput", "number")]))
    assert ("cellInput > 3 && amt < 9",) == declared.table().rows[0].when


def test_results_by_the_names_of_variables_and_ids() -> None:
    """A decision is also known by its variable and, as Camunda has it, its id; with several outputs these are its parts."""
    season = _decision("Season", _table([("t", "number")], [("s", "string", ""), ("n", "number", "")], [("-", '"hot"', "1")]))
    season = season.replace("<decisionTable", '<variable name="The Season"/><decisionTable', 1)

    for text in ("Season.s", "The Season.s", "d_Season.s", "s"):
        dish = _decision("dish", _table([(text, "string")], [("", "", "")], [('"hot"', '"salad"')]), needs=["Season"])
        assert {"table.Season.s"} == set(read_dmn(_doc(season, dish)).table("dish").reads), text
    with pytest.raises(DefinitionError, match="does not require"):
        read_dmn(_doc(season, _decision("dish", _table([("The Season.s", "string")], [("", "", "")], [("-", "1")]))))


def test_a_requirement_of_another_document_is_not_taken_for_one_of_this() -> None:
    """An address counts with the namespace before its id."""
    season = _decision("Season", _table([("t", "number")], [("", "string", "")], [("-", '"hot"')]))
    dish = _decision("dish", _table([("Season", "string")], [("", "", "")], [('"hot"', "1")]), needs=["Season"])
    document = _doc(season, dish)

    with pytest.raises(DefinitionError) as caught:
        read_dmn(document.replace('href="#', 'href="https://example.org/other#'))
    assert "dmn.href" in {finding.code for finding in caught.value.findings}
    space = document.partition(' namespace="')[2].partition('"')[0]
    assert read_dmn(document) == read_dmn(document.replace('href="#', f'href="{space}#'))


def test_only_some_decisions() -> None:
    """One decision of a model that holds others is read by its name or id; a misspelt one is told."""
    good = _decision("fee", _table([("a", "number")], [("o", "number", "")], [("1", "2")]))
    document = _doc(_decision("other", "<literalExpression><text>1</text></literalExpression>"), good)

    assert ["fee"] == [table.name for table in read_dmn(document, only=["fee"]).tables]
    assert ["fee"] == [table.name for table in read_dmn(document, only=["d_fee"]).tables]
    assert any("did you mean 'fee'?" in line for line in _findings(document, only=["feee"]))


@pytest.mark.parametrize(
    "space",
    [
        "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
        "http://www.omg.org/spec/DMN/20180521/MODEL/",
        "https://www.omg.org/spec/DMN/20211108/MODEL/",
        "https://www.omg.org/spec/DMN/20230324/MODEL/",
    ],
)
def test_versions(space: str) -> None:
    """DMN 1.1 to 1.5 are read."""
    logic = _table([("a", "feel:number")], [("o", "feel:string", "")], [("> 1", '"x"')])

    assert "decimal" == read_dmn(_doc(_decision("d", logic), space=space)).table().inputs[0].type


def test_what_people_say_is_kept() -> None:
    """Labels, rule ids, descriptions and annotations come along; bounds of values that may come in are listed as left out."""
    document = _doc(
        """<decision id="d" name="d"><decisionTable>
        <input label="The amount"><inputExpression typeRef="integer"><text>amount</text></inputExpression>
        <inputValues><text>[0..10]</text></inputValues></input>
        <output name="o" typeRef="string"/><annotation name="why"/><annotation name="who"/>
        <rule id="r1"><description>cheap</description><inputEntry><text>1</text></inputEntry>
        <outputEntry><text>"x"</text></outputEntry><annotationEntry><text>law</text></annotationEntry><annotationEntry><text>ann</text></annotationEntry></rule>
        </decisionTable></decision>"""
    )
    model = read_dmn(document)
    row = model.table().rows[0]

    assert ("r1", "cheap\nwhy: law\nwho: ann") == (row.id, row.note)
    assert {"name": "The amount", "expr": "amount", "type": "int"} == model.table().inputs[0].to_data()
    assert 1 == len(model.dropped)
    assert "[0..10]" in model.dropped[0]


# out ----------------------------------------------------------------------------------------------------------------------


def test_periods_are_an_input_for_other_engines() -> None:
    """Rows in force for a time become tests on an input at, and come back as they were written."""
    table = DecisionTable(
        name="fee",
        hit="first",
        zone="Asia/Shanghai",
        inputs=[{"name": "tier", "type": "string"}],
        outputs={"fee": "decimal"},
        rows=[
            {"when": ['"gold"'], "then": ["0"], "effective": {"start": "2026-01-01", "end": "2027-01-01"}, "labels": ["vip"]},
            {"when": ["-"], "then": ["1.50"], "id": "rest", "note": " all \r\n others "},
        ],
    )
    text = write_dmn(table)

    assert '[date and time("2025-12-31T16:00:00Z")..date and time("2026-12-31T16:00:00Z"))' in text
    assert table == read_dmn(text).table()
    changed = text.replace("2026-12-31T16:00:00Z", "2026-06-30T16:00:00Z")
    assert "2026-06-30T16:00:00+00:00" == read_dmn(changed).table().rows[0].to_data()["effective"]["end"]


def test_what_another_tool_changed_counts() -> None:
    """A cell kept beside its FEEL is believed only while it is said by that very FEEL."""
    table = DecisionTable(name="t", inputs=[{"name": "a", "type": "int"}], outputs={"o": "string"}, rows=[["= 3", "'x'"]])
    text = write_dmn(table)

    assert table == read_dmn(text).table()
    edited = read_dmn(text.replace("<text>3</text>", "<text>4</text>").replace('<text>"x"</text>', '<text>"y"</text>')).table()
    assert (("4",), ('"y"',)) == (edited.rows[0].when, edited.rows[0].then)


@pytest.mark.parametrize(
    ("column", "cell", "what"),
    [
        ({"name": "a", "type": "int"}, "a % 2 == 1", "'%'"),
        ({"name": "a", "type": "int"}, "a / 2 > 1", "'/'"),
        ({"name": "a", "type": "string"}, "size(a) > 1", "the function size()"),
        ({"name": "a", "type": "string"}, "!(a > 'b')", "'!' of '>'"),
        ({"name": "a", "type": "list"}, "-", "the type list"),
        ({"name": "a", "type": "int"}, "table.other.x", "table.other.x"),
        ({"name": "a", "type": "int"}, "items.exists(x, x > 1)", "the macro exists()"),
        ({"name": "a", "type": "int"}, "external", "the name 'external'"),
        ("a", "b > 3", "the condition 'b > 3'"),
    ],
)
def test_what_feel_cannot_say_is_named(column: Any, cell: str, what: str) -> None:
    """A cell without a counterpart in FEEL is refused by name and place."""
    table = DecisionTable(name="t", inputs=[column], outputs={"o": "string"}, rows=[["-", '"x"'], [cell, '"y"']])
    with pytest.raises(DefinitionError) as caught:
        write_dmn(table)
    finding = caught.value.findings[0]

    assert what == finding.facts["what"]
    assert finding.path in ("t: rows[1][0]", "t: inputs[0]")
    assert finding.text("zh")


def test_types_of_fields_are_told_to_other_engines() -> None:
    """A column without a type gets the field's for others, and none when it comes back."""
    table = DecisionTable(name="t", inputs=["a"], outputs={"o": "string"}, rows=[['"12"', '"x"']])
    text = write_dmn(table, fields={"a": {"type": "decimal"}})

    assert 'typeRef="number"' in text
    assert "<text>12</text>" in text
    assert table == read_dmn(text).table()


# strangers ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "document",
    [
        "",
        "<definitions/>",
        "<!DOCTYPE x [<!ENTITY a 'b'>]><x/>",
        "<a>" * 100,
        b"\xff\xfe\x00",
        _doc("<x/>", space="urn:other"),
        "<" * 10_000,
    ],
)
def test_what_is_no_dmn(document: Any) -> None:
    """Anything that is no DMN is one sentence."""
    with pytest.raises(InputError):
        read_dmn(document)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 3_000,
        "[" * 3_000,
        "-" * 3_000 + "1",
        "not(" * 1_000,
        "1" + "+1" * 2_000,
        "a" + ".b" * 2_000,
        "if " * 1_000,
        '"' * 9_999,
        "x in (" * 500,
        "1" * 9_000,
        "1e999999999",
        "a and " * 1_500,
        "9" * 50_000,
        '"\\uD800"',
        '"\\U110000"',
        "`",
        "@" * 100,
        '@"P99999999999D"',
        '@"9999-12-31T23:59:59-14:00"',
        "? " * 100,
        "//" * 4_000,
        "/*" * 4_000,
    ],
)
def test_hostile_feel_is_refused(text: str) -> None:
    """Deep, long and broken texts are findings, soon, and never a crash."""
    for logic in (
        _table([("amount", "number")], [("o", "number", "")], [(text, text)]),
        _table([(text, "number")], [("o", "number", text)], [("-", "1")]),
    ):
        assert _findings(_doc(_decision("d", logic)))


def test_circles_of_types_and_decisions() -> None:
    """Item definitions in a circle are a finding; so is a reference that leads nowhere."""
    items = "".join(f'<itemDefinition name="{a}"><typeRef>{b}</typeRef></itemDefinition>' for a, b in ("ab", "ba"))
    logic = _table([("x", "a")], [("o", "string", "")], [("-", '"x"')])
    lost = (
        '<decision name="l"><informationRequirement><requiredDecision href="#no"/></informationRequirement>'
        + logic
        + "</decision>"
    )

    assert any("dmn.type" in line for line in _findings(_doc(items, _decision("d", logic))))
    assert any("dmn.href" in line for line in _findings(_doc(lost)))


def test_files(tmp_path: Path) -> None:
    """A path, and a text that names a file, are read from there."""
    table = DecisionTable(name="fee", inputs=["a"], outputs={"o": "int"}, rows=[["1", "2"]])
    path = tmp_path / "费用.dmn"
    path.write_text(write_dmn(table), "utf-8")

    assert table == read_dmn(path).table() == read_dmn(str(path)).table()
    assert Model((table,)) == read_dmn(path.read_bytes())
    with pytest.raises(InputError, match="did you mean 'fee'"):
        read_dmn(path).table("fees")


def test_refusals_of_arguments() -> None:
    """Wrong arguments are one sentence each."""
    table = DecisionTable(name="fee", inputs=["a"], outputs={"o": "int"}, rows=[["1", "2"]])
    for call in (
        lambda: write_dmn([]),
        lambda: write_dmn([table, table]),
        lambda: write_dmn(table, version="1.9"),
        lambda: read_dmn(5),  # type: ignore[arg-type]  # what a host may pass
        lambda: read_dmn("<a/>", only="fee"),
        lambda: write_dmn(DecisionTable(name="a\x00", inputs=["a"], outputs={"o": "int"}, rows=[])),
    ):
        with pytest.raises(InputError):
            call()
    with pytest.raises(DefinitionError):
        read_dmn("<a/>", zone="Asia/Shangai")


def test_numbers_are_exact() -> None:
    """A fraction never passes through a binary one."""
    table = read_dmn(
        _doc(_decision("d", _table([("a", "number")], [("o", "number", "")], [("0.1", "a * 3"), ("> 0.1", "0.3")])))
    ).table()

    assert {"o": Decimal("0.3")} == table.decide({"a": Decimal("0.1")}).outputs
    assert {"o": Decimal("0.3")} == table.decide({"a": Decimal("0.10000000000000001")}).outputs


def test_spans_and_moments_decide() -> None:
    """Durations and instants are compared as such."""
    logic = _table([("s", "days and time duration")], [("o", "string", "")], [('[duration("PT1H")..duration("P1D"))', '"day"')])
    table = read_dmn(_doc(_decision("d", logic))).table()

    assert {"o": "day"} == table.decide({"s": timedelta(hours=23)}).outputs
    assert table.decide({"s": timedelta(days=1)}).outputs is None


def test_ids_are_unique_and_names() -> None:
    """Whatever rows are called, every id of the document is an XML name and stands once."""
    rows = [{"when": ["1"], "then": ["2"], "id": name} for name in ("a", "1", "a b", "decision_1", "_sf.decision_1.1", "")]
    table = DecisionTable(name="t", inputs=["x"], outputs={"o": "int"}, rows=rows, hit="first")
    text = write_dmn(table)
    ids = re.findall(r'(?<!:)\bid="([^"]*)"', text)

    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[A-Za-z_][\w.-]*", one) for one in ids)
    assert table == read_dmn(text).table()
