"""Knows the grammar of the part of FEEL that tables use and refuses the rest by name; must not know what it means here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from attrs import define, field, frozen

MAX_LENGTH = 10_000
MAX_DEPTH = 40
MAX_TOKENS = 5_000
MAX_CHAIN = 60
MAX_PIECES = 40
"""Most words and signs in one name."""

_SPACE = re.compile(r"(?:[\s\u0085\u200b\ufeff]|//[^\n]*|/\*.*?\*/)+", re.DOTALL)
_NUMBER = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_NAME = re.compile(r"[^\W\d][\w]*|\?[^\W\d][\w]*")
_SIGN = re.compile(r"\*\*|\.\.|<=|>=|!=|->|[-+*/<>=()\[\]{},.:@?]")
_PIECE = re.compile(r"(\s*)(\w+|[^\w\s])")
_WORD = re.compile(r"\w")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{6})|(.))", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "'": "'", "\\": "\\"}

FUNCTIONS = (
    "date and time",
    "string length",
    "starts with",
    "ends with",
    "upper case",
    "lower case",
    "substring before",
    "substring after",
    "years and months duration",
    "days and time duration",
    "list contains",
    "distinct values",
    "index of",
    "insert before",
    "get value",
    "get entries",
    "day of week",
    "day of year",
    "month of year",
    "week of year",
    "round up",
    "round down",
    "round half up",
    "round half down",
)
"""Names of built-in functions with blanks in them."""

_REFUSED = ("for", "some", "every", "function", "instance", "external", "satisfies", "return")
_KEYWORDS = frozenset({"if", "then", "else", "and", "or", "between", "in", "true", "false", "null", "not", *_REFUSED})
ORDER = ("<", "<=", ">", ">=")


class NotFeel(ValueError):
    """Text that is no FEEL, or FEEL that is not supported; ``what`` names it, ``why`` says so in English and Chinese."""

    def __init__(self, what: str, why: tuple[str, str], at: int = 0, hint: tuple[str, str] | None = None) -> None:
        super().__init__(f"{what}: {why[0]}")
        self.what = what
        self.why = why
        self.at = at
        self.hint = hint


@frozen
class Node:
    """One part: its kind, what it holds, the parts in it, and where it begins."""

    kind: str
    value: Any = None
    parts: tuple[Node, ...] = ()
    at: int = 0


@frozen
class Tests:
    """Unary tests: any of the parts, or none where ``negated``; no parts is ``-``."""

    parts: tuple[Node, ...] = ()
    negated: bool = False


@frozen
class _Token:
    kind: str
    text: str
    at: int


def syntax(what: str, at: int) -> NotFeel:
    """The refusal of something that does not belong where it stands."""
    return NotFeel(what, ("does not belong here", "不应出现在此处"), at)


def unsupported(what: str, at: int) -> NotFeel:
    """The refusal of FEEL that has no counterpart here."""
    return NotFeel(what, ("is not supported", "不受支持"), at)


class Vocabulary:
    """The names a model declares; FEEL needs them to know where a name with blanks or signs in it ends."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names: set[str] = set()
        self._longest: dict[str, int] = {}
        for name in names:
            pieces = _PIECE.findall(name.strip())
            if 0 < len(pieces) <= MAX_PIECES:
                first = pieces[0][1]
                self._names.add("".join(_spaced(*piece) for piece in pieces))
                self._longest[first] = max(len(pieces), self._longest.get(first, 0))

    def match(self, text: str, at: int) -> tuple[str, int] | None:
        """The longest declared name at a place, and where it ends."""
        # Looked up piece by piece: a model may declare very many names, and every word of every entry asks.
        piece = _PIECE.match(text, at)
        most = self._longest.get(piece[2], 0) if piece else 0
        name, found = "", None
        while piece and most:
            name += _spaced(piece[1], piece[2])
            at, most = piece.end(), most - 1
            following = _PIECE.match(text, at)
            if name in self._names and not (following and not following[1] and _WORD.match(following[2])):
                found = name, at
            piece = following
        return found


