"""A plan in words, for the two people who decide about it; pure."""

from crowdfund.kernel.i18n import _, _l
from crowdfund.kernel.money import fmt
from crowdfund.kernel.statuses import status_text
from crowdfund.reconciliation.rules.following import Investment, Plan

_ASKED = {
    "close": _l(
        "The blockchain no longer shows that the contract was closed. We send the closing again."
    ),
    "cancel": _l(
        "The contract is still open although the campaign is over. We cancel the contract."
    ),
    "release": _l(
        "The blockchain no longer shows that the contract was released. We send the release again."
    ),
}


def plan_words(plan: Plan, currency: str) -> list[str]:
    """Return what a plan does, as sentences in the order in which it happens."""
    sentences = [*_money_words(plan, currency), *_status_words(plan)]
    if plan.extra:
        sentences.append(
            _(
                "The contract has recorded %(amount)s whose payment has not arrived here (number "
                "of payments: %(count)s). It is not counted; if it arrives, it goes to the "
                "investor's wallet.",
                amount=_total(plan.extra, currency),
                count=len(plan.extra),
            )
        )
    if plan.difference_minor:
        sentences.append(_difference_words(plan.difference_minor, currency))
    if plan.action != "ask":
        sentences.append(
            _(
                "After this, the campaign holds %(amount)s.",
                amount=fmt(0 if plan.refunded else plan.settled_after_minor, currency),
            )
        )
    return sentences


def _money_words(plan: Plan, currency: str) -> list[str]:
    sentences = []
    if plan.takes_back:
        sentences.append(
            _("The released money is taken back from the company and the platform's fee.")
        )
    if plan.returned:
        sentences.append(
            _(
                "%(amount)s that the contract did not record goes back to the investors' wallets "
                "(number of payments: %(count)s).",
                amount=_total(plan.returned, currency),
                count=len(plan.returned),
            )
        )
    if plan.refunded:
        sentences.append(
            _(
                "Everyone is refunded: %(amount)s goes to the investors' wallets (number of "
                "payments: %(count)s).",
                amount=_total(plan.refunded, currency),
                count=len(plan.refunded),
            )
        )
    return sentences


def _status_words(plan: Plan) -> list[str]:
    if plan.action == "ask":
        return [str(_ASKED[str(plan.asks)])]
    sentences = []
    if plan.to:
        sentences.append(_("The campaign becomes: %(status)s.", status=status_text(plan.to)))
    elif plan.action == "accept_result":
        sentences.append(
            _(
                "The campaign stays as it is, and we accept that the contract is: %(status)s.",
                status=status_text(str(plan.accepts_result)),
            )
        )
    else:
        sentences.append(_("The campaign keeps its status."))
    if plan.pays_out:
        sentences.append(_("The money is released to the company in our books, less the fee."))
    return sentences


def _difference_words(minor: int, currency: str) -> str:
    values = {"amount": fmt(abs(minor), currency)}
    if minor > 0:
        return _(
            "The contract counts %(amount)s more than our books. We accept this difference.",
            **values,
        )
    return _(
        "The contract counts %(amount)s less than our books. We accept this difference.", **values
    )


def _total(lines: tuple[Investment, ...], currency: str) -> str:
    return fmt(sum(one.amount_minor for one in lines), currency)
