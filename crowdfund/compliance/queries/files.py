"""Reads about a person's file: the facts, the documents, everything the rules look at."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa

from crowdfund.adapters import sealing
from crowdfund.compliance.models import KycRecord
from crowdfund.compliance.rules import eligibility, requirements
from crowdfund.compliance.rules import facts as facts_rules
from crowdfund.documents import queries as documents
from crowdfund.kernel import clock, config
from crowdfund.kernel.db import db
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _
from crowdfund.payout_accounts import queries as payout_accounts_queries
from crowdfund.people import queries

_F = KycRecord.__table__
SEALED = "compliance.id_number"


def today() -> date:
    """Return the calendar day in the platform's time zone."""
    return clock.today(config.settings().time_zone)


def facts(person_id: str) -> Any:  # noqa: ANN401 - a row
    """Return the row of a person's facts, or None before the first one."""
    return db.session.execute(sa.select(_F).where(_F.c.person_id == person_id)).first()


def filled(person_id: str) -> Mapping[str, object]:
    """Return the facts by name; instead of the document's number, its masked form."""
    row = facts(person_id)
    if row is None:
        return {}
    found = dict(row._mapping)
    sealed = found.pop("id_number_sealed")
    found["id_number"] = facts_rules.masked(_open(person_id, sealed)) if sealed else ""
    return found


def id_number(person_id: str) -> str:
    """Return the number of the identity document, readable; for the reviewer and the forms' check."""
    row = facts(person_id)
    return (
        _open(person_id, row.id_number_sealed) if row is not None and row.id_number_sealed else ""
    )


def _open(person_id: str, sealed: str) -> str:
    return sealing.unseal(SEALED, person_id, sealed).decode()


def papers(person_id: str) -> list[documents.DocumentRow]:
    """Return a person's documents in force, oldest first."""
    return documents.of_owner(("person", person_id), requirements.PAPER_KINDS)


def paper_of(person_id: str, document_id: str) -> documents.DocumentRow:
    """Return a document in force of this person; raises NotFound for anything else."""
    for paper in papers(person_id):
        if paper.id == document_id:
            return paper
    raise NotFound(_("There is no such document, or it is not yours."))


def snapshot(person_id: str) -> requirements.File:
    """Return everything that decides which level a person may have."""
    reach = queries.contact_channels([person_id]).get(person_id)
    return requirements.File(
        facts=filled(person_id),
        has_contact=bool(reach and (reach.emails or reach.phones)),
        papers=tuple(
            requirements.Paper(one.kind, one.status, one.expires_on) for one in papers(person_id)
        ),
        **_bank(person_id),
    )


def _bank(person_id: str) -> dict[str, bool]:
    account = payout_accounts_queries.payout_account_of(person_id)
    return {
        "has_payout_account": account is not None and account.status == "verified",
        "uses_rupees": account is not None and account.country == requirements.INDIA,
    }


def revision(person_id: str) -> int:
    """Return how often a file has changed; a reviewer decides about one revision."""
    return db.session.scalar(sa.select(_F.c.revision).where(_F.c.person_id == person_id)) or 0


def same_number(person_id: str) -> list[str]:
    """Return other people whose identity document has the same kind and number."""
    row = facts(person_id)
    if row is None or not row.id_number_mark:
        return []
    known = marks(row.id_kind, id_number(person_id))
    query = sa.select(_F.c.person_id).where(
        _F.c.id_number_mark.in_(known), _F.c.person_id != person_id
    )
    return list(db.session.scalars(query.order_by(_F.c.person_id)))


def marks(kind: str, number: str) -> list[str]:
    """Return the keyed marks of a document's number: under the key in force, then under former ones."""
    text = f"{kind}:{facts_rules.same_number(number)}"
    keys = config.settings().secret_keys
    return [hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest() for key in keys]


def refusal(person_id: str) -> str | None:
    """Return in plain words why no new money may come in from a person, or None."""
    person = queries.get(person_id)
    if person is None:
        raise NotFound(_("There is no such person."))
    return eligibility.refusal(person.kyc_status, person.kyc_level, person.kyc_expires_on, today())
