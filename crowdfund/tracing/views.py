"""The page that explains an amount: its rule, the lines that add up to it, their sources."""

from collections.abc import Callable

from flask import Blueprint, Response, request

from crowdfund.kernel.web import identity, pages, requests
from crowdfund.tracing import rules
from crowdfund.tracing.figures import FIGURES, VERSION, Figure
from crowdfund.tracing.rows import Reader

bp = Blueprint("tracing", __name__)


def explain(figure: Figure, thing_id: str) -> Response:
    """Show how an amount adds up, a page of its lines, and where each of them comes from."""
    found = figure.explain(thing_id, _reader(), requests.place())
    return pages.render(
        "tracing/explain.html",
        figure=figure,
        found=found,
        page=found.page,
        here=request.path,
        version=VERSION,
        shown_minor=_shown_minor(),
    )


def _reader() -> Reader:
    person = identity.current_user()
    return Reader(person.id if person else "", identity.roles())


def _shown_minor() -> int | None:
    """Return the amount that the page before has shown, or None if the address has none."""
    text = request.args.get("shown", "")
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    is_number = digits.isdecimal() and digits.isascii() and len(digits) <= rules.MOST_DIGITS
    return sign * int(digits) if is_number else None


def _view_of(figure: Figure) -> Callable[[str], Response]:
    def view(thing_id: str) -> Response:
        return explain(figure, thing_id)

    return view


for _figure in FIGURES.values():
    _rule = f"/explain/{_figure.name}/<path:thing_id>"
    bp.add_url_rule(_rule, _figure.endpoint, _view_of(_figure))
