"""A person requests a withdrawal, or cancels it; it is handed over to the bank."""

from dataclasses import dataclass

from crowdfund.kernel import clock, config, live, outbox
from crowdfund.kernel.db import db, new_id, record_event
from crowdfund.kernel.errors import Conflict, TooMany
from crowdfund.kernel.i18n import _
from crowdfund.kernel.money import fmt
from crowdfund.ledger import queries as ledger
from crowdfund.ledger import rules as ledger_rules
from crowdfund.ledger.rules import InsufficientFunds, KeyReused
from crowdfund.ledger.service import holds
from crowdfund.notifications import service as notifications
from crowdfund.payout_accounts import queries as accounts
from crowdfund.payout_accounts.rows import PayoutRow as AccountRow
from crowdfund.payouts import queries, rules
from crowdfund.payouts.models import Payout, payout_event
from crowdfund.payouts.rules import GATEWAY, Kind, Status
from crowdfund.payouts.service import shared
from crowdfund.people import queries as people


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person wants to withdraw (minor units); `key` makes a double click one request."""

    user_id: str
    amount_minor: int
    key: str


def refusal(user_id: str) -> str | None:
    """Return as a sentence why a person cannot withdraw anything now, or None.

    Verification does not count: who is no longer verified still gets their own money.
    """
    account = accounts.payout_account_of(user_id)
    if account is not None and account.status == "verified":
        return None
    if account is not None and account.status == "pending":
        return _("We are checking your payout account. You can withdraw when it is verified.")
    return _("You need a verified payout account of your own to withdraw money.")


def request(wanted: Wanted) -> str:
    """Request a withdrawal to the person's verified account; return its id.

    The money is on hold from now on. The same key of the same person is one withdrawal, however
    often it is sent. Raises NoAccount, NotEnough, FormUsed, TooMany.
    """
    if known := _known(wanted):
        return known
    if why := refusal(wanted.user_id):
        raise rules.NoAccount(why)
    hold_id = hold(wanted.user_id, wanted.amount_minor, key=wanted.key)
    if known := _known(wanted):  # the hold has locked the journal: nobody adds it from here on
        return known
    account = accounts.payout_account_of(wanted.user_id)
    if account is None or account.status != "verified":
        raise rules.NoAccount(
            _("You need a verified payout account of your own to withdraw money.")
        )
    if queries.requested_since(wanted.user_id, queries.day_ago()) >= rules.MOST_A_DAY:
        raise TooMany(_("You have requested many withdrawals today. Try again tomorrow."))
    payout = _add(wanted, account, hold_id)
    shared.notify_owner(payout, "requested")
    if payout.needs_approval:
        notifications.queue_work("staff.payouts", key=f"payout:{payout.id}")
    else:
        queue_submission(payout.id)
    return payout.id


def check_not_repeated(wanted: Wanted) -> None:
    """Raise Repeated for an amount that the person has requested by another form just before."""
    since = clock.now() - rules.SAME_WITHIN
    if queries.has_same_since(wanted.user_id, wanted.amount_minor, since, besides=wanted.key):
        raise rules.Repeated(
            _(
                "You requested a withdrawal of the same amount a few minutes ago. Nothing new was "
                "requested. Confirm only if you want to withdraw the amount a second time."
            )
        )


def _known(wanted: Wanted) -> str | None:
    found = queries.by_form_key(wanted.user_id, wanted.key)
    if found is None:
        return None
    if found.amount_minor != wanted.amount_minor:
        raise _used()
    return found.id


def _used() -> rules.FormUsed:
    return rules.FormUsed(
        _(
            "You have already sent this form with a different amount. See your withdrawals for the "
            "result. To withdraw again, start from your wallet."
        )
    )


def hold(user_id: str, amount_minor: int, *, key: str) -> str:
    """Hold money of a wallet (minor units) for the request with this key; return the hold's id.

    Locks the journal. Raises NotEnough, FormUsed.
    """
    account = ledger_rules.user_wallet(user_id)
    try:
        return holds.hold(
            rules.hold_key(user_id, key), account, amount_minor, currency=rules.CURRENCY
        )
    except KeyReused as error:
        raise _used() from error
    except InsufficientFunds as error:
        raise not_enough(user_id) from error


def not_enough(user_id: str) -> rules.NotEnough:
    """Return the refusal of more than is available in a wallet."""
    available = ledger.available(ledger_rules.user_wallet(user_id), rules.CURRENCY)
    text = _("You can withdraw at most %(most)s.", most=fmt(available, rules.CURRENCY))
    return rules.NotEnough(text, field="amount")


def _add(wanted: Wanted, account: AccountRow, hold_id: str) -> Payout:
    earlier = queries.withdrawn_since(wanted.user_id, queries.day_ago())
    above = config.settings().payout_approval_above_minor
    payout = Payout(
        id=new_id(),
        user_id=wanted.user_id,
        form_key=wanted.key,
        amount_minor=wanted.amount_minor,
        currency=rules.CURRENCY,
        gateway=GATEWAY,
        kind=Kind.WITHDRAWAL,
        account_id=account.id,
        masked=account.masked,
        hold_id=hold_id,
        needs_approval=rules.needs_approval(wanted.amount_minor, earlier, above),
    )
    return add(payout)


def add(payout: Payout, *, actor: str = "") -> Payout:
    """Store a request whose money is on hold, and the first step of its history.

    `actor` is who requested it, its person unless somebody else is named.
    """
    payout.status, payout.reason, payout.sends = Status.REQUESTED, "", 0
    payout.requested_at = clock.now()
    db.session.add(payout)
    db.session.flush()
    who = actor or str(payout.user_id)
    record_event(payout_event, payout.id, actor=who, before=None, after=Status.REQUESTED)
    for kind, key in shared.pages_of(payout):
        live.changed(kind, key)
    return payout


def queue_submission(payout_id: str) -> None:
    """Queue the hand-over of a request to the bank."""
    outbox.add("payouts.submit", f"submit:{payout_id}", {"payout_id": payout_id})


def cancel(payout_id: str, *, user_id: str) -> None:
    """Cancel a person's own withdrawal that is only requested; once is enough.

    Raises NotFound for another person's, Conflict once it is approved or with the bank.
    """
    queries.for_owner(payout_id, user_id)
    payout = shared.lock(payout_id)
    if payout.status == Status.CANCELLED:
        return
    if payout.status != Status.REQUESTED:
        raise Conflict(_("This withdrawal is on its way already, so it cannot be cancelled."))
    shared.give_back(payout, Status.CANCELLED, actor=user_id)


def approve(payout_id: str, *, actor: str) -> None:
    """Approve another person's large withdrawal; it goes to the bank by itself then.

    Raises NotYours, WrongState, NotPossible (its account is no longer the person's, …).
    """
    payout = waiting(payout_id, actor=actor)
    if why := stopped(payout):
        raise rules.NotPossible(rules.reason_words(why))
    payout.approved_by = actor
    shared.change(payout, Status.APPROVED, actor=actor)
    queue_submission(payout.id)


def waiting(payout_id: str, *, actor: str) -> Payout:
    """Return a locked withdrawal that waits for the decision of a colleague.

    Raises NotYours for one's own, WrongState when it does not wait.
    """
    payout = shared.lock(payout_id)
    shared.check_four_eyes(payout, actor)
    if payout.status != Status.REQUESTED or not payout.needs_approval:
        raise shared.changed_meanwhile()
    return payout


def reject(payout_id: str, *, actor: str, reason: str) -> None:
    """Reject another person's withdrawal; its money is available again, the reason reaches them.

    Raises NotYours, WrongState, Invalid (no reason).
    """
    payout = waiting(payout_id, actor=actor)
    why = shared.reason(reason)
    shared.give_back(payout, Status.REJECTED, actor=actor, reason=why)
    shared.notify_owner(payout, "rejected", {"reason": why})


def submit(payout_id: str) -> None:
    """Hand a withdrawal over to the bank's queue: from here on it cannot be cancelled.

    One whose account or person is no longer in order is rejected, and its money returned.
    """
    payout = shared.lock(payout_id)
    is_due = payout.status == Status.APPROVED or (
        payout.status == Status.REQUESTED and not payout.needs_approval
    )
    if not is_due:  # cancelled, rejected, or handed over before
        return
    if why := stopped(payout):
        stop(payout, why)
        return
    payout.submitted_at = clock.now()
    shared.change(payout, Status.SUBMITTED, actor="system")
    shared.queue_follow(payout.id, payout.gateway, series="bank", step=0)


def stopped(payout: Payout) -> str | None:
    """Return the code of why a withdrawal may not go to the bank (`rules.REASONS`), or None.

    What goes back to the account that paid goes whatever became of the person: nothing stops it.
    """
    if payout.kind == Kind.RETURN or payout.user_id is None:
        return None
    person = people.get(payout.user_id)
    if person is None or person.disabled_at is not None:
        return "person_disabled"
    account = accounts.payout_account_of(payout.user_id)
    if account is None or account.id != payout.account_id or account.status != "verified":
        return "account_changed"
    return None


def stop(payout: Payout, why: str) -> None:
    """Reject a locked withdrawal on behalf of the platform, and notify the person."""
    shared.give_back(payout, Status.REJECTED, actor="system", reason=why)
    shared.notify_owner(payout, "stopped", {"why": why})


def stop_unsent(user_id: str) -> None:
    """Reject what a person has not got out yet if its account is no longer theirs, or is closed."""
    found = queries.unsent_of(user_id)
    shared.lock_many(found)
    for payout_id in found:
        payout = shared.lock(payout_id)
        is_unsent = payout.status in (Status.REQUESTED, Status.APPROVED)
        if is_unsent and (why := stopped(payout)):
            stop(payout, why)
