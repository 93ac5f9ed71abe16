"""count requests for codes by device.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("otp", schema=None) as batch_op:
        batch_op.add_column(sa.Column("device", sa.String(length=64), server_default="", nullable=False))
        batch_op.create_index(
            batch_op.f("ix_otp_device_created_at"), ["device", "created_at"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("otp", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_otp_device_created_at"))
        batch_op.drop_column("device")
