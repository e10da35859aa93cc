"""Knows which kind of definition plain data is; must not know how definitions run, nor where they are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from servflow.calendars import OpenTime
from servflow.engine import Extensions, Workflow
from servflow.errors import InputError, shown


def definition(
    data: Mapping[str, Any],
    *,
    calendars: Mapping[str, OpenTime] | None = None,
    extensions: Extensions | None = None,
) -> Any:
    """
    A definition in the canonical form in which a store keeps it: a ``Workflow`` or a ``Correlator``.

    Args:
        data: what ``to_data()`` gave.
        calendars: the host's calendars, for a workflow.
        extensions: the host's functions that the definition names.

    Raises:
        DefinitionError: it is wrong, or needs host functions it was not given.
        InputError: it is no mapping, such as a workflow, whose data ``servflow.dump`` gives.
        TypeError: it has keys that no definition has.
    """
    given: object = data
    if not isinstance(given, Mapping):
        raise InputError(
            f"a definition is read from its data, not {shown(given)}; the data of a workflow is servflow.dump(workflow)",
            code="definition.data",
        )
    if "workflow" not in data:
        # Imported here so that a program without correlators loads none.
        from servflow.correlation import Correlator

        return Correlator.from_data(data, functions=None if extensions is None else extensions.functions)
    more: dict[str, Any] = {} if extensions is None else {"extensions": extensions}
    return Workflow(**data, host_calendars=calendars, **more)
