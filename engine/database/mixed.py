"""Rows of several kinds in one statement, where a question needs a little of many tables."""

from __future__ import annotations

from sqlalchemy import CompoundSelect, Select, cast, literal_column, null, union_all


def mixed(**kinds: Select) -> CompoundSelect:
    """One statement that gives the rows of all of these; `what` is the name each came under.

    A row has every column that any of them labels, empty where its own kind has none. Columns of
    one label must be of one type.
    """
    types = {}
    for rows in kinds.values():
        for column in rows.selected_columns:
            types.setdefault(column.key, column.type)
    return union_all(*(_of_kind(what, rows, types) for what, rows in kinds.items()))


def _of_kind(what: str, rows: Select, types: dict) -> Select:
    own = {column.key: column for column in rows.selected_columns}
    columns = (own.get(key, cast(null(), kind)).label(key) for key, kind in types.items())
    return rows.with_only_columns(
        literal_column(f"'{what}'").label("what"), *columns, maintain_column_froms=True
    )
