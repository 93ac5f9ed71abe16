"""Begin a payment: know the customer, open it at the gateway, let it expire."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa
import structlog

from crowdfund.adapters import gateway_budget, gateways
from crowdfund.adapters.gateways import Initiated, Order, Payer, Truth
from crowdfund.kernel import clock, config, live, outbox
from crowdfund.kernel.db import db, insert_ignore, new_id, record_event
from crowdfund.kernel.errors import Conflict
from crowdfund.kernel.i18n import _
from crowdfund.kernel.moving import move_row
from crowdfund.kernel.person import Person
from crowdfund.ledger import rules as ledger_rules
from crowdfund.payments import queries, rules
from crowdfund.payments.events import OF_STATUS
from crowdfund.payments.models import GatewayCustomer, Payment, payment_event
from crowdfund.payments.rules import Kind, Status
from crowdfund.payments.service import answers, exceptions, keys
from crowdfund.people import queries as people_queries

log = structlog.get_logger()
_P, _C = Payment.__table__, GatewayCustomer.__table__
MAX_INITIATE_TRIES = 12
_REGISTRATION_S = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class Failed:
    """An outside call that did not succeed; `final` means that the gateway said no.

    `is_foreign`: the gateway answered about another transaction than ours.
    """

    why: str
    final: bool
    is_foreign: bool = False


def start(  # noqa: PLR0913 - what a payment is
    *,
    user_id: str,
    amount_minor: int,
    currency: str,
    gateway: str,
    purpose: tuple[str, str],
    destination: str,
    description: str,
    key: str,
) -> str:
    """Begin to collect an amount (minor units) for a purpose and return the payment's id.

    The same key begins once. The money will go to the ledger account `destination` when it is
    settled. The gateway is called by the worker: until then the payment is `created`, then
    `pending` with a checkout_url. Raises Conflict when the key came before with other figures.
    """
    gateways.get(gateway)
    ledger_rules.account_kind(destination)
    now, payment_id = clock.now(), new_id()
    wanted = {
        "user_id": user_id, "gateway": gateway, "purpose_kind": purpose[0], "purpose_id": purpose[1],
        "destination": destination, "amount_minor": amount_minor, "currency": currency,
    }  # fmt: skip
    fresh = insert_ignore(_P, [{
        "id": payment_id, "key": key, "description": description[:200], "status": Status.CREATED,
        "claimed": "", "claimed_failed": False, "created_at": now, "updated_at": now,
        "expires_at": now + rules.LIFETIME, "checked_at": now, **wanted,
    }])  # fmt: skip
    if not fresh:
        return _same(key, wanted)
    record_event(payment_event, payment_id, actor=user_id, before=None, after=Status.CREATED)
    _queue_opening(payment_id, user_id, gateway)
    outbox.add(
        "payments.check",
        f"expire:{payment_id}",
        {"payment_id": payment_id},
        not_before=now + rules.LIFETIME,
        lane=gateway,
    )
    return payment_id


def _queue_opening(payment_id: str, user_id: str, gateway: str) -> None:
    """Open the payment at once for a known customer, else right after the registration.

    The delayed row serves a payment that begins while the registration of its customer ends.
    """
    first = {"payment_id": payment_id}
    if queries.cprn_of(user_id, gateway) is not None:
        outbox.add("payments.initiate", f"initiate:{payment_id}:0", first, lane=gateway)
        return
    customer = {"user_id": user_id, "gateway": gateway}
    outbox.add("payments.register", f"register:{gateway}:{user_id}", customer, lane=gateway)
    later = clock.now() + _REGISTRATION_S
    outbox.add(
        "payments.initiate", f"initiate:{payment_id}:0", first, not_before=later, lane=gateway
    )


def _same(key: str, wanted: Mapping[str, Any]) -> str:
    found = queries.find_by_key(key)
    if found is None or any(getattr(found, name) != value for name, value in wanted.items()):
        raise Conflict(
            _("This payment has already been started with a different amount. Nothing was charged.")
        )
    return found.id


# --- the customer ---------------------------------------------------------------------------------


def missing_contact(user_id: str, gateway: str) -> str | None:
    """Return in plain words what the gateway has to know of a person and we do not, or None."""
    if queries.cprn_of(user_id, gateway) is not None:  # registered already
        return None
    person = people_queries.get(user_id)
    return None if person is None else _missing(person, gateway)


def _missing(person: Person, gateway: str) -> str | None:
    needs = gateways.get(gateway).needs
    if "email" in needs and not person.email:
        return _("The bank needs your e-mail address. Add one to your account, then continue here.")
    if "phone" in needs and not person.phone:
        return _("The bank needs your mobile number. Add it to your account, then continue here.")
    return None


def registration(user_id: str, gateway: str) -> Callable[[], str | Failed | None]:
    """Return the call that asks the gateway for a customer's number.

    What it needs of the database is read now; the call itself touches none, so it may run in any
    thread. It returns None when the customer is known already.
    """
    if queries.cprn_of(user_id, gateway) is not None:
        return lambda: None
    person = people_queries.get(user_id)
    if person is None:
        refusal = Failed(_("There is no such person."), final=True)
        return lambda: refusal
    if why := _missing(person, gateway):
        missing = Failed(why, final=True)
        return lambda: missing
    known = Payer(
        person.email or "", person.first_name or person.name, person.last_name, person.phone
    )

    def call() -> str | Failed:
        try:
            with gateway_budget.of(gateway).calling():
                return gateways.get(gateway).register(known, key=f"register:{gateway}:{user_id}")
        except gateways.GatewayError as error:
            return Failed(error.user_message, final=isinstance(error, gateways.GatewayRefused))

    return call


def keep_customer(user_id: str, gateway: str, cprn: str) -> None:
    """Store the customer's number, which never changes, and open the payments that wait for it."""
    insert_ignore(
        _C, [{"user_id": user_id, "gateway": gateway, "cprn": cprn, "created_at": clock.now()}]
    )
    waiting = sa.select(_P.c.id).where(
        _P.c.user_id == user_id, _P.c.gateway == gateway, _P.c.status == Status.CREATED
    )
    rows = [
        ("payments.initiate", f"initiate:{name}:registered", {"payment_id": name})
        for name in db.session.scalars(waiting)
    ]
    if rows:
        outbox.add_many(rows, lane=gateway)