def _spaced(blank: str, piece: str) -> str:
    return f" {piece}" if blank else piece


_FUNCTIONS = Vocabulary(FUNCTIONS)


def _tokens(text: str, names: Vocabulary) -> list[_Token]:
    if len(text) > MAX_LENGTH:
        raise NotFeel(f"{len(text):,} characters", ("is too much", "过多"), 0)
    found: list[_Token] = []
    at = 0
    while True:
        space = _SPACE.match(text, at)
        at = space.end() if space else at
        if at >= len(text):
            return found
        if len(found) >= MAX_TOKENS:
            raise NotFeel(f"more than {MAX_TOKENS:,} words and signs", ("is too much", "过多"), at)
        token, at = _token(text, at, names)
        found.append(token)


def _token(text: str, at: int, names: Vocabulary) -> tuple[_Token, int]:
    called = _FUNCTIONS.match(text, at)
    if called is not None and text[called[1] :].lstrip().startswith("("):
        return _Token("name", called[0], at), called[1]
    known = names.match(text, at)
    if known is not None:
        return _Token("name", known[0], at), known[1]
    for kind, pattern in (("string", _STRING), ("number", _NUMBER), ("name", _NAME), ("sign", _SIGN)):
        found = pattern.match(text, at)
        if found is not None and not (kind == "name" and found[0].startswith("?")):
            word = found[0]
            return _Token("word" if kind == "name" and word in _KEYWORDS else kind, word, at), found.end()
    raise syntax(repr(text[at : at + 20]), at)


