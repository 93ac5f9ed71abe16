"""Amounts of payments: asked for, received, missing, under review, and totals of a list."""

import sqlalchemy as sa

from crowdfund.kernel.db.paging import Page, Place
from crowdfund.kernel.db.rows import columns, read_all
from crowdfund.kernel.i18n import _
from crowdfund.kernel.statuses import status_text
from crowdfund.ledger import line_queries as ledger_lines
from crowdfund.ledger.rules import SUSPENSE
from crowdfund.payments import desk_queries, queries
from crowdfund.payments.desk_queries import PaymentFilter
from crowdfund.payments.models import Payment, PaymentException
from crowdfund.payments.rows import ExceptionRow, PaymentRow, ShortRow
from crowdfund.payments.rules import MISFITS, Kind, Status
from crowdfund.payments.service import short
from crowdfund.tracing import rules
from crowdfund.tracing.queries import accounts, sources
from crowdfund.tracing.rows import Explanation, Line, Link, Reader, Source

_P, _X = Payment.__table__, PaymentException.__table__
_LONGEST_SEARCH = 80


# --- one payment ----------------------------------------------------------------------------------


def amount(payment_id: str, reader: Reader, place: Place) -> Explanation:
    """Explain what a payment asks for: the whole, or what was missing of an earlier one."""
    row = _find(payment_id, reader)
    parts = _parts_before(row) if row.rest_of else []
    first = queries.get(row.rest_of) if row.rest_of else row
    lines = [_asked(first, reader), *(_part(one, reader) for one in parts)]
    entries = ledger_lines.entries_by_keys(_keys(row.id)).values()
    related = accounts.posting_lines(sorted(entries, key=lambda one: one.seq), reader)
    return _explained(row, row.amount_minor, row.currency, lines, reader, related=related)


def missing(payment_id: str, reader: Reader, place: Place) -> Explanation:
    """Explain what is missing of a payment that came short."""
    row = _find(payment_id, reader)
    rest = short.rest(row.id)
    if rest is None:
        raise rules.missing()
    parts = short.open_parts(rest.first.id)
    lines = [_asked(rest.first, reader), *(_part(one, reader) for one in parts)]
    return _explained(row, rest.missing_minor, row.currency, lines, reader)


def received(payment_id: str, reader: Reader, place: Place) -> Explanation:
    """Explain what was received of a payment: the posting by which it came in."""
    row = _find(payment_id, reader)
    if row.received_minor is None or row.received_currency is None or not row.is_received:
        raise rules.missing()
    entries = list(ledger_lines.entries_by_keys([f"payment:{row.id}:succeeded"]).values())
    lines = list(accounts.posting_lines(entries, reader))
    return _explained(row, row.received_minor, row.received_currency, lines, reader)


def _find(payment_id: str, reader: Reader) -> PaymentRow:
    row = queries.find(payment_id)
    is_own = row is not None and bool(reader.id) and row.user_id == reader.id
    if row is None or not (is_own or reader.may("payments.detail")):
        raise rules.missing()
    return row


def _keys(payment_id: str) -> list[str]:
    return [f"payment:{payment_id}:{step}" for step in ("succeeded", "settled", "reversed")]


def _parts_before(row: PaymentRow) -> list[ShortRow]:
    """Return what had come short of the first payment when this rest began."""
    ids = [one for one in [str(row.rest_of), *short.rest_ids(str(row.rest_of))] if one < row.id]
    query = sa.select(*columns(ShortRow, _X)).where(
        _X.c.payment_id.in_(ids), _X.c.kind == Kind.TOO_LITTLE, _X.c.held == sa.true()
    )
    return read_all(ShortRow, query.order_by(_X.c.id))


def _asked(row: PaymentRow, reader: Reader) -> Line:
    origin = sources.of_things([("payment", row.id)], reader).get(("payment", row.id), ())
    is_investment = row.purpose_kind == "investment"
    figure = ("investment.amount", row.purpose_id) if is_investment else None
    what = row.description or _("Amount asked for")
    return Line(what, row.amount_minor, row.created_at, figure=figure, sources=origin)


