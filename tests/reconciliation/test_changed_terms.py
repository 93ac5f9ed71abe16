"""After a material change books and contract agree about what stays and what went back."""

from datetime import timedelta

from crowdfund.campaigns import queries as campaigns
from crowdfund.chain import queries as chain_queries
from crowdfund.chain import rules as chain_rules
from crowdfund.kernel.db import commit, rollback
from crowdfund.kernel.errors import WrongState
from crowdfund.term_changes.queries import answers
from crowdfund.term_changes.rules import terms
from crowdfund.term_changes.service import answering, deciding, lapsing, proposing
from tests import raising


def material(raised):
    rollback()
    now = terms.of_campaign(campaigns.by_id(raised.campaign_id))
    values = {
        **now,
        "story_md": raising.STORY + " The roaster is a used one now.",
        "reason": "It is cheaper.",
    }
    change_id = proposing.create(raised.campaign_id, values, actor=raised.people["alice"])
    proposing.submit(change_id, actor=raised.people["alice"])
    deciding.approve_material(change_id, actor=raised.people["carla"])
    commit()
    return change_id


def answer(raised, verb, investment_id, who):
    rollback()
    verb(investment_id, user_id=raised.people[who])
    commit()


def lapse(raised):
    rollback()
    lapsing.begin_due()
    commit()
    raised.work()


def counted(raised):
    return chain_rules.to_minor(raised.contract("fiatTotal"))


def test_books_and_contract_agree_about_what_stays(raised):
    kept = raised.paid("charlie", "4,000", key="form-key-1")
    back = raised.paid("dora", "2,500", key="form-key-2")
    silent = raised.paid("dora", "1,500", key="form-key-3")
    assert raised.compare() == []
    material(raised)
    answer(raised, answering.keep, kept, "charlie")
    answer(raised, answering.take_back, back, "dora")
    assert raised.compare() == []
    raised.pass_days(5)
    raised.pass_days(1)
    lapse(raised)
    raised.chain_works()
    assert raised.compare() == []
    assert (counted(raised), raised.campaign().settled_minor) == (4_000_00, 4_000_00)
    assert (raised.wallet("charlie"), raised.wallet("dora")) == (0, 4_000_00)
    for one in (back, silent):
        writes = chain_queries.writes_of("cancellation", one)
        assert [write.status for write in writes] == ["confirmed"]
    assert raised.books_are_clean()


def test_the_contract_has_the_hash_of_the_terms_in_force(raised):
    assert raised.contract("termsHash") == raised.campaign().terms_hash
    material(raised)
    raised.chain_works()
    rollback()
    changed = raised.campaign()
    assert raised.contract("termsHash") == changed.current_terms_hash != changed.terms_hash
    assert raised.compare() == []


def test_terms_are_not_changed_materially_while_the_contract_holds_tokens(raised):
    raised.invest_tokens("0x" + "1c" * 20, 1_000_00)
    raised.chain_works()
    with raising.refused(WrongState):
        material(raised)
    rollback()
    assert raised.campaign().terms_version == 1


def test_a_close_that_waited_for_the_answers_ends_alike_in_books_and_contract(raised):
    kept = raised.paid("charlie", "8,000", key="form-key-1")
    silent = raised.paid("dora", "1,000", key="form-key-2")
    raised.chain_works()
    ends_at = raised.campaign().ends_at
    raised.pass_days(29)
    material(raised)
    answer(raised, answering.keep, kept, "charlie")
    raised.pass_days(3)
    rollback()
    assert answers.is_open(raised.campaign_id)
    assert raised.close_due() == 0
    raised.pass_days(3)
    lapse(raised)
    raised.chain_works()
    rollback()
    assert raised.close_due() == 1
    assert (raised.campaign().status, raised.contract_status()) == ("succeeded", "succeeded")
    assert raised.campaign().closed_at < ends_at + timedelta(days=14)
    assert (raised.status(silent, "dora"), raised.escrow(), counted(raised)) == (
        "returned",
        8_000_00,
        8_000_00,
    )
    assert raised.compare() == []
