"""A person's file: facts and documents; what changes of it is verified again."""

from collections.abc import Mapping

from ...accounts import queries as accounts
from ...accounts import service as account_service
from ...adapters import sealing
from ...documents import queries as documents
from ...documents import service as document_service
from ...errors import Conflict
from ...i18n import _
from .. import queries, rules
from . import asking, shared

# Which documents prove the facts of a page: they are looked at again when one of these changes.
_PROVEN_BY = {
    "about": rules.requirements.PAPER_KINDS,
    "address": ("proof_of_address",),
    "identity": tuple(rules.IDENTITY_KINDS),
}


def save_facts(person_id: str, step: str, values: Mapping[str, object]) -> None:
    """Keep one page of a person's facts; a changed verified fact is verified again.

    An empty number means the one that is known already. Raises rules.texts.InvalidFields.
    """
    known = queries.id_number(person_id)
    if step == "identity" and known and not str(values.get("id_number") or "").strip():
        values = {**values, "id_number": known}
    good = rules.facts.clean(step, values, today=queries.today())
    file = shared.locked_file(person_id)
    before = {**queries.filled(person_id), "id_number": known}
    changed = [name for name, value in good.items() if (before.get(name) or "") != value]
    if not changed:
        return
    for name in changed:
        if name == "id_number":
            file.id_number_sealed = sealing.seal(queries.SEALED, person_id, str(good[name]).encode())
        else:
            setattr(file, name, good[name])
    if step == "identity":
        file.id_number_mark = queries.marks(str(good["id_kind"]), str(good["id_number"]))[0]
    was_known = rules.facts.step_state(before, step) == "done"
    if was_known:
        _look_again(person_id, _PROVEN_BY[step])
    if step == "about":
        _name_profile(person_id, str(good["legal_name"]))
    asking.changed(file, actor=person_id, what=step, is_known=was_known)


def _look_again(person_id: str, kinds: tuple[str, ...]) -> None:
    for paper in documents.of_owner(("person", person_id), kinds):
        if paper.status == "verified":
            document_service.reopen(paper.id, "a fact that it proves has changed", actor=person_id)


def _name_profile(person_id: str, legal_name: str) -> None:
    """Give the profile its first name and the rest, if the person has not named themselves yet."""
    person, (first, _space, last) = accounts.get(person_id), legal_name.partition(" ")
    if person is not None and last and not person.first_name and not person.last_name:
        account_service.save_profile(person_id, first_name=first[:80], last_name=last[:80])


# --- documents ------------------------------------------------------------------------------------


def attach(person_id: str, examined: document_service.Examined) -> str:
    """Keep an examined document (documents.service.examine); return its id.

    It takes the place of those of its kind that were rejected or have expired. Raises Conflict for a
    kind that is not asked for, and when there are too many already.
    """
    file = shared.locked_file(person_id)
    if examined.kind not in rules.requirements.kinds_asked(queries.snapshot(person_id)):
        raise Conflict(_("We do not need this document from you. Nothing was stored."))
    there = documents.of_owner(("person", person_id), [examined.kind])
    useless = [one for one in there if one.status in ("rejected", "expired")]
    if len(there) - len(useless) >= rules.requirements.MAX_PAPERS:
        raise Conflict(
            _("There are %(most)s files already. Remove one first.", most=rules.requirements.MAX_PAPERS)
        )
    document_id = document_service.keep(("person", person_id), examined, actor=person_id)
    for old in useless:
        document_service.supersede(old.id, document_id, actor=person_id)
    is_known = any(one.status == "verified" for one in there)
    asking.changed(file, actor=person_id, what=examined.kind, is_known=is_known)
    return document_id


def remove(person_id: str, document_id: str) -> None:
    """Destroy one document of the person's own; raises NotFound for anybody else's."""
    paper = queries.paper_of(person_id, document_id)
    file = shared.locked_file(person_id)
    document_service.destroy(paper.id, actor=person_id)
    asking.changed(file, actor=person_id, what=paper.kind, is_known=paper.status == "verified")
