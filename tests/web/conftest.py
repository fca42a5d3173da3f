"""A small school, and a browser's client for each of its people."""

import pytest

from tests.school import PASSWORD, post
from web.app import create_app
from web.security import limiter


@pytest.fixture
def app(product, school):
    app = create_app(product, SECRET_KEY="test", TESTING=True)
    limiter.reset()
    return app


@pytest.fixture
def client(app):
    """A browser that nobody has logged in with."""
    return app.test_client()


@pytest.fixture
def log_in(app):
    """`log_in("maja")` gives a browser in which Maja is logged in; `shared` ticks the box."""

    def log_in(username: str, shared: bool = False):
        client = app.test_client()
        data = {"brukernavn": username, "passord": PASSWORD}
        answer = post(client, "/logg-inn", data | ({"felles": "ja"} if shared else {}))
        assert answer.status_code == 303, answer.text
        return client

    return log_in
