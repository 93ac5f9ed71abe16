"""The desk of finance: approve or reject withdrawals, and see what the bank answered.

A regulator reads.
"""

from collections.abc import Iterator

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.kernel import exports, money
from crowdfund.kernel.db.paging import MOST
from crowdfund.kernel.errors import CrowdfundError
from crowdfund.kernel.forms import put_errors
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import identity, pages, requests
from crowdfund.payout_accounts import queries as accounts
from crowdfund.payouts import queries, rules
from crowdfund.payouts.forms import ReasonForm, SettleForm
from crowdfund.payouts.rows import PayoutRow
from crowdfund.payouts.rules import Status
from crowdfund.payouts.service import deciding
from crowdfund.payouts.service import requests as requests_service
from crowdfund.payouts.views.blueprint import bp
from crowdfund.people import queries as people_queries

_CSV = (
    "id",
    "requested",
    "person",
    "kind",
    "account",
    "status",
    "amount",
    "currency",
    "gateway",
    "gateway_id",
    "sent",
    "ended",
    "problem",
)


@bp.get("/staff/payouts")
def desk() -> Response:
    """List withdrawals, newest first: those to approve unless others are chosen."""
    state = _state()
    page = queries.desk(state=state, place=requests.place())
    return pages.render(
        "payouts/desk.html",
        "payouts/_desk.html",
        page=page,
        state=state or "all",
        people=people_queries.names({row.user_id for row in page.rows if row.user_id}),
        labels={
            row.id: rules.label(row.status, needs_approval=row.needs_approval) for row in page.rows
        },
        states=[
            ("return", _("Sent back to the payer")),
            *((str(one), rules.words(one)) for one in Status),
        ],
    )


def _state() -> str:
    state = request.args.get("state", "waiting")
    return "" if state == "all" else state


@bp.get("/staff/payouts.csv")
def desk_csv() -> Response:
    """Send every withdrawal in a state, newest first."""
    state = _state()
    found = exports.walk(lambda place: queries.desk(state=state, place=place, size=MOST))
    return exports.csv_file("withdrawals.csv", _CSV, _lines(found))


def _lines(rows: Iterator[PayoutRow]) -> Iterator[tuple[object, ...]]:
    for row in rows:
        yield (
            row.id,
            row.requested_at,
            row.user_id,
            row.kind,
            row.masked or row.source_tx,
            row.status,
            money.decimal_str(row.amount_minor, row.currency),
            row.currency,
            row.gateway,
            row.gateway_id,
            row.submitted_at,
            row.ended_at,
            row.problem,
        )


@bp.get("/staff/payouts/<payout_id>")
def detail(payout_id: str) -> Response:
    """Show one withdrawal: its steps, the bank's answers, its postings, and what may be decided."""
    return _page(payout_id)


def _page(
    payout_id: str,
    *,
    status: int = 200,
    reason_form: ReasonForm | None = None,
    settle_form: SettleForm | None = None,
) -> Response:
    payout = queries.get(payout_id)
    history = queries.history(payout_id)
    return pages.render(
        "payouts/detail.html",
        "payouts/_detail.html",
        status=status,
        payout=payout,
        account=accounts.get(payout.account_id) if payout.account_id else None,
        label=rules.label(payout.status, needs_approval=payout.needs_approval),
        history=history,
        people=people_queries.names({payout.user_id or "", *(row.actor for row in history)}),
        answers=queries.answers(payout_id),
        entries=queries.entries(payout),
        waits=payout.status == Status.REQUESTED and payout.needs_approval,
        is_with_bank=payout.status in (Status.SUBMITTED, Status.PAID, Status.FAILED),
        may_send_again=rules.may_send_again(
            payout.status, payout.gateway_id, payout.sends, payout.most_sends
        ),
        form=reason_form or ReasonForm(formdata=None),
        settle_form=settle_form or SettleForm(formdata=None),
    )


@bp.post("/staff/payouts/<payout_id>/approve")
def approve(payout_id: str) -> BaseResponse:
    """Approve a large withdrawal of somebody else."""
    requests_service.approve(payout_id, actor=identity.signed_in().id)
    pages.flash(_("Approved. The withdrawal is on its way to the bank."), "success")
    return _back(payout_id)


@bp.post("/staff/payouts/<payout_id>/reject")
def reject(payout_id: str) -> BaseResponse:
    """Reject a withdrawal with a reason that the person reads."""
    form = ReasonForm()
    try:
        requests_service.reject(
            payout_id, actor=identity.signed_in().id, reason=form.reason.data or ""
        )
    except CrowdfundError as error:
        return _refused(payout_id, form, error)
    pages.flash(_("Rejected. The money is back in the wallet."), "success")
    return pages.back(url_for("payouts.desk"))


@bp.post("/staff/payouts/<payout_id>/ask")
def ask(payout_id: str) -> BaseResponse:
    """Ask the bank about a withdrawal now."""
    deciding.ask_bank(payout_id)
    pages.flash(_("Checking with the gateway. This page updates automatically."), "info")
    return _back(payout_id)


@bp.post("/staff/payouts/<payout_id>/settle")
def settle(payout_id: str) -> BaseResponse:
    """Book how a withdrawal has ended when the bank's answers do not say it."""
    form = SettleForm()
    try:
        deciding.settle(
            payout_id,
            form.outcome.data or "",
            actor=identity.signed_in().id,
            reason=form.reason.data or "",
        )
    except CrowdfundError as error:
        if error.field not in form:
            raise
        put_errors(form, error)
        return _page(payout_id, status=error.status, settle_form=form)
    pages.flash(_("Your decision has been carried out. It is in the history."), "success")
    return _back(payout_id)


@bp.post("/staff/payouts/<payout_id>/send-again")
def send_again(payout_id: str) -> BaseResponse:
    """Let an order be sent again that the bank does not know, although it was sent many times."""
    form = ReasonForm()
    try:
        deciding.send_again(payout_id, actor=identity.signed_in().id, reason=form.reason.data or "")
    except CrowdfundError as error:
        return _refused(payout_id, form, error)
    pages.flash(_("It is being sent to the bank again. This page updates automatically."), "info")
    return _back(payout_id)


@bp.post("/staff/payouts/<payout_id>/dismiss")
def dismiss(payout_id: str) -> BaseResponse:
    """Note that a difference about a withdrawal that has ended was looked into."""
    form = ReasonForm()
    try:
        deciding.dismiss(payout_id, actor=identity.signed_in().id, reason=form.reason.data or "")
    except CrowdfundError as error:
        return _refused(payout_id, form, error)
    pages.flash(_("Your decision has been carried out. It is in the history."), "success")
    return _back(payout_id)


def _refused(payout_id: str, form: ReasonForm, error: CrowdfundError) -> Response:
    """Show what is wrong with a reason in the page; the web shell shows any other error."""
    if error.field not in form:
        raise error
    put_errors(form, error)
    return _page(payout_id, status=error.status, reason_form=form)


def _back(payout_id: str) -> BaseResponse:
    return pages.back(url_for("payouts.detail", payout_id=payout_id))
