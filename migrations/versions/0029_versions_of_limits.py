"""The limits of campaigns as versions that one person proposes and another approves.

Revision ID: 0029
Revises: 0028
"""

from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

from crowdfund.kernel import config
from crowdfund.kernel.db import UTCDateTime, make_append_only, new_id

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


NUMBERS = (
    "goal_min_minor",
    "goal_max_minor",
    "days_min",
    "days_max",
    "investment_min_minor",
    "threshold_bps",
    "grace_days",
)
FEE_BPS = 250  # what the contracts take


def _table(name: str, *more: sa.Column) -> sa.TableClause:
    numbers = [sa.column(column, sa.BigInteger()) for column in NUMBERS]
    return sa.table(name, sa.column("valid_from", UTCDateTime()), *numbers, *more)


OLD = _table("campaign_limits", sa.column("fee_bps", sa.Integer()))
NEW = _table(
    "limits_version",
    sa.column("id", sa.String()),
    sa.column("from_on", sa.Date()),
    sa.column("reason", sa.String()),
    sa.column("status", sa.String()),
    sa.column("asked_by", sa.String()),
    sa.column("asked_at", UTCDateTime()),
    sa.column("decided_by", sa.String()),
    sa.column("decided_at", UTCDateTime()),
)
WHY = "Entered before limits had to be approved."


def upgrade() -> None:
    """Make the tables and carry over what was entered in the database by hand."""
    op.create_table(
        "limits_version",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("valid_from", UTCDateTime(), nullable=False),
        sa.Column("goal_min_minor", sa.BigInteger(), nullable=False),
        sa.Column("goal_max_minor", sa.BigInteger(), nullable=False),
        sa.Column("days_min", sa.Integer(), nullable=False),
        sa.Column("days_max", sa.Integer(), nullable=False),
        sa.Column("investment_min_minor", sa.BigInteger(), nullable=False),
        sa.Column("threshold_bps", sa.Integer(), nullable=False),
        sa.Column("grace_days", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("open_key", sa.String(length=10), nullable=True),
        sa.Column("asked_by", sa.String(length=32), nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.Column("decided_by", sa.String(length=32), nullable=True),
        sa.Column("decided_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint(
            "status <> 'approved' OR (decided_by IS NOT NULL AND decided_by <> asked_by)",
            name=op.f("ck_limits_version_four_eyes"),
        ),
        sa.CheckConstraint(
            "status IN ('pending', 'approved', 'refused', 'cancelled')",
            name=op.f("ck_limits_version_status_known"),
        ),
        sa.CheckConstraint(
            "days_min > 0 AND days_max >= days_min", name=op.f("ck_limits_version_days")
        ),
        sa.CheckConstraint(
            "goal_min_minor > 0 AND goal_max_minor >= goal_min_minor",
            name=op.f("ck_limits_version_goal"),
        ),
        sa.CheckConstraint(
            "grace_days >= 0 AND grace_days <= 7", name=op.f("ck_limits_version_grace")
        ),
        sa.CheckConstraint(
            "investment_min_minor > 0 AND investment_min_minor <= goal_min_minor",
            name=op.f("ck_limits_version_investment"),
        ),
        sa.CheckConstraint(
            "threshold_bps > 0 AND threshold_bps <= 10000", name=op.f("ck_limits_version_threshold")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_limits_version")),
        sa.UniqueConstraint("open_key", name=op.f("uq_limits_version_open_key")),
    )
    with op.batch_alter_table("limits_version", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_limits_version_status_valid_from"),
            ["status", "valid_from"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_limits_version_valid_from_id"), ["valid_from", "id"], unique=False
        )

    op.create_table(
        "limits_version_event",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("limits_version_id", sa.String(length=32), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=32), nullable=False),
        sa.Column("from_status", sa.String(length=24), nullable=True),
        sa.Column("to_status", sa.String(length=24), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(
            ["limits_version_id"],
            ["limits_version.id"],
            name=op.f("fk_limits_version_event_limits_version_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_limits_version_event")),
        info={"append_only": True},
    )
    with op.batch_alter_table("limits_version_event", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_limits_version_event_limits_version_id"),
            ["limits_version_id"],
            unique=False,
        )

    zone = ZoneInfo(config.settings().time_zone)
    for row in op.get_bind().execute(sa.select(OLD)).mappings():
        moment = row["valid_from"]
        values = {name: row[name] for name in NUMBERS} | {
            "id": new_id(),
            "valid_from": moment,
            "from_on": moment.astimezone(zone).date(),
            "reason": WHY,
            "status": "approved",
            "asked_by": "cli",
            "asked_at": moment,
            "decided_by": "system",
            "decided_at": moment,
        }
        op.execute(sa.insert(NEW).values(values))
    op.drop_table("campaign_limits")
    make_append_only(op, "limits_version_event")


def downgrade() -> None:
    """Go back to one row for each moment; proposals and the history are lost."""
    op.create_table(
        "campaign_limits",
        sa.Column("valid_from", UTCDateTime(), nullable=False),
        sa.Column("goal_min_minor", sa.BigInteger(), nullable=False),
        sa.Column("goal_max_minor", sa.BigInteger(), nullable=False),
        sa.Column("days_min", sa.Integer(), nullable=False),
        sa.Column("days_max", sa.Integer(), nullable=False),
        sa.Column("investment_min_minor", sa.BigInteger(), nullable=False),
        sa.Column("threshold_bps", sa.Integer(), nullable=False),
        sa.Column("fee_bps", sa.Integer(), nullable=False),
        sa.Column("grace_days", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "grace_days >= 0 AND grace_days <= 7", name=op.f("ck_campaign_limits_grace")
        ),
        sa.PrimaryKeyConstraint("valid_from", name=op.f("pk_campaign_limits")),
    )
    approved = sa.select(NEW).where(NEW.c.status == "approved").order_by(NEW.c.decided_at, NEW.c.id)
    rows = {row["valid_from"]: row for row in op.get_bind().execute(approved).mappings()}
    for moment, row in rows.items():
        values = {name: row[name] for name in NUMBERS}
        op.execute(sa.insert(OLD).values(valid_from=moment, fee_bps=FEE_BPS, **values))
    for table in ("limits_version_event", "limits_version"):
        op.drop_table(table)
