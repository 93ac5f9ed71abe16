"""What the pages of requests share that a second person decides."""

from collections.abc import Callable
from typing import Protocol

from flask import Response
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.kernel.errors import CrowdfundError
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import pages


class Show(Protocol):
    """Render the page of a request with a form, under a status."""

    def __call__(self, form: FlaskForm, *, status: int) -> Response:
        """Return the page."""


def refuse(
    form: FlaskForm, decide: Callable[[str], None], show: Show, back: str, *, done: str = ""
) -> BaseResponse:
    """Refuse a request with the form's reason; show the form again if the reason is not accepted.

    `done` is what the next page says. Raises what `decide` raises about anything but a field.
    """
    try:
        decide(form.reason.data or "")
    except CrowdfundError as error:
        if error.field is None:
            raise
        pages.put_error(form, error)
        return show(form, status=error.status)
    pages.flash(done or _("Refused. Nothing was changed."), "success")
    return pages.back(back)
