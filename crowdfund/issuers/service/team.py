"""Who belongs to a company: invite, accept, change a role, remove, hand the company over."""

import sqlalchemy as sa
from itsdangerous import BadSignature, URLSafeSerializer

from crowdfund.issuers import queries as issuers_queries
from crowdfund.issuers.models import Company, CompanyInvitation, CompanyMember
from crowdfund.issuers.rules import team
from crowdfund.issuers.rules.team import Role
from crowdfund.issuers.service.shared import locked, note, notify, touch
from crowdfund.kernel import clock, i18n, keys
from crowdfund.kernel.db import db, insert_ignore, new_id
from crowdfund.kernel.errors import Conflict, Forbidden, NotFound
from crowdfund.kernel.fields import contacts, texts
from crowdfund.kernel.i18n import _
from crowdfund.notifications import service as notifications_service
from crowdfund.people import queries, service

MOST_OPEN = 20


class InvitationMissing(NotFound):
    """No such invitation, or none that this person may accept."""


class LastOwner(Conflict):
    """A company is never without an owner."""

    code = "last_owner"


def invite(company_id: str, email: str, role: str, *, actor: str) -> str:
    """Offer a place in the team to an e-mail address by a signed link of seven days; return its id.

    A newer invitation to the same address replaces the older. Raises Invalid at its field.
    """
    address = contacts.email(email)
    wanted = texts.choice(role, "role", _("Choose a role from the list."), team.ROLE_NAMES)
    company = locked(company_id)
    person = service.person_with("email", address)
    if person is not None and issuers_queries.is_member(company_id, person):
        raise Conflict(_("This person is already in the team."), status=422, field="email")
    waiting = issuers_queries.invitations(company_id)
    for older in (row for row in waiting if row.email == address):
        _end(older.id)
    if len(waiting) >= MOST_OPEN:
        raise Conflict(
            _("Too many invitations are open. Revoke some first."), status=422, field="email"
        )
    invitation_id = _add_invitation(company_id, address, wanted, actor=actor)
    note(company, actor, f"invited somebody as {wanted}")
    touch(company)
    _write_to(company, address, invitation_id, actor)
    return invitation_id


def _add_invitation(company_id: str, address: str, role: str, *, actor: str) -> str:
    now, invitation_id = clock.now(), new_id()
    db.session.add(
        CompanyInvitation(
            id=invitation_id,
            company_id=company_id,
            email=address,
            role=role,
            invited_by=actor,
            invited_at=now,
            expires_at=now + team.INVITATION_LIFE,
        )
    )
    return invitation_id


def token(invitation_id: str) -> str:
    """Return the signed part of an invitation's link."""
    return str(_signer().dumps(invitation_id))


def revoke(company_id: str, invitation_id: str, *, actor: str) -> None:
    """Revoke an invitation; raises InvitationMissing for another company's."""
    company = locked(company_id)
    found = issuers_queries.invitation(invitation_id)
    if found is None or found.company_id != company_id:
        raise InvitationMissing(_("There is no such invitation."))
    if found.accepted_at is None:
        _end(invitation_id)
        note(company, actor, "revoked an invitation")
    touch(company)


def offered(signed: str, person_id: str) -> CompanyInvitation:
    """Return the invitation behind a link, if it may still be accepted by this person.

    Only the owner of the address may: a link that was passed on opens nothing.
    Raises InvitationMissing, Forbidden (another address).
    """
    found = db.session.get(CompanyInvitation, _read(signed), populate_existing=True)
    over = found is None or found.revoked_at or found.accepted_at or found.expires_at <= clock.now()
    if found is None or over:
        raise InvitationMissing(
            _("This invitation was used, revoked, or is older than seven days. Ask for a new one.")
        )
    if service.person_with("email", found.email) != person_id:
        raise Forbidden(
            _(
                "This invitation is for another e-mail address. Sign in with that one, "
                "or add it to your account."
            )
        )
    return found


def accept(signed: str, person_id: str) -> str:
    """Join the team by an invitation, once; return the company's id. Raises like `offered`."""
    invitation = offered(signed, person_id)
    company = locked(invitation.company_id)
    used = sa.update(CompanyInvitation).where(
        CompanyInvitation.id == invitation.id,
        CompanyInvitation.accepted_at.is_(None),
        CompanyInvitation.revoked_at.is_(None),
    )
    db.session.execute(used.values(accepted_at=clock.now(), accepted_by=person_id))
    row = {
        "company_id": company.id,
        "user_id": person_id,
        "role": invitation.role,
        "since": clock.now(),
    }
    insert_ignore(CompanyMember.__table__, [row])
    note(company, person_id, f"joined the team as {invitation.role}")
    touch(company)
    notify(company, "team.joined", key=f"joined:{invitation.id}", member=_name(person_id))
    return company.id


