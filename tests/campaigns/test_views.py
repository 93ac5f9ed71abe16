"""Pages of campaigns: the public list and page, drafts page by page, the desk, who sees what."""

import io
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.adapters import storage
from crowdfund.campaigns import listing, queries
from crowdfund.campaigns.service import drafts, ending, reviews
from crowdfund.issuers import queries as issuers_queries
from crowdfund.issuers.rules import lists
from crowdfund.issuers.service import changes, onboarding
from crowdfund.kernel import i18n, outbox
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.people.models import User
from tests import raising


@pytest.fixture
def live(cast):
    """A live campaign with 1,000 of 10,000 ETB settled."""
    campaign_id = raising.live_campaign(cast.company, cast.alice, cast.carla)
    raising.put_in(campaign_id, 1_000_00)
    return raising.campaign(campaign_id)


@pytest.fixture
def alice(client, cast):
    return raising.sign_in(client, cast.alice)


def draft(client, company_id):
    answer = client.post(f"/companies/{company_id}/campaigns")
    assert answer.status_code == 303
    return answer.headers["Location"]


def picture(data=None, alt="Red coffee cherries in two hands."):
    return {
        "image": (io.BytesIO(data or raising.picture((640, 360))), "roaster.png"),
        "image_alt": alt,
    }


def read(here):
    return raising.campaign(here.rsplit("/", 1)[1])


# --- what everybody sees --------------------------------------------------------------------------


def test_the_list_shows_a_card_and_says_what_to_do_when_nothing_fits(client, live):
    for path in (
        "/",
        "/campaigns",
        "/campaigns?q=YIRGA&sector=agriculture&status=live&sort=funded",
    ):
        page = client.get(path)
        assert page.status_code == 200
        assert "A second roaster for Yirga" in page.text
        assert "1,000.00 ETB" in page.text
        assert "30 days left" in page.text
    assert "No campaigns found" in client.get("/campaigns?q=nothing").text
    assert "A second roaster for Yirga" in client.get("/campaigns?page=99").text


@pytest.mark.parametrize("language", ["en", "am", "hi"])
def test_a_sector_is_found_in_the_language_of_the_reader(client, live, language):
    with i18n.using(language):
        typed = str(lists.SECTORS["agriculture"])
    for part in (typed, typed.split()[0].upper()):
        page = client.get("/campaigns", query_string={"q": part}).text
        assert "A second roaster for Yirga" in page


def test_a_renamed_company_is_found_and_shown_by_its_new_name_only(client, cast, live, frozen):
    assert "Yirga Coffee" in client.get("/campaigns?q=yirga+coffee").text
    here = f"/campaigns/{live.slug}"
    assert "Yirga Coffee" in client.get(here).text
    names = {"trade_name": "Kaffa Beans", "legal_name": "Kaffa Beans Share Company"}
    renamed = raising.COMPANY | names
    onboarding.save(cast.company, "company", renamed, actor=cast.alice)
    frozen.advance(timedelta(hours=1))
    changes.send(cast.company, actor=cast.alice)
    changes.approve(cast.company, actor=cast.carla)
    commit()
    outbox.drain_all()
    for address in ("/campaigns", "/campaigns?q=kaffa", "/campaigns?q=roaster", here):
        page = client.get(address).text
        assert "Kaffa Beans" in page, address
        assert "Yirga Coffee" not in page, address
    assert "No campaigns found" in client.get("/campaigns?q=yirga+coffee").text
    carla = raising.sign_in(client, cast.carla)
    assert "Kaffa Beans" in carla.get("/staff/campaigns?q=kaffa&status=").text
    assert live.id not in carla.get("/staff/campaigns?q=yirga+coffee&status=").text


def test_an_empty_platform_says_what_to_do(client, app, frozen):
    assert "No campaigns yet" in client.get("/").text


