"""Which part of the platform hears each event of our contracts, or why nobody has to.

`hears` adds a hearer of what somebody else has caused. What our own writes cause comes with
their confirmation (`chain.confirmed`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

from crowdfund.chain.events import ContractEvent
from crowdfund.kernel import outbox

Hearer = Callable[[ContractEvent], None]


@dataclass(frozen=True, slots=True)
class Handled:
    """The event moves something: functions that hear it from others, module of our own write's."""

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
_WITHIN = "Part of a call whose own event is heard."
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
        "Closed": Handled(_LOOKED_AT, "campaigns.jobs"),
        "FiatNotConfirmed": Handled(confirmed="campaigns.jobs"),
        "Cancelled": Handled(_LOOKED_AT, "campaigns.jobs"),
        "Released": Handled(_LOOKED_AT, "campaigns.jobs"),
        "FiatReleased": Handled(_LOOKED_AT),
        "Refunded": Handled(("investments.jobs.token_money_went_back",), "investments.jobs"),
        "RefundRecorded": Ignored("The money went back in the journal before; the note changes nothing."),
        "IssuerWalletProposed": _AUDITED,
        "IssuerWalletChanged": Handled(("chain.jobs.settings_changed",), "campaigns.jobs"),
        "LockNotFreed": Ignored("The lock can be freed by anybody at any time; the company then asks."),
        "Initialized": Ignored(_WITHIN),
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


def on_contract_event(*events: str, queue: str = "default") -> Callable[[Hearer], Hearer]:
    """Let a function hear events (`Contract.Event`) that our own writes did not cause, when final.

    It is called once for each event.
    """
    wanted = {tuple(event.split(".")) for event in events}

    def register(function: Hearer) -> Hearer:
        name = f"{function.__module__.removeprefix('crowdfund.')}.{function.__name__}"
        for contract, event in wanted:
            SUBSCRIBED.setdefault((contract, event), []).append(name)

        @wraps(function)
        def hear(events: list[ContractEvent]) -> None:
            for event in events:
                function(event)

        is_wanted: Callable[[ContractEvent], bool] = lambda event: (event.contract, event.event) in wanted  # noqa: E731
        outbox.on(ContractEvent, queue=queue, batch=100, where=is_wanted)(hear)
        return function

    return register


def is_heard(contract: str, event: str) -> bool:
    """Return whether anybody hears this event when somebody else causes it."""
    row = EVENTS.get(contract, {}).get(event)
    return isinstance(row, Handled) and bool(row.by)
