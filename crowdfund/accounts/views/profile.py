"""The person's own account page."""

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from ... import web
from ...errors import CrowdfundError
from .. import service
from ..forms import ProfileForm
from .blueprint import bp, refuse


@bp.route("/account", methods=["GET", "POST"])
def show() -> BaseResponse:
    """Show the person's own data and verification; keep changes."""
    person = web.current_user()
    form = ProfileForm(obj=person)
    target = web.own_path(request.values.get("next"), "")
    context = {"person": person, "target": target}
    if form.validate_on_submit():
        try:
            service.save_profile(
                person.id,
                first_name=form.first_name.data,
                last_name=form.last_name.data,
                phone=form.phone.data,
            )
        except CrowdfundError as error:
            return refuse("accounts/show.html", form, error, **context)
        web.flash("Saved. A colleague of ours checks your details now.", "success")
        return web.back(url_for("accounts.show", next=target or None))
    return web.render("accounts/show.html", form=form, status=422 if form.errors else 200, **context)


@bp.get("/account/verification")
def verification() -> Response:
    """Show the verification part of the account page, alone, for live updates."""
    person, target = web.current_user(), web.own_path(request.args.get("next"), "")
    return web.render("accounts/_verification.html", person=person, target=target)
