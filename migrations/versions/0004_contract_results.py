"""Comparisons of contracts and books, requests to follow a contract, refused payments.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

from crowdfund.kernel.db import UTCDateTime, make_append_only

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contract_comparison",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=True),
        sa.Column("campaigns", sa.Integer(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("differences", sa.JSON(), nullable=False),
        sa.Column("failure", sa.String(length=500), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_comparison")),
        info={"append_only": True},
    )
    with op.batch_alter_table("contract_comparison", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contract_comparison_at"), ["at"], unique=False)

    op.create_table(
        "contract_reading",
        sa.Column("address", sa.String(length=42), nullable=False),
        sa.Column("campaign_id", sa.String(length=32), nullable=True),
        sa.Column("is_ours", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("fiat_units", sa.String(length=80), nullable=False),
        sa.Column("token_units", sa.String(length=80), nullable=False),
        sa.Column("escrow_units", sa.String(length=80), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("missing", sa.JSON(), nullable=True),
        sa.Column("extra", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_contract_reading")),
    )
    with op.batch_alter_table("contract_reading", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contract_reading_campaign_id"), ["campaign_id"], unique=False)

    op.create_table(
        "follow_request",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("campaign_id", sa.String(length=32), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("open_key", sa.String(length=32), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("asked_by", sa.String(length=32), nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.Column("decided_by", sa.String(length=32), nullable=True),
        sa.Column("decided_at", UTCDateTime(), nullable=True),
        sa.Column("problem", sa.String(length=500), nullable=True),
        sa.CheckConstraint(
            "status IN ('pending', 'approved', 'done', 'refused', 'cancelled', 'stopped')",
            name=op.f("ck_follow_request_status_known"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('approved', 'done') OR (decided_by IS NOT NULL AND decided_by <> asked_by)",
            name=op.f("ck_follow_request_four_eyes"),
        ),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_follow_request_campaign_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_request")),
        sa.UniqueConstraint("open_key", name=op.f("uq_follow_request_open_key")),
    )
    with op.batch_alter_table("follow_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_follow_request_campaign_id"), ["campaign_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_follow_request_status_asked_at"), ["status", "asked_at"], unique=False
        )

    op.create_table(
        "follow_request_event",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("follow_request_id", sa.String(length=32), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=32), nullable=False),
        sa.Column("from_status", sa.String(length=24), nullable=True),
        sa.Column("to_status", sa.String(length=24), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(
            ["follow_request_id"],
            ["follow_request.id"],
            name=op.f("fk_follow_request_event_follow_request_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_request_event")),
        info={"append_only": True},
    )
    with op.batch_alter_table("follow_request_event", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_follow_request_event_follow_request_id"), ["follow_request_id"], unique=False
        )

    with op.batch_alter_table("campaign", schema=None) as batch_op:
        batch_op.add_column(sa.Column("contract_result", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("refused_count", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(
            sa.Column("accepted_difference_minor", sa.BigInteger(), server_default="0", nullable=False)
        )
        batch_op.add_column(sa.Column("accepted_result", sa.String(length=16), nullable=True))

    _change_data()
    with op.batch_alter_table("campaign_limits", schema=None) as batch_op:
        batch_op.create_check_constraint(
            batch_op.f("ck_campaign_limits_grace"), "grace_days >= 0 AND grace_days <= 7"
        )
    make_append_only(op, "contract_comparison")
    make_append_only(op, "follow_request_event")


def _change_data() -> None:
    """Bring what is there to the new rules."""
    # A longer grace than this would outlast the time in which a contract records.
    op.execute("UPDATE campaign_limits SET grace_days = 7 WHERE grace_days > 7")
    op.execute("UPDATE campaign_limits SET grace_days = 0 WHERE grace_days < 0")
    refused = (
        "SELECT COUNT(*) FROM investment WHERE investment.campaign_id = campaign.id "
        "AND investment.chain_problem IS NOT NULL AND investment.status IN ('settled', 'confirmed')"
    )
    op.execute(f"UPDATE campaign SET refused_count = ({refused})")
    # A closing whose result was not followed: the next comparison finds it, and two people decide.
    op.execute(
        "UPDATE campaign SET ending = NULL, ending_at = NULL WHERE status = 'live' AND ending = 'close' "
        "AND chain_error = 'The contract and the journal disagree about the result.'"
    )


def downgrade() -> None:
    with op.batch_alter_table("campaign_limits", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_campaign_limits_grace"), type_="check")
    with op.batch_alter_table("campaign", schema=None) as batch_op:
        batch_op.drop_column("accepted_result")
        batch_op.drop_column("accepted_difference_minor")
        batch_op.drop_column("refused_count")
        batch_op.drop_column("contract_result")

    op.drop_table("follow_request_event")
    op.drop_table("follow_request")
    op.drop_table("contract_reading")
    op.drop_table("contract_comparison")
