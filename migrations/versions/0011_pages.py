"""Add the indexes that the pages of long lists are read by.

Revision ID: 0011
Revises: 0010
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

NEW = {
    "audit_entry": [("outcome", "seq")],
    "chain_tx": [("signer", "status", "nonce"), ("kind", "created_at")],
    "chain_write": [("contract", "created_at", "id")],
    "company": [("status", "id"), ("country",)],
    "follow_request": [("asked_at",)],
    "message": [("sent_at", "failed_at"), ("failed_at", "id"), ("kind", "id")],
    "notice": [("person_id", "read_at", "id"), ("person_id", "id")],
    "outbox": [("state", "not_before", "id")],
    "payout_account": [("status", "person_id")],
    "person": [
        ("created_at", "id"),
        ("kyc_status", "created_at", "id"),
        ("kyc_status", "kyc_expires_on"),
    ],
    "staff_request": [("asked_at",)],
}
# Each is the beginning of a new one, or is of use to no query any more.
OLD = {"notice": [("person_id", "read_at"), ("person_id", "created_at")]}


def upgrade() -> None:
    """Create the new indexes first: MySQL wants one for each foreign key at any time."""
    _create(NEW)
    _drop(OLD)


def downgrade() -> None:
    """Go back to the former indexes."""
    _create(OLD)
    _drop(NEW)


def _create(indexes: dict[str, list[tuple[str, ...]]]) -> None:
    for table, wanted in indexes.items():
        for columns in wanted:
            op.create_index(_name(table, columns), table, list(columns))


def _drop(indexes: dict[str, list[tuple[str, ...]]]) -> None:
    for table, unwanted in indexes.items():
        for columns in unwanted:
            op.drop_index(_name(table, columns), table_name=table)


def _name(table: str, columns: tuple[str, ...]) -> str:
    return f"ix_{table}_{'_'.join(columns)}"
