"""The pages of the simulated bank: plain HTML, no script, one style sheet."""

import sqlite3
from collections.abc import Mapping, Sequence
from decimal import Decimal
from html import escape

from crowdfund.local.bill_bitts.errors import Refused

STYLE = """
:root { color-scheme: light dark; --ink: #12263f; --paper: #fff; --back: #eef3fa; --line: #c5d0e0;
  --brand: #0b4f9e; --on-brand: #fff; --quiet: #4a5b73; --note: #fff6d6; --note-ink: #5c4400; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eef7; --paper: #16202e; --back: #0c131d;
  --line: #3b4a60; --brand: #7db7ff; --on-brand: #06121f; --quiet: #b4c0d1; --note: #3a2f0c;
  --note-ink: #ffe9a8; } }
* { box-sizing: border-box; }
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; color: var(--ink);
  background: var(--back); }
header { background: var(--brand); color: var(--on-brand); padding: 1rem 0; }
header a { color: inherit; text-decoration: none; }
header p { margin: 0 auto; padding: 0 1rem; max-width: 30rem; font-weight: 700; font-size: 1.2rem; }
main { max-width: 30rem; margin: 1.5rem auto; padding: 0 1rem; }
.card { background: var(--paper); border: 1px solid var(--line); border-radius: .75rem;
  padding: 1.25rem; margin-bottom: 1rem; }
.note { background: var(--note); color: var(--note-ink); border-color: transparent; }
.card.note p { margin: 0; }
h1 { font-size: 1rem; font-weight: 500; color: var(--quiet); margin: 0; }
h1.title, h2 { margin: 0; font-size: 1.25rem; font-weight: 700; color: var(--ink); }
.card > p { margin: .5rem 0 0; }
a { color: var(--brand); }
.links { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; }
.links a { display: inline-flex; align-items: center; min-height: 1.75rem; }
.payments { list-style: none; margin: .5rem 0 0; padding: 0; }
.payments li { display: grid; gap: .1rem; padding: .5rem 0; border-top: 1px solid var(--line); }
.payments a { font-weight: 600; } .payments span { color: var(--quiet); overflow-wrap: anywhere; }
.amount { font-size: 2.25rem; font-weight: 700; margin: .25rem 0 1rem; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .25rem 1rem; margin: 0; }
dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; }
.actions { display: grid; gap: .75rem; }
details { margin-top: 1.25rem; }
button { font: inherit; font-weight: 600; min-height: 3rem; border-radius: .5rem; cursor: pointer;
  border: 2px solid var(--brand); background: transparent; color: var(--brand); }
button.primary { background: var(--brand); color: var(--on-brand); }
:focus-visible { outline: 3px solid var(--ink); outline-offset: 2px; }
summary { cursor: pointer; font-weight: 600; min-height: 1.75rem; }
fieldset { border: 0; margin: .75rem 0 0; padding: 0; } legend { color: var(--quiet); padding: 0; }
label { display: flex; gap: .6rem; padding: .35rem 0; align-items: center; min-height: 1.75rem; }
input[type=checkbox] { inline-size: 1.15rem; block-size: 1.15rem; flex: none; }
input[type=text] { font: inherit; padding: .35rem .5rem; inline-size: 8rem; color: inherit;
  border: 1px solid var(--quiet); border-radius: .35rem; background: var(--paper); }
"""

_FAULTS = (
    ("repeat", "Repeat every event three times"),
    ("reorder", "Send the events in the wrong order"),
    ("forge", "Send a forged event first"),
    ("lose", "Lose the events (send none)"),
    ("lie", "Lie: say SETTLED while nothing was paid"),
)
_STATES = {
    "PENDING": "Waiting for you to pay",
    "SUCCESS": "Paid, waiting for settlement",
    "SETTLED": "Paid and settled",
    "FAILED": "Not paid: the payment failed",
}


_PAYOUT_STATES = {
    "PENDING": "On its way",
    "PAID": "Paid to the account",
    "FAILED": "Failed: the money was not paid",
}


def checkout(
    row: sqlite3.Row, back: str, *, refusal: Refused | None = None, form: Mapping[str, str]
) -> str:
    """Return the checkout page, or the result of a finished payment; `form` is what was typed."""
    waiting = row["status"] == "PENDING"
    body = _summary(row) + (_form(refusal, form) if waiting else "")
    title = "Pay with NEO Bank" if not refusal else "Error: Pay with NEO Bank"
    return _page(
        title, body + _links(back, "Back without paying" if waiting else "Back to crowdfund")
    )


def refusal(refused: Refused, back: str) -> str:
    """Return the page of a refusal, with links back."""
    title = refused.title or "Not possible"
    body = f"""
<div class="card" role="alert">
  <h1 class="title">{escape(title)}</h1>
  <p>{escape(refused.sentence)}</p>
</div>"""
    return _page(title, body + _links(back, "Back to crowdfund"))


def payout(row: sqlite3.Row, back: str) -> str:
    """Return the page of a payout, which may be paid, failed or left waiting by hand."""
    form = """
<form method="post" class="card">
  <div class="actions">
    <button class="primary" name="action" value="pay">Pay it out now</button>
    <button name="action" value="fail">Fail the payout</button>
    <button name="action" value="wait">Leave it waiting</button>
  </div>
</form>"""
    body = f"""
<div class="card">
  <h1>Amount to pay out</h1>
  <p class="amount">{_amount(row)}</p>
  <dl>
    {_destination(row)}
    <dt>Payout</dt><dd>{escape(row["payout_id"])}</dd>
    <dt>Status</dt><dd>{escape(_PAYOUT_STATES[row["status"]])}</dd>
  </dl>
</div>{form if row["status"] == "PENDING" else ""}"""
    return _page("Payout of NEO Bank", body + _links(back, "Back to crowdfund"))


