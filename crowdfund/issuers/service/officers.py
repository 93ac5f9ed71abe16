"""The people who run and own a company: in a draft written at once, afterwards as a change."""

from collections.abc import Mapping, Sequence
from typing import Any

from crowdfund.issuers import queries
from crowdfund.issuers.models import Company
from crowdfund.issuers.rules import officers
from crowdfund.issuers.rules.life import Status
from crowdfund.issuers.service import changes, in_force
from crowdfund.issuers.service.shared import touch, writable
from crowdfund.kernel import clock, config
from crowdfund.kernel.db import new_id
from crowdfund.kernel.errors import Invalid, InvalidFields, NotFound
from crowdfund.kernel.i18n import _, ngettext


class OfficerMissing(NotFound):
    """No such officer in this company's list."""


def save(
    company_id: str, values: Mapping[str, object], *, actor: str, officer_id: str | None = None
) -> str:
    """Add an officer, or change one of the list; return the id.

    Raises InvalidFields with a sentence for each field, OfficerMissing or WrongState.
    """
    company = writable(company_id)
    good, errors = officers.clean_officer(values, clock.today(config.settings().time_zone))
    listed = _listed(company_id)
    if officer_id is None:
        officer_id = new_id()
        listed = [*listed, {"id": officer_id}]
    if len(listed) > officers.MOST_OFFICERS:
        errors["name"] = ngettext(
            "A company can have at most %(num)s officer here.",
            "A company can have at most %(num)s officers here.",
            officers.MOST_OFFICERS,
        )
    if errors:
        raise InvalidFields(errors)
    place = _place(listed, officer_id)
    listed[place] = {"id": officer_id, **good}
    try:
        officers.check_total(listed)
    except Invalid as error:
        raise InvalidFields({"ownership_bps": error.user_message}) from error
    _store(company, listed, actor=actor)
    return officer_id


def remove(company_id: str, officer_id: str, *, actor: str) -> None:
    """Take an officer off the list; raises OfficerMissing or WrongState."""
    company = writable(company_id)
    listed = _listed(company_id)
    del listed[_place(listed, officer_id)]
    _store(company, listed, actor=actor)


def _listed(company_id: str) -> list[dict[str, Any]]:
    return list(queries.filled(queries.get(company_id))["officers"])


def _place(listed: Sequence[Mapping[str, Any]], officer_id: str) -> int:
    for place, officer in enumerate(listed):
        if officer["id"] == officer_id:
            return place
    raise OfficerMissing(_("There is no such person on the list. Reload the page to see it."))


def _store(company: Company, listed: list[dict[str, Any]], *, actor: str) -> None:
    if company.status == Status.VERIFIED:
        changes.put(company, "officers", {"officers": listed}, actor=actor)
    else:
        in_force.put_officers(company.id, listed)
        touch(company)
