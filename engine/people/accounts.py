"""Accounts: making one, checking a password, changing it.

Passwords are kept as argon2id hashes only. An unknown name costs as much work as a known one.
"""

from __future__ import annotations

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.database.tables import Account
from engine.refusals import Fault, Reason, Refusal
from engine.sentences import say

SHORTEST, LONGEST = 12, 200  # characters in a password
LANGUAGES = ("nb", "nn", "en")  # in which a person can have the pages


class Passwords:
    """How much work a password costs: argon2-cffi's own choice (RFC 9106) unless set otherwise."""

    def __init__(self, hasher: PasswordHasher):
        self.use(hasher)

    def use(self, hasher: PasswordHasher) -> None:
        """Set the work from now on. Tests use little."""
        self.hasher = hasher
        self.nobody = hasher.hash("no account has this password")

    def hash(self, password: str) -> str:
        return self.hasher.hash(_normal(password))

    def fits(self, hashed: str, password: str) -> bool:
        try:
            return self.hasher.verify(hashed, _normal(password))
        except (VerificationError, InvalidHashError):
            return False


passwords = Passwords(PasswordHasher())


def create_account(
    session: Session, username: str, name: str, password: str, language: str = "nb"
) -> Account:
    """Make an account. Raises a Refusal (UGYLDIG_SVAR) for a name in use or a weak password."""
    username = _username(username)
    if not username or not name.strip():
        raise _fault("brukernavn", say("Skriv både brukernavn og navn."))
    if session.scalar(select(Account.id).where(Account.username == username)) is not None:
        raise _fault(
            "brukernavn", say("Brukernavnet %(name)s er i bruk. Velg et annet.", name=username)
        )
    _check(password)
    account = Account(
        username=username,
        name=name.strip(),
        password_hash=passwords.hash(password),
        active=True,
        language=language,
    )
    session.add(account)
    session.flush()
    return account


def verify(session: Session, username: str, password: str) -> Account | None:
    """The active account with this name and password, or None. Writes nothing."""
    account = session.scalar(select(Account).where(Account.username == _username(username)))
    known = account is not None and account.active and account.password_hash != ""
    fits = passwords.fits(account.password_hash if known else passwords.nobody, password)
    return account if known and fits else None


def renew_hash(account: Account, password: str) -> None:
    """After a login: hash the password anew if it was hashed with other work than today's."""
    if passwords.hasher.check_needs_rehash(account.password_hash):
        account.password_hash = passwords.hash(password)


def change_password(account: Account, old: str, new: str) -> None:
    """Change the account's own password. Raises a Refusal (UGYLDIG_SVAR) saying what is wrong."""
    if not passwords.fits(account.password_hash, old):
        raise _fault("gammelt", say("Det gamle passordet stemmer ikke."))
    _check(new)
    account.password_hash = passwords.hash(new)


def choose_language(account: Account, language: str) -> None:
    """Set the language in which the person has the pages. Raises a Refusal (UGYLDIG_SVAR)."""
    if language not in LANGUAGES:
        raise _fault("sprak", say("Velg et av språkene."))
    account.language = language


def _check(password: str) -> None:
    if not SHORTEST <= len(_normal(password)) <= LONGEST:
        said = say(
            "Passordet må ha mellom %(least)s og %(most)s tegn.", least=SHORTEST, most=LONGEST
        )
        raise _fault("passord", said)


def _fault(path: str, message: str) -> Refusal:
    return Refusal.of_answers([Fault(path, Reason.UGYLDIG_SVAR, message)])


def _username(username: str) -> str:
    return unicodedata.normalize("NFKC", username).strip().casefold()


def _normal(password: str) -> str:
    """The same text however the keyboard composed its letters."""
    return unicodedata.normalize("NFKC", password)