def test_the_list_is_a_fragment_for_htmx(client, live):
    answer = client.get("/campaigns?q=roaster", headers={"HX-Request": "true"})
    assert answer.text.lstrip().startswith("<section")
    assert "HX-Request" in answer.headers["Vary"]


@pytest.mark.parametrize(
    "query",
    [
        "page=x",
        "page=-5",
        "page=1e9",
        "page=99999999999999999999",
        "sort=';--",
        "q=%2500",
        "sector=<b>",
    ],
)
def test_odd_addresses_of_the_list_do_no_harm(client, live, query):
    answer = client.get(f"/campaigns?{query}")
    assert answer.status_code == 200
    assert "<b>" not in answer.text


def test_an_address_with_a_hidden_character_is_not_found(client, live):
    for path in ("/campaigns?q=%00", "/campaigns/%00", f"/campaigns/{live.slug}%00/funding"):
        assert client.get(path).status_code == 404


def test_a_kept_card_is_replaced_when_money_comes_in(client, live):
    assert "1,000.00 ETB" in client.get("/campaigns").text
    raising.put_in(live.id, 500_00, payer="p2")
    page = client.get("/campaigns").text
    assert "1,500.00 ETB" in page
    assert "2 investors" in page


def test_the_list_pages(client, cast, monkeypatch):
    monkeypatch.setattr(listing, "PAGE_SIZE", 1)
    raising.live_campaign(cast.company, cast.alice, cast.carla)
    company = raising.registered_company(cast.bob, cast.carla, 8)
    raising.live_campaign(company, cast.bob, cast.carla)
    first = client.get("/campaigns?q=roaster").text
    assert "1 to 1 of 2" in first
    following = re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
    assert "2 to 2 of 2" in client.get(following).text


def test_a_campaign_page_shows_what_an_investor_must_know(client, live):
    page = client.get(f"/campaigns/{live.slug}").text
    for shown in (
        "You may lose all the money",
        "Invest from 100.00 ETB",
        "Yirga Coffee Share Company",
        raising.CONTRACT,
        "0x" + "ab" * 32,
        live.terms_hash,
        "<strong>forty</strong>",
        "Information memorandum",
        "7,500.00 ETB",
        'alt="Red coffee cherries in two hands."',
    ):
        assert shown in page


def test_the_funding_figures_are_a_fragment_of_their_own(client, live):
    path = f"/campaigns/{live.slug}/funding"
    before = client.get(path)
    assert before.text.lstrip().startswith("<section")
    assert f'data-live="campaign:{live.id}"' in before.text
    assert "10 %" in before.text
    raising.put_in(live.id, 2_000_00, payer="p2")
    raising.put_in(live.id, 500_00, settle=False)
    after = client.get(path).text
    assert "30 %" in after
    assert "500.00 ETB</a> more on its way" in after
    assert "set-cookie" not in before.headers


def test_a_full_campaign_takes_its_button_away(client, live):
    raising.put_in(live.id, 9_000_00, payer="p2")
    assert (
        "The whole goal is invested or reserved"
        in client.get(f"/campaigns/{live.slug}/funding").text
    )
    assert "Invest from" not in client.get(f"/campaigns/{live.slug}").text


def test_who_acts_for_the_company_is_not_asked_to_invest_in_it(client, app, cast, live):
    path = f"/campaigns/{live.slug}"
    for visitor in (client, raising.browser(app, cast.bob)):
        assert f'href="{path}/invest"' in visitor.get(path).text
        assert "your company" not in visitor.get(path).text
    own = raising.browser(app, cast.alice)
    for page in (own.get(path).text, own.get(f"{path}/funding").text):
        assert f"{path}/invest" not in page
        assert (
            "This is your company&#39;s campaign" in page
            or "This is your company's campaign" in page
        )
        assert f'href="/my/campaigns/{live.id}"' in page


