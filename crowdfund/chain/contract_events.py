"""Which part of the platform handles each event of our contracts, or why none has to.

`on_contract_event` subscribes to events that others have caused. What our own writes cause comes
with their confirmation (`WriteConfirmed`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

from crowdfund.chain.events import ContractEvent
from crowdfund.kernel import outbox

Handle = Callable[[ContractEvent], None]


@dataclass(frozen=True, slots=True)
class Handled:
    """The event changes something: `by` are the functions that handle it when others caused it.

    `confirmed` is the module that handles the confirmation of our own write.
    """

    by: tuple[str, ...] = ()
    confirmed: str = ""


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing depends on the event; `why` says so."""

    why: str


_RIGHTS = Handled(("chain.jobs.rights_changed",))
_AUDITED = Handled(("chain.jobs.settings_changed",))
_ROLES: dict[str, Handled | Ignored] = {
    "RoleGranted": _RIGHTS,
    "RoleRevoked": _RIGHTS,
    "RoleAdminChanged": _RIGHTS,
}
# Nothing moves by itself: ADR 16.
_LOOKED_AT = ("reconciliation.jobs.contract_ended",)
_WITHIN = "Part of a call whose own event is handled."
EVENTS: dict[str, dict[str, Handled | Ignored]] = {
    "CampaignFactory": {
        **_ROLES,
        "CampaignCreated": Handled(confirmed="campaigns.jobs"),
        "TokenAllowed": _AUDITED,
        "FeeRecipientSet": _AUDITED,
        "RecorderCapSet": _AUDITED,
        "RecorderCapRaised": _AUDITED,
    },
    "CampaignImplementation": {
        "Invested": Handled(("investments.jobs.token_money_came",)),
        "InvestmentRecorded": Handled(("investments.jobs.recorded_by_others",), "investments.jobs"),
        "RecordCancelled": Handled(_LOOKED_AT, "investments.jobs"),
        "InvestmentCancelled": Handled(
            ("investments.jobs.investment_cancelled", *_LOOKED_AT), "investments.jobs"
        ),
        "Closed": Handled(_LOOKED_AT, "campaigns.jobs"),
        "FiatNotConfirmed": Handled(confirmed="campaigns.jobs"),
        "Cancelled": Handled(_LOOKED_AT, "campaigns.jobs"),
        "Released": Handled(_LOOKED_AT, "campaigns.jobs"),
        "FiatReleased": Handled(_LOOKED_AT),
        "Refunded": Handled(("investments.jobs.token_money_went_back",), "investments.jobs"),
        "RefundRecorded": Ignored(
            "The money went back in the journal before; the note changes nothing."
        ),
        "IssuerWalletProposed": _AUDITED,
        "IssuerWalletChanged": Handled(("chain.jobs.settings_changed",), "campaigns.jobs"),
        "LockNotFreed": Ignored(
            "The lock can be freed by anybody at any time; the company then asks."
        ),
        "TermsChanged": _AUDITED,
        "EIP712DomainChanged": Ignored("Never emitted: the domain is fixed."),
    },
    "FundEscrow": {
        **_ROLES,
        "AccountOpened": Ignored(_WITHIN),
        "Credited": Ignored(_WITHIN),
        "Paid": Ignored(_WITHIN),
        "Paused": _AUDITED,
        "Unpaused": _AUDITED,
    },
    "IssuerRegistry": {
        **_ROLES,
        "IssuerRegistered": Handled(confirmed="issuers.jobs"),
        "IssuerUpdated": Handled(confirmed="issuers.jobs"),
        "IssuerDeactivated": Handled(confirmed="issuers.jobs"),
        "IssuerReactivated": Handled(confirmed="issuers.jobs"),
        "LockAcquired": Handled(confirmed="campaigns.jobs"),
        "LockReleased": Ignored("The journal frees its own lock when the campaign ends."),
    },
    "PaymentToken": {
        **_ROLES,
        "Transfer": Ignored("People's own business; money for us is Invested, Refunded, Released."),
        "Approval": Ignored("People's own business; money for us is Invested."),
        "EIP712DomainChanged": Ignored("Never emitted: the domain is fixed."),
    },
}
SUBSCRIBED: dict[tuple[str, str], list[str]] = {}


def on_contract_event(*events: str, queue: str = "default") -> Callable[[Handle], Handle]:
    """Subscribe a function to events (`Contract.Event`) that our own writes did not cause.

    It is called once for each event, when that is final.
    """
    wanted = {tuple(event.split(".")) for event in events}

    def register(function: Handle) -> Handle:
        name = f"{function.__module__.removeprefix('crowdfund.')}.{function.__name__}"
        for contract, event in wanted:
            SUBSCRIBED.setdefault((contract, event), []).append(name)

        def is_wanted(event: ContractEvent) -> bool:
            return (event.contract, event.event) in wanted

        @wraps(function)
        def handle(events: list[ContractEvent]) -> None:
            for event in events:
                function(event)

        outbox.on(ContractEvent, queue=queue, batch=100, where=is_wanted)(handle)
        return function

    return register


def is_heard(contract: str, event: str) -> bool:
    """Return whether any function handles this event when others cause it."""
    row = EVENTS.get(contract, {}).get(event)
    return isinstance(row, Handled) and bool(row.by)
