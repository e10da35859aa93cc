"""Knows how data of older formats becomes today's, one format after the other; must not know what the data says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from servflow.errors import FormatError

Upcaster = Callable[[Mapping[str, Any]], Mapping[str, Any]]

UPCASTERS: Mapping[int, Upcaster] = {}
"""
Format *n* -> what makes data of format *n* + 1 of it. It gets one whole value as ``dump`` wrote it, with its ``kind``,
and gives another without changing the first. Format 1 is the only one there has been.
"""


def upcast(data: Mapping[str, Any], written: int, known: int, steps: Mapping[int, Upcaster] = UPCASTERS) -> Mapping[str, Any]:
    """
    Data of format *written* as format *known* has it.

    Raises:
        FormatError: no version of servflow wrote that format.
    """
    for number in range(max(written, 0), known):
        step = steps.get(number)
        if step is None:
            raise FormatError(
                f"the data has format {written}, which no version of servflow wrote; it is damaged: restore a backup",
                format=written,
                known=known,
            )
        data = {**step(data), "format": number + 1}
    return data
