"""Where lines come from: entries, payments, messages of the bank, decisions, chain transactions.

Each kind is read once for a page of lines. What its reader may not open has no link, and what is
nobody else's business is left out: others see only what the journal and the chain say.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from crowdfund.adapters import gateways
from crowdfund.campaigns.models import Campaign, campaign_event
from crowdfund.chain.models import Tx, Write
from crowdfund.investments import rules as investment_rules
from crowdfund.investments.models import Investment, investment_event
from crowdfund.kernel.db.rows import columns, read_all
from crowdfund.kernel.i18n import _, number
from crowdfund.kernel.statuses import status_text
from crowdfund.ledger import rules as ledger
from crowdfund.ledger.queries import EntryRow
from crowdfund.payments import rules as payment_rules
from crowdfund.payments.models import Inbox, Payment, PaymentException
from crowdfund.people import queries as people
from crowdfund.refunds import queries as refunds
from crowdfund.refunds.rows import RefundRow
from crowdfund.tracing.queries import withdrawals
from crowdfund.tracing.rows import (
    DecisionFacts,
    Link,
    MessageFacts,
    PaymentFacts,
    Reader,
    ReleaseFacts,
    ReturnFacts,
    Source,
    Thing,
    WriteFacts,
)

_P, _I, _X = Payment.__table__, Inbox.__table__, PaymentException.__table__
_W, _T = Write.__table__, Tx.__table__
_N, _S = Investment.__table__, Campaign.__table__
_MOST_MESSAGES = 400  # of all lines of a page
Sources = dict[Thing, tuple[Source, ...]]


def of_entries(entries: Iterable[EntryRow], reader: Reader) -> dict[str, tuple[Source, ...]]:
    """Return the sources of entries by id: the entry itself, and what it refers to."""
    listed = list(entries)
    refs = {one.id: [(kind, thing) for kind, thing in one.pairs if thing] for one in listed}
    found = of_things({thing for things in refs.values() for thing in things}, reader)
    return {one.id: (of_entry(one, reader), *_merged(refs[one.id], found)) for one in listed}


def _merged(things: Sequence[Thing], found: Sources) -> list[Source]:
    order = ("investment", "payment", "exception", "payout", "refund", "campaign")
    known = sorted((one for one in things if one[0] in order), key=lambda one: order.index(one[0]))
    is_investment = any(kind == "investment" for kind, _id in known)
    return [
        source
        for thing in known
        if not (thing[0] == "campaign" and is_investment)
        for source in found.get(thing, ())
    ]


def of_entry(entry: EntryRow, reader: Reader) -> Source:
    """Return an entry as a source; its accounts and its hash are technical details."""
    postings = "; ".join(
        f"{ledger.account_words(one.source)} → {ledger.account_words(one.destination)}"
        for one in entry.postings
    )
    is_open = reader.may("ledger.entry")
    return Source(
        _("Entry %(seq)s of the journal: %(kind)s", seq=entry.seq, kind=status_text(entry.kind)),
        entry.at,
        link=Link("ledger.entry", "entry_id", entry.id) if is_open else None,
        details=((_("Accounts"), postings),),
        hashes=((_("Link in the hash chain"), entry.hash),),
        is_main=False,
    )


def of_things(things: Iterable[Thing], reader: Reader) -> Sources:
    """Return the sources of things, each kind read once."""
    ids: dict[str, set[str]] = {}
    for kind, thing_id in things:
        ids.setdefault(kind, set()).add(thing_id)
    found: Sources = {}
    for kind, read in _READERS.items():
        if ids.get(kind):
            found |= {(kind, key): value for key, value in read(ids[kind], reader).items()}
    return found


def _payments(ids: set[str], reader: Reader) -> dict[str, tuple[Source, ...]]:
    query = sa.select(*columns(PaymentFacts, _P)).where(_P.c.id.in_(ids))
    rows = [row for row in read_all(PaymentFacts, query) if _is_open(row, reader)]
    messages: dict[str, list[Source]] = {}
    for message in _messages([row.id for row in rows]):
        messages.setdefault(message.payment_id, []).append(_message(message, reader))
    return {row.id: (_payment(row, reader), *messages.get(row.id, ())) for row in rows}


def _is_open(row: PaymentFacts, reader: Reader) -> bool:
    return reader.may("payments.detail") or (bool(reader.id) and row.user_id == reader.id)


def _payment(row: PaymentFacts, reader: Reader) -> Source:
    details = [(_("Payment"), row.id)]
    if row.tx_id:
        details.append((_("Transaction"), row.tx_id))
    page = "payments.detail" if reader.may("payments.detail") else "payments.show"
    if row.gateway == payment_rules.WALLET:
        words = _("Payment from the wallet")
    elif row.gateway == payment_rules.TOKEN:
        words = _("Payment with tokens from the payer's own wallet")
    else:
        words = _("Payment through %(gateway)s", gateway=gateways.title(row.gateway))
    link = Link(page, "payment_id", row.id)
    return Source(words, row.created_at, row.status, link, tuple(details))


def _messages(payment_ids: Sequence[str]) -> list[MessageFacts]:
    query = sa.select(*columns(MessageFacts, _I)).where(_I.c.payment_id.in_(payment_ids))
    return read_all(MessageFacts, query.order_by(_I.c.id).limit(_MOST_MESSAGES))


def _message(row: MessageFacts, reader: Reader) -> Source:
    verdicts = {
        "done": _("Signed message of the bank, confirmed by our own question to the bank"),
        "refused": _("Message with a wrong signature, refused"),
        "dead": _("Signed message of the bank that it did not confirm"),
    }
    waiting = _("Signed message of the bank, being checked")
    is_open = reader.may("payments.webhook")
    return Source(
        verdicts.get(row.state, waiting),
        row.received_at,
        link=Link("payments.webhook", "inbox_id", row.id) if is_open else None,
        details=((_("Event"), row.event_id),),
        is_main=False,
    )


def _decisions(ids: set[str], reader: Reader) -> dict[str, tuple[Source, ...]]:
    query = sa.select(*columns(DecisionFacts, _X)).where(_X.c.id.in_(ids))
    may_see = reader.may("payments.exception")
    rows = [
        row
        for row in read_all(DecisionFacts, query)
        if may_see or (bool(reader.id) and row.user_id == reader.id)
    ]
    names = people.names({str(row.resolved_by) for row in rows}) if may_see else {}
    return {row.id: (_decision(row, reader, names),) for row in rows}


def _decision(row: DecisionFacts, reader: Reader, names: dict[str, str]) -> Source:
    if row.resolution is None:
        words = _("Held for review: %(why)s", why=status_text(row.kind))
    elif row.resolved_by == "system":
        words = status_text(row.resolution)
    else:
        words = _("Decision of our staff: %(what)s", what=status_text(row.resolution))
    details = [(_("Payment exception"), row.id)]
    if name := names.get(str(row.resolved_by)):
        details.append((_("Decided by"), name))
    is_open = reader.may("payments.exception")
    link = Link("payments.exception", "exception_id", row.id) if is_open else None
    at = row.resolved_at or row.created_at
    return Source(words, at, link=link, details=tuple(details))


def of_writes(
    kind: str, ids: Iterable[str], reader: Reader, *functions: str
) -> dict[str, list[Source]]:
    """Return what the chain says about things of a kind, by id, oldest first."""
    query = sa.select(*columns(WriteFacts, _W, tx_hash=_T.c.hash, block_number=_T.c.block_number))
    query = query.select_from(sa.outerjoin(_W, _T, _W.c.tx_id == _T.c.id))
    query = query.where(_W.c.subject_kind == kind, _W.c.subject_id.in_(list(ids)))
    if functions:
        query = query.where(_W.c.function.in_(functions))
    found: dict[str, list[Source]] = {}
    for row in read_all(WriteFacts, query.order_by(_W.c.created_at, _W.c.id)):
        found.setdefault(row.subject_id, []).append(_write(row, reader))
    return found


def _write(row: WriteFacts, reader: Reader) -> Source:
    details: tuple[Any, ...] = ()
    if row.block_number is not None:
        details = ((_("Block"), number(row.block_number)),)
    words = {
        "confirmed": _("Recorded on chain"),
        "failed": _("Refused by the contract"),
        "closed": _("Not recorded on chain: closed by our staff"),
    }
    is_open = reader.may("chain.write")
    return Source(
        words.get(row.status, _("Being recorded on chain")),
        row.updated_at,
        row.status,
        Link("chain.write", "write_id", row.id) if is_open else None,
        details,
        ((_("Transaction"), row.tx_hash),) if row.tx_hash else (),
    )


def _investments(ids: set[str], reader: Reader) -> dict[str, tuple[Source, ...]]:
    """Return what the chain says about investments, and why money of theirs went back."""
    recorded, returned = of_writes("investment", ids, reader), _returns(ids)
    undone = _cancellations(ids, reader)
    return {
        key: (*returned.get(key, ()), *recorded.get(key, ()), *undone.get(key, ())) for key in ids
    }


def _cancellations(ids: set[str], reader: Reader) -> dict[str, list[Source]]:
    """Return what the chain says about investments that were cancelled after they were recorded."""
    found = of_writes("cancellation", ids, reader)
    found |= of_writes("token_cancellation", ids, reader)  # of one kind: by its rail
    words = {"confirmed": _("The contract no longer counts it")}
    return {
        key: [replace(one, words=words.get(one.status, one.words)) for one in writes]
        for key, writes in found.items()
    }


def _returns(ids: set[str]) -> dict[str, tuple[Source, ...]]:
    event = investment_event.c
    query = sa.select(*columns(ReturnFacts, investment_event, _S, _N)).select_from(
        investment_event.join(_N, _N.c.id == event.investment_id).join(
            _S, _S.c.id == _N.c.campaign_id
        )
    )
    query = query.where(event.investment_id.in_(ids), event.to_status == "returned")
    return {row.investment_id: (_return(row),) for row in read_all(ReturnFacts, query)}


def _return(row: ReturnFacts) -> Source:
    words = {
        "cancelled": _("The campaign was cancelled: every investor is refunded"),
        "failed": _("The campaign was not successful: every investor is refunded"),
        "refunded": _("The campaign did not go ahead: every investor is refunded"),
    }
    link = Link("campaigns.detail", "slug", row.slug)
    was_in = row.from_status in investment_rules.IN
    text = words.get(row.status if was_in else "", _("The money could not be invested"))
    if row.cancelled_at is not None:
        text = _("The investor cancelled the investment")
    return Source(text, row.at, link=link, details=((_("Reason"), row.reason),))


def _refunds(ids: set[str], reader: Reader) -> dict[str, tuple[Source, ...]]:
    """Return what was refunded, and the payments that had brought its money."""
    is_open = reader.may("payouts.detail")
    rows = [row for row in refunds.many(ids) if is_open or row.user_id == reader.id]
    paid = _payments({row.payment_id for row in rows if row.payment_id}, reader)
    return {row.id: (_refund(row, reader), *paid.get(row.payment_id or "", ())) for row in rows}


def _refund(row: RefundRow, reader: Reader) -> Source:
    details = [(_("Refund"), row.id)]
    if row.tx_id:
        details.append((_("Transaction"), row.tx_id))
    link = Link("refunds.show", "refund_id", row.id) if row.user_id == reader.id else None
    return Source(_("Refund to the wallet"), row.credited_at, link=link, details=tuple(details))


def _campaigns(ids: set[str], reader: Reader) -> dict[str, tuple[Source, ...]]:
    """Return who decided that campaigns are released, and the contracts' records of it."""
    recorded, decided = of_writes("campaign", ids, reader, "release"), _releases(ids, reader)
    return {key: (*decided.get(key, ()), *recorded.get(key, ())) for key in ids}


def _releases(ids: set[str], reader: Reader) -> dict[str, list[Source]]:
    event = campaign_event.c
    is_release = sa.or_(event.to_status == "released", event.reason.startswith("release"))
    query = sa.select(*columns(ReleaseFacts, campaign_event)).where(
        event.campaign_id.in_(ids), event.actor != "system", is_release
    )
    rows = read_all(ReleaseFacts, query.order_by(event.id))
    may_see = reader.may("campaigns.staff_detail")
    names = people.names({row.actor for row in rows}) if may_see else {}
    found: dict[str, list[Source]] = {}
    for row in rows:
        by = ((_("Decided by"), names[row.actor]),) if row.actor in names else ()
        source = Source(_("Our staff decided to release the money"), row.at, details=by)
        found.setdefault(row.campaign_id, []).append(source)
    return found


_READERS = {
    "payment": _payments,
    "exception": _decisions,
    "investment": _investments,
    "campaign": _campaigns,
    "payout": withdrawals.sources,
    "refund": _refunds,
}
