"""Pages of changed terms: the company proposes, staff decide, investors answer, everyone reads."""

from datetime import timedelta

import pytest

from crowdfund.kernel.db import commit
from crowdfund.term_changes.queries import changes
from crowdfund.term_changes.service import deciding
from tests import raising
from tests.investments.test_views import invest_url
from tests.term_changes.conftest import NEW, REASON, STORY
from tests.tracing.reading import Page, explanation

SUMMARY = raising.BASICS["summary"]
FORM = {**NEW, "summary": SUMMARY}


@pytest.fixture
def alice(app, world):
    return raising.browser(app, world.people["alice"])


@pytest.fixture
def carla(app, world):
    return raising.browser(app, world.people["carla"])


@pytest.fixture
def charlie(app, world):
    return raising.browser(app, world.people["charlie"])


def desk(world, *rest):
    return "/".join((f"/my/campaigns/{world.campaign_id}/term-changes", *rest))


def text_of(answer):
    return " ".join(answer.text.split())


def test_a_company_writes_sees_the_difference_and_submits(world, alice):
    assert "Changes of the terms" in alice.get(f"/my/campaigns/{world.campaign_id}").text
    page = alice.get(desk(world))
    assert "they are in the contract" in page.text
    form = alice.get(desk(world, "new"))
    assert SUMMARY in form.text
    assert 'name="goal_minor"' not in form.text
    answer = alice.post(desk(world, "new"), data=FORM)
    assert answer.status_code == 303
    page = alice.get(answer.location)
    assert "<del>" in page.text
    assert "<ins>" in page.text
    assert "[removed:" in page.text
    assert REASON in page.text
    assert alice.post(f"{answer.location}/submit").status_code == 303
    page = text_of(alice.get(answer.location))
    assert "We are reviewing your change" in page
    assert alice.get(desk(world, "new")).location.endswith(answer.location.rsplit("/", 1)[1])


def test_bad_input_comes_back_with_what_was_typed(world, alice):
    answer = alice.post(desk(world, "new"), data=FORM | {"summary": "short", "reason": "why"})
    assert answer.status_code == 422
    assert "Use at least 20 characters" in answer.text
    assert "used roaster" in answer.text
    answer = alice.post(desk(world, "new"), data=FORM | {"story_md": raising.STORY})
    assert answer.status_code == 422
    assert "Nothing differs from the terms in force" in answer.text
    assert changes.open_of(world.campaign_id) is None


def test_markup_in_a_text_is_shown_and_never_run(world, alice):
    story = STORY + "\n\n<script>alert(1)</script> and <b>bold</b>"
    answer = alice.post(desk(world, "new"), data=FORM | {"story_md": story})
    page = alice.get(answer.location).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_draft_can_be_edited_and_withdrawn(world, alice):
    url = alice.post(desk(world, "new"), data=FORM).location
    assert (
        alice.post(f"{url}/edit", data=FORM | {"reason": "Another good reason."}).status_code == 303
    )
    assert "Another good reason." in alice.get(url).text
    assert alice.post(f"{url}/withdraw").status_code == 303
    assert "Withdrawn" in alice.get(desk(world)).text


def test_staff_see_the_difference_and_decide(world, terms_of, carla):
    change_id = terms_of.propose()
    assert "Changes of terms that wait: 1" in text_of(carla.get("/staff/approvals"))
    assert raising.BASICS["title"] in carla.get("/staff/term-changes").text
    page = carla.get(f"/staff/term-changes/{change_id}")
    assert "<ins>" in page.text
    answer = carla.post(f"/staff/term-changes/{change_id}/reject", data={"reason": "no"})
    assert answer.status_code == 422
    assert carla.post(f"/staff/term-changes/{change_id}/material").status_code == 303
    page = text_of(carla.get(f"/staff/term-changes/{change_id}"))
    assert "Investors are answering" in page
    assert carla.post(f"/staff/term-changes/{change_id}/correction").status_code in (409, 422)


