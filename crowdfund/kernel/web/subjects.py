"""The things that staff pages speak of: what they are called, and which pages show them.

A feature names its own things: `subjects.named("company", queries.names)`.
"""

from collections.abc import Callable, Iterable
from typing import Any

from flask import url_for

from crowdfund.kernel.web import navigation

Namer = Callable[[set[str]], dict[str, str]]
# kind of a thing -> (page, its argument)
PAGES = {
    "person": ("admin.user", "person_id"),
    "request": ("admin.requested", "request_id"),
    "company": ("compliance.company", "company_id"),
    "campaign": ("campaigns.staff_detail", "campaign_id"),
    "limits": ("campaigns.limits_version", "limits_id"),
    "plan": ("plans.show", "plan_id"),
    "rate": ("exchange_rates.show", "rate_request_id"),
    "release": ("releases.request", "release_id"),
    "follow": ("reconciliation.requested", "follow_id"),
    "payment": ("payments.detail", "payment_id"),
    "payout": ("payouts.detail", "payout_id"),
    "exception": ("payments.exception", "exception_id"),
    "inbox": ("payments.webhook", "inbox_id"),
    "write": ("chain.write", "write_id"),
    "chain_request": ("chain.key_request", "request_id"),
    "account": ("ledger.account", "account"),
    "entry": ("ledger.entry", "entry_id"),
}
_namers: dict[str, Namer] = {}


def named(kind: str, namer: Namer) -> None:
    """Register a function that returns the names of things of a kind by their ids."""
    _namers[kind] = namer


def names(kind: str, ids: Iterable[str]) -> dict[str, str]:
    """Return the names of things of a kind, by id; without those that have none."""
    wanted = {one for one in ids if one}
    found = _namers[kind](wanted) if wanted and kind in _namers else {}
    return {one: name for one, name in found.items() if name}


def names_of(things: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the names of things (kind, id) of any kind, by id."""
    by_kind: dict[str, set[str]] = {}
    for kind, thing_id in things:
        by_kind.setdefault(kind, set()).add(thing_id)
    return {one: name for kind, ids in by_kind.items() for one, name in names(kind, ids).items()}


def link(kind: str, thing_id: str) -> str | None:
    """Return the address of a thing's page, if it has one that the reader may open."""
    endpoint, argument = PAGES.get(kind, ("", ""))
    if not endpoint or not thing_id or not navigation.may(endpoint):
        return None
    values: dict[str, Any] = {argument: thing_id}
    return url_for(endpoint, **values)
