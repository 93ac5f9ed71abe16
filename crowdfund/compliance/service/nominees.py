"""Nominees: named by the person, proved by a document, reviewed by compliance."""

from collections.abc import Mapping

from crowdfund.compliance.models import Nominee, nominee_event
from crowdfund.compliance.queries import files, nominees
from crowdfund.compliance.rules import nominees as nominees_rules
from crowdfund.compliance.rules import reviews as reviews_rules
from crowdfund.compliance.rules.nominees import NotComplete
from crowdfund.compliance.rules.reviews import Decision
from crowdfund.compliance.service import reviews, shared
from crowdfund.documents import queries as documents
from crowdfund.documents import service as document_service
from crowdfund.kernel import clock, i18n, live
from crowdfund.kernel.db import db, locked, new_id, record_event
from crowdfund.kernel.errors import Conflict
from crowdfund.kernel.fields import texts
from crowdfund.kernel.i18n import _, ngettext
from crowdfund.kernel.moving import move
from crowdfund.notifications import service
from crowdfund.people import queries

PAGE = "/account/nominees"


def add(person_id: str, values: Mapping[str, object]) -> str:
    """Name a nominee as a draft; return the id. Raises InvalidFields or Conflict."""
    clean, most = nominees_rules.clean(values, today=files.today()), nominees_rules.MOST
    shared.locked_file(person_id)
    if len(nominees.of_person(person_id)) >= most:
        text = ngettext(
            "You can name at most %(num)s nominee. Remove one first.",
            "You can name at most %(num)s nominees. Remove one first.",
            most,
        )
        raise Conflict(text)
    nominee_id, now = new_id(), clock.now()
    nominee = Nominee(id=nominee_id, person_id=person_id, created_at=now, updated_at=now, **clean)
    db.session.add(nominee)
    db.session.flush()
    record_event(nominee_event, nominee_id, actor=person_id, before=None, after="draft")
    _refresh_pages(person_id)
    return nominee_id


def save(nominee_id: str, person_id: str, values: Mapping[str, object]) -> None:
    """Change one's own nominee; a reviewed one is reviewed again."""
    clean = nominees_rules.clean(values, today=files.today())
    nominee = _own(nominee_id, person_id)
    changed = [name for name, value in clean.items() if getattr(nominee, name) != value]
    if not changed:
        return
    for name in changed:
        setattr(nominee, name, clean[name])
    if set(changed) - {"share_bp", "contact"}:
        _reopen_proof(nominee)
    _changed(nominee, what=", ".join(changed))


def prove(nominee_id: str, person_id: str, examined: document_service.Examined) -> str:
    """Store an examined identity proof in place of an earlier one; return the document's id."""
    nominee = _own(nominee_id, person_id)
    older = documents.of_owner(("nominee", nominee_id))
    document_id = document_service.keep(("nominee", nominee_id), examined, actor=person_id)
    for old in older:
        document_service.supersede(old.id, document_id, actor=person_id)
    _changed(nominee, what="identity proof")
    return document_id


def remove(nominee_id: str, person_id: str) -> None:
    """Remove one's own nominee and destroy the identity proof."""
    nominee = _own(nominee_id, person_id)
    for document in documents.of_owner(("nominee", nominee_id)):
        document_service.destroy(document.id, actor=person_id)
    _move(nominee, "removed", actor=person_id)


def submit(person_id: str) -> None:
    """Send complete nominees to compliance: 100 % in total, an identity proof for each.

    Raises NotComplete with what is missing, or Conflict when nothing is new.
    """
    shared.locked_file(person_id)
    found = nominees.of_person(person_id)
    if words := nominees_rules.sum_words(one.share_bp for one in found):
        raise NotComplete(words)
    proofs = nominees.proofs([one.id for one in found])
    for nominee in found:
        if nominee.id not in proofs:
            raise NotComplete(_("%(name)s has no identity proof yet.", name=nominee.full_name))
        if nominee.status == "rejected" or proofs[nominee.id].status in ("rejected", "expired"):
            name = nominee.full_name
            raise NotComplete(_("Correct %(name)s first: something was not accepted.", name=name))
    drafts = [one.id for one in found if one.status == "draft"]
    if not drafts:
        raise Conflict(_("Everything has been sent. We will notify you when we have reviewed it."))
    for nominee_id in drafts:
        _submit(_own(nominee_id, person_id))


