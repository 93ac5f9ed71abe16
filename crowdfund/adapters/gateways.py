"""What a payment gateway is to us: one protocol, typed errors, and the registry of gateways."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

from crowdfund.kernel.errors import CrowdfundError, Unavailable
from crowdfund.kernel.i18n import _

Status = Literal["PENDING", "SUCCESS", "SETTLED", "FAILED"]
STATUSES: tuple[Status, ...] = ("PENDING", "SUCCESS", "SETTLED", "FAILED")
PayoutStatus = Literal["PENDING", "PAID", "FAILED"]
PAYOUT_STATUSES: tuple[PayoutStatus, ...] = ("PENDING", "PAID", "FAILED")
MAX_WEBHOOK_BYTES = 64 * 1024


class GatewayError(CrowdfundError):
    """Something between us and the gateway; the sentence is fit for a page."""

    status = 502
    code = "gateway"


class GatewayNotConfigured(GatewayError, Unavailable):
    """A key or address is missing: nothing was sent."""

    status = 503
    code = "gateway_not_configured"


class GatewayRefused(GatewayError):
    """The gateway answered no: nothing happened there."""

    code = "gateway_refused"


class GatewayUnknown(GatewayError):
    """No clear answer: it may have happened. Ask for the status; never repeat blindly."""

    code = "gateway_unknown"


class GatewayUnauthorized(GatewayUnknown):
    """The gateway refused our key, signature or time; this says nothing about the payment."""

    code = "gateway_unauthorized"


class CannotList(GatewayError):
    """The gateway has no list of its transactions."""

    code = "gateway_cannot_list"


class GatewayUnclear(GatewayUnknown):
    """The gateway answered, but the answer lacks a field that it must have."""

    code = "gateway_unclear"


class GatewayForeign(GatewayError):
    """The answer is about another transaction than the one that we asked about."""

    code = "gateway_foreign"


class WebhookForged(CrowdfundError):
    """The signature does not fit, or the time is outside of the window."""

    status = 401
    code = "bad_signature"


class WebhookMalformed(CrowdfundError):
    """Signed well, but not an event that we understand."""

    status = 400
    code = "bad_event"


@dataclass(frozen=True)
class Payer:
    """A person whom the gateway registers as a customer."""

    email: str
    first_name: str
    last_name: str
    phone: str = ""


@dataclass(frozen=True)
class Order:
    """What we ask the gateway to collect; `reference` is our payment id."""

    customer_ref: str
    amount_minor: int
    currency: str
    description: str
    reference: str
    return_url: str


@dataclass(frozen=True)
class Initiated:
    """The gateway opened a payment."""

    tx_id: str
    checkout_url: str


@dataclass(frozen=True)
class Truth:
    """The answer to a status query."""

    tx_id: str
    customer_ref: str
    status: Status
    amount_minor: int
    currency: str
    reference: str


@dataclass(frozen=True)
class Event:
    """Fields of a webhook, checked for form only."""

    tx_id: str
    customer_ref: str
    status: Status
    amount_minor: int
    currency: str


class Gateway(Protocol):
    """An outside gateway; `needs` names the fields (email, phone) that it requires to register."""

    name: str
    needs: tuple[str, ...]

    def register(self, person: Payer, *, key: str) -> str:
        """Return the customer's reference at the gateway; the same key gives the same answer."""

    def initiate(self, order: Order, *, key: str) -> Initiated:
        """Open a payment; the same key gives the same answer."""

    def query(self, name: str) -> Truth | None:
        """Return what the gateway holds true of a tx_id or of our reference; None: unknown.

        Raises GatewayForeign for an answer that names neither, GatewayUnclear for an answer without
        transaction, reference, customer, status, amount or currency.
        """

    def checkout_url(self, tx_id: str) -> str:
        """Return where the customer pays a transaction."""

    def verify_webhook(self, raw: bytes, headers: Mapping[str, str], now: datetime) -> str:
        """Return the event's own id (nonce); raises WebhookForged."""

    def parse_webhook(self, raw: bytes) -> Event:
        """Read a verified body; raises WebhookMalformed with a sentence."""


@runtime_checkable
class Listing(Protocol):
    """What some gateways can do besides: list all transactions, whether we know of them or not."""

    def transactions(self, since: datetime) -> Iterator[list[Truth]]:
        """Yield pages of the transactions that were opened since a moment; raises CannotList."""


