"""The payout account: one's own, sealed, held for a day, verified by somebody else."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.adapters import mail
from crowdfund.kernel import outbox
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.errors import Conflict, Forbidden, Invalid
from crowdfund.payout_accounts import queries, rules
from crowdfund.payout_accounts import service as payout_accounts_service
from crowdfund.payout_accounts.models import PayoutAccount, payout_account_event
from crowdfund.people import service
from crowdfund.people.models import User
from crowdfund.security import queries as security_queries
from crowdfund.security.service import second_factor
from tests import raising

CBE = {"bank": "cbe", "number": "1000 1234 56789", "holder": "Alice Bekele"}
URL = "/account/payout-account"


@pytest.fixture
def alice(app, frozen):
    person_id = raising.person("alice")
    service.save_profile(person_id, first_name="Alice", last_name="Bekele")
    second_factor.keep_app(person_id, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    commit()
    outbox.drain_all()
    return person_id


@pytest.fixture
def hers(app, alice):
    return raising.sign_in(app.test_client(), alice, second_factor=True)


def given(person_id, frozen, scheme="et", **changed):
    """Ask for an account and let the day pass."""
    payout_accounts_service.request(person_id, scheme, **CBE | changed)
    commit()
    frozen.advance(timedelta(hours=24))
    outbox.drain_all()
    rollback()


def present(person_id):
    rollback()
    return queries.payout_account_of(person_id)


def decide(person_id, actor, approve, reason=""):
    payout_accounts_service.decide(person_id, actor, approve, reason)
    commit()
    outbox.drain_all()


def test_it_takes_a_second_factor_a_day_and_a_colleague(hers, alice, frozen):
    answer = hers.post(f"{URL}/et", data=CBE | {"again": CBE["number"]})
    assert answer.headers["Location"].startswith("/account/changes/")
    assert "ET •••• 6789" in hers.get(answer.headers["Location"]).text
    assert present(alice) is None
    frozen.advance(timedelta(hours=24))
    outbox.drain_all()
    assert (present(alice).status, present(alice).masked) == ("pending", "ET •••• 6789")
    carla = raising.person("carla", "compliance")
    decide(alice, carla, True)
    row, number = payout_accounts_service.with_number(present(alice).id)
    assert (row.status, number) == ("verified", "1000123456789")
    assert any("payout account is verified" in letter["Subject"] for letter in mail.OUTBOX)


@pytest.mark.parametrize("method", ["get", "post"])
def test_without_a_fresh_second_factor_the_form_is_not_even_shown(app, alice, method):
    tired = raising.sign_in(app.test_client(), alice)
    answer = getattr(tired, method)(f"{URL}/et")
    assert answer.headers["Location"].startswith("/sign-in/second-factor?next=")
    rollback()
    assert security_queries.changes_of(alice) == []


def test_who_has_no_second_factor_is_led_to_set_one_up_and_back(app, frozen):
    bob = raising.sign_in(app.test_client(), raising.person("bob"))
    answer = bob.get(bob.get(f"{URL}/et").headers["Location"])
    assert answer.headers["Location"] == f"/account/security?next={URL}/et"
    page = bob.get(answer.headers["Location"]).text
    assert "Set up a second factor to continue" in page
    assert f"/account/security/app?next={URL}/et" in page


def test_the_number_is_sealed_wherever_it_is_kept(alice, frozen):
    given(alice, frozen)
    for table in db.metadata.sorted_tables:
        assert "1000123456789" not in str(db.session.execute(sa.select(table)).all()), table.name


def test_another_account_takes_over_after_a_day_and_has_to_be_verified_again(alice, frozen):
    given(alice, frozen)
    decide(alice, raising.person("carla", "compliance"), True)
    payout_accounts_service.request(
        alice, "iban", bank="", number="DE89 3704 0044 0532 0130 00", holder="Alice Bekele"
    )
    commit()
    assert payout_accounts_service.with_number(present(alice).id)[1] == "1000123456789"
    frozen.advance(timedelta(hours=24))
    outbox.drain_all()
    assert (present(alice).status, present(alice).bank_name) == ("pending", "Commerzbank")
    assert [one.status for one in queries.payout_accounts_of(alice)] == ["pending", "replaced"]


def test_a_removal_waits_too(hers, alice, frozen):
    given(alice, frozen)
    raising.sign_in(hers, alice, second_factor=True)
    assert hers.post(f"{URL}/remove").status_code == 303
    assert present(alice).status == "pending"
    frozen.advance(timedelta(hours=24))
    outbox.drain_all()
    assert present(alice) is None
    raising.sign_in(hers, alice, second_factor=True)
    assert hers.post(f"{URL}/remove").status_code == 409


def test_a_rejection_says_why_and_nobody_decides_about_oneself_or_twice(hers, alice, frozen):
    given(alice, frozen)
    carla = raising.person("carla", "compliance")
    for actor, approve, error in ((alice, True, Forbidden), (carla, False, Invalid)):
        with pytest.raises(error):
            payout_accounts_service.decide(alice, actor, approve)
        rollback()
    decide(alice, carla, False, "The account is in another name.")
    with pytest.raises(Conflict):
        payout_accounts_service.decide(alice, carla, True)
    assert "The account is in another name." in hers.get(URL).text
    query = sa.select(payout_account_event.c.to_status).order_by(payout_account_event.c.id)
    assert list(db.session.scalars(query)) == ["pending", "rejected"]


@pytest.mark.parametrize(
    ("scheme", "typed", "sentence"),
    [
        ("et", {"number": "12345"}, "has 13 digits. You entered 5."),
        ("et", {"number": "1000 1234 5678x"}, "Remove “X”"),
        ("in", {"bank": "SBIN0001234", "number": "1234/5678"}, "Remove “/”"),
        ("et", {"bank": "moon"}, "Choose your bank."),
        ("et", {"bank": ""}, "Choose your bank."),
        ("et", {"again": "1000123456780"}, "are not the same"),
        ("et", {"holder": "Bob Bekele"}, "its holder must be Alice Bekele"),
        ("et", {"holder": ""}, "Enter the name of the account"),
        ("et", {"holder": "Alice Bekele\u0007"}, "plain text only"),
        ("et", {"holder": "Alice\u200bBekele"}, "plain text only"),
        ("in", {"bank": "SBIN1001234"}, "like SBIN0001234"),
        ("in", {"bank": "SBIN0001234", "number": "12345678"}, "9 to 18 digits. You entered 8."),
        ("iban", {"number": "DE89 3704 0044 0532 0130 01"}, "not a valid IBAN"),
        ("iban", {"number": "<script>"}, "not a valid IBAN"),
        ("iban", {"number": "9" * 3000}, "too long for an account number"),
    ],
)
def test_bad_input_gets_a_sentence_and_keeps_what_was_typed(hers, alice, scheme, typed, sentence):
    sent = CBE | {"again": typed.get("number", CBE["number"])} | typed
    answer = hers.post(f"{URL}/{scheme}", data=sent)
    assert answer.status_code == 422
    assert sentence in answer.text.replace("&#39;", "'")
    rollback()
    assert security_queries.changes_of(alice) == []


@pytest.mark.parametrize(
    ("first", "last", "holder"),
    [("Meera", "", "MEERA"), ("राम", "शर्मा", "राम शर्मा"), ("Ame\u0301lie", "B", "Am\u00e9lie B")],
)
def test_the_holder_is_the_person_by_the_letters_of_their_name(alice, first, last, holder):
    service.save_profile(alice, first_name=first, last_name=last)
    commit()
    payout_accounts_service.request(alice, "et", **CBE | {"holder": holder})


@pytest.mark.parametrize(
    ("first", "last", "holder"),
    [("Meera", "", "Meera Kapoor"), ("राम", "शर्मा", "रीम शर्मा"), ("कमला", "", "कमल")],
)
def test_no_money_goes_to_a_name_that_differs_by_a_vowel_sign(alice, first, last, holder):
    service.save_profile(alice, first_name=first, last_name=last)
    commit()
    with pytest.raises(Invalid, match="its holder must be"):
        payout_accounts_service.request(alice, "et", **CBE | {"holder": holder})


def test_a_holder_in_another_script_is_shown_to_the_reviewer_beside_the_name(app, alice, frozen):
    carla = raising.sign_in(app.test_client(), raising.person("carla", "compliance"))
    service.save_profile(alice, first_name="አበበ", last_name="ቢቂላ")
    commit()
    given(alice, frozen, holder="አበበ ቢቂላ")
    assert "Compare the account holder" not in carla.get(f"/staff/people/{alice}").text
    given(alice, frozen, holder="Abebe Bikila")
    carla = raising.sign_in(app.test_client(), raising.person("carla", "compliance"))
    page = carla.get(f"/staff/people/{alice}").text
    assert "The holder is “Abebe Bikila”, the name in the profile is “አበበ ቢቂላ”." in page


def test_an_unknown_scheme_is_no_page(hers):
    assert hers.get(f"{URL}/moon").status_code == 404


@pytest.mark.parametrize(
    ("number", "again"),
    [
        ("1000 1234 56789", "1000123456789"),
        ("1000-1234-56789", "1000 1234 56789"),
        ("1000\u00a01234\u00a056789", "1000–1234–56789"),
        ("１０００１２３４５６７８９", "\u200e1000 1234 56789\u200f"),
        ("١٠٠٠١٢٣٤٥٦٧٨٩", "1000 1234 56789"),
    ],
)
def test_the_two_numbers_may_be_written_differently(hers, alice, number, again):
    answer = hers.post(f"{URL}/et", data=CBE | {"number": number, "again": again})
    assert "ET •••• 6789" in hers.get(answer.headers["Location"]).text


def test_a_person_without_a_name_is_asked_for_it_before_the_account(app, frozen):
    bob = raising.person("bob")
    service.save_profile(bob, first_name="x", last_name="x")
    db.session.execute(sa.update(User).where(User.id == bob).values(first_name="", last_name=""))
    second_factor.keep_app(bob, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    commit()
    browser = raising.sign_in(app.test_client(), bob, second_factor=True)
    answer = browser.get(f"{URL}/et")
    assert answer.headers["Location"] == f"/account?next={URL}/et"
    page = browser.get(answer.headers["Location"]).text
    assert "Enter your name first." in page
    assert f'href="{URL}/et"' in page


@pytest.mark.parametrize(
    ("scheme", "bank", "number", "masked"),
    [
        ("et", "boa", "12345678", "ET •••• 5678"),
        ("et", "zemen", "1234 5678 9012 3456", "ET •••• 3456"),
        ("in", "sbin0001234", "123456789", "IN •••• 6789"),
        ("iban", "", "gb82 west 1234 5698 7654 32", "GB •••• 5432"),
        ("iban", "", "AE07 0331 2345 6789 0123 456", "AE •••• 3456"),
    ],
)
def test_numbers_are_taken_as_people_write_them(scheme, bank, number, masked):
    account = rules.account(
        scheme, bank=bank, number=number, holder="Alice Bekele", person_name="Alice Bekele"
    )
    assert account.masked == masked


@pytest.mark.parametrize(
    ("holder", "person", "good"),
    [
        ("ALICE BEKELE", "Alice Bekele", True),
        ("Alice Tesfaye Bekele", "Alice Bekele", True),
        ("Bekele, Alice", "Alice Bekele", True),
        ("José Núñez", "Jose Nunez", True),
        ("अलका शर्मा", "अलका शर्मा", True),
        ("አበበ በቀለ", "አበበ በቀለ", True),
        ("Alice", "Alice Bekele", False),
        ("Alice Bekele and Bob and Carol and Dan Jones", "Alice Bekele", False),
        ("Alice Becker", "Alice Bekele", False),
    ],
)
def test_the_holder_is_the_person(holder, person, good):
    if good:
        assert rules.check_holder(holder, person)
        return
    with pytest.raises(Invalid):
        rules.check_holder(holder, person)


def test_the_rows_of_others_are_not_shown(app, alice, frozen):
    given(alice, frozen)
    assert "6789" not in raising.sign_in(app.test_client(), raising.person("bob")).get(URL).text
    assert db.session.scalar(sa.select(sa.func.count()).select_from(PayoutAccount)) == 1
