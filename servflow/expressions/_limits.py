"""Knows the bounds that keep an untrusted expression small and quick; must not know how they are checked."""

from __future__ import annotations

MAX_LENGTH = 10_000
"""Characters in the text of one expression, as written and in canonical form."""

MAX_NESTING = 64
"""Parentheses, brackets, braces and argument lists open at one place. The CEL specification asks for at least 32."""

MAX_HEIGHT = 120
"""Levels of the tree: bounds what nesting does not, such as ``a + b + c`` and ``x.a.b.c``. The specification asks for 32."""

MAX_ITEMS = 1_000
"""Elements of one list literal, entries of one map literal, operands of one ``&&`` or ``||``, arguments of one call."""

MAX_SIZE = 100_000
"""Characters, bytes or elements of a string, byte sequence or list that ``+`` builds."""

MAX_STEPS = 100_000
"""Work of one evaluation: steps for a macro's turn and every 8 parts of its body, a call in it, a nested value compared."""

MAX_DEPTH = 200
"""Levels of lists and maps in a result that is handed back to Python."""

INT_MIN = -(2**63)
"""The least ``int``."""

INT_MAX = 2**63 - 1
"""The greatest ``int``."""

UINT_MAX = 2**64 - 1
"""The greatest ``uint``."""

MAX_DURATION_MICROS = (2**63 - 1) // 1000
"""Microseconds in the longest duration, either sign: 64 bits of nanoseconds (292 years), as the conformance tests have it."""

DECIMAL_DIGITS = 28
"""Significant digits that decimal arithmetic keeps; a tie is rounded to the even neighbour."""

DECIMAL_EXPONENT = 6_144
"""Greatest power of ten of a decimal, either sign, as IEEE 754 decimal128 has it."""
