"""Ask for the second factor before sensitive actions (contact data, wallets, payout accounts)."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from werkzeug.wrappers import Response as BaseResponse

from crowdfund.kernel.web import identity, refusals
from crowdfund.security import rules
from crowdfund.security.service import second_factor

P = ParamSpec("P")
View = Callable[P, BaseResponse]


def require(view: View[P]) -> View[P]:
    """Decorate a view: without a proof of the second factor within ten minutes, ask for one first.

    The page with the form asks before it is shown, so that no input is lost. A person without a
    second factor is led to set one up, and then back. A program gets a 403 problem.
    """

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> BaseResponse:
        return view(*args, **kwargs) if is_fresh() else refusals.to_second_factor()

    return guarded


def require_if_enrolled(view: View[P]) -> View[P]:
    """Decorate a view like `require`, but let people without a second factor set up the first."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> BaseResponse:
        if is_fresh() or not second_factor.is_enrolled(identity.signed_in().id):
            return view(*args, **kwargs)
        return refusals.to_second_factor()

    return guarded


def is_fresh() -> bool:
    """Return whether this session has proved the second factor within ten minutes."""
    person = identity.current_user()
    return person is not None and identity.has_proof(person.id, rules.STEP_UP)
