"""Knows how the records of one ticket are chained by their hashes; must not know where records are kept."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from attrs import field, frozen

START = ""
"""What the first record of a ticket is chained to."""


@frozen
class Link:
    """
    One record as a store keeps it: its canonical text and what chains it to the record before.

    ``salt`` is 32 hexadecimal digits drawn when the record was kept: without it nobody can find out by
    trying what a short text was from its hash. ``chain`` covers this record and all before it. ``seal`` stands for what
    the record said when it was kept, where part of that was erased since (empty: nothing was); its salt is empty then.
    """

    sequence: int
    body: str
    salt: str
    chain: str
    seal: str = ""

    def follows(self, previous: str) -> bool:
        """Whether its chain is what its seal, or else its text, makes of the chain before it."""
        return joined(previous, self.seal or seal(self.body, self.salt)) == self.chain


@frozen
class Head:
    """
    A ticket's own row as a store keeps it: its revision, the chain after its last record, and its snapshot's text.

    ``columns`` is what stands beside the snapshot, for claims and screens: of ``revision``, ``workflow``, ``state``,
    ``assignee``, ``queue``, ``wake`` and ``deadline`` those that a store has, the last two in microseconds since 1970.
    """

    revision: int
    chain: str
    snapshot: str
    columns: Mapping[str, Any] = field(factory=dict, eq=False)


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
    return joined(previous, seal(body, salt))


def joined(previous: str, sealed: str) -> str:
    """The chain behind *previous* after a record whose seal is *sealed*."""
    return sha256(f"{previous}\n{sealed}".encode()).hexdigest()


def new_salt() -> str:
    """A salt nobody can guess."""
    return os.urandom(16).hex()


def chained(
    previous: str, bodies: Iterable[tuple[int, str]], salts: Sequence[str] = (), seals: Sequence[str] = ()
) -> tuple[Link, ...]:
    """
    The links of records, each a number and a text, behind the chain *previous*; *salts* and *seals* are those of records
    that were kept before.
    """
    links = []
    for index, (sequence, body) in enumerate(bodies):
        salt = salts[index] if salts else new_salt()
        kept = seals[index] if seals else ""
        previous = joined(previous, kept or seal(body, salt))
        links.append(Link(sequence, body, salt, previous, kept))
    return tuple(links)


def erased(old: Link, body: str) -> Link:
    """The link with its text replaced: what it said is sealed, and the salt, with which that could be tried, is forgotten."""
    return Link(old.sequence, body, "", old.chain, old.seal or seal(old.body, old.salt))
