"""The doors for gateways: verify, store, answer. No session, no CSRF: the signature is the proof."""

from typing import Any

from flask import jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from ... import web
from ...adapters import bill_bitts, gateways
from ...errors import CrowdfundError, NotFound
from .. import service
from .blueprint import bp


@bp.post("/webhooks/neo-payment/")
@web.csrf.exempt
def neo_webhook() -> ResponseReturnValue:
    """Take a webhook of NEO Bank at the address that it knows."""
    return _take(bill_bitts.NAME)


@bp.post("/webhooks/<gateway>/")
@web.csrf.exempt
def gateway_webhook(gateway: str) -> ResponseReturnValue:
    """Take a webhook of a gateway by name."""
    if gateway not in gateways.names():
        raise NotFound("There is no such gateway.")
    return _take(gateway)


def _take(gateway: str) -> tuple[Any, int]:
    request.max_content_length = gateways.MAX_WEBHOOK_BYTES
    try:
        accepted = service.accept(gateway, request.get_data(cache=False), request.headers)
    except RequestEntityTooLarge:
        return jsonify(error="The body is larger than 64 kB."), 413
    except CrowdfundError as refusal:
        return jsonify(error=refusal.user_message), refusal.status
    if accepted.parked:
        return jsonify(status="parked", transaction_id=accepted.tx_id), 202
    return jsonify(status="verified", transaction_id=accepted.tx_id), 200
