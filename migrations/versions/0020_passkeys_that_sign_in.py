"""A sign-in with a passkey alone is an attempt like those at a provider and in a wallet.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take a third kind."""
    _replace("kind IN ('oidc', 'wallet', 'passkey')")


def downgrade() -> None:
    """Forget attempts with passkeys, which are good for ten minutes."""
    op.execute(sa.text("DELETE FROM sign_in_attempt WHERE kind = 'passkey'"))
    _replace("kind IN ('oidc', 'wallet')")


def _replace(condition: str) -> None:
    with op.batch_alter_table("sign_in_attempt") as batch:
        name = batch.f("ck_sign_in_attempt_kind_known")
        batch.drop_constraint(name, type_="check")
        batch.create_check_constraint(name, condition)