def test_the_audit_log_names_the_decision(app, world, terms_of, carla):
    change_id = terms_of.propose()
    carla.post(f"/staff/term-changes/{change_id}/material")
    admin = raising.browser(app, raising.person("adam", "admin"))
    assert "Had investors reconfirm changed terms" in admin.get("/staff/audit").text


def test_a_draft_is_the_teams_alone(world, alice, carla):
    url = alice.post(desk(world, "new"), data=FORM).location
    change_id = url.rsplit("/", 1)[1]
    assert carla.get(f"/staff/term-changes/{change_id}").status_code == 404
    assert carla.post(f"/staff/term-changes/{change_id}/material").status_code == 404


def test_a_member_of_the_company_cannot_decide(app, world, terms_of):
    raising.person("alice", "compliance")
    own = raising.browser(app, world.people["alice"])
    change_id = terms_of.propose()
    assert "A colleague has to decide" in own.get(f"/staff/term-changes/{change_id}").text
    assert own.post(f"/staff/term-changes/{change_id}/material").status_code == 403


def test_after_the_deadline_staff_read_why_it_cannot_be_material(world, terms_of, app, frozen):
    change_id = terms_of.propose()
    frozen.set(world.campaign().ends_at)
    frozen.advance(timedelta(seconds=1))
    carla = raising.browser(app, world.people["carla"])
    page = text_of(carla.get(f"/staff/term-changes/{change_id}"))
    assert "can no longer be material" in page
    answer = carla.post(f"/staff/term-changes/{change_id}/material")
    assert answer.status_code == 409
    assert "The deadline of this campaign has passed" in answer.text


def test_an_investor_reads_the_difference_and_keeps(world, terms_of, charlie):
    investment_id = terms_of.paid()
    assert charlie.get(f"/investments/{investment_id}/new-terms").status_code == 404
    terms_of.material()
    assert "Please answer by" in charlie.get("/portfolio").text
    assert "Read what has changed" in charlie.get(f"/investments/{investment_id}").text
    url = f"/investments/{investment_id}/new-terms"
    page = charlie.get(url)
    assert "<ins>" in page.text
    assert "Keep my investment" in page.text
    assert "Take my money back" in page.text
    for _ in range(2):
        assert charlie.post(f"{url}/keep").status_code == 303
    page = text_of(charlie.get(url))
    assert "Keep my investment" not in page
    assert "Kept" in page
    assert "Version 1" not in page
    answer = charlie.post(f"{url}/take-back")
    assert answer.status_code == 409
    assert "was answered already" in answer.text
    assert "Please answer by" not in charlie.get("/portfolio").text


def test_an_investor_takes_the_money_back(world, terms_of, charlie):
    investment_id = terms_of.paid()
    terms_of.material()
    assert charlie.post(f"/investments/{investment_id}/new-terms/take-back").status_code == 303
    assert world.wallet() == 1_000_00
    page = text_of(charlie.get(f"/investments/{investment_id}"))
    assert "Changed terms: Taken back." in page


def test_who_did_not_answer_reads_why_the_money_is_back(world, terms_of, app, frozen):
    investment_id = terms_of.paid()
    terms_of.material()
    frozen.advance(timedelta(days=5, seconds=1))
    charlie = raising.browser(app, world.people["charlie"])
    page = text_of(charlie.get(f"/investments/{investment_id}/new-terms"))
    assert "The time to answer is over" in page
    assert "Take my money back" not in page
    terms_of.tick()
    page = text_of(charlie.get(f"/investments/{investment_id}"))
    assert "You did not answer about the changed terms in time" in page
    assert "You cancelled this investment" not in page


