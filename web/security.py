"""What a page may load, and who may send to it.

Every page has a content security policy without inline script or style; a page with a process
diagram also allows style attributes, which the diagram's drawing needs. Every form carries a CSRF
token, and a browser that says the request comes from another site is refused.
"""

import io
import os
import secrets
from pathlib import Path

from flask import Flask, Request, Response, current_app, g, request, session
from flask.sessions import SecureCookieSessionInterface
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf.csrf import CSRFError, CSRFProtect
from markupsafe import Markup

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}
DIAGRAM_POLICY = {**POLICY, "style-src-attr": "'unsafe-inline'"}

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

UPLOAD = 64 * 1024 * 1024
"""Bytes in a request to a page that takes files: more than a file may have, so that one who sends
too large a file gets an answer on the page and keeps what stands there."""

SAFE_METHODS = {"GET", "HEAD", "OPTIONS", "TRACE"}
OWN_SITE = {None, "same-origin", "none"}

csrf = CSRFProtect()


def _caller() -> str:
    """Whom a limit counts: the person logged in, else the address."""
    return session.get("_user_id") or get_remote_address()


limiter = Limiter(_caller)


class MemoryRequest(Request):
    """A request whose files stay in memory: what belongs in a case is never on a disk unsealed."""

    def _get_file_stream(self, *args, **kwargs):
        return io.BytesIO()


class _Sessions(SecureCookieSessionInterface):
    """Cookies that are sent over https only, wherever the page was fetched over https."""

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure or super().get_cookie_secure(app)


def init(app: Flask) -> None:
    """Protect `app`: keys and cookies, CSRF, limits, and the headers of every answer."""
    if not app.config.get("SECRET_KEY"):
        app.config["SECRET_KEY"] = secret_key(Path(app.config["VAR"]) / "secret.key")
    app.config.setdefault("RATELIMIT_STORAGE_URI", "memory://")
    app.config.setdefault("RATELIMIT_DEFAULT", "600 per minute")
    app.config.from_mapping(
        SESSION_COOKIE_NAME="trygg",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        # A form may stand open all day; the token lives as long as the session. Browsers send no
        # Referer to us (Referrer-Policy), so Sec-Fetch-Site takes the place of that check.
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
    )
    app.session_interface = _Sessions()
    app.request_class = MemoryRequest
    app.before_request(_refuse_other_sites)
    app.before_request(_make_room_for_files)
    csrf.init_app(app)
    limiter.init_app(app)
    app.after_request(_add_headers)
    app.jinja_env.globals["shows_diagram"] = shows_diagram


def public(view):
    """Mark a view as open to people who are not logged in. All others are closed to them."""
    view.is_public = True
    return view


def without_session(view):
    """Mark a public view as one that asks no cookie who is there, and sets none."""
    view.is_without_session = True
    return view


def takes_files(view):
    """Mark a view as one to which people who are logged in may send files."""
    view.takes_files = True
    return view


def secret_key(path: Path) -> bytes:
    """The key that signs sessions, from `path`; made, readable by its owner alone, when missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        fresh.touch(mode=0o600)
        fresh.write_bytes(secrets.token_bytes(32))
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass  # Another process made it first; theirs counts.
    finally:
        fresh.unlink()
    return path.read_bytes()


def shows_diagram() -> Markup:
    """Let this answer's page draw a process diagram. The macro `diagram` calls it."""
    g.shows_diagram = True
    return Markup()


def _refuse_other_sites() -> None:
    if request.method in SAFE_METHODS:
        return
    if request.headers.get("Sec-Fetch-Site") not in OWN_SITE:
        raise CSRFError("The request comes from another site.")


def _make_room_for_files() -> None:
    view = current_app.view_functions.get(request.endpoint)
    if getattr(view, "takes_files", False) and "_user_id" in session:
        request.max_content_length = UPLOAD


def _add_headers(response: Response) -> Response:
    policy = DIAGRAM_POLICY if g.get("shows_diagram") else POLICY
    response.headers.setdefault(
        "Content-Security-Policy", "; ".join(f"{name} {value}" for name, value in policy.items())
    )
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if request.endpoint != "static" or response.status_code >= 400:
        response.headers["Cache-Control"] = "no-store"
    return response
