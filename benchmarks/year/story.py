"""What happens in the year, and in the short month that tests live through."""

from datetime import datetime

from benchmarks.year.market import Market
from benchmarks.year.stage import BEGIN, DAY, Stage
from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.service.shared import NotEligible
from crowdfund.kernel import clock
from crowdfund.term_changes.rules import terms
from crowdfund.term_changes.service import answering, deciding, proposing
from crowdfund.updates import service as updates

IN_PARTS = {
    "part1": "60",
    "condition1": "The campaign has succeeded.",
    "part2": "40",
    "condition2": "The annual report is published.",
}
REPORT = {
    "title": "Annual report",
    "text_md": "We bought both machines and sold twice as much as in the year before. "
    "The audited accounts are attached to this campaign.",
}


def at(day: int) -> datetime:
    """Return the moment of a day of the year, from 0 on."""
    return BEGIN + day * DAY


def year(stage: Stage) -> None:
    """Live through twelve months: raises, terms, releases, a report, refunds, the year's end."""
    town = Market(stage)
    town.settle(8)
    town.add_payout_accounts()
    town.found("Yirga Coffee", "Awash Honey", "Lalibela Looms")
    coffee = _raise_in_parts(town)
    stage.live_to(at(75))
    _changed_terms(town)
    stage.live_to(at(165))
    _failed_raise(town)
    stage.live_to(at(300))
    _report(town, coffee)
    stage.live_to(at(330))
    town.withdraw(0, 2_500)
    _only_one_raise_a_year(town)
    stage.live_to(at(365))


def month(stage: Stage) -> None:
    """Live through a raise that is released in parts and one that is refunded, in a few days."""
    stage.step = 30 * DAY
    town = Market(stage)
    town.settle(5)
    town.found("Yirga Coffee", "Lalibela Looms")
    coffee, looms = town.start_raises({"Yirga Coffee": IN_PARTS, "Lalibela Looms": {}})
    first = town.invest(coffee, {0: 4_000, 1: 50_000})
    town.invest_tokens(coffee, 26_000)
    town.cancel(first[0], 0)
    town.close_early(coffee, "Yirga Coffee")
    town.release(coffee, "It has succeeded.", is_last=False)
    town.invest(looms, {1: 12_000, 2: 20_000})
    town.invest(looms, {0: 3_000}, rail="wallet")
    town.invest_tokens(looms, 5_000)
    town.cancel_raise(looms)
    town.send_back(1)
    _report(town, coffee)
    stage.live_to(at(30))


def _raise_in_parts(town: Market) -> str:
    """Raise by bank, wallet and tokens; an investor cancels; the first part is released."""
    coffee = town.start_raise("Yirga Coffee", IN_PARTS | {"duration_days": "40"})
    first = town.invest(coffee, {0: 5_000, 1: 30_000, 2: 25_000})
    town.stage.live_to(at(20))
    town.cancel(first[0], 0)
    town.keep_refunds(0)
    town.invest_tokens(coffee, 15_000)
    town.stage.live_to(at(30))
    town.invest(coffee, {0: 1_500}, rail="wallet")
    town.invest(coffee, {3: 8_000})
    town.live_to_end(coffee, "succeeded")
    town.stage.live_to(clock.now() + 2 * DAY)
    town.release(coffee, "The raise has succeeded.", is_last=False)
    return coffee


def _changed_terms(town: Market) -> None:
    """Raise; the terms change, one investor reconfirms and another one lets it lapse."""
    stage, owner = town.stage, town.owners["Awash Honey"]
    honey = town.start_raise("Awash Honey", {"duration_days": "60"})
    kept, lapsed = town.invest(honey, {5: 40_000, 6: 10_000})
    stage.live_to(at(90))
    now = stage.see(lambda: terms.of_campaign(campaigns.by_id(honey)))
    story = str(now["story_md"]).replace("New machines", "Used machines")
    values = {**now, "story_md": story, "reason": "The new machines are not made any more."}
    change = stage.do(proposing.create, honey, values, actor=owner)
    stage.do(proposing.submit, change, actor=owner)
    stage.do(deciding.approve_material, change, actor=town.staff["compliance"])
    stage.live_to(clock.now() + 2 * DAY)
    stage.do(answering.keep, kept, user_id=town.investors[5])
    stage.live_to(clock.now() + 4 * DAY)  # the other one does not answer
    town.until_investment(lapsed, "returned")
    town.send_back(6)
    town.invest(honey, {2: 20_000, 7: 25_000})
    town.live_to_end(honey, "succeeded")
    town.release(honey, is_last=True)


def _failed_raise(town: Market) -> None:
    """Raise too little by bank, wallet and tokens; everything goes back the way it came."""
    looms = town.start_raise("Lalibela Looms", {})
    town.invest(looms, {2: 12_000, 3: 20_000})
    town.invest(looms, {0: 1_000}, rail="wallet")
    town.invest_tokens(looms, 5_000)
    town.live_to_end(looms, "refunded")
    town.send_back(2)
    town.send_back(3)


def _report(town: Market, campaign: str) -> None:
    """Publish the annual report, which is the condition of the last part of a release."""
    owner = town.owners["Yirga Coffee"]
    report = town.stage.do(updates.create, campaign, REPORT, actor=owner)
    town.stage.do(updates.publish, report, actor=owner)
    town.stage.live_to(clock.now() + DAY)
    town.release(campaign, "The annual report is published as an update.", is_last=True)


def _only_one_raise_a_year(town: Market) -> None:
    """A company that has raised this year is refused another raise until the year has ended."""
    try:
        town.stage.do(town.draft, "Yirga Coffee", {})
    except NotEligible:
        town.stage.forget()
    else:
        raise AssertionError("a second raise in the same year was accepted")
    town.stage.live_to(at(362))  # 1 January
    town.stage.do(town.draft, "Yirga Coffee", {})
