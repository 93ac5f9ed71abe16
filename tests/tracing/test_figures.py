"""The table of figures: each is declared once, has a route, a rule that exists, and a page."""

import re
from pathlib import Path

import pytest

from crowdfund.kernel import access
from crowdfund.tracing.figures import FIGURES
from tests.test_guards import TEMPLATES, plain_app

RULES = (Path(__file__).parents[2] / "docs/rules.md").read_text()
HEADINGS = set(re.findall(r"^## (.+)$", RULES, flags=re.M))
USED = "\n".join(
    path.read_text() for path in TEMPLATES.rglob("*.html") if "tracing" not in path.parts
)
# What staff alone may see is closed by its route; all else by its query too.
PUBLIC = {"campaign.settled", "campaign.on_its_way", "drift.compared"}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_has_a_route_of_its_name_a_rule_that_exists_and_a_page_that_shows_it(name):
    figure = FIGURES[name]
    endpoint, values = plain_app().url_map.bind("").match(f"/explain/{name}/a/b:c@ETB")
    assert (endpoint, values) == (f"tracing.{figure.endpoint}", {"thing_id": "a/b:c@ETB"})
    assert figure.heading in HEADINGS
    assert len(str(figure.rule)) > 40
    assert f'"{name}"' in USED


def test_only_the_totals_of_campaigns_and_contracts_are_open_to_everybody():
    rows = {name: access.TABLE[f"tracing.{one.endpoint}"] for name, one in FIGURES.items()}
    assert {name for name, allowed in rows.items() if allowed == access.PUBLIC} == PUBLIC


def test_search_engines_stay_out():
    robots = plain_app().test_client().get("/robots.txt").text
    assert "Disallow: /explain" in robots
