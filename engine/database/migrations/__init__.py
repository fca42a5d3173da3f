"""Steps from one set of tables to the next, in order, run by `engine.database.session.migrate`.

After changing `tables.py`, write the next step with

    python -m engine.database.migrations "what changed"

then read it: a step is never changed once it has been published.
"""
