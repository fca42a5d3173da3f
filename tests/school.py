"""A small school with people who can log in: what the tests of pages and browsers are played on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from engine.database.tables import Guardian, Guardianship, Pupil, RoleHolding
from engine.database.tables import School as SchoolRow
from engine.people.accounts import create_account

PASSWORD = "en lang setning om skolen"
SINCE = date(2020, 8, 1)
STAFF = {
    "berit": ("Berit Rektor", "rektor", None),
    "line": ("Line Fagleder", "ledelse", None),
    "maja": ("Maja Lærer", "kontaktlaerer", "4B"),
    "ola": ("Ola Kontakt", "kontaktlaerer", "5A"),
    "emil": ("Emil Faglærer", "faglaerer", None),
    "bjarte": ("Bjarte Assistent", "miljoarbeider", None),
    "kari": ("Kari Kommune", "skoleeier", None),
}
PUPILS = {"noor": ("Noor", "4B"), "ada": ("Ada", "4B"), "jonas": ("Jonas", "5A")}


@dataclass
class School:
    """id: of the school; accounts, pupils: ids by the names above."""

    id: int
    accounts: dict[str, int] = field(default_factory=dict)
    pupils: dict[str, int] = field(default_factory=dict)

    def pupil(self, name: str) -> str:
        return f"elev:{self.pupils[name]}"

    def staff(self, name: str) -> str:
        return f"ansatt:{self.accounts[name]}"


def open_school(product) -> School:
    """Tyttebærlia skole: STAFF with PASSWORD as everybody's password, PUPILS with a guardian."""
    with product.database.transaction() as session:
        row = SchoolRow(name="Tyttebærlia skole", owner="Tyttebærlia kommune")
        session.add(row)
        session.flush()
        school = School(row.id)
        for username, (name, role, class_name) in STAFF.items():
            account = create_account(session, username, name, PASSWORD)
            school.accounts[username] = account.id
            session.add(
                RoleHolding(
                    school_id=row.id,
                    account_id=account.id,
                    role=role,
                    class_name=class_name,
                    from_date=SINCE,
                )
            )
        for key, (name, class_name) in PUPILS.items():
            pupil = Pupil(school_id=row.id, name=name, class_name=class_name)
            guardian = Guardian(name=f"{name}s mor")
            session.add_all([pupil, guardian])
            session.flush()
            session.add(Guardianship(pupil_id=pupil.id, guardian_id=guardian.id))
            school.pupils[key] = pupil.id
    return school


def hidden(page: str, name: str) -> str:
    """The value of a hidden field of a page."""
    return page.split(f'name="{name}" value="', 1)[1].split('"', 1)[0]


def post(client, path: str, data: dict, page: str | None = None):
    """Send a form of the page at `page` (the same path unless given), with its token."""
    form = client.get(page or path).text
    return client.post(path, data={"csrf_token": hidden(form, "csrf_token"), **data})
