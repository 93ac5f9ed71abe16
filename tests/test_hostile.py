"""Every route with hostile texts, parameters, headers, bodies and addresses: nothing crashes.

Each test asks every HOSTILE_EVERY-th request of all, in a fixed rotation that gives each route
other ones; `make fuzz` asks all of them.
"""

import os
from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules.securities import Kind
from crowdfund.kernel import clock, config
from crowdfund.kernel.db import commit, db
from crowdfund.kernel.forms import PageForm
from tests import matrix, raising
from tests.hostile import IDS, Ask, Attack, NotingRequest, with_text
from tests.test_matrix import RULES

# Has no factor in common with the lengths of the lists in tests/hostile.py.
EVERY = int(os.environ.get("HOSTILE_EVERY", "13"))


@pytest.fixture(scope="module")
def attack(database_url, database_kind, tmp_path_factory):
    """The world of the matrix on a database of its own, every page of which was opened once."""
    folder = tmp_path_factory.mktemp("hostile")
    url = f"sqlite:///{folder}/h.db" if database_kind == "sqlite" else _another(database_url)
    with matrix.living(folder, url) as world:
        world.app.config["TESTING"] = False  # what crashes after a view is an answer as well
        world.app.request_class = NotingRequest
        drafts = loans_and_revenue(world)
        lives = loans_and_revenue(world, status="live")
        [ended, _other] = loans_and_revenue(world, status="succeeded")
        somebody_half_way_in(world)
        made = Attack(world, RULES)
        for name in ("GET campaigns.edit", "POST campaigns.edit"):
            made.paths[name] |= {f"/my/campaigns/{draft}/edit/terms": None for draft in drafts}
        for name in ("GET term_changes.write", "POST term_changes.write"):
            made.paths[name] |= {f"/my/campaigns/{live}/term-changes/new": None for live in lives}
        for name in ("GET releases.prepare", "POST releases.prepare"):
            made.paths[name] |= {f"/staff/campaigns/{ended}/release": None}
        wrap = PageForm.Meta.wrap_formdata

        def noting(meta, form, formdata):
            sent = wrap(meta, form, formdata)
            if sent is not None:
                made.forms_read.add(name_of(type(form)))
            return sent

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(PageForm.Meta, "wrap_formdata", noting)
            made.explore()
            yield made


def loans_and_revenue(world, status="draft"):
    """Add a campaign of alice's for each kind of security with a form of its own; return ids."""
    alice, company = world.people["alice"], world.examples["company_id"]
    found = []
    for kind in (Kind.DEBT, Kind.REVENUE_SHARE):
        draft = raising.complete_draft(company, alice)
        values = {"security_type": kind, "status": status}
        if status != "draft":
            values |= {"starts_at": clock.now(), "ends_at": clock.now() + timedelta(days=30)}
        db.session.execute(sa.update(Campaign).where(Campaign.id == draft).values(values))
        found.append(draft)
    commit()
    return found


def somebody_half_way_in(world):
    """Add the session of a visitor who has asked for a code."""
    browser = world.app.test_client()
    browser.post("/sign-in", data={"identifier": "carol@example.com"})
    world.cookies["half way"] = browser.get_cookie("crowdfund").value
    world.keep()


def _another(database_url):
    """Make an empty database beside the one of the tests; return its address."""
    url = sa.make_url(config.Settings(_env_file=None, database_url=database_url).sqlalchemy_url)
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE DATABASE hostile")
    engine.dispose()
    return url.set(database="hostile").render_as_string(hide_password=False)


@pytest.mark.parametrize(
    ("kind", "least"),
    [
        ("queries", 3_000),
        ("forms", 12_000),
        ("parts", 900),
        ("bodies", 2_300),
        ("headers", 5_000),
        ("addresses", 1_700),
    ],
)
def test_nothing_that_is_sent_is_answered_with_an_error_of_ours(attack, kind, least):
    attack.failures.clear()
    asks = list(getattr(attack, kind)())
    chosen = asks[EVERY - 1 :: EVERY]
    for ask in chosen:
        attack.send(ask)
    print(f"{kind}: {len(chosen)} of {len(asks)} requests, {len(attack.failures)} answers >= 500")
    assert attack.failures == []
    assert len(asks) >= least, "fewer routes, forms or parameters were found than there are"


# Only the bases of other forms.
UNREAD = {
    "crowdfund.payout_accounts.forms._Holder",
    "crowdfund.campaigns.security_fields.LoanFields",
    "crowdfund.campaigns.security_fields.RevenueFields",
}


def test_every_form_is_read_by_a_route_that_was_asked(attack):
    assert {name_of(form) for form in forms_of(PageForm)} - attack.forms_read == UNREAD


def forms_of(base):
    for form in base.__subclasses__():
        yield form
        yield from forms_of(form)


def name_of(form):
    return f"{form.__module__}.{form.__name__}"


# Where it is no error that a thing is not there: it was removed already, or it only names a friend.
MAY_BE_GONE = ["GET sign_in.join code: 303", "POST campaigns.remove_document document_id: 303"]


def test_a_thing_that_is_not_there_is_not_found_whatever_is_to_be_done_with_it(attack):
    wrong = []
    for name, rule in RULES.items():
        for parameter in sorted(rule.arguments):
            body = {"data": attack.filled(name, attack.world.url(rule))}
            path = with_text(attack, name, parameter, IDS[0])
            status = attack.send(Ask(name, path, body=body)).status_code
            if status != 404:
                wrong.append(f"{name} {parameter}: {status}")
    assert sorted(wrong) == MAY_BE_GONE
