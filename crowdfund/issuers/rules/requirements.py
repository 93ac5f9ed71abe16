"""Which documents a company must show, by its country; pure."""

from collections.abc import Iterable, Mapping

from crowdfund.documents.rows import DocumentRow
from crowdfund.kernel.i18n import _l

MEMORANDUM = "memorandum"
KINDS: Mapping[str, str] = {
    "business_licence": _l("Business licence"),
    "tax_certificate": _l("Tax registration certificate"),
    "incorporation": _l("Certificate of incorporation"),
    "financial_statement": _l("Financial statement"),
    MEMORANDUM: _l("Information memorandum"),
    "other": _l("Other document"),
}
TEXTS: Mapping[str, str] = {
    "business_licence": _l("Renewed for this year, all pages."),
    "tax_certificate": _l("It shows the tax number that you entered."),
    "incorporation": _l("Or the memorandum and articles of association, as registered."),
    "financial_statement": _l("Of the latest year, audited if you have it."),
    MEMORANDUM: _l(
        "What the company does, who runs it, its figures, what the money is for, and the "
        "risks. Everyone can read it once a campaign is live; only our staff see the other "
        "documents."
    ),
    "other": _l("Anything else that helps us to review the company."),
}
# Required documents by country; `*` is every other one. An operator adds a country here.
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "ET": ("business_licence", "tax_certificate", MEMORANDUM),
    "IN": ("incorporation", "tax_certificate", MEMORANDUM),
    "*": ("incorporation", MEMORANDUM),
}
# What has no date in itself may stay without one; the rest is asked for its expiry at the review.
EXPIRING = ("business_licence", "tax_certificate")


def required(country: str | None) -> tuple[str, ...]:
    """Return the kinds of documents that a company of a country must show."""
    return REQUIRED.get(country or "", REQUIRED["*"])


def lacking(documents: Iterable[DocumentRow], country: str | None, *, verified: bool) -> list[str]:
    """Return the required kinds that are not there: uploaded, or verified if `verified` asks so."""
    good = ("verified",) if verified else ("pending", "verified")
    there = {document.kind for document in documents if document.status in good}
    return [kind for kind in required(country) if kind not in there]
