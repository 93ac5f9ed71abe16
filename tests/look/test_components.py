"""The components render, and what they render is valid and complete."""

import re
from html.parser import HTMLParser

import pytest

from crowdfund.kernel import vendored

from . import sample
from .markup import problems

STYLES = "".join(
    (vendored.STATIC / name).read_text() for name in ("app.css", "vendor/tabler.subset.css")
)
HOOKS = {"htmx-request"}  # classes that only scripts and tests look for


@pytest.fixture(scope="module")
def gallery():
    return sample.gallery()


@pytest.mark.parametrize("state", [{}, {"with_errors": False}, {"signed_in": False}], ids=str)
def test_the_gallery_is_valid_with_unique_ids_and_no_dangling_reference(state):
    assert problems(sample.gallery(**state)) == []


@pytest.mark.parametrize(
    "html",
    ["<p>", "<p></div>", '<a id="x"></a><b id="x"></b>', '<p style="">x</p>', '<i for="y"></i>'],
)
def test_the_markup_reader_finds_what_is_wrong(html):
    assert problems(html)


def test_every_macro_is_shown_in_the_gallery():
    door = sample.environment().get_template("components/ui.html").module
    exported = {name for name in vars(door) if not name.startswith("_")}
    source = (sample.TEMPLATES / "components/gallery.html").read_text()
    shown = {name for name in exported if re.search(rf"\b{name}\(", source)}
    assert exported - shown <= {"url_with", "table_head", "progress_bar"}  # used by others


def test_an_error_stands_in_the_summary_and_at_the_field_in_the_same_words(gallery):
    assert '<a href="#title">Enter a title.</a>' in gallery
    assert re.search(r'id="title-error">.*?Enter a title\.', gallery, re.S)
    assert re.search(
        r'<input[^>]*aria-describedby="title-hint title-error"[^>]*id="title"', gallery
    )
    assert 'href="#rail-0"' in gallery  # a group of radios is reached by its first one


def test_a_value_that_was_refused_is_still_in_its_field(gallery):
    assert 'value="12,5"' in gallery


def test_money_below_zero_keeps_its_sign_and_unknown_statuses_stay_readable():
    door = sample.environment().get_template("components/ui.html").module
    assert "−2,500.00 ETB" in door.money(-250_000)
    assert "Some new state" in door.status_badge("some_new_state")


def test_sorting_keeps_the_filters_and_starts_at_the_first_page():
    door = sample.environment().get_template("components/ui.html").module
    args = {"q": "a&b", "sort": "-at", "after": "k9"}
    assert str(door.url_with("/payments", args, {"sort": "at"})) == "/payments?q=a%26b&amp;sort=at"


def test_hostile_text_is_escaped_wherever_it_goes():
    door = sample.environment().get_template("components/ui.html").module
    evil = '"><script>alert(1)</script>'
    card = sample.campaign(evil, 1, summary=evil, company_name=evil, sector=evil)
    steps = [{"label": evil, "at": None, "state": "todo", "text": evil}]
    for html in (
        door.campaign_card(card),
        door.hash(evil),
        door.timeline(steps),
        door.empty(evil, evil),
        door.status_badge(evil),
    ):
        assert "<script" not in html


def test_vendored_files_are_those_that_were_pinned():
    assert vendored.wrong_files() == []


def test_every_vendored_tag_carries_its_integrity(gallery):
    for tag in re.findall(r"<(?:script|link)[^>]*/static/vendor/[^>]*>", gallery):
        assert "integrity=" in tag or 'rel="preload"' in tag, tag


class _Classes(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = set()

    def handle_starttag(self, tag, attrs):
        self.found.update((dict(attrs).get("class") or "").split())


@pytest.mark.parametrize(
    "path",  # e-mails have a stylesheet of their own, which is put into them
    sorted(path for path in sample.TEMPLATES.rglob("*.html") if "email" not in path.parts),
    ids=lambda p: str(p.relative_to(sample.TEMPLATES)),
)
def test_a_template_uses_no_class_that_no_stylesheet_knows(path):
    plain = re.sub(r"\{%.*?%\}|\{#.*?#\}", " ", path.read_text(), flags=re.S)
    reader = _Classes()
    reader.feed(re.sub(r"\{\{.*?\}\}", "{{}}", plain, flags=re.S))
    known = set(re.findall(r"\.(-?[a-zA-Z_][\w-]*)", STYLES.replace("\\", "")))
    unknown = {name for name in reader.found if "{" not in name and name not in known | HOOKS}
    assert not unknown, "spelled wrong, or cut by tools/tabler_subset.py"


@pytest.mark.parametrize(
    "path",
    sorted(sample.TEMPLATES.rglob("*.html")),
    ids=lambda p: str(p.relative_to(sample.TEMPLATES)),
)
def test_a_template_names_only_icons_that_are_in_the_sprite(path):
    sprite = set(
        re.findall(r'<symbol id="([\w-]+)"', (vendored.STATIC / "vendor/icons.svg").read_text())
    )
    named = set(re.findall(r'icon\("([\w-]+)"', path.read_text()))
    named |= set(re.findall(r'(?:icon_name=|"icon": )"([\w-]+)"', path.read_text()))
    assert named <= sprite
