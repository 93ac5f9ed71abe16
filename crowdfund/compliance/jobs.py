"""What changes a verification without anybody's hand: time, documents that expire, news from below."""

from collections.abc import Sequence

from .. import outbox
from . import queries, rules, service


@outbox.every(3600, "compliance.expire")
def expire_and_remind() -> None:
    """End verifications whose last day is over; remind those that end within 30 days, once."""
    for person_id in queries.lapsed():
        service.expire(person_id)
    for person_id, day in queries.to_remind(queries.today() + rules.standing.REMIND_BEFORE):
        service.remind(person_id, day)


@outbox.on("document.expired")
def document_expired(rows: Sequence[outbox.Row]) -> None:
    """End the verification that rested on a document, at once; ask for a nominee's newer proof."""
    for row in rows:
        owner_kind, owner_id = row.payload["owner_kind"], row.payload["owner_id"]
        if owner_kind == "person":
            service.expire(owner_id)
        elif owner_kind == "nominee":
            service.nominees.proof_expired(owner_id)


@outbox.on("payout_account.changed")
def payout_account_changed(rows: Sequence[outbox.Row]) -> None:
    """Have a verified person checked again whose verified bank account is another one or gone."""
    for row in rows:
        person_id = row.payload["person_id"]
        file = service.locked_file(person_id)
        service.changed(file, actor=person_id, what="payout account", is_known=True)


@outbox.on("person.changed")
def profile_changed(rows: Sequence[outbox.Row]) -> None:
    """Have a verified person checked again whose name or number has changed in the profile."""
    for row in rows:
        person_id = row.payload["person_id"]
        service.locked_file(person_id)
        service.reopen(person_id, actor=person_id)
