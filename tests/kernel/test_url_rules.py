"""Addresses are compiled late, and are the same as those that Werkzeug compiles at once."""

import pytest
from werkzeug.routing import Map, Rule

from crowdfund.kernel.web.url_rules import LazyRule

RULES = (
    ("/plain", "plain", {}),
    ("/things/<thing_id>", "thing", {"thing_id": "a b/ä"}),
    ("/things/<int:number>/parts/<part>", "part", {"number": 7, "part": "x"}),
    ("/pages/", "pages", {}),
)


def addresses(kind, **more):
    adapter = Map([kind(rule, endpoint=name) for rule, name, _ in RULES]).bind("example.com")
    return [adapter.build(name, values | more) for _, name, values in RULES]


@pytest.mark.parametrize("more", [{}, {"page": 2, "search": "ሰላም & more"}])
def test_every_address_is_what_werkzeug_builds(more):
    assert addresses(LazyRule, **more) == addresses(Rule, **more)
    assert addresses(LazyRule, **more)[0].startswith("/plain")


def test_defaults_and_redirects_work_as_usual():
    for kind in (LazyRule, Rule):
        rules = [
            kind("/all/", endpoint="all", defaults={"page": 1}),
            kind("/all/<int:page>", endpoint="all"),
        ]
        adapter = Map(rules).bind("example.com")
        assert adapter.build("all", {"page": 1}) == "/all/"
        assert adapter.build("all", {"page": 2}) == "/all/2"
        assert adapter.match("/all/3") == ("all", {"page": 3})


def test_nothing_is_compiled_before_the_first_address_of_a_rule_is_built(app):
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]  # Flask's own
    assert rules
    assert all(isinstance(rule, LazyRule) for rule in rules)
    fresh = Map([LazyRule("/late/<name>", endpoint="late")])
    (rule,) = fresh.iter_rules()
    before = rule._build_unknown
    assert fresh.bind("example.com").build("late", {"name": "x"}) == "/late/x"
    assert rule._build_unknown is not before
