"""Staff pages of the chain: each write, its transactions, the events of the contract, a retry."""

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.chain import forms, key_views, queries, rules, service
from crowdfund.chain.rows import WriteRow
from crowdfund.kernel import exports
from crowdfund.kernel.db.paging import Page, Place
from crowdfund.kernel.errors import CrowdfundError, NotFound
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import identity, pages, requests
from crowdfund.people import queries as people_queries

bp = Blueprint("chain", __name__)
key_views.init(bp)
# The columns of the CSV file, and the fields of a write that they show.
_COLUMNS = {
    "id": "id",
    "asked": "created_at",
    "intent": "intent_id",
    "contract": "contract",
    "address": "address",
    "function": "function",
    "subject_kind": "subject_kind",
    "subject_id": "subject_id",
    "status": "status",
    "transaction": "tx_hash",
    "block": "block_number",
    "error": "last_error",
}


@bp.get("/staff/chain/writes")
def writes() -> Response:
    """List writes, newest first, by state, contract and search."""
    signers = queries.signers()
    return pages.render(
        "chain/writes.html",
        "chain/_writes.html",
        page=_page(requests.place()),
        counts=queries.counts(),
        contracts=queries.contract_names(),
        cursor=queries.cursor(),
        signers=signers,
        refused={row.address: queries.refused(row.address) for row in signers},
        fills=queries.fills(),
    )


@bp.get("/staff/chain/writes.csv")
def writes_csv() -> Response:
    """Send every write that fits the filters, newest first."""
    return exports.csv_file("chain-writes.csv", tuple(_COLUMNS), _lines(exports.walk(_page)))


@bp.get("/staff/chain/writes/<string(length=32):write_id>")
def write(write_id: str) -> Response:
    """Show one write: its steps, transactions, events and the raw error."""
    return _detail(write_id, forms.CloseForm(formdata=None))


@bp.post("/staff/chain/writes/<string(length=32):write_id>/replay")
def replay(write_id: str) -> BaseResponse:
    """Try a failed write again."""
    service.replay(write_id, actor=identity.signed_in().id)
    pages.flash(
        _("The write is in the queue again. Its intent id still makes it happen once."), "success"
    )
    return pages.back(url_for("chain.write", write_id=write_id))


@bp.post("/staff/chain/writes/<string(length=32):write_id>/close")
def close(write_id: str) -> BaseResponse:
    """End a failed write for good, with a reason."""
    form = forms.CloseForm()
    try:
        service.close(write_id, form.reason.data or "", actor=identity.signed_in().id)
    except CrowdfundError as error:
        if error.field != "reason":
            raise
        pages.put_error(form, error)
        return _detail(write_id, form, status=422)
    pages.flash(_("The write is closed. It will not be tried again."), "success")
    return pages.back(url_for("chain.write", write_id=write_id))


@bp.post("/staff/chain/signers/<string(length=42):address>/fill-nonce")
def fill_nonce(address: str) -> BaseResponse:
    """Fill a key's nonce gap now instead of after the wait."""
    service.ask_fill(address, actor=identity.signed_in().id)
    pages.flash(
        _("The missing nonce is being filled. The writes behind it go on by themselves."), "success"
    )
    return pages.back(url_for("chain.writes"))


@bp.post("/staff/chain/signers/<string(length=42):address>/dismiss-alert")
def dismiss_alert(address: str) -> BaseResponse:
    """Take away the alert of a key that somebody looked into."""
    service.dismiss_alert(address)
    pages.flash(
        _("The alert is gone. It comes back if the key is used elsewhere again."), "success"
    )
    return pages.back(url_for("chain.writes"))


def _detail(write_id: str, form: forms.CloseForm, *, status: int = 200) -> Response:
    row = _found(write_id)
    context = {"row": row, "form": form, "cursor": queries.cursor(), **_carried(row)}
    return pages.render("chain/write.html", "chain/_write.html", status=status, **context)


def _found(write_id: str) -> WriteRow:
    row = queries.write_by_id(write_id)
    if row is None:
        raise NotFound(_("There is no such chain write."))
    return row


def _carried(row: WriteRow) -> dict[str, Any]:
    history = queries.history(row.id)
    events = queries.events_of_tx(row.tx_hash) if row.tx_hash else []
    companions = queries.companions(row.tx_id) - 1 if row.tx_id else 0
    own = rules.own_events(row.args, events, alone=companions < 1)
    return {
        "history": history,
        "names": people_queries.names({event.actor for event in history}),
        "transactions": queries.transactions(row.id),
        "events": own,
        "companions": max(0, companions),
    }


def _page(place: Place) -> Page[WriteRow]:
    args, status = request.args, request.args.get("status", "")
    return queries.page(
        status=status if status in list(rules.WriteStatus) else "",
        contract=args.get("contract", "")[:64],
        search=args.get("q", "")[:160],
        place=place,
    )


def _lines(rows: Iterator[WriteRow]) -> Iterator[tuple[object, ...]]:
    for row in rows:
        yield tuple(getattr(row, name) for name in _COLUMNS.values())
