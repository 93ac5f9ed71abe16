"""Does SECRET_KEY open what was sealed under it? One old and one new row of each kind are tried."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from crowdfund.adapters import sealing
from crowdfund.compliance.models import KycRecord
from crowdfund.documents.models import DocumentKey
from crowdfund.issuers.models import Company, CompanyBankAccount
from crowdfund.kernel.db import db
from crowdfund.payout_accounts.models import PayoutAccount
from crowdfund.security.models import Totp


@dataclass(frozen=True, slots=True)
class Kind:
    """What is sealed: words for an operator, the purpose it is bound to, and its columns."""

    words: str
    purpose: str
    name: sa.SQLColumnExpression[Any]
    sealed: sa.SQLColumnExpression[Any]


KINDS = (
    Kind("documents", "crowdfund documents v1", DocumentKey.document_id, DocumentKey.sealed_key),
    Kind("authenticator apps", "totp", Totp.person_id, Totp.sealed),
    Kind("payout accounts", "payout account", PayoutAccount.id, PayoutAccount.sealed_number),
    Kind("identity numbers", "compliance.id_number",
         KycRecord.person_id, KycRecord.id_number_sealed),
    Kind("bank accounts of companies", "crowdfund company bank v1",
         CompanyBankAccount.id, CompanyBankAccount.sealed),
    Kind("wallets of companies", "crowdfund custody v1",
         Company.wallet_address, Company.wallet_sealed_key),
)  # fmt: skip


def problems() -> Iterator[str]:
    """Yield a sentence for each kind of secret of which a sample cannot be opened."""
    for kind in KINDS:
        if not all(_opens(kind, *sample) for sample in _samples(kind)):
            yield (
                f"SECRET_KEY does not open sealed {kind.words}. Set the key under which they were "
                "sealed, or add it to SECRET_KEY_FALLBACKS; without it they are lost."
            )


def counted() -> int:
    """Return of how many kinds there is a sample."""
    return sum(bool(_samples(kind)) for kind in KINDS)


def _samples(kind: Kind) -> set[tuple[str, str]]:
    """Return (name, sealed) of the first and the last row of a kind."""
    query = sa.select(kind.name, kind.sealed)
    query = query.where(kind.sealed.is_not(None), kind.name.is_not(None)).limit(1)
    orders = (kind.name, kind.name.desc())
    return {(row[0], row[1]) for by in orders for row in db.session.execute(query.order_by(by))}


def _opens(kind: Kind, name: str, sealed: str) -> bool:
    try:
        sealing.unseal(kind.purpose, name, sealed)
    except (sealing.UnsealError, ValueError):
        return False
    return True
