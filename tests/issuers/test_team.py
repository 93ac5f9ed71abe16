"""The team of a company: roles decide, invitations work once for one address, an owner stays."""

import re
from datetime import timedelta

import pytest

from crowdfund.issuers import queries
from crowdfund.issuers.rules import declarations, team
from crowdfund.issuers.service import onboarding, reviews
from crowdfund.issuers.service import team as team_service
from crowdfund.kernel.db import commit, rollback
from crowdfund.kernel.errors import NotYours
from tests import raising


@pytest.fixture
def cast(app, frozen):
    raising.contracts()
    people = {name: raising.person(name) for name in ("alice", "bob", "charlie")}
    people["company"] = raising.filled_company(people["alice"])
    return people


def roles(cast):
    rollback()
    names = {cast[name]: name for name in ("alice", "bob", "charlie")}
    return {names[row.user_id]: row.role for row in queries.members(cast["company"])}


def link(cast, email="bob@example.com", role="manager"):
    made = team_service.invite(cast["company"], email, role, actor=cast["alice"])
    commit()
    return team_service.token(made)


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("owner", {"view", "file", "bank", "documents", "campaign", "team"}),
        ("manager", {"view", "documents", "campaign"}),
        ("finance", {"view", "bank"}),
        ("viewer", {"view"}),
        (None, set()),
    ],
)
def test_each_role_may_what_the_table_says(role, allowed):
    every = ("view", "file", "bank", "documents", "campaign", "team")
    assert {action for action in every if team.may(role, action)} == allowed


PAGES = {
    "view": ["", "/state", "/check", "/team"],
    "file": [
        "/edit/company",
        "/edit/contacts",
        "/edit/wallet",
        "/officers",
        "/officers/new",
        "/changes",
    ],
    "bank": ["/edit/bank"],
    "documents": ["/documents", "/documents/memorandum"],
}


@pytest.mark.parametrize("role", list(team.Role))
def test_pages_open_by_the_role_in_the_company(client, cast, role):
    raising.join(cast["company"], cast["bob"], role)
    bob = raising.sign_in(client, cast["bob"])
    for action, paths in PAGES.items():
        for path in paths:
            answer = bob.get(f"/companies/{cast['company']}{path}")
            assert answer.status_code == (200 if team.may(role, action) else 403), path


@pytest.mark.parametrize("role", list(team.Role))
def test_what_a_role_does_not_allow_changes_nothing(client, cast, role):
    raising.join(cast["company"], cast["bob"], role)
    bob, here = raising.sign_in(client, cast["bob"]), f"/companies/{cast['company']}"
    for action, path, data in (
        ("file", "/edit/contacts", raising.CONTACTS),
        ("file", "/officers/new", raising.DIRECTOR | {"ownership_bps": "1"}),
        ("bank", "/edit/bank", raising.BANK),
        ("team", "/team", {"email": "charlie@example.com", "role": "viewer"}),
        ("team", f"/team/{cast['alice']}/role", {"role": "manager"}),
        ("team", f"/team/{cast['alice']}/hand-over", {}),
        ("campaign", "/campaigns", {}),
        ("file", "/check", dict.fromkeys(declarations.STATEMENTS, "y")),
    ):
        allowed = team.may(role, action)
        if allowed and path.endswith("hand-over"):
            continue  # makes alice the owner that she is
        assert (bob.post(here + path, data=data).status_code != 403) == allowed, path
    if role != "owner":
        assert queries.get(cast["company"]).status == "draft"


def test_a_viewer_reads_a_campaign_and_a_manager_writes_it(client, app, cast):
    campaign_id = raising.complete_draft(cast["company"], cast["alice"])
    raising.join(cast["company"], cast["bob"], "viewer")
    raising.join(cast["company"], cast["charlie"], "manager")
    here = f"/my/campaigns/{campaign_id}"
    bob, charlie = raising.sign_in(client, cast["bob"]), raising.browser(app, cast["charlie"])
    assert bob.get(here).status_code == charlie.get(here).status_code == 200
    assert (
        bob.get(f"{here}/edit/basics").status_code,
        charlie.get(f"{here}/edit/basics").status_code,
    ) == (
        403,
        200,
    )
    assert bob.post(f"{here}/cancel").status_code == 403
    assert "Withdraw it" not in bob.get(here).text
    assert charlie.post(f"{here}/cancel").status_code == 303


