"""Lock one row for the rest of a transaction."""

from typing import TypeVar

from crowdfund.kernel.db.engines import Base, db

M = TypeVar("M", bound=Base)


def locked(
    model: type[M], key: str, missing: Exception | None = None, *, key_share: bool = False
) -> M:
    """Return a row by its primary key, locked until the transaction ends and read anew.

    `key_share` lets others insert rows that refer to it meanwhile (PostgreSQL). Raises `missing`
    when there is no such row; without it, LookupError: the row is one that always exists.
    """
    how = {"key_share": True} if key_share else True
    row = db.session.get(model, key, with_for_update=how, populate_existing=True)
    if row is None:
        raise missing or LookupError(f"{model.__name__} {key}")
    return row
