"""Verbs of token payments: rates, quotes, the wallet that pays, the event that paid."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crowdfund.adapters import wallet_signature
from crowdfund.chain import queries as chain
from crowdfund.chain import rules as chain_rules
from crowdfund.kernel import audit, clock, config, live, outbox
from crowdfund.kernel.db import db, new_id
from crowdfund.kernel.errors import Invalid
from crowdfund.kernel.i18n import _
from crowdfund.payments import queries as payments
from crowdfund.payments import rules as payment_rules
from crowdfund.payments.rows import PaymentRow
from crowdfund.payments.service import with_tokens
from crowdfund.payments.service.starting import NewPayment
from crowdfund.people import queries as people
from crowdfund.token_payments import queries, rules
from crowdfund.token_payments.models import FxRate, TokenOrder
from crowdfund.token_payments.rows import OrderRow, RateRow

_HASH = re.compile(r"0x[0-9a-fA-F]{64}", re.ASCII)
_O, _R = TokenOrder.__table__, FxRate.__table__


@dataclass(frozen=True, slots=True)
class NewRate:
    """A rate to be added: minor units of the currency for minor units of the token, and why."""

    token: str
    currency: str
    numerator: int
    denominator: int
    valid_from: datetime
    source: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where tokens are to be paid: the contract, and the last second at which it takes them."""

    contract: str
    ends_at: datetime


# --- rates ----------------------------------------------------------------------------------------


def add_rate(wanted: NewRate, *, actor: str) -> bool:
    """Add a dated rate with its source; return whether it was new. Raises Invalid.

    The same rate at the same moment is added once; another one at the same moment is refused.
    """
    if wanted.numerator <= 0 or wanted.denominator <= 0:
        raise Invalid(_("A rate is a fraction of two whole numbers above 0."))
    if not wanted.source.strip():
        raise Invalid(_("Say where this rate comes from."))
    known = queries.rate_at(wanted.token, wanted.currency, wanted.valid_from)
    if known is not None and known.valid_from == wanted.valid_from:
        if (known.numerator, known.denominator) == (wanted.numerator, wanted.denominator):
            return False
        raise Invalid(_("Another rate begins at the same moment. Choose a later moment."))
    row = {
        "id": new_id(),
        "token": wanted.token,
        "currency": wanted.currency,
        "numerator": wanted.numerator,
        "denominator": wanted.denominator,
        "valid_from": wanted.valid_from,
        "source": wanted.source.strip()[:200],
        "added_by": actor[:64],
        "added_at": clock.now(),
    }
    db.session.execute(sa.insert(_R).values(row))
    audit.record(actor, "fx.added", ("fx_rate", str(row["id"])), {"source": row["source"]})
    return True


def current_rate(currency: str) -> RateRow | None:
    """Return today's rate of the platform's token in a currency, or None."""
    return queries.rate_at(config.settings().chain_token_symbol, currency, clock.now())


# --- the quote ------------------------------------------------------------------------------------


def refusal(currency: str, contract: str | None) -> str | None:
    """Return as a sentence why tokens cannot be paid to a contract now, or None."""
    if not contract:
        return _("This campaign is not on chain.")
    rate = current_rate(currency)
    if rate is None:
        return _("No exchange rate of the token is known at the moment.")
    if not rules.is_parity(rate):
        return _("The contract of this campaign counts another currency than the token's.")
    return None


def begin(wanted: NewPayment, place: Place, *, key: str) -> str:
    """Open a payment with tokens and lock its quote; return the payment's id.

    The same key begins once. Raises NotCountable without a rate that the contract can count.
    """
    rate, why = current_rate(wanted.currency), refusal(wanted.currency, place.contract)
    if rate is None or why:
        raise rules.NotCountable(str(why), field="rail")
    now = clock.now()
    until = rules.valid_until(now, place.ends_at)
    payment_id, is_new = with_tokens.start(wanted, key=key, until=until)
    if not is_new:
        return payment_id
    token_minor = rules.token_minor(wanted.amount_minor, rate)
    order = {
        "payment_id": payment_id,
        "intent": chain_rules.intent_bytes32(key),
        "rate_id": rate.id,
        "token": rate.token,
        "token_minor": token_minor,
        "units": str(chain_rules.to_units(token_minor)),
        "chain_id": config.settings().chain_id,
        "token_address": chain.address_of("PaymentToken"),
        "contract": place.contract,
        "quoted_at": now,
        "valid_until": until,
        "is_contract": False,
    }
    db.session.execute(sa.insert(_O).values(order))
    _expire_at(payment_id, until, step=0)
    return payment_id


def choose_wallet(payment_id: str, address: str, *, user_id: str) -> None:
    """Let one of the payer's own wallets pay, and have its admission signed; once is enough.

    Raises WalletNotLinked, WalletFixed, OrderEnded.
    """
    wallet = wallet_signature.checksummed(address)
    if wallet is None or wallet not in people.addresses_of(user_id, "wallet"):
        raise rules.WalletNotLinked(
            _("This wallet is not connected to your account. Connect it first."), field="wallet"
        )
    payment = payments.locked(payment_id)
    order = queries.order(payment_id)
    check_open(payment, order)
    if order.wallet == wallet:
        return
    if order.wallet is not None:
        raise rules.WalletFixed(
            _(
                "You chose the wallet %(wallet)s for this payment. Choose it again, or wait until "
                "this quote ends and begin again with another wallet.",
                wallet=f"{order.wallet[:6]}…{order.wallet[-4:]}",
            )
        )
    _update(payment_id, wallet=wallet, wallet_at=clock.now())
    outbox.add("token_payments.admit", f"token-admit:{payment_id}", {"payment_id": payment_id})


