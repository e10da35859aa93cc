"""Knows how what a store is asked is read, and how attempts are shared out; must not know where anything is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, get_args

from servflow.errors import InputError, ServflowError, shown
from servflow.model import encode_value, freeze, load_ticket
from servflow.stores._protocol import MAX_ERROR, Sort
from servflow.stores._writing import written

T = TypeVar("T")

SORTS: tuple[str, ...] = get_args(Sort)
ORDERS = ("id", "due")


def read_sort(sort: Any) -> Sort:
    """
    What failed: a ticket or an effect.

    Raises:
        InputError: it is neither.
    """
    if sort not in SORTS:
        raise InputError(f"what fails is a {' or an '.join(SORTS)}, not {shown(sort)}", code="sort", value=shown(sort))
    found: Sort = sort
    return found


def read_order(order: Any) -> bool:
    """
    Whether tickets are wanted by when they are due, and not by id.

    Raises:
        InputError: they cannot be ordered so.
    """
    if order not in ORDERS:
        raise InputError(f"tickets are found by {' or '.join(ORDERS)}, not {shown(order)}", code="order", value=shown(order))
    return bool(order == "due")


def read_error(error: str) -> str:
    """What is kept of an error's text: at most ``MAX_ERROR`` characters, and signs no database takes written out."""
    clean = error[:MAX_ERROR].replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode()
    return clean[:MAX_ERROR]


def written_index(index: Mapping[str, Any] | None) -> dict[str, str]:
    """
    Names of fields and their values as canonical text, sorted by name: what is kept, and what is asked for.

    Raises:
        InputError: a value cannot be written.
    """
    given: object = index or {}
    if not isinstance(given, Mapping) or not all(isinstance(name, str) and "\x00" not in name for name in given):
        raise InputError(f"tickets are found by names of fields with their values, not by {shown(index)}", code="where")
    return {name: _written_value(name, value) for name, value in sorted(given.items())}


def whom(snapshot: str) -> dict[str, str]:
    """Whom and what a ticket that an older servflow kept concerns, as ``written_index``; nothing of a damaged one."""
    from servflow.engine._queueing import FOUND_BY  # here, since a store whose tables are up to date needs no engine

    try:
        ticket = load_ticket(snapshot)
    except ServflowError:
        return {}  # it stays what it is; ``servflow verify`` tells of it
    return written_index({name: value for name in FOUND_BY if (value := getattr(ticket, name)) is not None})


def _written_value(name: str, value: Any) -> str:
    try:
        # Only lists and mappings have a canonical form of their own.
        return written([encode_value(freeze(value))])[1:-1]
    except InputError as error:
        raise InputError(f"tickets cannot be found by {name!r}: {error}", field=name, value=shown(value)) from error
    except (TypeError, AttributeError, RecursionError) as error:
        raise InputError(
            f"tickets cannot be found by {name!r}: {error}; give a value as fields hold them", field=name, value=shown(value)
        ) from error


def shared(ready: Iterable[T], tries: Callable[[T], int], limit: int) -> list[T]:
    """
    What is taken of all that is ready, in its order: at most half, but one at least, was tried before, while there are others.

    Args:
        ready: may be endless; no more of it is read than is needed to fill the limit.
        tries: how often one was tried.
    """
    chosen: list[tuple[int, T]] = []
    spare: list[tuple[int, T]] = []
    most = max(1, limit // 2)
    for place, one in enumerate(ready):
        if len(chosen) >= limit:
            break
        if not tries(one):
            chosen.append((place, one))
        elif most:
            most -= 1
            chosen.append((place, one))
        else:
            spare.append((place, one))
    chosen += spare[: max(0, limit - len(chosen))]
    return [one for _, one in sorted(chosen, key=lambda pair: pair[0])]
