"""The shell: what every answer carries, and what a person meets when a request can't be done."""

import stat

import pytest
from flask import Blueprint, abort, render_template_string
from markupsafe import escape

from web.app import create_app
from web.security import limiter, public, secret_key


class Product:
    """As much of the product as the shell asks for."""

    def __init__(self, alive: bool):
        self.alive = alive

    def is_alive(self) -> bool:
        return self.alive


@pytest.fixture
def app():
    app = create_app(SECRET_KEY="test", MAX_CONTENT_LENGTH=1000)
    trial = Blueprint("trial", __name__)

    @trial.post("/send")
    def send():
        from flask import request

        return f"takk {len(request.form)}"

    @trial.get("/refuse/<int:code>")
    def refuse(code):
        abort(code)

    @trial.get("/crash")
    def crash():
        raise KeyError("elevens navn")

    @trial.get("/limited")
    @limiter.limit("1 per hour")
    def limited():
        return "ok"

    @trial.get("/diagram")
    def diagram():
        page = (
            "{% extends 'base.html' %}{% import 'macros.html' as m %}"
            "{% block content %}{{ m.diagram('d', 'Saken', data={'xml': '<a>&</script>'}) }}"
            "{% endblock %}"
        )
        return render_template_string(page)

    @trial.get("/form")
    def form():
        return render_template_string("{% import 'macros.html' as m %}{{ m.csrf() }}")

    app.register_blueprint(trial)
    for endpoint, view in app.view_functions.items():
        if endpoint.startswith("trial."):
            public(view)
    return app


@pytest.fixture
def client(app):
    return app.test_client()


def token(client) -> str:
    return client.get("/form").text.split('value="')[1].split('"')[0]


@pytest.mark.parametrize("path", ["/hjelp", "/personvern", "/tilgjengelighet"])
def test_pages_about_trygg(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    assert '<html lang="nb"' in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_policy_allows_nothing_inline(client):
    policy = client.get("/hjelp").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "style=" not in client.get("/hjelp").text


def test_policy_lets_a_diagram_have_style_attributes_and_no_more(client):
    answer = client.get("/diagram")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.count("unsafe-inline") == 1
    assert "style-src-attr 'unsafe-inline'" in policy
    assert '</script>"' not in answer.text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("X-Frame-Options", "DENY"),
    ],
)
def test_headers_are_on_refusals_too(client, name, value):
    assert client.get("/hjelp").headers[name] == value
    assert client.get("/finnes-ikke").headers[name] == value


def test_https_gives_hsts_and_secure_cookies(client):
    plain = client.get("/form")
    assert "Strict-Transport-Security" not in plain.headers
    assert "Secure" not in plain.headers["Set-Cookie"]
    client.delete_cookie("trygg")
    safe = client.get("/form", base_url="https://trygg.example")
    assert "Strict-Transport-Security" in safe.headers
    cookie = safe.headers["Set-Cookie"]
    assert "Secure" in cookie and "HttpOnly" in cookie and "SameSite=Lax" in cookie


def test_a_form_needs_its_token(client):
    assert client.post("/send", data={"a": "1"}).status_code == 400
    assert client.post("/send", data={"csrf_token": token(client)}).text == "takk 1"


def test_a_form_from_another_site_is_refused_even_with_a_token(client):
    data = {"csrf_token": token(client)}
    answer = client.post("/send", data=data, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 400
    assert "Siden er for gammel" in answer.text


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (403, "Du har ikke tilgang til denne siden."),
        (404, "Du har ikke tilgang til denne siden."),
        (413, "Det ble for mye på en gang"),
        (429, "Vent litt"),
        (405, "Det gikk ikke"),
        (500, "Noe gikk galt hos oss"),
    ],
)
def test_refusals_are_said_in_norwegian(client, code, words):
    answer = client.get(f"/refuse/{code}")
    assert answer.status_code == code
    assert words in answer.text


def test_too_much_is_refused(client):
    answer = client.post("/send", data={"a": "x" * 2000, "csrf_token": token(client)})
    assert answer.status_code == 413
    assert "Ingenting er sendt" in answer.text


def test_too_often_is_refused(client):
    assert client.get("/limited").status_code == 200
    assert client.get("/limited").status_code == 429


def test_a_fault_shows_nothing_of_the_code(client):
    answer = client.get("/crash")
    assert answer.status_code == 500
    assert "Noe gikk galt hos oss" in answer.text
    assert "KeyError" not in answer.text and "elevens navn" not in answer.text


def test_a_fault_in_the_shell_still_gives_words(app, client):
    app.context_processor(lambda: 1 / 0)
    answer = client.get("/hjelp")
    assert answer.status_code == 500
    assert answer.text.startswith("Noe gikk galt hos oss.")


def test_the_menu_marks_where_one_is(app, client):
    items = [
        {"label": "Oppgaver", "href": "/oppgaver", "current": True},
        {"label": "Meld fra", "href": "/meld", "button": True},
    ]
    school = "Bjørk & <b>lia</b> skole"
    app.context_processor(lambda: {"nav": items, "school": school, "person": None})
    page = client.get("/hjelp").text
    assert '<a href="/oppgaver" aria-current="page">' in page
    assert '<a href="/meld" data-button>' in page
    assert str(escape(school)) in page


@pytest.mark.parametrize(
    ("product", "status"), [(None, 200), (Product(True), 200), (Product(False), 503)]
)
def test_health(product, status):
    client = create_app(product, SECRET_KEY="test").test_client()
    assert client.get("/healthz").status_code == status


def test_built_files_may_be_kept_by_browsers(client):
    page = client.get("/hjelp").text
    address = page.split('rel="stylesheet" href="')[1].split('"')[0]
    answer = client.get(address)
    assert answer.status_code == 200
    assert "max-age=31536000" in answer.headers["Cache-Control"]


def test_the_secret_key_is_made_once_and_is_the_owners_alone(tmp_path):
    path = tmp_path / "var" / "secret.key"
    key = secret_key(path)
    assert secret_key(path) == key and len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]