# --- the gateway's side of a payment --------------------------------------------------------------


def initiation(payment_id: str, *, attempt: int) -> Callable[[], Initiated | Failed | None]:
    """Return the call that opens a payment at the gateway; it gives None when there is nothing to do.

    After an unknown outcome the gateway is asked for our reference before anything is sent again,
    and what is sent again carries the same Idempotency-Key. The call touches no database.
    """
    payment = queries.find(payment_id)
    if payment is None or payment.status != Status.CREATED:
        return lambda: None
    cprn = queries.cprn_of(payment.user_id, payment.gateway)
    if cprn is None:
        unknown = Failed(_("The customer has no number at the gateway yet."), final=False)
        return lambda: unknown
    return partial(_initiate, payment, cprn, attempt=attempt)


def _initiate(payment: queries.PaymentRow, cprn: str, *, attempt: int) -> Initiated | Failed:
    gateway = gateways.get(payment.gateway)
    order = Order(
        cprn,
        payment.amount_minor,
        payment.currency,
        payment.description,
        payment.id,
        return_url(payment.id),
    )
    try:
        with gateway_budget.of(payment.gateway).calling():
            if attempt and (truth := gateway.query(payment.id)) is not None:
                return _found(payment, cprn, truth)
            return gateway.initiate(order, key=payment.id)
    except gateways.GatewayError as error:
        is_foreign = isinstance(error, gateways.GatewayForeign)
        is_no = isinstance(error, gateways.GatewayRefused)
        return Failed(error.user_message, final=is_no, is_foreign=is_foreign)


