"""The command `trygg`. A command imports what it needs when it runs, so that it starts quickly."""

import json
import sys
import threading
from pathlib import Path

import click

MARGIN = 1024 * 1024  # bytes of a request besides what it may hold


@click.group()
def main():
    """Trygg: aktivitetsplikten som skolen selv kan lese, endre og følge."""


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line for each file.")
def check(files: tuple[Path, ...], as_json: bool):
    """Check diagrams, decisions and forms. Exit 1 when one has an error."""
    from engine.definitions.checks.command import run

    sys.exit(run(files, as_json))


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("decision")
@click.option("--input", "given", default="{}", help="JSON object; @FILE, or - for standard input.")
def decide(file: Path, decision: str, given: str):
    """Print as JSON what a decision table answers. Exit 1 when it has an error or no answer."""
    from engine.definitions.checks.answer import run

    sys.exit(run(file, decision, given))


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line for each scenario.")
def play(file: Path, as_json: bool):
    """Play the written cases of a file. Exit 1 where the product does something else."""
    from engine.cases.play import play as play_one
    from engine.cases.play import read_scenarios

    try:
        scenarios = read_scenarios(file)
    except ValueError as error:
        raise click.UsageError(f"{file}: {error}") from error
    failed = False
    for scenario in scenarios:
        differences = play_one(scenario)
        failed |= bool(differences)
        if as_json:
            rows = [{"step": d.step, "message": d.message} for d in differences]
            line = {"scenario": scenario["id"], "ok": not rows, "differences": rows}
            click.echo(json.dumps(line, ensure_ascii=False))
            continue
        click.echo(f"{scenario['id']} {'ok' if not differences else 'avvik'}")
        for difference in differences:
            click.echo(f"  {difference.step}: {difference.message}")
    sys.exit(1 if failed else 0)


@main.command()
@click.option("--if-empty", is_flag=True, help="Do nothing when there is a school already.")
def demo(if_empty: bool):
    """Fill an empty database (DATABASE_URL) with a fictional school and its cases."""
    from engine.cases.demo import fill, is_empty
    from engine.product import Product

    product = Product.open()
    if not is_empty(product):
        if if_empty:
            return
        raise click.ClickException(
            "Databasen er ikke tom. Demoskolen fylles bare i en tom database."
        )
    with click.progressbar(length=100, label="Lager demoskolen", file=sys.stderr) as bar:
        fill(product, lambda share: bar.update(round(share * 100) - bar.pos))


@main.command()
def verify():
    """Walk the audit chains. Exit 1 at the first row changed, removed, inserted or cut off."""
    from engine.database.session import Database, Unusable
    from engine.product import database_url, home
    from engine.records import log

    try:
        with Database(database_url(home())).session() as session:
            broken = list(log.verify(session))
    except Unusable as error:
        raise click.ClickException("Databasen kan ikke leses. Er DATABASE_URL riktig?") from error
    for each in broken:
        click.echo(f"Sak {each.case_number or 'som er borte'}, rad {each.seq}: {each.what}")
    click.echo("Loggen er hel." if not broken else "Loggen er brutt.")
    sys.exit(1 if broken else 0)


@main.command()
def tick():
    """Do once what happens by itself: deadlines, reminders, mail, clearing away."""
    from engine.jobs.schedule import run_all

    for name, count in run_all(_work()).items():
        click.echo(f"{name}: {count}")


@main.command()
def worker():
    """Do what happens by itself until stopped; beside `trygg serve --no-worker`."""
    import signal

    stop = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: stop.set())
    running = _start_worker(_work())
    click.echo("Trygg arbeider.")
    stop.wait()
    running.stop()


