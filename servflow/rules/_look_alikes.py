"""Knows which characters look like those of cells and names and are others; must not know what a cell means."""

# ruff: noqa: RUF001 - the look-alikes themselves

from __future__ import annotations

import re
import unicodedata

_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")

# Punctuation as Chinese and German keyboards, word processors and spreadsheets write it.
_SIGNS = {
    **dict.fromkeys("“”„‟″〝〞", '"'),
    **dict.fromkeys("‘’‚‛′", "'"),
    **dict.fromkeys("，、﹐", ","),
    **dict.fromkeys("。．", "."),
    **dict.fromkeys("—–−‐‑‒―", "-"),
    **dict.fromkeys("…‥", ".."),
    "≥": ">=",
    "≧": ">=",
    "≤": "<=",
    "≦": "<=",
    "≠": "!=",
    "【": "[",
    "】": "]",
    "〔": "[",
    "〕": "]",
    "×": "*",
    "÷": "/",
}
_LETTERS = {
    **dict(zip("аеорсухіјѕһԁԛԝѵАВЕКМНОРСТУХІЈЅ", "aeopcyxijshdqwvABEKMHOPCTYXIJS", strict=True)),  # Cyrillic
    **dict(zip("οανικρτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "oavikptuxABEZHIKMNOPTYX", strict=True)),  # Greek
}
_PLAIN = _SIGNS | _LETTERS


def plain_spelling(text: str) -> str | None:
    """
    The text with every look-alike outside quotes written plainly; None where there is none.

    Full-width characters, typographic signs, letters of other scripts that look Latin, and characters that nobody sees.
    """
    if text.isascii():
        return None
    pieces: list[str] = []
    end = 0
    for quoted in _QUOTED.finditer(text):
        pieces += (_spelled(text[end : quoted.start()]), quoted[0])
        end = quoted.end()
    plain = "".join((*pieces, _spelled(text[end:])))
    return plain if plain != text else None


def plain_name(name: str) -> str | None:
    """The Latin name a name looks like, where it is written with other characters; else None."""
    if name.isascii():
        return None
    plain = _spelled(name)
    return plain if plain.isascii() and plain != name else None


def _spelled(text: str) -> str:
    return "".join(letter if letter.isascii() else _plain(letter) for letter in text)


def _plain(letter: str) -> str:
    if letter in _PLAIN:
        return _PLAIN[letter]
    if unicodedata.category(letter) in ("Cf", "Zl", "Zp"):
        return ""
    folded = unicodedata.normalize("NFKC", letter)
    return folded if folded.isascii() else _PLAIN.get(folded, letter)
