"""What tests and the demo ask of the gateway beside the protocol: `/_control/...`."""

from collections.abc import Callable
from typing import Any

from crowdfund.local.bill_bitts import deliveries, payouts
from crowdfund.local.bill_bitts.errors import Refused
from crowdfund.local.bill_bitts.faults import Faults
from crowdfund.local.bill_bitts.gateway import Gateway, amount_text, new_tx_id

Body = dict[str, Any]
STATUSES = ("PENDING", "SUCCESS", "SETTLED", "FAILED")
MAX_BULK = 200_000


def answer(gateway: Gateway, verb: str, body: Body) -> Body:
    """Do one verb and return JSON."""
    handler = _VERBS.get(verb)
    if handler is None:
        raise Refused(404, f"control knows {', '.join(sorted(_VERBS))}")
    result = handler(gateway, body)
    gateway.state.flush()
    return result


def _settings(gateway: Gateway, body: Body) -> Body:
    """Set any of settings.SETTINGS; return all, and the gateway's time."""
    gateway.settings.change(body)
    return gateway.settings.as_dict() | {"now": gateway.now()}


def _emit(gateway: Gateway, body: Body) -> Body:
    """Queue webhooks: events = [{tx_id, status, key?, nonce?, changes?}, ...]."""
    ids: list[int] = []
    for event in body["events"]:
        ids += gateway.emit(
            event["tx_id"],
            event["status"],
            key=event.get("key", 1),
            nonce=event.get("nonce", ""),
            changes=event.get("changes"),
        )
    return {"deliveries": ids}


def _truth(gateway: Gateway, body: Body) -> Body:
    """Set what status queries say, without any webhook: tx_ids (or "all"), status, amount?."""
    status = body["status"]
    if status not in STATUSES:
        raise Refused(400, f"status is one of {', '.join(STATUSES)}")
    names = body.get("tx_ids", "all")
    if names == "all":
        changed = gateway.state.write("UPDATE payment SET status = ?, settle_at = NULL", status)
        return {"changed": changed}
    gateway.state.write_many(
        "UPDATE payment SET status = ?, settle_at = NULL,"
        " paid_amount = COALESCE(?, paid_amount), paid_currency = COALESCE(?, paid_currency)"
        " WHERE tx_id = ?",
        [(status, body.get("amount"), body.get("currency"), name) for name in names],
    )
    return {"changed": len(names)}


def _pay(gateway: Gateway, body: Body) -> Body:
    """Pay (or fail) as the customer would on the checkout page."""
    faults = Faults.from_dict(body.get("faults", {}))
    amount = amount_text(str(body["amount"])) if "amount" in body else None
    for name in body["tx_ids"]:
        if body.get("fail"):
            gateway.fail(name, faults)
        else:
            gateway.pay(name, faults, amount, body.get("currency"))
    return {"paid": len(body["tx_ids"])}


def _bulk(gateway: Gateway, body: Body) -> Body:
    """Create payments of one new customer: count or references, amount, status."""
    references = body.get("references") or [""] * int(body["count"])
    if len(references) > MAX_BULK:
        raise Refused(400, f"at most {MAX_BULK} at a time")
    person = {"email": "bulk@example.com", "first_name": "Bulk", "last_name": "", "phone": ""}
    cprn = body.get("cprn") or gateway.register(person)["cprn"]
    common = {"cprn": cprn, "amount": body.get("amount", "100.00"), "currency": "ETB"}
    names = []
    for reference in references:
        names.append(new_tx_id())
        gateway.insert(names[-1], common | {"reference": reference}, body.get("status", "SETTLED"))
    return {"cprn": cprn, "tx_ids": names}


def _list(gateway: Gateway, body: Body) -> Body:
    """List deliveries of a payment, all counts by state, and the number of status queries."""
    rows = gateway.state.all(
        "SELECT id, tx_id, status, nonce, key, attempts, state, last_code FROM delivery"
        " WHERE tx_id = COALESCE(?, tx_id) ORDER BY id DESC LIMIT 500",
        body.get("tx_id"),
    )
    found = [dict(row) for row in rows]
    return {"counts": deliveries.summary(gateway), "deliveries": found, "asked": gateway.asked}


def _resend(gateway: Gateway, body: Body) -> Body:
    """Queue lost and given-up deliveries again (of one payment, or all)."""
    changed = gateway.state.write(
        "UPDATE delivery SET state = 'queued', due_at = 0, attempts = 0"
        " WHERE state IN ('lost', 'gave_up') AND tx_id = COALESCE(?, tx_id)",
        body.get("tx_id"),
    )
    return {"queued": changed}


def _payout(gateway: Gateway, body: Body) -> Body:
    """End a payout, or leave it waiting: name (number or reference), action pay, fail or wait."""
    payouts.end(gateway, str(body.get("name", "")), str(body.get("action", "")))
    return payouts.status(gateway, str(body.get("name", "")))


_VERBS: dict[str, Callable[[Gateway, Body], Body]] = {
    "settings": _settings,
    "emit": _emit,
    "truth": _truth,
    "pay": _pay,
    "bulk": _bulk,
    "deliveries": _list,
    "resend": _resend,
    "payout": _payout,
}
