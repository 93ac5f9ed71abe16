"""The wallet page, and for staff the journal behind every number."""

from collections.abc import Callable, Iterator

from flask import Blueprint, Response, request

from crowdfund.kernel import exports, money
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _
from crowdfund.kernel.statuses import status_text
from crowdfund.kernel.web import identity, pages, requests
from crowdfund.ledger import queries, rules

bp = Blueprint("ledger", __name__)
bp.add_app_template_filter(rules.account_words)
SIZE, ACCOUNTS = 25, 50
_POSTINGS = ("at", "kind", "counterpart", "amount", "balance", "currency", "entry")


@bp.get("/wallet")
def wallet() -> Response:
    """Show the balance of a person's wallet and every posting in it."""
    account = rules.user_wallet(identity.current_user().id)
    lines = queries.history(account, limit=SIZE + 1, before=_before())
    return pages.render(
        "ledger/wallet.html",
        "ledger/_wallet.html",
        balance_minor=queries.balance(account),
        held_minor=queries.balance(account) - queries.available(account),
        lines=lines[:SIZE],
        older=_cursor(lines),
    )


@bp.get("/wallet.csv")
def wallet_csv() -> Response:
    """Send all postings of the wallet as CSV; their sum is the balance."""
    return _csv("wallet.csv", rules.user_wallet(identity.current_user().id))


@bp.get("/staff/journal")
def accounts() -> Response:
    """Show every account with its balance."""
    prefix, page = request.args.get("q", "").strip()[:80], requests.page_number()
    rows = queries.accounts(prefix, page=page, size=ACCOUNTS)
    return pages.render(
        "ledger/accounts.html",
        rows=rows[:ACCOUNTS],
        more=len(rows) > ACCOUNTS,
        page=page,
        totals=queries.totals(),
    )


@bp.get("/staff/journal.csv")
def accounts_csv() -> Response:
    """Send every account that fits, with what is held and its balance."""
    prefix = request.args.get("q", "").strip()[:80]
    found = exports.pages(lambda page: queries.accounts(prefix, page=page, size=999)[:999])
    rows = (
        (row.name, row.currency, money.decimal_str(row.held_minor), money.decimal_str(row.balance_minor))
        for row in found
    )
    return exports.csv_file("accounts.csv", ("account", "currency", "held", "balance"), rows)


@bp.get("/staff/journal/<account>")
def account(account: str) -> Response:
    """Show one account's postings with the running balance."""
    _must_exist(account)
    lines = queries.history(account, limit=SIZE + 1, before=_before())
    return pages.render(
        "ledger/account.html",
        name=account,
        balance_minor=queries.balance(account),
        lines=lines[:SIZE],
        older=_cursor(lines),
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
    refs = [{"label": status_text(name), "value": value} for name, value in found["ref"].items()]
    return pages.render("ledger/entry.html", entry=found, ref_rows=refs)


def _before() -> tuple[int, int] | None:
    seq, _dash, n = request.args.get("before", "").partition("-")
    # `n` counts the postings of one entry: its column has 32 bits, of which nine digits fit.
    is_cursor = seq.isdecimal() and n.isdecimal() and len(seq) <= 18 and len(n) <= 9
    return (int(seq), int(n)) if is_cursor else None


def _cursor(lines: list[queries.Line]) -> str | None:
    last = lines[SIZE - 1] if len(lines) > SIZE else None
    return f"{last.seq}-{last.n}" if last else None


def _page_of(account: str) -> Callable[[int], list[queries.Line]]:
    """Return a reader of an account's postings, a thousand at a time, newest first."""
    last: list[tuple[int, int] | None] = [None]

    def read(_number: int) -> list[queries.Line]:
        lines = queries.history(account, limit=1_000, before=last[0])
        if lines:
            last[0] = (lines[-1].seq, lines[-1].n)
        return lines

    return read


def _csv(name: str, account: str) -> Response:
    lines: Iterator[queries.Line] = exports.pages(_page_of(account))
    rows = (
        (line.at, line.kind, line.counterpart, money.decimal_str(line.amount_minor),
         money.decimal_str(line.balance_minor), "ETB", line.entry_id)
        for line in lines
    )  # fmt: skip
    return exports.csv_file(name, _POSTINGS, rows)
