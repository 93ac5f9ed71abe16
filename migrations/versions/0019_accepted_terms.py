"""Record who accepted which version of the terms of use.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

from crowdfund.kernel.db import UTCDateTime, make_append_only

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; everybody who has an account is asked at the next visit."""
    op.create_table(
        "terms_acceptance",
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.String(length=20), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("accepted_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_terms_acceptance_person_id")
        ),
        sa.PrimaryKeyConstraint("person_id", "version", name=op.f("pk_terms_acceptance")),
        info={"append_only": True},
    )
    op.add_column(
        "person",
        sa.Column("terms_version", sa.String(length=20), server_default="", nullable=False),
    )
    make_append_only(op, "terms_acceptance")


def downgrade() -> None:
    """Drop both; who accepted what is lost."""
    op.drop_column("person", "terms_version")
    op.drop_table("terms_acceptance")