def _found(payment: queries.PaymentRow, cprn: str, truth: Truth) -> Initiated | Failed:
    """Return the transaction of a lost answer, if it is ours in every field."""
    asked = {"id": payment.id, "tx_id": None, "customer_ref": cprn}
    answer = answers.about_payment(asked, truth)
    if isinstance(answer, answers.Foreign):
        return Failed(answer.why, final=False, is_foreign=True)
    return Initiated(truth.tx_id, gateways.get(payment.gateway).checkout_url(truth.tx_id))


def return_url(payment_id: str) -> str:
    """Return where the gateway sends the customer back to."""
    return f"{config.settings().public_url.rstrip('/')}/payments/{payment_id}/return"


def keep_initiated(payment_id: str, opened: Initiated | Failed | None, *, attempt: int) -> None:
    """Store what the gateway answered to `initiate_at_gateway`."""
    payment = db.session.execute(
        sa.select(_P).where(_P.c.id == payment_id).with_for_update()
    ).first()
    if opened is None or payment is None or payment.status != Status.CREATED:
        return
    if isinstance(opened, Initiated) and exceptions.is_taken(payment.gateway, opened.tx_id):
        why = f"The gateway names transaction {opened.tx_id}, whose money is booked elsewhere."
        opened = Failed(why, final=False, is_foreign=True)
    if isinstance(opened, Failed) and opened.is_foreign:
        exceptions.open_for_payment(
            dict(payment._mapping), Kind.CONTRADICTION, opened.why, name=keys.foreign(opened.why)
        )
    if isinstance(opened, Initiated):
        _change(payment, Status.PENDING, tx_id=opened.tx_id, checkout_url=opened.checkout_url)
    elif opened.final:
        _change(payment, Status.FAILED, last_error=opened.why, released_at=clock.now())
    else:
        _try_again(payment, opened.why, attempt + 1)


def _change(payment: Any, status: Status, **values: Any) -> None:  # noqa: ANN401 - a row, columns
    now = clock.now()
    values |= {"updated_at": now, "checked_at": now}
    move_row(
        _P,
        payment.id,
        status,
        payment_event,
        before=payment.status,
        actor="system",
        reason=values.get("last_error", ""),
        pages=(("payment", payment.id),),
        values=values,
    )
    if event := OF_STATUS.get(status):
        outbox.emit(event.about(payment._mapping))


def _try_again(payment: Any, why: str, attempt: int) -> None:  # noqa: ANN401 - a row
    if attempt >= MAX_INITIATE_TRIES:  # the payment then expires by itself, after one more query
        log.error("payment.initiate.given_up", payment_id=payment.id, why=why)
        return
    db.session.execute(sa.update(_P).where(_P.c.id == payment.id).values(last_error=why[:300]))
    delay = timedelta(seconds=min(0.5 * 2**attempt, 600))
    outbox.add(
        "payments.initiate",
        f"initiate:{payment.id}:{attempt}",
        {"payment_id": payment.id, "attempt": attempt},
        not_before=clock.now() + delay,
        lane=payment.gateway,
    )
    live.changed("payment", payment.id)


def queue_checks(limit: int = 200) -> int:
    """Queue a status query for payments that nobody spoke of for some minutes."""
    now = clock.now()
    stamp = int(now.timestamp())
    by_gateway: dict[str, list[str]] = {}
    for payment_id, gateway in queries.to_check(now - rules.QUIET, limit):
        by_gateway.setdefault(gateway, []).append(payment_id)
    added = 0
    for gateway, ids in by_gateway.items():
        rows = [("payments.check", f"check:{name}:{stamp}", {"payment_id": name}) for name in ids]
        added += outbox.add_many(rows, lane=gateway)
    return added


def check_now(payment_id: str) -> None:
    """Queue a status query at once (a staff verb)."""
    found = queries.get(payment_id)
    key = f"check:{found.id}:{new_id()}"
    outbox.add("payments.check", key, {"payment_id": found.id}, lane=found.gateway)
