"""Reads about a person's file: facts, documents, and what the rules need of both."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import date

import sqlalchemy as sa

from crowdfund.adapters import sealing
from crowdfund.compliance.models import KycRecord, KycReview
from crowdfund.compliance.rows import FactsRow
from crowdfund.compliance.rules import eligibility, requirements
from crowdfund.compliance.rules import facts as facts_rules
from crowdfund.documents import queries as documents
from crowdfund.documents.rows import DocumentRow
from crowdfund.kernel import clock, config, keys
from crowdfund.kernel.db import db
from crowdfund.kernel.db.rows import columns, read_first
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _
from crowdfund.payout_accounts import queries as payout_accounts_queries
from crowdfund.people import queries

_F = KycRecord.__table__
SEALED = "compliance.id_number"


def today() -> date:
    """Return the calendar day in the platform's time zone."""
    return clock.today(config.settings().time_zone)


def facts(person_id: str) -> FactsRow | None:
    """Return a person's facts, or None before the first one."""
    query = sa.select(*columns(FactsRow, _F)).where(_F.c.person_id == person_id)
    return read_first(FactsRow, query)


def legal_names(person_ids: Collection[str]) -> dict[str, str]:
    """Return the names on the identity documents of several people by id, of those who gave one."""
    query = sa.select(_F.c.person_id, _F.c.legal_name).where(
        _F.c.person_id.in_(person_ids), _F.c.legal_name != ""
    )
    return {row.person_id: row.legal_name for row in db.session.execute(query)}


def filled(person_id: str) -> Mapping[str, object]:
    """Return the facts by name; instead of the document's number, its masked form."""
    row = facts(person_id)
    if row is None:
        return {}
    found: dict[str, object] = asdict(row)
    del found["id_number_sealed"]
    number = _number(person_id, row)
    return found | {"id_number": facts_rules.masked(number) if number else ""}


def id_number(person_id: str) -> str:
    """Return the number of the identity document, for reviewers and checks; empty if unknown."""
    return _number(person_id, facts(person_id))


def _number(person_id: str, row: FactsRow | None) -> str:
    if row is None or not row.id_number_sealed:
        return ""
    return sealing.unseal(SEALED, person_id, row.id_number_sealed).decode()


def documents_of(person_id: str) -> list[DocumentRow]:
    """Return a person's documents in force, oldest first."""
    return documents.of_owner(("person", person_id), requirements.DOCUMENT_KINDS)


def document_of(person_id: str, document_id: str) -> DocumentRow:
    """Return a document in force of this person; raises NotFound for anything else."""
    for document in documents_of(person_id):
        if document.id == document_id:
            return document
    raise NotFound(_("There is no such document, or it is not yours."))


def snapshot(person_id: str) -> requirements.File:
    """Return everything that decides which level a person may have."""
    reach = queries.contact_channels([person_id]).get(person_id)
    account = payout_accounts_queries.payout_account_of(person_id)
    return requirements.File(
        facts=filled(person_id),
        has_contact=bool(reach and (reach.emails or reach.phones)),
        documents=tuple(
            requirements.Document(one.kind, one.status, one.expires_on)
            for one in documents_of(person_id)
        ),
        has_payout_account=account is not None and account.status == "verified",
        uses_rupees=account is not None and account.country == requirements.INDIA,
    )


def revision(person_id: str) -> int:
    """Return the number of changes of a file; a reviewer decides about one revision."""
    return db.session.scalar(sa.select(_F.c.revision).where(_F.c.person_id == person_id)) or 0


def same_number(person_id: str) -> list[str]:
    """Return other people whose identity document has the same kind and number."""
    row = facts(person_id)
    if row is None or not row.id_number_mark:
        return []
    known = marks(row.id_kind or "", _number(person_id, row))
    is_same = sa.and_(_F.c.id_number_mark.in_(known), _F.c.person_id != person_id)
    query = sa.select(_F.c.person_id).where(is_same)
    return list(db.session.scalars(query.order_by(_F.c.person_id)))


def marks(kind: str, number: str) -> list[str]:
    """Return the keyed hashes of a document's number: by the present key, then by former ones."""
    text = f"{kind}:{facts_rules.same_number(number)}"
    return keys.keyed_hashes(text.encode())


def refusal(person_id: str) -> str | None:
    """Return in a sentence why a person may not invest now, or None."""
    person = queries.get(person_id)
    if person is None:
        raise NotFound(_("There is no such person."))
    is_sent = person.kyc_status != "pending" or _has_open_review(person_id)
    return eligibility.refusal(
        person.kyc_status, person.kyc_level, person.kyc_expires_on, today(), is_sent=is_sent
    )


def _has_open_review(person_id: str) -> bool:
    query = sa.select(KycReview.id).where(KycReview.open_for == person_id)
    return db.session.scalar(query) is not None
