"""Which terms of a live campaign may change, how they are checked, and what differs; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from crowdfund.campaigns.rules import drafts, offers, securities
from crowdfund.campaigns.rules import terms as campaign_terms
from crowdfund.kernel.errors import Invalid, InvalidFields
from crowdfund.kernel.fields import texts
from crowdfund.kernel.fields.collecting import Values, collect
from crowdfund.kernel.i18n import _
from crowdfund.term_changes.rules import readable
from crowdfund.term_changes.rules.diffs import Piece, compare, is_same

TEXTS = ("summary", "story_md")
ADDED = "added_documents"  # in the terms of a version: what changes have added


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs in one part of the terms; `cid` of a document that was added."""

    label: str
    pieces: tuple[Piece, ...]
    cid: str = ""


def names(kind: str | None) -> tuple[str, ...]:
    """Return the columns that may change: the texts, and the terms of the kind of security.

    What is in the contract never changes: goal, threshold, limits and price per person, deadline,
    fee.
    """
    return (*TEXTS, *securities.FIELDS.get(kind or "", ()))


def of_campaign(row: object) -> dict[str, object]:
    """Return the terms of a campaign that may change, by column."""
    kind = getattr(row, "security_type", None)
    return {name: getattr(row, name) for name in names(kind)}


def clean(kind: str | None, values: Values) -> tuple[dict[str, object], str]:
    """Return the new terms by column, and the reason. Raises InvalidFields."""
    summary, why = values.get("summary"), values.get("reason")
    ask = _("Say why you change the terms, in at least 10 characters.")
    good, errors = collect(
        {
            "summary": lambda: texts.line(
                summary, "summary", _("Enter a summary."), least=20, most=240
            ),
            "story_md": lambda: drafts.parse_story(values.get("story_md")),
            "reason": lambda: texts.reason(why, ask=ask, most=texts.LONG_REASON),
        }
    )
    its_good, its_errors = securities.clean(kind or "", values)
    if errors or its_errors:
        raise InvalidFields(errors | its_errors)
    everything = {**good, **its_good}
    return {name: everything[name] for name in names(kind)}, good["reason"]


def check_differs(
    before: Mapping[str, object], after: Mapping[str, object], document: object = None
) -> None:
    """Raise Invalid if nothing would change and no document would be added."""
    if before == after and not document:
        raise Invalid(_("Nothing differs from the terms in force. Change a text or a term."))


def agreed(
    row: object, values: Mapping[str, object], documents: list[str], added: list[Mapping[str, Any]]
) -> tuple[dict[str, object], str]:
    """Return what investors agree to with these values, and its hash as a campaign's approval
    makes it.

    `documents` are content ids; `added` are the documents that changes have added so far, each
    with its SHA-256.
    """
    whole = {**campaign_terms.agreed(row), **values}
    if documents:
        whole["documents"] = documents
    if added:
        whole[ADDED] = [dict(one) for one in added]
    return whole, campaign_terms.terms_hash(whole)


def differences(
    kind: str | None, before: Mapping[str, object], after: Mapping[str, object]
) -> list[Difference]:
    """Return what differs between two versions of the terms, in the reader's language."""
    pairs = [
        (_("Summary"), str(before.get("summary") or ""), str(after.get("summary") or "")),
        *_of_security(kind, before, after),
        (_("Story"), *_stories(before, after)),
    ]
    found = [(label, _compared(one, other)) for label, one, other in pairs]
    changed = [Difference(label, pieces) for label, pieces in found if not is_same(pieces)]
    return [*changed, *_documents_added(before, after)]


def added(terms: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the documents that changes have added to these terms, oldest first."""
    return list(terms.get(ADDED) or ())


def _documents_added(before: Mapping[str, object], after: Mapping[str, object]) -> list[Difference]:
    known = {one["cid"] for one in added(before)}
    return [_document(one) for one in added(after) if one["cid"] not in known]


def _document(one: Mapping[str, Any]) -> Difference:
    kilobytes = -(-int(one["size"]) // 1024)
    text = _(
        "%(title)s (%(filename)s, %(kilobytes)s kB), SHA-256 %(hash)s",
        title=one["title"],
        filename=one["filename"],
        kilobytes=kilobytes,
        hash=one["sha256"],
    )
    return Difference(_("Document added"), (Piece("added", text),), str(one["cid"]))


def _stories(before: Mapping[str, object], after: Mapping[str, object]) -> tuple[str, str]:
    """Return two stories as people read them; with their marks where only those differ."""
    written = str(before.get("story_md") or ""), str(after.get("story_md") or "")
    one, other = (readable.text_of(text) for text in written)
    return written if one == other else (one, other)


@lru_cache(maxsize=64)
def _compared(before: str, after: str) -> tuple[Piece, ...]:
    return tuple(compare(before, after))


def _of_security(
    kind: str | None, before: Mapping[str, object], after: Mapping[str, object]
) -> list[tuple[str, str, str]]:
    left, right = _rows(kind, before), _rows(kind, after)
    return [
        (label, left.get(label, ""), right.get(label, ""))
        for label in dict.fromkeys([*left, *right])
    ]


def _rows(kind: str | None, values: Mapping[str, object]) -> dict[str, str]:
    security = securities.of_draft({**values, "security_type": kind})
    return {row["label"]: row["value"] for row in offers.rows(security)}