def test_a_live_campaign_says_what_its_company_can_do_next(alice, live):
    card = alice.get("/my/company").text
    assert "Manage campaign" in card
    assert f'href="/campaigns/{live.slug}"' in card
    page = alice.get(f"/my/campaigns/{live.id}").text
    assert "What you can do now" in page
    assert f"http://localhost/campaigns/{live.slug}" in page
    assert f'href="/companies/{live.company_id}/team"' in page
    assert "Close the campaign early: this is possible once" in page
    company = alice.get(f"/companies/{live.company_id}").text
    assert "start or manage a campaign" in company


@pytest.mark.parametrize("slug", ["nothing", "%00", "x" * 300, "..%2f..", "%3Cscript%3E"])
def test_an_unknown_campaign_is_not_found(client, cast, slug):
    assert client.get(f"/campaigns/{slug}").status_code == 404
    assert client.get(f"/campaigns/{slug}/funding").status_code == 404


def test_a_draft_is_not_public_by_its_address(client, cast):
    campaign_id = raising.complete_draft(cast.company, cast.alice)
    assert client.get(f"/campaigns/{raising.campaign(campaign_id).slug}").status_code == 404


def test_pictures_may_be_kept_for_ever_and_run_nothing(client, live):
    answer = client.get(f"/files/{live.image_id}")
    assert answer.status_code == 200
    assert answer.content_type == "image/webp"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    drawing = storage.put_public(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "svg")
    assert (
        "default-src 'none'" in client.get(f"/files/{drawing}").headers["Content-Security-Policy"]
    )


@pytest.mark.parametrize(
    "file_id",
    ["../crowdfund.db", "..%2fcrowdfund.db", "%2e%2e/x", "a" * 64 + ".webp", "a.exe", "%00"],
)
def test_no_other_file_is_served(client, cast, file_id):
    assert client.get(f"/files/{file_id}").status_code == 404


# --- what the company does ------------------------------------------------------------------------


def test_a_campaign_is_written_page_by_page_and_goes_live(alice, app, cast):
    assert "Start a campaign" in alice.get("/my/company").text
    here = draft(alice, cast.company)
    assert "Not available yet" in alice.get(here).text
    assert (
        alice.post(f"{here}/edit/basics", data=raising.BASICS).headers["Location"]
        == f"{here}/edit/picture"
    )
    assert (
        alice.post(f"{here}/edit/picture", data=picture()).headers["Location"]
        == f"{here}/edit/story"
    )
    assert (
        alice.post(f"{here}/edit/story", data={"story_md": raising.STORY}).headers["Location"]
        == f"{here}/edit/terms"
    )
    assert alice.post(f"{here}/edit/terms", data=raising.TERMS).headers["Location"] == here
    check = alice.get(f"{here}/check").text
    for shown in (
        "10,000.00 ETB",
        "5,000.00 ETB",
        "30 days",
        "<strong>forty</strong>",
        "A second roaster for Yirga",
    ):
        assert shown in check
    assert alice.post(f"{here}/check").status_code == 422
    assert alice.post(f"{here}/check", data={"declaration": "y"}).status_code == 303
    assert "We are reviewing your campaign" in alice.get(f"{here}/state").text
    carla, campaign_id = raising.browser(app, cast.carla), read(here).id
    assert carla.post(f"/staff/campaigns/{campaign_id}/approve").status_code == 303
    assert "The contract is being created" in alice.get(f"{here}/state").text
    raising.confirm("campaign", campaign_id, CampaignCreated={"campaign": raising.CONTRACT})
    assert "See the public page" in alice.get(f"{here}/state").text
    assert raising.browser(app).get("/campaigns/a-second-roaster-for-yirga").status_code == 200


def test_saved_terms_are_shown_as_they_would_be_typed(alice, cast):
    here = draft(alice, cast.company)
    alice.post(f"{here}/edit/terms", data=raising.TERMS | {"price_minor": "12.50"})
    page = alice.get(f"{here}/edit/terms").text
    assert 'value="10000.00"' in page
    assert 'value="12.50"' in page
    assert 'value="30"' in page


