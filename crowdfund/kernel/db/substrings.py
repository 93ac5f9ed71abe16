"""Find rows by any part of a text, in any script, without reading them all.

SQLite gets a table of FTS5 with the trigrams of the text, PostgreSQL a GIN index over its pairs and
trigrams of letters (pg_trgm finds no pairs, and not every server has it). Both only name
candidates: `contains` decides. MariaDB has no index for parts of words (its FULLTEXT finds whole
words), so `contains` reads every text there.

The texts must be in lower case already; nothing of what a person types is syntax anywhere here.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

_MOST_GRAMS = 8  # of a long search: more would cost more than they exclude
_AFTER_ALL = chr(0x10FFFF)


class _Position(FunctionElement[int]):
    """Where a text holds another one, counted from 1; 0 if it does not."""

    type = sa.Integer()
    name = "position_of"
    inherit_cache = True


@compiles(_Position)
def _instr(element: _Position, compiler: SQLCompiler, **how: Any) -> str:
    return f"instr({compiler.process(element.clauses, **how)})"


@compiles(_Position, "postgresql")
def _strpos(element: _Position, compiler: SQLCompiler, **how: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **how)})"


def contains(column: sa.ColumnElement[str], part: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Return the condition that a text holds a part, letter by letter."""
    return _Position(column, part) > 0


# Three letters are one number, 21 bits each: numbers need no collation, which would take most of
# the time.
_GRAMS_FUNCTION = """
CREATE OR REPLACE FUNCTION text_grams(whole text) RETURNS bigint[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
SELECT array_agg((one << 42) | (two << 21) | three) || array_agg((one << 42) | (two << 21))
FROM (
  SELECT one,
    coalesce(lead(one) OVER following, 0) AS two,
    coalesce(lead(one, 2) OVER following, 0) AS three
  FROM (
    SELECT CAST(ascii(letter) AS bigint) AS one, place
    FROM unnest(string_to_array(whole, NULL)) WITH ORDINALITY AS letters (letter, place)
  ) AS letters
  WINDOW following AS (ORDER BY place)
) AS grams
$$"""


# --- the index ------------------------------------------------------------------------------------


def index_ddl(dialect: str, table: str, key: str, column: str) -> list[str]:
    """Return the statements that index a text column and keep the index up to date.

    `key` is the integer primary key of the table. Rows that exist already are indexed as well.
    """
    if dialect == "sqlite":
        return _sqlite_ddl(table, key, column)
    if dialect == "postgresql":
        return [
            _GRAMS_FUNCTION,
            f"CREATE INDEX {table}_grams ON {table} USING gin (text_grams({column}))",
        ]
    return []


def drop_index_ddl(dialect: str, table: str) -> list[str]:
    """Return the statements that undo `index_ddl`, before the table itself is dropped."""
    if dialect == "sqlite":
        return [f"DROP TABLE {table}_terms", f"DROP TABLE {table}_text"]
    if dialect == "postgresql":
        return [f"DROP INDEX {table}_grams", "DROP FUNCTION text_grams(text)"]
    return []


def is_part_of_index(table: str, kind: str, name: str) -> bool:
    """Return whether a table or index was made by `index_ddl`, so that no model describes it."""
    if kind == "index":
        return name == f"{table}_grams"
    return kind == "table" and (name == f"{table}_terms" or f"{name}_".startswith(f"{table}_text_"))


def _sqlite_ddl(table: str, key: str, column: str) -> list[str]:
    fts = f"{table}_text"
    # With an end mark the last pair of letters begins a trigram as well.
    add = f"INSERT INTO {fts}(rowid, grams) VALUES (new.{key}, new.{column} || char(10))"
    remove = (
        f"INSERT INTO {fts}({fts}, rowid, grams) "
        f"VALUES ('delete', old.{key}, old.{column} || char(10))"
    )
    is_other = f"old.{key} <> new.{key} OR old.{column} <> new.{column}"
    return [
        f"CREATE VIRTUAL TABLE {fts} USING fts5(grams, content='', columnsize=0, detail=none, "
        "tokenize='trigram case_sensitive 1')",
        f"CREATE VIRTUAL TABLE {table}_terms USING fts5vocab({fts}, 'row')",
        f"CREATE TRIGGER {fts}_added AFTER INSERT ON {table} BEGIN {add}; END",
        f"CREATE TRIGGER {fts}_removed AFTER DELETE ON {table} BEGIN {remove}; END",
        f"CREATE TRIGGER {fts}_changed AFTER UPDATE OF {key}, {column} ON {table} WHEN {is_other} "
        f"BEGIN {remove}; {add}; END",
        f"INSERT INTO {fts}(rowid, grams) SELECT {key}, {column} || char(10) FROM {table}",
    ]


# --- the question ---------------------------------------------------------------------------------


def has_index(dialect: str, part: str) -> bool:
    """Return whether an index can name candidates for a part: not for a single letter."""
    return len(part) > 1 and dialect in ("sqlite", "postgresql")


def candidates(dialect: str, table: str, key: str, column: str) -> sa.TextClause:
    """Return the condition that picks candidates by the index; it takes `grams` as a parameter."""
    if dialect == "sqlite":
        fts = f"{table}_text"
        return sa.text(f"{table}.{key} IN (SELECT rowid FROM {fts} WHERE {fts} MATCH :grams)")
    return sa.text(f"text_grams({table}.{column}) @> CAST(:grams AS bigint[])")


def terms_query(table: str) -> sa.Select[Any]:
    """Return SQLite's query for the trigrams between two texts, `first` and `last`."""
    terms = sa.table(f"{table}_terms", sa.column("term", sa.String))
    between = (terms.c.term >= sa.bindparam("first")) & (terms.c.term < sa.bindparam("last"))
    return sa.select(terms.c.term).where(between)


def terms_range(part: str) -> dict[str, str]:
    """Return the parameters of `terms_query` for the trigrams that begin with a pair of letters."""
    return {"first": part, "last": part + _AFTER_ALL}


def fts_grams(part: str, beginning: Sequence[str] = ()) -> str:
    """Return SQLite's `grams` for a part: for two letters, the trigrams that begin with them."""
    grams, word = (beginning, " OR ") if len(part) == 2 else (_grams(part), " AND ")
    return word.join('"' + gram.replace('"', '""') + '"' for gram in grams)


def array_grams(part: str) -> list[int]:
    """Return PostgreSQL's `grams` for a part of two letters or more, as `text_grams` makes them."""
    return [_number(gram) for gram in ([part] if len(part) == 2 else _grams(part))]


def _number(gram: str) -> int:
    one, two, three = (ord(letter) for letter in gram.ljust(3, "\0"))
    number = one << 42 | two << 21 | three
    return number if number < 1 << 63 else number - (1 << 64)  # a bigint has a sign


def _grams(part: str) -> list[str]:
    """Return trigrams that cover a part, without overlap but for the last; of a long one, some."""
    last = len(part) - 3
    places = [*range(0, last, 3), last]
    step = -(-len(places) // _MOST_GRAMS)
    return list(dict.fromkeys(part[place : place + 3] for place in places[::step]))
