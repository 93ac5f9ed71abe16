"""The compliance desk: queue, decision with a reason, four eyes, read-only for the regulator."""

import pytest
import sqlalchemy as sa

from crowdfund.issuers import queries
from crowdfund.issuers.models import Company
from crowdfund.issuers.service import onboarding, reviews
from crowdfund.kernel.db import commit, db, rollback
from tests import raising


@pytest.fixture
def cast(app, frozen):
    raising.contracts()
    staff = {"carla": "compliance", "adam": "admin", "fiona": "finance", "rita": "regulator"}
    people = {name: raising.person(name, role) for name, role in staff.items()}
    return people | {"alice": raising.person("alice")}


@pytest.fixture
def waiting(cast):
    company_id = raising.filled_company(cast["alice"])
    onboarding.submit(company_id, actor=cast["alice"])
    raising.accept_documents(company_id, cast["carla"])
    return company_id


def status(company_id):
    rollback()
    return queries.get(company_id).status


def test_a_rejection_needs_a_reason_and_the_owner_reads_it(client, app, cast, waiting):
    carla = raising.sign_in(client, cast["carla"])
    for reason in ("", "short", "<b>bold and long enough</b>", "x" * 1001):
        answer = carla.post(f"/staff/companies/{waiting}/reject", data={"reason": reason})
        assert answer.status_code == 422
        assert "cf-error-summary" in answer.text
        assert status(waiting) == "submitted"
    answer = carla.post(
        f"/staff/companies/{waiting}/reject", data={"reason": "The licence has expired in May."}
    )
    assert answer.status_code == 303
    alice = raising.browser(app, cast["alice"])
    assert "The licence has expired in May." in alice.get(f"/companies/{waiting}").text
    assert "The licence has expired in May." in alice.get("/my/company").text
    assert "Change" in alice.get(f"/companies/{waiting}/check").text


def test_a_holder_in_another_script_is_shown_to_the_reviewer(client, cast, waiting):
    carla = raising.sign_in(client, cast["carla"])
    here = f"/staff/companies/{waiting}"
    assert "Compare the account holder" not in carla.get(here).text
    renamed = sa.update(Company).where(Company.id == waiting).values(legal_name="ይርጋ ቡና አ.ማ")
    db.session.execute(renamed)
    commit()
    page = carla.get(here).text
    assert f"is “{raising.BANK['holder']}”, the legal name is “ይርጋ ቡና አ.ማ”" in page


def test_a_decision_is_made_once(client, cast, waiting):
    carla = raising.sign_in(client, cast["carla"])
    assert carla.post(f"/staff/companies/{waiting}/approve").status_code == 303
    assert carla.post(f"/staff/companies/{waiting}/approve").status_code == 409
    assert status(waiting) == "verified"


def test_a_reviewer_sees_no_buttons_for_a_company_of_their_own(client, cast):
    company_id = raising.filled_company(cast["carla"])
    onboarding.submit(company_id, actor=cast["carla"])
    commit()
    carla = raising.sign_in(client, cast["carla"])
    page = carla.get(f"/staff/companies/{company_id}").text
    assert "Someone else has to decide" in page
    assert f"/staff/companies/{company_id}/approve" not in page
    assert carla.post(f"/staff/companies/{company_id}/approve").status_code == 403
    assert status(company_id) == "submitted"


@pytest.mark.parametrize(
    ("name", "reads", "writes"),
    [("alice", 403, 403), ("fiona", 403, 403), ("rita", 200, 403), (None, 303, 303)],
)
def test_who_may_not_decide_cannot(client, cast, waiting, name, reads, writes):
    if name:
        raising.sign_in(client, cast[name])
    for path in (
        "/staff/companies",
        f"/staff/companies/{waiting}",
        f"/staff/companies/{waiting}/state",
    ):
        assert client.get(path).status_code == reads
    for verb in ("approve", "reject", "register-again"):
        assert (
            client.post(
                f"/staff/companies/{waiting}/{verb}", data={"reason": "long enough"}
            ).status_code
            == writes
        )
    assert status(waiting) == "submitted"


def test_a_regulator_sees_the_file_without_buttons(client, cast, waiting):
    page = raising.sign_in(client, cast["rita"]).get(f"/staff/companies/{waiting}").text
    assert "Yirga Coffee Share Company" in page
    assert "/approve" not in page


def test_the_queue_counts_filters_and_says_when_it_is_empty(client, cast, waiting):
    carla = raising.sign_in(client, cast["carla"])
    assert "Waiting (1)" in carla.get("/staff/companies").text
    assert "Yirga Coffee" in carla.get("/staff/companies?q=yirga").text
    assert "No companies found" in carla.get("/staff/companies?q=100%25").text
    assert "Yirga Coffee" in carla.get("/staff/approvals").text
    carla.post(f"/staff/companies/{waiting}/approve")
    assert "Nothing is waiting" in carla.get("/staff/companies").text
    assert "Yirga Coffee" in carla.get("/staff/companies?status=verified").text


def test_the_history_says_who_when_and_why(client, cast, waiting):
    reviews.reject(waiting, "The licence has expired in May.", actor=cast["carla"])
    commit()
    page = raising.sign_in(client, cast["adam"]).get(f"/staff/companies/{waiting}/state").text
    assert "by Carla: The licence has expired in May." in page
    assert "15 Jun 2026" in page


def test_a_refused_registration_is_tried_again_from_the_page(client, cast, waiting):
    carla = raising.sign_in(client, cast["carla"])
    carla.post(f"/staff/companies/{waiting}/approve")
    raising.refuse("company", waiting, "WalletTaken")
    assert "WalletTaken" in carla.get(f"/staff/companies/{waiting}").text
    assert carla.post(f"/staff/companies/{waiting}/register-again").status_code == 303
    raising.confirm("company", waiting)
    assert "Try again" not in carla.get(f"/staff/companies/{waiting}/state").text
