"""Pictures of a campaign: added to a draft, ordered, described, removed, shown in every size."""

import io
import re

import pytest
from PIL import Image

from crowdfund.adapters import small_pictures, storage
from crowdfund.content import queries
from crowdfund.content.service import gallery
from crowdfund.kernel import config
from crowdfund.kernel.db import commit, rollback
from crowdfund.kernel.errors import Invalid, WrongState
from tests import raising
from tests.content.conftest import stored


@pytest.fixture
def visitor(app, campaign):
    return raising.browser(app)


@pytest.fixture
def alice(app, campaign):
    return raising.browser(app, campaign.people["alice"])


def shown(campaign):
    rollback()
    return [row.alt for row in queries.pictures(campaign.campaign_id)]


def upload(size=(640, 480), alt="Coffee cherries on a tree."):
    return {"image": (io.BytesIO(raising.picture(size)), "tree.png"), "image_alt": alt}


def test_the_team_adds_orders_describes_and_removes_without_javascript(campaign, alice):
    assert "Gallery" in alice.get(campaign.desk).text
    here = f"{campaign.desk}/pictures"
    for number in (1, 2):
        answer = alice.post(here, data=upload((640 + number, 480), f"Picture number {number}."))
        assert answer.headers["Location"] == here
    first, second = queries.pictures(campaign.campaign_id)
    assert (first.width, first.height) == (641, 480)
    assert alice.post(f"{here}/{second.id}/up").status_code == 303
    assert shown(campaign) == ["Picture number 2.", "Picture number 1."]
    assert "Picture number 2." in alice.get(f"{here}/{second.id}/edit").text
    alice.post(f"{here}/{second.id}/edit", data={"image_alt": "A tree in the shade."})
    assert shown(campaign) == ["A tree in the shade.", "Picture number 1."]
    alice.post(f"{here}/{first.id}/remove")
    assert shown(campaign) == ["A tree in the shade."]


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        (lambda: upload((1, 1)), "at least 320 × 240 pixels"),
        (lambda: upload((319, 239)), "at least 320 × 240 pixels"),
        (lambda: upload(alt=""), "Describe what the picture shows."),
        (lambda: {"image_alt": "Coffee on a tree."}, "Choose a picture: JPEG, PNG or WebP."),
        (
            lambda: {"image": (io.BytesIO(raising.PDF), "a.png"), "image_alt": "Coffee, red."},
            "This is a PDF.",
        ),
    ],
)
def test_a_bad_picture_is_refused_with_a_sentence_and_nothing_is_stored(
    campaign, alice, sent, sentence
):
    answer = alice.post(f"{campaign.desk}/pictures", data=sent())
    assert answer.status_code == 422
    assert sentence in answer.text
    assert shown(campaign) == []


def test_a_title_picture_and_one_of_an_update_may_not_be_tiny_either(campaign, alice):
    tiny = {"image": (io.BytesIO(raising.picture((1, 1))), "dot.png"), "image_alt": "A red dot."}
    answer = alice.post(f"{campaign.desk}/edit/picture", data=tiny)
    assert answer.status_code == 422
    assert "The picture is too small." in answer.text
    campaign.go_live()
    texts = {"title": "The roaster is here", "text_md": "It came on Monday, and it works."}
    update = alice.post(f"{campaign.desk}/updates/new", data=texts).headers["Location"]
    tiny = {"image": (io.BytesIO(raising.picture((1, 1))), "dot.png"), "image_alt": "A red dot."}
    answer = alice.post(f"{update}/picture", data=tiny)
    assert answer.status_code == 422
    assert "The picture is too small." in answer.text


def test_a_gallery_has_12_pictures_and_not_one_more(campaign, alice):
    for number in range(12):
        campaign.picture(f"Picture number {number}.", number)
    with raising.refused(Invalid):
        campaign.picture("One picture too many.", 12)
    assert len(shown(campaign)) == 12
    assert "the maximum number of pictures" in alice.get(f"{campaign.desk}/pictures").text


def test_a_campaign_under_review_keeps_its_gallery(campaign):
    picture = campaign.picture()
    campaign.submit()
    alice = campaign.people["alice"]
    for step in (
        lambda: gallery.add(campaign.campaign_id, stored(1), "Another one.", actor=alice),
        lambda: gallery.describe(campaign.campaign_id, picture, "Something else."),
        lambda: gallery.reorder(campaign.campaign_id, picture, "up"),
        lambda: gallery.remove(campaign.campaign_id, picture, actor=alice),
    ):
        with raising.refused(WrongState):
            step()
    assert shown(campaign) == ["Coffee cherries on a tree."]


