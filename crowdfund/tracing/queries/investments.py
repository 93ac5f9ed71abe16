"""Investments as parts of amounts: of a person, of a campaign, and one alone."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import sqlalchemy as sa

from crowdfund.campaigns.models import Campaign
from crowdfund.investments import queries as investments
from crowdfund.investments import rules as investment_rules
from crowdfund.investments.models import Investment
from crowdfund.kernel.db import db
from crowdfund.kernel.db.paging import Key, Page, Place, read_page
from crowdfund.kernel.db.rows import columns, read_first
from crowdfund.kernel.i18n import _
from crowdfund.ledger import line_queries as ledger_lines
from crowdfund.ledger import rules as ledger_rules
from crowdfund.ledger.queries import EntryRow
from crowdfund.payments.models import Payment, PaymentException
from crowdfund.payments.rules import TOKEN, Resolution
from crowdfund.tracing import rules
from crowdfund.tracing.queries import accounts, sources, withdrawals
from crowdfund.tracing.rows import Explanation, InvestmentLine, Line, Link, Reader, Source

_I, _C = Investment.__table__, Campaign.__table__
_P, _X = Payment.__table__, PaymentException.__table__
NEWEST = (Key(_I.c.id, is_descending=True),)
SIZE = 20
_ALL = sa.select(*columns(InvestmentLine, _I, _C)).join(_C, _C.c.id == _I.c.campaign_id)


def portfolio_invested(user_id: str, reader: Reader, place: Place) -> Explanation:
    """Explain what a person has in campaigns."""
    which = sa.and_(_I.c.user_id == user_id, _I.c.status.in_(investment_rules.IN))
    return _of_person(user_id, "invested_minor", which, reader, place)


def portfolio_on_its_way(user_id: str, reader: Reader, place: Place) -> Explanation:
    """Explain what a person has reserved or paid, and the bank has not settled."""
    waiting = (investment_rules.Status.PAYING, investment_rules.Status.AUTHORISED)
    which = sa.and_(_I.c.user_id == user_id, _I.c.status.in_(waiting))
    return _of_person(user_id, "pending_minor", which, reader, place)


def _of_person(
    user_id: str, total: str, which: sa.ColumnElement[bool], reader: Reader, place: Place
) -> Explanation:
    if not reader.id or user_id != reader.id:
        raise rules.missing()
    return Explanation(
        number_minor=investments.totals(user_id)[total],
        sum_minor=total_of(which),
        currency=accounts.CURRENCY,
        page=lines(which, reader, place),
        home=Link("investments.portfolio"),
    )


def total_of(which: sa.ColumnElement[bool]) -> int:
    """Return the sum of the investments that fit, in minor units."""
    query = sa.select(sa.func.coalesce(sa.func.sum(_I.c.amount_minor), 0)).where(which)
    return int(db.session.scalar(query) or 0)


def lines(which: sa.ColumnElement[bool], reader: Reader, place: Place) -> Page[Line]:
    """Return a page of the investments that fit, newest first, with what they come from."""
    page = read_page(_ALL.where(which), NEWEST, place, size=SIZE, row=InvestmentLine)
    origins = _origins(page.rows, reader)
    return page.map(lambda row: _line(row, reader, origins.get(row.id, ())))


def _line(row: InvestmentLine, reader: Reader, origin: Sequence[Source]) -> Line:
    is_open = may_see(row.user_id, reader)
    is_own = row.user_id == reader.id
    return Line(
        str(row.title) if is_own else _("Investment"),
        row.amount_minor,
        row.created_at,
        investment_rules.words(row.status),
        figure=("investment.amount", row.id) if is_open else None,
        sources=tuple(origin),
    )


def may_see(user_id: str, reader: Reader) -> bool:
    """Return whether an investment is the reader's own, or they may open its payment as staff."""
    return reader.may("payments.detail") or (bool(reader.id) and user_id == reader.id)


def _origins(rows: Sequence[InvestmentLine], reader: Reader) -> dict[str, tuple[Source, ...]]:
    """Return where investments come from: their entries, payments, decisions and chain records."""
    entries = entries_of([row.id for row in rows])
    known = sources.of_entries([one for found in entries.values() for one in found], reader)
    recorded = sources.of_writes("investment", [row.id for row in rows], reader)
    origins = {}
    for row in rows:
        of_entries = [source for one in entries.get(row.id, []) for source in known[one.id]]
        unique = dict.fromkeys([*of_entries, *recorded.get(row.id, ()), *_by_hash(row, recorded)])
        origins[row.id] = tuple(unique)
    return origins