def _part(part: ShortRow, reader: Reader) -> Line:
    """Return what came before as a line that is taken off."""
    key = f"payment:{part.payment_id}:settled"
    entries = list(ledger_lines.entries_by_keys([key]).values())
    origin = [source for one in sources.of_entries(entries, reader).values() for source in one]
    return Line(_("Received before"), -part.amount_minor, part.created_at, sources=tuple(origin))


def _explained(
    row: PaymentRow,
    number_minor: int,
    currency: str,
    lines: list[Line],
    reader: Reader,
    *,
    related: tuple[Line, ...] = (),
) -> Explanation:
    page = "payments.detail" if reader.may("payments.detail") else "payments.show"
    return Explanation(
        number_minor=number_minor,
        sum_minor=sum(line.amount_minor for line in lines),
        currency=currency,
        page=Page(lines),
        subject=row.description,
        home=Link(page, "payment_id", row.id),
        related=related,
    )


# --- under review ---------------------------------------------------------------------------------


def exception_amount(exception_id: str, reader: Reader, place: Place) -> Explanation:
    """Explain the amount of a payment that needs a decision, to staff."""
    found = queries.exception(exception_id)
    lines = _held(found, reader) if found.held else [_reported(found, reader)]
    return Explanation(
        number_minor=found.amount_minor,
        sum_minor=sum(line.amount_minor for line in lines),
        currency=found.currency,
        page=Page(lines),
        subject=status_text(found.kind),
        home=Link("payments.exception", "exception_id", found.id),
    )


def _held(found: ExceptionRow, reader: Reader) -> list[Line]:
    own = found.payment_id and found.kind in MISFITS
    key = f"payment:{found.payment_id}:settled" if own else found.key
    entries = list(ledger_lines.entries_by_keys([key]).values())
    return list(accounts.posting_lines(entries, reader, to=SUSPENSE))


def _reported(found: ExceptionRow, reader: Reader) -> Line:
    """Return the claim that nothing was booked for."""
    things = [("payment", found.payment_id)] if found.payment_id else []
    origin = [one for each in sources.of_things(things, reader).values() for one in each]
    if found.tx_id:
        transaction = ((_("Transaction"), found.tx_id),)
        origin.append(Source(_("Reported"), found.created_at, details=transaction))
    note = _("Nothing was booked.")
    return Line(
        status_text(found.kind), found.amount_minor, found.created_at, note, sources=tuple(origin)
    )


# --- totals of the list ---------------------------------------------------------------------------


def total_asked(thing_id: str, reader: Reader, place: Place) -> Explanation:
    """Explain a total of the list of payments: what the payments that match ask for."""
    return _total(thing_id, reader, place, "amount_minor", "payment.amount")


def total_received(thing_id: str, reader: Reader, place: Place) -> Explanation:
    """Explain a total of the list of payments: what was received for those that match."""
    return _total(thing_id, reader, place, "received_minor", "payment.received")


def _total(thing_id: str, reader: Reader, place: Place, name: str, figure: str) -> Explanation:
    wanted, currency = _wanted(thing_id, name)
    totals = desk_queries.payment_totals(wanted)
    if not totals:
        raise rules.missing()
    page = desk_queries.payments_page(wanted, place)
    return Explanation(
        number_minor=sum(getattr(one, name) for one in totals),
        sum_minor=desk_queries.sum_of(wanted, name),
        currency=currency,
        page=page.map(lambda row: _payment(row, getattr(row, name) or 0, figure)),
        home=Link("payments.index"),
    )


def _payment(row: PaymentRow, amount_minor: int, figure: str) -> Line:
    origin = Source(
        row.description or row.id,
        row.created_at,
        row.status,
        Link("payments.detail", "payment_id", row.id),
        details=((_("Payment"), row.id),),
    )
    what = _("Payment")
    return Line(what, amount_minor, row.created_at, figure=(figure, row.id), sources=(origin,))


def _wanted(thing_id: str, name: str) -> tuple[PaymentFilter, str]:
    """Return the payments of `status:currency:received:gateway:search`, and the sum's currency."""
    status, currency, of_received, gateway, search = [*thing_id.split(":", 4), *[""] * 5][:5]
    if status not in tuple(Status) or len(search) > _LONGEST_SEARCH:
        raise rules.missing()
    wanted = PaymentFilter(status, gateway, search, currency, of_received)
    return wanted, of_received if name == "received_minor" else currency
