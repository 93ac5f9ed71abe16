"""The provider's own page: who are you? Plain HTML, no script."""

from collections.abc import Iterable
from html import escape

from crowdfund.local.identity_provider.state import Account

STYLE = """
:root { color-scheme: light dark; --ink: #1d1233; --paper: #fff; --back: #f3effa; --line: #cdc3e0;
  --brand: #5b2a9d; --on-brand: #fff; --quiet: #574b6e; }
@media (prefers-color-scheme: dark) { :root { --ink: #efe9fa; --paper: #221934; --back: #120c1e;
  --line: #4b3d66; --brand: #c9a7ff; --on-brand: #1a0b33; --quiet: #bfb2d6; } }
* { box-sizing: border-box; }
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; color: var(--ink);
  background: var(--back); }
header { background: var(--brand); color: var(--on-brand); padding: 1rem; }
main { max-width: 30rem; margin: 1.5rem auto; padding: 0 1rem; }
h1 { font-size: 1.375rem; margin: 0 0 .25rem; }
p { margin: 0 0 1rem; color: var(--quiet); }
header p { margin: 0 auto; max-width: 28rem; font-weight: 700; font-size: 1.2rem; color: inherit; }
form { display: grid; gap: .75rem; }
button { font: inherit; text-align: start; min-height: 3.5rem; padding: .5rem 1rem;
  border-radius: .5rem; border: 1px solid var(--line); background: var(--paper);
  color: var(--ink); cursor: pointer; }
button:hover { border-color: var(--brand); }
a { color: var(--brand); }
button span { display: block; color: var(--quiet); font-size: .9375rem; overflow-wrap: anywhere; }
button.quiet { background: none; border-color: transparent; color: var(--brand); font-weight: 600; }
:focus-visible { outline: 3px solid var(--brand); outline-offset: 2px; }
"""


def choose(accounts: Iterable[Account], client: str, action: str) -> str:
    """Return the page on which a person says who they are."""
    buttons = "".join(_button(account) for account in accounts)
    return _page(
        "Choose an account",
        f"<h1>Choose an account</h1><p>to go on to {escape(client)}. This is a demo: "
        "nobody asks for "
        f'a password.</p><form method="post" action="{escape(action)}">{buttons}'
        '<button class="quiet" name="sub" value="">Cancel and go back</button></form>',
    )


def start(platform: str) -> str:
    """Return the first page: what this is, and where it is used."""
    return _page(
        "Start",
        "<h1>Simulated identity provider</h1><p>To sign in with it, "
        f"choose “Continue with Demo ID” on the platform's sign-in page.</p>{_back(platform)}",
    )


def refusal(sentence: str, platform: str) -> str:
    """Return the page for a request that leads nowhere, with the way back."""
    return _page("Not possible", f"<h1>Not possible</h1><p>{escape(sentence)}</p>{_back(platform)}")


def _back(platform: str) -> str:
    return f'<p><a href="{escape(platform)}">Go to the platform\'s sign-in page</a></p>'


def _button(account: Account) -> str:
    address = account.email or "no e-mail address"
    checked = "" if account.email_verified else " (not verified)"
    return (
        f'<button name="sub" value="{escape(account.sub)}"><strong>{escape(account.name)}</strong>'
        f"<span>{escape(address)}{checked}</span></button>"
    )


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)} – Demo ID</title>"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="data:,"><link rel="stylesheet" href="/style.css"></head><body>'
        f"<header><p>Demo ID</p></header><main>{body}</main></body></html>"
    )
