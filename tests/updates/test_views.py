"""Pages of updates: what everyone reads, what the team does, what staff see and take down."""

import io
import re
from datetime import timedelta

import pytest

from crowdfund.adapters import storage
from crowdfund.kernel import audit
from crowdfund.kernel.db import commit, reading, rollback
from crowdfund.updates import queries, service
from tests import raising
from tests.updates.conftest import TEXTS


@pytest.fixture
def visitor(app, news):
    return raising.browser(app)


@pytest.fixture
def alice(app, news):
    return raising.browser(app, news.people["alice"])


@pytest.fixture
def carla(app, news):
    return raising.browser(app, news.people["carla"])


# --- what everyone reads ----------------------------------------------------------------------


def test_a_published_update_is_on_the_page_of_the_campaign_at_once(news, visitor):
    assert "The company has not published any updates yet." in visitor.get(news.public).text
    first = news.published()
    page = visitor.get(news.public).text
    assert "The second roaster has arrived" in page
    assert f"{news.public}/updates/{first}" in page
    service.save(first, TEXTS | {"title": "A third one, too"}, actor=news.people["alice"])
    commit()
    page = visitor.get(news.public).text
    assert "A third one, too" in page
    assert "Corrected on" in page
    service.take_down(first, "It promises a return.", actor=news.people["carla"])
    commit()
    assert "A third one, too" not in visitor.get(news.public).text


def test_an_update_has_an_address_of_its_own_where_its_markup_is_safe(news, visitor):
    update = news.published()
    file_id = storage.put_public(raising.POSTER)
    service.add_picture(update, file_id, "A roaster on a lorry.", actor=news.people["alice"])
    commit()
    page = visitor.get(f"{news.public}/updates/{update}").text
    assert "<strong>Monday</strong>" in page
    assert "<script>alert" not in page
    assert 'alt="A roaster on a lorry."' in page
    assert visitor.get(f"/files/{file_id}").status_code == 200


def test_the_list_is_in_pages_newest_first(news, visitor, frozen):
    for number in range(12):
        frozen.advance(timedelta(hours=9))
        news.published(title=f"Update number {number:02}")
    first = visitor.get(f"{news.public}/updates").text
    assert first.index("number 11") < first.index("number 02")
    assert "number 01" not in first
    (older,) = set(re.findall(r'rel="next" href="([^"]+)"', first))
    second = visitor.get(older.replace("&amp;", "&")).text
    assert "number 01" in second
    assert "number 02" not in second


def test_a_campaign_without_updates_says_so(news, visitor):
    assert "No updates yet" in visitor.get(f"{news.public}/updates").text


def test_no_address_tells_of_a_draft_or_a_hidden_update(news, visitor, alice):
    draft, hidden = news.draft(), news.published()
    service.take_down(hidden, "It promises a return.", actor=news.people["carla"])
    commit()
    for update in (draft, hidden, "0" * 32):
        answers = [browser.get(f"{news.public}/updates/{update}") for browser in (visitor, alice)]
        assert [answer.status_code for answer in answers] == [404, 404]
    assert "roaster has arrived" not in visitor.get(f"{news.public}/updates").text


def test_an_update_is_not_found_at_another_campaign(app, news, visitor):
    update = news.published()
    ivan, carla = raising.person("ivan"), news.people["carla"]
    other = raising.registered_company(ivan, carla, number=1)
    slug = raising.campaign(raising.live_campaign(other, ivan, carla)).slug
    assert visitor.get(f"/campaigns/{slug}/updates/{update}").status_code == 404


# --- the team -----------------------------------------------------------------------------------


def test_the_team_writes_previews_adds_a_picture_and_publishes_without_javascript(
    news, alice, visitor
):
    assert "Updates" in alice.get(f"/my/campaigns/{news.campaign_id}").text
    assert "Write an update" in alice.get(news.desk).text
    preview = alice.post(f"{news.desk}/new", data=TEXTS | {"preview": "1"})
    assert preview.status_code == 200
    assert "<strong>Monday</strong>" in preview.text
    assert queries.all_of(news.campaign_id).rows == []
    here = alice.post(f"{news.desk}/new", data=TEXTS).headers["Location"]
    upload = (io.BytesIO(raising.picture((640, 360))), "roaster.png")
    picture = {"image": upload, "image_alt": "A roaster on a lorry."}
    assert alice.post(f"{here}/picture", data=picture).headers["Location"] == here
    page = alice.get(here).text
    assert "Only your team can see this draft." in page
    assert 'alt="A roaster on a lorry."' in page
    assert alice.post(f"{here}/publish").headers["Location"] == here
    update = here.rsplit("/", 1)[1]
    assert visitor.get(f"{news.public}/updates/{update}").status_code == 200
    (stored,) = queries.pictures([update])[update]
    assert stored.file_id.endswith(".webp"), "what was uploaded is encoded anew"


