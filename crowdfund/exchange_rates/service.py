"""Exchange rates of tokens: one person proposes one, another approves it.

A rate is never changed and never taken back: a later one replaces it. Quotes keep the rate under
which they were made. The very first rate is added by a command, because nobody may know another.
"""

from collections.abc import Mapping
from fractions import Fraction

from crowdfund.exchange_rates import queries, rules
from crowdfund.exchange_rates.models import RateRequest, rate_request_event
from crowdfund.exchange_rates.rules import Status
from crowdfund.kernel import clock, config
from crowdfund.kernel.errors import InvalidFields
from crowdfund.kernel.fields import texts
from crowdfund.kernel.i18n import _
from crowdfund.kernel.second_person import Requests
from crowdfund.notifications import service
from crowdfund.token_payments import queries as rates
from crowdfund.token_payments import service as token_payments
from crowdfund.token_payments.service import NewRate

_requests = Requests(
    RateRequest.__table__,
    rate_request_event,
    queries.locked,
    pages=(("queue", "rates"),),
)


def propose(values: Mapping[str, object], *, actor: str) -> str:
    """Propose a rate with effect from a day, typed as text; return the proposal's id.

    `has_checked` confirms a change of more than a tenth. Raises InvalidFields, Invalid or Conflict
    (there is a proposal for that pair and day).
    """
    zone, now = config.settings().time_zone, clock.now()
    good, errors = rules.clean(values, clock.today(zone), queries.tokens())
    if errors:
        raise InvalidFields(errors)
    begins = rules.begins_at(good["from_on"], zone)
    old = rates.rate_at(good["token"], good["currency"], max(begins, now))
    rules.check_change(
        good["rate"],
        Fraction(old.numerator, old.denominator) if old else None,
        has_checked=bool(values.get("has_checked")),
    )
    facts = {
        **{name: good[name] for name in ("token", "currency", "from_on", "source")},
        "numerator": good["rate"].numerator,
        "denominator": good["rate"].denominator,
        "valid_from": begins,
        "has_checked": bool(values.get("has_checked")),
    }
    request_id = _requests.add(
        facts,
        open_key=f"{good['token']}:{good['currency']}:{good['from_on'].isoformat()}",
        actor=actor,
        reason=good["reason"],
        taken=_("There is a proposal for this day already. It waits for a decision."),
    )
    service.queue_work("staff.rates", key=request_id)
    return request_id


def approve(request_id: str, *, actor: str) -> None:
    """Let a colleague's proposal count from its day, or from now if that day has begun.

    Raises Forbidden (proposed by oneself) or Conflict (decided already), Invalid (another
    rate begins at that moment).
    """
    asked = _requests.for_second_person(request_id, actor=actor, own=_own())
    now = clock.now().replace(microsecond=0)
    begins = max(asked.valid_from, now)
    pair = (asked.token, asked.currency)
    wanted = NewRate(*pair, asked.numerator, asked.denominator, begins, asked.source)
    token_payments.add_rate(wanted, actor=actor)
    added = rates.rate_at(*pair, begins)
    rate_id = added.id if added else None
    _requests.move(asked, Status.APPROVED, actor=actor, valid_from=begins, rate_id=rate_id)


def refuse(request_id: str, reason: str, *, actor: str) -> None:
    """Refuse a colleague's proposal with a reason. Raises Forbidden, Conflict or Invalid."""
    why = texts.reason(reason)
    asked = _requests.for_second_person(request_id, actor=actor, own=_own())
    _requests.move(asked, Status.REFUSED, actor=actor, reason=why)


def withdraw(request_id: str, *, actor: str) -> None:
    """Withdraw one's own proposal. Raises Forbidden or Conflict."""
    _requests.withdraw(request_id, actor=actor)


def _own() -> str:
    return _("You proposed this rate. A second person has to decide. Nothing was changed.")
