"""Logging in and out, one's own page, and the rule that every page is closed until it is opened.

A session is a signed cookie with the account's id, a mark of its password, and two times. It ends
after some hours, after a while without use, and when the account is closed or the password changed.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from flask import (
    Blueprint,
    Flask,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_limiter.util import get_remote_address
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from engine.cases import offers
from engine.people import contact, login
from engine.refusals import Refusal
from web.catalogues import SOURCE
from web.i18n import ASKED, CHOICE, language
from web.i18n import gettext as _
from web.security import limiter, public

blueprint = Blueprint("account", __name__)
manager = LoginManager()

LIFETIME, IDLE = timedelta(hours=8), timedelta(minutes=60)
SHARED_LIFETIME, SHARED_IDLE = timedelta(minutes=30), timedelta(minutes=10)
BEGAN, SEEN, SHARED = "began", "seen", "shared"


class Person(UserMixin):
    """Who is logged in: the account, as flask-login and the views see it."""

    def __init__(self, account):
        self.account = account
        self.id, self.name, self.username = account.id, account.name, account.username
        self.language = account.language

    def get_id(self) -> str:
        """The id with a mark of the password, so that a new password ends the old sessions."""
        mark = hashlib.sha256(self.account.password_hash.encode()).hexdigest()[:16]
        return f"{self.id}.{mark}"


def init(app: Flask) -> None:
    """Close every page of `app` to those who are not logged in, but for the public ones."""
    app.config.from_mapping(PERMANENT_SESSION_LIFETIME=LIFETIME, SESSION_REFRESH_EACH_REQUEST=False)
    manager.init_app(app)
    # A phone changes network in the middle of a report: a new address makes the session less
    # trusted, it does not end it.
    manager.session_protection = "basic"
    manager.user_loader(_load)
    app.before_request(_require_login)
    app.context_processor(_shell)


# --- who is asking -------------------------------------------------------------------------------


def _load(mark: str):
    """The person of a session, read anew on each request; None when it no longer holds."""
    number, _dot, _mark = mark.partition(".")
    if _product() is None or not number.isdigit():
        return None
    account = login.active_account(_product().database, int(number))
    person = Person(account) if account else None
    return person if person and person.get_id() == mark else None


def _require_login():
    if request.endpoint in (None, "static"):
        return None  # no such page, which is all that is said of it, or a file for everybody
    view = current_app.view_functions[request.endpoint]
    if getattr(view, "is_without_session", False):
        return None
    if "_user_id" in session and (_product() is None or _is_over()):
        logout_user()
    if getattr(view, "is_public", False):
        return None
    if current_user.is_authenticated:
        return None
    if request.method in ("GET", "HEAD"):
        return redirect(url_for("account.log_in", neste=_asked_for()))
    return render_template("account/utlogget.html"), 401


def _is_over() -> bool:
    """Whether the session has run out; if not, this is a use of it."""
    now, shared = _now(), session.get(SHARED)
    began = _moment(session.get(BEGAN))
    seen = _moment(session.get(SEEN))
    lifetime, idle = (SHARED_LIFETIME, SHARED_IDLE) if shared else (LIFETIME, IDLE)
    if now - began >= lifetime or now - seen >= idle:
        return True
    if now - seen >= timedelta(minutes=1):
        session[SEEN] = now.timestamp()
    return False


def _moment(stamp) -> datetime:
    return datetime.fromtimestamp(stamp if isinstance(stamp, int | float) else 0, UTC)


def _now() -> datetime:
    return _product().clock()


def _product():
    return current_app.extensions["trygg"]


# --- what every page shows ------------------------------------------------------------------------


def standing() -> login.Today:
    """What the person logged in is today, worked out once a request."""
    if "standing" not in g:
        g.standing = login.today(_product().database, current_user.account, _now())
    return g.standing


def _shell() -> dict:
    if _product() is None or not current_user.is_authenticated:
        return {}
    mine = standing()
    pages = [(_("Oppgaver"), "/oppgaver", {}), (_("Varsler"), "/varsler", {"new": mine.unread})]
    if mine.sees_cases:
        pages.append((_("Saker"), "/saker", {}))
    if offers.has_any(_product(), mine.held):
        pages.append((_("Start"), "/start", {}))
    if mine.schools:
        pages.append((_("Årshjul"), "/aarshjul", {}))
    pages.append((_("Meldingene mine"), "/meldinger", {}))
    pages.append((_("Meld fra"), "/meld", {"button": True}))
    nav = [
        {"label": label, "href": path, "current": _is_at(path), **more}
        for label, path, more in pages
    ]
    return {
        "school": mine.schools[0] if len(mine.schools) == 1 else None,
        "nav": nav,
        "person": {"label": current_user.name, "href": "/konto", "current": _is_at("/konto")},
        "shared_device": session.get(SHARED, False),
    }


def _is_at(path: str) -> bool:
    return request.path == path or request.path.startswith(f"{path}/")


# --- pages ----------------------------------------------------------------------------------------


@blueprint.get("/")
@public
def start():
    if not current_user.is_authenticated:
        return redirect(url_for("account.log_in"))
    account, now = current_user.account, _now()
    idle = standing().only_reports and not login.has_tasks(_product().database, account, now)
    return redirect("/meld" if idle else "/oppgaver")


def _typed_username() -> str:
    name = request.form.get("brukernavn", "").strip().casefold()
    return "login " + hashlib.sha256(name.encode()).hexdigest()


def _failed(response) -> bool:
    return response.status_code == 422


# A whole school shares one address, so only what fails is counted there.
@blueprint.route("/logg-inn", methods=["GET", "POST"])
@public
@limiter.limit("10 per minute", key_func=_typed_username, methods=["POST"], deduct_when=_failed)
@limiter.limit("30 per minute", key_func=get_remote_address, methods=["POST"], deduct_when=_failed)
def log_in():
    if request.method == "GET":
        if current_user.is_authenticated:
            return redirect(safe_path(request.args.get("neste")))
        return render_template("account/logg_inn.html", neste=request.args.get("neste", ""))
    username, password = request.form.get("brukernavn", ""), request.form.get("passord", "")
    account = login.log_in(_product().database, username[:200], password[:1000])
    if account is None:
        page = render_template(
            "account/logg_inn.html",
            neste=request.form.get("neste", ""),
            username=username[:200],
            shared=request.form.get("felles") == "ja",
            wrong=True,
        )
        return page, 422
    _begin(account, request.form.get("felles") == "ja")
    return redirect(safe_path(request.form.get("neste")), 303)


def _begin(account, shared: bool) -> None:
    session.permanent = not shared  # on a shared device the session ends with the browser
    session[BEGAN] = session[SEEN] = _now().timestamp()
    session[SHARED] = shared
    login_user(Person(account))


@blueprint.post("/logg-ut")
@public
def log_out():
    # On a machine that others use, nothing is left of whoever used it.
    kept = None if session.get(SHARED) else language()
    logout_user()
    session.clear()
    asked = {ASKED: kept} if kept not in (None, SOURCE) else {}
    return redirect(url_for("account.log_in", ute=1, **asked), 303)


@blueprint.route("/konto", methods=["GET", "POST"])
@limiter.limit("10 per minute", methods=["POST"])
def own_page():
    errors = []
    if request.method == "POST":
        form = {name: request.form.get(name, "")[:1000] for name in ("gammelt", "passord", "igjen")}
        try:
            errors = _change_password(form)
        except Refusal as refusal:
            errors = [(fault.path, fault.message) for fault in refusal.faults]
        if not errors:
            flash(_("Passordet er byttet. Andre steder du var logget inn, er du logget ut."))
            return redirect(url_for("account.own_page"), 303)
    return own_page_with(errors=errors), 422 if errors else 200


def own_page_with(errors=(), mail_errors=(), typed=None, calendar: str | None = None) -> str:
    """One's own page. errors, mail_errors: (field, words) of the form that was sent; typed: what
    stood in the one about mail; calendar: the new address, shown this once."""
    reached = contact.contact(_product().database, current_user.id)
    return render_template(
        "account/konto.html",
        name=current_user.name,
        roles=standing().roles,
        errors=errors,
        mail_errors=mail_errors,
        typed=typed or {"epost": reached.email or "", "naar": reached.choice},
        contact=reached,
        calendar=calendar,
        now=_now(),
    )


@blueprint.post("/konto/sprak")
def choose_language():
    """The language of the pages, for this person from now on."""
    chosen = request.form.get(ASKED, "")
    login.choose_own_language(_product().database, current_user.id, chosen)
    session.pop(CHOICE, None)
    return redirect(url_for("account.own_page", _anchor="sprak"), 303)


def _change_password(form: dict[str, str]) -> list[tuple[str, str]]:
    if form["passord"] != form["igjen"]:
        return [("igjen", _("De to passordene er ikke like. Skriv det nye en gang til."))]
    account = login.change_own_password(
        _product().database, current_user.id, form["gammelt"], form["passord"]
    )
    login_user(Person(account))
    return []


def _asked_for() -> str:
    return request.full_path.removesuffix("?")


def safe_path(path: str | None) -> str:
    """The path, if it is one of our own; else the start page."""
    path = path or "/"
    parts = urlsplit(path)
    own = path.startswith("/") and not path.startswith("//") and not parts.scheme
    plain = path.isprintable() and "\\" not in path and not parts.netloc
    return path if own and plain else "/"
