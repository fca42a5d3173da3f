"""A school with a case on its way, and a mail server beside it."""

import pytest
from sqlalchemy import update

from engine.database.tables import Account
from tests.engine.cases.conftest import Story, player, run, story  # noqa: F401
from tests.mailbox import mail_server, post_to


@pytest.fixture
def server():
    with mail_server() as (box, controller):
        yield box, controller


@pytest.fixture
def box(server):
    return server[0]


@pytest.fixture
def post(server):
    return post_to(server[1])


@pytest.fixture
def reach(story):  # noqa: F811
    """`reach(rektor="straks")`: gives those who are named an address, and a choice."""

    def reach(**choices: str) -> None:
        with story.product.database.transaction() as session:
            for name, choice in choices.items():
                session.execute(
                    update(Account)
                    .where(Account.id == story.account(name))
                    .values(email=f"{name}@skole.example", mail_choice=choice)
                )

    return reach
