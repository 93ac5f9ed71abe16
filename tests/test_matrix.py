"""Every route as everybody, with another person's things in its address:
who gets in, and nobody else.

What is expected follows from `access.TABLE` and from `OWN` in tests/matrix.py alone.
"""

import pytest

from crowdfund.kernel import access, audit
from crowdfund.kernel.db import reading, rollback
from tests import matrix
from tests.hostile import actor_for
from tests.test_guards import plain_app

SAFE = ("GET", "HEAD", "OPTIONS")
RULES = {
    f"{method} {rule.endpoint}": rule
    for rule in sorted(plain_app().url_map.iter_rules(), key=lambda rule: rule.endpoint)
    for method in sorted(rule.methods - {"HEAD", "OPTIONS"})
}
SAFE_ONES = [name for name in RULES if name.startswith("GET ")]
UNSAFE_ONES = [name for name in RULES if not name.startswith("GET ")]
PAGES = {RULES[name].rule for name in SAFE_ONES}
ONLY_POSTS = [name for name in UNSAFE_ONES if RULES[name].rule not in PAGES]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """One world for all; on SQLite whatever the others run on:
    who may do what does not depend on it."""
    folder = tmp_path_factory.mktemp("matrix")
    with matrix.living(folder, f"sqlite:///{folder}/m.db") as made:
        yield made


def expected(name, actor):
    """Return what somebody must meet at a route:
    open, hidden, forbidden, sign in, second factor."""
    method, endpoint = name.split()
    if said := matrix.SAID_OTHERWISE.get(endpoint, {}).get(actor):
        return said
    allowed = access.TABLE[endpoint]
    if allowed == access.PUBLIC:
        return matrix.owner_answer(endpoint, method, actor) if endpoint in matrix.OWN else "open"
    if actor in matrix.NOBODY:
        return "sign in"
    if allowed <= access.EVERY_STAFF:
        return expected_of_staff(method, allowed, actor)
    if actor in matrix.ASLEEP and endpoint in matrix.STEP_UP:
        return "second factor"
    return matrix.owner_answer(endpoint, method, actor)


def expected_of_staff(method, allowed, actor):
    roles = set(matrix.ACTORS[actor]) - (set() if method in SAFE else {"regulator"})
    if not roles & allowed:
        return "forbidden"
    return "second factor" if actor in matrix.ASLEEP else "open"


def met(answer):
    """Return what an answer means; whatever is no answer of ours is named by its status."""
    status, location = answer.status_code, answer.headers.get("Location", "")
    if status == 303 and location.startswith("/sign-in?next="):
        return "sign in"
    if status == 303 and location.startswith("/sign-in/second-factor?next="):
        return "second factor"
    if status in (401, 403) and answer.mimetype == "text/html":  # of a list as a file
        if "/sign-in?next=" in answer.text:
            return "sign in"
        if "/sign-in/second-factor?next=" in answer.text:
            return "second factor"
    good = (200, 204, 302, 303, 400, 409, 422, 429)
    return {403: "forbidden", 404: "hidden"}.get(status, "open" if status in good else str(status))


def difference(world, name, actor):
    """Ask a route as somebody; return nothing, or how the answer differs from what is expected."""
    method, _ = name.split()
    answer, wanted = world.ask(actor, method, RULES[name]), expected(name, actor)
    got = met(answer)
    if access.is_staff_only(RULES[name].endpoint) and method not in SAFE and got == wanted:
        wanted, got = (
            kept_of(world, answer, actor),
            kept(RULES[name].endpoint, world.people.get(actor)),
        )
    return [] if got == wanted else [f"{actor} ({answer.status_code}): {got} instead of {wanted}"]


def kept_of(world, answer, actor):
    """Return the entries that the audit log must hold after a staff verb: done, denied, or none."""
    if answer.status_code < 400 and actor in matrix.STAFF:
        return [(world.people[actor], "done")]
    return [(world.people[actor], "denied")] if answer.status_code == 403 else []


def kept(endpoint, person_id):
    rollback()
    with reading():
        found = audit.entries(audit.Filters(action=endpoint, actors=(person_id or "nobody",))).rows
    rollback()
    return [(row.actor, row.outcome) for row in found]


def test_every_parameter_of_every_route_has_an_example(world):
    lacking = {name: world.lacks(rule) for name, rule in RULES.items() if world.lacks(rule)}
    assert lacking == {}, "add an example of alice's to tests/matrix.py"


def test_every_route_to_a_thing_for_everybody_signed_in_says_whose_it_is():
    owned = {
        rule.endpoint
        for rule in RULES.values()
        if rule.arguments and access.TABLE[rule.endpoint] == access.SIGNED_IN
    }
    assert owned - set(matrix.OWN) == set(), "say in tests/matrix.py who may open alice's"
    routes = {rule.endpoint for rule in RULES.values()}
    assert {*matrix.OWN, *matrix.STEP_UP, *matrix.BODIES, *matrix.SAID_OTHERWISE} - routes == set()


@pytest.mark.parametrize("name", SAFE_ONES)
def test_a_page_opens_for_those_who_may_see_it_and_for_nobody_else(world, name):
    assert [
        line for actor in matrix.askers(name.split()[1]) for line in difference(world, name, actor)
    ] == []
    if RULES[name].endpoint not in access.WRITING_GETS:
        assert world.checksum() == world.checksum_at_start, (
            "a page that is only read has changed something"
        )
    world.restore()


@pytest.mark.parametrize("name", UNSAFE_ONES)
def test_a_verb_works_for_those_who_may_use_it_and_changes_nothing_for_others(world, name):
    """Of staff verbs, what succeeded and what was refused stands in the audit log,
    by construction."""
    wrong = []
    for actor in matrix.askers(RULES[name].endpoint):
        wrong += difference(world, name, actor)
        if expected(name, actor) == "open" or actor in matrix.STAFF:
            world.restore()
    assert wrong == []
    if RULES[name].endpoint in matrix.KEEPERS:
        world.restore()
    assert world.checksum() == world.checksum_at_start, (
        "something was changed for somebody who may not"
    )
    world.restore()  # what was refused is noted, and only so often a day


@pytest.mark.parametrize("name", ONLY_POSTS)
def test_an_address_that_takes_posts_alone_leads_to_the_page_of_its_form(world, name):
    rule = RULES[name]
    actor = actor_for(rule.endpoint)
    answer = world.ask(actor, "GET", rule)
    if rule.endpoint in matrix.KEEPERS:  # for programs
        assert answer.status_code == 405
        return
    assert answer.status_code == 303
    browser = world.app.test_client(use_cookies=False)
    cookie = {"Cookie": f"crowdfund={world.cookies.get(actor, '')}"}
    page = browser.get(answer.headers["Location"], headers=cookie)
    assert page.status_code in (200, 303)  # one that has nothing to show leads on by itself
    for program in ({"Accept": "application/json"}, {"HX-Request": "true"}):
        assert browser.get(world.url(rule), headers=program).status_code == 405
