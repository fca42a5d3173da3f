"""The words of every mail: that there is something, and where. Never who, where, or of what kind.

A mail lies open on telephones and with foreign firms, and is read over shoulders.
"""

from __future__ import annotations

TASK, NOTICE, DIGEST = "oppgave", "varsel", "dagens"
"""What a mail says: there is a task, there is a notice, or how the day begins."""

PAGES = {TASK: "/oppgaver", NOTICE: "/varsler", DIGEST: "/oppgaver"}

SUBJECTS = {
    "nb": {TASK: "Du har en oppgave i Trygg", NOTICE: "Du har et varsel i Trygg"},
    "nn": {TASK: "Du har ei oppgåve i Trygg", NOTICE: "Du har eit varsel i Trygg"},
    "en": {TASK: "You have a task in Trygg", NOTICE: "You have a notice in Trygg"},
}
DIGESTS = {
    "nb": ("Oppgavene dine i Trygg", "Du har 1 oppgave", "Du har {n} oppgaver", "{n} er forsinket"),
    "nn": ("Oppgåvene dine i Trygg", "Du har 1 oppgåve", "Du har {n} oppgåver", "{n} er forseinka"),
    "en": ("Your tasks in Trygg", "You have 1 task", "You have {n} tasks", "{n} overdue"),
}
FEET = {
    "nb": "Logg inn for å lese mer. Når du vil ha e-post, velger du på kontosiden din.",
    "nn": "Logg inn for å lese meir. Når du vil ha e-post, vel du på kontosida di.",
    "en": "Log in to read more. You choose when to get mail on your account page.",
}


def letter(
    kind: str, language: str, address: str, tasks: int | None = None, late: int | None = None
) -> tuple[str, str]:
    """Subject and text. address: of Trygg; tasks, late: what a digest counts."""
    language = language if language in SUBJECTS else "nb"
    if kind == DIGEST:
        subject, one, several, behind = DIGESTS[language]
        words = one if tasks == 1 else several.format(n=tasks)
        words += f", {behind.format(n=late)}." if late else "."
    else:
        subject = SUBJECTS[language][kind]
        words = f"{subject}."
    return subject, f"{words}\n\n{address}{PAGES[kind]}\n\n{FEET[language]}\n"
