"""The command `trygg`. A command imports what it needs when it runs, so that it starts quickly."""

import click


@click.group()
def main():
    """Trygg: aktivitetsplikten som skolen selv kan lese, endre og følge."""


@main.command()
@click.option("--host", default="127.0.0.1", envvar="HOST", show_default=True)
@click.option("--port", default=8000, envvar="PORT", show_default=True)
@click.option("--threads", default=8, show_default=True, help="Requests answered at a time.")
def serve(host: str, port: int, threads: int):
    """Serve the pages until stopped. HOST=0.0.0.0 lets other machines reach them."""
    from waitress import serve as listen

    from web.app import create_app

    click.echo(f"Trygg: http://{host}:{port}/")
    # Forwarded headers reach the application, which trusts as many as its setting PROXIES says.
    settings = {"ident": None, "clear_untrusted_proxy_headers": False}
    listen(create_app(), host=host, port=port, threads=threads, **settings)
