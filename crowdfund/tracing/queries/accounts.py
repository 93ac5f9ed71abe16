"""Balances of accounts and wallets, what is held of them, and single postings."""

from dataclasses import replace

from crowdfund.issuers import queries as issuers
from crowdfund.kernel.db.paging import Page, Place
from crowdfund.kernel.i18n import _
from crowdfund.kernel.statuses import status_text
from crowdfund.ledger import line_queries as ledger_lines
from crowdfund.ledger import queries as ledger
from crowdfund.ledger import rules as ledger_rules
from crowdfund.ledger.line_queries import HoldRow, Spot
from crowdfund.ledger.queries import EntryRow
from crowdfund.payouts import rules as payout_rules
from crowdfund.tracing import rules
from crowdfund.tracing.queries import owners, sources, withdrawals
from crowdfund.tracing.rows import Explanation, Line, Link, Reader

CURRENCY = "ETB"
SIZE = 25


# --- balances -------------------------------------------------------------------------------------


def wallet_balance(user_id: str, reader: Reader, place: Place) -> Explanation:
    """Explain the balance of a person's wallet."""
    return _balance(
        _wallet(user_id, reader), CURRENCY, reader, place, home=_wallet_home(user_id, reader)
    )


def company_balance(company_id: str, reader: Reader, place: Place) -> Explanation:
    """Explain the balance of a company's wallet, to its team and to staff."""
    account = ledger_rules.company_wallet(company_id)
    is_own = bool(reader.id) and issuers.is_member(company_id, reader.id)
    if not is_own and not (reader.may("ledger.account") and ledger.exists(account)):
        raise rules.missing()
    home = Link("campaigns.dashboard") if is_own else Link("ledger.account", "account", account)
    return _balance(account, CURRENCY, reader, place, home=home)


def account_balance(thing_id: str, reader: Reader, place: Place) -> Explanation:
    """Explain the balance of any account, to staff."""
    account, currency = _account(thing_id)
    home = Link("ledger.account", "account", account)
    return _balance(account, currency, reader, place, home=home)


def wallet_balance_after(thing_id: str, reader: Reader, place: Place) -> Explanation:
    """Explain the balance of a wallet after one of its postings."""
    user_id, spot = rules.split_spot(thing_id)
    home = _wallet_home(user_id, reader)
    return _balance_after(_wallet(user_id, reader), CURRENCY, spot, reader, place, home=home)


def account_balance_after(thing_id: str, reader: Reader, place: Place) -> Explanation:
    """Explain the balance of any account after one of its postings, to staff."""
    name, spot = rules.split_spot(thing_id)
    account, currency = _account(name)
    home = Link("ledger.account", "account", account)
    return _balance_after(account, currency, spot, reader, place, home=home)


def _wallet(user_id: str, reader: Reader) -> str:
    account = ledger_rules.user_wallet(user_id)
    is_own = bool(reader.id) and user_id == reader.id
    if not is_own and not (reader.may("ledger.account") and ledger.exists(account)):
        raise rules.missing()
    return account


def _wallet_home(user_id: str, reader: Reader) -> Link:
    if user_id == reader.id:
        return Link("ledger.wallet")
    return Link("ledger.account", "account", ledger_rules.user_wallet(user_id))


def _account(thing_id: str) -> tuple[str, str]:
    account, currency = rules.split_account(thing_id)
    if not ledger.exists(account):
        raise rules.missing()
    return account, currency


def _balance(
    account: str, currency: str, reader: Reader, place: Place, *, home: Link
) -> Explanation:
    page = ledger.history(account, currency=currency, place=place, size=SIZE)
    return Explanation(
        number_minor=ledger.balance(account, currency),
        sum_minor=ledger_lines.posted(account, currency),
        currency=currency,
        page=_lines(page, reader),
        home=home,
    )


