"""The journal as bytes, as a backup has it, and what must be true of a year at its end."""

import gzip
import hashlib
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa

from crowdfund.backups import rows
from crowdfund.campaigns.models import Campaign
from crowdfund.chain.models import Tx
from crowdfund.investments.models import Investment
from crowdfund.kernel.db import commit, db
from crowdfund.ledger.models import Entry, Head, PostingRow
from crowdfund.payouts.models import Payout
from crowdfund.refunds.models import Refund
from crowdfund.reports import drift, service

TABLES = (Entry.__table__, PostingRow.__table__, Head.__table__)


def exported() -> bytes:
    """Return entries and postings in their order and the head of the hash chain, a row a line."""
    found = b""
    with TemporaryDirectory() as folder:
        for table in TABLES:
            path = Path(folder) / table.name
            rows.dump(table, path)
            found += gzip.decompress(path.read_bytes())
    db.session.remove()
    return found


def problems() -> list[str]:
    """Return what the whole self-check, the contracts and the refunds do not agree about."""
    found = [*service.prove_all()]
    commit()
    found += drift.problems()
    commit()
    found += _refund_problems()
    db.session.remove()
    return found


def figures() -> dict[str, int]:
    """Return how much happened in the year; amounts in minor units."""
    counted = {
        "entries": Entry,
        "postings": PostingRow,
        "campaigns": Campaign,
        "investments": Investment,
        "refunds": Refund,
        "payouts": Payout,
    }
    found = {
        name: _number(sa.select(sa.func.count()).select_from(m)) for name, m in counted.items()
    }
    found["given_back_minor"] = sum(_moved(PostingRow.source, one) for one in _refunded_accounts())
    paid = sa.select(sa.func.sum(Payout.amount_minor)).where(Payout.status == "paid")
    found["paid_out_minor"] = _number(paid)
    db.session.remove()
    return found


def chain_digest() -> str:
    """Return a SHA-256 over the hashes of all transactions that were sent, in their order."""
    order = (Tx.__table__.c.created_at, Tx.__table__.c.signer, Tx.__table__.c.nonce)
    hashes = db.session.scalars(sa.select(Tx.hash).order_by(*order)).all()
    db.session.remove()
    return hashlib.sha256(" ".join(hashes).encode()).hexdigest()


def _refund_problems() -> Iterable[str]:
    """Yield the refunded campaigns that did not give back what they had taken, on each rail."""
    taken = 0
    for account in _refunded_accounts():
        came, went = _moved(PostingRow.destination, account), _moved(PostingRow.source, account)
        taken += came
        if came != went:
            yield f"{account} took {came} and gave back {went}"
    back = _number(
        sa.select(sa.func.sum(Investment.amount_minor))
        .join(Campaign, Campaign.id == Investment.campaign_id)
        .where(Campaign.status == "refunded", Investment.status == "returned")
    )
    if back != taken:
        yield f"refunded campaigns took {taken}, and {back} of their investments went back"


def _refunded_accounts() -> list[str]:
    """Return the accounts that held the money of the campaigns which were refunded."""
    ids = db.session.scalars(sa.select(Campaign.id).where(Campaign.status == "refunded"))
    return [f"campaign:{one}:{rail}" for one in ids for rail in ("escrow", "tokens")]


def _moved(side: sa.orm.InstrumentedAttribute[str], account: str) -> int:
    return _number(sa.select(sa.func.sum(PostingRow.amount_minor)).where(side == account))


def _number(query: sa.Select[tuple[int]]) -> int:
    return int(db.session.scalar(query) or 0)
