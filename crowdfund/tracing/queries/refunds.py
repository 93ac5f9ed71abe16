"""Refunds: the payment that brought the money, what of it went back, what is in the wallet."""

from crowdfund.kernel.db.paging import Page, Place
from crowdfund.kernel.i18n import _
from crowdfund.ledger import queries as ledger
from crowdfund.payouts import queries as payouts
from crowdfund.payouts import rules as payout_rules
from crowdfund.refunds import queries
from crowdfund.refunds.rows import RefundRow
from crowdfund.tracing import rules
from crowdfund.tracing.queries import accounts, sources
from crowdfund.tracing.rows import Explanation, Line, Link, Reader, Source


def amount(refund_id: str, reader: Reader, place: Place) -> Explanation:
    """Explain the amount of a refund: the payment that brought it, the entry that credited it."""
    row = _find(refund_id, reader)
    line = Line(_("Refunded"), row.amount_minor, row.credited_at, sources=_sources(row, reader))
    entries = ledger.entries_with_key_prefix(row.source_kind, row.source_id)
    for one in payouts.of_refund(row.id):
        entries += ledger.entries_with_key_prefix("payout", one.id)
    related = accounts.posting_lines(entries, reader)
    return _explained(row, row.amount_minor, [line], reader, related)


def in_wallet(refund_id: str, reader: Reader, place: Place) -> Explanation:
    """Explain what of a refund is still in the wallet."""
    row = _find(refund_id, reader)
    left = queries.open_one(row)
    figure = ("refund.amount", row.id)
    lines = [
        Line(_("Refunded"), row.amount_minor, row.credited_at, figure=figure),
        *(
            Line(
                _("Sent back"),
                -one.amount_minor,
                one.requested_at,
                payout_rules.words(one.status),
                figure=("withdrawal.amount", one.id),
            )
            for one in payouts.of_refund(row.id)
            if one.status not in payout_rules.RETURNED
        ),
    ]
    if left.spent_minor:
        lines.append(Line(_("Used or withdrawn"), -left.spent_minor))
    return _explained(row, left.wallet_minor, lines, reader, ())


def _find(refund_id: str, reader: Reader) -> RefundRow:
    row = queries.find(refund_id)
    is_own = row is not None and bool(reader.id) and row.user_id == reader.id
    if row is None or not (is_own or reader.may("payouts.detail")):
        raise rules.missing()
    return row


def _sources(row: RefundRow, reader: Reader) -> tuple[Source, ...]:
    things = [(row.source_kind, row.source_id)]
    if row.payment_id:
        things.append(("payment", row.payment_id))
    found = sources.of_things(things, reader)
    return tuple(source for thing in things for source in found.get(thing, ()))


def _explained(
    row: RefundRow,
    number_minor: int,
    lines: list[Line],
    reader: Reader,
    related: tuple[Line, ...],
) -> Explanation:
    is_own = row.user_id == reader.id
    return Explanation(
        number_minor=number_minor,
        sum_minor=sum(line.amount_minor for line in lines),
        currency=row.currency,
        page=Page(lines, None, None),
        home=Link("refunds.show", "refund_id", row.id) if is_own else None,
        related=related,
    )
