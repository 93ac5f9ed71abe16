"""What people and companies do in the year: raise, invest, cancel, release, withdraw."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count

from benchmarks.year.stage import DAY
from benchmarks.year.town import BIRR, WALLET_OWNER, Town
from crowdfund.adapters import storage
from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.service import drafts, ending, reviews
from crowdfund.investments import queries as investments
from crowdfund.investments.service import cancelling, placing
from crowdfund.kernel import clock
from crowdfund.local.story import pictures
from crowdfund.payments import queries as payments
from crowdfund.payouts import queries as payouts
from crowdfund.payouts.service import requests as withdrawals
from crowdfund.refunds import queries as refunds
from crowdfund.refunds.service import choosing
from crowdfund.releases import service as releases
from crowdfund.token_payments import queries as token_orders
from crowdfund.token_payments import service as token_payments

STORY = "# Why\n\nNew machines, the same people. " + "Each birr goes into the workshop. " * 6
GOAL = 100_000


@dataclass
class Market(Town):
    """The town, and the forms that its people have sent."""

    forms: Iterator[int] = field(default_factory=lambda: count(1))

    # --- campaigns

    def start_raise(self, name: str, terms: Mapping[str, str]) -> str:
        """Draft, submit and, a day later, approve a campaign; return its id once it is live."""
        return self.start_raises({name: terms})[0]

    def start_raises(self, wanted: Mapping[str, Mapping[str, str]]) -> list[str]:
        """Start the raises of several companies (name and own terms) on the same day."""
        ids = [self.stage.do(self.draft, name, terms) for name, terms in wanted.items()]
        self.stage.live_to(clock.now() + DAY)
        for campaign in ids:
            self.stage.do(reviews.approve, campaign, actor=self.staff["admin"])
        for campaign in ids:
            self.until_status(campaign, "live")
        return ids

    def draft(self, name: str, terms: Mapping[str, str]) -> str:
        """Write a campaign and submit it; return its id."""
        owner = self.owners[name]
        campaign = drafts.create_draft(self.companies[name], actor=owner)
        basics = {
            "title": f"A new workshop for {name}",
            "summary": "New machines let us make twice as much with the same people.",
            "sector": "agriculture",
            "security_type": "equity",
        }
        usual = {"goal_minor": str(GOAL), "price_minor": "100", "min_minor": "100"}
        usual |= {"max_minor": "60,000", "duration_days": "30"}
        drafts.save_basics(campaign, basics)
        file_id = storage.put_public(pictures.picture("looms"), "svg")
        drafts.set_picture_id(campaign, file_id, "A workshop with new machines.")
        drafts.save_story(campaign, STORY)
        drafts.save_terms(campaign, usual | dict(terms))
        drafts.submit(campaign, actor=owner)
        return campaign

    def status(self, campaign: str) -> str:
        """Return the status of a campaign."""
        return self.stage.see(lambda: str(campaigns.by_id(campaign).status))

    def until_status(self, campaign: str, *wanted: str) -> None:
        """Work until a campaign has a status."""
        self.stage.until(lambda: self.status(campaign) in wanted, f"a campaign to be {wanted}")

    def live_to_end(self, campaign: str, *wanted: str) -> None:
        """Live past a campaign's deadline and its grace, until it has ended as it should."""
        ends_at = self.stage.see(lambda: campaigns.by_id(campaign).ends_at)
        assert ends_at is not None
        self.stage.live_to(ends_at + timedelta(minutes=1))
        self.until_status(campaign, *wanted)

    def close_early(self, campaign: str, name: str) -> None:
        """Let the company close a raise that has reached its threshold."""
        self.stage.do(ending.close_early, campaign, actor=self.owners[name])
        self.until_status(campaign, "succeeded")

    def cancel_raise(self, campaign: str) -> None:
        """Let staff cancel a live raise; everything goes back."""
        self.stage.do(
            ending.cancel, campaign, "The company asked for it.", actor=self.staff["admin"]
        )
        self.until_status(campaign, "refunded")

    def release(self, campaign: str, reason: str = "", *, is_last: bool) -> None:
        """Let finance prepare the next part of a release, and an admin approve it."""
        request = self.stage.do(releases.ask, campaign, reason, actor=self.staff["finance"])
        self.stage.do(releases.approve, request, actor=self.staff["admin"])
        if is_last:
            self.until_status(campaign, "released")
        else:
            row = lambda: campaigns.by_id(campaign)  # noqa: E731
            self.stage.until(lambda: row().ending is None, "the release of a part")

    # --- money in

    def invest(
        self, campaign: str, bids: Mapping[int, int], *, rail: str = "bill_bitts"
    ) -> list[str]:
        """Let investors (by number) invest whole birr, and pay if a bank is asked."""
        slug = self.stage.see(lambda: campaigns.by_id(campaign).slug)
        ids = [
            self.stage.do(placing.place, self._order(who, slug, birr, rail))
            for who, birr in bids.items()
        ]
        if rail == "bill_bitts":
            self.stage.until(lambda: all(_tx_ids(ids)), "the payments at the bank")
            self.stage.bank_settles([str(one) for one in self.stage.see(lambda: _tx_ids(ids))])
        self._until_confirmed(ids)
        return ids

    def _order(self, who: int, slug: str, birr: int, rail: str) -> placing.Order:
        key = f"form-{next(self.forms):08}"
        return placing.Order(self.investors[who], slug, birr * BIRR, rail, key, has_consented=True)

    def _until_confirmed(self, ids: list[str]) -> None:
        for one in ids:
            self.until_investment(one, "confirmed")

    def until_investment(self, investment: str, wanted: str) -> None:
        """Work until an investment has a status."""
        is_so = lambda: investments.get(investment).status == wanted  # noqa: E731
        self.stage.until(is_so, f"an investment to be {wanted}")

    def invest_tokens(self, campaign: str, birr: int) -> str:
        """Let an investor pay with tokens from a wallet of their own."""
        slug = self.stage.see(lambda: campaigns.by_id(campaign).slug)
        investment = self.stage.do(placing.place, self._order(WALLET_OWNER, slug, birr, "token"))
        payment = self.stage.see(lambda: str(investments.get(investment).payment_id))
        owner, wallet = self.investors[WALLET_OWNER], self.stage.address("investor")
        self.stage.do(token_payments.choose_wallet, payment, wallet, user_id=owner)
        self.stage.until(lambda: token_orders.order(payment).calls is not None, "an admission")
        order = self.stage.see(lambda: token_orders.order(payment))
        assert order.calls is not None
        self.stage.send("investor", order.token_address, order.calls["approve"])
        self.stage.send("investor", order.contract, order.calls["invest"])
        self._until_confirmed([investment])
        return investment

    # --- money out

    def cancel(self, investment: str, who: int) -> None:
        """Let an investor cancel a paid investment."""
        self.stage.do(cancelling.cancel_paid, investment, user_id=self.investors[who])
        self.stage.until(
            lambda: investments.get(investment).cancel_tx is not None,
            "the contract to take out a cancelled investment",
        )

    def keep_refunds(self, who: int) -> None:
        """Let an investor keep all refunds in the wallet."""
        for refund in self.stage.see(lambda: refunds.of_person(self.investors[who]).rows):
            self.stage.do(choosing.keep, refund.id, user_id=self.investors[who])

    def send_back(self, who: int) -> None:
        """Let an investor have all refunds sent back to the bank account that paid."""
        for left in self.stage.see(lambda: refunds.unfinished(self.investors[who])):
            payout = self.stage.do(choosing.send_back, left.refund.id, user_id=left.refund.user_id)
            self._until_paid(payout)

    def withdraw(self, who: int, birr: int) -> str:
        """Let an investor withdraw money from the wallet to their bank account."""
        key = f"withdrawal-{next(self.forms):08}"
        wanted = withdrawals.Wanted(self.investors[who], birr * BIRR, key)
        payout = self.stage.do(withdrawals.request, wanted)
        self._until_paid(payout)
        return payout

    def _until_paid(self, payout: str) -> None:
        def is_paid() -> bool:
            self.stage.bank_pays_out()
            return payouts.get(payout).status == "paid"

        self.stage.until(is_paid, "a payout")


def _tx_ids(ids: list[str]) -> list[str | None]:
    return [payments.for_purpose("investment", one)[0].tx_id for one in ids]
