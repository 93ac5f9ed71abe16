"""Let campaigns be found by their sector in every language, and by their company's present name.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

from crowdfund.campaigns.rules.addresses import folded
from crowdfund.issuers.rules.lists import sector_words

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_BATCH = 500
_CAMPAIGN = sa.table(
    "campaign",
    *map(sa.column, ("id", "company_id", "title", "summary", "sector", "search_text")),
)
_COMPANY = sa.table("company", sa.column("id"), sa.column("trade_name"))


def upgrade() -> None:
    """Write the words of every campaign anew, as saving its first page does."""
    connection, last_id = op.get_bind(), ""
    rows = sa.select(_CAMPAIGN, _COMPANY.c.trade_name).select_from(
        _CAMPAIGN.outerjoin(_COMPANY, _COMPANY.c.id == _CAMPAIGN.c.company_id)
    )
    rows = rows.where(_CAMPAIGN.c.search_text != "").order_by(_CAMPAIGN.c.id).limit(_BATCH)
    while found := connection.execute(rows.where(_CAMPAIGN.c.id > last_id)).all():
        for row in found:
            words = _words(row)
            if words != row.search_text:
                change = sa.update(_CAMPAIGN).where(_CAMPAIGN.c.id == row.id)
                connection.execute(change.values(search_text=words))
        last_id = found[-1].id


def downgrade() -> None:
    """Leave the words: the old code finds no less by them."""


def _words(row: sa.Row) -> str:
    """Return the words of a campaign; what was never written by its first page only gets more."""
    sector = sector_words(row.sector)
    if row.title is None or row.summary is None:
        return folded(f"{row.search_text} {sector}", most=500)
    return folded(f"{row.title} {row.summary} {row.trade_name or ''} {sector}", most=500)
