"""The wallet page, and for staff the journal behind every number."""

import csv
import io
from typing import Any

from flask import Blueprint, Response, request

from .. import money, web
from ..errors import NotFound
from ..i18n import _
from . import queries, rules

bp = Blueprint("ledger", __name__)
bp.add_app_template_filter(rules.account_words)
SIZE = 25


@bp.get("/wallet")
def wallet() -> Response:
    """Show the balance of a person's wallet and every posting in it."""
    account = rules.user_wallet(web.current_user().id)
    lines = queries.history(account, limit=SIZE + 1, before=_before())
    return web.render(
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
    return _csv("wallet.csv", queries.history(rules.user_wallet(web.current_user().id), limit=100_000))


@bp.get("/staff/journal")
def accounts() -> Response:
    """Show every account with its balance."""
    prefix = request.args.get("q", "")[:80]
    rows = queries.accounts(prefix)
    return web.render("ledger/accounts.html", rows=rows, totals=_totals(rows))


@bp.get("/staff/journal/<account>")
def account(account: str) -> Response:
    """Show one account's postings with the running balance."""
    try:
        kind = rules.account_kind(account)
    except ValueError as error:
        raise NotFound(_("There is no such account.")) from error
    lines = queries.history(account, limit=SIZE + 1, before=_before())
    return web.render(
        "ledger/account.html",
        name=account,
        kind=kind,
        balance_minor=queries.balance(account),
        lines=lines[:SIZE],
        older=_cursor(lines),
    )


@bp.get("/staff/entries/<entry_id>")
def entry(entry_id: str) -> Response:
    """Show one journal entry: its postings, what it refers to, its link in the hash chain."""
    found = queries.entry(entry_id)
    if found is None:
        raise NotFound(_("There is no such entry."))
    refs = [{"label": name.capitalize(), "value": value} for name, value in found["ref"].items()]
    return web.render("ledger/entry.html", entry=found, ref_rows=refs)


def _before() -> tuple[int, int] | None:
    seq, _dash, n = request.args.get("before", "").partition("-")
    return (int(seq), int(n)) if seq.isdecimal() and n.isdecimal() and len(seq + n) < 18 else None


def _cursor(lines: list[queries.Line]) -> str | None:
    last = lines[SIZE - 1] if len(lines) > SIZE else None
    return f"{last.seq}-{last.n}" if last else None


def _totals(rows: list[Any]) -> dict[str, int]:
    totals: dict[str, int] = {}
    for row in rows:
        totals[row.currency] = totals.get(row.currency, 0) + row.balance_minor
    return totals


def _csv(name: str, lines: list[queries.Line]) -> Response:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(["at", "kind", "counterpart", "amount", "balance", "currency", "entry"])
    for line in lines:
        amount, after = money.decimal_str(line.amount_minor), money.decimal_str(line.balance_minor)
        writer.writerow(
            [line.at.isoformat(), line.kind, line.counterpart, amount, after, "ETB", line.entry_id]
        )
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(buffer.getvalue(), mimetype="text/csv", headers=headers)
