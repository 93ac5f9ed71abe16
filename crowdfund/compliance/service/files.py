"""A person's file: facts and documents; what changes in it is verified again."""

from collections.abc import Mapping

from crowdfund.adapters import sealing
from crowdfund.compliance.models import KycRecord
from crowdfund.compliance.queries import files, reviews
from crowdfund.compliance.rules import facts, renewals, requirements
from crowdfund.compliance.service import renewals as renewals_service
from crowdfund.compliance.service import shared, submissions
from crowdfund.documents import queries as documents
from crowdfund.documents import service as document_service
from crowdfund.documents.rows import DocumentRow
from crowdfund.kernel.errors import Conflict, NotFound
from crowdfund.kernel.fields import names
from crowdfund.kernel.i18n import _, ngettext
from crowdfund.people import queries, service

# The documents that prove the facts of a page: they are reviewed again when one of these changes.
_PROVEN_BY = {
    "about": requirements.DOCUMENT_KINDS,
    "address": ("proof_of_address",),
    "identity": tuple(facts.IDENTITY_KINDS),
}


def save_facts(person_id: str, step: str, values: Mapping[str, object]) -> None:
    """Save one page of a person's facts; a changed verified fact is verified again.

    An empty number keeps the stored one. The number of a renewed document, which was sent before,
    is checked with it, and the level stays in force. Raises InvalidFields.
    """
    stored = files.id_number(person_id)
    if step == "identity" and stored and not str(values.get("id_number") or "").strip():
        values = {**values, "id_number": stored}
    clean = facts.clean(step, values, today=files.today())
    file = shared.locked_file(person_id)
    before = {**files.filled(person_id), "id_number": stored}
    changed = {name: value for name, value in clean.items() if (before.get(name) or "") != value}
    if not changed:
        return
    _write(file, changed)
    if step == "identity":
        file.id_number_mark = files.marks(str(clean["id_kind"]), str(clean["id_number"]))[0]
    was_known = facts.step_state(before, step) == "done"
    if _is_renewed_number(person_id, changed, str(clean.get("id_kind"))):
        was_known = False
        renewals_service.note_number(person_id, actor=person_id)
    if was_known:
        shared.reopen_documents(person_id, _PROVEN_BY[step])
    if step == "about":
        _name_profile(person_id, str(clean["legal_name"]))
    submissions.changed(file, actor=person_id, what=step, is_known=was_known)


def _is_renewed_number(person_id: str, changed: Mapping[str, object], kind: str) -> bool:
    return set(changed) == {"id_number"} and renewals_service.is_under_way(person_id, kind)


def _write(file: KycRecord, values: Mapping[str, object]) -> None:
    for name, value in values.items():
        if name == "id_number":
            sealed = sealing.seal(files.SEALED, file.person_id, str(value).encode())
            file.id_number_sealed = sealed
        else:
            setattr(file, name, value)


def _name_profile(person_id: str, legal_name: str) -> None:
    """Set the name in the profile to the legal name, if the profile has none yet."""
    person, parts = queries.get(person_id), names.parts_of(legal_name)
    if person is not None and parts and not person.first_name and not person.last_name:
        service.save_profile(person_id, first_name=parts[0], last_name=parts[1])


# --- documents ------------------------------------------------------------------------------------


def attach(person_id: str, examined: document_service.Examined) -> str:
    """Store an examined document (documents.service.examine); return its id.

    It replaces rejected and expired ones of its kind. Beside an accepted one it is a renewal or
    another side: it is reviewed, and the level stays in force meanwhile. Raises Conflict for a kind
    that is not needed, and when there are too many already.
    """
    file = shared.locked_file(person_id)
    if examined.kind not in requirements.kinds_asked(files.snapshot(person_id)):
        raise Conflict(_("We do not need this document from you. Nothing was stored."))
    present = documents.of_owner(("person", person_id), [examined.kind])
    most = requirements.MAX_DOCUMENTS
    invalid = [one for one in present if one.status in ("rejected", "expired")]
    if len(present) - len(invalid) >= most:
        text = ngettext(
            "There is already %(num)s file. Remove it first.",
            "There are already %(num)s files. Remove one first.",
            most,
        )
        raise Conflict(text)
    document_id = document_service.keep(("person", person_id), examined, actor=person_id)
    for old in invalid:
        document_service.supersede(old.id, document_id, actor=person_id)
    submissions.changed(file, actor=person_id, what=examined.kind, is_known=False)
    if renewals.is_renewal(present, examined.kind):
        renewals_service.ask(person_id, examined.kind, actor=person_id)
    return document_id


def remove(person_id: str, kind: str, document_id: str) -> None:
    """Destroy one document of the person's own; raises NotFound for another kind or person.

    Without the last that was accepted, or that shows a new number, the person is verified again.
    """
    document = files.document_of(person_id, document_id)
    if document.kind != kind:
        raise NotFound(_("There is no such document."))
    file = shared.locked_file(person_id)
    others = [one for one in documents.of_owner(("person", person_id), [kind]) if one != document]
    proves_number = _shows_new_number(person_id, document, others)
    document_service.destroy(document.id, actor=person_id)
    if proves_number:
        shared.reopen_documents(person_id, _PROVEN_BY["identity"])
    submissions.changed(
        file,
        actor=person_id,
        what=kind,
        is_known=proves_number or _is_needed(document, others),
    )
    renewals_service.withdraw_empty(person_id, actor=person_id)


def _shows_new_number(person_id: str, document: DocumentRow, others: list[DocumentRow]) -> bool:
    """Return whether a document, and no other that waits, shows a number that is new."""
    return (
        document.kind in facts.IDENTITY_KINDS
        and document.status in ("pending", "rejected")
        and all(one.status != "pending" for one in others)
        and reviews.has_new_number(person_id)
    )


def _is_needed(document: DocumentRow, others: list[DocumentRow]) -> bool:
    """Return whether an accepted document is missed; each side of an identity document is."""
    is_alone = all(one.status != "verified" for one in others)
    return document.status == "verified" and (is_alone or document.kind in facts.IDENTITY_KINDS)
