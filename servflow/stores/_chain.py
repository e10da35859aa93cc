"""Knows how the records of one ticket are chained by their hashes; must not know where records are kept."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from hashlib import sha256

from attrs import frozen

START = ""
"""What the first record of a ticket is chained to."""


@frozen
class Link:
    """
    One record as a store keeps it: its canonical text and what chains it to the record before.

    ``salt`` is 32 hexadecimal digits drawn when the record was kept: without it nobody can find out by
    trying what a short text was from its hash. ``chain`` covers this record and all before it.
    """

    sequence: int
    body: str
    salt: str
    chain: str


@frozen
class Head:
    """A ticket's own row as a store keeps it: its revision, the chain after its last record, and its snapshot's text."""

    revision: int
    chain: str
    snapshot: str


def seal(body: str, salt: str) -> str:
    """The hash that stands for a record's text: sha256 over the salt, a line feed and the text, in hexadecimal."""
    return sha256(f"{salt}\n{body}".encode()).hexdigest()


def link(previous: str, body: str, salt: str) -> str:
    """
    The chain after a record: sha256 over the chain before it, a line feed and the record's seal, in hexadecimal.

    Args:
        previous: the chain after the record before; empty before the first.
        body: the record's canonical text.
        salt: what was drawn for this record.
    """
    return sha256(f"{previous}\n{seal(body, salt)}".encode()).hexdigest()


def new_salt() -> str:
    """A salt nobody can guess."""
    return os.urandom(16).hex()


def chained(previous: str, bodies: Iterable[tuple[int, str]], salts: Sequence[str] = ()) -> tuple[Link, ...]:
    """The links of records, each a number and a text, behind the chain *previous*; *salts* are those of records kept before."""
    links = []
    for index, (sequence, body) in enumerate(bodies):
        salt = salts[index] if salts else new_salt()
        previous = link(previous, body, salt)
        links.append(Link(sequence, body, salt, previous))
    return tuple(links)
