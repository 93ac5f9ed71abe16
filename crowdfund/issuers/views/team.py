"""The team of a company: who belongs to it, invitations, roles, handing over."""

from typing import Any

from flask import Response, url_for
from flask_wtf import FlaskForm
from sqlalchemy import Row
from werkzeug.wrappers import Response as BaseResponse

from crowdfund import web
from crowdfund.accounts import queries as accounts
from crowdfund.errors import CrowdfundError
from crowdfund.i18n import _

from .. import forms, queries, rules, service
from .blueprint import COMPANY, bp

MEMBER = "<string(length=32):user_id>"


@bp.route(f"{COMPANY}/team", methods=["GET", "POST"])
def team(company_id: str) -> BaseResponse:
    """Show the team; invite somebody."""
    company = _mine(company_id, "view")
    form = forms.InviteForm()
    if not form.is_submitted():
        return _page(company, form)
    rules.demand(company.my_role, "team")
    if not form.validate():
        return _page(company, form, status=422)
    try:
        email = form.email.data or ""
        service.team.invite(company_id, email, form.role.data or "", actor=web.current_user().id)
    except CrowdfundError as error:
        forms.put_errors(form, error)
        return _page(company, form, status=error.status)
    web.flash(_("Invited. The link in the e-mail works for seven days."), "success")
    return _back(company_id)


@bp.post(f"{COMPANY}/team/{MEMBER}/role")
def set_role(company_id: str, user_id: str) -> BaseResponse:
    """Give a member another role."""
    company = _mine(company_id, "team")
    role = forms.RoleForm().role.data or ""
    try:
        service.team.set_role(company_id, user_id, role, actor=web.current_user().id)
    except CrowdfundError as error:
        if error.status == 404:
            raise
        return _refused(company, error)
    web.flash(_("The role has changed."), "success")
    return _back(company_id)


@bp.post(f"{COMPANY}/team/{MEMBER}/remove")
def remove_member(company_id: str, user_id: str) -> BaseResponse:
    """Take somebody out of the team, or leave it."""
    me = web.current_user().id
    company = _mine(company_id, "view" if user_id == me else "team")
    try:
        service.team.remove(company_id, user_id, actor=me)
    except service.team.LastOwner as error:
        return _refused(company, error)
    if user_id == me:
        web.flash(_("You have left the team."))
        return web.back(url_for("campaigns.dashboard"))
    web.flash(_("Removed. This person cannot open the company any more."), "success")
    return _back(company_id)


@bp.post(f"{COMPANY}/team/{MEMBER}/hand-over")
def hand_over(company_id: str, user_id: str) -> BaseResponse:
    """Make a member the owner in one's own place."""
    _mine(company_id, "team")
    service.team.hand_over(company_id, user_id, actor=web.current_user().id)
    web.flash(_("Handed over. You are a manager of this company now."), "success")
    return _back(company_id)


@bp.post(f"{COMPANY}/invitations/<string(length=32):invitation_id>/revoke")
def revoke(company_id: str, invitation_id: str) -> BaseResponse:
    """Take an invitation back."""
    _mine(company_id, "team")
    service.team.revoke(company_id, invitation_id, actor=web.current_user().id)
    web.flash(_("Revoked. The link does not work any more."))
    return _back(company_id)


@bp.get("/invitations/<token>")
def invitation(token: str) -> Response:
    """Show who invites to what."""
    found = service.team.offered(token, web.current_user().id)
    names = accounts.names({found.invited_by})
    return web.render(
        "issuers/invitation.html",
        token=token,
        offer=found,
        company=queries.get(found.company_id),
        by=names.get(found.invited_by, ""),
        role=rules.ROLE_NAMES[found.role],
        text=rules.ROLE_TEXTS[found.role],
    )


@bp.post("/invitations/<token>/accept")
def accept(token: str) -> BaseResponse:
    """Join the team."""
    company_id = service.team.accept(token, web.current_user().id)
    web.flash(_("Welcome to the team."), "success")
    return web.back(url_for("issuers.overview", company_id=company_id))


@bp.post("/invitations/<token>/decline")
def decline(token: str) -> BaseResponse:
    """Turn the invitation down."""
    service.team.decline(token, web.current_user().id)
    web.flash(_("Declined. Nothing else happens."))
    return web.back("/")


# --- helpers ------------------------------------------------------------------------------------


def _mine(company_id: str, action: str) -> Row[Any]:
    return queries.for_member(company_id, web.current_user().id, action)


def _back(company_id: str) -> BaseResponse:
    return web.back(url_for("issuers.team", company_id=company_id))


def _refused(company: Row[Any], error: CrowdfundError) -> Response:
    form = forms.InviteForm(formdata=None)
    web.put_error(form, CrowdfundError(error.user_message))
    return _page(queries.for_member(company.id, web.current_user().id), form, status=error.status)


def _page(company: Row[Any], form: FlaskForm, *, status: int = 200) -> Response:
    members, invitations = queries.members(company.id), queries.invitations(company.id)
    owners = [row.user_id for row in members if row.role == rules.Role.OWNER]
    return web.render(
        "issuers/team.html",
        status=status,
        company=company,
        form=form,
        members=members,
        invitations=invitations,
        names=accounts.names({row.user_id for row in members} | {row.invited_by for row in invitations}),
        role_names=rules.ROLE_NAMES,
        role_texts=rules.ROLE_TEXTS,
        needed=owners if len(owners) == 1 else [],
        may_manage=rules.may(company.my_role, "team"),
        me=web.current_user().id,
    )
