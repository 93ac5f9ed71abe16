"""The wallet page, and for staff the journal behind every number."""

from flask import Blueprint, Response, request

from crowdfund.kernel import exports, money
from crowdfund.kernel.db.paging import MOST
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _
from crowdfund.kernel.statuses import status_text
from crowdfund.kernel.web import identity, pages, requests
from crowdfund.ledger import queries, rules
from crowdfund.ledger.queries import AccountRow, Line

bp = Blueprint("ledger", __name__)
bp.add_app_template_filter(rules.account_words)
SIZE, ACCOUNTS = 25, 50
_ACCOUNTS = ("account", "currency", "held", "balance")
_POSTINGS = ("at", "kind", "counterpart", "amount", "balance", "currency", "entry")


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
    )


@bp.get("/wallet.csv")
def wallet_csv() -> Response:
    """Send all postings of the wallet as CSV; their sum is the balance."""
    return _csv("wallet.csv", rules.user_wallet(identity.signed_in().id))


@bp.get("/staff/journal")
def accounts() -> Response:
    """Show every account with its balance."""
    page = queries.accounts(_prefix(), place=requests.place(), size=ACCOUNTS)
    return pages.render("ledger/accounts.html", page=page)


@bp.get("/staff/journal.csv")
def accounts_csv() -> Response:
    """Send every account that fits, with what is held and its balance."""
    prefix = _prefix()
    found = exports.walk(lambda place: queries.accounts(prefix, place=place, size=MOST))
    return exports.csv_file("accounts.csv", _ACCOUNTS, map(_account_cells, found))


def _account_cells(row: AccountRow) -> tuple[str, ...]:
    held, balance = money.decimal_str(row.held_minor), money.decimal_str(row.balance_minor)
    return row.name, row.currency, held, balance


@bp.get("/staff/journal/<account>")
def account(account: str) -> Response:
    """Show one account's postings with the running balance."""
    _must_exist(account)
    return pages.render(
        "ledger/account.html",
        name=account,
        balance_minor=queries.balance(account),
        page=queries.history(account, place=requests.place(), size=SIZE),
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
    refs = [{"label": status_text(name), "value": value} for name, value in found.ref.items()]
    return pages.render("ledger/entry.html", entry=found, ref_rows=refs)


def _prefix() -> str:
    return request.args.get("q", "").strip().replace("\0", "")[:80]


def _csv(name: str, account: str) -> Response:
    lines = exports.walk(lambda place: queries.history(account, place=place, size=MOST))
    return exports.csv_file(name, _POSTINGS, map(_line_cells, lines))


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
