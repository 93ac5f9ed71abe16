"""The rules of comparing and following: every pair of states, to the unit."""

from dataclasses import replace

import pytest

from crowdfund.reconciliation.rules import comparing, following, wording

BOOKS = comparing.Books(
    campaign_id="c1",
    title="A roaster",
    slug="a-roaster",
    address="0x01",
    status="live",
    ending=None,
    contract_result=None,
    recorded_minor=1_000,
    coming_minor=200,
    refused_minor=0,
    refused=0,
    token_minor=0,
    accepted_difference_minor=0,
    accepted_result=None,
    tranches=None,
    tranches_paid=0,
)
UNITS = 10_000
CONTRACT = comparing.Contract("0x01", "live", fiat_units=1_000 * UNITS)


def kinds(books=None, contract=None):
    found = comparing.differences(
        replace(BOOKS, **(books or {})), replace(CONTRACT, **(contract or {}))
    )
    return [one.kind for one in found]


@pytest.mark.parametrize(
    ("units", "found"),
    [
        (1_000 * UNITS - 1, ["fiat"]),
        (1_000 * UNITS, []),
        (1_200 * UNITS, []),
        (1_200 * UNITS + 1, ["fiat"]),
    ],
)
def test_the_contract_counts_what_is_recorded_and_at_most_what_is_coming(units, found):
    assert kinds(contract={"fiat_units": units}) == found


def test_an_accepted_difference_moves_both_bounds():
    accepted = {"accepted_difference_minor": 300}
    assert kinds(accepted, {"fiat_units": 1_300 * UNITS}) == []
    assert kinds(accepted, {"fiat_units": 1_000 * UNITS}) == ["fiat"]


@pytest.mark.parametrize(
    ("status", "ending", "fitting"),
    [
        ("live", None, {"live"}),
        ("live", "close", {"live", "succeeded", "failed"}),
        ("live", "cancel", {"live", "cancelled"}),
        ("succeeded", None, {"succeeded"}),
        ("succeeded", "release", {"succeeded", "released"}),
        ("released", None, {"released"}),
        ("failed", None, {"failed", "cancelled"}),
        ("cancelled", None, {"failed", "cancelled"}),
        ("refunded", None, {"failed", "cancelled"}),
        ("draft", None, set()),
    ],
)
def test_each_state_of_the_books_fits_these_states_of_the_contract(status, ending, fitting):
    paid = int("release" in (status.removesuffix("d"), ending))
    books = {"status": status, "ending": ending, "tranches_paid": paid}
    found = {
        state
        for state in comparing.CONTRACT_STATES
        if kinds(books, {"status": state, "releases": int(state == "released")}) == []
    }
    assert found == fitting


PARTS = [{"share_bps": bps, "condition": "When it is time."} for bps in (3_333, 6_467, 200)]


@pytest.mark.parametrize(
    ("paid", "ending", "releases", "found"),
    [
        (0, None, 0, []),
        (1, None, 1, []),
        (1, "release", 0, []),
        (1, "release", 1, []),
        (2, "release", 0, ["releases"]),
        (1, None, 0, ["releases"]),
        (1, None, 2, ["releases"]),
    ],
)
def test_as_many_parts_are_out_on_both_sides(paid, ending, releases, found):
    books = {"status": "succeeded", "ending": ending, "tranches": PARTS, "tranches_paid": paid}
    assert kinds(books, {"status": "succeeded", "releases": releases}) == found


def test_the_escrow_holds_the_tokens_of_the_parts_that_are_not_out():
    books = {"status": "succeeded", "tranches": PARTS, "tranches_paid": 1, "token_minor": 1_000}
    contract = {"status": "succeeded", "releases": 1, "token_units": 1_000 * UNITS}
    assert kinds(books, contract | {"escrow_units": 667 * UNITS}) == []
    assert kinds(books, contract | {"escrow_units": 666 * UNITS}) == ["escrow"]


def test_a_noticed_disagreement_stays_one_until_the_contract_is_live_again():
    noticed = {"contract_result": "succeeded", "ending": "close"}
    assert kinds(noticed, {"status": "succeeded"}) == ["status"]
    assert kinds(noticed, {"status": "live"}) == []
    assert (
        kinds({"status": "refunded", "accepted_result": "succeeded"}, {"status": "succeeded"}) == []
    )


