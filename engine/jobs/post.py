"""The mail server, as the outbox meets it: one connection, one mail after the other.

What goes wrong is either the server's (nobody's mail goes out now) or one receiver's.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.utils import format_datetime

from engine.jobs.settings import MailSettings

SECONDS = 20  # how long the server may be silent


class Unreachable(Exception):
    """The server can't be used now: it is away, or refuses Trygg itself. For the operator."""


class NotTaken(Exception):
    """The server did not take this mail. code: its answer; for_good: trying again is no use."""

    def __init__(self, code: int):
        super().__init__(str(code))
        self.code, self.for_good = code, code >= 500


class Post:
    """Sends mail as the settings say."""

    def __init__(self, settings: MailSettings):
        self.settings = settings

    @contextmanager
    def line(self) -> Iterator[Line]:
        """A connection, closed at the end. Raises Unreachable."""
        server = self._connect()
        try:
            yield Line(server, self.settings)
        finally:
            with suppress(smtplib.SMTPException, OSError):
                server.quit()

    def _connect(self) -> smtplib.SMTP:
        chosen, server = self.settings, None
        try:
            if chosen.security == "smtps":
                server = smtplib.SMTP_SSL(
                    chosen.host, chosen.port, timeout=SECONDS, context=ssl.create_default_context()
                )
            else:
                server = smtplib.SMTP(chosen.host, chosen.port, timeout=SECONDS)
            if chosen.security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if chosen.user:
                server.login(chosen.user, chosen.password or "")
        except (smtplib.SMTPException, OSError) as error:
            if server is not None:
                server.close()
            # The class says what it is; the text may hold the password's encoding.
            raise Unreachable(type(error).__name__) from None
        return server


class Line:
    """An open connection."""

    def __init__(self, server: smtplib.SMTP, settings: MailSettings):
        self._server, self._settings = server, settings

    def send(self, to: str, subject: str, text: str, key: str, at) -> None:
        """Send one mail. key: the same for the same mail, so that a receiver who gets it twice can
        tell; at: when it was made. Raises NotTaken or Unreachable."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self._settings.sender, to, subject
        mail["Date"] = format_datetime(at)
        mail["Message-ID"] = f"<{key}@{self._settings.sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(text)
        try:
            self._server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as refused:
            (code, _words), *_ = refused.recipients.values()
            raise NotTaken(code) from None
        except smtplib.SMTPDataError as refused:
            raise NotTaken(refused.smtp_code) from None
        except (smtplib.SMTPException, OSError) as error:
            raise Unreachable(type(error).__name__) from None
