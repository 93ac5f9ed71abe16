"""Pay for a purpose from a person's wallet: no gateway takes part, the money is there at once."""

from crowdfund.kernel import clock, outbox
from crowdfund.kernel.db import insert_ignore, new_id, record_event
from crowdfund.kernel.errors import Invalid
from crowdfund.kernel.i18n import _
from crowdfund.kernel.money import fmt
from crowdfund.kernel.moving import move_row
from crowdfund.ledger import queries as ledger
from crowdfund.ledger import rules as ledger_rules
from crowdfund.ledger.rules import InsufficientFunds, Posting
from crowdfund.ledger.service import posting
from crowdfund.payments import queries
from crowdfund.payments.events import PaymentSettled
from crowdfund.payments.models import Payment, payment_event
from crowdfund.payments.rules import Status
from crowdfund.payments.service import starting
from crowdfund.payments.service.starting import NewPayment

_P = Payment.__table__


class WalletTooLow(Invalid):
    """More than is available in the wallet."""

    code = "wallet_too_low"


def pay(wanted: NewPayment, *, key: str) -> str:
    """Pay from the person's wallet and return the payment's id; the same key pays once.

    One entry, wallet to destination, in the current transaction; it locks the journal. Raises
    WalletTooLow, Conflict when the key came before with other figures.
    """
    ledger_rules.account_kind(wanted.destination)
    now, payment_id = clock.now(), new_id()
    row = {
        **starting.first_values(wanted, key),
        "id": payment_id,
        "created_at": now,
        "updated_at": now,
        "expires_at": now,
        "checked_at": now,
    }
    if not insert_ignore(_P, [row]):
        return starting.same(key, wanted)
    record_event(payment_event, payment_id, actor=wanted.user_id, before=None, after=Status.CREATED)
    _post(payment_id, wanted)
    received = {"received_minor": wanted.amount_minor, "received_currency": wanted.currency}
    pages = (("payment", payment_id), ("wallet", wanted.user_id))
    move_row(
        _P,
        payment_id,
        Status.SETTLED,
        payment_event,
        before=Status.CREATED,
        actor=wanted.user_id,
        pages=pages,
        values=received,
    )
    outbox.emit(PaymentSettled.about(queries.get(payment_id)))
    return payment_id


def _post(payment_id: str, wanted: NewPayment) -> None:
    wallet = ledger_rules.user_wallet(wanted.user_id)
    move = Posting(wallet, wanted.destination, wanted.amount_minor)
    try:
        posting.post(
            f"payment:{payment_id}:settled",
            [move],
            kind="payment.from_wallet",
            ref={"payment": payment_id},
            currency=wanted.currency,
        )
    except InsufficientFunds as error:
        available = fmt(ledger.available(wallet, wanted.currency), wanted.currency)
        text = _("Your wallet has %(available)s available. Nothing was taken.", available=available)
        raise WalletTooLow(text, field="amount") from error
