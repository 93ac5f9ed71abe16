"""Money that a contract has without an investment here: counted and shown, never booked.

Token money can come in only with an operator's admission, and only the recorder records fiat. So an
old backup was restored, or someone else has a key; staff have to check.
"""

import sqlalchemy as sa

from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.service import totals
from crowdfund.chain import rules as chain_rules
from crowdfund.chain.events import ContractEvent
from crowdfund.investments import queries, rules
from crowdfund.investments.models import ForeignMoney
from crowdfund.investments.service import own_wallet
from crowdfund.kernel import clock, money
from crowdfund.kernel.db import db, insert_ignore, new_id
from crowdfund.payments.rules import Kind
from crowdfund.payments.service import exceptions

_F = ForeignMoney.__table__
_WORDS = {
    "token": "{amount} in tokens came into the contract of “{title}” from {who}; "
    "its intent is not ours.",
    "fiat": "{amount} of fiat was recorded in the contract of “{title}”; "
    "its reference is not ours.",
}


def token_money_came(event: ContractEvent) -> None:
    """Take room for token money of an unknown intent and notify staff, once for each event."""
    args = event.args
    _store(event, "token", intent=args["intentId"], who=args["investor"])


def fiat_recorded(event: ContractEvent) -> None:
    """Take room for a fiat record that is not ours and notify staff, once for each event."""
    args = event.args
    campaign_id = campaigns.id_of_contract(event.address)
    if campaign_id is None or not _is_ours(campaign_id, args["paymentRef"]):
        _store(event, "fiat", intent=args["paymentRef"], who=args["investorKey"])


def token_money_went_back(address: str, investor: str) -> None:
    """Note that the contract has paid an investor's token money back."""
    campaign_id = campaigns.id_of_contract(address)
    mine = sa.and_(_F.c.campaign_id == campaign_id, _F.c.kind == "token", _F.c.who == investor)
    db.session.execute(
        sa.update(_F).where(mine, _F.c.refunded_at.is_(None)).values(refunded_at=clock.now())
    )


def pay_back_tokens(campaign_id: str) -> None:
    """Have the contract of a failed campaign pay token money back; the investor needs no gas."""
    own_wallet.refund_wallets(campaign_id, queries.token_investors(campaign_id))


def _store(event: ContractEvent, kind: str, *, intent: str, who: str) -> None:
    campaign_id = campaigns.id_of_contract(event.address)
    amount = chain_rules.to_minor(int(event.args["amount"]))
    if campaign_id is None:
        # The address was watched, so the campaign was ours: restored from before it went live.
        _ask_staff(event, kind, who=who, title=event.address, amount=(amount, "ETB"), missing=None)
        return
    row = {
        "id": new_id(),
        "campaign_id": campaign_id,
        "kind": kind,
        "intent": intent,
        "who": who,
        "amount_minor": amount,
        "room_minor": 0,
        "tx_hash": event.tx_hash,
        "ordinal": event.ordinal,
        "seen_at": clock.now(),
    }
    totals.lock_for_update(campaign_id)
    if not insert_ignore(_F, [row]):
        return
    room = totals.take_foreign(campaign_id, amount, is_token=kind == "token")
    db.session.execute(sa.update(_F).where(_F.c.id == row["id"]).values(room_minor=room))
    campaign = campaigns.by_id(campaign_id)
    _ask_staff(
        event,
        kind,
        who=who,
        title=campaign.title or "",
        amount=(amount, campaign.currency),
        missing=amount - room,
    )


def _ask_staff(
    event: ContractEvent,
    kind: str,
    *,
    who: str,
    title: str,
    amount: tuple[int, str],
    missing: int | None,
) -> None:
    """Open a question; missing is what found no room, None if no campaign here has the contract."""
    shown = money.fmt(*amount)
    sentences = [_WORDS[kind].format(amount=shown, title=title[:60], who=who)]
    if missing is None:
        sentences.append("No campaign here has this contract: no room was taken, nothing booked.")
    elif missing:
        late = money.fmt(missing, amount[1])
        sentences.append(
            f"{late} of it found no room: as much money on its way cannot be recorded."
        )
    else:
        sentences.append("It has taken its room; nothing was booked.")
    exceptions.open_one(
        f"chain:{event.tx_hash}:{event.ordinal}",
        Kind.UNKNOWN_ON_CHAIN,
        origin=exceptions.Origin(None, None, "chain", event.tx_hash.removeprefix("0x")),
        money=amount,
        held=False,
        detail=" ".join(sentences),
    )


def _is_ours(campaign_id: str, reference: str) -> bool:
    """Return whether a record is of an investment here, which another transaction has recorded."""
    ids = queries.ids_of(campaign_id)
    return any(chain_rules.intent_bytes32(rules.reference(one)) == reference for one in ids)
