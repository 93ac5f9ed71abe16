"""Compliance on companies: verify, send back, deactivate, reactivate; never one's own."""

from crowdfund.issuers import queries
from crowdfund.issuers.rules import life, requirements
from crowdfund.issuers.rules.life import Status
from crowdfund.issuers.rules.team import Role
from crowdfund.issuers.service import registry
from crowdfund.issuers.service.shared import Incomplete, move, notify, reviewable
from crowdfund.kernel import clock
from crowdfund.kernel.errors import WrongState
from crowdfund.kernel.fields import texts
from crowdfund.kernel.i18n import _


def approve(company_id: str, *, actor: str) -> None:
    """Verify a submitted company and have it entered in the issuer registry.

    Every document must be decided on and the required ones accepted. Raises NotYours (four eyes),
    Incomplete or WrongState. On chain go salted commitments only.
    """
    company = reviewable(company_id, actor)
    to = life.move(company.status, Status.VERIFIED)
    documents = queries.documents_of(company_id)
    lacking = requirements.lacking(documents, company.country, verified=True)
    if lacking:
        names = ", ".join(str(requirements.KINDS[kind]) for kind in lacking)
        raise Incomplete(_("Accept the required documents first: %(names)s.", names=names))
    if any(row.status == "pending" for row in documents):
        raise Incomplete(_("Decide on every document first."))
    company.reviewed_at, company.reviewed_by = clock.now(), actor
    move(company, to, actor=actor)
    registry.register(company)
    notify(company, "company.approved", key=f"approved:{company.submitted_at}")


def reject(company_id: str, reason: str, *, actor: str) -> None:
    """Send a submitted file back to its owner with a reason; raises NotYours or WrongState."""
    why = texts.reason(reason, most=texts.LONG_REASON)
    company = reviewable(company_id, actor)
    to = life.move(company.status, Status.REJECTED)
    company.reviewed_at, company.reviewed_by = clock.now(), actor
    company.rejection_reason = why
    company.claimed_registration = company.claimed_wallet = None
    move(company, to, actor=actor, reason=why)
    notify(company, "company.changes_wanted", key=f"rejected:{company.submitted_at}", reason=why)


def deactivate(company_id: str, reason: str, *, actor: str) -> None:
    """Stop new campaigns of a company, in SQL and on chain; raises NotYours or WrongState.

    A running campaign continues to its end, and its money is released or refunded as usual.
    """
    why = texts.reason(reason, most=texts.LONG_REASON)
    company = reviewable(company_id, actor)
    to = life.move(company.status, Status.DEACTIVATED)
    company.deactivated_at, company.deactivation_reason = clock.now(), why
    move(company, to, actor=actor, reason=why)
    registry.deactivate(company)
    key = f"deactivated:{company.deactivated_at}"
    notify(company, "company.deactivated", key=key, roles=Role, reason=why)


def reactivate(company_id: str, reason: str, *, actor: str) -> None:
    """Let a deactivated company start campaigns again; raises NotYours or WrongState."""
    why = texts.reason(reason, most=texts.LONG_REASON)
    company = reviewable(company_id, actor)
    if company.status != Status.DEACTIVATED:
        raise WrongState(_("This company is not deactivated. Reload the page to see its state."))
    key = f"reactivated:{company.deactivated_at}"
    company.deactivated_at = company.deactivation_reason = None
    move(company, Status.VERIFIED, actor=actor, reason=why)
    registry.reactivate(company)
    notify(company, "company.reactivated", key=key, roles=Role)
