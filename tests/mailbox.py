"""A real mail server on this machine, which keeps what it is given."""

from __future__ import annotations

import email
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.controller import Controller

from engine.jobs.post import Post
from engine.jobs.settings import MailSettings

ADDRESS = "https://trygg.example"
GONE, LATER, DROPS = "borte", "senere", "legger-paa"
"""What an address begins with that does not exist, is full, or makes the server hang up."""


class Mailbox:
    """got: receiver and mail, in the order they came. arriving: called before a mail is taken."""

    def __init__(self):
        self.got: list[tuple[str, EmailMessage]] = []
        self.arriving: Callable[[str], None] = lambda to: None
        self.asked: list[str] = []

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        self.asked.append(address)
        if address.startswith(GONE):
            return "550 5.1.1 no such user"
        if address.startswith(LATER):
            return "451 4.2.1 try later"
        if address.startswith(DROPS):
            server.transport.abort()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        (to,) = envelope.rcpt_tos
        self.arriving(to)
        self.got.append((to, email.message_from_bytes(envelope.content, policy=default)))
        return "250 OK"

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for to, mail in self.got if to == address]

    @property
    def receivers(self) -> list[str]:
        return sorted(to for to, _ in self.got)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@contextmanager
def mail_server() -> Iterator[tuple[Mailbox, Controller]]:
    """The server and its box; the controller knows host and port, and can stop it."""
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield box, controller
    finally:
        controller.stop()


def post_to(controller: Controller) -> Post:
    """What sends to this server."""
    sender = "trygg@trygg.example"
    where = (controller.hostname, controller.port)
    return Post(MailSettings("smtp", *where, None, None, sender, ADDRESS))
