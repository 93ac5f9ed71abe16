"""Staff pages of keys, pause, cap and wallets: one admin asks, another confirms."""

from functools import partial

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.chain import forms, queries, request_queries, requests, rules
from crowdfund.chain.requests import Wanted
from crowdfund.kernel import money
from crowdfund.kernel.audit import shell as audit_shell
from crowdfund.kernel.errors import CrowdfundError, NotFound
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import decisions, identity, pages
from crowdfund.people import queries as people_queries


def init(bp: Blueprint) -> None:
    """Add the pages to the blueprint of the chain."""
    bp.get("/staff/chain/keys")(keys)
    bp.route("/staff/chain/keys/ask/<kind>", methods=["GET", "POST"])(ask_key)
    bp.get("/staff/chain/keys/<string(length=32):request_id>")(key_request)
    for verb in (confirm_key, refuse_key, withdraw_key, retry_key):
        name = verb.__name__.removesuffix("_key")
        bp.post(f"/staff/chain/keys/<string(length=32):request_id>/{name}")(verb)


def keys() -> Response:
    """Show whether new money is accepted, the signers, the requests and what may be requested."""
    rows = request_queries.newest()
    people = {row.asked_by for row in rows} | {row.decided_by for row in rows if row.decided_by}
    return pages.render(
        "chain/keys.html",
        "chain/_keys.html",
        rows=rows,
        names=people_queries.names(people),
        signers=queries.signers(),
        is_paused=queries.is_paused(),
        held={**dict.fromkeys(rules.HOLD_KINDS, 0), **queries.held()},
        kinds=forms.KIND_LABELS,
        asked=list(forms.FIELDS),
    )


def ask_key(kind: str) -> BaseResponse:
    """Show the form of one kind of request, and ask."""
    if kind not in forms.FIELDS:
        raise NotFound(_("There is no such request."))
    form = forms.AskForm()
    for name in forms.FIELDS[kind]:
        form[name].flags.required = name not in forms.OPTIONAL
    if request.method != "POST":
        return _ask_page(kind, form, 200)
    if not form.reason.validate(form):
        return _ask_page(kind, form, 422)
    try:
        request_id = requests.ask(_wanted(kind, form), actor=_me())
    except CrowdfundError as error:
        if error.field is None:
            raise
        pages.put_error(form, error)
        return _ask_page(kind, form, error.status)
    audit_shell.about("chain_request", request_id, kind=kind)
    pages.flash(_("Request sent. Another admin has seven days to approve it."), "success")
    return _back(request_id)


def _ask_page(kind: str, form: forms.AskForm, status: int) -> Response:
    return pages.render(
        "chain/ask_key.html",
        status=status,
        kind=kind,
        title=forms.KIND_LABELS[kind],
        text=forms.EXPLAINED[kind],
        fields=forms.FIELDS[kind],
        form=form,
    )


def key_request(request_id: str) -> Response:
    """Show one request with its history, and the buttons to those who may decide."""
    return _page(request_id, forms.RefuseForm(formdata=None))


def confirm_key(request_id: str) -> BaseResponse:
    """Let the worker carry out what a colleague asked for."""
    _name(request_id)
    requests.confirm(request_id, actor=_me())
    pages.flash(_("Approved. It is being carried out; this page updates automatically."), "success")
    return _back(request_id)


def refuse_key(request_id: str) -> BaseResponse:
    """Decline what a colleague asked for, with a reason."""
    _name(request_id)
    return decisions.refuse(
        forms.RefuseForm(),
        partial(requests.refuse, request_id, actor=_me()),
        partial(_page, request_id),
        url_for("chain.key_request", request_id=request_id),
    )


def withdraw_key(request_id: str) -> BaseResponse:
    """Withdraw one's own request."""
    _name(request_id)
    requests.withdraw(request_id, actor=_me())
    pages.flash(_("Withdrawn. Nothing was changed."), "success")
    return _back(request_id)


def retry_key(request_id: str) -> BaseResponse:
    """Try the writes of a request that failed once more."""
    _name(request_id)
    requests.retry(request_id, actor=_me())
    pages.flash(_("Trying again. This page updates automatically."), "info")
    return _back(request_id)


def _wanted(kind: str, form: forms.AskForm) -> Wanted:
    given = {name: (form[name].data or "").strip() for name in forms.FIELDS[kind]}
    amount = given.pop("amount", None)
    minor = None if amount is None else money.parse(amount)
    return Wanted(kind, form.reason.data or "", amount_minor=minor, **given)


def _page(request_id: str, form: forms.RefuseForm, *, status: int = 200) -> Response:
    found = request_queries.get(request_id)
    events = request_queries.history(request_id)
    return pages.render(
        "chain/key_request.html",
        "chain/_key_request.html" if status == 200 else None,
        status=status,
        found=found,
        title=forms.KIND_LABELS[found.kind],
        explained=forms.EXPLAINED.get(found.kind, ""),
        events=events,
        writes=queries.writes_of("chain_request", request_id),
        names=people_queries.names({event.actor for event in events}),
        form=form,
    )


def _name(request_id: str) -> None:
    """Record in the audit log what the request is about."""
    found = request_queries.get(request_id)
    facts = {
        "kind": found.kind,
        "role": found.role,
        "address": found.address,
        "subject": found.subject_id,
    }
    about = {name: value for name, value in facts.items() if value}
    audit_shell.about("chain_request", request_id, **about)


def _back(request_id: str) -> BaseResponse:
    return pages.back(url_for("chain.key_request", request_id=request_id))


def _me() -> str:
    return str(identity.signed_in().id)