def test_everyone_reads_what_has_changed(client, world, terms_of):
    slug = world.slug
    page = client.get(f"/campaigns/{slug}").text
    assert "See what has changed" not in page
    assert "Versions of the terms" in page
    assert "as approved" in client.get(f"/campaigns/{slug}/terms").text
    change_id = terms_of.propose()
    deciding.approve_correction(change_id, actor=world.people["carla"])
    commit()
    page = text_of(client.get(f"/campaigns/{slug}"))
    assert "Changed on" in page
    assert "used roaster" in page
    assert "correction" in client.get(f"/campaigns/{slug}/terms").text
    old, new = (client.get(f"/campaigns/{slug}/terms/{number}").text for number in (1, 2))
    assert "replaced by a later version" in old
    assert "second roaster" in old
    assert "<del>" in new
    assert REASON in new
    assert client.get(f"/campaigns/{slug}/terms/3").status_code == 404
    assert client.get(f"/campaigns/{slug}/terms/99999").status_code == 404


def test_a_proposal_is_not_public(client, world, terms_of):
    terms_of.propose()
    for path in ("", "/terms", "/terms/1"):
        assert "used roaster" not in client.get(f"/campaigns/{world.slug}{path}").text


def test_the_company_follows_the_answers_without_names(world, terms_of, alice):
    kept, back = terms_of.paid(), terms_of.paid("dora", "500", key="form-key-2")
    change_id = terms_of.material()
    terms_of.keep(kept)
    terms_of.take_back(back, "dora")
    page = text_of(alice.get(desk(world, change_id)))
    assert "1,000.00 ETB" in page
    assert "500.00 ETB" in page
    assert "Charlie" not in page


def test_each_amount_of_the_answers_adds_up_to_the_unit(world, terms_of, alice, carla):
    kept, back = terms_of.paid(), terms_of.paid("dora", "500", key="form-key-2")
    terms_of.paid("dora", "300", key="form-key-3")
    change_id = terms_of.material()
    terms_of.keep(kept)
    terms_of.take_back(back, "dora")
    for reader, path in (
        (alice, desk(world, change_id)),
        (carla, f"/staff/term-changes/{change_id}"),
    ):
        shown = [one for one in Page(reader.get(path).text).amounts if one.href]
        assert [one.minor for one in shown] == [1_000_00, 500_00, 0, 300_00]
        for amount in shown:
            found = explanation(reader, amount.href)
            assert amount.minor == found.number == found.sum == sum(found.lines)


def test_the_desk_says_that_closing_waits_for_the_answers(world, terms_of, alice, carla):
    staff_page = f"/staff/campaigns/{world.campaign_id}"
    assert "Investors are answering" not in carla.get(staff_page).text
    investment_id = terms_of.paid()
    raising.put_in(world.campaign_id, 8_000_00)
    terms_of.material()
    page = text_of(alice.get(f"/my/campaigns/{world.campaign_id}"))
    assert "once your investors have answered about the changed terms" in page
    assert "Close now" not in page
    assert "some investors have not answered yet" in page
    assert "some investors have not answered yet" in text_of(carla.get(staff_page))
    terms_of.keep(investment_id)
    assert "Close now" in alice.get(f"/my/campaigns/{world.campaign_id}").text


def test_who_reads_an_old_form_is_told_that_the_terms_changed(world, terms_of, app):
    dora = raising.browser(app, world.people["dora"])
    form = {"amount": "500", "rail": "bill_bitts", "consent": "y", "key": "form-key-9"}
    assert 'name="terms" type="hidden" value="1"' in dora.get(invest_url(world)).text
    terms_of.material()
    answer = dora.post(invest_url(world), data={**form, "terms": "1"})
    assert answer.status_code == 409
    assert "have changed since you opened this page" in text_of(answer)
    assert 'value="2"' in answer.text
    assert dora.post(invest_url(world), data={**form, "terms": "x"}).status_code == 409
    other_mistake = dora.post(invest_url(world), data={**form, "terms": "1", "amount": ""})
    assert other_mistake.status_code == 422  # nobody was told yet: the old version stays
    assert 'name="terms" type="hidden" value="1"' in other_mistake.text
    assert world.campaign().reserved_minor == 0
    assert dora.post(invest_url(world), data={**form, "terms": "2"}).status_code == 303
