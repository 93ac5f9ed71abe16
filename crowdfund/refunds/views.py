"""A person's refunds: send one back, keep it in the wallet, and say what happens to all."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask import Blueprint, Response, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.campaigns import queries as campaigns
from crowdfund.investments import queries as investments
from crowdfund.kernel import money
from crowdfund.kernel.errors import Conflict
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import identity, pages, requests
from crowdfund.payout_accounts import queries as accounts
from crowdfund.payouts import queries as payouts
from crowdfund.payouts import rules as payout_rules
from crowdfund.payouts.rows import PayoutRow
from crowdfund.refunds import queries
from crowdfund.refunds.forms import AlwaysForm
from crowdfund.refunds.rows import OpenRefund, RefundRow
from crowdfund.refunds.rules import SourceKind
from crowdfund.refunds.service import choosing

bp = Blueprint("refunds", __name__)


@dataclass(frozen=True, slots=True)
class Offer:
    """A refund as pages show it: what it is of, what is left, and where it may go."""

    left: OpenRefund
    title: str
    can_go_back: bool
    payout: PayoutRow | None

    @property
    def amount(self) -> str:
        """Return what is left in the wallet, as a form takes it."""
        return money.decimal_str(self.left.wallet_minor, self.left.refund.currency)

    @property
    def is_on_its_way(self) -> bool:
        """Return whether a return of it has not ended yet."""
        return self.payout is not None and self.payout.status in payout_rules.HELD

    @property
    def has_failed(self) -> bool:
        """Return whether its last return ended without the money going back."""
        return self.payout is not None and self.payout.status == payout_rules.Status.FAILED


@bp.app_template_global("refunds_to_choose")
def refunds_to_choose() -> list[Offer]:
    """Return the refunds in the reader's wallet about which nothing was chosen, at most three."""
    user = identity.current_user()
    if user is None:
        return []
    waiting = [
        one
        for one in queries.unfinished(user.id)
        if one.wallet_minor > 0 and one.refund.kept_at is None
    ]
    return _offers(waiting[:3])


def _offers(left: Iterable[OpenRefund]) -> list[Offer]:
    listed = list(left)
    titles = _titles([one.refund for one in listed])
    return [_offer(one, titles) for one in listed]


def _offer(left: OpenRefund, titles: dict[str, str]) -> Offer:
    sent = payouts.of_refund(left.refund.id)
    return Offer(
        left=left,
        title=titles.get(left.refund.source_id) or _("Payment correction"),
        can_go_back=choosing.can_go_back(left.refund),
        payout=sent[-1] if sent else None,
    )


def _titles(rows: list[RefundRow]) -> dict[str, str]:
    """Return the titles of the campaigns whose investments were refunded, by investment."""
    ids = [row.source_id for row in rows if row.source_kind == SourceKind.INVESTMENT]
    of = investments.campaigns_of(ids)
    names = campaigns.names(set(of.values()))
    return {one: names.get(campaign_id, "") for one, campaign_id in of.items()}


@bp.get("/wallet/refunds")
def index() -> Response:
    """List a person's refunds, newest first, with what is left of each."""
    user = identity.signed_in()
    page = queries.of_person(user.id, place=requests.place())
    left = {one.refund.id: one for one in queries.unfinished(user.id)}
    gone = payouts.returned_of([row.id for row in page.rows])
    return pages.render(
        "refunds/index.html",
        "refunds/_list.html",
        page=page,
        offers=_offers(
            left.get(row.id) or OpenRefund(row, gone.get(row.id, 0), 0) for row in page.rows
        ),
        is_always=queries.sends_back_always(user.id),
    )


@bp.get("/wallet/refunds/<string(length=32):refund_id>")
def show(refund_id: str) -> Response:
    """Show a refund, and let its person choose where it goes."""
    return _page(refund_id)


def _page(refund_id: str, error: Conflict | None = None) -> Response:
    user = identity.signed_in()
    refund = queries.for_owner(refund_id, user.id)
    offer = _offers([queries.open_one(refund)])[0]
    return pages.render(
        "refunds/show.html",
        "refunds/_refund.html",
        status=error.status if error else 200,
        error=error,
        offer=offer,
        account=accounts.payout_account_of(user.id),
    )


@bp.post("/wallet/refunds/<string(length=32):refund_id>/back")
def send_back(refund_id: str) -> BaseResponse:
    """Send a refund back to the account that paid."""
    try:
        payout_id = choosing.send_back(refund_id, user_id=identity.signed_in().id)
    except Conflict as error:
        return _page(refund_id, error)
    pages.flash(_("Your refund is on its way back to the account that paid."), "success")
    return pages.back(url_for("payouts.show", payout_id=payout_id))


@bp.post("/wallet/refunds/<string(length=32):refund_id>/keep")
def keep(refund_id: str) -> BaseResponse:
    """Leave a refund in the wallet."""
    choosing.keep(refund_id, user_id=identity.signed_in().id)
    pages.flash(_("The money stays in your wallet. You can still send it back later."), "success")
    return pages.back(url_for("refunds.show", refund_id=refund_id))


@bp.post("/wallet/refunds/always")
def always() -> BaseResponse:
    """Set whether refunds that come are sent back at once."""
    is_on = AlwaysForm().is_on.data == "1"
    choosing.always_send_back(identity.signed_in().id, is_on=is_on)
    text = (
        _("From now on we send refunds back to the account that paid, at once.")
        if is_on
        else _("From now on refunds stay in your wallet until you choose.")
    )
    pages.flash(text, "success")
    return pages.back(url_for("refunds.index"))
