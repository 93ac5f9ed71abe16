"""Exchange rates of tokens: one person proposes one, another approves it.

A rate is never changed and never taken back: a later one replaces it. Quotes keep the rate under
which they were made. The very first rate is added by a command, because nobody may know another.
"""

from collections.abc import Mapping
from fractions import Fraction

from crowdfund.exchange_rates import queries, rules
from crowdfund.exchange_rates.models import RateRequest, rate_request_event
from crowdfund.exchange_rates.rows import RequestRow
from crowdfund.exchange_rates.rules import Status
from crowdfund.kernel import clock, config, live
from crowdfund.kernel.db import insert_ignore, new_id, record_event
from crowdfund.kernel.errors import Conflict, Forbidden, InvalidFields
from crowdfund.kernel.fields import texts
from crowdfund.kernel.i18n import _
from crowdfund.kernel.moving import move_row
from crowdfund.notifications import service
from crowdfund.token_payments import queries as rates
from crowdfund.token_payments import service as token_payments
from crowdfund.token_payments.service import NewRate

_Q = RateRequest.__table__


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
    request_id = new_id()
    row = {
        "id": request_id,
        **{name: good[name] for name in ("token", "currency", "from_on", "source", "reason")},
        "numerator": good["rate"].numerator,
        "denominator": good["rate"].denominator,
        "valid_from": begins,
        "has_checked": bool(values.get("has_checked")),
        "status": Status.PENDING,
        "open_key": f"{good['token']}:{good['currency']}:{good['from_on'].isoformat()}",
        "asked_by": actor,
        "asked_at": now,
    }
    if not insert_ignore(_Q, [row]):
        raise Conflict(_("There is a proposal for this day already. It waits for a decision."))
    events, why = rate_request_event, good["reason"]
    record_event(events, request_id, actor=actor, before=None, after=Status.PENDING, reason=why)
    service.queue_work("staff.rates", key=request_id)
    live.changed("queue", "rates")
    return request_id


def approve(request_id: str, *, actor: str) -> None:
    """Let a colleague's proposal count from its day, or from now if that day has begun.

    Raises Forbidden (proposed by oneself) or Conflict (decided already), Invalid (another
    rate begins at that moment).
    """
    asked = _undecided(request_id)
    rules.check_second(asked.asked_by, actor)
    now = clock.now().replace(microsecond=0)
    begins = max(asked.valid_from, now)
    pair = (asked.token, asked.currency)
    wanted = NewRate(*pair, asked.numerator, asked.denominator, begins, asked.source)
    token_payments.add_rate(wanted, actor=actor)
    added = rates.rate_at(*pair, begins)
    _decide(
        asked,
        Status.APPROVED,
        actor=actor,
        decided_by=actor,
        decided_at=clock.now(),
        valid_from=begins,
        rate_id=added.id if added else None,
    )


def refuse(request_id: str, reason: str, *, actor: str) -> None:
    """Refuse a colleague's proposal with a reason. Raises Forbidden, Conflict or Invalid."""
    why = texts.reason(reason)
    asked = _undecided(request_id)
    rules.check_second(asked.asked_by, actor)
    decided = {"decided_by": actor, "decided_at": clock.now()}
    _decide(asked, Status.REFUSED, actor=actor, reason=why, **decided)


def withdraw(request_id: str, *, actor: str) -> None:
    """Withdraw one's own proposal. Raises Forbidden or Conflict."""
    asked = _undecided(request_id)
    if asked.asked_by != actor:
        raise Forbidden(
            _("Only the colleague who made this request may withdraw it. Nothing was changed.")
        )
    _decide(asked, Status.CANCELLED, actor=actor)


def _undecided(request_id: str) -> RequestRow:
    """Return a pending proposal, locked."""
    asked = queries.request(request_id, lock=True)
    rules.check_open(asked.status)
    return asked


def _decide(
    asked: RequestRow, to: Status, *, actor: str, reason: str = "", **values: object
) -> None:
    was_pending = move_row(
        _Q,
        asked.id,
        to,
        rate_request_event,
        before=Status.PENDING,
        actor=actor,
        reason=reason,
        pages=(("queue", "rates"),),
        values={"open_key": None, **values},
    )
    if not was_pending:  # another transaction was first, on a database without row locks
        rules.check_open(to)
