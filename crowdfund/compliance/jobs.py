"""Changes of a verification by time, by expired documents and by events of lower features."""

from crowdfund.compliance.queries import files, reviews
from crowdfund.compliance.rules import eligibility
from crowdfund.compliance.service import expiry, nominees, renewals, shared, submissions
from crowdfund.documents.events import DocumentExpired
from crowdfund.kernel import outbox
from crowdfund.payout_accounts.events import PayoutAccountChanged
from crowdfund.people.events import PersonChanged


@outbox.every(3600, "compliance.expire")
def expire_and_remind() -> None:
    """End expired verifications; remind people once of those that end within 30 days."""
    for person_id in reviews.lapsed():
        expiry.expire(person_id)
    for person_id, day in reviews.to_remind(files.today() + eligibility.REMIND_BEFORE):
        expiry.remind(person_id, day)


@outbox.on(DocumentExpired)
def document_expired(events: list[DocumentExpired]) -> None:
    """End the verification that rested on a document; ask for a newer proof of a nominee."""
    for event in events:
        owner_kind, owner_id = event.owner_kind, event.owner_id
        if owner_kind == "person":
            shared.locked_file(owner_id)
            renewals.retire(owner_id, actor="system")
            expiry.expire(owner_id)
        elif owner_kind == "nominee":
            nominees.proof_expired(owner_id)


@outbox.on(PayoutAccountChanged)
def payout_account_changed(events: list[PayoutAccountChanged]) -> None:
    """Review a verified person again whose verified bank account was replaced or removed."""
    for event in events:
        person_id = event.person_id
        file = shared.locked_file(person_id)
        submissions.changed(file, actor=person_id, what="payout account", is_known=True)


@outbox.on(PersonChanged)
def profile_changed(events: list[PersonChanged]) -> None:
    """Review a verified person again whose name or phone number has changed in the profile."""
    for event in events:
        person_id = event.person_id
        shared.locked_file(person_id)
        submissions.reopen(person_id, actor=person_id)