def _by_hash(row: InvestmentLine, recorded: dict[str, list[Source]]) -> list[Source]:
    """Return the transaction that an investment names where no write of ours names it."""
    if not row.tx_hash or any(one.hashes for one in recorded.get(row.id, ())):
        return []
    return [Source(_("Recorded on chain"), hashes=((_("Transaction"), row.tx_hash),))]


def entries_of(ids: Sequence[str]) -> dict[str, list[EntryRow]]:
    """Return the entries about investments by id, oldest first: of payments, decisions, refunds."""
    keys = {f"investment:{one}:returned": one for one in ids}
    payments = sa.select(_P.c.id, _P.c.purpose_id).where(
        _P.c.purpose_kind == "investment", _P.c.purpose_id.in_(ids)
    )
    investment_of = {row.id: row.purpose_id for row in db.session.execute(payments)}
    for payment_id, one in investment_of.items():
        keys |= {f"payment:{payment_id}:{step}": one for step in _STEPS}
    decided = sa.select(_X.c.id, _X.c.payment_id).where(_X.c.payment_id.in_(list(investment_of)))
    exceptions = {row.id: row.payment_id for row in db.session.execute(decided)}
    for key, exception_id in withdrawals.keys_of_returns(exceptions).items():
        keys[key] = investment_of[exceptions[exception_id]]
    for exception_id, payment_id in exceptions.items():
        one = investment_of[payment_id]
        keys |= {f"exception:{exception_id}:{resolution}": one for resolution in Resolution}
    found: dict[str, list[EntryRow]] = {}
    for key, entry in ledger_lines.entries_by_keys(keys).items():
        found.setdefault(keys[key], []).append(entry)
    return {one: sorted(entries, key=lambda entry: entry.seq) for one, entries in found.items()}


_STEPS = ("succeeded", "settled", "reversed")


def investment_amount(investment_id: str, reader: Reader, place: Place) -> Explanation:
    """Explain the amount of one investment: what came into escrow for it, or its reservation."""
    row = read_first(InvestmentLine, _ALL.where(_I.c.id == investment_id))
    if row is None or not may_see(row.user_id, reader):
        raise rules.missing()
    entries = entries_of([row.id]).get(row.id, [])
    held_in = ledger_rules.tokens if row.rail == TOKEN else ledger_rules.escrow
    came = accounts.posting_lines(entries, reader, to=held_in(row.campaign_id))
    recorded = _recorded(row, reader)
    whole = [replace(one, sources=(*one.sources, *recorded)) for one in came]
    whole = whole or [_reservation(row, reader)]
    return Explanation(
        number_minor=row.amount_minor,
        sum_minor=sum(line.amount_minor for line in whole),
        currency=row.currency,
        page=Page(whole[::-1]),
        subject=str(row.title),
        home=_home(row, reader),
        facts=_facts(row),
        related=tuple(_others(accounts.posting_lines(entries, reader), came)),
    )


def _recorded(row: InvestmentLine, reader: Reader) -> list[Source]:
    found = sources.of_writes("investment", [row.id], reader)
    return [*found.get(row.id, ()), *_by_hash(row, found)]


def _others(all_lines: Iterable[Line], counted: Sequence[Line]) -> list[Line]:
    return [line for line in all_lines if line not in counted]


def _reservation(row: InvestmentLine, reader: Reader) -> Line:
    found = sources.of_things([("payment", str(row.payment_id))], reader)
    origin = found.get(("payment", str(row.payment_id)), ())
    note = investment_rules.words(row.status)
    return Line(_("Reservation"), row.amount_minor, row.created_at, note, sources=origin)


def _facts(row: InvestmentLine) -> tuple[str, ...]:
    if row.status == investment_rules.Status.RETURNED:
        return (_("The whole amount has been returned since: it is in your wallet."),)
    if row.status in investment_rules.WITHOUT_ROOM:
        return (_("The reservation has ended, and nothing was invested."),)
    return ()


def _home(row: InvestmentLine, reader: Reader) -> Link:
    if row.user_id == reader.id:
        return Link("investments.show", "investment_id", row.id)
    return Link("payments.detail", "payment_id", str(row.payment_id))
