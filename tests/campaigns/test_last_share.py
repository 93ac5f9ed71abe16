"""Fifty people at once on the last share: exactly one gets it, on each database."""

import threading

from crowdfund.campaigns.rules.life import CampaignFull
from crowdfund.campaigns.service import totals
from crowdfund.kernel.db import commit, db, rollback
from tests import raising

PEOPLE = 50


def test_of_fifty_people_exactly_one_gets_the_last_share(app, cast):
    campaign_id = raising.live_campaign(cast.company, cast.alice, cast.carla)
    raising.put_in(campaign_id, 9_900_00, settle=False)
    start, outcomes = threading.Barrier(PEOPLE), []

    def try_it():
        with app.app_context():
            start.wait()
            try:
                totals.reserve(campaign_id, 100_00)
                commit()
                outcomes.append("got it")
            except CampaignFull as refusal:
                rollback()
                outcomes.append(refusal.user_message)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=try_it) for _ in range(PEOPLE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("got it") == 1
    assert sum("full" in outcome for outcome in outcomes) == PEOPLE - 1
    assert raising.campaign(campaign_id).reserved_minor == 10_000_00
