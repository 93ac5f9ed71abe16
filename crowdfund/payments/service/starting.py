"""Begin a payment: know the customer, open it at the gateway, let it expire."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

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
from crowdfund.payments.rows import PaymentRow
from crowdfund.payments.rules import Kind, Status
from crowdfund.payments.service import answers, exceptions, keys
from crowdfund.people import queries as people_queries

log = structlog.get_logger()
_P, _C = Payment.__table__, GatewayCustomer.__table__
MAX_INITIATE_TRIES = 12
_REGISTRATION_S = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class Failed:
    """An outside call that did not succeed; `final` means that the gateway refused.

    `is_foreign`: the gateway answered about another transaction than ours.
    """

    why: str
    final: bool
    is_foreign: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPayment:
    """What is to be collected of a person; amount in minor units.

    `purpose` is kind and id of what it is for, `destination` the ledger account that gets the money
    when it is settled. `rest_of` is the payment whose missing part this is; it expires after
    `rules.LIFETIME` unless `expires_at` says when.
    """

    user_id: str
    amount_minor: int
    currency: str
    gateway: str
    purpose: tuple[str, str]
    destination: str
    description: str
    rest_of: str | None = None
    expires_at: datetime | None = None


def start(wanted: NewPayment, *, key: str) -> str:
    """Begin to collect money for a purpose and return the payment's id; the same key begins once.

    The gateway is called by the worker: until then the payment is `created`, then `pending` with a
    checkout_url. Raises Conflict when the key came before with other figures.
    """
    gateways.get(wanted.gateway)
    ledger_rules.account_kind(wanted.destination)
    now, payment_id = clock.now(), new_id()
    expires_at = wanted.expires_at or now + rules.LIFETIME
    row = {
        **first_values(wanted, key),
        "id": payment_id,
        "created_at": now,
        "updated_at": now,
        "expires_at": expires_at,
        "checked_at": now,
    }
    if not insert_ignore(_P, [row]):
        return same(key, wanted)
    record_event(payment_event, payment_id, actor=wanted.user_id, before=None, after=Status.CREATED)
    _queue_opening(payment_id, wanted.user_id, wanted.gateway)
    outbox.add(
        "payments.check",
        f"expire:{payment_id}",
        {"payment_id": payment_id},
        not_before=expires_at,
        lane=wanted.gateway,
    )
    return payment_id


def first_values(wanted: NewPayment, key: str) -> dict[str, object]:
    """Return the columns of a new payment, but for its id and its times."""
    return {
        **_fixed_values(wanted),
        "key": key,
        "description": wanted.description[:200],
        "status": Status.CREATED,
        "claimed": "",
        "claimed_failed": False,
    }


def _fixed_values(wanted: NewPayment) -> dict[str, object]:
    """Return what has to be the same when a key is used again."""
    purpose_kind, purpose_id = wanted.purpose
    return {
        "user_id": wanted.user_id,
        "gateway": wanted.gateway,
        "purpose_kind": purpose_kind,
        "purpose_id": purpose_id,
        "destination": wanted.destination,
        "amount_minor": wanted.amount_minor,
        "currency": wanted.currency,
        "rest_of": wanted.rest_of,
    }


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


def same(key: str, wanted: NewPayment) -> str:
    """Return the payment that a key has begun before. Raises Conflict if its figures differ."""
    found, values = queries.find_by_key(key), _fixed_values(wanted)
    if found is None or any(getattr(found, name) != value for name, value in values.items()):
        raise Conflict(
            _("This payment has already been started with a different amount. Nothing was charged.")
        )
    return found.id


# --- the customer ---------------------------------------------------------------------------------


def missing_contact(user_id: str, gateway: str) -> str | None:
    """Return as a sentence what the gateway has to know of a person and we do not, or None."""
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


def store_customer(user_id: str, gateway: str, cprn: str) -> None:
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
    outbox.add_many(rows, lane=gateway)


# --- the gateway's side of a payment --------------------------------------------------------------


def initiation(payment_id: str, *, attempt: int) -> Callable[[], Initiated | Failed | None]:
    """Return the call that opens a payment at the gateway, or returns None if that was done.

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


def _initiate(payment: PaymentRow, cprn: str, *, attempt: int) -> Initiated | Failed:
    gateway = gateways.get(payment.gateway)
    order = Order(
        customer_ref=cprn,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        description=payment.description,
        reference=payment.id,
        return_url=return_url(payment.id),
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


def _found(payment: PaymentRow, cprn: str, truth: Truth) -> Initiated | Failed:
    """Return the transaction of a lost answer, if it is ours in every field."""
    answer = answers.checked(truth, tx_id=None, reference=payment.id, customer_ref=cprn)
    if isinstance(answer, answers.Foreign):
        return Failed(answer.why, final=False, is_foreign=True)
    return Initiated(truth.tx_id, gateways.get(payment.gateway).checkout_url(truth.tx_id))


def return_url(payment_id: str) -> str:
    """Return where the gateway sends the customer back to."""
    return f"{config.settings().public_url}/payments/{payment_id}/return"


def store_initiated(payment_id: str, opened: Initiated | Failed | None, *, attempt: int) -> None:
    """Store what the gateway answered when a payment was opened there."""
    payment = queries.locked(payment_id)
    if opened is None or payment is None or payment.status != Status.CREATED:
        return
    if isinstance(opened, Initiated) and exceptions.is_taken(
        payment.gateway, opened.tx_id, besides=payment.id
    ):
        why = f"The gateway names transaction {opened.tx_id}, whose money is booked elsewhere."
        opened = Failed(why, final=False, is_foreign=True)
    if isinstance(opened, Failed) and opened.is_foreign:
        name = keys.foreign(opened.why)
        exceptions.open_for_payment(payment, Kind.CONTRADICTION, opened.why, name=name)
    if isinstance(opened, Initiated):
        values = {"tx_id": opened.tx_id, "checkout_url": opened.checkout_url}
        _change(payment, Status.PENDING, values)
    elif opened.final:
        failure = {"last_error": opened.why, "released_at": clock.now()}
        _change(payment, Status.FAILED, failure, reason=opened.why)
    else:
        _try_again(payment, opened.why, attempt + 1)


def _change(
    payment: PaymentRow, status: Status, values: Mapping[str, object], *, reason: str = ""
) -> None:
    now = clock.now()
    move_row(
        _P,
        payment.id,
        status,
        payment_event,
        before=payment.status,
        actor="system",
        reason=reason,
        pages=(("payment", payment.id),),
        values={**values, "updated_at": now, "checked_at": now},
    )
    event = None if payment.rest_of else OF_STATUS.get(status)
    if event:
        outbox.emit(event.about(payment))


def _try_again(payment: PaymentRow, why: str, attempt: int) -> None:
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
    """Queue a status query for payments without news for some minutes."""
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
    """Queue a status query at once (a staff verb). Raises Conflict if no gateway takes part."""
    found = queries.get(payment_id)
    if found.gateway in rules.WITHOUT_GATEWAY:
        raise Conflict(_("This was paid from a wallet, so there is no bank to ask."))
    key = f"check:{found.id}:{new_id()}"
    outbox.add("payments.check", key, {"payment_id": found.id}, lane=found.gateway)
