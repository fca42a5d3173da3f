"""A routine that is taken up now, and its steps done one by one."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

from sqlalchemy import select

from engine.cases.submit import SubmitTask, submit_task
from engine.database.tables import Case, Event, Task, YearRow
from engine.records.log import Kind
from engine.year.edits import take_up


class Course:
    """The case of the row `key`, for its group, opened by rektor on the product's day."""

    def __init__(self, product, school, key: str, group: str = ""):
        self.product, self.school = product, school
        with product.database.session() as session:
            row_id = session.scalar(select(YearRow.id).where(YearRow.key == key))
        due = date(2027, 6, 15)
        number = take_up(product, school.accounts["berit"], school.id, row_id, due, group)
        with product.database.session() as session:
            self.case_id = session.scalar(select(Case.id).where(Case.number == number))

    def open(self) -> list[str]:
        """The steps that are open, in the order they came."""
        with self.product.database.session() as session:
            return list(
                session.scalars(
                    select(Task.step)
                    .where(Task.case_id == self.case_id, Task.state == "open")
                    .order_by(Task.id)
                )
            )

    def task(self, step: str) -> Task:
        with self.product.database.session() as session:
            return session.scalar(
                select(Task)
                .where(Task.case_id == self.case_id, Task.step == step, Task.state == "open")
                .order_by(Task.id)
            )

    def do(self, step: str, by: str, **answers) -> None:
        """Complete the oldest open task of this step."""
        submit_task(
            self.product,
            SubmitTask(
                task_id=self.task(step).id,
                account_id=self.school.accounts[by],
                answers=answers,
                receipt=str(uuid4()),
            ),
        )

    def ends(self) -> list[str]:
        with self.product.database.session() as session:
            return list(
                session.scalars(
                    select(Event.step).where(
                        Event.case_id == self.case_id, Event.kind == Kind.SAK_AVSLUTTET
                    )
                )
            )
