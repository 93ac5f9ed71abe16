"""The checkout page of the simulated bank: plain HTML, no script, one style sheet."""

import sqlite3
from decimal import Decimal
from html import escape

STYLE = """
:root { color-scheme: light dark; --ink: #12263f; --paper: #fff; --back: #eef3fa; --line: #c5d0e0;
  --brand: #0b4f9e; --on-brand: #fff; --quiet: #4a5b73; --note: #fff6d6; --note-ink: #5c4400; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eef7; --paper: #16202e; --back: #0c131d;
  --line: #3b4a60; --brand: #7db7ff; --on-brand: #06121f; --quiet: #b4c0d1; --note: #3a2f0c;
  --note-ink: #ffe9a8; } }
* { box-sizing: border-box; }
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--back); }
header { background: var(--brand); color: var(--on-brand); padding: 1rem; }
header p { margin: 0 auto; max-width: 30rem; font-weight: 700; font-size: 1.2rem; }
main { max-width: 30rem; margin: 1.5rem auto; padding: 0 1rem; }
.card { background: var(--paper); border: 1px solid var(--line); border-radius: .75rem;
  padding: 1.25rem; margin-bottom: 1rem; }
.note { background: var(--note); color: var(--note-ink); border-color: transparent; }
.note p { margin: 0; }
h1 { font-size: 1rem; font-weight: 500; color: var(--quiet); margin: 0; }
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

_MOODS = (
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


def checkout(row: sqlite3.Row, error: str = "") -> str:
    """Return the page on which a customer pays, or sees that it is over."""
    body = _summary(row) + (_form(error) if row["status"] == "PENDING" else _done(row["return_url"]))
    return _page("Pay with NEO Bank", body)


def message(title: str, sentence: str) -> str:
    """Return a page with one sentence."""
    return _page(title, f'<div class="card"><h1>{escape(title)}</h1><p>{escape(sentence)}</p></div>')


def _summary(row: sqlite3.Row) -> str:
    return f"""
<div class="card">
  <h1>Amount to pay</h1>
  <p class="amount">{Decimal(row["amount"]):,.2f} {escape(row["currency"])}</p>
  <dl>
    <dt>For</dt><dd>{escape(row["description"]) or "-"}</dd>
    <dt>Customer</dt><dd>{escape(row["cprn"])}</dd>
    <dt>Transaction</dt><dd>{escape(row["tx_id"])}</dd>
    <dt>Status</dt><dd>{escape(_STATES[row["status"]])}</dd>
  </dl>
</div>"""


def _form(error: str) -> str:
    boxes = "".join(
        f'<label><input type="checkbox" name="{name}"> {escape(text)}</label>' for name, text in _MOODS
    )
    alert = f'<div class="card note" role="alert"><p>{escape(error)}</p></div>' if error else ""
    return f"""{alert}
<form method="post" class="card">
  <div class="actions">
    <button class="primary" name="action" value="pay">Pay</button>
    <button name="action" value="fail">Fail the payment</button>
  </div>
  <details>
    <summary>Gateway mood</summary>
    <fieldset>
      <legend>How the simulator behaves for this payment</legend>
      {boxes}
      <label>Delay events by <input type="text" name="delay_s" inputmode="numeric" value="0"> s</label>
      <label>Pay another amount <input type="text" name="amount" inputmode="decimal"></label>
    </fieldset>
  </details>
</form>"""


def _done(return_url: str) -> str:
    if not return_url:
        return ""
    return f'<p class="card"><a href="{escape(return_url)}">Back to the shop</a></p>'


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
<header><p>NEO Bank</p></header>
<main>
  <div class="card note"><p>This is a simulator of the NEO Bank gateway. No real money moves.</p></div>
  {body}
</main>
</body>
</html>"""
