"""Where mail goes out and where Trygg is found, read from the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from engine.people.contact import is_address

PORTS = {"smtp": 25, "starttls": 587, "smtps": 465}


class BadSetting(Exception):
    """A setting can't be used; the text says which one, and what it should be."""


@dataclass(frozen=True)
class MailSettings:
    """security: smtp (none), starttls (asked for, and a must) or smtps (from the first byte)."""

    security: str
    host: str
    port: int
    user: str | None
    password: str | None
    sender: str
    address: str


def own_address() -> str | None:
    """Where Trygg is found (TRYGG_URL), without a slash at its end; None when nobody has said."""
    text = os.environ.get("TRYGG_URL")
    if not text:
        return None
    text = text.rstrip("/")
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise BadSetting("TRYGG_URL skal være adressen til Trygg, for eksempel https://trygg.no")
    return text


def mail_settings() -> MailSettings | None:
    """The mail server (TRYGG_SMTP) and who the mail is from; None when no server is set.

    Raises BadSetting: a mail server without a sender or an address to link to sends nothing.
    """
    text = os.environ.get("TRYGG_SMTP")
    if not text:
        return None
    parts = urlsplit(text)
    try:
        port = parts.port or PORTS.get(parts.scheme)
    except ValueError:
        port = None
    if parts.scheme not in PORTS or not parts.hostname or not port:
        raise BadSetting("TRYGG_SMTP skal være smtp://, starttls:// eller smtps:// og en tjener")
    user, password = (unquote(part) if part else None for part in (parts.username, parts.password))
    if not ((user or "") + (password or "")).isascii():
        raise BadSetting("TRYGG_SMTP: brukernavn og passord kan bare ha tegn fra ASCII")
    sender = os.environ.get("TRYGG_MAIL_FROM", "")
    if not is_address(sender):
        raise BadSetting("TRYGG_MAIL_FROM skal være adressen som e-posten sendes fra")
    address = own_address()
    if address is None:
        raise BadSetting("TRYGG_URL må settes når e-post skal sendes, for den lenker dit")
    return MailSettings(
        security=parts.scheme,
        host=parts.hostname,
        port=port,
        user=user,
        password=password,
        sender=sender,
        address=address,
    )
