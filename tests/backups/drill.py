"""The platform with a real bank and a real chain beside it, that may be destroyed and restored."""

import threading
from contextlib import contextmanager

from werkzeug.serving import make_server
from werkzeug.wrappers import Response

from crowdfund.adapters import gateways
from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.service import drafts, reviews
from crowdfund.chain import deploy
from crowdfund.investments import queries as investments
from crowdfund.investments.service import placing
from crowdfund.issuers.service import onboarding
from crowdfund.issuers.service import reviews as reviews_service
from crowdfund.kernel import money, outbox
from crowdfund.kernel.db import commit, db, new_id, rollback
from crowdfund.ledger import queries as ledger
from crowdfund.ledger import rules as ledger_rules
from crowdfund.payments import desk_queries
from crowdfund.payments import queries as payments
from crowdfund.people import service
from tests import raising
from tests.chain.conftest import settle
from tests.payments.bank_process import wait_for


class Door:
    """The address at which the bank calls; behind it is whichever installation runs now."""

    def __init__(self):
        self.place = None
        self._server = make_server("127.0.0.1", 0, self)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_port}"

    def __call__(self, environ, start_response):
        if self.place is None:
            return Response("closed", 503)(environ, start_response)
        return self.place.app(environ, start_response)

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Drill:
    """What people and programs do in one installation."""

    def __init__(self, place, bank):
        self.place, self.bank = place, bank

    @contextmanager
    def inside(self):
        with self.place.inside():
            gateways.use("bill_bitts", self.bank.adapter())
            try:
                yield
            finally:
                rollback()
                db.session.remove()
                gateways.use("bill_bitts", None)

    def flask(self, *args):
        """Run a command with the bank in reach; return exit code and what it said."""
        gateways.use("bill_bitts", self.bank.adapter())
        try:
            return self.place.flask(*args)
        finally:
            gateways.use("bill_bitts", None)

    def open_campaign(self):
        """Deploy the contracts and bring a campaign live; return its id."""
        with self.inside():
            deploy.run(lambda _line: None, commit)
            db.session.remove()
            alice, carla = raising.person("alice"), raising.person("carla", "compliance")
            company = raising.filled_company(alice)
            onboarding.submit(company, actor=alice)
            raising.accept_documents(company, carla)
            reviews_service.approve(company, actor=carla)
            commit()
            settle()
            campaign = raising.complete_draft(company, alice)
            drafts.submit(campaign, actor=alice)
            reviews.approve(campaign, actor=carla)
            commit()
            settle()
            rollback()
            assert campaigns.by_id(campaign).status == "live"
        return campaign

    def investor(self, name):
        """Return the id of somebody who may invest and has a number at the bank."""
        with self.inside():
            person = raising.person(name)
            service.save_profile(
                person, first_name=name.capitalize(), last_name="T", phone="+251911234567"
            )
            service.set_kyc_level(person, "basic", actor="system")
            outbox.add(
                "payments.register",
                f"register:bill_bitts:{person}",
                {"user_id": person, "gateway": "bill_bitts"},
            )
            commit()
            settle()
        return person

    def place_order(self, person, campaign, amount):
        """Place an investment and open its payment at the bank; return its id."""
        with self.inside():
            slug = campaigns.by_id(campaign).slug
            rollback()
            order = placing.Order(
                person,
                slug,
                money.parse(amount),
                "bill_bitts",
                f"form:{person}:{amount}",
                has_consented=True,
            )
            found = placing.place(order)
            commit()
            settle()
        return found

    def pay(self, investment):
        """Pay at the bank, wait until it has called, and let the workers finish."""
        with self.inside():
            tx_id = payments.for_purpose("investment", investment)[0].tx_id
            rollback()  # the bank's calls write on connections of their own
            self.bank.control("pay", tx_ids=[tx_id])
            wait_for(lambda: self._is_told(tx_id), 20, "the bank's calls")
        self.work()

    def _is_told(self, tx_id):
        sent = self.bank.control("deliveries", tx_id=tx_id)["deliveries"]
        return any(one["status"] == "SETTLED" for one in sent) and all(
            one["state"] not in ("queued", "sending") for one in sent
        )

    def work(self):
        with self.inside():
            outbox.add("chain.index", f"chain.index:drill:{new_id()}")
            commit()
            settle()

    def status(self, investment, person):
        with self.inside():
            return investments.for_owner(investment, person).status

    def wallet(self, person):
        with self.inside():
            return ledger.balance(ledger_rules.user_wallet(person))

    def balance(self, account):
        with self.inside():
            return ledger.balance(account)

    def exceptions(self):
        with self.inside():
            return desk_queries.exceptions_page().rows
