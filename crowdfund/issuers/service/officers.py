"""The people who run and own a company: in a draft written at once, afterwards as a change."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from crowdfund import clock, config
from crowdfund.db import db, new_id
from crowdfund.errors import Invalid, NotFound
from crowdfund.i18n import _

from .. import queries, rules
from ..models import CompanyOfficer
from ..rules import Status
from . import changes
from .shared import touch, writable


class OfficerMissing(NotFound):
    """No such officer in this company's list."""


def save(company_id: str, values: Mapping[str, object], *, actor: str, officer_id: str | None = None) -> str:
    """Add an officer, or change one of the list; return the id.

    Raises InvalidFields with a sentence for each field, OfficerMissing or WrongState.
    """
    company = writable(company_id)
    good, errors = rules.clean_officer(values, clock.today(config.settings().time_zone))
    listed = _listed(company_id)
    if officer_id is None:
        officer_id = new_id()
        listed = [*listed, {"id": officer_id}]
    if len(listed) > rules.MOST_OFFICERS:
        errors["name"] = _("A company can have at most %(most)s officers here.", most=rules.MOST_OFFICERS)
    if errors:
        raise rules.InvalidFields(errors)
    place = _place(listed, officer_id)
    listed[place] = {"id": officer_id, **good}
    try:
        rules.check_total(listed)
    except Invalid as error:
        raise rules.InvalidFields({"ownership_bps": error.user_message}) from error
    _keep(company, listed, actor=actor)
    return officer_id


def remove(company_id: str, officer_id: str, *, actor: str) -> None:
    """Take an officer off the list; raises OfficerMissing or WrongState."""
    company = writable(company_id)
    listed = _listed(company_id)
    del listed[_place(listed, officer_id)]
    _keep(company, listed, actor=actor)


def put_in_force(company_id: str, listed: Sequence[Mapping[str, Any]]) -> None:
    """Make the list the one that counts; who is not on it any more is kept as a past officer."""
    now, table = clock.now(), CompanyOfficer.__table__
    known = {row["id"] for row in queries.officers(company_id)}
    gone = known - {officer["id"] for officer in listed}
    if gone:
        db.session.execute(sa.update(table).where(table.c.id.in_(gone)).values(removed_at=now))
    for officer in listed:
        facts = {**officer, "born_on": date.fromisoformat(officer["born_on"])}
        if officer["id"] in known:
            db.session.execute(sa.update(table).where(table.c.id == officer["id"]).values(facts))
        else:
            db.session.execute(sa.insert(table).values(company_id=company_id, added_at=now, **facts))


def _listed(company_id: str) -> list[dict[str, Any]]:
    return list(queries.filled(queries.get(company_id))["officers"])


def _place(listed: Sequence[Mapping[str, Any]], officer_id: str) -> int:
    for place, officer in enumerate(listed):
        if officer["id"] == officer_id:
            return place
    raise OfficerMissing(_("There is no such person on the list. Reload the page to see it."))


def _keep(company: Any, listed: list[dict[str, Any]], *, actor: str) -> None:  # noqa: ANN401 - the model
    if company.status == Status.VERIFIED:
        changes.put(company, "officers", {"officers": listed}, actor=actor)
    else:
        put_in_force(company.id, listed)
        touch(company)