def _destination(row: sqlite3.Row) -> str:
    if row["tx_id"]:
        tx_id = escape(row["tx_id"])
        paid = f'<a href="/checkout/{tx_id}">{tx_id}</a>'
        return f"<dt>To</dt><dd>The account that paid {paid}</dd>"
    number = " ".join(escape(row[name]) for name in ("country", "bank_code", "account_number"))
    return f"<dt>To account</dt><dd>{number}</dd><dt>Holder</dt><dd>{escape(row['holder'])}</dd>"


def start(rows: Sequence[sqlite3.Row], payouts: Sequence[sqlite3.Row], back: str) -> str:
    """Return the first page: what this is, the newest payments, and the newest payouts."""
    lines = "".join(
        f'<li><a href="/checkout/{escape(row["tx_id"])}">{_amount(row)}</a>'
        f"<span>{escape(row['description']) or '-'}</span>"
        f"<span>{escape(_STATES[row['status']])}</span></li>"
        for row in rows
    )
    payments = f'<ul class="payments">{lines}</ul>' if lines else "<p>There are none yet.</p>"
    sent = "".join(
        f'<li><a href="/payouts/{escape(row["payout_id"])}">{_amount(row)}</a>'
        f"<span>to {escape(row['holder'] or 'the account that paid')}</span>"
        f"<span>{escape(_PAYOUT_STATES[row['status']])}</span></li>"
        for row in payouts
    )
    paid_out = f'<ul class="payments">{sent}</ul>' if sent else "<p>There are none yet.</p>"
    body = f"""
<div class="card">
  <h1 class="title">Simulated bank</h1>
  <p>Invest at crowdfund and choose NEO Bank: you come here to pay. A payment settles by itself
  after a few seconds.</p>
</div>
<div class="card"><h2>Newest payments</h2>{payments}</div>
<div class="card"><h2>Newest payouts</h2>{paid_out}</div>"""
    return _page("NEO Bank simulator", body + _links(back, "Go to crowdfund", start=False))


def _amount(row: sqlite3.Row) -> str:
    return f"{Decimal(row['amount']):,.2f} {escape(row['currency'])}"


def _links(back: str, words: str, *, start: bool = True) -> str:
    """Return the links out of a page."""
    links = [f'<a href="{escape(back)}">{words}</a>'] if back else []
    links += ['<a href="/">All payments at this bank</a>'] if start else []
    return (
        f'<nav class="card links" aria-label="Other pages">{"".join(links)}</nav>' if links else ""
    )


def _summary(row: sqlite3.Row) -> str:
    paid = row["status"] in ("SUCCESS", "SETTLED")
    amount = _amount(row)
    if paid:
        amount = f"{Decimal(row['paid_amount']):,.2f} {escape(row['paid_currency'])}"
    return f"""
<div class="card">
  <h1>{"Amount paid" if paid else "Amount to pay"}</h1>
  <p class="amount">{amount}</p>
  <dl>
    <dt>For</dt><dd>{escape(row["description"]) or "-"}</dd>
    <dt>Customer</dt><dd>{escape(row["cprn"])}</dd>
    <dt>Transaction</dt><dd>{escape(row["tx_id"])}</dd>
    <dt>Status</dt><dd>{escape(_STATES[row["status"]])}</dd>
  </dl>
</div>"""


def _form(refusal: Refused | None, form: Mapping[str, str]) -> str:
    boxes = "".join(_box(name, text, checked=name in form) for name, text in _FAULTS)
    alert, is_open = "", ""
    if refusal:
        sentence = f"{escape(refusal.sentence)} Nothing was charged."
        alert = f'<div class="card note" role="alert"><p>{sentence}</p></div>'
        is_open = " open"
    delay, amount = escape(form.get("delay_s") or "0"), escape(form.get("amount", ""))
    return f"""{alert}
<form method="post" class="card">
  <div class="actions">
    <button class="primary" name="action" value="pay">Pay</button>
    <button name="action" value="fail">Fail the payment</button>
  </div>
  <details{is_open}>
    <summary>Simulate a fault</summary>
    <fieldset>
      <legend>How the simulator behaves for this payment</legend>
      {boxes}
      <label>Delay events by
        <input type="text" name="delay_s" inputmode="numeric" value="{delay}"> s</label>
      <label>Pay another amount
        <input type="text" name="amount" inputmode="decimal" value="{amount}"></label>
    </fieldset>
  </details>
</form>"""


def _box(name: str, text: str, *, checked: bool) -> str:
    mark = " checked" if checked else ""
    return f'<label><input type="checkbox" name="{name}"{mark}> {escape(text)}</label>'


def _page(title: str, body: str) -> str:
    return f"""<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>{escape(title)}</title>
  <link rel="stylesheet" href="/style.css">
</head>
<body>
<header><p><a href="/">NEO Bank</a></p></header>
<main>
  <div class="card note">
    <p>This is a simulator of the NEO Bank gateway. No real money moves.</p>
  </div>
  {body}
</main>
</body>
</html>"""
