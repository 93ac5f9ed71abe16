"""What the person who pays sees."""

from flask import Response, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.kernel.web import identity, pages
from crowdfund.payments import queries, reviews, rules
from crowdfund.payments.service import purposes, short, watching
from crowdfund.payments.views.blueprint import bp


@bp.get("/payments/<payment_id>/return")
def come_back(payment_id: str) -> BaseResponse:
    """Lead a customer who comes back from the gateway to the page of what was paid.

    Nothing that the browser sends is trusted: the page shows what webhook and gateway agree on. The
    gateway is asked at once, by a worker.
    """
    payment = queries.get_for_owner(payment_id, identity.signed_in().id)
    watching.came_back(payment.id)
    target = purposes.purpose_url(payment.purpose_kind, payment.purpose_id)
    return pages.back(target or url_for("payments.show", payment_id=payment_id))


@bp.get("/payments/<payment_id>")
def show(payment_id: str) -> Response:
    """Show the status of a person's own payment; the fragment updates itself."""
    payment = queries.get_for_owner(payment_id, identity.signed_in().id)
    found = reviews.of_payment(payment_id)
    is_short = any(one.is_short and one.is_open for one in found)
    return pages.render(
        "payments/show.html",
        "payments/_payment.html",
        payment=payment,
        reviews=found,
        rest=short.rest(payment_id) if is_short else None,
        progress=rules.progress_of(payment),
        is_questioned=not payment.is_received and reviews.is_questioned(payment_id),
        purpose_url=purposes.purpose_url(payment.purpose_kind, payment.purpose_id),
        steps=queries.timeline(payment_id),
    )
