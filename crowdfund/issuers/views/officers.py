"""The page of directors and owners: the list, and a page for each person."""

from typing import Any

from flask import Response, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.issuers import forms, queries
from crowdfund.issuers.rows import MemberCompany
from crowdfund.issuers.rules import diffs
from crowdfund.issuers.rules import officers as officers_rules
from crowdfund.issuers.service import officers as officers_service
from crowdfund.issuers.views.blueprint import COMPANY, bp
from crowdfund.issuers.views.wizard import after
from crowdfund.kernel.errors import CrowdfundError
from crowdfund.kernel.fields import percents
from crowdfund.kernel.forms import put_errors
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import identity, pages

OFFICER = "<string(length=32):officer_id>"


@bp.get(f"{COMPANY}/officers")
def officers(company_id: str) -> Response:
    """Show the list, and what it still lacks."""
    company = _authorise(company_id)
    listed = queries.filled(company)["officers"]
    total = sum(officer["ownership_bps"] for officer in listed)
    return pages.render(
        "issuers/officers.html",
        company=company,
        officers=[(officer, diffs.officer_text(officer)) for officer in listed],
        total=percents.percent(total),
        missing=officers_rules.officers_missing(listed),
        following=after(company_id, "officers"),
    )


@bp.route(f"{COMPANY}/officers/new", methods=["GET", "POST"])
def new_officer(company_id: str) -> BaseResponse:
    """Add someone to the list."""
    return _page(_authorise(company_id), None)


@bp.route(f"{COMPANY}/officers/{OFFICER}", methods=["GET", "POST"])
def officer(company_id: str, officer_id: str) -> BaseResponse:
    """Change someone of the list."""
    company = _authorise(company_id)
    found = [one for one in queries.filled(company)["officers"] if one["id"] == officer_id]
    if not found:
        raise officers_service.OfficerMissing(_("There is no such person on the list."))
    return _page(company, found[0])


@bp.post(f"{COMPANY}/officers/{OFFICER}/remove")
def remove_officer(company_id: str, officer_id: str) -> BaseResponse:
    """Take someone off the list."""
    _authorise(company_id)
    officers_service.remove(company_id, officer_id, actor=identity.signed_in().id)
    return pages.back(url_for("issuers.officers", company_id=company_id))


def _authorise(company_id: str) -> MemberCompany:
    return queries.for_member(company_id, identity.signed_in().id, "file")


def _page(company: MemberCompany, known: dict[str, Any] | None) -> BaseResponse:
    shown, officer_id = {}, None
    if known:
        officer_id = known["id"]
        shown = {**known, "ownership_bps": percents.percent(known["ownership_bps"])}
    form = forms.OfficerForm(data=shown)
    context: dict[str, Any] = {"company": company, "form": form, "officer_id": officer_id}
    if not form.validate_on_submit():
        return pages.render("issuers/officer.html", status=422 if form.errors else 200, **context)
    try:
        officers_service.save(
            company.id, form.data, actor=identity.signed_in().id, officer_id=officer_id
        )
    except CrowdfundError as error:
        put_errors(form, error)
        return pages.render("issuers/officer.html", status=error.status, **context)
    return pages.back(url_for("issuers.officers", company_id=company.id))
