"""The pages of the subjects that the audit log names."""

from typing import Any

from flask import url_for

from crowdfund.kernel.web import navigation

# kind in the log -> (page, its argument)
PAGES = {
    "person": ("admin.user", "person_id"),
    "request": ("admin.requested", "request_id"),
    "company": ("compliance.company", "company_id"),
    "campaign": ("campaigns.staff_detail", "campaign_id"),
    "follow": ("reconciliation.requested", "follow_id"),
    "payment": ("payments.detail", "payment_id"),
    "exception": ("payments.exception", "exception_id"),
    "inbox": ("payments.webhook", "inbox_id"),
    "write": ("chain.write", "write_id"),
    "chain_request": ("chain.key_request", "request_id"),
    "account": ("ledger.account", "account"),
    "entry": ("ledger.entry", "entry_id"),
}


def link(kind: str, thing_id: str) -> str | None:
    """Return the address of a subject's page, if it has one that the reader may open."""
    endpoint, argument = PAGES.get(kind, ("", ""))
    if not endpoint or not thing_id or not navigation.may(endpoint):
        return None
    values: dict[str, Any] = {argument: thing_id}
    return url_for(endpoint, **values)
