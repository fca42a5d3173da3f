"""The line to a mail server that is encrypted and asks for a password, with a real certificate."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from engine.jobs.post import Post, Unreachable
from engine.jobs.settings import MailSettings
from tests.mailbox import ADDRESS, Mailbox, free_port

USER, PASSWORD = "trygg", "blaabaer:%"
AT = datetime(2026, 9, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """The file of a certificate for 127.0.0.1, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    own = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "own.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(secret + own.public_bytes(serialization.Encoding.PEM))
    return path


def authenticate(_server, _session, _envelope, _mechanism, given) -> AuthResult:
    right = (given.login, given.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False)


@pytest.fixture
def box(certificate):
    box = Mailbox()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    box.controller = Controller(
        box,
        hostname="127.0.0.1",
        port=free_port(),
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=authenticate,
    )
    box.controller.start()
    yield box
    box.controller.stop()


def send(box, security: str = "starttls", password: str = PASSWORD) -> None:
    sender = "trygg@skole.example"
    settings = MailSettings(
        security, "127.0.0.1", box.controller.port, USER, password, sender, ADDRESS
    )
    with Post(settings).line() as line:
        line.send("maja@skole.example", "Emne med æøå", "Tekst.\n", "1", AT)


def test_a_server_that_is_known_gets_password_and_mail(box, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    send(box)
    ((to, mail),) = box.got
    assert (to, mail["Subject"]) == ("maja@skole.example", "Emne med æøå")
    assert mail["Message-ID"] == "<1@skole.example>"


def test_a_server_with_another_certificate_gets_neither(box):
    with pytest.raises(Unreachable, match="SSLCertVerificationError"):
        send(box)
    assert box.got == []


def test_a_wrong_password_is_the_operators_matter_and_is_told_to_nobody(
    box, certificate, monkeypatch
):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with pytest.raises(Unreachable) as refused:
        send(box, password="hemmelig feil")
    assert str(refused.value) == "SMTPAuthenticationError"


def test_a_server_that_wants_encryption_gets_nothing_without(box):
    with pytest.raises(Unreachable):
        send(box, security="smtp")
    assert box.got == [] and box.asked == []
