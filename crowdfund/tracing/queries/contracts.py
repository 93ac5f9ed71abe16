"""What our books hold of contracts, and the money that a comparison of all contracts covered."""

import sqlalchemy as sa

from crowdfund.campaigns.models import Campaign
from crowdfund.chain import rules as chain
from crowdfund.investments import rules as investment_rules
from crowdfund.investments.models import ForeignMoney, Investment
from crowdfund.kernel.db import db
from crowdfund.kernel.db.paging import Key, Place, read_page
from crowdfund.kernel.db.rows import columns, read_first
from crowdfund.kernel.i18n import _, number
from crowdfund.payments.rules import TOKEN
from crowdfund.reconciliation import queries as reconciliation
from crowdfund.reconciliation.models import Comparison, ContractReading
from crowdfund.reconciliation.rows import ComparisonRow
from crowdfund.reconciliation.rules.comparing import Books
from crowdfund.tracing import rules
from crowdfund.tracing.queries import campaigns
from crowdfund.tracing.rows import Explanation, Line, Link, ReadContract, Reader, Source

_C, _I, _F = Campaign.__table__, Investment.__table__, ForeignMoney.__table__
_R, _V = ContractReading.__table__, Comparison.__table__
SIZE = 25


def recorded(campaign_id: str, reader: Reader, place: Place) -> Explanation:
    """Explain which money our books hold as recorded by the contract."""
    which = sa.and_(_I.c.campaign_id == campaign_id, _I.c.tx_hash.is_not(None), _I.c.rail != TOKEN)
    campaign, books = campaigns.inside(campaign_id, reader), _books(campaign_id)
    return campaigns.of_investments(campaign, books.recorded_minor, which, reader, place)


def refused(campaign_id: str, reader: Reader, place: Place) -> Explanation:
    """Explain which settled money the contract refused to record."""
    is_in = _I.c.status.in_(investment_rules.IN)
    which = sa.and_(_I.c.campaign_id == campaign_id, is_in, _I.c.chain_problem.is_not(None))
    campaign, books = campaigns.inside(campaign_id, reader), _books(campaign_id)
    return campaigns.of_investments(campaign, books.refused_minor, which, reader, place)


def tokens(campaign_id: str, reader: Reader, place: Place) -> Explanation:
    """Explain the token money of a contract, as our books count it."""
    campaign, books = campaigns.inside(campaign_id, reader), _books(campaign_id)
    foreign = campaigns.only_on_chain(campaign_id, _F.c.amount_minor).where(_F.c.kind == "token")
    parts = [foreign, campaigns.paid_with_tokens(campaign_id)]
    return campaigns.of_ways(campaign, books.token_minor, parts, reader, place)


def _books(campaign_id: str) -> Books:
    found = reconciliation.books(campaign_id)
    if not found:
        raise rules.missing()
    return found[0]


def compared(comparison_id: str, reader: Reader, place: Place) -> Explanation:
    """Explain, to everybody, the money of all contracts that one comparison covered."""
    query = sa.select(*columns(ComparisonRow, _V)).where(_V.c.id == comparison_id)
    found = read_first(ComparisonRow, query)
    if found is None:
        raise rules.missing()
    selected = columns(ReadContract, _R, _C)
    read = sa.select(*selected).outerjoin(_C, _C.c.id == _R.c.campaign_id)
    page = read_page(read, (Key(_R.c.address),), place, size=SIZE, row=ReadContract)
    return Explanation(
        number_minor=found.amount_minor,
        sum_minor=_total(),
        currency="ETB",
        page=page.map(_line),
        home=Link("reconciliation.drift"),
        facts=(_moment(found),),
    )


def _total() -> int:
    """Return what all contracts had when they were last read, in minor units.

    Units are texts, as integers have 256 bits: no database adds them up.
    """
    query = sa.select(_R.c.fiat_units, _R.c.token_units)
    return sum(_minor(*row) for row in db.session.execute(query))


def _minor(fiat_units: str, token_units: str) -> int:
    return (int(fiat_units) + int(token_units)) // chain.to_units(1)


def _line(row: ReadContract) -> Line:
    at_block = Source(
        _("Answer of the contract at block %(block)s", block=number(row.block_number)),
        row.at,
        link=Link("campaigns.detail", "slug", row.slug) if row.slug else None,
        hashes=((_("Address"), row.address),),
    )
    what = row.title or _("Contract without a campaign")
    return Line(what, _minor(row.fiat_units, row.token_units), row.at, sources=(at_block,))


def _moment(found: ComparisonRow) -> str:
    block = number(found.block_number) if found.block_number is not None else "–"
    return _("The comparison was made at block %(block)s.", block=block)
