"""Withdrawals: what is on hold for them, who approved them, what the bank answered."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from crowdfund.kernel.db import db
from crowdfund.kernel.db.history import status_changes
from crowdfund.kernel.db.paging import Page
from crowdfund.kernel.db.rows import columns, read_all, read_first
from crowdfund.kernel.i18n import _
from crowdfund.kernel.statuses import status_text
from crowdfund.payouts import rules
from crowdfund.payouts.models import Payout, payout_event
from crowdfund.payouts.queries import answers
from crowdfund.people import queries as people
from crowdfund.tracing.rows import Line, Link, Reader, Source

_O = Payout.__table__


@dataclass(frozen=True, slots=True)
class PayoutFacts:
    """A withdrawal as a source."""

    id: str
    user_id: str | None
    amount_minor: int
    currency: str
    kind: str
    refund_id: str | None
    exception_id: str | None
    masked: str
    hold_id: str | None
    status: str
    gateway_id: str | None
    needs_approval: bool
    requested_at: datetime


def get(payout_id: str) -> PayoutFacts | None:
    """Return a withdrawal, or None."""
    query = sa.select(*columns(PayoutFacts, _O)).where(_O.c.id == payout_id)
    return read_first(PayoutFacts, query)


def by_holds(hold_ids: list[str]) -> dict[str, PayoutFacts]:
    """Return the withdrawals for which money is held, by the id of the hold."""
    query = sa.select(*columns(PayoutFacts, _O)).where(_O.c.hold_id.in_(hold_ids))
    return {str(row.hold_id): row for row in read_all(PayoutFacts, query)}


def keys_of_returns(exception_ids: Collection[str]) -> dict[str, str]:
    """Return the keys of entries about returns of payment exceptions, each with its exception."""
    query = sa.select(_O.c.id, _O.c.exception_id).where(_O.c.exception_id.in_(list(exception_ids)))
    return {
        key: row.exception_id
        for row in db.session.execute(query)
        for key in rules.entry_keys(row.id, row.exception_id)
    }


def sources(ids: set[str], reader: Reader) -> dict[str, tuple[Source, ...]]:
    """Return what happened to withdrawals, by id; nothing of those of others."""
    query = sa.select(*columns(PayoutFacts, _O)).where(_O.c.id.in_(ids))
    rows = [row for row in read_all(PayoutFacts, query) if may_see(row, reader)]
    return {row.id: tuple(_sources(row, reader)) for row in rows}


def may_see(row: PayoutFacts, reader: Reader) -> bool:
    """Return whether a withdrawal is the reader's own, or they may open the desk's page of it."""
    return reader.may("payouts.detail") or (bool(reader.id) and row.user_id == reader.id)


def _sources(row: PayoutFacts, reader: Reader) -> list[Source]:
    is_staff = reader.may("payouts.detail")
    page = "payouts.detail" if is_staff else "payouts.show"
    details = [(_("Withdrawal"), row.id)]
    if row.gateway_id:
        details.append((_("Number at the bank"), row.gateway_id))
    words = _("Withdrawal to %(account)s", account=row.masked)
    if row.kind == rules.Kind.RETURN:
        words = _("Refund sent back to the account that paid")
    if row.exception_id is not None:
        words = _("Payment sent back to the account that paid")
    # The payer's own page of held money is that of the payment.
    link = Link(page, "payout_id", row.id) if is_staff or row.exception_id is None else None
    found = [Source(words, row.requested_at, row.status, link, tuple(details))]
    for step in status_changes(payout_event, row.id):
        if step.to_status == rules.Status.APPROVED and step.from_status != step.to_status:
            who = people.names({step.actor}).get(step.actor, "") if is_staff else ""
            by = ((_("Decided by"), who),) if who else ()
            found.append(Source(_("Approved by our staff"), step.at, details=by))
    if is_staff:
        found += [
            Source(
                _("Answer of the bank: %(outcome)s", outcome=one.outcome),
                one.at,
                details=((_("Details"), one.detail),),
                is_main=False,
            )
            for one in answers(row.id)[-3:]
        ]
    return found


def hold_line(
    row: PayoutFacts,
    *,
    status: str,
    at: datetime,
    reader: Reader,
    origin: tuple[Source, ...] = (),
) -> Page[Line]:
    """Return the one line of a withdrawal: the money that was set aside for it.

    `origin` is where the money of a return had come from.
    """
    notes = {
        "held": _("On hold: it is still in the wallet until the bank has paid it."),
        "captured": _("It has left the wallet: the bank has paid it."),
        "released": _("The hold has ended: it is available in the wallet again."),
    }
    found = sources({row.id}, reader).get(row.id, ()) + origin
    what = _("Set aside in the wallet")
    return Page(
        [Line(what, row.amount_minor, at, notes.get(status, status_text(status)), sources=found)]
    )
