"""The public page of a campaign as its company and staff preview it: to be read, nothing else."""

import re

import pytest
import sqlalchemy as sa

from crowdfund.campaigns.service import drafts, ending, reviews
from crowdfund.kernel.db import commit, db
from tests import raising


def draft(cast, **terms):
    return raising.complete_draft(cast.company, cast.alice, **terms)


def preview(app, person, campaign_id, desk="my"):
    return raising.browser(app, person).get(f"/{desk}/campaigns/{campaign_id}/public-preview")


def main(answer):
    """Return what a page shows of the campaign, without the frame and the notice."""
    assert answer.status_code == 200
    return answer.text.split("<main")[1].split("</main>")[0]


def in_words(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_a_draft_looks_as_it_will_on_its_first_day(app, cast):
    page = main(preview(app, cast.alice, draft(cast)))
    for text in (
        raising.BASICS["title"],
        raising.BASICS["summary"],
        "We roast the beans of <strong>forty</strong> farms.",
        "30 days left",
        "Invest from 100.00 ETB",
        "10,000.00 ETB",
        "Red coffee cherries in two hands.",
        "It is not public yet",
    ):
        assert text in page
    assert "Not complete yet" not in page


def test_a_draft_that_lacks_something_says_what_and_still_has_a_preview(app, cast):
    campaign_id = drafts.create_draft(cast.company, actor=cast.alice)
    commit()
    page = in_words(main(preview(app, cast.alice, campaign_id)))
    names = "Title and summary, Picture, Story, Goal, limits and price"
    assert f"Not complete yet: {names}." in page
    assert "The goal and the price are missing." in page
    assert "Untitled campaign" in page
    assert "0.00 ETB" not in page


def test_nothing_but_reading_is_possible_in_a_preview(app, cast):
    live = raising.live_campaign(cast.company, cast.alice, cast.carla)
    for page in (main(preview(app, cast.alice, live)), main(preview(app, cast.alice, live))):
        assert "<form" not in page
        assert "data-live=" not in page
        assert "/invest" not in page
        buttons = re.findall(r"<button[^>]*>", page)
        shown = [one for one in buttons if "hidden" not in one]  # copy buttons are a script's
        assert len(shown) == 4  # invest, follow, share, ask
        assert all("disabled" in one for one in shown)


def test_the_preview_of_a_live_campaign_shows_what_visitors_see(app, cast):
    live = raising.live_campaign(cast.company, cast.alice, cast.carla)
    raising.put_in(live, 5_000_00)
    slug = raising.campaign(live).slug
    public = in_words(main(raising.browser(app).get(f"/campaigns/{slug}")))
    shown = in_words(main(preview(app, cast.alice, live)))
    assert "5,000.00 ETB 50 % of 10,000.00 ETB" in shown
    for text in (public, shown):  # from the picture on they are the same, word for word
        assert "Only invest what you can afford to lose" in text
    start = "You may lose all the money you invest here"
    bar = " Invest from 100.00 ETB"  # of phones, below the texts
    assert shown.split(start)[1] == public.split(start)[1].removesuffix(bar)
    assert "This is your company" not in shown


@pytest.mark.parametrize("status", ["submitted", "rejected"])
def test_a_submitted_campaign_and_one_that_was_sent_back_have_a_preview(app, cast, status):
    campaign_id = draft(cast)
    drafts.submit(campaign_id, actor=cast.alice)
    commit()
    if status == "rejected":
        reviews.reject(campaign_id, "Write more about the roaster.", actor=cast.carla)
        commit()
    page = main(preview(app, cast.alice, campaign_id))
    assert raising.BASICS["title"] in page
    manage = raising.browser(app, cast.alice).get(f"/my/campaigns/{campaign_id}").text
    assert f"/my/campaigns/{campaign_id}/public-preview" in manage


def test_a_campaign_that_was_withdrawn_has_no_preview(app, cast):
    campaign_id = draft(cast)
    ending.cancel(campaign_id, "Withdrawn by the company.", actor=cast.alice)
    commit()
    assert preview(app, cast.alice, campaign_id).status_code == 404
    for person, desk in ((cast.alice, "my"), (cast.carla, "staff")):
        page = raising.browser(app, person).get(f"/{desk}/campaigns/{campaign_id}")
        assert page.status_code == 200
        assert "public-preview" not in page.text


def test_staff_and_the_regulator_preview_what_they_review(app, cast):
    campaign_id = draft(cast)
    drafts.submit(campaign_id, actor=cast.alice)
    commit()
    link = f"/staff/campaigns/{campaign_id}/public-preview"
    for person in (cast.carla, cast.rita, cast.fiona):
        assert raising.BASICS["title"] in main(preview(app, person, campaign_id, "staff"))
        assert link in raising.browser(app, person).get(f"/staff/campaigns/{campaign_id}").text


def test_strangers_and_visitors_see_no_preview(app, cast):
    campaign_id = draft(cast)
    assert preview(app, cast.bob, campaign_id).status_code == 404
    assert preview(app, cast.bob, campaign_id, "staff").status_code == 403
    answer = raising.browser(app).get(f"/my/campaigns/{campaign_id}/public-preview")
    assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (303, "/sign-in")


def test_a_text_of_a_draft_cannot_break_out_of_its_preview(app, cast):
    campaign_id = draft(cast)
    drafts.save_story(campaign_id, raising.STORY + "\n\n<script>alert(2)</script>")
    commit()
    db.session.execute(sa.text("UPDATE campaign SET title = '<script>alert(1)</script>'"))
    commit()
    page = main(preview(app, cast.alice, campaign_id))
    assert "<script>alert" not in page
