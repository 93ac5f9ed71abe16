"""The chart of accounts and what a posting is; pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from crowdfund.kernel import hashing
from crowdfund.kernel.errors import Conflict, CrowdfundError
from crowdfund.kernel.i18n import _l

PLATFORM_FEE = "platform:fee"
TOKEN_FEE = "platform:token_fee"  # noqa: S105 - an account
OUTSIDE_WALLETS = "chain:wallets"
SUSPENSE = "platform:suspense"
GENESIS_HASH = hashing.GENESIS
MAX_AMOUNT = 10**15

# kind -> (pattern, may the balance fall under zero). Only the outside world may: what it has
# given us is what its account is short of, so all balances always sum to zero.
CHART: dict[str, tuple[str, bool]] = {
    "wallet": (r"user:[0-9a-z]{1,32}:wallet", False),
    "company": (r"company:[0-9a-z]{1,32}:wallet", False),
    "escrow": (r"campaign:[0-9a-z]{1,32}:escrow", False),
    "clearing": (r"gateway:[a-z_]{1,24}:clearing", False),
    "external": (r"gateway:[a-z_]{1,24}:external", True),
    "fee": (r"platform:fee", False),
    "tokens": (r"campaign:[0-9a-z]{1,32}:tokens", False),
    "outside_wallets": (r"chain:wallets", True),
    "token_fee": (r"platform:token_fee", False),
    "suspense": (r"platform:suspense", False),
}
_PATTERNS = [(re.compile(pattern), kind) for kind, (pattern, _) in CHART.items()]


class InsufficientFunds(CrowdfundError):
    """A posting would take an account under its floor."""

    status = 422
    code = "insufficient_funds"


class KeyReused(Conflict):
    """An idempotency key came back with another input."""

    code = "key_reused"


@dataclass(frozen=True, slots=True)
class Posting:
    """Move an amount (minor units, > 0) from one account to another: balanced by construction."""

    source: str
    destination: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Draft:
    """One entry to be posted: what happened (kind), its postings, and what it refers to."""

    key: str
    postings: tuple[Posting, ...]
    kind: str
    currency: str = "ETB"
    ref: tuple[tuple[str, str], ...] = ()


def user_wallet(user_id: str) -> str:
    """Return the account of a person's wallet."""
    return f"user:{user_id}:wallet"


def company_wallet(company_id: str) -> str:
    """Return the account of what a company may pay out."""
    return f"company:{company_id}:wallet"


def escrow(campaign_id: str) -> str:
    """Return the account that holds a campaign's money."""
    return f"campaign:{campaign_id}:escrow"


def tokens(campaign_id: str) -> str:
    """Return the account of the tokens that a campaign's contract holds for its investors."""
    return f"campaign:{campaign_id}:tokens"


def clearing(gateway: str) -> str:
    """Return the account of money that a gateway has taken but not settled."""
    return f"gateway:{gateway}:clearing"


def external(gateway: str) -> str:
    """Return the account of the world behind a gateway; it may go negative."""
    return f"gateway:{gateway}:external"


_WORDS = {
    "wallet": _l("A person's wallet"),
    "company": _l("A company's wallet"),
    "escrow": _l("A campaign's escrow"),
    "clearing": _l("The bank: money on its way"),
    "external": _l("Bank accounts outside crowdfund"),
    "fee": _l("Platform fees"),
    "tokens": _l("A campaign's escrow in tokens"),
    "outside_wallets": _l("Wallets outside crowdfund"),
    "token_fee": _l("Platform fees in tokens"),
    "suspense": _l("Held for review"),
}


def account_words(account: str) -> str:
    """Return what an account is, for people who read a statement."""
    return str(_WORDS[account_kind(account)])


def account_owner(account: str) -> tuple[str, str]:
    """Return kind (person, company, campaign) and id of whose account this is; else two blanks."""
    first, _colon, rest = account.partition(":")
    kind = {"user": "person", "company": "company", "campaign": "campaign"}.get(first, "")
    return (kind, rest.partition(":")[0]) if kind else ("", "")


def account_kind(account: str) -> str:
    """Return the chart's kind of an account; raises ValueError for one outside the chart."""
    for pattern, kind in _PATTERNS:
        if pattern.fullmatch(account):
            return kind
    raise ValueError(f"{account!r} is not in the chart of accounts")


def has_floor(account: str) -> bool:
    """Return whether an account must stay at zero or above."""
    return not CHART[account_kind(account)][1]


def check(postings: Sequence[Posting]) -> None:
    """Raise ValueError for postings that are not money movements."""
    if not postings:
        raise ValueError("an entry needs a posting")
    for posting in postings:
        if type(posting.amount_minor) is not int or not 0 < posting.amount_minor <= MAX_AMOUNT:
            raise ValueError(f"amount {posting.amount_minor!r} must be a positive integer")
        if posting.source == posting.destination:
            raise ValueError("source and destination are the same account")


def deltas(postings: Sequence[Posting]) -> dict[str, int]:
    """Return the change of each account, in account order; the changes sum to zero."""
    change: dict[str, int] = {}
    for posting in postings:
        change[posting.source] = change.get(posting.source, 0) - posting.amount_minor
        change[posting.destination] = change.get(posting.destination, 0) + posting.amount_minor
    return dict(sorted(change.items()))


def input_hash(draft: Draft) -> str:
    """Return the SHA-256 of an entry's content, which tells a repeat from a reused key."""
    postings = [[one.source, one.destination, one.amount_minor] for one in draft.postings]
    content = [draft.kind, draft.currency, postings, list(draft.ref)]
    return hashing.sha256(hashing.canonical_ascii(content))


def entry_hash(previous: str, *content: object) -> str:
    """Return the link of the journal's hash chain: it covers this content and all before it.

    `content` is number, id, key, moment and input hash of the entry.
    """
    return hashing.link(previous, *content, encode=hashing.joined)