@main.command()
@click.option("--retry", is_flag=True, help="Try those that are given up once more.")
def mail(retry: bool):
    """Show the mail that has not gone out. Exit 1 when some is given up."""
    from engine.jobs import outbox

    product = _work().product
    if retry:
        click.echo(f"Prøves på nytt: {outbox.try_again(product)}")
    waiting = outbox.troubles(product)
    for each in waiting:
        answer = f", tjeneren svarte {each.trouble}" if each.trouble else ""
        made = each.made_at.astimezone().isoformat(timespec="minutes")
        click.echo(
            f"{each.mail_id}: {each.state}, til {each.username}, laget {made}, "
            f"{each.attempts} forsøk{answer}"
        )
    click.echo(f"Ikke sendt: {len(waiting)}. Uten adresse: {outbox.without_address(product)}.")
    sys.exit(1 if any(each.state == outbox.FAILED for each in waiting) else 0)


@main.command("plan-year")
@click.option("--from", "day", type=click.DateTime(["%Y-%m-%d"]), help="Plan from this day on.")
def plan_year(day):
    """Plan the school year of every school: routines that are missing are added, once."""
    from engine.product import Product
    from engine.year.plan import plan_years

    for school_id, planned in plan_years(Product.open(), day and day.date()).items():
        years = f"{planned.year}/{planned.year + 1}"
        click.echo(f"Skole {school_id}, {years}: nye dager i årshjulet: {planned.added}")


@main.command()
def unattended():
    """List the cases that stand still and that nobody may see. Exit 1 when there is one."""
    from engine.cases.repair import unattended as found_by
    from engine.product import Product
    from engine.rules.workdays import local_day

    found = found_by(Product.open())
    for each in found:
        step = f" ved «{each.step}»" if each.step else ""
        since = local_day(each.since)
        click.echo(
            f"Sak {each.case_number} står fast{step} siden {since.day}.{since.month}.{since.year}, "
            "og ingen kan gjøre noe med den. Kommunen må gi en som ikke er nevnt i saken, rollen "
            "skoleeier ved skolen."
        )
    if not found:
        click.echo("Ingen sak står fast uten at noen ser den.")
    sys.exit(1 if found else 0)


@main.command()
@click.option("--host", default="127.0.0.1", envvar="HOST", show_default=True)
@click.option("--port", default=8000, envvar="PORT", show_default=True)
@click.option("--threads", default=8, show_default=True, help="Requests answered at a time.")
@click.option("--no-worker", is_flag=True, help="Leave what happens by itself to `trygg worker`.")
def serve(host: str, port: int, threads: int, no_worker: bool):
    """Serve the pages until stopped. HOST=0.0.0.0 lets other machines reach them."""
    import signal

    from waitress import serve as listen

    from engine.cases.demo import logins
    from web.app import create_app
    from web.security import UPLOAD

    work = _work()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # stopped as by Ctrl+C
    running = None if no_worker else _start_worker(work)
    click.echo(f"Trygg: http://{host}:{port}/")
    for username, password in logins(work.product):
        click.echo(f"LOGIN {username} {password}")
    # Forwarded headers reach the application, which trusts as many as its setting PROXIES says.
    settings = {"ident": None, "clear_untrusted_proxy_headers": False}
    # A file on its way in or out stays in memory: waitress would put it on the disk, unsealed.
    settings |= {"inbuf_overflow": UPLOAD + MARGIN, "outbuf_overflow": UPLOAD}
    settings["max_request_body_size"] = UPLOAD + MARGIN
    app = create_app(work.product, HIDE_NUMBERS=True)
    try:
        listen(app, host=host, port=port, threads=threads, **settings)
    finally:
        if running is not None:
            running.stop()


def _work():
    """The product on this machine and its mail server, or words about the setting that is wrong."""
    from engine.jobs.post import Post
    from engine.jobs.schedule import Work
    from engine.jobs.settings import BadSetting, mail_settings, own_address
    from engine.product import Product

    try:
        own_address()
        settings = mail_settings()
    except BadSetting as error:
        raise click.ClickException(str(error)) from error
    return Work(Product.open(), Post(settings) if settings else None)


def _start_worker(work):
    from engine.jobs.worker import Worker, jobs_url
    from engine.product import database_url, home

    worker = Worker(work, jobs_url(database_url(home()), home()))
    worker.start()
    return worker


if __name__ == "__main__":
    main()