NASTY = [
    "",
    "x" * 30_000,
    "-1000",
    "NaN",
    "1e9",
    "<script>alert(1)</script>",
    "0",
    "99999999999999999999",
    "10 000 birr",
]


@pytest.mark.parametrize("field", list(raising.TERMS))
@pytest.mark.parametrize("typed", NASTY)
def test_bad_terms_get_a_sentence_and_store_nothing(alice, cast, field, typed):
    here = draft(alice, cast.company)
    answer = alice.post(f"{here}/edit/terms", data=raising.TERMS | {field: typed})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert "<script>alert" not in answer.text
    others = [value for name, value in raising.TERMS.items() if name != field]
    assert all(f'value="{value}"' in answer.text for value in others)
    assert read(here).goal_minor is None


@pytest.mark.parametrize("field", list(raising.BASICS))
@pytest.mark.parametrize(
    "typed",
    ["", "x" * 30_000, "<script>alert(1)</script> and more words here", "a\x07b" * 9, "gold"],
)
def test_bad_basics_get_a_sentence_and_store_nothing(alice, cast, field, typed):
    here = draft(alice, cast.company)
    answer = alice.post(f"{here}/edit/basics", data=raising.BASICS | {field: typed})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert "<script>alert" not in answer.text
    assert read(here).title is None


@pytest.mark.parametrize(
    "data",
    [
        {},
        picture(b"MZ\x90"),
        picture(raising.PDF),
        picture(b"<svg onload=alert(1)/>"),
        picture(alt=""),
    ],
)
def test_a_bad_picture_gets_a_sentence_and_stores_nothing(alice, cast, data):
    here = draft(alice, cast.company)
    answer = alice.post(f"{here}/edit/picture", data=data)
    assert answer.status_code == 422
    assert "cf-error-summary" in answer.text
    assert read(here).image_id is None


def test_the_words_of_a_picture_change_without_sending_it_again(alice, cast):
    here = draft(alice, cast.company)
    alice.post(f"{here}/edit/picture", data=picture())
    kept = read(here).image_id
    assert (
        alice.post(
            f"{here}/edit/picture", data={"image_alt": "A hand full of cherries."}
        ).status_code
        == 303
    )
    assert (read(here).image_id, read(here).image_alt) == (kept, "A hand full of cherries.")


def test_a_story_that_is_too_long_is_not_rendered_for_a_preview(alice, cast, monkeypatch):
    rendered = []
    monkeypatch.setattr("crowdfund.campaigns.rules.drafts.story_html", rendered.append)
    here = draft(alice, cast.company)
    story = {"story_md": "[" * 400_000}
    answers = [
        alice.post(f"{here}/preview", data=story, headers={"HX-Request": "true"}),
        alice.post(f"{here}/preview", data=story),
        alice.post(f"{here}/edit/story", data=story | {"preview": "1"}),
    ]
    for answer in answers:
        assert answer.status_code == 422
        assert "at most 20,000 characters; this is 400,000" in answer.text
    assert rendered == []


def test_the_address_to_pass_on_is_that_of_the_site_whatever_host_was_asked_for(alice, live):
    # cookies belong to a host: the session is sent along by hand
    headers = {"Host": "evil.example", "Cookie": f"crowdfund={alice.get_cookie('crowdfund').value}"}
    page = alice.application.test_client(use_cookies=False).get(
        f"/my/campaigns/{live.id}", headers=headers
    )
    assert f"http://localhost/campaigns/{live.slug}" in page.text
    assert "evil.example" not in page.text


def test_a_preview_is_safe_and_saves_nothing_with_and_without_javascript(alice, cast):
    here = draft(alice, cast.company)
    story = {"story_md": "**bold** <script>alert(1)</script>"}
    fragment = alice.post(f"{here}/preview", data=story, headers={"HX-Request": "true"})
    page = alice.post(f"{here}/edit/story", data=story | {"preview": "1"})
    for answer in (fragment, page):
        assert answer.status_code == 200
        assert "<strong>bold</strong>" in answer.text
        assert "<script>alert" not in answer.text
    assert "<html" not in fragment.text
    assert read(here).story_md is None