def check_open(payment: PaymentRow | None, order: OrderRow) -> None:
    """Raise OrderEnded for a quote that was paid or has ended."""
    if payment is None or payment.status not in payment_rules.UNPAID or order.tx_hash:
        raise rules.OrderEnded(_("This payment has been made or has ended. Load the page again."))
    if rules.is_over(order, clock.now()):
        raise rules.OrderEnded(_("The time for this payment is over. Begin again."))


def store_admission(payment_id: str, calls: dict[str, Any], *, is_contract: bool) -> None:
    """Store what the wallet is asked to do."""
    _update(payment_id, calls=calls, is_contract=is_contract, problem=None)


def store_problem(payment_id: str, problem: str) -> None:
    """Store why a wallet cannot pay (a key of `rules.PROBLEMS`)."""
    _update(payment_id, problem=problem)


def permit_calls(order: OrderRow, nonce: int, signature: str) -> dict[str, str]:
    """Return the calls of a signed permit: with the investment, and alone to simulate it.

    Raises PermitRefused for a signature that is not from the order's wallet, OrderEnded.
    """
    from crowdfund.chain import token_calls  # noqa: PLC0415 - web processes start without it

    check_open(payments.find(order.payment_id), order)
    calls = order.calls or {}
    data, normal = calls.get("permit"), wallet_signature.normalised(signature)
    if data is None or normal is None:
        raise rules.PermitRefused(_("The wallet has not signed what was asked for. Try again."))
    signed = {**data, "message": {**data["message"], "nonce": str(nonce)}}
    if wallet_signature.typed_signer(signed, normal) != order.wallet:
        raise rules.PermitRefused(
            _("The signature is not from the wallet that you chose. Nothing was sent.")
        )
    deadline = int(data["message"]["deadline"])
    return {
        "invest": token_calls.invest_with_permit(calls["admission"], deadline, normal),
        "permit": token_calls.permit(signed["message"], normal),
    }


def note_sent(payment_id: str, tx_hash: str) -> None:
    """Note what the page says of its transaction; the contract's event alone pays.

    What is no hash, as some contract wallets answer, is noted without one.
    """
    hint = tx_hash.lower() if _HASH.fullmatch(tx_hash) else None
    _update(payment_id, hint_tx=hint, hint_at=clock.now())


def check_no_transaction(payment_id: str) -> None:
    """Raise UnderWay if a transaction of an unpaid order may still be mined."""
    order = queries.find_order(payment_id)
    if order is not None and order.wallet is not None and order.tx_hash is None:
        raise rules.UnderWay(
            _(
                "Your wallet may already have sent this payment, so it cannot be cancelled. If "
                "nothing arrives, the reservation ends by itself within 25 minutes."
            )
        )


# --- the end --------------------------------------------------------------------------------------


def settle(order: OrderRow, tx_hash: str) -> bool:
    """Book an order's tokens as received, once; return whether that was new.

    Also after the payment had expired or was cancelled: the contract has the money. Locks the
    payment, then the journal.
    """
    reference = order.intent.removeprefix("0x")
    if not with_tokens.settle(order.payment_id, reference=reference, reason=f"in {tx_hash}"):
        return False
    _update(order.payment_id, tx_hash=tx_hash, paid_at=clock.now())
    return True


def note_refunded(payment_id: str, tx_hash: str) -> None:
    """Note the transaction that paid the tokens back."""
    _update(payment_id, refund_tx=tx_hash)


def expire(payment_id: str) -> None:
    """End an unpaid order whose time is over; with an admission only after its blocks were read.

    Raises Retry while the chain cannot be read: a transaction may be in a block that we lack.
    """
    payment, order = payments.locked(payment_id), queries.find_order(payment_id)
    if payment is None or order is None or payment.status not in payment_rules.UNPAID:
        return
    now, ends = clock.now(), rules.expires_at(order.valid_until, is_admitted=bool(order.wallet))
    if now < ends:
        _expire_at(payment_id, ends, step=1)
        return
    cursor = chain.cursor()
    if order.wallet and (cursor is None or cursor.read_problem):
        raise outbox.Retry(60, "The chain cannot be read: the payment may be in a block there.")
    with_tokens.expire(payment_id)


def _expire_at(payment_id: str, moment: datetime, *, step: int) -> None:
    outbox.add(
        "token_payments.expire",
        f"token-expire:{payment_id}:{step}",
        {"payment_id": payment_id},
        not_before=moment,
    )


def _update(payment_id: str, **values: object) -> None:
    db.session.execute(sa.update(_O).where(_O.c.payment_id == payment_id).values(values))
    live.changed("payment", payment_id)