def test_a_preview_is_a_fragment_for_htmx(news, alice):
    here = f"{news.desk}/new"
    answer = alice.post(here, data=TEXTS | {"preview": "1"}, headers={"HX-Request": "true"})
    assert answer.text.lstrip().startswith('<section id="update-preview"')


def test_a_mistake_is_named_and_what_was_typed_is_kept(news, alice):
    typed = {"title": "Hi", "text_md": "A text that is long enough to be kept."}
    answer = alice.post(f"{news.desk}/new", data=typed)
    assert answer.status_code == 422
    assert "Use at least 5 characters." in answer.text
    assert typed["text_md"] in answer.text
    assert queries.all_of(news.campaign_id).rows == []


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"image_alt": "A roaster."}, "Choose a picture"),
        ({"image": b"GIF89a nothing", "image_alt": "A roaster."}, "JPEG"),
        ({"image": b"x", "image_alt": ""}, "Describe what the picture shows."),
    ],
)
def test_a_picture_that_cannot_be_taken_is_refused_with_a_sentence(news, alice, sent, sentence):
    update = news.draft()
    files = {"image": (io.BytesIO(sent["image"]), "x.png")} if "image" in sent else {}
    answer = alice.post(f"{news.desk}/{update}/picture", data=sent | files)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert queries.pictures([update]) == {update: []}


def test_who_only_looks_on_reads_drafts_and_changes_nothing(app, news):
    vera, draft = raising.browser(app, news.people["vera"]), news.draft()
    assert "Write an update" not in vera.get(news.desk).text
    page = vera.get(f"{news.desk}/{draft}")
    assert page.status_code == 200
    assert "Publish" not in page.text
    for verb in ("publish", "discard"):
        assert vera.post(f"{news.desk}/{draft}/{verb}").status_code == 403
    assert news.read(draft).status == "draft"


def test_a_stranger_does_not_learn_that_a_draft_is_there(app, news):
    bob, draft = raising.browser(app, news.people["bob"]), news.draft()
    assert bob.get(f"{news.desk}/{draft}").status_code == 404
    assert bob.get(news.desk).status_code == 404


def test_the_desk_of_a_campaign_that_was_never_live_says_when_updates_begin(news, alice):
    draft = raising.complete_draft(news.company, news.people["alice"])
    here = f"/my/campaigns/{draft}/updates"
    assert "as soon as your campaign is live" in alice.get(here).text
    assert alice.get(f"{here}/new").headers["Location"] == here
    assert alice.post(f"{here}/new", data=TEXTS).headers["Location"] == here


def test_the_team_corrects_an_update_and_reads_the_former_text(news, alice, visitor):
    update = news.published()
    corrected = TEXTS | {"text_md": "It came on Tuesday, not on Monday."}
    assert "This update is public" in alice.get(f"{news.desk}/{update}/edit").text
    assert alice.post(f"{news.desk}/{update}/edit", data=corrected).status_code == 303
    assert "It came on **Monday**." in alice.get(f"{news.desk}/{update}").text
    page = visitor.get(f"{news.public}/updates/{update}").text
    assert "Tuesday" in page
    assert "Corrected on" in page
    assert "**Monday**" not in page


# --- staff --------------------------------------------------------------------------------------


def test_staff_take_an_update_down_with_a_reason_in_the_audit_log(news, alice, carla, visitor):
    update = news.published()
    assert "The second roaster has arrived" in carla.get(news.staff).text
    here = f"{news.staff}/{update}"
    short = carla.post(f"{here}/take-down", data={"reason": "No"})
    assert short.status_code == 422
    assert "at least 10 characters" in short.text
    answer = carla.post(f"{here}/take-down", data={"reason": "It promises a return."})
    assert answer.headers["Location"] == here
    assert visitor.get(f"{news.public}/updates/{update}").status_code == 404
    page = carla.get(here).text
    assert "It promises a return." in page
    assert "<strong>Monday</strong>" in page, "what is hidden stays readable to staff"
    assert "It promises a return." in alice.get(f"{news.desk}/{update}").text
    rollback()
    with reading():
        (entry,) = audit.entries(audit.Filters(action="updates.take_down")).rows
    assert entry.actor == news.people["carla"]


def test_staff_do_not_read_drafts(news, carla):
    draft = news.draft()
    assert "No updates yet" in carla.get(news.staff).text
    assert carla.get(f"{news.staff}/{draft}").status_code == 404
