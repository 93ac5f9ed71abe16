"""Pay with tokens: the page for the wallet, what its script asks, and what can go wrong."""

from typing import Any

from flask import Blueprint, Response, jsonify, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.chain import queries as chain
from crowdfund.kernel import clock, config
from crowdfund.kernel.errors import Invalid, NotFound
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import identity, pages
from crowdfund.payments import queries as payments
from crowdfund.payments.rows import PaymentRow
from crowdfund.payments.rules import UNPAID
from crowdfund.payments.service import purposes
from crowdfund.people import queries as people
from crowdfund.token_payments import queries, rules, service
from crowdfund.token_payments.rows import OrderRow

bp = Blueprint("token_payments", __name__)


@bp.app_template_global("token_order")
def token_order(payment_id: str) -> OrderRow | None:
    """Return the order of a payment, for the page of what it pays."""
    return queries.find_order(payment_id)


@bp.app_template_global("wallet_rpc_url")
def wallet_rpc_url() -> str:
    """Return the node's address for a wallet that does not know our network, or nothing."""
    settings = config.settings()
    if settings.chain_public_rpc_url or settings.environment == "production":
        return settings.chain_public_rpc_url
    return settings.chain_rpc_url


@bp.get("/payments/<payment_id>/tokens")
def pay(payment_id: str) -> BaseResponse:
    """Show the exact quote and let the payer's own wallet pay it; what is over leads on."""
    payment, order = _own(payment_id)
    if payment.status not in UNPAID:
        return pages.back(_purpose_url(payment))
    return pages.render("token_payments/pay.html", **_context(payment, order))


@bp.get("/payments/<payment_id>/tokens/state")
def state(payment_id: str) -> Response:
    """Tell the page's script what the wallet is asked to do."""
    payment, order = _own(payment_id)
    return jsonify(_state(payment, order))


@bp.post("/payments/<payment_id>/tokens/wallet")
def choose(payment_id: str) -> Response:
    """Let one of the person's own wallets pay."""
    _own(payment_id)
    user_id = identity.signed_in().id
    service.choose_wallet(payment_id, request.form.get("address", "")[:100], user_id=user_id)
    return jsonify(_state(payments.get(payment_id), queries.order(payment_id)))


@bp.post("/payments/<payment_id>/tokens/permit")
def permit(payment_id: str) -> Response:
    """Return the calls of a permit that the wallet has signed."""
    _payment, order = _own(payment_id)
    try:
        nonce = int(request.form.get("nonce", "")[:80], 0)
    except ValueError:
        raise Invalid(_("The wallet has not signed what was asked for. Try again.")) from None
    return jsonify(service.permit_calls(order, nonce, request.form.get("signature", "")[:20_000]))


@bp.post("/payments/<payment_id>/tokens/sent")
def sent(payment_id: str) -> Response:
    """Note the transaction that the page names: a hint, the contract's event alone counts."""
    payment, _order = _own(payment_id)
    service.note_sent(payment_id, request.form.get("hash", ""))
    return jsonify(url=_purpose_url(payment))


@bp.get("/payments/<payment_id>/tokens/problem/<name>")
def problem(payment_id: str, name: str) -> Response:
    """Show what went wrong between wallet and contract, and what to do next."""
    payment, order = _own(payment_id)
    error = _error(request.args.get("reason", "")[:2_000])
    name = rules.PAGE_OF.get(error, name) if name == "reverted" else name
    found = rules.PROBLEMS.get(name)
    if found is None:
        raise NotFound(_("There is no such page."))
    return pages.render(
        "token_payments/problem.html",
        name=name,
        problem=found,
        reason=rules.REASONS.get(error, error),
        **_context(payment, order),
    )


def _own(payment_id: str) -> tuple[PaymentRow, OrderRow]:
    """Return a person's own payment and its order; raises NotFound for others."""
    payment = payments.get_for_owner(payment_id, identity.signed_in().id)
    return payment, queries.order(payment_id)


def _purpose_url(payment: PaymentRow) -> str:
    found = purposes.purpose_url(payment.purpose_kind, payment.purpose_id)
    return found or url_for("payments.show", payment_id=payment.id)


def _error(data: str) -> str:
    """Return the name of the error in a contract's refusal; nothing without one."""
    if not data.startswith("0x") or len(data) < len("0x00000000"):
        return ""
    from crowdfund.chain import token_calls  # noqa: PLC0415 - web processes start without it

    return token_calls.reason_of(data)


def _context(payment: PaymentRow, order: OrderRow) -> dict[str, Any]:
    return {
        "payment": payment,
        "order": order,
        "rate": queries.rate(order.rate_id),
        "rate_words": rules.rate_words(queries.rate(order.rate_id)),
        "network": config.settings().chain_name,
        "wallets": people.addresses_of(payment.user_id, "wallet"),
        "purpose_url": _purpose_url(payment),
        "is_over": rules.is_over(order, clock.now()),
        "may_be_under_way": order.wallet is not None,
        "ends_at": rules.expires_at(order.valid_until, is_admitted=order.wallet is not None),
        "seen": seen(order),
        "target": url_for("token_payments.pay", payment_id=payment.id),
    }


def seen(order: OrderRow) -> dict[str, int] | None:
    """Return the block of an order's event that is not final yet and its confirmations, or None."""
    event, cursor = chain.newest_event(order.intent), chain.cursor()
    if event is None or cursor is None or event.status != "seen":
        return None
    have = cursor.head - event.block_number + 1
    return {
        "block": event.block_number,
        "have": have,
        "need": config.settings().chain_confirmations,
    }


def _state(payment: PaymentRow, order: OrderRow) -> dict[str, Any]:
    """Return the order as the script needs it; `status` says what comes next."""
    if payment.status not in UNPAID:
        return {"status": "over", "url": _purpose_url(payment)}
    if rules.is_over(order, clock.now()):
        return {"status": "late"}
    if order.problem:
        return {"status": "problem", "problem": order.problem}
    if order.wallet is None:
        return {"status": "choose"}
    if order.calls is None:
        return {"status": "preparing"}
    calls = {name: data for name, data in order.calls.items() if name != "admission"}
    return {
        "status": "ready",
        "wallet": order.wallet,
        "contract": order.contract,
        "token": order.token_address,
        "units": hex(int(order.units)),
        "calls": calls,
    }
