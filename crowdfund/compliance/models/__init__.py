"""Tables of verification: a person's file, its reviews, nominees."""

from .files import KycFile, KycReview, kyc_review_event
from .nominees import Nominee, nominee_event

__all__ = ["KycFile", "KycReview", "Nominee", "kyc_review_event", "nominee_event"]
