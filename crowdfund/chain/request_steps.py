"""Carry requests out step by step, each by the present state of the chain: safe to interrupt.

`look` reads the chain outside of any transaction, `act` asks for the next writes or changes what is
here. A rotation: make the key (or take the address given), grant, check, sign with the new key from
now on, take the roles from the old key, and queue again what the old key had under way.
"""

from dataclasses import dataclass, field

import sqlalchemy as sa
import structlog

from crowdfund.adapters.chain.answers import NodeError
from crowdfund.adapters.chain.errors import NodeUnreachable
from crowdfund.adapters.chain.node import Node
from crowdfund.chain import connection, deploy, queries, request_queries, requests, rules, service
from crowdfund.chain.errors import ChainChanged, KeyMissing, NotDeployed
from crowdfund.chain.models import ChainRequest, Tx, Write
from crowdfund.chain.rows import RequestRow
from crowdfund.chain.rules import RequestStatus, TxStatus, WriteStatus
from crowdfund.kernel.db import db, reading
from crowdfund.kernel.db.rows import read_all

log = structlog.get_logger()
_R, _T, _W = ChainRequest.__table__, Tx.__table__, Write.__table__


@dataclass(frozen=True, slots=True)
class Call:
    """A write that a request needs; `name` tells it from the others of the request."""

    name: str
    contract: str
    address: str
    function: str
    args: tuple[object, ...] = ()


@dataclass
class Step:
    """What comes next: writes, a change of our own (`local`), a wait for people, or the end."""

    calls: list[Call] = field(default_factory=list)
    local: str = ""
    old: str = ""
    new: str = ""
    waits: str = ""
    refused: str = ""
    is_done: bool = False


def look() -> list[tuple[str, Step]]:
    """Find the next step of every running request; reads only, but for the file of a new key."""
    with reading():
        query = request_queries.REQUEST.where(_R.c.status == RequestStatus.RUNNING)
        running = read_all(RequestRow, query.order_by(_R.c.asked_at))
        cursor = queries.cursor()
        db.session.remove()
    found = []
    for request in running:
        try:
            node = connection.node()
            connection.check_chain(node, cursor)
            with reading():
                step = _STEPS[request.kind](node, request)
                db.session.remove()
        except (NodeUnreachable, NodeError, ChainChanged, KeyMissing, NotDeployed) as error:
            step = Step(waits=getattr(error, "user_message", None) or str(error))
        found.append((request.id, step))
    return found


def act(found: list[tuple[str, Step]]) -> None:
    """Take the steps that were found; a request that ended meanwhile is left alone."""
    for request_id, step in found:
        request = requests.locked_running(request_id)
        if request is not None:
            _take(request, step)


def _take(request: RequestRow, step: Step) -> None:
    if step.is_done or step.refused:
        requests.finish(request, refused=step.refused)
        return
    if step.local:
        _LOCAL[step.local](request, step)
        requests.wake()
    elif problem := step.waits or _ask_for(request, step.calls):
        requests.note(request, problem)
    else:
        requests.note(request, "")


def _ask_for(request: RequestRow, calls: list[Call]) -> str:
    """Request writes, each once; return why one of them failed, or an empty text."""
    for call in calls:
        intent = f"request:{request.id}:{call.name}"
        first = [] if call.function in _WITHOUT_INTENT else [rules.intent_bytes32(intent)]
        row = service.write(
            intent,
            call.contract,
            call.function,
            [*first, *call.args],
            subject=("chain_request", request.id),
            address=call.address,
        )
        if row.status == WriteStatus.FAILED:
            return f"{call.function}: {row.last_error}"
    return ""


_WITHOUT_INTENT = ("pause", "unpause", "grantRole", "revokeRole")


# --- pause, cap, wallet -------------------------------------------------------------------------


def _pause(node: Node, request: RequestRow) -> Step:
    escrow = queries.address_of("FundEscrow")
    if bool(node.call("FundEscrow", escrow, "paused")) == (request.kind == "pause"):
        return Step(is_done=True)
    return Step(calls=[Call(request.kind, "FundEscrow", escrow, request.kind)])


def _raise_cap(_node: Node, request: RequestRow) -> Step:
    done = queries.write(f"request:{request.id}:raise")
    if done is not None and done.status == WriteStatus.CONFIRMED:
        return Step(is_done=True)
    recorder = connection.address_of("recorder") if done is None else done.args[1]
    factory = queries.address_of("CampaignFactory")
    args = (recorder, request.amount_minor)
    return Step(calls=[Call("raise", "CampaignFactory", factory, "raiseRecorderCap", args)])


