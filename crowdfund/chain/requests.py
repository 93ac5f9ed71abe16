"""Requests about keys, pause, cap and wallets: one admin asks, another confirms, the worker carries out."""

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from crowdfund.chain import rules, service
from crowdfund.chain.events import RequestDone
from crowdfund.chain.models import ChainRequest, Write, chain_request_event
from crowdfund.chain.rules import RequestStatus, WriteStatus
from crowdfund.kernel import audit, clock, live, outbox
from crowdfund.kernel.db import db, insert_ignore, new_id, record_event
from crowdfund.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from crowdfund.kernel.i18n import _
from crowdfund.kernel.moving import move_row
from crowdfund.kernel.notices import StaffWork

_R, _W = ChainRequest.__table__, Write.__table__
Row = Any  # a row of chain_request
MIN_REASON, MAX_REASON = 5, 500
# What a feature that asks for a kind wants checked before anybody confirms it: (request, actor).
CHECKS: dict[str, Callable[[Row, str], None]] = {}


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
    """Return an address in EIP-55 form. Raises Invalid for none, and for mixed case that does not fit."""
    address = (text or "").strip()
    if not re.fullmatch(r"0x[0-9a-fA-F]{40}", address, re.ASCII) or not int(address, 16):
        raise Invalid(_("Enter an address of 0x and 40 letters and digits."), field=field)
    # eth_utils takes 5 MB and 35 ms at the start of a process, and few requests name an address.
    from eth_utils.address import (  # noqa: PLC0415
        is_checksum_formatted_address,
        to_checksum_address,
    )

    right = str(to_checksum_address(address))
    if is_checksum_formatted_address(address) and address != right:
        raise Invalid(
            _("The capital letters of this address do not fit: copy it once more."), field=field
        )
    return right


def checked(wanted: Wanted) -> Wanted:
    """Return a request in normal form; raises Invalid with a sentence for what is missing."""
    reason = wanted.reason.strip()
    if not MIN_REASON <= len(reason) <= MAX_REASON:
        raise Invalid(_("Say why in 5 to 500 characters. It stays in the history."), field="reason")
    if wanted.kind not in rules.REQUEST_KINDS:
        raise Invalid(_("Choose what should be done."), field="kind")
    if wanted.kind in ("revoke", "rotate") and wanted.role not in rules.ROLES:
        raise Invalid(_("Choose a role."), field="role")
    if wanted.kind == "raise_cap" and not (wanted.amount_minor or 0) > 0:
        raise Invalid(_("Enter an amount above zero."), field="amount")
    fields: dict[str, Any] = asdict(wanted) | {"reason": reason}
    if wanted.kind in ("revoke", "redirect"):
        fields["address"] = parse_address(wanted.address, "address")
    if wanted.new_address:
        fields["new_address"] = parse_address(wanted.new_address, "new_address")
    return Wanted(**fields)


def ask(wanted: Wanted, *, actor: str) -> str:
    """Ask a second admin for something; return the request's id. Raises Invalid, Conflict."""
    good = checked(wanted)
    _lapse()
    request_id = _insert(good, RequestStatus.ASKED, actor=actor)
    if request_id is None:
        raise Conflict(_("This was asked for already and is not finished. Nothing was changed."))
    outbox.emit(StaffWork(key=request_id, kind="staff.keys"))
    return request_id


def begin(wanted: Wanted, *, actor: str) -> str:
    """Start at once what somebody at the server asks for, or go on with it; return the request's id.

    Raises Invalid, and Conflict while the same waits for a second admin.
    """
    good = checked(wanted)
    _lapse()
    request_id = _insert(good, RequestStatus.RUNNING, actor=actor)
    if request_id is None:
        found = db.session.execute(sa.select(_R).where(_R.c.open_key == good.open_key)).one()
        if (found.status, found.kind) != (RequestStatus.RUNNING, good.kind):
            raise Conflict(
                _("The same waits for a second admin at /staff/chain/keys. Decide there first.")
            )
        request_id = str(found.id)
    else:
        _audit(actor, f"chain.{good.kind}", request_id, good)
    wake()
    return request_id


