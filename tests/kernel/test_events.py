"""Events that wait in the outbox during an upgrade: rows as they were written before ADR 32."""

import json
from types import SimpleNamespace

import pytest

from crowdfund.kernel.outbox import SUBSCRIBERS, Event

PAYMENT = {
    "payment_id": "p",
    "purpose_kind": "investment",
    "purpose_id": "i",
    "user_id": "u",
    "amount_minor": 1_000,
    "currency": "ETB",
}
WRITE = {
    "intent_id": "investment:i",
    "contract": "CampaignImplementation",
    "address": "0xA",
    "args": ["0x1", 5],
    "function": "recordInvestment",
    "subject": ["investment", "i"],
}
LOG = {
    "contract": "CampaignImplementation",
    "address": "0xA",
    "event": "Invested",
    "args": {"amount": "5"},
}
DOCUMENT = {"document_id": "d", "owner_kind": "company", "owner_id": "c"}
BEFORE = {
    **{
        f"payment.{end}": PAYMENT
        for end in ("succeeded", "settled", "failed", "reversed", "expired")
    },
    **{
        f"campaign.{end}": {"campaign_id": "c"}
        for end in ("succeeded", "failed", "cancelled", "released", "closes_soon")
    },
    "chain.confirmed": {**WRITE, "tx_hash": "0x2", "block": 7, "events": [LOG]},
    "chain.failed": {**WRITE, "reason": "refused"},
    "chain.event": {**LOG, "tx_hash": "0x2", "ordinal": 0, "block": 7},
    "chain.request_done": {
        "request_id": "r",
        "kind": "redirect",
        "reason": "lost",
        "role": "",
        "address": "0xB",
        "new_address": "",
        "target": "0xA",
        "subject_id": "c",
        "amount_minor": None,
    },
    "company.renamed": {"company_id": "c"},
    "document.expiring": DOCUMENT,
    "document.expired": DOCUMENT,
    "otp.requested": {"otp_id": "o"},
    "investment.returned": {
        "investment_id": "i",
        "payment_id": "p",
        "user_id": "u",
        "amount_minor": 1_000,
        "currency": "ETB",
    },
    "payment.credited": {
        "exception_id": "x",
        "user_id": "u",
        "amount_minor": 1_000,
        "currency": "ETB",
    },
    "payout_account.changed": {"person_id": "u"},
    "person.changed": {"person_id": "u"},
    "person.closed": {"person_id": "u"},
    "person.change_elsewhere": {
        "change_id": "c",
        "kind": "security.changed",
        "context": {"what": "phone"},
        "path": "/account",
    },
    "person.notice": {
        "person_id": "u",
        "kind": "security.api_token_reused",
        "path": "/account/sessions",
    },
    "staff.work": {"kind": "staff.keys"},
}


def classes(of=Event):
    """Return the events of the application by name."""
    found = {}
    for one in of.__subclasses__():
        found |= classes(one)
        if "name" in vars(one) and one.__module__.startswith("crowdfund."):
            found[one.name] = one
    return found


def test_the_rows_of_every_event_are_listed_here(app):
    assert (
        set(BEFORE)
        == set(classes())
        == {name for name in SUBSCRIBERS if not name.startswith("test.")}
    )


@pytest.mark.parametrize("name", BEFORE)
def test_a_row_that_was_written_before_the_upgrade_is_understood(app, name):
    kind = next(iter(SUBSCRIBERS[name]))
    row = SimpleNamespace(key=f"{kind}:a:1", payload=BEFORE[name])
    event = classes()[name].of(row)
    again = json.loads(json.dumps(event.payload()))
    assert event.key == "a:1"
    assert {field: again[field] for field in again if field in BEFORE[name]} == {
        field: value for field, value in BEFORE[name].items() if field in again
    }
    assert set(again) - set(BEFORE[name]) <= {"context"}