@define
class Parser:
    """Reads FEEL texts; every method of a grammar rule leaves the place after what it read."""

    names: Vocabulary
    _found: list[_Token] = field(factory=list, init=False)
    _place: int = field(default=0, init=False)
    _depth: int = field(default=0, init=False)

    def expression(self, text: str) -> Node:
        """
        Read an expression.

        Raises:
            NotFeel: it is none, or holds what is not supported.
        """
        self._begin(text)
        found = self._expression()
        self._end()
        return found

    def tests(self, text: str) -> Tests:
        """
        Read unary tests: an input entry, or allowed values.

        Raises:
            NotFeel: they are none, or hold what is not supported.
        """
        self._begin(text)
        if not self._found or (len(self._found) == 1 and self._is("-")):
            return Tests()
        negated = self._is("not", "word") and self._is("(", ahead=1) and self._closes_last(1)
        if negated:
            self._place += 2
        parts = self._listed(self._test)
        if negated:
            self._take(")")
        self._end()
        return Tests(tuple(parts), negated)

    # tokens ---------------------------------------------------------------------------------------------------------

    def _begin(self, text: str) -> None:
        self._found, self._place, self._depth = _tokens(text, self.names), 0, 0

    def _end(self) -> None:
        if self._place < len(self._found):
            raise self._unexpected()

    def _unexpected(self) -> NotFeel:
        if self._place >= len(self._found):
            last = self._found[-1] if self._found else _Token("", "", 0)
            return NotFeel("the end", ("comes too early", "过早结束"), last.at + len(last.text))
        token = self._found[self._place]
        if token.kind == "word" and token.text in _REFUSED:
            return unsupported(f"'{token.text}'", token.at)
        return syntax(f"'{token.text}'", token.at)

    def _deep(self, count: int) -> None:
        if count > MAX_CHAIN:
            raise NotFeel(f"more than {MAX_CHAIN} operations in a row", ("is too much", "过多"), self._at())

    def _is(self, text: str, kind: str = "sign", *, ahead: int = 0) -> bool:
        place = self._place + ahead
        return place < len(self._found) and (self._found[place].kind, self._found[place].text) == (kind, text)

    def _next(self, *texts: str, kind: str = "sign") -> _Token | None:
        for text in texts:
            if self._is(text, kind):
                self._place += 1
                return self._found[self._place - 1]
        return None

    def _take(self, text: str, kind: str = "sign") -> _Token:
        token = self._next(text, kind=kind)
        if token is None:
            raise self._unexpected()
        return token

    def _at(self) -> int:
        return self._found[self._place].at if self._place < len(self._found) else 0

    def _closes_last(self, ahead: int) -> bool:
        """Whether the bracket that opens here closes with the last sign of all."""
        depth = 0
        for place in range(self._place + ahead, len(self._found)):
            token = self._found[place]
            if token.kind == "sign":
                depth += (token.text == "(") - (token.text == ")")
            if depth == 0:
                return place == len(self._found) - 1
        return False

    def _opens_range(self) -> bool:
        """Whether a range begins here: two dots stand before the bracket closes, and no comma."""
        if self._is("]"):
            return True
        if not (self._is("[") or self._is("(")):
            return False
        depth = 0
        for token in self._found[self._place + 1 :]:
            if token.kind != "sign":
                continue
            if token.text == ".." and depth == 0:
                return True
            if token.text in "([{":
                depth += 1
            elif token.text in ")]}":
                depth -= 1
            if depth < 0 or (token.text == "," and depth == 0):
                return False
        return False

    # grammar --------------------------------------------------------------------------------------------------------

    def _listed(self, part: Any) -> list[Node]:
        found = [part()]
        while self._next(","):
            found.append(part())
        return found

    def _test(self) -> Node:
        at = self._at()
        sign = self._next(*ORDER, "=", "!=")
        if sign is not None:
            return Node("test", sign.text, (self._sum(),), at)
        return self._range() if self._opens_range() else self._expression()

    def _range(self) -> Node:
        opening = self._next("[", "(", "]")
        assert opening is not None
        low = self._sum()
        self._take("..")
        high = self._sum()
        closing = self._next("]", ")", "[")
        if closing is None:
            raise self._unexpected()
        return Node("range", (opening.text == "[", closing.text == "]"), (low, high), opening.at)

    def _expression(self) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise NotFeel(f"more than {MAX_DEPTH} levels", ("is too deep", "嵌套过深"), self._at())
        found = self._condition() if self._is("if", "word") else self._joined("or")
        self._depth -= 1
        return found

    def _condition(self) -> Node:
        at = self._take("if", "word").at
        asked = self._expression()
        self._take("then", "word")
        yes = self._expression()
        self._take("else", "word")
        return Node("if", None, (asked, yes, self._expression()), at)

    def _joined(self, word: str) -> Node:
        at = self._at()
        parts = [self._joined("and") if word == "or" else self._compared()]
        while self._next(word, kind="word"):
            parts.append(self._joined("and") if word == "or" else self._compared())
        return parts[0] if len(parts) == 1 else Node(word, None, tuple(parts), at)

    def _compared(self) -> Node:
        at = self._at()
        left = self._sum()
        if self._next("between", kind="word"):
            low = self._sum()
            self._take("and", "word")
            return Node("in", None, (left, Node("range", (True, True), (low, self._sum()), at)), at)
        if self._next("in", kind="word"):
            return Node("in", None, (left, *self._in_tests()), at)
        sign = self._next(*ORDER, "=", "!=")
        if sign is None:
            return left
        return Node("compare", sign.text, (left, self._sum()), at)

    def _in_tests(self) -> list[Node]:
        if self._is("(") and not self._opens_range():
            self._place += 1
            found = self._listed(self._test)
            self._take(")")
            return found
        return [self._test_alone()]

    def _test_alone(self) -> Node:
        sign = self._next(*ORDER, "=", "!=")
        if sign is not None:
            return Node("test", sign.text, (self._sum(),), sign.at)
        return self._range() if self._opens_range() else self._sum()

    def _sum(self) -> Node:
        left, count = self._product(), 0
        while sign := self._next("+", "-"):
            self._deep(count := count + 1)
            left = Node("sum", sign.text, (left, self._product()), sign.at)
        return left

    def _product(self) -> Node:
        left, count = self._signed(), 0
        while sign := self._next("*", "/", "**"):
            self._deep(count := count + 1)
            if sign.text == "**":
                raise unsupported("'**'", sign.at)
            left = Node("product", sign.text, (left, self._signed()), sign.at)
        return left

    def _signed(self) -> Node:
        minus = []
        while sign := self._next("-"):
            minus.append(sign.at)
            self._deep(len(minus))
        found = self._member()
        for at in reversed(minus):
            number = found.kind == "number"
            found = Node("number", -found.value, (), at) if number else Node("minus", None, (found,), at)
        return found

    def _member(self) -> Node:
        found, count = self._primary(), 0
        while True:
            self._deep(count := count + 1)
            if self._is("[") and found.kind in ("name", "call", "list", "member"):
                raise unsupported("a filter '[...]'", self._at())
            if self._is("instance", "word"):
                raise unsupported("'instance of'", self._at())
            if not self._next("."):
                return found
            token = self._found[self._place] if self._place < len(self._found) else None
            if token is None or token.kind != "name":
                raise self._unexpected()
            self._place += 1
            if found.kind not in ("name", "member"):
                raise unsupported(f"'.{token.text}' of what is no name", token.at)
            found = Node("member", token.text, (found,), found.at)

    def _primary(self) -> Node:
        if self._place >= len(self._found):
            raise self._unexpected()
        token = self._found[self._place]
        self._place += 1
        if token.kind == "number":
            return Node("number", _number(token), (), token.at)
        if token.kind == "string":
            return Node("string", _unquoted(token), (), token.at)
        if token.kind == "word" and token.text in ("true", "false", "null"):
            return Node("const", {"true": True, "false": False, "null": None}[token.text], (), token.at)
        if token.kind == "name" or (token.kind == "word" and token.text == "not" and self._is("(")):
            return self._call(token) if self._is("(") else Node("name", token.text, (), token.at)
        if token.text == "?" and token.kind == "sign":
            return Node("input", None, (), token.at)
        if token.text == "@" and token.kind == "sign" and self._place < len(self._found):
            text = self._found[self._place]
            if text.kind == "string":
                self._place += 1
                return Node("at", _unquoted(text), (), token.at)
        return self._bracketed(token)

    def _bracketed(self, token: _Token) -> Node:
        if token.kind == "sign" and token.text == "(":
            found = self._expression()
            self._take(")")
            return found
        if token.kind == "sign" and token.text == "[":
            self._place -= 1
            if self._opens_range():
                raise unsupported("a range as a value", token.at)
            self._place += 1
            items = [] if self._is("]") else self._listed(self._expression)
            self._take("]")
            return Node("list", None, tuple(items), token.at)
        if token.kind == "sign" and token.text == "{":
            raise unsupported("a context '{...}'", token.at)
        self._place -= 1
        raise self._unexpected()

    def _call(self, token: _Token) -> Node:
        self._take("(")
        arguments = [] if self._is(")") else self._listed(self._argument)
        self._take(")")
        return Node("call", token.text, tuple(arguments), token.at)

    def _argument(self) -> Node:
        if self._place < len(self._found) and self._found[self._place].kind == "name" and self._is(":", ahead=1):
            raise unsupported("an argument by name", self._at())
        return self._expression()


def _number(token: _Token) -> Decimal:
    number = Decimal(token.text)
    if abs(number.adjusted()) > 60 or len(token.text) > 100:
        raise NotFeel(token.text[:40], ("has more digits than a number here", "位数过多"), token.at)
    return number


def _unquoted(token: _Token) -> str:
    def plain(found: re.Match[str]) -> str:
        code = found[1] or found[2]
        if code is not None:
            if int(code, 16) > 0x10FFFF:
                raise syntax(f"'{found[0]}'", token.at + found.start())
            return chr(int(code, 16))
        if found[3] not in _ESCAPES:
            raise syntax(f"'{found[0]}'", token.at + found.start())
        return _ESCAPES[found[3]]

    text = _ESCAPE.sub(plain, token.text[1:-1])
    # An escape may write a character of the upper planes as the pair that UTF-16 makes of it.
    joined = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if not text.isascii() else text
    if "\ufffd" in joined and "\ufffd" not in text:
        raise NotFeel("half a surrogate pair", ("is no character", "不是字符"), token.at)
    return joined