def confirm(request_id: str, *, actor: str) -> None:
    """Let the worker carry a request out. Raises NotFound, Conflict, Forbidden (asked by oneself)."""
    request = _locked(request_id)
    if request.asked_by == actor:
        raise Forbidden(_("You asked for this. Another admin has to confirm it."))
    check = CHECKS.get(request.kind)
    if check:
        check(request, actor)
    _move(request, RequestStatus.RUNNING, actor=actor, decided_by=actor, decided_at=clock.now())
    wake()


def refuse(request_id: str, *, actor: str, reason: str) -> None:
    """Decline a request, with a reason. Raises NotFound, Conflict, Invalid."""
    said = reason.strip()
    if not MIN_REASON <= len(said) <= MAX_REASON:
        raise Invalid(_("Say why in 5 to 500 characters. It stays in the history."), field="reason")
    request = _locked(request_id)
    _close(request, RequestStatus.REFUSED, actor=actor, reason=said, decided_by=actor)


def withdraw(request_id: str, *, actor: str) -> None:
    """Take back what one asked for oneself. Raises NotFound, Conflict, Forbidden."""
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


def note(request: Row, problem: str) -> None:
    """Keep what a running request waits for; empty for nothing."""
    if (request.problem or "") != problem:
        db.session.execute(
            sa.update(_R).where(_R.c.id == request.id).values(problem=problem[:500] or None)
        )
        _tell()


def keep_addresses(request: Row, *, old: str, new: str) -> None:
    """Keep which key a rotation replaces and by which, before anything is changed."""
    db.session.execute(
        sa.update(_R).where(_R.c.id == request.id).values(address=old, new_address=new)
    )
    record_event(
        chain_request_event, request.id, actor="system", before=request.status, after=request.status,
        reason=f"{old} is replaced by {new}",
    )  # fmt: skip


def finish(request: Row, *, refused: str = "") -> None:
    """End a running request: done, or refused for a reason that nobody can mend; tell who asked."""
    status = RequestStatus.REFUSED if refused else RequestStatus.DONE
    _close(
        request,
        status,
        actor="system",
        reason=refused,
        done_at=clock.now(),
        problem=refused or None,
    )
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
    """Let the worker look at running requests now."""
    outbox.add("chain.keys", f"chain.keys:{new_id()}")


def locked_running(request_id: str) -> Row:
    """Return a request that is being carried out, locked, or None when it has ended meanwhile."""
    query = sa.select(_R).where(_R.c.id == request_id, _R.c.status == RequestStatus.RUNNING)
    return db.session.execute(query.with_for_update()).first()


@outbox.every(3_600, "chain.lapse_requests", queue="chain")
def lapse() -> None:
    """Let requests go that nobody decided within seven days."""
    _lapse()


def _insert(wanted: Wanted, status: RequestStatus, *, actor: str) -> str | None:
    request_id, now = new_id(), clock.now()
    row = asdict(wanted) | {
        "id": request_id, "status": status, "open_key": wanted.open_key, "asked_by": actor, "asked_at": now,
    }  # fmt: skip
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
    _tell()
    return request_id


def _locked(request_id: str, *, status: RequestStatus = RequestStatus.ASKED) -> Row:
    _lapse()
    request = db.session.execute(
        sa.select(_R).where(_R.c.id == request_id).with_for_update()
    ).first()
    if request is None:
        raise NotFound(_("There is no such request."))
    if request.status != status:
        raise Conflict(_("This request was decided already. Nothing was changed."))
    return request


def _lapse() -> None:
    old = sa.and_(
        _R.c.status == RequestStatus.ASKED, _R.c.asked_at < clock.now() - rules.REQUEST_LIFETIME
    )
    for request in db.session.execute(
        sa.select(_R).where(old).order_by(_R.c.id).with_for_update()
    ).all():
        _close(request, RequestStatus.EXPIRED, actor="system")


def _close(
    request: Row, status: RequestStatus, *, actor: str, reason: str = "", **values: object
) -> None:
    times = {"decided_at": clock.now()} if "done_at" not in values else {}
    _move(request, status, actor=actor, reason=reason, open_key=None, **times, **values)


def _move(
    request: Row, status: RequestStatus, *, actor: str, reason: str = "", **values: object
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
    _tell()


def _audit(actor: str, action: str, request_id: str, wanted: Wanted) -> None:
    detail = {name: value for name, value in asdict(wanted).items() if value and name != "kind"}
    audit.record(actor, action, ("chain_request", request_id), detail)


def _tell() -> None:
    live.changed("chain", "keys")
    live.changed("desk", "all")