@pytest.mark.parametrize(
    ("status", "held", "found"),
    [
        ("live", 500, []),
        ("live", 499, ["escrow"]),
        ("succeeded", 501, ["escrow"]),
        ("released", 0, []),
        ("released", 1, ["escrow"]),
        ("failed", 500, []),
        ("failed", 0, []),
        ("failed", 501, ["escrow"]),
    ],
)
def test_the_escrow_holds_what_it_must(status, held, found):
    books = {"status": status, "token_minor": 500}
    contract = {"status": status, "token_units": 500 * UNITS, "escrow_units": held * UNITS}
    assert kinds(books, contract) == found


def test_each_kind_of_difference_is_a_sentence_without_names():
    books = replace(BOOKS, refused=2, refused_minor=700_00)
    contract = replace(
        CONTRACT,
        status="failed",
        fiat_units=5,
        token_units=UNITS,
        escrow_units=2 * UNITS,
        factory_knows=False,
    )
    found = comparing.differences(books, contract)
    found += [
        comparing.unknown(CONTRACT),
        comparing.settings_difference("0x02", contract_s=5 * 86_400, needed_s=12 * 86_400),
        *comparing.differences(
            BOOKS, comparing.Contract("0x01", problem="there is no contract at 0x01")
        ),
    ]
    said = [comparing.words(one.as_json()) for one in found]
    assert [one.kind for one in found] == [
        "foreign",
        "status",
        "fiat",
        "token",
        "escrow",
        "refused",
        "unknown",
        "grace",
        "unreadable",
    ]
    assert said[1] == "Our books say Live, the contract says Failed."
    assert said[2] == "Our books have 10.00 ETB recorded on chain, the contract counts 5 units."
    assert said[5] == (
        "The contract refused to record payments of 700.00 ETB (number of payments: 2)."
    )
    assert "Days there: 5. Days that we need: 12." in said[7]
    assert len(set(said)) == len(said)


def test_the_same_grace_is_enough():
    assert comparing.settings_difference("0x02", contract_s=100, needed_s=100) is None
    assert comparing.settings_difference("0x02", contract_s=99, needed_s=100) is not None


# --- following ------------------------------------------------------------------------------------


def line(
    name, amount=1_000, *, status="confirmed", on_contract=True, has_tx=True, is_refused=False
):
    return following.Investment(
        name, f"user-{name}", amount, status, on_contract, has_tx, is_refused
    )


def facts(status="live", result="succeeded", *lines, **more):
    lines = lines or (line("i1"),)
    recorded = sum(one.amount_minor for one in lines if one.has_tx)
    values = {
        "campaign_id": "c1",
        "company_id": "y1",
        "currency": "ETB",
        "status": status,
        "ending": None,
        "settled_minor": sum(one.amount_minor for one in lines if one.is_in),
        "token_minor": 0,
        "recorded_minor": recorded,
        "fee_bps": 250,
        "released_minor": None,
        "fee_minor": None,
        "tranches": None,
        "tranches_paid": 0,
        "accepted_difference_minor": 0,
        "accepted_result": None,
        "in_flight": 0,
        "contract": following.ContractFacts(
            result,
            sum(x.amount_minor for x in lines if x.on_contract),
            int(result == "released"),
        ),
        "investments": lines,
    }
    return following.Facts(**(values | more))


@pytest.mark.parametrize(
    ("books", "contract", "action", "to"),
    [
        ("live", "succeeded", "succeed", "succeeded"),
        ("live", "failed", "fail", "failed"),
        ("live", "cancelled", "cancel", "cancelled"),
        ("live", "released", "release", "released"),
        ("succeeded", "released", "release", "released"),
        ("succeeded", "failed", "fail", "failed"),
        ("succeeded", "cancelled", "cancel", "cancelled"),
        ("succeeded", "live", "ask", None),
        ("released", "live", "ask", None),
        ("released", "succeeded", "ask", None),
        ("released", "failed", "fail", "failed"),
        ("failed", "live", "ask", None),
        ("refunded", "live", "ask", None),
        ("failed", "succeeded", "accept_result", None),
        ("refunded", "released", "accept_result", None),
        ("cancelled", "succeeded", "accept_result", None),
    ],
)
def test_every_disagreement_of_states_has_a_plan(books, contract, action, to):
    made = following.plan(facts(books, contract))
    assert (made.action, made.to) == (action, to)
    assert not made.takes_back  # nothing was released
    paid_out = following.plan(facts(books, contract, released_minor=7_800_00, fee_minor=200_00))
    assert paid_out.takes_back == (action in ("fail", "cancel"))
    words = wording.plan_words(made, "ETB")
    assert words
    if action == "accept_result":
        said = f"we accept that the contract is: {contract.capitalize()}."
        assert words[0] == f"The campaign stays as it is, and {said}"


