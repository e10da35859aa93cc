"""
Knows a strict, typed, bounded subset of the Common Expression Language; must not know tickets or workflows.

Follows the CEL specification (its language definition) wherever the subset reaches. Left out:
``matches`` (the standard library has no regular expressions that run in linear time), protocol buffer
messages and enums, optional values and the two-variable macros. Timestamps and durations keep
microseconds. Added: exact ``decimal`` values.
"""

from servflow.errors import ExpressionError
from servflow.expressions._builtins import Function
from servflow.expressions._expression import Expression, evaluate
from servflow.expressions._limits import (
    DECIMAL_DIGITS,
    MAX_DEPTH,
    MAX_HEIGHT,
    MAX_ITEMS,
    MAX_LENGTH,
    MAX_NESTING,
    MAX_SIZE,
    MAX_STEPS,
)
from servflow.expressions._solve import Solved, solve
from servflow.expressions._solve_one import Trial
from servflow.expressions._solve_values import distance
from servflow.expressions._supplied import ACTIVE, AFTER_DAYS, COUNTED, COUNTING, IN_STATE
from servflow.expressions._trace import Trace
from servflow.expressions._tree import tree_schema
from servflow.expressions._types import FieldType

__all__ = [
    "ACTIVE",
    "AFTER_DAYS",
    "COUNTED",
    "COUNTING",
    "DECIMAL_DIGITS",
    "IN_STATE",
    "MAX_DEPTH",
    "MAX_HEIGHT",
    "MAX_ITEMS",
    "MAX_LENGTH",
    "MAX_NESTING",
    "MAX_SIZE",
    "MAX_STEPS",
    "Expression",
    "ExpressionError",
    "FieldType",
    "Function",
    "Solved",
    "Trace",
    "Trial",
    "distance",
    "evaluate",
    "solve",
    "tree_schema",
]
