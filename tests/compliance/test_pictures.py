"""Pictures of documents on the owner's and the reviewer's pages."""

import io
import re
from urllib.parse import quote

import pytest
from PIL import Image

from crowdfund.compliance.service import files as files_service
from crowdfund.documents import queries, service
from crowdfund.kernel.db import commit, rollback
from tests import raising

DOCUMENTS = "/account/verification/documents/passport"


def big():
    out = io.BytesIO()
    Image.linear_gradient("L").resize((1200, 800)).convert("RGB").save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def sides(desk, alice):
    """Alice has sent both sides of her card as pictures, and a PDF."""
    desk.facts(alice)
    found = []
    files = (
        ("front.jpg", "image/jpeg"),
        ("back ጀርባ.jpg", "image/jpeg"),
        ("all.pdf", "application/pdf"),
    )
    for name, kind in files:
        data = big() if kind == "image/jpeg" else raising.PDF
        examined = service.Examined("passport", name, kind, data)
        found.append(files_service.attach(alice, examined))
        commit()
    desk.submit(alice)
    return found


def test_the_owner_sees_a_small_copy_of_each_side_and_that_is_no_access(app, alice, sides):
    mine = raising.browser(app, alice)
    page = mine.get(DOCUMENTS).text
    shown = re.findall(r'<img src="([^"]+)"', page)
    assert shown == [f"/account/verification/pictures/{one}" for one in sides[:2]]
    answer = mine.get(shown[0])
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Cache-Control"] == "private, no-store"
    with Image.open(io.BytesIO(answer.data)) as small:
        assert small.size == (480, 320)
    rollback()
    assert queries.access_log(("person", alice)) == []


def test_nobody_else_gets_a_small_copy_and_a_pdf_has_none(app, desk, alice, sides):
    mine, bob = raising.browser(app, alice), raising.browser(app, raising.person("bob"))
    carla = raising.browser(app, desk.carla)
    for other in (bob, carla):
        assert other.get(f"/account/verification/pictures/{sides[0]}").status_code == 404
    assert mine.get(f"/account/verification/pictures/{sides[2]}").status_code == 404
    service.destroy(sides[0], actor=alice)
    commit()
    assert mine.get(f"/account/verification/pictures/{sides[0]}").status_code == 404


def test_the_reviewer_sees_both_sides_of_a_card_side_by_side(app, desk, alice, sides):
    rollback()
    page = raising.browser(app, desk.carla).get(f"/staff/people/{alice}").text
    card = page[page.index('<article class="card card-body" aria-labelledby="kind-passport">') :]
    card = card[: card.index("</article>")]
    grid = card[card.index('<div class="cf-pictures">') : card.index("</details>")]
    assert [f'<img src="/documents/{one}"' in grid for one in sides] == [True, True, False]
    assert grid.count("data-rotate") == 2
    assert grid.count('loading="lazy"') == 2
    # Each side, and the PDF, is decided on by itself.
    assert card.count("Save decision") == 3
    rollback()
    assert queries.access_log(("person", alice)) == []  # what is not shown is not opened


def test_a_document_opens_for_a_reviewer_under_the_name_that_its_owner_gave_it(
    app, desk, alice, sides
):
    rollback()
    carla = raising.browser(app, desk.carla)
    page = carla.get(f"/staff/people/{alice}").text
    for one, name in zip(sides, ("front.jpg", "back ጀርባ.jpg", "all.pdf"), strict=True):
        assert re.search(rf'<a href="/documents/{one}"[^>]*>\s*{name}', page)
        answer = carla.get(f"/documents/{one}")
        how, named = answer.headers["Content-Disposition"].split("; ", 1)
        assert how == ("attachment" if name.endswith("pdf") else "inline")
        assert named.endswith(f"UTF-8''{quote(name)}" if "ጀርባ" in name else f"filename={name}")
    rollback()
    assert [look.viewer for look in queries.access_log(("person", alice))] == [desk.carla] * 3


def test_a_picture_is_stored_as_it_was_turned_on_the_page(app, desk, alice):
    desk.facts(alice)
    mine = raising.browser(app, alice)
    for turn, size in (("90", (800, 1200)), ("0", (1200, 800)), ("lots", (1200, 800))):
        data = {"upload": (io.BytesIO(big()), "card"), "turn": turn}
        assert mine.post(DOCUMENTS, data=data).status_code == 303
        document = desk.document(alice, "passport")
        with Image.open(io.BytesIO(service.read(document.id).data)) as kept:
            assert kept.size == size, turn


def test_without_script_the_pages_are_whole(app, desk, alice, sides):
    page = raising.browser(app, alice).get(DOCUMENTS).text
    assert re.search(r"<figure [^>]*data-preview hidden>", page)
    assert re.search(r'<button type="button"[^>]*data-rotate hidden>', page)
    assert 'type="file"' in page
