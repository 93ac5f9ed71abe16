"""What the chain says about companies."""

from collections.abc import Sequence

from crowdfund import outbox

from . import service


def _ours(row: outbox.Row) -> bool:
    return bool(row.payload["function"] == "registerIssuer")


@outbox.on("chain.confirmed", queue="default")
def registration_confirmed(rows: Sequence[outbox.Row]) -> None:
    """Mark companies that the issuer registry now holds."""
    for row in filter(_ours, rows):
        _, company_id = row.payload["subject"]
        service.mark_registered(company_id, row.payload["tx_hash"])


@outbox.on("chain.failed", queue="default")
def registration_failed(rows: Sequence[outbox.Row]) -> None:
    """Note why the issuer registry refused a company."""
    for row in filter(_ours, rows):
        _, company_id = row.payload["subject"]
        service.mark_registration_failed(
            company_id, row.payload["reason"], intent_id=row.payload["intent_id"]
        )
