"""Knows which values of one name are worth trying while all other names stay as they are; must not know why they are tried."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from attrs import frozen

from servflow.expressions._expression import Expression
from servflow.expressions._solve_atoms import Reader, Variable
from servflow.expressions._solve_bindings import MISSING, at_path
from servflow.expressions._solve_candidates import candidates
from servflow.expressions._solve_values import EDGES
from servflow.expressions._values import kind

_CLOSE = 16


@frozen
class Trial:
    """
    The values of one name that conditions tell apart, worked out once for conditions that are asked often.

    ``blurred`` says that a part nobody understands reads the name: then there may be others.
    """

    name: str
    variable: Variable
    partners: tuple[str, ...]
    blurred: bool

    @classmethod
    def of(cls, expressions: Iterable[Expression], name: str, types: Mapping[str, Any]) -> Trial | None:
        """
        What is to be tried.

        Args:
            expressions: the conditions.
            name: a name, or a dotted one; None comes of one that nothing reads as it is.
            types: the type of each name, as ``Expression.parse`` takes them.
        """
        given = list(expressions)
        reader = Reader(types, None)
        reader.declare(given)
        for expression in given:
            reader.read(expression)
        variable = reader.variables.get(name)
        if variable is None or variable.inner:
            return None
        mine = [atom for atom in reader.atoms if name in atom.names]
        partners = {other for atom in mine if atom.linked for other in atom.names if other != name}
        blurred = not variable.choices and any(name not in atom.sorts for atom in mine)
        return cls(name, variable, tuple(sorted(partners)), blurred)

    def values(self, bindings: Mapping[str, Any], near: Any) -> list[Any]:
        """
        The values, the nearest to the present one first.

        Args:
            bindings: what the other names stand for.
            near: the present value.
        """
        met = [at_path(bindings, partner) for partner in self.partners]
        known = [value for value in met if value is not MISSING and value is not None and kind(value) == self.variable.kind]
        constants = [*self.variable.constants, *known]
        return candidates(self.variable, constants, 1, near, opaque=False)

    def around(self, holds: Callable[[int], bool], near: Any) -> int | None:
        """
        A whole number for which something holds, from the present one outwards; None where none was found.

        Every number close by is asked, then ever wider steps and what lies between the last two: a condition that
        nobody understands, such as one that divides, often holds from some number on.
        """
        if self.variable.kind not in ("int", "uint") or isinstance(near, bool) or not isinstance(near, int):
            return None
        low, high = EDGES[self.variable.kind]
        steps = [*range(1, _CLOSE + 1), *(_CLOSE << count for count in range(1, 60))]
        for before, step in zip([0, *steps], steps, strict=False):
            for way in (1, -1):
                if low <= near + way * step <= high and holds(near + way * step):
                    no, yes = before, step
                    while yes - no > 1:
                        middle = (no + yes) // 2
                        no, yes = (no, middle) if holds(near + way * middle) else (middle, yes)
                    return int(near + way * yes)
        return None


__all__ = ["Trial"]
