"""Amounts about which investors answered when the terms of a campaign changed."""

from collections.abc import Callable

import sqlalchemy as sa

from crowdfund.investments.models import Investment
from crowdfund.kernel.db.paging import Place
from crowdfund.term_changes.models import Reconfirmation
from crowdfund.term_changes.queries import answers, changes
from crowdfund.term_changes.rules.life import Answer
from crowdfund.tracing.queries import campaigns
from crowdfund.tracing.rows import Explanation, Reader

_I, _R = Investment.__table__, Reconfirmation.__table__


def answered(answer: Answer) -> Callable[[str, Reader, Place], Explanation]:
    """Return what explains the sum of a change's investments with an answer, to team and staff."""

    def explain(change_id: str, reader: Reader, place: Place) -> Explanation:
        campaign = campaigns.inside(changes.by_id(change_id).campaign_id, reader)
        which = sa.select(_R.c.investment_id).where(
            _R.c.change_id == change_id, _R.c.status == answer
        )
        number = answers.progress(change_id)[answer].amount_minor
        return campaigns.of_investments(campaign, number, _I.c.id.in_(which), reader, place)

    return explain
