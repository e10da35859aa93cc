"""Knows who sits before the screen, from a cookie that is signed; must not know what they may do."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from attrs import frozen

COOKIE = "crm_session"
LANGUAGE = "crm_language"


@frozen
class Session:
    """
    One browser: a random id, and who was picked in it.

    A real CRM asks for a password where this one lets people pick themselves. What both share: the actor of an event is read
    from here, never from a form.
    """

    id: str
    user: str = ""


class Signer:
    """Signs sessions and the tokens of their forms with one secret."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def _mark(self, purpose: str, text: str) -> str:
        return hmac.new(self._secret, f"{purpose}:{text}".encode(), hashlib.sha256).hexdigest()

    def write(self, session: Session) -> str:
        """What the cookie holds."""
        text = f"{session.id}.{session.user}"
        return f"{text}.{self._mark('session', text)}"

    def read(self, cookie: str | None) -> Session:
        """The session of a cookie; a new one where there is none, or where somebody changed it."""
        text, _, mark = (cookie or "").rpartition(".")
        if text and mark.isascii() and hmac.compare_digest(mark, self._mark("session", text)):
            id_, _, user = text.partition(".")
            return Session(id_, user)
        return Session(secrets.token_urlsafe(16))

    def token(self, session: Session) -> str:
        """What a form of this session must bring back, so that no other site can send it."""
        return self._mark("form", session.id)

    def right(self, session: Session, token: str) -> bool:
        """Whether a form brought it back."""
        return token.isascii() and hmac.compare_digest(token, self.token(session))
