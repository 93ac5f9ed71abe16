"""A document that a company adds with a change of its terms.

The file is stored by its content at once, and belongs to the campaign from the approval on. Until
then only the team and staff can open it.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crowdfund.adapters import storage
from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.service import documents
from crowdfund.documents.service import Examined
from crowdfund.kernel.errors import Conflict
from crowdfund.kernel.fields import texts
from crowdfund.kernel.i18n import _
from crowdfund.term_changes.queries import changes


@dataclass(frozen=True, slots=True)
class Attachment:
    """An examined file, and what it is."""

    title: str
    file: Examined


def title_of(text: object) -> str:
    """Return what a document is, as it was typed. Raises Invalid."""
    ask = _("Enter what the document is.")
    return texts.line(text, "document_title", ask, least=3, most=80)


def stored(campaign_id: str, attachment: Attachment | None) -> dict[str, Any] | None:
    """Store an attached file, and return what a change keeps of it; None without one.

    Raises Conflict if the campaign has this document, or too many.
    """
    if attachment is None:
        return None
    documents.refuse_too_many(campaign_id)
    file = attachment.file
    cid = storage.put_cid(file.data)
    if any(one.cid == cid for one in campaigns.documents(campaign_id)):
        raise Conflict(_("This document is part of the campaign already."), field="upload")
    return {
        "title": attachment.title,
        "filename": file.filename,
        "content_type": file.content_type,
        "size": len(file.data),
        "cid": cid,
        "sha256": hashlib.sha256(file.data).hexdigest(),
    }


def publish(campaign_id: str, document: Mapping[str, Any] | None, *, actor: str) -> None:
    """Add the document of an approved change to those of its campaign, once."""
    if document is not None:
        documents.add_stored(campaign_id, document, actor=actor)


documents.register_holder(changes.holds_document)
