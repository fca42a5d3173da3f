"""The notices one has received: the newest first, read when the page is opened."""

from flask import Blueprint, current_app, render_template
from flask_login import current_user

from engine.cases import incidents, notices, received
from engine.cases.received import NoticeLine
from engine.people import access
from web.i18n import gettext as _
from web.i18n import nb

blueprint = Blueprint("notices", __name__)


@blueprint.get("/varsler")
def mine():
    product = current_app.extensions["trygg"]
    lines = received.open_notices(product, current_user.id)
    return render_template(
        "tasks/varsler.html",
        lines=[(line, sentence(line)) for line in lines],
        new=sum(line.unread for line in lines),
        limit=received.LIMIT,
        now=product.clock(),
    )


def sentence(line: NoticeLine) -> str:
    """What was told, in one sentence. The task is named only to those who may know of it."""
    about = _about_task(line.kind, nb(line.step)) if line.step else None
    return about or _without_task(line.kind)


def _about_task(kind: str, step: str) -> str | None:
    return {
        notices.TASK_GIVEN: _("Du har fått oppgaven «%(step)s»", step=step),
        notices.TASK_RETURNED: _("Du har fått tilbake oppgaven «%(step)s»", step=step),
        notices.DEADLINE_NEAR: _("Påminnelse om fristen for «%(step)s»", step=step),
        notices.DEADLINE_PASSED: _("Fristen er over for «%(step)s»", step=step),
        notices.REMINDED: _("En kollega minner deg om «%(step)s»", step=step),
    }.get(kind)


def _without_task(kind: str) -> str:
    return {
        notices.TASK_GIVEN: _("Du har fått en oppgave"),
        notices.TASK_RETURNED: _("Du har fått tilbake en oppgave"),
        notices.INVITED: _("Du er invitert til en sak"),
        access.CALLED_IN: _("Du er kalt inn til en samtale"),
        notices.DEADLINE_NEAR: _("Påminnelse om en frist"),
        notices.DEADLINE_PASSED: _("En frist er over"),
        notices.REPORT_TO_HEAD: _("Du er varslet om en melding"),
        notices.REPORT_TO_OWNER: _("Skoleeier er varslet om en sak"),
        notices.GUARDIANS_INFORMED: _("Foresatte skal få beskjed"),
        notices.PLAN_SHARED: _("En plan er delt med deg"),
        notices.AGREEMENT_SHARED: _("En avtale er delt med deg"),
        notices.INFORMED: _("Du har fått beskjed om en sak"),
        notices.REMINDED: _("En kollega minner deg om en oppgave"),
        incidents.TOLD: _("En sak står fast og trenger hjelp"),
    }[kind]