def _redirect(node: Node, request: RequestRow) -> Step:
    name = "CampaignImplementation"
    if node.call(name, request.target, "issuerWallet") == request.address:
        return Step(is_done=True)
    wallet = (request.address,)
    propose = Call("propose", name, request.target, "proposeIssuerWallet", wallet)
    if node.call(name, request.target, "proposedWallet") != request.address:
        return Step(calls=[propose])
    return Step(calls=[Call("confirm", name, request.target, "confirmIssuerWallet", wallet)])


# --- keys ----------------------------------------------------------------------------------------


def _holding(node: Node, role: str, account: str, *, held: bool, function: str) -> list[Call]:
    """Return the calls that give or take the rights of a role where the account has them or not."""
    calls = []
    for contract, right in rules.GRANTS[role]:
        if contract == "PaymentToken" and deploy.is_foreign(contract):
            continue  # a stablecoin of another issuer
        address = queries.address_of(contract)
        right_id = node.call(contract, address, right)
        if bool(node.call(contract, address, "hasRole", right_id, account)) == held:
            name = f"{function}:{contract}:{right}:{account[:10]}"
            calls.append(Call(name, contract, address, function, (right_id, account)))
    # The right to give rights goes last: nothing could be taken after it.
    return sorted(calls, key=lambda call: "DEFAULT_ADMIN" in call.name)


def _revoke(node: Node, request: RequestRow) -> Step:
    if request.role == "admin" and request.address == connection.address_of("admin"):
        return Step(
            refused=(
                "This is the key with which the admin signs: nobody could grant anything after it. "
                "Rotate it instead."
            )
        )
    calls = _holding(node, request.role, request.address, held=True, function="revokeRole")
    return Step(calls=calls) if calls else Step(is_done=True)


def _rotate(node: Node, request: RequestRow) -> Step:
    role, old, new = request.role, request.address, request.new_address
    if not old:
        old = connection.address_of(role)
        if not new and connection.is_from_environment(role):
            name = connection.SETTING[role].upper()
            return Step(
                refused=(
                    f"The key of the {role} comes from {name}, which only you can change. "
                    "Make the new key yourself and ask again with its address."
                )
            )
        return Step(local="keep", old=old, new=new or connection.make_next_key(role))
    grants = _holding(node, role, new, held=False, function="grantRole")
    if grants:
        return Step(calls=grants)
    if not deploy.send_gas_money(node, new):
        return Step(
            waits=f"Send gas money to the new key {new}; nothing was taken from the old one yet."
        )
    if connection.address_of(role) != new:
        return _switch(role, new)
    revokes = _holding(node, role, old, held=True, function="revokeRole")
    if revokes:
        return Step(calls=revokes)
    if _is_under_way(request.id):
        # until the revocation is final, the old key's transactions may still take effect
        return Step()
    return Step(local="requeue", old=old)


def _switch(role: str, new: str) -> Step:
    if connection.has_next_key(role, new):
        return Step(local="switch", new=new)
    name = connection.SETTING[role].upper()
    return Step(
        waits=(
            f"The new key {new} has its roles. Put it into {name} on every machine and start the "
            "chain worker again; the old key keeps its roles until then."
        )
    )


def _is_under_way(request_id: str) -> bool:
    mine = sa.and_(_W.c.subject_kind == "chain_request", _W.c.subject_id == request_id)
    under_way = _W.c.status.in_((WriteStatus.QUEUED, *rules.IN_FLIGHT))
    query = sa.select(_W.c.id).where(mine, _W.c.function == "revokeRole", under_way)
    return db.session.execute(query.limit(1)).first() is not None


def _store_addresses(request: RequestRow, step: Step) -> None:
    requests.store_addresses(request, old=step.old, new=step.new)


def _take_over(request: RequestRow, step: Step) -> None:
    connection.take_next_key(request.role, step.new)
    log.warning("chain.key_rotated", role=request.role, address=step.new)


def _requeue(request: RequestRow, step: Step) -> None:
    """Give what the old key had under way to the new one: without its role it can do nothing."""
    stuck = sa.and_(_T.c.signer == step.old, _T.c.status.in_(rules.TX_WAITING))
    ids = list(
        db.session.scalars(sa.select(_T.c.id).where(stuck).order_by(_T.c.id).with_for_update())
    )
    if ids:
        why = f"the key {step.old} has lost its role"
        values = {"status": TxStatus.LOST, "last_error": why}
        db.session.execute(sa.update(_T).where(_T.c.id.in_(ids)).values(values))
        writes = sa.select(_W.c.id).where(_W.c.tx_id.in_(ids))
        service.requeue(list(db.session.scalars(writes)), why=why)
    requests.finish(request)


_STEPS = {
    "pause": _pause,
    "unpause": _pause,
    "revoke": _revoke,
    "rotate": _rotate,
    "raise_cap": _raise_cap,
    "redirect": _redirect,
}
_LOCAL = {"keep": _store_addresses, "switch": _take_over, "requeue": _requeue}