def transactions(name: str, since: datetime) -> Iterator[list[Truth]]:
    """Yield a gateway's own list of transactions, page by page. Raises CannotList, GatewayError."""
    gateway = get(name)
    if not isinstance(gateway, Listing):
        raise CannotList(
            _("This gateway cannot list its transactions. Ask the bank for a statement.")
        )
    yield from gateway.transactions(since)


@dataclass(frozen=True)
class PayoutOrder:
    """What we ask the gateway to pay to a bank account; `reference` is our payout's id."""

    reference: str
    amount_minor: int
    currency: str
    country: str
    bank_code: str
    number: str = field(repr=False)
    holder: str = field(repr=False)

    @property
    def destination(self) -> str:
        """Return what the gateway has to name of where the money goes."""
        return self.number


@dataclass(frozen=True)
class ReturnOrder:
    """What we ask the gateway to send back to who paid a transaction (`tx_id`).

    `reference` is our payout's id. The gateway knows the account that paid; we do not.
    """

    reference: str
    amount_minor: int
    currency: str
    tx_id: str

    @property
    def destination(self) -> str:
        """Return what the gateway has to name of where the money goes."""
        return self.tx_id


@dataclass(frozen=True)
class PayoutTruth:
    """The answer to a status query about a payout; `number` is the account that is paid.

    Of a return it names the transaction (`tx_id`) that is paid back, and perhaps no account.
    """

    payout_id: str
    reference: str
    status: PayoutStatus
    amount_minor: int
    currency: str
    number: str = field(repr=False)
    reason: str = ""
    tx_id: str = ""


@runtime_checkable
class PayingOut(Protocol):
    """What some gateways can do besides: send money to a bank account."""

    def pay_out(self, order: PayoutOrder, *, key: str) -> str:
        """Order a payout and return its number; the same key gives the same answer.

        Raises GatewayUnknown when it may have been ordered: ask `payout(order.reference)`.
        """

    def payout(self, reference: str) -> PayoutTruth | None:
        """Return what the gateway holds true of the payout with our reference; None: unknown.

        Raises GatewayForeign, GatewayUnclear as `Gateway.query` does.
        """


@runtime_checkable
class Refunding(PayingOut, Protocol):
    """What some gateways can do besides: send money back to who paid a transaction."""

    def refund(self, order: ReturnOrder, *, key: str) -> str:
        """Order a return and return its number; the same key gives the same answer.

        The gateway refuses more than the transaction brought less what went back before. Raises
        GatewayUnknown when it may have been ordered: ask `payout(order.reference)`.
        """


def refunding(name: str) -> Refunding:
    """Return a gateway that can send money back. Raises GatewayNotConfigured for any other."""
    gateway = get(name)
    if not isinstance(gateway, Refunding):
        raise GatewayNotConfigured(_("This gateway cannot send money back to who paid it."))
    return gateway


def can_refund(name: str) -> bool:
    """Return whether a gateway can send money back to who paid it."""
    return name in names() and isinstance(get(name), Refunding)


def paying_out(name: str) -> PayingOut:
    """Return a gateway that can send money. Raises GatewayNotConfigured for any other."""
    gateway = get(name)
    if not isinstance(gateway, PayingOut):
        raise GatewayNotConfigured(_("This gateway cannot pay money out."))
    return gateway


_builders: dict[str, Callable[[], Gateway]] = {}
_titles: dict[str, str] = {}
_built: dict[str, Gateway] = {}


def register(name: str, builder: Callable[[], Gateway], *, title: str) -> None:
    """Add a gateway: how it is built from the settings at its first use, and its name on pages."""
    _builders[name], _titles[name] = builder, title


def title(name: str) -> str:
    """Return a gateway's name on pages; one that is not registered is shown by its code."""
    return _titles.get(name) or name.replace("_", " ").capitalize()


def get(name: str) -> Gateway:
    """Return the gateway of this process; raises GatewayNotConfigured for an unknown name."""
    if name not in _built:
        if name not in _builders:
            raise GatewayNotConfigured(_("This way to pay is not available."))
        _built[name] = _builders[name]()
    return _built[name]


def use(name: str, gateway: Gateway | None) -> None:
    """Put a gateway in place (tests, seeder); None builds it anew from the settings."""
    _built.pop(name, None)
    if gateway is not None:
        _built[name] = gateway


def names() -> list[str]:
    """Return the gateways that are known."""
    return sorted(_builders.keys() | _built.keys())
