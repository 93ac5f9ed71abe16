"""The one access table: every route and who may use it, and the navigation that follows from it.

A route without a row fails the build (tests/test_guards.py) and answers 403.
"""

STAFF = ("admin", "compliance", "finance", "regulator")
PUBLIC = frozenset({"visitor"})
SIGNED_IN = frozenset({"investor"})
EVERY_STAFF = frozenset(STAFF)


def staff(*roles: str) -> frozenset[str]:
    """Return the staff roles that may use a route (a regulator only where named)."""
    unknown = set(roles) - EVERY_STAFF
    if unknown:
        raise ValueError(f"unknown roles {unknown}")
    return frozenset(roles)


def readers(*roles: str) -> frozenset[str]:
    """Return the roles of a read-only staff page: those named and the regulator."""
    return staff(*roles) | {"regulator"}


# Sorted by feature. Object-level rules (own company, own payment) are in the queries.
TABLE: dict[str, frozenset[str]] = {
    # accounts
    "accounts.sign_in": PUBLIC,
    "accounts.enter_code": PUBLIC,
    "accounts.sign_out": SIGNED_IN,
    "accounts.show": SIGNED_IN,
    "accounts.verification": SIGNED_IN,
    "accounts.people": readers("admin", "compliance"),
    "accounts.review": readers("admin", "compliance"),
    # campaigns
    # chain
    # investments
    "investments.new": SIGNED_IN,
    "investments.quote": SIGNED_IN,
    "investments.show": SIGNED_IN,
    "investments.portfolio": SIGNED_IN,
    # issuers
    # ledger
    "ledger.wallet": SIGNED_IN,
    "ledger.wallet_csv": SIGNED_IN,
    "ledger.accounts": readers("admin", "finance"),
    "ledger.account": readers("admin", "finance"),
    "ledger.entry": readers("admin", "finance"),
    # payments
    # reports
    "reports.desk": readers("admin", "compliance", "finance"),
    # static files and health
    "static": PUBLIC,
    "web.health": PUBLIC,
}

# (label, endpoint, icon); shown when the access table allows the endpoint, in this order.
NAV: list[tuple[str, str, str]] = [
    ("Campaigns", "campaigns.index", "layout-grid"),
    ("Portfolio", "investments.portfolio", "chart-pie"),
    ("Wallet", "ledger.wallet", "wallet"),
    ("Staff desk", "reports.desk", "clipboard-check"),
]


def allows(endpoint: str, roles: frozenset[str]) -> bool:
    """Return whether somebody with these roles may use a route; unknown routes are refused."""
    allowed = TABLE.get(endpoint, frozenset())
    return "visitor" in allowed or bool(allowed & roles)
