"""What other sites see of a campaign: address, text, picture; links and QR code for sharing it."""

import io
import re
from urllib.parse import unquote

import pytest
import sqlalchemy as sa
from PIL import Image

from crowdfund.adapters import share_pictures, storage
from crowdfund.campaigns.rules import sharing
from crowdfund.kernel import config
from crowdfund.kernel.db import commit, db
from tests import raising

PUBLIC = "https://fund.example"


@pytest.fixture
def live(live_id):
    return raising.campaign(live_id)


@pytest.fixture
def named(app):
    """The platform has another name outside than the one that a request comes to."""
    kept = config.settings()
    config.use(kept.model_copy(update={"public_url": PUBLIC}))
    yield
    config.use(kept)


def set_columns(live, **values):
    table = sa.table("campaign", *(sa.column(name) for name in ("id", *values)))
    db.session.execute(sa.update(table).where(table.c.id == live.id).values(values))
    commit()


def said(page):
    """Return what the head of a page says about it, by name or property."""
    found = re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)">', page)
    return dict(found)


def test_the_head_names_address_text_and_picture_with_the_public_name(app, live, named):
    page = raising.browser(app).get(f"/campaigns/{live.slug}").text
    meta, url = said(page), f"{PUBLIC}/campaigns/{live.slug}"
    assert f'<link rel="canonical" href="{url}">' in page
    assert meta["og:url"] == url
    assert meta["description"] == meta["og:description"] == live.summary
    assert meta["og:title"] == meta["twitter:title"] == live.title
    assert meta["twitter:card"] == "summary_large_image"
    digest = live.image_id.removesuffix(".webp")
    assert meta["og:image"] == meta["twitter:image"] == f"{PUBLIC}/share-pictures/{digest}.jpg"
    assert meta["og:image:alt"] == meta["twitter:image:alt"] == live.image_alt
    assert (meta["og:image:width"], meta["og:image:height"]) == ("1200", "630")


def test_the_canonical_address_has_no_query(app, live, named):
    page = raising.browser(app).get(f"/campaigns/{live.slug}?utm_source=x").text
    assert f'<link rel="canonical" href="{PUBLIC}/campaigns/{live.slug}">' in page


def test_a_text_of_a_campaign_cannot_leave_its_place_in_the_head(app, live):
    set_columns(live, title='Yirga "><script>alert(1)</script>', summary='"><b>x</b>')
    page = raising.browser(app).get(f"/campaigns/{live.slug}").text
    assert "<script>alert(1)" not in page
    assert "<b>x</b>" not in page


def test_a_stranger_gets_a_picture_of_1200_by_630_pixels_that_is_made_once(app, live):
    name = live.image_id.removesuffix(".webp")
    visitor = raising.browser(app)
    answer = visitor.get(f"/share-pictures/{name}.jpg")
    assert answer.status_code == 200
    assert answer.mimetype == "image/jpeg"
    assert "Set-Cookie" not in answer.headers
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    with Image.open(io.BytesIO(answer.data)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (1200, 630))
    made = share_pictures.path_of(name)
    written = made.stat().st_mtime_ns
    assert visitor.get(f"/share-pictures/{name}.jpg").data == answer.data
    assert made.stat().st_mtime_ns == written


def test_the_kept_picture_is_outside_of_what_a_backup_copies(app, live):
    made = share_pictures.path_of(live.image_id.removesuffix(".webp"))
    files = config.settings().data_dir.absolute() / "files"
    assert files not in made.parents


@pytest.mark.parametrize("name", ["0" * 64, "x" * 64, "../" * 20 + "etc0"])
def test_a_picture_that_is_not_there_is_not_found(app, name):
    assert raising.browser(app).get(f"/share-pictures/{name}.jpg").status_code == 404


def test_a_damaged_picture_is_not_found_and_nothing_is_kept_of_it(app):
    name = storage.put_public(b"RIFF....WEBP").removesuffix(".webp")
    visitor = raising.browser(app)
    assert visitor.get(f"/share-pictures/{name}.jpg").status_code == 404
    assert visitor.get(f"/share-pictures/{name}.jpg").status_code == 404


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("size", [(40, 1000), (2000, 30), (1, 1), (1600, 900)])
def test_a_picture_of_any_shape_becomes_one_of_the_right_size(app, mode, size):
    out = io.BytesIO()
    Image.effect_noise(size, 90).convert(mode).save(out, "WEBP")
    name = storage.put_public(out.getvalue()).removesuffix(".webp")
    data = share_pictures.path_of(name).read_bytes()
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.size == (1200, 630)
    assert len(data) < 300_000


@pytest.mark.parametrize("image_id", [None, f"{'a' * 64}.svg"])
def test_a_campaign_without_a_picture_that_can_be_cut_has_the_platforms(app, live, image_id):
    set_columns(live, image_id=image_id, image_alt=None)
    visitor = raising.browser(app)
    address = said(visitor.get(f"/campaigns/{live.slug}").text)["og:image"]
    assert address.endswith(sharing.DEFAULT_PICTURE)
    answer = visitor.get(sharing.DEFAULT_PICTURE)
    with Image.open(io.BytesIO(answer.data)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (1200, 630))


def test_a_link_holds_the_whole_address_and_title_and_nothing_of_the_reader(app, cast, live):
    bob = raising.browser(app, cast.bob)
    page = bob.get(f"/campaigns/{live.slug}").text.replace("&amp;", "&")
    for start in ("mailto:?", r"https://wa\.me/\?", r"https://t\.me/share/url\?"):
        (address,) = re.findall(f'href="({start}[^"]+)"', page)
        assert f"http://localhost/campaigns/{live.slug}" in unquote(address)
        assert live.title in unquote(address)
        assert "/join" not in unquote(address)
        assert address.count("?") == 1
    assert f'data-copy="http://localhost/campaigns/{live.slug}" hidden' in page
    assert "data-share=" in page


def test_a_title_with_signs_of_addresses_stays_one_value():
    one = sharing.Shared("A & B? 50 % #1", "", "https://fund.example/campaigns/a", "", "")
    assert one.mail_url.count("&") == 1
    assert one.telegram_url.count("&") == 1
    assert unquote(one.whatsapp_url.partition("text=")[2]).startswith("A & B? 50 % #1 https://")


# --- the QR code ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "mimetype"), [("svg", "image/svg+xml"), ("png", "image/png")])
def test_a_company_gets_the_qr_code_of_its_campaign(app, cast, live, kind, mimetype):
    alice = raising.browser(app, cast.alice)
    path = f"/my/campaigns/{live.id}/qr.{kind}"
    assert path in alice.get(f"/my/campaigns/{live.id}").text
    answer = alice.get(path)
    assert (answer.status_code, answer.mimetype) == (200, mimetype)
    assert raising.browser(app, cast.bob).get(path).status_code == 404
    if kind == "png":
        with Image.open(io.BytesIO(answer.data)) as picture:
            assert picture.width == picture.height > 400
    else:
        assert answer.data.startswith(b"<?xml")


def test_a_draft_has_no_qr_code(app, cast):
    draft = raising.complete_draft(cast.company, cast.alice)
    alice = raising.browser(app, cast.alice)
    assert alice.get(f"/my/campaigns/{draft}/qr.svg").status_code == 404
    assert "/qr." not in alice.get(f"/my/campaigns/{draft}").text