def decline(signed: str, person_id: str) -> None:
    """Decline an invitation. Raises like `offered`."""
    invitation = offered(signed, person_id)
    company = locked(invitation.company_id)
    _end(invitation.id)
    touch(company)
    notify(company, "team.declined", key=f"declined:{invitation.id}", member=_name(person_id))


def set_role(company_id: str, user_id: str, role: str, *, actor: str) -> None:
    """Give a member another role; raises LastOwner, CompanyMissing or Invalid."""
    wanted = texts.choice(role, "role", _("Choose a role from the list."), team.ROLE_NAMES)
    company = locked(company_id)
    member = _member(company_id, user_id)
    before = member.role
    if wanted == before:
        return
    _keep_an_owner(company_id, before)
    member.role = Role(wanted)
    _follow_owner(company)
    note(company, actor, f"changed a role from {before} to {wanted}")
    touch(company)
    _notify_member(company, user_id, "team.role_changed")


def remove(company_id: str, user_id: str, *, actor: str) -> None:
    """Take someone out of the team (or leave it); raises LastOwner or CompanyMissing."""
    company = locked(company_id)
    member = _member(company_id, user_id)
    _keep_an_owner(company_id, member.role)
    db.session.delete(member)
    db.session.flush()
    _follow_owner(company)
    is_leaving = actor == user_id
    note(
        company, actor, "left the team" if is_leaving else f"removed a {member.role} from the team"
    )
    touch(company)
    _notify_member(company, user_id, "team.removed")


def hand_over(company_id: str, user_id: str, *, actor: str) -> None:
    """Make a member the owner in one's own place, who becomes a manager; raises CompanyMissing."""
    company = locked(company_id)
    new, old = _member(company_id, user_id), _member(company_id, actor)
    if user_id == actor:
        raise Conflict(_("You are already the owner."))
    new.role, old.role = Role.OWNER, Role.MANAGER
    db.session.flush()
    company.owner_id = user_id
    note(company, actor, "handed the company over")
    touch(company)
    for person_id in (user_id, actor):
        _notify_member(company, person_id, "team.role_changed")


# --- helpers ------------------------------------------------------------------------------------


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(keys.for_itsdangerous(), salt="crowdfund company invitation v1")


def _read(signed: str) -> str:
    try:
        return str(_signer().loads(signed))
    except BadSignature:
        text = _("This link is not complete. Copy all of it from the e-mail.")
        raise InvitationMissing(text) from None


def _write_to(company: Company, address: str, invitation_id: str, actor: str) -> None:
    context = {
        "name": "",
        "company": company.trade_name or _("a company"),
        "by": _name(actor),
        "path": f"/invitations/{token(invitation_id)}",
    }
    facts = {"template": "notice", "kind": "team.invited", "context": context}
    notifications_service.send(
        "email", address, facts, key=f"invited:{invitation_id}", language=i18n.language()
    )


def _notify_member(company: Company, person_id: str, kind: str) -> None:
    path = f"/companies/{company.id}/team" if kind != "team.removed" else "/my/company"
    context = {"company": company.trade_name or _("your company")}
    notifications_service.notify(person_id, kind, context, key=f"{kind}:{new_id()}", path=path)


def _name(person_id: str) -> str:
    return queries.names({person_id}).get(person_id, "")


def _member(company_id: str, user_id: str) -> CompanyMember:
    found = db.session.get(CompanyMember, (company_id, user_id), populate_existing=True)
    if found is None:
        raise issuers_queries.CompanyMissing(_("There is no such person in the team."))
    return found


def _keep_an_owner(company_id: str, role: str) -> None:
    owners = sum(row.role == Role.OWNER for row in issuers_queries.members(company_id))
    if not team.may_leave(role, owners):
        raise LastOwner(
            _("A company needs an owner. Hand it over, or make someone else an owner first.")
        )


def _follow_owner(company: Company) -> None:
    """Let the file name someone who still is an owner."""
    db.session.flush()
    owners = [row.user_id for row in issuers_queries.members(company.id) if row.role == Role.OWNER]
    if company.owner_id not in owners:
        company.owner_id = owners[0]


def _end(invitation_id: str) -> None:
    table = CompanyInvitation.__table__
    ended = sa.update(table).where(table.c.id == invitation_id, table.c.accepted_at.is_(None))
    db.session.execute(ended.values(revoked_at=clock.now()))