def _balance_after(
    account: str, currency: str, spot: Spot, reader: Reader, place: Place, *, home: Link
) -> Explanation:
    if not ledger_lines.is_posting_of(account, currency, spot):
        raise rules.missing()
    later = ledger_lines.posted(account, currency, after=spot)
    number = ledger.balance(account, currency) - later
    first = ledger_lines.place_from(account, currency, spot, number)
    page = ledger.history(account, currency=currency, place=place or first, size=SIZE)
    kept = [line for line in page.rows if (line.seq, line.n) <= spot]
    is_first = bool(kept) and (kept[0].seq, kept[0].n) == spot
    page = replace(page, rows=kept, previous=None if is_first else page.previous)
    return Explanation(
        number_minor=number,
        sum_minor=ledger_lines.posted_until(account, currency, spot),
        currency=currency,
        page=_lines(page, reader),
        home=home,
    )


def _lines(page: Page[ledger.Line], reader: Reader) -> Page[Line]:
    """Return postings of an account as lines, each with the entry that it belongs to."""
    entries = ledger_lines.entries_by_ids({line.entry_id for line in page.rows})
    found = sources.of_entries(entries.values(), reader)

    def line(one: ledger.Line) -> Line:
        thing = f"{one.entry_id}.{one.n}" + (".out" if one.amount_minor < 0 else "")
        return Line(
            status_text(one.kind),
            one.amount_minor,
            one.at,
            ledger_rules.account_words(one.counterpart),
            one.balance_minor,
            ("posting.amount", thing),
            found[one.entry_id],
        )

    return page.map(line)


# --- holds ----------------------------------------------------------------------------------------


def wallet_on_hold(user_id: str, reader: Reader, place: Place) -> Explanation:
    """Explain what is on hold in a wallet."""
    home = _wallet_home(user_id, reader)
    return _held(_wallet(user_id, reader), CURRENCY, reader, place, home=home)


def account_held(thing_id: str, reader: Reader, place: Place) -> Explanation:
    """Explain what is held of any account, to staff."""
    account, currency = _account(thing_id)
    home = Link("ledger.account", "account", account)
    return _held(account, currency, reader, place, home=home)


def _held(account: str, currency: str, reader: Reader, place: Place, *, home: Link) -> Explanation:
    page = ledger_lines.holds(account, currency=currency, place=place, size=SIZE)
    return Explanation(
        number_minor=ledger_lines.held(account, currency),
        sum_minor=ledger_lines.holds_total(account, currency),
        currency=currency,
        page=_hold_lines(page, reader, sign=1),
        home=home,
    )


def wallet_available(user_id: str, reader: Reader, place: Place) -> Explanation:
    """Explain what is available in a wallet: its balance less what is on hold."""
    account = _wallet(user_id, reader)
    holds = ledger_lines.holds(account, currency=CURRENCY, place=place, size=SIZE)
    page = _hold_lines(holds, reader, sign=-1)
    if page.previous is None:
        balance = ledger.balance(account, CURRENCY)
        whole = Line(_("Balance of the wallet"), balance, figure=("wallet.balance", user_id))
        page = replace(page, rows=[whole, *page.rows])
    posted = ledger_lines.posted(account, CURRENCY)
    return Explanation(
        number_minor=ledger.available(account, CURRENCY),
        sum_minor=posted - ledger_lines.holds_total(account, CURRENCY),
        currency=CURRENCY,
        page=page,
        home=_wallet_home(user_id, reader),
    )


def _hold_lines(page: Page[HoldRow], reader: Reader, *, sign: int) -> Page[Line]:
    payouts = withdrawals.by_holds([row.id for row in page.rows])
    found = withdrawals.sources({one.id for one in payouts.values()}, reader)

    def line(row: HoldRow) -> Line:
        payout = payouts.get(row.id)
        figure = ("withdrawal.amount", payout.id) if payout else None
        origin = found.get(payout.id, ()) if payout else ()
        amount = sign * row.amount_minor
        return Line(_("On hold"), amount, row.created_at, figure=figure, sources=origin)

    return page.map(line)


