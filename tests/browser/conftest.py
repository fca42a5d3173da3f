"""What several kinds of tests share: a browser, and the application served to it."""

import threading
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright
from werkzeug.serving import make_server

from tests.school import PASSWORD
from web.app import create_app
from web.security import limiter

AXE = Path(__file__).parents[2] / "web/frontend/node_modules/axe-core/axe.min.js"
WIDTHS = (390, 1280)

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]


@pytest.fixture(scope="module")
def browser():
    # Playwright runs an event loop in this thread for as long as it lives: no longer than needed.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def serve():
    """Serves an application on a free port while the test runs; gives its address."""
    servers = []

    def start(app) -> str:
        server = make_server("127.0.0.1", 0, app, threaded=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()


@pytest.fixture
def address(product, school, serve) -> str:
    """Where the school's Trygg answers, for example `http://127.0.0.1:40123`."""
    app = create_app(product, SECRET_KEY="test")
    limiter.reset()
    return serve(app)


@pytest.fixture
def open_browser(browser, address):
    """`open_browser(width, javascript=True)` gives an empty tab at that width."""
    contexts = []

    def open_browser(width: int, javascript: bool = True):
        context = browser.new_context(
            viewport={"width": width, "height": 844},
            java_script_enabled=javascript,
            base_url=address,
            locale="nb-NO",
        )
        contexts.append(context)
        return context.new_page()

    yield open_browser
    for context in contexts:
        context.close()


@pytest.fixture
def log_in(open_browser):
    """`log_in("maja", 390)` gives a tab in which Maja is logged in."""

    def log_in(username: str, width: int, javascript: bool = True):
        page = open_browser(width, javascript)
        page.goto("/logg-inn")
        page.get_by_label("Brukernavn").fill(username)
        page.get_by_label("Passord").fill(PASSWORD)
        page.get_by_role("button", name="Logg inn").click()
        page.wait_for_url(lambda url: "logg-inn" not in url)
        return page

    return log_in


@pytest.fixture
def check_access():
    """`check_access(page)`: axe-core finds nothing, and nothing has to be scrolled sideways."""

    def check_access(page) -> None:
        # Through the tools' own channel, which the page's content security policy does not reach.
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found = page.evaluate("async () => (await axe.run()).violations")
        said = [f"{each['id']}: {node['html']}" for each in found for node in each["nodes"]]
        assert said == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    return check_access
