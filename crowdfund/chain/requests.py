"""Requests about keys, pause, cap, wallets: one admin asks, another confirms, the worker acts."""

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

import sqlalchemy as sa

from crowdfund.chain import request_queries, rules, service
from crowdfund.chain.events import RequestDone
from crowdfund.chain.models import ChainRequest, Write, chain_request_event
from crowdfund.chain.rows import RequestRow
from crowdfund.chain.rules import RequestStatus, WriteStatus
from crowdfund.kernel import audit, clock, live, outbox
from crowdfund.kernel.db import db, insert_ignore, new_id, record_event
from crowdfund.kernel.db.rows import read_all, read_first, read_one
from crowdfund.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from crowdfund.kernel.fields import texts
from crowdfund.kernel.i18n import _
from crowdfund.kernel.moving import move_row
from crowdfund.kernel.notices import StaffWork

_R, _W = ChainRequest.__table__, Write.__table__
# What the feature behind a kind checks before it is confirmed: (request, actor).
CHECKS: dict[str, Callable[[RequestRow, str], None]] = {}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for; see `ChainRequest` for the fields."""

    kind: str
    reason: str
    role: str = ""
    address: str = ""
    new_address: str = ""
    target: str = ""
    subject_id: str = ""
    amount_minor: int | None = None

    @property
    def open_key(self) -> str:
        """Return what may be asked for only once at a time."""
        parts = {
            "revoke": (self.role, self.address),
            "rotate": (self.role,),
            "redirect": (self.target,),
        }
        name = "pause" if self.kind == "unpause" else self.kind
        return ":".join((name, *parts.get(self.kind, ())))


def parse_address(text: str | None, field: str) -> str:
    """Return an address in EIP-55 form. Raises Invalid for none, and for a wrong mixed case."""
    address = (text or "").strip()
    if not re.fullmatch(r"0x[0-9a-fA-F]{40}", address, re.ASCII) or not int(address, 16):
        raise Invalid(_("Enter an address of 0x and 40 letters and digits."), field=field)
    from eth_utils import address as formats  # noqa: PLC0415 - 5 MB and 35 ms at each start

    right = str(formats.to_checksum_address(address))
    if formats.is_checksum_formatted_address(address) and address != right:
        raise Invalid(
            _("The capital letters of this address do not fit: copy it once more."), field=field
        )
    return right


def _reason(text: str) -> str:
    ask = _("Say why in 5 to 500 characters. It stays in the history.")
    return texts.reason(text, least=5, ask=ask)


def checked(wanted: Wanted) -> Wanted:
    """Return a request in normal form; raises Invalid with a sentence for what is missing."""
    reason = _reason(wanted.reason)
    if wanted.kind not in rules.REQUEST_KINDS:
        raise Invalid(_("Choose what should be done."), field="kind")
    if wanted.kind in ("revoke", "rotate") and wanted.role not in rules.ROLES:
        raise Invalid(_("Choose a role."), field="role")
    if wanted.kind == "raise_cap" and not (wanted.amount_minor or 0) > 0:
        raise Invalid(_("Enter an amount above zero."), field="amount")
    good = replace(wanted, reason=reason)
    if wanted.kind in ("revoke", "redirect"):
        good = replace(good, address=parse_address(wanted.address, "address"))
    if wanted.new_address:
        good = replace(good, new_address=parse_address(wanted.new_address, "new_address"))
    return good


def ask(wanted: Wanted, *, actor: str) -> str:
    """Ask a second admin to confirm a request; return its id. Raises Invalid, Conflict."""
    good = checked(wanted)
    _lapse()
    request_id = _insert(good, RequestStatus.ASKED, actor=actor)
    if request_id is None:
        raise Conflict(_("This was asked for already and is not finished. Nothing was changed."))
    outbox.emit(StaffWork(key=request_id, kind="staff.keys"))
    return request_id


def begin(wanted: Wanted, *, actor: str) -> str:
    """Start at once what the operator of the server asks for, or continue it; return its id.

    Raises Invalid, and Conflict while the same waits for a second admin.
    """
    good = checked(wanted)
    _lapse()
    request_id = _insert(good, RequestStatus.RUNNING, actor=actor)
    if request_id is None:
        found = request_queries.with_open_key(good.open_key)
        if found is None or (found.status, found.kind) != (RequestStatus.RUNNING, good.kind):
            raise Conflict(
                _("The same waits for a second admin at /staff/chain/keys. Decide there first.")
            )
        request_id = found.id
    else:
        _audit(actor, f"chain.{good.kind}", request_id, good)
    wake()
    return request_id


def confirm(request_id: str, *, actor: str) -> None:
    """Have the worker carry a request out. Raises NotFound, Conflict, Forbidden (one's own)."""
    request = _locked(request_id)
    if request.asked_by == actor:
        raise Forbidden(_("You asked for this. Another admin has to confirm it."))
    check = CHECKS.get(request.kind)
    if check:
        check(request, actor)
    _move(request, RequestStatus.RUNNING, actor=actor, decided_by=actor, decided_at=clock.now())
    wake()


def refuse(request_id: str, reason: str, *, actor: str) -> None:
    """Decline a request, with a reason. Raises NotFound, Conflict, Invalid."""
    why = _reason(reason)
    request = _locked(request_id)
    _close(request, RequestStatus.REFUSED, actor=actor, reason=why, decided_by=actor)


def withdraw(request_id: str, *, actor: str) -> None:
    """Withdraw one's own request. Raises NotFound, Conflict, Forbidden."""
    request = _locked(request_id)
    if request.asked_by != actor:
        raise Forbidden(_("Only the colleague who asked may take this back. Nothing was changed."))
    _close(request, RequestStatus.WITHDRAWN, actor=actor)


def retry(request_id: str, *, actor: str) -> None:
    """Try the failed writes of a running request again. Raises NotFound, Conflict."""
    request = _locked(request_id, status=RequestStatus.RUNNING)
    mine = sa.and_(_W.c.subject_kind == "chain_request", _W.c.subject_id == request.id)
    failed = sa.select(_W.c.id).where(mine, _W.c.status == WriteStatus.FAILED)
    for write_id in db.session.scalars(failed.order_by(_W.c.id)).all():
        service.replay(write_id, actor=actor)
    note(request, "")
    wake()


def note(request: RequestRow, problem: str) -> None:
    """Store what a running request waits for; empty for nothing."""
    if (request.problem or "") != problem:
        db.session.execute(
            sa.update(_R).where(_R.c.id == request.id).values(problem=problem[:500] or None)
        )
        _refresh_pages()


def store_addresses(request: RequestRow, *, old: str, new: str) -> None:
    """Store which key a rotation replaces and by which, before anything is changed."""
    db.session.execute(
        sa.update(_R).where(_R.c.id == request.id).values(address=old, new_address=new)
    )
    status, reason = request.status, f"{old} is replaced by {new}"
    record_event(
        chain_request_event,
        request.id,
        actor="system",
        before=status,
        after=status,
        reason=reason,
    )


def finish(request: RequestRow, *, refused: str = "") -> None:
    """End a running request: done, or refused for a reason that no retry can mend."""
    status = RequestStatus.REFUSED if refused else RequestStatus.DONE
    ended = {"done_at": clock.now(), "problem": refused or None}
    _close(request, status, actor="system", reason=refused, **ended)
    facts = Wanted(**{name: getattr(request, name) for name in Wanted.__slots__})
    _audit("system", f"chain.{request.kind}.{status}", request.id, facts)
    if not refused:
        outbox.emit(
            RequestDone(
                key=request.id,
                request_id=request.id,
                kind=facts.kind,
                subject_id=facts.subject_id,
                address=facts.address,
            )
        )


def wake() -> None:
    """Have the worker process running requests now."""
    outbox.add("chain.keys", f"chain.keys:{new_id()}")


def locked_running(request_id: str) -> RequestRow | None:
    """Return a request that is being carried out, locked, or None when it has ended meanwhile."""
    query = request_queries.REQUEST.where(
        _R.c.id == request_id, _R.c.status == RequestStatus.RUNNING
    )
    return read_first(RequestRow, query.with_for_update())


@outbox.every(3_600, "chain.lapse_requests", queue="chain")
def lapse() -> None:
    """Expire requests that were not decided within seven days."""
    _lapse()


def _insert(wanted: Wanted, status: RequestStatus, *, actor: str) -> str | None:
    request_id, now = new_id(), clock.now()
    row = asdict(wanted) | {
        "id": request_id,
        "status": status,
        "open_key": wanted.open_key,
        "asked_by": actor,
        "asked_at": now,
    }
    if not insert_ignore(_R, [row]):
        return None
    record_event(
        chain_request_event,
        request_id,
        actor=actor,
        before=None,
        after=status,
        reason=wanted.reason,
    )
    _refresh_pages()
    return request_id


def _locked(request_id: str, *, status: RequestStatus = RequestStatus.ASKED) -> RequestRow:
    _lapse()
    query = request_queries.REQUEST.where(_R.c.id == request_id).with_for_update()
    request = read_one(RequestRow, query, NotFound(_("There is no such request.")))
    if request.status != status:
        raise Conflict(_("This request was decided already. Nothing was changed."))
    return request


def _lapse() -> None:
    old = sa.and_(
        _R.c.status == RequestStatus.ASKED, _R.c.asked_at < clock.now() - rules.REQUEST_LIFETIME
    )
    query = request_queries.REQUEST.where(old).order_by(_R.c.id).with_for_update()
    for request in read_all(RequestRow, query):
        _close(request, RequestStatus.EXPIRED, actor="system")


def _close(
    request: RequestRow, status: RequestStatus, *, actor: str, reason: str = "", **values: object
) -> None:
    times = {"decided_at": clock.now()} if "done_at" not in values else {}
    _move(request, status, actor=actor, reason=reason, open_key=None, **times, **values)


def _move(
    request: RequestRow, status: RequestStatus, *, actor: str, reason: str = "", **values: object
) -> None:
    move_row(
        _R,
        request.id,
        status,
        chain_request_event,
        before=request.status,
        actor=actor,
        reason=reason,
        values=values,
    )
    _refresh_pages()


def _audit(actor: str, action: str, request_id: str, wanted: Wanted) -> None:
    detail = {name: value for name, value in asdict(wanted).items() if value and name != "kind"}
    audit.record(actor, action, ("chain_request", request_id), detail)


def _refresh_pages() -> None:
    live.changed("chain", "keys")
    live.changed("desk", "all")
