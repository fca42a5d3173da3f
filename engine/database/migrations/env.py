"""What Alembic runs for each command: on the connection that was handed over, never its own."""

from alembic import context

from engine.database.tables import Table, UtcTime


def render(kind, thing, _autogen):
    """A step names plain column types, so that it stays true when our own classes change."""
    return "sa.DateTime()" if kind == "type" and isinstance(thing, UtcTime) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    render_as_batch=True,
    render_item=render,
)
with context.begin_transaction():
    context.run_migrations()