def test_a_rejected_campaign_shows_the_reason_and_can_be_corrected(alice, app, cast):
    campaign_id = raising.complete_draft(cast.company, cast.alice)
    drafts.submit(campaign_id, actor=cast.alice)
    commit()
    carla = raising.browser(app, cast.carla)
    assert (
        carla.post(f"/staff/campaigns/{campaign_id}/reject", data={"reason": "no"}).status_code
        == 422
    )
    carla.post(
        f"/staff/campaigns/{campaign_id}/reject", data={"reason": "Say what happens if beans fail."}
    )
    for path in (f"/my/campaigns/{campaign_id}", "/my/company"):
        assert "Say what happens if beans fail." in alice.get(path).text
    assert (
        alice.post(f"/my/campaigns/{campaign_id}/check", data={"declaration": "y"}).status_code
        == 303
    )


def test_a_submitted_draft_cannot_be_changed_through_the_pages(alice, cast):
    campaign_id = raising.complete_draft(cast.company, cast.alice)
    drafts.submit(campaign_id, actor=cast.alice)
    commit()
    answer = alice.post(
        f"/my/campaigns/{campaign_id}/edit/terms", data=raising.TERMS | {"goal_minor": "20000"}
    )
    assert answer.status_code == 409
    assert "cannot be changed now" in answer.text
    assert raising.campaign(campaign_id).goal_minor == 10_000_00


def test_a_second_campaign_in_a_year_is_refused_with_its_reason(alice, cast, live):
    assert "when the current one has ended" in alice.get("/my/company").text
    second = raising.complete_draft(cast.company, cast.alice)
    answer = alice.post(f"/my/campaigns/{second}/check", data={"declaration": "y"})
    assert answer.status_code == 409
    assert "when the current one has ended" in answer.text


def test_the_company_closes_early_from_its_page_once_the_threshold_is_settled(alice, live):
    assert "Close now" not in alice.get(f"/my/campaigns/{live.id}").text
    assert alice.post(f"/my/campaigns/{live.id}/close").status_code == 409
    raising.put_in(live.id, 7_000_00, payer="p2")
    assert "Close now" in alice.get(f"/my/campaigns/{live.id}").text
    assert alice.post(f"/my/campaigns/{live.id}/close").status_code == 303
    assert "The campaign is being closed" in alice.get(f"/campaigns/{live.slug}/funding").text


def test_a_live_campaign_is_not_withdrawn_by_its_company(alice, live):
    assert alice.post(f"/my/campaigns/{live.id}/cancel").status_code == 409
    assert raising.campaign(live.id).status == "live"


def test_a_draft_is_withdrawn_from_its_page(alice, cast):
    here = draft(alice, cast.company)
    assert alice.post(f"{here}/cancel").status_code == 303
    assert read(here).status == "cancelled"
    assert "Start a campaign" in alice.get("/my/company").text


def test_a_person_without_a_company_is_told_how_to_begin(client, cast, app):
    assert "Register a company" in raising.browser(app, cast.bob).get("/my/company").text


# --- who may not ----------------------------------------------------------------------------------


def test_a_stranger_finds_nothing_of_a_campaign(app, cast):
    campaign_id = raising.complete_draft(cast.company, cast.alice)
    bob, here = raising.browser(app, cast.bob), f"/my/campaigns/{campaign_id}"
    for path in ("", "/state", "/check", "/edit/basics"):
        assert bob.get(here + path).status_code == 404
        assert raising.browser(app).get(here + path).status_code == 303
    for path in ("/edit/basics", "/edit/story", "/check", "/preview", "/close", "/cancel"):
        assert bob.post(here + path, data=raising.BASICS | {"declaration": "y"}).status_code == 404
    assert bob.post(f"/companies/{cast.company}/campaigns").status_code == 404
    assert bob.get(f"/my/company/{cast.company}").status_code == 404
    assert raising.campaign(campaign_id).status == "draft"


