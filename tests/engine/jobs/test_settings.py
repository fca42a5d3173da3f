"""The settings of mail: what is read, and what is said of a wrong one."""

from __future__ import annotations

import pytest

from engine.jobs.settings import BadSetting, mail_settings, own_address
from engine.people.contact import is_address

GOOD = {
    "TRYGG_SMTP": "starttls://trygg:hemme%3Alig@post.skole.example",
    "TRYGG_MAIL_FROM": "trygg@skole.example",
    "TRYGG_URL": "https://trygg.skole.example/",
}


@pytest.fixture
def setting(monkeypatch):
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    return monkeypatch.setenv


def test_all_set(setting):
    found = mail_settings()
    assert (found.security, found.host, found.port) == ("starttls", "post.skole.example", 587)
    assert (found.user, found.password) == ("trygg", "hemme:lig")
    assert found.address == "https://trygg.skole.example"


def test_without_a_server_there_is_no_mail(setting):
    setting("TRYGG_SMTP", "")
    assert mail_settings() is None
    assert own_address() == "https://trygg.skole.example"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TRYGG_SMTP", "post.skole.example"),
        ("TRYGG_SMTP", "http://post.skole.example"),
        ("TRYGG_SMTP", "smtp://post.skole.example:nei"),
        ("TRYGG_SMTP", "smtp://"),
        ("TRYGG_SMTP", "smtps://trygg:bl%C3%A5@post.skole.example"),
        ("TRYGG_MAIL_FROM", ""),
        ("TRYGG_MAIL_FROM", "Trygg <trygg@skole.example>"),
        ("TRYGG_URL", ""),
        ("TRYGG_URL", "trygg.skole.example"),
        ("TRYGG_URL", "javascript://x"),
    ],
)
def test_a_wrong_setting_is_named(setting, name, value):
    setting(name, value)
    with pytest.raises(BadSetting, match=name):
        mail_settings()


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("maja@skole.example", True),
        ("maja.larer+trygg@post.skole.example", True),
        ("maja", False),
        ("maja@skole", False),
        ("maja@@skole.example", False),
        ("Maja <maja@skole.example>", False),
        ("maja@skole.example\r\nBcc: x@y.example", False),
        ("maja@skole.example, x@y.example", False),
        ("mæja@skole.example", False),
        ("a" * 250 + "@x.no", False),
        ("", False),
    ],
)
def test_what_is_an_address(text, fits):
    assert is_address(text) is fits
