"""Knows the tree of exceptions; must not know what raises them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from servflow.errors._catalogue import render, spoken
from servflow.errors._findings import Finding
from servflow.errors._titled import by_titles


def _rebuild(kind: type[ServflowError], message: str, facts: dict[str, Any]) -> ServflowError:
    return kind(message, **facts)


class ServflowError(Exception):
    """
    Root of everything servflow raises on purpose.

    Args:
        message: the sentence, in lower case, with the facts in it.
        facts: the same facts for programs; each is also an attribute of the error.
    """

    default_code: ClassVar[str] = "error"

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts

    @property
    def code(self) -> str:
        """What went wrong, in one stable word."""
        return str(self.facts.get("code", self.default_code))

    def __getattr__(self, name: str) -> Any:
        facts = self.__dict__.get("facts", {})
        if name in facts:
            return facts[name]
        raise AttributeError(f"{type(self).__name__} has no fact named {name!r}")

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.message, self.facts)


def _in_language(error: ServflowError, lang: str) -> str:
    found = tuple(error.facts.get("findings") or ())
    return error.message if lang == "en" or not found else found[0].text(lang).removesuffix(f" [{found[0].code}]")


class TimeError(ServflowError, ValueError):
    """An instant is naive, or lies where it may not; says which instant and what is allowed."""

    default_code = "time"


class DefinitionError(ServflowError, ValueError):
    """A definition is refused; ``findings`` holds every problem at once, in document order."""

    default_code = "definition"

    @classmethod
    def of(cls, findings: Iterable[Finding], lang: str = "en") -> DefinitionError:
        """
        The error for these findings, written in one language.

        Args:
            findings: all problems, not only the first.
            lang: ``en`` or ``zh``.
        """
        found = tuple(findings)
        lines = "\n".join(f"  {finding.text(lang)}" for finding in found)
        head = f"{len(found)} problem{'' if len(found) == 1 else 's'} in the definition:"
        if spoken(lang) == "zh":
            head = f"定义中有 {len(found)} 个问题："  # noqa: RUF001 - Chinese text uses full-width punctuation
        return cls(f"{head}\n{lines}", findings=found)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every problem found, in document order."""
        return tuple(self.facts.get("findings", ()))


class ExpressionError(ServflowError, ValueError):
    """
    A condition cannot be parsed, typed or evaluated.

    ``text`` is the source and ``position`` the offset in it (from 0), where they are known.
    """

    default_code = "expression"


class Refused(ServflowError):
    """
    An event is not allowed here and now; the ticket is unchanged.

    ``code`` is one of ``unknown``, ``not_here``, ``guard``, ``not_permitted``, ``payload``, ``stale``,
    ``past``; the facts carry what is needed to tell the user why, in ``event`` and the fields that
    each code documents. What takes a while to work out (which change would allow it) is worked out when the
    message or the facts are first looked at, as of the refusal; the code alone costs nothing.
    """

    default_code: ClassVar[str] = "refused"

    def __init__(self, message: str, **facts: Any) -> None:
        self._more: Callable[[], tuple[str, Mapping[str, Any]]] | None = None
        super().__init__(message, **facts)

    @classmethod
    def with_more(cls, message: str, facts: Mapping[str, Any], more: Callable[[], tuple[str, Mapping[str, Any]]]) -> Refused:
        """
        A refusal that works the rest out when somebody wants to know.

        Args:
            message: the sentence, as far as it is known.
            facts: likewise; the code among them.
            more: gives what is added to the sentence and to the facts; asked at most once.
        """
        made = cls(message, **facts)
        made._more = more
        return made

    def _complete(self) -> None:
        more, self._more = self._more, None
        if more is not None:
            said, facts = more()
            self._message += said
            self._facts.update(facts)
            self.args = (self._message,)

    @property
    def message(self) -> str:
        """The sentence with the facts in it."""
        self._complete()
        return self._message

    @message.setter
    def message(self, message: str) -> None:
        self._message = message

    @property
    def facts(self) -> dict[str, Any]:
        """What a program needs to know."""
        self._complete()
        return self._facts

    @facts.setter
    def facts(self, facts: dict[str, Any]) -> None:
        self._facts = facts

    @property
    def code(self) -> str:
        """What went wrong, in one stable word."""
        return str(self._facts.get("code", self.default_code))

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and name in self.facts:
            return self.facts[name]
        raise AttributeError(f"{type(self).__name__} has no fact named {name!r}")

    def __str__(self) -> str:
        return self.message

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.message!r})"

    def text(self, lang: str = "en", called: Callable[..., str] | None = None) -> str:
        """
        The refusal as one sentence.

        Args:
            lang: ``en`` or ``zh``.
            called: ``Workflow.called`` of the workflow, to tell events, states, roles, clocks and the field to change by
                their titles; without it they are told by name. What conditions say stays as the definition writes it.
        """
        if called is None and lang == "en":
            return self.message
        return render(f"refused.{self.code}", by_titles(self.facts, called, lang), lang)


class LimitError(ServflowError):
    """A bound that keeps untrusted definitions from running away was reached; nothing was changed."""

    default_code = "limit"


class InputError(ServflowError, ValueError):
    """A file, a row or an argument from outside cannot be read; says where and what is expected."""

    default_code = "input"

    def text(self, lang: str = "en") -> str:
        """
        The message in a language; in English where it was written in no other.

        Edits and what editors send are refused in ``en`` and ``zh``: the first of their ``findings`` says the sentence.
        """
        return _in_language(self, lang)


class StoreError(ServflowError):
    """A store cannot do what was asked; nothing was half-written."""

    default_code = "store"

    def text(self, lang: str = "en") -> str:
        """The message in a language, as that of an ``InputError``: what refuses the exchange of a definition has both."""
        return _in_language(self, lang)


class Conflict(StoreError):
    """The ticket was changed by somebody else first; load it again and decide again."""

    default_code = "conflict"


class ReservationRefused(StoreError):
    """Something that must hold across tickets does not hold; ``reservation`` says which."""

    default_code = "reservation"


class NotFound(StoreError, LookupError):
    """The store holds no such ticket or definition."""

    default_code = "not_found"


class FormatError(StoreError):
    """The data was written by a newer or foreign version; nothing was touched."""

    default_code = "format"
