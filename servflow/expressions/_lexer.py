"""Knows how characters make the words of the language; must not know its grammar."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, NamedTuple

from servflow.expressions._faults import fault
from servflow.expressions._nodes import KEYWORDS


class Token(NamedTuple):
    """
    One word of an expression.

    ``kind`` is the operator itself, or ``name``, ``quoted`` (a field in backticks), ``int``, ``uint``,
    ``double``, ``string``, ``bytes``, ``keyword`` or ``end``; ``value`` is what it stands for.
    """

    kind: str
    value: Any
    position: int


# One alternative per word; no alternative can match in two ways, so scanning is linear in the text.
_WORD = re.compile(
    r"""
    (?P<space>[\ \t\r\n\f]+|//[^\r\n]*)
  | (?P<text>(?P<prefix>[bB][rR]|[bBrR])?(?:
        (?P<triple>\"{3}|'{3})
      | (?P<quote>["'])))
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<double>(?:[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+))
  | (?P<hex>0x[0-9a-fA-F]+)(?P<hexu>[uU])?
  | (?P<int>[0-9]+)(?P<intu>[uU])?
  | (?P<op>&&|\|\||==|!=|<=|>=|[<>!?:+\-*/%.,()\[\]{}])
  | `(?P<quoted>[A-Za-z0-9_.\-/\ ]+)`
    """,
    re.VERBOSE,
)

# The rest of a string literal after its opening quote, by quote and whether it is raw.
_BODIES = {
    ('"', True): re.compile(r'[^"\r\n]*"'),
    ("'", True): re.compile(r"[^'\r\n]*'"),
    ('"', False): re.compile(r'(?:[^"\\\r\n]|\\[^\r\n])*"'),
    ("'", False): re.compile(r"(?:[^'\\\r\n]|\\[^\r\n])*'"),
    ('"""', True): re.compile(r'(?:[^"]|"(?!""))*"""'),
    ("'''", True): re.compile(r"(?:[^']|'(?!''))*'''"),
    ('"""', False): re.compile(r'(?:[^"\\]|"(?!"")|\\[\s\S])*"""'),
    ("'''", False): re.compile(r"(?:[^'\\]|'(?!'')|\\[\s\S])*'''"),
}

TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Characters after which a text is shown in another order than it is read in, so that it seems to say something else."""

_ESCAPE = re.compile(
    r"\\(?:(?P<simple>[abfnrtv\"'`?\\])|[xX](?P<x>[0-9a-fA-F]{2})|u(?P<u>[0-9a-fA-F]{4})"
    r"|U(?P<U>[0-9a-fA-F]{8})|(?P<octal>[0-3][0-7]{2})|(?P<bad>[\s\S]?))"
)
_SIMPLE = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
    '"': '"', "'": "'", "`": "`", "?": "?", "\\": "\\",
}  # fmt: skip


def tokens(text: str) -> list[Token]:
    """
    The words of a text, ``end`` last.

    Raises:
        ExpressionError: a character starts no word, a string has no end or an escape is unknown.
    """
    found: list[Token] = []
    at = 0
    length = len(text)
    scan = _WORD.match
    while at < length:
        match = scan(text, at)
        if match is None:
            raise _stray(text, at)
        group = match.lastgroup
        end = match.end()
        if group == "op":
            found.append(Token(match["op"], None, at))
        elif group == "name":
            word = match["name"]
            found.append(Token("keyword" if word in KEYWORDS else "name", word, at))
        elif group == "text":
            token, end = _string(text, match)
            found.append(token)
        elif group == "quoted":
            found.append(Token("quoted", match["quoted"], at))
        elif group != "space":
            found.append(_number(match, at))
        at = end
    found.append(Token("end", None, length))
    return found


def _stray(text: str, at: int) -> Exception:
    character = text[at]
    instead = {"=": "==", "&": "&&", "|": "||"}.get(character)
    if instead is not None:
        return fault("operator", found=character, instead=instead, position=at)
    if character.isascii():
        return fault("character", found=repr(character), position=at)
    # Many a letter looks like another, and some are not to be seen: the name tells which it is.
    named = f"{character!r} (U+{ord(character):04X} {unicodedata.name(character, '').lower()}".rstrip() + ")"
    return fault("foreign_character", found=named, position=at)


def _number(match: re.Match[str], at: int) -> Token:
    if match["double"] is not None:
        return Token("double", match["double"], at)
    unsigned = match["hexu"] or match["intu"]
    digits = match["hex"] or match["int"]
    # Sixty-four bits take at most twenty digits; more than that need not be read exactly to be refused.
    significant = digits[2:].lstrip("0") if match["hex"] else digits.lstrip("0")
    if len(significant) > 20:
        raise fault("literal_range", literal=digits[:30], kind="uint" if unsigned else "int", position=at)
    return Token("uint" if unsigned else "int", int(digits, 16 if match["hex"] else 10), at)


def _string(text: str, match: re.Match[str]) -> tuple[Token, int]:
    at = match.start()
    prefix = (match["prefix"] or "").lower()
    quote = match["triple"] or match["quote"]
    raw = "r" in prefix
    body = _BODIES[quote, raw].match(text, match.end())
    if body is None:
        raise fault("open_string", quote=quote, position=at)
    inside = body[0][: -len(quote)]
    if "b" in prefix:
        value: Any = inside.encode() if raw else _bytes(inside, match.end())
        return Token("bytes", value, at), body.end()
    if not raw and "\\" in inside:
        start = match.end()
        inside = _ESCAPE.sub(lambda escape: _character(escape, start), inside)
    return Token("string", inside, at), body.end()


def _character(escape: re.Match[str], start: int) -> str:
    simple = escape["simple"]
    if simple is not None:
        return _SIMPLE[simple]
    if escape["octal"] is not None:
        return chr(int(escape["octal"], 8))
    digits = escape["x"] or escape["u"] or escape["U"]
    if digits is None:
        raise fault("escape", escape=escape[0], position=start + escape.start())
    point = int(digits, 16)
    if point > 0x10FFFF or 0xD800 <= point <= 0xDFFF:
        raise fault("code_point", escape=escape[0], position=start + escape.start())
    return chr(point)


def _bytes(inside: str, start: int) -> bytes:
    pieces: list[bytes] = []
    at = 0
    for escape in _ESCAPE.finditer(inside):
        pieces.append(inside[at : escape.start()].encode())
        at = escape.end()
        octet = escape["x"] or escape["octal"]
        if octet is not None:
            pieces.append(bytes([int(octet, 16 if escape["x"] else 8)]))
        elif escape["simple"] is not None:
            pieces.append(_SIMPLE[escape["simple"]].encode())
        else:
            raise fault("escape_bytes", escape=escape[0], position=start + escape.start())
    pieces.append(inside[at:].encode())
    return b"".join(pieces)
