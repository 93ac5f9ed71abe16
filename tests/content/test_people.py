"""The people behind a company: shown because they agreed, and gone when they no longer do."""

import io

import pytest

from crowdfund.adapters import small_pictures, storage
from crowdfund.content import queries
from crowdfund.content.models import CampaignPerson
from crowdfund.content.service import people
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.errors import Invalid, InvalidFields, WrongState
from tests import raising
from tests.content.conftest import PERSON, stored


@pytest.fixture
def visitor(app, campaign):
    return raising.browser(app)


@pytest.fixture
def alice(app, campaign):
    return raising.browser(app, campaign.people["alice"])


def names(campaign):
    rollback()
    return [row.name for row in queries.people(campaign.campaign_id)]


def form(size=None, **words):
    sent = PERSON | {"agreed": "y"} | words
    if size:
        sent["image"] = (io.BytesIO(raising.picture(size)), "face.png")
    return sent


def test_the_team_adds_orders_changes_and_removes_people_without_javascript(campaign, alice):
    here = f"{campaign.desk}/people"
    assert "No people yet" in alice.get(here).text
    assert alice.post(f"{here}/new", data=form((300, 300))).headers["Location"] == here
    alice.post(f"{here}/new", data=form(name="Bekele Alemu"))
    first, second = queries.people(campaign.campaign_id)
    assert (first.width, first.height) == (300, 300)
    assert second.file_id is None
    alice.post(f"{here}/{second.id}/up")
    assert names(campaign) == ["Bekele Alemu", "Almaz Tadesse"]
    assert "Almaz Tadesse" in alice.get(f"{here}/{first.id}/edit").text
    alice.post(f"{here}/{first.id}/edit", data=form(name="Almaz Haile"))
    changed = queries.person_of(campaign.campaign_id, first.id)
    assert (changed.name, changed.file_id) == ("Almaz Haile", first.file_id)
    alice.post(f"{here}/{second.id}/remove")
    assert names(campaign) == ["Almaz Haile"]


def test_nobody_is_shown_without_the_confirmation_that_they_agreed(campaign, alice):
    sent = form()
    del sent["agreed"]
    answer = alice.post(f"{campaign.desk}/people/new", data=sent)
    assert answer.status_code == 422
    assert "Confirm that this person has agreed to be shown." in answer.text
    assert "Has roasted coffee for twenty years." in answer.text  # nothing typed is lost
    with raising.refused(InvalidFields):
        campaign.person(agreed=False)
    assert names(campaign) == []


def test_who_confirmed_and_when_is_stored(campaign):
    campaign.person()
    (row,) = db.session.execute(db.select(CampaignPerson.__table__)).all()
    assert row.agreed_by == campaign.people["alice"]
    assert row.agreed_at is not None


def test_a_face_too_small_to_be_seen_is_refused(campaign, alice):
    answer = alice.post(f"{campaign.desk}/people/new", data=form((199, 300)))
    assert answer.status_code == 422
    assert "at least 200 × 200 pixels" in answer.text
    assert names(campaign) == []


def test_a_page_shows_12_people_and_not_one_more(campaign):
    for number in range(12):
        campaign.person(name=f"Person {number}")
    with raising.refused(Invalid):
        campaign.person(name="One too many")
    assert len(names(campaign)) == 12


def test_everyone_reads_who_is_behind_a_live_campaign(campaign, visitor):
    campaign.person(stored())
    campaign.go_live()
    text = visitor.get(campaign.public).text
    assert "The people behind it" in text
    assert "Founder and roaster" in text
    assert 'alt="Portrait of Almaz Tadesse"' in text


def test_a_page_without_people_has_no_empty_heading(campaign, visitor):
    campaign.go_live()
    assert "The people behind it" not in visitor.get(campaign.public).text


def test_a_public_list_of_people_only_gets_shorter(campaign):
    member = campaign.person()
    campaign.go_live()
    alice = campaign.people["alice"]
    for step in (
        lambda: campaign.person(name="Somebody new"),
        lambda: people.save(campaign.campaign_id, member, PERSON, actor=alice),
        lambda: people.reorder(campaign.campaign_id, member, "up"),
    ):
        with raising.refused(WrongState):
            step()
    assert names(campaign) == ["Almaz Tadesse"]


def test_who_is_removed_from_a_public_page_is_gone_with_the_picture(campaign, alice, visitor):
    picture = stored()
    digest = picture.file_id.partition(".")[0]
    member = campaign.person(picture)
    campaign.go_live()
    assert visitor.get(f"/files/{picture.file_id}").status_code == 200
    assert visitor.get(f"/files/480/{digest}.webp").status_code == 200
    assert alice.post(f"{campaign.desk}/people/{member}/remove").status_code == 303
    text = visitor.get(campaign.public).text
    assert "Almaz Tadesse" not in text
    assert "The company last removed a person on" in text
    assert visitor.get(f"/files/{picture.file_id}").status_code == 404
    assert visitor.get(f"/files/480/{digest}.webp").status_code == 404


def test_a_picture_that_another_page_shows_stays(campaign):
    picture = stored()
    first = campaign.person(picture)
    campaign.person(picture, name="The twin")
    people.remove(campaign.campaign_id, first, actor=campaign.people["alice"])
    commit()
    assert storage.open_public(picture.file_id)[0].is_file()


def test_a_replaced_picture_is_deleted(campaign):
    old, new = stored(1), stored(2)
    member = campaign.person(old)
    small_pictures.path_of(old.file_id.partition(".")[0], 480)
    people.save(campaign.campaign_id, member, PERSON, new, actor=campaign.people["alice"])
    commit()
    with pytest.raises(storage.FileMissing):
        storage.open_public(old.file_id)
    assert queries.person_of(campaign.campaign_id, member).file_id == new.file_id


def test_a_refused_removal_keeps_the_picture(campaign):
    picture = stored()
    member = campaign.person(picture)
    campaign.submit()
    with raising.refused(WrongState):
        people.remove(campaign.campaign_id, member, actor=campaign.people["alice"])
    assert storage.open_public(picture.file_id)[0].is_file()


def test_who_only_looks_on_cannot_change_people_and_a_stranger_finds_none(app, campaign):
    member = campaign.person()
    vera, bob = (raising.browser(app, campaign.people[name]) for name in ("vera", "bob"))
    assert "Add a person" not in vera.get(f"{campaign.desk}/people").text
    for path in ("new", f"{member}/edit", f"{member}/down", f"{member}/remove"):
        assert vera.post(f"{campaign.desk}/people/{path}", data=form()).status_code == 403
        assert bob.post(f"{campaign.desk}/people/{path}", data=form()).status_code == 404
    assert names(campaign) == ["Almaz Tadesse"]


def test_a_page_of_a_viewer_says_why_there_is_nothing_to_press(app, campaign):
    vera = raising.browser(app, campaign.people["vera"])
    assert (
        "Someone in your team is writing this campaign" in vera.get(f"{campaign.desk}/people").text
    )
