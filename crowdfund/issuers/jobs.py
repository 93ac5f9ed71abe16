"""What the chain and the documents say about companies."""

from collections.abc import Sequence

from crowdfund.issuers.service import papers, registry
from crowdfund.kernel import outbox


def _ours(rows: Sequence[outbox.Row]) -> list[tuple[str, str, dict]]:  # type: ignore[type-arg]
    return [
        (row.payload["function"], row.payload["subject"][1], row.payload)
        for row in rows
        if row.payload["subject"][0] == "company"
    ]


@outbox.on("chain.confirmed", queue="default")
def registration_confirmed(rows: Sequence[outbox.Row]) -> None:
    """Mark companies that the issuer registry now holds, and what else it took."""
    for function, company_id, payload in _ours(rows):
        if function == "registerIssuer":
            registry.mark_registered(company_id, payload["tx_hash"])
        else:
            registry.mark_told(company_id, function, intent_id=payload["intent_id"])


@outbox.on("chain.failed", queue="default")
def registration_failed(rows: Sequence[outbox.Row]) -> None:
    """Note why the issuer registry refused a company, or a change of it."""
    for function, company_id, payload in _ours(rows):
        if function == "registerIssuer":
            registry.mark_registration_failed(company_id, payload["reason"], intent_id=payload["intent_id"])
        else:
            registry.mark_refused(
                company_id, function, payload["reason"], intent_id=payload["intent_id"]
            )  # fmt: skip


@outbox.on("document.expiring", queue="default")
def paper_expiring(rows: Sequence[outbox.Row]) -> None:
    """Notify a company that one of its documents runs out soon."""
    _tell_expiry(rows, soon=True)


@outbox.on("document.expired", queue="default")
def paper_expired(rows: Sequence[outbox.Row]) -> None:
    """Notify a company that one of its documents has run out."""
    _tell_expiry(rows, soon=False)


def _tell_expiry(rows: Sequence[outbox.Row], *, soon: bool) -> None:
    for row in rows:
        if row.payload["owner_kind"] == "company":
            papers.tell_expiry(row.payload["owner_id"], row.payload["document_id"], soon=soon)