def withdrawal_amount(payout_id: str, reader: Reader, place: Place) -> Explanation:
    """Explain the amount of a withdrawal: the hold for it, and how the money left."""
    row = withdrawals.get(payout_id)
    if row is None or not withdrawals.may_see(row, reader):
        raise rules.missing()
    if row.exception_id is not None:
        return _returned_amount(row, reader)
    hold = ledger_lines.hold(str(row.hold_id))
    if hold is None:
        raise rules.missing()
    is_staff = reader.may("payouts.detail")
    entries = ledger.entries_with_key_prefix("payout", row.id)
    refund = ("refund", row.refund_id or "")
    origin = sources.of_things([refund], reader).get(refund, ()) if row.refund_id else ()
    return Explanation(
        number_minor=row.amount_minor,
        sum_minor=hold.amount_minor,
        currency=row.currency,
        page=withdrawals.hold_line(
            row, status=hold.status, at=hold.created_at, reader=reader, origin=origin
        ),
        home=Link("payouts.detail" if is_staff else "payouts.show", "payout_id", row.id),
        related=posting_lines(entries, reader),
    )


def _returned_amount(row: withdrawals.PayoutFacts, reader: Reader) -> Explanation:
    """Explain held money that staff return: how it left suspense, and where it went then."""
    keys = payout_rules.entry_keys(row.id, row.exception_id)
    entries = ledger_lines.entries_by_keys(keys)
    first = [entries[key] for key in keys[:1] if key in entries]
    rest = [entry for key, entry in entries.items() if key != keys[0]]
    lines = list(posting_lines(first, reader))
    is_staff = reader.may("payouts.detail")
    return Explanation(
        number_minor=row.amount_minor,
        sum_minor=sum(line.amount_minor for line in lines),
        currency=row.currency,
        page=Page(lines),
        home=Link("payouts.detail", "payout_id", row.id) if is_staff else None,
        related=posting_lines(sorted(rest, key=lambda one: one.seq), reader),
    )


# --- single postings ------------------------------------------------------------------------------


def posting_amount(thing_id: str, reader: Reader, place: Place) -> Explanation:
    """Explain one posting, to staff and to those whose money it is."""
    entry_id, n, sign = rules.split_posting(thing_id)
    entry = ledger.entry(entry_id)
    if entry is None or n >= len(entry.postings):
        raise rules.missing()
    if not reader.may("ledger.entry") and not owners.is_of(entry, reader):
        raise rules.missing()
    posting = entry.postings[n]
    found = sources.of_entries([entry], reader)[entry.id]
    line = Line(
        status_text(entry.kind),
        sign * posting.amount_minor,
        entry.at,
        between(posting, reader),
        sources=found,
    )
    is_open = reader.may("ledger.entry")
    return Explanation(
        number_minor=sign * posting.amount_minor,
        sum_minor=sign * posting.amount_minor,
        currency=entry.currency,
        page=Page([line], None, None),
        home=Link("ledger.entry", "entry_id", entry.id) if is_open else None,
    )


def posting_lines(entries: list[EntryRow], reader: Reader, to: str = "") -> tuple[Line, ...]:
    """Return the postings of entries as lines; with `to` only those into that account."""
    found = sources.of_entries(entries, reader)
    may_open = {one.id: reader.may("ledger.entry") or owners.is_of(one, reader) for one in entries}
    return tuple(
        Line(
            status_text(entry.kind),
            posting.amount_minor,
            entry.at,
            between(posting, reader),
            figure=("posting.amount", f"{entry.id}.{n}") if may_open[entry.id] else None,
            sources=found[entry.id],
        )
        for entry in entries
        for n, posting in enumerate(entry.postings)
        if not to or posting.destination == to
    )


def between(posting: ledger_rules.Posting, reader: Reader) -> str:
    """Return from where to where a posting moved money, as its reader calls the accounts."""
    mine = ledger_rules.user_wallet(reader.id) if reader.id else ""

    def name(account: str) -> str:
        return _("Your wallet") if account == mine else ledger_rules.account_words(account)

    return f"{name(posting.source)} → {name(posting.destination)}"
