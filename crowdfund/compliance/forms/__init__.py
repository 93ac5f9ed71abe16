"""Forms of verification."""

from .companies import ApproveForm, RejectForm
from .own import FACT_FORMS, ActionForm, DeclarationForm, NomineeForm, UploadForm
from .people import LevelForm, PaperForm
from .shared import put_errors

__all__ = [
    "FACT_FORMS", "ActionForm", "ApproveForm", "DeclarationForm", "LevelForm", "NomineeForm", "PaperForm",
    "RejectForm", "UploadForm", "put_errors",
]  # fmt: skip
