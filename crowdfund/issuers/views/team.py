"""The team of a company: who belongs to it, invitations, roles, handing over."""

from flask import Response, url_for
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.issuers import forms
from crowdfund.issuers import queries as issuers_queries
from crowdfund.issuers.rows import MemberCompany
from crowdfund.issuers.rules import team as team_rules
from crowdfund.issuers.service import team as team_service
from crowdfund.issuers.views.blueprint import COMPANY, bp
from crowdfund.kernel.errors import CrowdfundError
from crowdfund.kernel.forms import put_errors
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import identity, pages
from crowdfund.people import queries

MEMBER = "<string(length=32):user_id>"


@bp.route(f"{COMPANY}/team", methods=["GET", "POST"])
def team(company_id: str) -> BaseResponse:
    """Show the team; invite someone."""
    company = _authorise(company_id, "view")
    form = forms.InviteForm()
    if not form.is_submitted():
        return _page(company, form)
    team_rules.demand(company.my_role, "team")
    if not form.validate():
        return _page(company, form, status=422)
    try:
        email = form.email.data or ""
        team_service.invite(company_id, email, form.role.data or "", actor=identity.signed_in().id)
    except CrowdfundError as error:
        put_errors(form, error)
        return _page(company, form, status=error.status)
    pages.flash(_("Invited. The link in the e-mail works for seven days."), "success")
    return _back(company_id)


@bp.post(f"{COMPANY}/team/{MEMBER}/role")
def set_role(company_id: str, user_id: str) -> BaseResponse:
    """Give a member another role."""
    company = _authorise(company_id, "team")
    role = forms.RoleForm().role.data or ""
    try:
        team_service.set_role(company_id, user_id, role, actor=identity.signed_in().id)
    except CrowdfundError as error:
        if error.status == 404:
            raise
        return _refused(company, error)
    pages.flash(_("The role has changed."), "success")
    return _back(company_id)


@bp.post(f"{COMPANY}/team/{MEMBER}/remove")
def remove_member(company_id: str, user_id: str) -> BaseResponse:
    """Take someone out of the team, or leave it."""
    me = identity.signed_in().id
    company = _authorise(company_id, "view" if user_id == me else "team")
    try:
        team_service.remove(company_id, user_id, actor=me)
    except team_service.LastOwner as error:
        return _refused(company, error)
    if user_id == me:
        pages.flash(_("You have left the team."))
        return pages.back(url_for("campaigns.dashboard"))
    pages.flash(_("Removed. This person can no longer open the company."), "success")
    return _back(company_id)


@bp.post(f"{COMPANY}/team/{MEMBER}/hand-over")
def hand_over(company_id: str, user_id: str) -> BaseResponse:
    """Make a member the owner in one's own place."""
    _authorise(company_id, "team")
    team_service.hand_over(company_id, user_id, actor=identity.signed_in().id)
    pages.flash(_("Handed over. You are a manager of this company now."), "success")
    return _back(company_id)


@bp.post(f"{COMPANY}/invitations/<string(length=32):invitation_id>/revoke")
def revoke(company_id: str, invitation_id: str) -> BaseResponse:
    """Take an invitation back."""
    _authorise(company_id, "team")
    team_service.revoke(company_id, invitation_id, actor=identity.signed_in().id)
    pages.flash(_("Revoked. The link no longer works."))
    return _back(company_id)


@bp.get("/invitations/<token>")
def invitation(token: str) -> Response:
    """Show who invites to what."""
    found = team_service.offered(token, identity.signed_in().id)
    names = queries.names({found.invited_by})
    return pages.render(
        "issuers/invitation.html",
        token=token,
        offer=found,
        company=issuers_queries.get(found.company_id),
        by=names.get(found.invited_by, ""),
        role=team_rules.ROLE_NAMES[found.role],
        text=team_rules.ROLE_TEXTS[found.role],
    )


@bp.post("/invitations/<token>/accept")
def accept(token: str) -> BaseResponse:
    """Join the team."""
    company_id = team_service.accept(token, identity.signed_in().id)
    pages.flash(_("Welcome to the team."), "success")
    return pages.back(url_for("issuers.overview", company_id=company_id))


@bp.post("/invitations/<token>/decline")
def decline(token: str) -> BaseResponse:
    """Turn the invitation down."""
    team_service.decline(token, identity.signed_in().id)
    pages.flash(_("Declined. Nothing else happens."))
    return pages.back("/")


# --- helpers ------------------------------------------------------------------------------------


def _authorise(company_id: str, action: str) -> MemberCompany:
    return issuers_queries.for_member(company_id, identity.signed_in().id, action)


def _back(company_id: str) -> BaseResponse:
    return pages.back(url_for("issuers.team", company_id=company_id))


def _refused(company: MemberCompany, error: CrowdfundError) -> Response:
    form = forms.InviteForm(formdata=None)
    pages.put_error(form, CrowdfundError(error.user_message))
    return _page(_authorise(company.id, "view"), form, status=error.status)


def _page(company: MemberCompany, form: FlaskForm, *, status: int = 200) -> Response:
    members = issuers_queries.members(company.id)
    invitations = issuers_queries.invitations(company.id)
    owners = [row.user_id for row in members if row.role == team_rules.Role.OWNER]
    people = {row.user_id for row in members} | {row.invited_by for row in invitations}
    return pages.render(
        "issuers/team.html",
        status=status,
        company=company,
        form=form,
        members=members,
        invitations=invitations,
        names=queries.names(people),
        role_names=team_rules.ROLE_NAMES,
        role_texts=team_rules.ROLE_TEXTS,
        needed=owners if len(owners) == 1 else [],
        may_manage=team_rules.may(company.my_role, "team"),
        me=identity.signed_in().id,
    )