def test_from_a_public_gallery_pictures_are_only_removed_and_the_page_says_so(
    campaign, alice, visitor
):
    first, second = campaign.picture(number=1), campaign.picture("Sacks in a lorry.", 2)
    campaign.go_live()
    before = raising.campaign(campaign.campaign_id).news_version
    assert "Sacks in a lorry." in visitor.get(campaign.public).text
    answer = alice.post(f"{campaign.desk}/pictures", data=upload())
    assert answer.status_code == 409
    assert "only possible while the campaign is a draft" in answer.text
    with raising.refused(WrongState):
        gallery.reorder(campaign.campaign_id, second, "up")
    assert alice.post(f"{campaign.desk}/pictures/{second}/remove").status_code == 303
    page_now = visitor.get(campaign.public).text
    assert "Sacks in a lorry." not in page_now
    assert "The company last removed a picture on" in page_now
    assert raising.campaign(campaign.campaign_id).news_version == before + 1
    assert visitor.get(f"{campaign.public}/pictures/{second}").status_code == 404
    assert visitor.get(f"{campaign.public}/pictures/{first}").status_code == 200


def test_a_removal_from_a_draft_is_nobodys_business(campaign, visitor):
    picture = campaign.picture()
    gallery.remove(campaign.campaign_id, picture, actor=campaign.people["alice"])
    commit()
    campaign.go_live()
    text = visitor.get(campaign.public).text
    assert "last removed a picture" not in text
    assert 'id="pictures"' not in text


def test_the_public_page_loads_pictures_late_in_a_size_that_fits(campaign, visitor):
    campaign.picture(number=1)
    campaign.go_live()
    (image,) = re.findall(
        r'<img [^>]*alt="Coffee cherries on a tree\."[^>]*>', visitor.get(campaign.public).text
    )
    assert 'loading="lazy"' in image
    assert 'width="641" height="480"' in image
    (srcset,) = re.findall(r'srcset="([^"]+)"', image)
    assert [one.split()[1] for one in srcset.split(", ")] == ["480w", "641w"]
    for one in srcset.split(", "):
        answer = visitor.get(one.split()[0])
        assert answer.status_code == 200
        assert answer.mimetype == "image/webp"
        assert "immutable" in answer.headers["Cache-Control"]
        with Image.open(io.BytesIO(answer.data)) as picture:
            assert f"{picture.width}w" == one.split()[1]


def test_a_picture_has_a_page_in_large_with_its_neighbours(campaign, visitor):
    first, second = campaign.picture(number=1), campaign.picture("Sacks in a lorry.", 2)
    campaign.go_live()
    assert f"{campaign.public}/pictures/{first}" in visitor.get(campaign.public).text
    text = visitor.get(f"{campaign.public}/pictures/{first}").text
    assert "Picture 1 of 2" in text
    assert 'rel="next"' in text
    assert 'rel="prev"' not in text
    assert f"{campaign.public}/pictures/{second}" in text


def test_a_picture_of_a_draft_has_no_public_page(campaign, visitor):
    picture = campaign.picture()
    assert visitor.get(f"{campaign.public}/pictures/{picture}").status_code == 404


def test_a_small_copy_is_made_once_beside_what_a_backup_copies(app, campaign, visitor):
    stored_picture = stored()
    digest = stored_picture.file_id.partition(".")[0]
    made = small_pictures.path_of(digest, 480)
    before = made.stat().st_mtime_ns
    assert small_pictures.path_of(digest, 480).stat().st_mtime_ns == before
    assert made.is_relative_to(config.settings().data_dir.absolute() / "cache")
    made.unlink()
    assert visitor.get(f"/files/480/{digest}.webp").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/files/480/" + "0" * 64 + ".webp",
        "/files/481/" + "0" * 64 + ".webp",
        "/files/480/" + "." * 64 + ".webp",
        "/files/480/..%2F..%2Fcrowdfund.db",
    ],
)
def test_a_copy_of_what_is_not_there_is_not_found(app, campaign, visitor, path):
    assert visitor.get(path).status_code == 404


def test_a_copy_of_a_damaged_file_is_not_found_and_nothing_is_kept(app, campaign, visitor):
    file_id = storage.put_public(b"RIFF1234WEBP no picture")
    digest = file_id.partition(".")[0]
    assert visitor.get(f"/files/960/{digest}.webp").status_code == 404
    assert visitor.get(f"/files/960/{digest}.webp").status_code == 404


def test_who_only_looks_on_cannot_change_pictures_and_a_stranger_finds_none(app, campaign):
    picture = campaign.picture()
    vera, bob = (raising.browser(app, campaign.people[name]) for name in ("vera", "bob"))
    assert "Add a picture" not in vera.get(f"{campaign.desk}/pictures").text
    for path, data in (
        ("", upload()),
        (f"/{picture}/edit", {"image_alt": "Changed by a stranger."}),
        (f"/{picture}/down", {}),
        (f"/{picture}/remove", {}),
    ):
        assert vera.post(f"{campaign.desk}/pictures{path}", data=data).status_code == 403
        assert bob.post(f"{campaign.desk}/pictures{path}", data={}).status_code == 404
    assert shown(campaign) == ["Coffee cherries on a tree."]