@pytest.mark.parametrize(
    ("name", "reads", "approves", "releases"),
    [
        ("bob", 403, 403, 403),
        ("alice", 403, 403, 403),
        ("rita", 200, 403, 403),
        ("fiona", 200, 403, 409),
        ("carla", 200, 303, 403),
    ],
)
def test_each_role_has_its_own_part_of_the_desk(app, cast, name, reads, approves, releases):
    campaign_id = raising.complete_draft(cast.company, cast.alice)
    drafts.submit(campaign_id, actor=cast.alice)
    commit()
    client, desk = raising.browser(app, getattr(cast, name)), f"/staff/campaigns/{campaign_id}"
    for path in ("/staff/campaigns", desk, f"{desk}/state"):
        assert client.get(path).status_code == reads
    assert client.post(f"{desk}/release").status_code == releases
    assert client.post(f"{desk}/approve").status_code == approves


def test_everybody_reads_the_documents_in_force_of_a_public_campaign(client, live):
    page = client.get(f"/campaigns/{live.slug}").text
    path = re.search(rf"/campaigns/{live.slug}/documents/\w+", page).group(0)
    answer = client.get(path)
    assert answer.mimetype == "application/pdf"
    assert answer.data.startswith(b"%PDF-")
    assert client.get(path[:-4] + "0000").status_code == 404


def test_documents_of_a_campaign_that_is_not_public_are_not_found(client, cast):
    campaign_id = raising.complete_draft(cast.company, cast.alice)
    campaign = queries.by_id(campaign_id)
    document = issuers_queries.public_documents(campaign.company_id)[0]
    assert (
        client.get(f"/campaigns/{campaign.slug or 'none'}/documents/{document.id}").status_code
        == 404
    )


def test_finance_releases_a_success_from_the_desk(app, cast, live, frozen):
    raising.put_in(live.id, 7_000_00, payer="p2")
    frozen.set(live.ends_at.replace(hour=23))
    ending.close_due()
    commit()
    raising.confirm("campaign", live.id, Closed={"succeeded": True, "total": 0})
    fiona, desk = raising.browser(app, cast.fiona), f"/staff/campaigns/{live.id}"
    assert "Release the money" in fiona.get(desk).text
    request = fiona.post(f"{desk}/release").location
    assert fiona.post(f"{request}/approve").status_code == 403  # she has prepared it
    adam = raising.browser(app, cast.adam)
    assert adam.post(f"{request}/approve").status_code == 303
    assert adam.post(f"{request}/approve").status_code == 409
    assert "fee <a" in fiona.get(f"{desk}/state").text
    raising.confirm("campaign", live.id)
    assert (
        "has been released to the company"
        in raising.browser(app).get(f"/campaigns/{live.slug}/funding").text
    )
    assert "200.00 ETB" in raising.browser(app, cast.alice).get(f"/my/campaigns/{live.id}").text


def test_a_company_enters_the_parts_of_its_release_and_everybody_reads_them(app, cast):
    campaign_id = raising.complete_draft(cast.company, cast.alice)
    alice, here = raising.browser(app, cast.alice), f"/my/campaigns/{campaign_id}/edit/terms"
    wrong = raising.TERMS | {"part1": "50", "condition1": "At success.", "part2": "49"}
    page = alice.post(here, data=wrong)
    assert page.status_code == 422
    assert "Say what must have happened before this part is released." in page.text
    assert raising.campaign(campaign_id).tranches is None
    right = wrong | {
        "condition1": "At its success.",
        "part2": "50",
        "condition2": "The roaster is delivered.",
    }
    assert alice.post(here, data=right).status_code == 303
    assert 'value="At its success."' in alice.get(here).text
    rollback()
    drafts.submit(campaign_id, actor=cast.alice)
    reviews.approve(campaign_id, actor=cast.carla)
    commit()
    raising.confirm("campaign", campaign_id, CampaignCreated={"campaign": raising.CONTRACT})
    page = raising.browser(app).get(f"/campaigns/{raising.campaign(campaign_id).slug}").text
    assert "Release in parts" in page
    assert "50 %: The roaster is delivered." in page


