"""The words for every status that a page may show; a status itself is a machine's word."""

from .i18n import lazy as _l

TEXTS = {
    "none": _l("None"), "all": _l("All"), "draft": _l("Draft"), "created": _l("Created"), "submitted": _l("Submitted"),
    "pending": _l("Pending"), "paying": _l("Paying"), "waiting": _l("Waiting"), "open": _l("Open"), "decided": _l("Decided"),
    "awaiting settlement": _l("Awaiting settlement"), "parked": _l("Parked"), "queued": _l("Queued"),
    "received": _l("Received"), "approved": _l("Approved"), "deploying": _l("Deploying"), "signed": _l("Signed"),
    "broadcast": _l("Broadcast"), "mined": _l("In a block"), "sent": _l("Sent"), "registering": _l("Registering"),
    "authorised": _l("Authorised"), "succeeded": _l("Succeeded"), "processing": _l("Processing"),
    "recording": _l("Recording"), "reserved": _l("Reserved"), "releasing": _l("Releasing"), "closing": _l("Closing"),
    "cancelling": _l("Cancelling"), "refunding": _l("Refunding"), "live": _l("Live"), "verified": _l("Verified"),
    "settled": _l("Settled"), "confirmed": _l("Confirmed"), "released": _l("Released"), "paid": _l("Paid"),
    "done": _l("Done"), "active": _l("Active"), "successful": _l("Successful"), "processed": _l("Processed"),
    "registered": _l("Registered"), "accepted": _l("Accepted"), "failed": _l("Failed"), "rejected": _l("Rejected"),
    "refused": _l("Refused"), "reverted": _l("Reverted"), "lost": _l("Lost"), "dead": _l("Given up"),
    "forged": _l("Forged"), "expired": _l("Expired"), "returned": _l("Returned"), "cancelled": _l("Cancelled"),
    "reversed": _l("Reversed"), "refunded": _l("Refunded"), "closed": _l("Closed"), "ended": _l("Ended"),
    "ignored": _l("Ignored"), "dropped": _l("Dropped"), "replaced": _l("Replaced"), "due": _l("Due"),
    "unsuccessful": _l("Unsuccessful"), "deactivated": _l("Deactivated"), "disabled": _l("Disabled"),
    "destroyed": _l("Deleted"), "requested": _l("Requested"), "applied": _l("Applied"), "invited": _l("Invited"),
    "removed": _l("Removed"), "asset": _l("Asset"), "liability": _l("Liability"), "proposed": _l("Proposed"),
}  # fmt: skip


def status_text(status: str) -> str:
    """Return the words for a status in the reader's language; an unknown one is shown as it is."""
    found = TEXTS.get(str(status))
    return str(found) if found else str(status).replace("_", " ").replace(".", " ").capitalize()