def test_an_invitation_is_accepted_once_by_whoever_owns_the_address(client, app, cast):
    token = link(cast)
    charlie = raising.sign_in(client, cast["charlie"])
    assert charlie.get(f"/invitations/{token}").status_code == 403
    assert charlie.post(f"/invitations/{token}/accept").status_code == 403
    bob = raising.browser(app, cast["bob"])
    assert "Join Yirga Coffee" in bob.get(f"/invitations/{token}").text
    assert bob.post(f"/invitations/{token}/accept").headers["Location"].endswith(cast["company"])
    assert roles(cast) == {"alice": "owner", "bob": "manager"}
    assert bob.post(f"/invitations/{token}/accept").status_code == 404
    assert "team.joined" in raising.told(cast["alice"])


def test_the_link_goes_to_the_address_by_e_mail(cast):
    token = link(cast, "new@example.com", "viewer")
    mail = raising.mail_to("new@example.com")
    assert f"/invitations/{token}" in mail
    assert "Alice" in mail


@pytest.mark.parametrize("how", ["late", "revoked", "declined", "newer", "forged", "removed"])
def test_a_spent_invitation_opens_nothing(client, cast, frozen, how):
    token = link(cast)
    bob = raising.sign_in(client, cast["bob"])
    if how == "late":
        frozen.advance(timedelta(days=7, seconds=1))
    elif how == "revoked":
        [row] = queries.invitations(cast["company"])
        team_service.revoke(cast["company"], row.id, actor=cast["alice"])
        commit()
    elif how == "declined":
        assert bob.post(f"/invitations/{token}/decline").status_code == 303
    elif how == "newer":
        link(cast, role="viewer")
    elif how == "removed":
        bob.post(f"/invitations/{token}/accept")
        team_service.remove(cast["company"], cast["bob"], actor=cast["alice"])
        commit()
    else:
        token = token[:-3] + ("abc" if token[-3:] != "abc" else "abd")
    assert bob.get(f"/invitations/{token}").status_code == 404
    assert bob.post(f"/invitations/{token}/accept").status_code == 404
    assert roles(cast) == {"alice": "owner"}


@pytest.mark.parametrize(
    "email", ["", "bob", "bob@example", "x" * 300 + "@example.com", "<b>@example.com"]
)
def test_a_bad_address_is_refused_at_its_field(client, cast, email):
    alice = raising.sign_in(client, cast["alice"])
    answer = alice.post(
        f"/companies/{cast['company']}/team", data={"email": email, "role": "viewer"}
    )
    assert answer.status_code == 422
    assert 'id="email-error"' in answer.text
    assert queries.invitations(cast["company"]) == []


def test_an_address_with_an_apostrophe_is_invited_as_it_signs_in(client, cast):
    alice = raising.sign_in(client, cast["alice"])
    here = f"/companies/{cast['company']}/team"
    typed = {"email": "S.O'Hara@example.com", "role": "viewer"}
    assert alice.post(here, data=typed).status_code == 303
    assert [one.email for one in queries.invitations(cast["company"])] == ["s.o'hara@example.com"]


def test_a_company_is_never_without_an_owner(client, cast):
    alice, here = (
        raising.sign_in(client, cast["alice"]),
        f"/companies/{cast['company']}/team/{cast['alice']}",
    )
    for path, data in (("role", {"role": "viewer"}), ("remove", {})):
        answer = alice.post(f"{here}/{path}", data=data)
        assert (answer.status_code, "needs an owner" in answer.text) == (409, True)
    assert roles(cast) == {"alice": "owner"}


def test_a_company_is_handed_over_and_the_old_owner_may_leave(client, cast):
    raising.join(cast["company"], cast["bob"], "viewer")
    alice, here = raising.sign_in(client, cast["alice"]), f"/companies/{cast['company']}/team"
    assert re.search("Hand over", alice.get(here).text)
    assert alice.post(f"{here}/{cast['bob']}/hand-over").status_code == 303
    assert roles(cast) == {"alice": "manager", "bob": "owner"}
    assert queries.get(cast["company"]).owner_id == cast["bob"]
    assert alice.post(f"{here}/{cast['bob']}/remove").status_code == 403
    assert alice.post(f"{here}/{cast['alice']}/remove").status_code == 303
    assert alice.get(f"/companies/{cast['company']}").status_code == 404
    assert roles(cast) == {"bob": "owner"}


def test_a_member_in_any_role_never_decides_about_the_company(cast):
    carla = raising.person("carla", "compliance")
    onboarding.submit(cast["company"], actor=cast["alice"])
    raising.join(cast["company"], carla, "viewer")
    with raising.refused(NotYours):
        reviews.approve(cast["company"], actor=carla)