def decide(
    nominee_id: str, person_id: str, decision: Decision, *, actor: str, revision: int
) -> None:
    """Verify a nominee with the identity proof, or reject both with a reason.

    The reviewer is never the person who named the nominee. `revision` is that of the nominee that
    the reviewer has seen. Raises NotYours, Decided, NotComplete, NotFound or Invalid.
    """
    reviews_rules.check_reviewer(actor, person_id)
    nominee = _own(nominee_id, person_id)
    if nominee.status != "pending" or nominee.revision != revision:
        raise reviews_rules.Decided
    words = nominees_rules.sum_words(one.share_bp for one in nominees.of_person(person_id))
    if decision.approve and words:
        raise NotComplete(words)
    why = "" if decision.approve else texts.reason(decision.reason)
    for document in documents.of_owner(("nominee", nominee_id)):
        if document.status == "pending":
            reviews.record_decision(document, decision, actor=actor)
    nominee.reason, nominee.decided_by, nominee.decided_at = why, actor, clock.now()
    status = "verified" if decision.approve else "rejected"
    _move(nominee, status, actor=actor, reason=why)
    _announce(nominee, status, {} if decision.approve else {"reason": why})


def proof_expired(nominee_id: str) -> None:
    """Ask for a newer identity proof of a verified nominee."""
    person_id = nominees.person_of(nominee_id)
    if person_id is None:
        return
    nominee = _own(nominee_id, person_id)
    if nominee.status != "verified":
        return
    owner = queries.get(person_id)
    with i18n.using(owner.language if owner else "en"):
        nominee.reason = _("The identity proof has expired. Send a newer one.")
    _move(nominee, "rejected", actor="system", reason="identity proof expired")
    _announce(nominee, "rejected", {"reason": nominee.reason}, key="expired")


# --- helpers --------------------------------------------------------------------------------------


def _announce(nominee: Nominee, status: str, context: dict[str, str], *, key: str = "") -> None:
    """Notify the person of a decision, once for each revision."""
    context = {"nominee": nominee.full_name, **context}
    key = f"nominee:{nominee.id}:{nominee.revision}:{key or status}"
    service.notify(nominee.person_id, f"nominee.{status}", context, key=key, path=PAGE)


def _own(nominee_id: str, person_id: str) -> Nominee:
    """Return one's own nominee, locked behind the person's file; raises NotFound for others'."""
    shared.locked_file(person_id)
    nominees.own(nominee_id, person_id)
    return locked(Nominee, nominee_id)


def _reopen_proof(nominee: Nominee) -> None:
    reason = "a fact that it proves has changed"
    for document in documents.of_owner(("nominee", nominee.id)):
        if document.status == "verified":
            document_service.reopen(document.id, reason, actor=nominee.person_id)


def _changed(nominee: Nominee, *, what: str) -> None:
    """Send a nominee that was decided about back to pending; a draft stays a draft."""
    nominee.revision, nominee.updated_at = nominee.revision + 1, clock.now()
    proof = nominees.proofs([nominee.id]).get(nominee.id)
    has_proof = proof is not None and proof.status in ("pending", "verified")
    if has_proof and nominee.status in ("verified", "rejected"):
        _submit(nominee, reason=f"{what} changed")
    _refresh_pages(nominee.person_id)


def _submit(nominee: Nominee, *, reason: str = "") -> None:
    nominee.submitted_at, nominee.reason = clock.now(), ""
    nominee.decided_by = nominee.decided_at = None
    _move(nominee, "pending", actor=nominee.person_id, reason=reason)
    service.queue_work("staff.nominees", key=f"nominee:{nominee.id}:{nominee.revision}")


def _move(nominee: Nominee, to: str, *, actor: str, reason: str = "") -> None:
    move(nominee, to, nominee_event, actor=actor, reason=reason)
    _refresh_pages(nominee.person_id)


def _refresh_pages(person_id: str) -> None:
    db.session.flush()
    live.changed("nominees", person_id)
    live.changed("queue", "people")
