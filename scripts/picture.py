"""Take the picture in the README: one case, as rektor sees it at the demonstration school.

Run it from the root of the project after `make setup`, with Chromium installed.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "docs" / "bilder" / "sak.png"
TRYGG = [sys.executable, "-c", "from web.cli import main; main()"]
CASE = "Noor, 4B"
CHROMIUM = shutil.which("chromium")
ARGUMENTS = ["--no-sandbox", "--disable-background-networking"]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        own = {"TRYGG_VAR": folder, "PORT": str(port), "DATABASE_URL": "", "PYTHONUNBUFFERED": "1"}
        environment = {**os.environ, **own, "PYTHONPATH": str(ROOT)}
        subprocess.run([*TRYGG, "demo"], env=environment, cwd=ROOT, check=True)
        server = subprocess.Popen(
            [*TRYGG, "serve"], env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        try:
            password = _password_of("rektor", server.stdout)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
                page = browser.new_page(viewport={"width": 1280, "height": 1430}, locale="nb-NO")
                _open_case(page, f"http://127.0.0.1:{port}", password)
                PICTURE.parent.mkdir(parents=True, exist_ok=True)
                page.screenshot(path=PICTURE)
                browser.close()
        finally:
            server.terminate()
            server.wait()


def _password_of(username: str, lines) -> str:
    """What the server prints for this login; all logins come before it listens."""
    for line in lines:
        if found := re.fullmatch(rf"LOGIN {username} (\S+)\n", line):
            return found[1]
    raise SystemExit("Trygg did not start.")


def _open_case(page: Page, address: str, password: str) -> None:
    page.goto(f"{address}/logg-inn", wait_until="load")
    page.fill("[name=brukernavn]", "rektor")
    page.fill("[name=passord]", password)
    page.click("main button[type=submit]")
    page.goto(f"{address}/saker")
    page.get_by_role("link", name=CASE).first.click()
    page.wait_for_load_state("networkidle")


if __name__ == "__main__":
    main()
