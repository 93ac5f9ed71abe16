"""The wallet page, and for staff the journal behind every number."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice

from flask import Blueprint, Response, request

from crowdfund.kernel import exports, money
from crowdfund.kernel.db.paging import MOST
from crowdfund.kernel.errors import Invalid, NotFound
from crowdfund.kernel.i18n import _
from crowdfund.kernel.statuses import status_text
from crowdfund.kernel.web import identity, navigation, pages, requests, subjects
from crowdfund.ledger import queries, rules, statements
from crowdfund.ledger.queries import AccountRow, Line

bp = Blueprint("ledger", __name__)
bp.add_app_template_filter(rules.account_words)
SIZE, ACCOUNTS = 25, 50
_ACCOUNTS = ("account", "currency", "held", "balance", "account_name")
_POSTINGS = ("at", "kind", "counterpart", "amount", "balance", "currency", "entry")
_IN_WORDS = ("kind_words", "counterpart_name")
_CHUNK = 200


@bp.get("/wallet")
def wallet() -> Response:
    """Show the balance of a person's wallet and every posting in it."""
    account = rules.user_wallet(identity.signed_in().id)
    return pages.render(
        "ledger/wallet.html",
        "ledger/_wallet.html",
        balance_minor=queries.balance(account),
        held_minor=queries.balance(account) - queries.available(account),
        page=queries.history(account, place=requests.place(), size=SIZE),
        owners={},
    )


@bp.get("/wallet.csv")
def wallet_csv() -> Response:
    """Send the postings of the wallet as CSV, all or of some days; all add up to the balance."""
    since, until = _days()
    return _csv("wallet.csv", rules.user_wallet(identity.signed_in().id), since, until)


@bp.get("/wallet/statement.pdf")
def wallet_statement() -> Response:
    """Send the statement of the wallet as a PDF file, of all time or of some days."""
    user = identity.signed_in()
    since, until = _days()
    content = statements.write(rules.user_wallet(user.id), user.name, since, until)
    response = Response(content, mimetype="application/pdf")
    name = "crowdfund-wallet-statement.pdf"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _days() -> tuple[datetime | None, datetime | None]:
    """Return when the days begin and end that the address asks for. Raises Invalid."""
    since, until = requests.start_of_day("from"), requests.start_of_day("to", days=1)
    if since and until and since >= until:
        raise Invalid(_("The last day is before the first. Choose the days again."), field="to")
    return since, until


@bp.get("/staff/journal")
def accounts() -> Response:
    """Show every account with its balance."""
    page = queries.accounts(_prefix(), place=requests.place(), size=ACCOUNTS)
    owners = _owners(row.name for row in page.rows)
    return pages.render("ledger/accounts.html", page=page, owners=owners, owner_url=_owner_url)


@bp.get("/staff/journal.csv")
def accounts_csv() -> Response:
    """Send every account that fits, with what is held and its balance."""
    prefix = _prefix()
    found = exports.walk(lambda place: queries.accounts(prefix, place=place, size=MOST))
    return exports.csv_file("accounts.csv", _ACCOUNTS, _account_lines(found))


def _account_lines(rows: Iterable[AccountRow]) -> Iterator[tuple[str, ...]]:
    accounts = iter(rows)
    while some := list(islice(accounts, _CHUNK)):
        owners = _owners(row.name for row in some)
        for row in some:
            held, balance = money.decimal_str(row.held_minor), money.decimal_str(row.balance_minor)
            yield row.name, row.currency, held, balance, _named(row.name, owners)


def _owners(accounts: Iterable[str]) -> dict[str, str]:
    """Return the names of whose accounts these are, by account."""
    found = {account: rules.account_owner(account) for account in set(accounts)}
    names = subjects.names_of(set(found.values()))
    return {account: names[owner] for account, (_, owner) in found.items() if owner in names}


def _owner_url(account: str) -> str | None:
    return subjects.link(*rules.account_owner(account))


def _named(account: str, owners: dict[str, str]) -> str:
    """Return what an account is and whose: `A campaign's escrow: Rift Solar`."""
    words = rules.account_words(account)
    return f"{words}: {owners[account]}" if account in owners else words


subjects.named("account", lambda ids: {one: _named(one, _owners(ids)) for one in ids})


@bp.get("/staff/journal/<account>")
def account(account: str) -> Response:
    """Show one account's postings with the running balance."""
    _must_exist(account)
    page = queries.history(account, place=requests.place(), size=SIZE)
    return pages.render(
        "ledger/account.html",
        name=account,
        balance_minor=queries.balance(account),
        page=page,
        owners=_owners([account, *(line.counterpart for line in page.rows)]),
        owner_url=_owner_url,
    )


@bp.get("/staff/journal/<account>/postings.csv")
def account_csv(account: str) -> Response:
    """Send every posting of an account, newest first; their sum is the balance."""
    _must_exist(account)
    return _csv("postings.csv", account)


def _must_exist(account: str) -> None:
    if not queries.exists(account):
        raise NotFound(_("There is no such account."))


@bp.get("/staff/entries/<entry_id>")
def entry(entry_id: str) -> Response:
    """Show one journal entry: its postings, what it refers to, its link in the hash chain."""
    found = queries.entry(entry_id)
    if found is None:
        raise NotFound(_("There is no such entry."))
    accounts = {one for each in found.postings for one in (each.source, each.destination)}
    return pages.render(
        "ledger/entry.html",
        entry=found,
        refs=[(name, value, subjects.link(name, value)) for name, value in found.ref.items()],
        ref_names=subjects.names_of(found.ref.items()),
        owners=_owners(accounts),
    )


def _prefix() -> str:
    return request.args.get("q", "").strip().replace("\0", "")[:80]


def _csv(
    name: str, account: str, since: datetime | None = None, until: datetime | None = None
) -> Response:
    found = exports.walk(lambda place: queries.history(account, place=place, size=MOST))
    lines = (
        line
        for line in found
        if (since is None or line.at >= since) and (until is None or line.at < until)
    )
    return exports.csv_file(name, _POSTINGS + _IN_WORDS, _posting_lines(lines))


def _posting_lines(lines: Iterable[Line]) -> Iterator[tuple[object, ...]]:
    postings = iter(lines)
    is_staff = navigation.may("ledger.accounts")  # a wallet's owner does not learn other names
    while some := list(islice(postings, _CHUNK)):
        owners = _owners(line.counterpart for line in some) if is_staff else {}
        for line in some:
            words = (status_text(line.kind), _named(line.counterpart, owners))
            yield (*_line_cells(line), *words)


def _line_cells(line: Line) -> tuple[object, ...]:
    return (
        line.at,
        line.kind,
        line.counterpart,
        money.decimal_str(line.amount_minor),
        money.decimal_str(line.balance_minor),
        "ETB",
        line.entry_id,
    )
