"""The second factor: enrol, prove (each code once), recover, remove.

Each `prove_…` counts the attempt in a transaction of its own before it checks the code, so call it
before the request's transaction begins. The caller stores the proof in the session.
"""

import sqlalchemy as sa

from crowdfund.adapters import sealing
from crowdfund.api_tokens import service
from crowdfund.kernel import clock, i18n, sessions
from crowdfund.kernel.db import db, insert_ignore, new_id, own_transaction, rows_changed
from crowdfund.kernel.errors import Conflict, Forbidden, Invalid
from crowdfund.kernel.i18n import _
from crowdfund.people import queries as people_queries
from crowdfund.security import queries, rules
from crowdfund.security.models import FactorTry, Passkey, RecoveryCode, Totp
from crowdfund.security.service import changes, history

_T, _R, _F = Totp.__table__, RecoveryCode.__table__, FactorTry.__table__


def seal_secret(person_id: str, secret: str) -> str:
    """Return an unconfirmed secret, sealed for the session."""
    return sealing.seal("totp enrolment", person_id, secret.encode())


def open_secret(person_id: str, sealed: str) -> str:
    """Return an unconfirmed secret. Raises Conflict if its seal cannot be opened."""
    try:
        return sealing.unseal("totp enrolment", person_id, sealed).decode()
    except (sealing.UnsealError, ValueError) as error:
        raise Conflict(_("This set-up has expired. Start again; nothing was changed.")) from error


def add_app(person_id: str, secret: str, typed: str) -> None:
    """Add an authenticator app whose code proves that it has the secret, in place of an older app.

    Raises WrongFactor, TooManyTries.
    """
    try_id = _count_try(person_id)
    step = rules.matching_step(secret, typed, clock.real(), after=0)
    if step is None:
        raise rules.WrongFactor(
            _("This is not the code that the app shows now. Wait for the next one and enter it.")
        )
    _forgive(try_id)
    keep_app(person_id, secret, last_step=step)
    notice = {"what": "totp"}
    history.note(person_id, "second_factor_added", actor=person_id, detail="totp", notice=notice)


def keep_app(person_id: str, secret: str, *, last_step: int = 0) -> None:
    """Store the secret of a person's authenticator app (enrolment, demo story)."""
    db.session.execute(sa.delete(_T).where(_T.c.person_id == person_id))
    row = {
        "person_id": person_id,
        "sealed": sealing.seal("totp", person_id, secret.encode()),
        "last_step": last_step,
        "added_at": clock.now(),
        "used_at": None,
    }
    if not insert_ignore(_T, [row]):
        raise Conflict(_("An app is being set up for this account right now. Reload the page."))


def prove_app(person_id: str, typed: str) -> None:
    """Check a code of the authenticator app; each works once. Raises WrongFactor, TooManyTries."""
    try_id = _count_try(person_id)
    row = db.session.execute(sa.select(_T).where(_T.c.person_id == person_id)).first()
    if row is None:
        raise rules.WrongFactor
    secret = sealing.unseal("totp", person_id, row.sealed).decode()
    step = rules.matching_step(secret, typed, clock.real(), after=row.last_step)
    if step is None:
        raise rules.WrongFactor
    used = sa.update(_T).where(_T.c.person_id == person_id, _T.c.last_step < step)
    if rows_changed(used.values(last_step=step, used_at=clock.now())) != 1:
        raise rules.WrongFactor  # another request used the same code
    _forgive(try_id)


def prove_recovery_code(person_id: str, typed: str) -> int:
    """Use up a recovery code; return how many are left. Raises WrongFactor, TooManyTries."""
    try_id = _count_try(person_id)
    text = _(
        "This recovery code is not valid, or it was already used. Try another one from your list."
    )
    wrong = rules.WrongFactor(text)
    plain = rules.plain_recovery_code(typed)
    if not plain:
        raise wrong
    mine = sa.and_(_R.c.person_id == person_id, _R.c.hash.in_(_hashes(person_id, plain)))
    used = sa.update(_R).where(mine, _R.c.used_at.is_(None)).values(used_at=clock.now())
    if rows_changed(used) != 1:
        raise wrong
    _forgive(try_id)
    left = queries.recovery_codes_left(person_id) or 0
    history.note(person_id, "recovery_code_used", actor=person_id, notice={"left": left})
    return left


