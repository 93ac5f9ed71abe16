"""Pure rules of the dual ledger."""

from dataclasses import dataclass

import pytest

from crowdfund.adapters.chain import abi
from crowdfund.chain import rules
from crowdfund.chain.events import Log


@dataclass
class Queued:
    id: int
    address: str = "campaign"
    batch: str | None = "recordInvestments"
    role: str = "recorder"


def ids(groups):
    return [[item.id for item in group] for group in groups]


def test_writes_to_one_contract_travel_together():
    items = [Queued(1), Queued(2, address="other"), Queued(3), Queued(4, batch=None), Queued(5)]
    assert ids(rules.group(items)) == [[1, 3, 5], [2], [4]]


def test_a_full_batch_opens_the_next_one():
    assert ids(rules.group([Queued(n) for n in range(5)], size=2)) == [[0, 1], [2, 3], [4]]


def test_an_intent_is_the_same_32_bytes_every_time():
    assert rules.intent_bytes32("a") == rules.intent_bytes32("a") != rules.intent_bytes32("b")
    assert len(rules.intent_bytes32("a")) == 66


def test_units_and_minor_units_go_both_ways():
    assert rules.to_units(1) == 10_000
    assert rules.to_minor(rules.to_units(123_45)) == 123_45
    with pytest.raises(ValueError, match="whole minor unit"):
        rules.to_minor(9_999)


@pytest.mark.parametrize(
    ("function", "role"),
    [
        ("recordInvestment", "recorder"),
        ("recordRefund", "recorder"),
        ("createCampaign", "operator"),
        ("release", "operator"),
    ],
)
def test_records_are_signed_by_the_recorder_and_the_rest_by_the_operator(function, role):
    assert rules.signer_role(function) == role


def test_addresses_can_be_given_by_the_environment():
    assert rules.setting_name("IssuerRegistry") == "contract_issuer_registry"
    assert rules.setting_name("PaymentToken") == "contract_payment_token"


def test_a_final_write_does_not_move_except_by_a_reorganisation_or_a_replay():
    assert not rules.can_move("confirmed", "failed")
    assert not rules.can_move("confirmed", "queued")
    assert rules.can_move("confirmed", "broadcast")
    assert rules.can_move("failed", "queued")
    assert not rules.can_move("failed", "signed")


def test_each_write_of_a_batch_is_told_its_own_events():
    events = [Log("C", "0x", "InvestmentRecorded", {"paymentRef": name}) for name in ("0x1", "0x2")]
    assert rules.own_events(["0x2", "key", 5], events, alone=False) == [events[1]]
    assert rules.own_events(["0x2", "key", 5], events, alone=True) == events


class Seen:
    """An event that counts how often somebody looks at it."""

    looks = 0

    def __init__(self, name):
        self.name = name

    @property
    def args(self):
        Seen.looks += 1
        return {"paymentRef": self.name}


def test_the_events_of_a_batch_are_looked_at_once_however_many_writes_it_has():
    Seen.looks = 0
    events = [Seen(f"0x{number}") for number in range(200)]
    own = rules.events_of_writes([[event.name] for event in events], events, alone=False)
    assert own == [[event] for event in events]
    assert Seen.looks == 200


def test_integers_that_a_database_would_round_become_text():
    assert rules.safe_ints([2**63 - 1, 2**63, True, {"a": 2**255}]) == [
        2**63 - 1,
        str(2**63),
        True,
        {"a": str(2**255)},
    ]


def test_the_row_that_a_batch_refuses_is_read_from_the_error():
    text = "BadRow(index=17, reason=0x12345678)"
    assert rules.bad_row("BadRow", text) == 17
    assert rules.bad_row_reason(text) == "0x12345678"
    assert rules.bad_row("WrongStatus", "WrongStatus(status=3)") is None


def test_an_event_proves_a_call_only_with_its_name_and_arguments():
    args = ["0xAB", "0xcd", 5]
    event = {"paymentRef": "0xab", "investorKey": "0xcd", "amount": "5", "total": "9"}
    assert rules.is_effect("recordInvestment", args, "InvestmentRecorded", event)
    assert not rules.is_effect(
        "recordInvestment", args, "InvestmentRecorded", event | {"amount": 6}
    )
    assert not rules.is_effect("recordInvestment", args, "Invested", event)
    assert not rules.is_effect("unknown", args, "Invested", event)


def test_the_effects_name_arguments_that_call_and_event_have_in_common():
    contracts = [abi.artifact(name) for name in abi.names()]
    for function, (event, repeated) in rules.EFFECTS.items():
        found = [c for c in contracts if {function, event} <= {i.get("name") for i in c.abi}]
        assert found, function
        for contract in found:
            inputs = [i["name"] for i in contract.item("function", function)["inputs"]]
            assert inputs[: len(repeated)] == list(repeated)
            assert {i["name"] for i in contract.item("event", event)["inputs"]} >= set(repeated)
