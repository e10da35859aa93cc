"""Knows the words of DMN documents: namespaces, types, hit policies; must not know how they are read or written."""

from __future__ import annotations

from collections.abc import Mapping

OURS = "urn:servflow:dmn"
"""The namespace of what DMN has no word for; other tools pass over it."""

CAMUNDA = "http://camunda.org/schema/1.0/dmn"

MODELS: Mapping[str, str] = {
    "1.1": "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
    "1.2": "http://www.omg.org/spec/DMN/20180521/MODEL/",
    "1.3": "https://www.omg.org/spec/DMN/20191111/MODEL/",
    "1.4": "https://www.omg.org/spec/DMN/20211108/MODEL/",
    "1.5": "https://www.omg.org/spec/DMN/20230324/MODEL/",
}
"""Version of DMN -> its namespace."""

READ = {*MODELS.values(), "http://www.omg.org/spec/DMN/20151101/dmn11.xsd"}
"""Every namespace that is read; the last is what the first modelers of Camunda wrote for 1.1."""

WRITTEN = ("1.3", "1.4", "1.5")

HITS: Mapping[str, str] = {
    "UNIQUE": "unique",
    "FIRST": "first",
    "PRIORITY": "priority",
    "ANY": "any",
    "COLLECT": "collect",
    "RULE ORDER": "rule order",
    "OUTPUT ORDER": "output order",
}
AGGREGATIONS: Mapping[str, str] = {"SUM": "sum", "MIN": "min", "MAX": "max", "COUNT": "count"}

TYPES: Mapping[str, str] = {
    "string": "string",
    "number": "decimal",
    "boolean": "bool",
    "date and time": "timestamp",
    "dateTime": "timestamp",
    "days and time duration": "duration",
    "dayTimeDuration": "duration",
    "Any": "any",
    # What Camunda has beside them.
    "integer": "int",
    "long": "int",
    "double": "double",
}
"""Type of FEEL -> type here. ``date`` is a timestamp where a zone says what its midnight is."""

REFUSED_TYPES = ("time", "date", "years and months duration", "yearMonthDuration", "context", "list", "range", "function")

TYPES_WRITTEN: Mapping[str, str] = {
    "string": "string",
    "int": "number",
    "uint": "number",
    "double": "number",
    "decimal": "number",
    "bool": "boolean",
    "timestamp": "date and time",
    "duration": "days and time duration",
    "any": "Any",
}

LOGIC = (
    "literalExpression",
    "context",
    "invocation",
    "functionDefinition",
    "relation",
    "list",
    "conditional",
    "for",
    "every",
    "some",
    "filter",
)
"""What a decision may hold instead of a table."""
