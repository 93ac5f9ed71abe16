"""Public documents of a campaign: added to a draft, fixed with its terms, pinned once public."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
import structlog

from crowdfund.adapters import storage
from crowdfund.campaigns import queries
from crowdfund.campaigns.models import CampaignDocument
from crowdfund.campaigns.rules import drafts, life
from crowdfund.campaigns.service.drafts import editable
from crowdfund.campaigns.service.shared import touch
from crowdfund.documents.service import Examined
from crowdfund.kernel import clock, outbox
from crowdfund.kernel.db import db, new_id
from crowdfund.kernel.errors import Conflict, WrongState
from crowdfund.kernel.fields import texts
from crowdfund.kernel.i18n import _, ngettext

log = structlog.get_logger()

# Whether a feature above holds a file that no campaign has yet.
_holders: list[Callable[[str], bool]] = []


def register_holder(holds: Callable[[str], bool]) -> None:
    """Have `holds` of a content id keep a file from being swept."""
    _holders.append(holds)


def check_new_document(campaign_id: str, title: str) -> str:
    """Return the title of a document that may be added; raises Invalid, WrongState or Conflict.

    Only reads: call it before the file is examined, which takes a moment.
    """
    name = texts.line(title, "title", _("Enter what the document is."), least=3, most=80)
    campaign = queries.by_id(campaign_id)
    if campaign.status != life.Status.DRAFT:
        raise WrongState(_("This campaign was submitted: its documents cannot be changed now."))
    refuse_too_many(campaign_id)
    return name


def add_document(campaign_id: str, title: str, file: Examined, *, actor: str) -> str:
    """Publish an examined file with a draft; return its content id (CIDv1).

    The same file twice is one document, under its newer title.
    """
    name = check_new_document(campaign_id, title)
    campaign = editable(campaign_id)
    cid = storage.put_cid(file.data)
    same = sa.and_(CampaignDocument.campaign_id == campaign_id, CampaignDocument.cid == cid)
    db.session.execute(sa.delete(CampaignDocument).where(same))
    db.session.add(
        CampaignDocument(
            id=new_id(),
            campaign_id=campaign_id,
            title=name,
            filename=file.filename,
            content_type=file.content_type,
            size=len(file.data),
            cid=cid,
            added_by=actor,
            added_at=clock.now(),
        )
    )
    touch(campaign)
    return cid


def remove_document(campaign_id: str, document_id: str) -> None:
    """Remove a document from a draft, if it is still there. Raises WrongState."""
    campaign = editable(campaign_id)
    mine = sa.and_(CampaignDocument.campaign_id == campaign_id, CampaignDocument.id == document_id)
    db.session.execute(sa.delete(CampaignDocument).where(mine))
    touch(campaign)


def pin_due() -> int:
    """Queue public documents that no node holds yet; return how many were new."""
    items = [
        ("campaigns.pin", f"campaigns.pin:{one}", {"document_id": one}) for one in queries.to_pin()
    ]
    return outbox.add_many(items)


def sweep() -> int:
    """Remove files that no campaign holds, a day after they were written; return how many."""
    yesterday = (clock.now() - timedelta(days=1)).timestamp()
    found = storage.names_in(storage.CID_AREA, older_than=yesterday)
    lost = [cid for cid in found if not queries.documents_by_cid(cid) and not _is_held(cid)]
    for cid in lost:
        storage.delete_cid(cid)
    return len(lost)


def _is_held(cid: str) -> bool:
    return any(holds(cid) for holds in _holders)


def add_stored(campaign_id: str, document: Mapping[str, Any], *, actor: str) -> None:
    """Add a stored file to the documents of a campaign, once (for a higher feature)."""
    if any(one.cid == document["cid"] for one in queries.documents(campaign_id)):
        return
    names = ("title", "filename", "content_type", "size", "cid")
    facts = {name: document[name] for name in names}
    about = {"campaign_id": campaign_id, "added_by": actor, "added_at": clock.now()}
    db.session.add(CampaignDocument(id=new_id(), **facts, **about))
    db.session.flush()


def note_pinned(document_id: str, problem: str) -> None:
    """Note that a node holds a document, or why it never will."""
    document = db.session.get(CampaignDocument, document_id)
    if document is None:
        return
    if problem:
        log.error("ipfs.other_cid", document_id=document_id, problem=problem)
        document.pin_error = problem[:500]
    else:
        document.pinned_at = clock.now()
    db.session.flush()


def refuse_too_many(campaign_id: str) -> None:
    """Raise Conflict if a campaign has as many documents as it may have."""
    if len(queries.documents(campaign_id)) >= drafts.MOST_DOCUMENTS:
        most = drafts.MOST_DOCUMENTS
        text = ngettext(
            "A campaign has at most %(num)s document. Remove one first.",
            "A campaign has at most %(num)s documents. Remove one first.",
            most,
        )
        raise Conflict(text)