def test_an_admin_cancels_a_live_campaign_with_a_reason(app, cast, live):
    adam, desk = raising.browser(app, cast.adam), f"/staff/campaigns/{live.id}"
    assert adam.post(f"{desk}/cancel", data={"reason": ""}).status_code == 422
    assert (
        adam.post(f"{desk}/cancel", data={"reason": "The company asked us to stop."}).status_code
        == 303
    )
    rollback()
    assert "being cancelled" in raising.browser(app).get(f"/campaigns/{live.slug}/funding").text


def test_the_approvals_page_shows_what_waits(app, cast):
    campaign_id = raising.complete_draft(cast.company, cast.alice)
    carla = raising.browser(app, cast.carla)
    assert "No campaigns are waiting" in carla.get("/staff/approvals").text
    drafts.submit(campaign_id, actor=cast.alice)
    commit()
    assert "A second roaster for Yirga" in carla.get("/staff/approvals").text
    assert "Waiting (1)" in carla.get("/staff/campaigns").text


def test_the_editor_of_a_loan_asks_for_its_own_terms_and_shows_them_again(alice, cast):
    here = draft(alice, cast.company)
    assert "interest_bps" not in alice.get(f"{here}/edit/terms").text
    alice.post(f"{here}/edit/basics", data=raising.BASICS | {"security_type": "debt"})
    page = alice.get(f"{here}/edit/terms").text
    assert "Interest rate a year" in page
    assert "Amount of one note" in page
    assert "share" not in page.split("<main")[1].split("</main>")[0].lower()
    answer = alice.post(f"{here}/edit/terms", data=raising.TERMS)
    assert answer.status_code == 422
    assert "Choose how the loan is repaid." in answer.text
    loan = {"interest_bps": "12,5", "term_months": "24", "repayment": "end"}
    assert alice.post(f"{here}/edit/terms", data=raising.TERMS | loan).status_code == 303
    page = alice.get(f"{here}/edit/terms").text
    assert 'value="12.5"' in page
    check = alice.get(f"{here}/check").text
    assert "12.5 % a year" in check
    assert "24 months" in check


def test_the_editor_of_a_revenue_share_takes_a_limit_or_a_term(alice, cast):
    here = draft(alice, cast.company)
    alice.post(f"{here}/edit/basics", data=raising.BASICS | {"security_type": "revenue_share"})
    own = {"revenue_bps": "5", "cap_bps": "", "term_months": ""}
    answer = alice.post(f"{here}/edit/terms", data=raising.TERMS | own)
    assert answer.status_code == 422
    assert "Enter a limit for all payments, a term, or both." in answer.text
    answer = alice.post(f"{here}/edit/terms", data=raising.TERMS | own | {"cap_bps": "150"})
    assert answer.status_code == 303
    assert "150 % of what was invested" in alice.get(f"{here}/check").text


@pytest.mark.parametrize("language", ["en", "am", "hi"])
@pytest.mark.parametrize("kind", ["equity", "revenue_share", "debt"])
def test_the_terms_of_every_kind_can_be_edited_in_every_language(alice, cast, kind, language):
    here = draft(alice, cast.company)
    alice.post(f"{here}/edit/basics", data=raising.BASICS | {"security_type": kind})
    db.session.execute(sa.update(User).values(language=language))
    commit()
    page = alice.get(f"{here}/edit/terms")
    assert (page.status_code, "{}" in page.text) == (200, False)