def make_recovery_codes(person_id: str, *, notify: bool = True) -> list[str]:
    """Return ten new recovery codes, to be shown once; older codes stop working.

    Raises Invalid without a second factor: codes alone are not one.
    """
    if not queries.factors(person_id):
        raise Invalid(_("Set up an authenticator app or a passkey first."))
    codes = [rules.new_recovery_code() for _number in range(rules.RECOVERY_COUNT)]
    db.session.execute(sa.delete(_R).where(_R.c.person_id == person_id))
    now = clock.now()
    hashes = [_hashes(person_id, rules.plain_recovery_code(code))[0] for code in codes]
    common = {"person_id": person_id, "made_at": now, "used_at": None}
    db.session.execute(sa.insert(_R), [{"id": new_id(), "hash": one, **common} for one in hashes])
    history.note(person_id, "recovery_codes_made", actor=person_id, notice={} if notify else None)
    return codes


def remove_app(person_id: str) -> None:
    """Remove the authenticator app; the view ends other sessions. Raises Conflict without one."""
    if rows_changed(sa.delete(_T).where(_T.c.person_id == person_id)) != 1:
        raise Conflict(_("There is no longer an authenticator app."))
    after_removal(person_id, "totp", actor=person_id)


def after_removal(person_id: str, what: str, *, actor: str, detail: str = "") -> None:
    """Report a removed factor; after the last one the recovery codes are deleted too."""
    if not queries.factors(person_id):
        db.session.execute(sa.delete(_R).where(_R.c.person_id == person_id))
    shown = f"{what} {detail}".strip()
    history.note(
        person_id, "second_factor_removed", actor=actor, detail=shown, notice={"what": what}
    )


def reset(person_id: str, actor: str) -> None:
    """Remove all factors of a person who has lost them, end sessions, cancel pending changes.

    For staff, about someone else; the caller records the reason. Raises Forbidden, Conflict.
    """
    if actor == person_id:
        raise Forbidden(_("You cannot reset your own second factor. Ask a colleague."))
    had = queries.factors(person_id)
    if not had and queries.recovery_codes_left(person_id) is None:
        raise Conflict(_("This person has no second factor. Nothing was changed."))
    for table in (_T, Passkey.__table__, _R):
        db.session.execute(sa.delete(table).where(table.c.person_id == person_id))
    sessions.end(person_id)
    service.revoke_all(person_id, why="factor reset")
    person = people_queries.get(person_id)
    with i18n.using((person.language if person else "") or "en"):  # the person reads the reason
        changes.cancel_all(person_id, actor=actor, reason=_("The second factor was reset."))
    history.note(person_id, "second_factor_reset", actor=actor, detail=" ".join(had), notice={})


def is_enrolled(person_id: str) -> bool:
    """Return whether a person has any second factor."""
    return bool(queries.factors(person_id))


def _hashes(person_id: str, plain: str) -> list[str]:
    return sealing.fingerprints("recovery code", person_id, plain)


def _count_try(person_id: str) -> str:
    """Record an attempt as failed, then count: concurrent requests see each other's attempts."""
    try_id, now = new_id(), clock.now()
    with own_transaction() as connection:
        connection.execute(
            sa.insert(_F).values(id=try_id, person_id=person_id, at=now, failed=True)
        )
    with own_transaction() as connection:
        for most, within in rules.TRY_LIMITS:
            recent = sa.select(sa.func.count()).where(
                _F.c.person_id == person_id,
                _F.c.failed,
                _F.c.at > now - within,
                _F.c.at <= now + clock.CLOCKS_DIFFER,
            )
            if (connection.scalar(recent) or 0) > most:
                # A refused attempt does not count, or waiting would never end.
                connection.execute(sa.delete(_F).where(_F.c.id == try_id))
                break
        else:
            return try_id
    raise rules.TooManyTries


def _forgive(try_id: str) -> None:
    db.session.execute(sa.update(_F).where(_F.c.id == try_id).values(failed=False))
