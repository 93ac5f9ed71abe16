"""Money per day, the moment of settlement, and a number for each investor of a campaign.

Revision ID: 0027
Revises: 0026
"""

from collections import defaultdict
from collections.abc import Iterator
from itertools import groupby, islice
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op
from sqlalchemy.engine import Connection

from crowdfund.kernel import config
from crowdfund.kernel.db import UTCDateTime

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

AT_ONCE = 1_000
_IN = ("settled", "confirmed")
_investment = sa.table(
    "investment",
    *(sa.column(name) for name in ("id", "campaign_id", "user_id", "amount_minor")),
    sa.column("settled_at", UTCDateTime()),
)
_event = sa.table(
    "investment_event",
    *(sa.column(name) for name in ("investment_id", "from_status", "to_status")),
    sa.column("at", UTCDateTime()),
)
_key = sa.table("investor_key", *(sa.column(n) for n in ("campaign_id", "user_id", "number")))
_day = sa.table(
    "investment_day",
    sa.column("day", sa.Date()),
    *(sa.column(n) for n in ("campaign_id", "came", "came_minor", "went", "went_minor")),
)


def upgrade() -> None:
    """Add the columns and the table, and fill them from the history of investments."""
    op.create_table(
        "investment_day",
        sa.Column("campaign_id", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("came", sa.Integer(), nullable=False),
        sa.Column("came_minor", sa.BigInteger(), nullable=False),
        sa.Column("went", sa.Integer(), nullable=False),
        sa.Column("went_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "came >= 0 AND came_minor >= 0 AND went >= 0 AND went_minor >= 0",
            name=op.f("ck_investment_day_counts"),
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_investment_day_campaign_id")
        ),
        sa.PrimaryKeyConstraint("campaign_id", "day", name=op.f("pk_investment_day")),
    )
    with op.batch_alter_table("investment", schema=None) as batch_op:
        batch_op.add_column(sa.Column("settled_at", UTCDateTime(), nullable=True))
        batch_op.create_index(
            batch_op.f("ix_investment_campaign_id_settled_at_id"),
            ["campaign_id", "settled_at", "id"],
            unique=False,
        )
    with op.batch_alter_table("investor_key", schema=None) as batch_op:
        batch_op.add_column(sa.Column("number", sa.Integer(), nullable=True))
    connection = op.get_bind()
    _fill_moments(connection)
    _fill_days(connection)
    _fill_numbers(connection)
    with op.batch_alter_table("investor_key", schema=None) as batch_op:
        batch_op.alter_column("number", existing_type=sa.Integer(), nullable=False)
        batch_op.create_unique_constraint(
            batch_op.f("uq_investor_key_campaign_id_number"), ["campaign_id", "number"]
        )
    with op.batch_alter_table("campaign", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_campaign_status_closed_at"), ["status", "closed_at"], unique=False
        )


def _fill_moments(connection: Connection) -> None:
    """Take the moment at which an investment was settled from its history."""
    moment = sa.select(sa.func.max(_event.c.at)).where(
        _event.c.investment_id == _investment.c.id, _event.c.to_status == "settled"
    )
    connection.execute(sa.update(_investment).values(settled_at=moment.scalar_subquery()))


def _fill_days(connection: Connection) -> None:
    """Add up what came and went on each day of the platform's time zone."""
    zone = ZoneInfo(config.settings().time_zone)
    came = _event.c.to_status == "settled"
    went = sa.and_(_event.c.to_status == "returned", _event.c.from_status.in_(_IN))
    query = sa.select(
        _investment.c.campaign_id, _investment.c.amount_minor, _event.c.to_status, _event.c.at
    ).join(_event, _event.c.investment_id == _investment.c.id)
    found: dict[tuple[str, Any], dict[str, int]] = defaultdict(
        lambda: dict.fromkeys(("came", "came_minor", "went", "went_minor"), 0)
    )
    for campaign_id, amount, status, at in connection.execute(query.where(sa.or_(came, went))):
        day = found[campaign_id, at.astimezone(zone).date()]
        name = "came" if status == "settled" else "went"
        day[name] += 1
        day[f"{name}_minor"] += amount
    rows = ({"campaign_id": key[0], "day": key[1], **day} for key, day in found.items())
    for part in _parts(rows):
        connection.execute(sa.insert(_day), part)


def _fill_numbers(connection: Connection) -> None:
    """Number the investors of each campaign in the order of their first settled investment."""
    first = (
        sa.select(
            _investment.c.campaign_id,
            _investment.c.user_id,
            sa.func.min(_investment.c.settled_at).label("first_at"),
        )
        .group_by(_investment.c.campaign_id, _investment.c.user_id)
        .subquery()
    )
    is_same = sa.and_(first.c.campaign_id == _key.c.campaign_id, first.c.user_id == _key.c.user_id)
    query = sa.select(_key.c.campaign_id, _key.c.user_id).outerjoin(first, is_same)
    query = query.order_by(_key.c.campaign_id, first.c.first_at, _key.c.user_id)
    keys = connection.execute(query).all()
    numbered = (
        {"of": campaign_id, "who": key.user_id, "new": number}
        for campaign_id, group in groupby(keys, lambda key: key.campaign_id)
        for number, key in enumerate(group, 1)
    )
    this = sa.and_(
        _key.c.campaign_id == sa.bindparam("of"), _key.c.user_id == sa.bindparam("who")
    )
    statement = sa.update(_key).where(this).values(number=sa.bindparam("new"))
    for part in _parts(numbered):
        connection.execute(statement, part)


def _parts(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while part := list(islice(rows, AT_ONCE)):
        yield part


def downgrade() -> None:
    """Drop what was added; the history of investments holds all of it but the numbers."""
    with op.batch_alter_table("campaign", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_campaign_status_closed_at"))
    with op.batch_alter_table("investor_key", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("uq_investor_key_campaign_id_number"), type_="unique"
        )
        batch_op.drop_column("number")
    with op.batch_alter_table("investment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_investment_campaign_id_settled_at_id"))
        batch_op.drop_column("settled_at")
    op.drop_table("investment_day")