@pytest.mark.parametrize(
    ("books", "contract"),
    [
        ("live", "live"),
        ("succeeded", "succeeded"),
        ("released", "released"),
        ("failed", "failed"),
        ("failed", "cancelled"),
        ("cancelled", "failed"),
        ("refunded", "cancelled"),
    ],
)
def test_what_agrees_has_no_plan(books, contract):
    with pytest.raises(following.NothingToFollow):
        following.plan(facts(books, contract))


@pytest.mark.parametrize(
    ("books", "contract", "what"),
    [
        ("succeeded", "live", "close"),
        ("released", "live", "close"),
        ("released", "succeeded", "release"),
        ("failed", "live", "cancel"),
        ("cancelled", "live", "cancel"),
        ("refunded", "live", "cancel"),
    ],
)
def test_what_the_chain_lost_is_asked_again_even_while_writes_are_on_their_way(
    books, contract, what
):
    assert following.plan(facts(books, contract, in_flight=1)).asks == what


def test_a_campaign_without_a_contract_has_none_to_follow(app):
    with pytest.raises(following.NothingToFollow, match="There is no contract to follow"):
        following.plan(facts("live", "none"))


def test_an_accepted_result_is_followed_no_more():
    with pytest.raises(following.NothingToFollow):
        following.plan(facts("refunded", "succeeded", accepted_result="succeeded"))


def test_only_what_was_refused_goes_back_while_both_are_live():
    waiting = line("i2", status="settled", on_contract=False, has_tx=False)
    refused = replace(waiting, id="i3", is_refused=True)
    made = following.plan(facts("live", "live", line("i1"), waiting, refused))
    assert [one.id for one in made.returned] == ["i3"]
    made = following.plan(facts("live", "succeeded", line("i1"), waiting, refused))
    assert [one.id for one in made.returned] == ["i2", "i3"]
    assert made.settled_after_minor == 1_000


def test_while_both_are_live_no_difference_is_accepted():
    """Our closing takes out what it does not confirm, so the difference goes by itself."""
    more = following.ContractFacts("live", 9_000)
    with pytest.raises(following.NothingToFollow):
        following.plan(facts("live", "live", contract=more))
    refused = line("i2", status="settled", on_contract=False, has_tx=False, is_refused=True)
    made = following.plan(
        facts("live", "live", line("i1"), refused, accepted_difference_minor=7, contract=more)
    )
    assert made.difference_minor == 7


def test_what_was_paid_out_to_the_company_does_not_go_back():
    gone = line("i2", on_contract=False)
    made = following.plan(
        facts("released", "released", line("i1"), gone, released_minor=1_950, fee_minor=50)
    )
    assert (made.returned, made.difference_minor) == ((), 0)
    assert [one.id for one in made.forgotten] == ["i2"]


def test_a_record_without_its_money_is_shown_and_not_counted():
    without = line("i2", status="authorised", has_tx=False)
    made = following.plan(facts("live", "succeeded", line("i1"), without))
    assert [one.id for one in made.extra] == ["i2"]
    assert (made.settled_after_minor, made.difference_minor) == (1_000, 1_000)
    assert any("has not arrived" in sentence for sentence in wording.plan_words(made, "ETB"))


def test_the_postings_are_those_of_the_plan_and_the_fee_is_floored():
    made_from = facts("live", "released", line("i1", 1_039), line("i2", 500, on_contract=False))
    moves = following.moves(made_from, following.plan(made_from))
    assert [(move.source, move.destination, move.amount_minor) for move in moves] == [
        ("campaign:c1:escrow", "user:user-i2:wallet", 500),
        ("campaign:c1:escrow", "company:y1:wallet", 1_014),
        ("campaign:c1:escrow", "platform:fee", 25),
    ]


def test_any_other_fact_has_another_fingerprint():
    one = facts()
    others = [
        facts(result="failed"),
        facts(in_flight=1),
        facts(settled_minor=1),
        facts(released_minor=1),
        facts("live", "succeeded", line("i1", 1_001)),
        facts("live", "succeeded", line("i1", has_tx=False)),
    ]
    prints = {following.fingerprint(other) for other in (one, *others)}
    assert len(prints) == 1 + len(others)
    assert following.fingerprint(facts()) == following.fingerprint(one)


def test_a_kept_plan_is_read_back_whole():
    made = following.plan(facts("live", "failed", line("i1"), line("i2", on_contract=False)))
    assert following.Plan.from_json(made.as_json()) == made
