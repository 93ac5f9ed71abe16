"""The compliance officer's desk for companies: queue, detail, decision."""

from typing import Any

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund import web
from crowdfund.accounts import queries as accounts
from crowdfund.errors import CrowdfundError
from crowdfund.issuers import queries as issuers
from crowdfund.issuers import rules as issuer_rules
from crowdfund.issuers import service as issuer_service
from crowdfund.issuers.forms import put_errors

from ..forms import RejectForm
from .blueprint import bp


@bp.get("/staff/companies")
def companies() -> Response:
    """List companies, those that wait longest first."""
    args = request.args
    page = web.page_number()
    status = args.get("status", "submitted")
    rows, more = issuers.queue(status=status, text=args.get("q", "")[:80], page=page)
    names = accounts.names({row.owner_id for row in rows})
    context: dict[str, Any] = {
        "rows": rows,
        "more": more,
        "page": page,
        "counts": issuers.counts(),
        "shown": status,
    }
    return web.render("compliance/companies.html", names=names, **context)


@bp.get("/staff/companies/<string(length=32):company_id>")
def company(company_id: str) -> Response:
    """Show one company to its reviewer."""
    return _detail(company_id, RejectForm())


@bp.get("/staff/companies/<string(length=32):company_id>/state")
def company_state(company_id: str) -> Response:
    """Show where a company stands, alone, for live updates."""
    found = issuers.get(company_id)
    return web.render("compliance/_company_state.html", company=found, **_history(company_id))


@bp.post("/staff/companies/<string(length=32):company_id>/approve")
def approve(company_id: str) -> BaseResponse:
    """Verify a company."""
    issuer_service.approve(company_id, actor=web.current_user().id)
    web.flash("Verified. The issuer registry is being told.", "success")
    return web.back(url_for("compliance.company", company_id=company_id))


@bp.post("/staff/companies/<string(length=32):company_id>/reject")
def reject(company_id: str) -> BaseResponse:
    """Send a company back to its owner with a reason."""
    form = RejectForm()
    try:
        issuer_service.reject(company_id, form.reason.data or "", actor=web.current_user().id)
    except CrowdfundError as error:
        if error.field != "reason":
            raise
        put_errors(form, error)
        return _detail(company_id, form, status=422)
    web.flash("Sent back. The owner sees your reason.", "success")
    return web.back(url_for("compliance.companies"))


@bp.post("/staff/companies/<string(length=32):company_id>/register-again")
def register_again(company_id: str) -> BaseResponse:
    """Try the registry again after it refused."""
    issuer_service.register_again(company_id, actor=web.current_user().id)
    web.flash("The issuer registry is being told again.", "info")
    return web.back(url_for("compliance.company", company_id=company_id))


def _history(company_id: str) -> dict[str, Any]:
    events = issuers.history(company_id)
    return {"events": events, "names": accounts.names({event.actor for event in events})}


def _detail(company_id: str, form: RejectForm, *, status: int = 200) -> Response:
    found = issuers.get(company_id)
    me = web.current_user()
    return web.render(
        "compliance/company.html",
        status=status,
        company=found,
        form=form,
        is_own=not issuer_rules.may_review(me.id, issuers.member_ids(company_id)),
        memorandum=issuers.memorandum(company_id),
        sector=issuer_rules.SECTORS.get(found.sector or ""),
        country=issuer_rules.COUNTRIES.get(found.country or ""),
        editable=False,
        **_history(company_id),
    )
