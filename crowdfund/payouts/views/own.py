"""A person withdraws money of their wallet, and follows it to the bank account."""

import secrets

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.kernel import money
from crowdfund.kernel.errors import Conflict, CrowdfundError
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import destinations, identity, pages, requests
from crowdfund.ledger import queries as ledger
from crowdfund.ledger import rules as ledger_rules
from crowdfund.payout_accounts import queries as accounts
from crowdfund.payouts import queries, rules
from crowdfund.payouts.forms import AmountForm, ConfirmForm
from crowdfund.payouts.rules import Status
from crowdfund.payouts.service import requests as requests_service
from crowdfund.payouts.views.blueprint import bp
from crowdfund.security import step_up


def _continue_words() -> str:
    return _("Continue to your withdrawal")


destinations.register("payouts.new", _continue_words)
destinations.register("payouts.confirm", _continue_words)


@bp.get("/wallet/withdraw")
@step_up.require_if_enrolled
def new() -> Response:
    """Ask how much to withdraw; the next page shows it for a check."""
    form = AmountForm()
    form.amount.data = request.args.get("amount", "")[:40]
    return _amount_page(form)


def _amount_page(form: AmountForm, *, status: int = 200) -> Response:
    user = identity.signed_in()
    return pages.render(
        "payouts/new.html",
        status=status,
        form=form,
        available_minor=_available(user.id),
        account=accounts.payout_account_of(user.id),
        refusal=requests_service.refusal(user.id),
    )


def _available(user_id: str) -> int:
    return ledger.available(ledger_rules.user_wallet(user_id), rules.CURRENCY)


@bp.route("/wallet/withdraw/confirm", methods=["GET", "POST"])
@step_up.require_if_enrolled
def confirm() -> BaseResponse:
    """Show amount and account for a check; request the withdrawal once it is confirmed."""
    if request.method == "GET":
        return _first_check()
    form = ConfirmForm()
    try:
        if not form.validate_on_submit():
            raise Conflict(_("This form is no longer valid. Start again from your wallet."))
        amount = _parsed(str(form.amount.data))
        wanted = requests_service.Wanted(identity.signed_in().id, amount, str(form.key.data))
        if form.repeats.data != "1":
            requests_service.check_not_repeated(wanted)
        payout_id = requests_service.request(wanted)
    except rules.Repeated as error:
        return _check_page(form, amount, error)
    except CrowdfundError as error:
        typed = AmountForm()
        pages.put_error(typed, error)
        return _amount_page(typed, status=error.status)
    pages.flash(
        _("Your withdrawal is requested. We have notified your contact addresses."), "success"
    )
    return pages.back(url_for("payouts.show", payout_id=payout_id))


def _first_check() -> Response:
    user = identity.signed_in()
    typed = AmountForm()
    typed.amount.data = request.args.get("amount", "")[:80]
    try:
        amount_minor = _wanted_amount(user.id, typed.amount.data)
    except CrowdfundError as error:
        pages.put_error(typed, error)
        return _amount_page(typed, status=error.status)
    form = ConfirmForm(formdata=None)
    form.amount.data = money.decimal_str(amount_minor, rules.CURRENCY)
    form.key.data = secrets.token_urlsafe(16)
    return _check_page(form, amount_minor)


def _check_page(
    form: ConfirmForm, amount_minor: int, error: rules.Repeated | None = None
) -> Response:
    """Show what is confirmed; after a warning the same form requests it once more."""
    user = identity.signed_in()
    if error:
        form.repeats.data = "1"
    return pages.render(
        "payouts/confirm.html",
        status=error.status if error else 200,
        form=form,
        amount_minor=amount_minor,
        left_minor=_available(user.id) - amount_minor,
        account=accounts.payout_account_of(user.id),
        warning=error.user_message if error else "",
    )


def _wanted_amount(user_id: str, text: str) -> int:
    """Return the amount that the address asks for, or everything. Raises the refusals of a form."""
    if why := requests_service.refusal(user_id):
        raise rules.NoAccount(why)
    available = _available(user_id)
    amount = available if request.args.get("all") else _parsed(text)
    if not 0 < amount <= available:
        raise requests_service.not_enough(user_id)
    return amount


def _parsed(text: str) -> int:
    return money.parse(text, rules.CURRENCY, most_minor=_available(identity.signed_in().id))


@bp.get("/wallet/withdrawals")
def index() -> Response:
    """List a person's withdrawals, newest first."""
    user = identity.signed_in()
    page = queries.of_person(user.id, place=requests.place())
    return pages.render(
        "payouts/index.html",
        "payouts/_list.html",
        page=page,
        labels={
            row.id: rules.label(row.status, needs_approval=row.needs_approval) for row in page.rows
        },
    )


@bp.get("/wallet/withdrawals/<payout_id>")
def show(payout_id: str) -> Response:
    """Show the status of a withdrawal; the timeline updates itself."""
    return _status_page(payout_id)


@bp.post("/wallet/withdrawals/<payout_id>/cancel")
def cancel(payout_id: str) -> BaseResponse:
    """Cancel a withdrawal of one's own that is only requested."""
    try:
        requests_service.cancel(payout_id, user_id=identity.signed_in().id)
    except Conflict as error:
        return _status_page(payout_id, error)
    pages.flash(_("Cancelled. The money is back in your wallet."), "success")
    return pages.back(url_for("payouts.show", payout_id=payout_id))


def _status_page(payout_id: str, error: Conflict | None = None) -> Response:
    payout = queries.for_owner(payout_id, identity.signed_in().id)
    times = {row.to_status: row.at for row in reversed(queries.history(payout_id))}
    return pages.render(
        "payouts/show.html",
        "payouts/_status.html",
        status=error.status if error else 200,
        error=error,
        payout=payout,
        label=rules.label(payout.status, needs_approval=payout.needs_approval),
        steps=rules.timeline(
            payout.status,
            times,
            needs_approval=payout.needs_approval,
            is_delayed=payout.problem is not None,
            kind=payout.kind,
        ),
        may_cancel=payout.status == Status.REQUESTED,
        is_held=payout.status in rules.HELD,
        is_final=payout.status in rules.FINAL,
        entries=ledger.entries_with_key_prefix("payout", payout.id),
    )
