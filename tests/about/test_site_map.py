"""The site map: every public page once, nothing private, whatever the number of campaigns."""

import xml.etree.ElementTree as ET
from datetime import datetime

import pytest

from crowdfund.about import site_map
from crowdfund.kernel import access, config
from tests import raising
from tests.campaigns import many

NAMES = {"map": "http://www.sitemaps.org/schemas/sitemap/0.9"}
SITE = "http://localhost"
STATES = [*many.STATES, "draft", "submitted", "approved", "deploying"]


def read(client, path="/sitemap.xml"):
    answer = client.get(path)
    assert answer.status_code == 200, path
    assert answer.mimetype == "application/xml"
    return ET.fromstring(answer.data)


def addresses(root):
    return [one.text for one in root.iterfind("map:url/map:loc", NAMES)]


def campaigns(root):
    return [one for one in addresses(root) if one.startswith(f"{SITE}/campaigns/")]


def test_it_names_the_fixed_pages_and_each_of_them_opens(client):
    found = addresses(read(client))
    assert f"{SITE}/" in found
    assert {f"{SITE}{path}" for _label, _endpoint, path in access.SITE} <= set(found)
    for address in found:
        assert client.get(address.removeprefix(SITE)).status_code == 200, address


def test_it_names_every_campaign_that_was_ever_live_and_no_other(client):
    made = [many.Made(status=status) for status in STATES]
    made += [many.Made(status="cancelled", starts=None)]
    for one in made:
        if one.status not in many.STATES:
            one.starts = None
    many.insert(made)
    public = [one for one in made if one.state]
    assert campaigns(read(client)) == [f"{SITE}/campaigns/{one.id}" for one in public]


def test_a_campaign_says_when_it_was_changed(client):
    many.insert([many.Made()])
    (changed,) = read(client).iterfind("map:url/map:lastmod", NAMES)
    assert datetime.fromisoformat(changed.text) == many.START


def test_robots_may_read_it_and_find_it_by_its_whole_address(client):
    kept = config.settings()
    config.use(kept.model_copy(update={"public_url": "https://fund.example"}))
    try:
        lines = client.get("/robots.txt").text.splitlines()
        found = addresses(read(client))
    finally:
        config.use(kept)
    assert lines[-1] == "Sitemap: https://fund.example/sitemap.xml"
    closed = [line.removeprefix("Disallow: ") for line in lines if line.startswith("Disallow")]
    assert {one.partition("fund.example")[0] for one in found} == {"https://"}
    paths = [one.removeprefix("https://fund.example") for one in found]
    paths += ["/share-pictures/default.jpg", "/files/x.webp"]
    assert not [path for path in paths for start in closed if path.startswith(start)]


@pytest.fixture
def small(monkeypatch):
    """No more than four addresses a file beside the fixed pages, read three at a time."""
    monkeypatch.setattr(site_map, "_FIXED", ("/",))
    monkeypatch.setattr(site_map, "MOST", 5)
    monkeypatch.setattr(site_map, "READ", 3)


@pytest.mark.parametrize("number", [0, 1, 4])
def test_what_one_file_holds_is_in_one_file(client, small, number):
    made = [many.Made() for _ in range(number)]
    many.insert(made)
    found = addresses(read(client))
    assert found == [f"{SITE}/", *(f"{SITE}/campaigns/{one.id}" for one in made)]


@pytest.mark.parametrize("number", [5, 6, 11])
def test_more_than_one_file_holds_makes_an_index_of_files_that_hold_something(
    client, small, number
):
    made = [many.Made() for _ in range(number)]
    many.insert(made)
    for one in made[1:4]:  # gaps: they were taken off the list
        many.update(one, starts_at=None)
    made = made[:1] + made[4:] + [many.Made() for _ in range(4)]
    many.insert(made[-4:])
    named = [one.text for one in read(client).iterfind("map:sitemap/map:loc", NAMES)]
    files = [addresses(read(client, one.removeprefix(SITE))) for one in named]
    assert 1 <= min(map(len, files)) <= max(map(len, files)) <= 5
    found = [address for one in files for address in one]
    assert found == [f"{SITE}/", *(f"{SITE}/campaigns/{one.id}" for one in made)]


@pytest.mark.parametrize("number", [1, 999, 2**63 - 1])
def test_a_part_that_holds_nothing_is_not_found(client, number):
    assert client.get(f"/sitemap-{number}.xml").status_code == 404


def test_nobody_needs_a_session_for_it(app):
    answer = raising.browser(app).get("/sitemap.xml")
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"].startswith("public")
