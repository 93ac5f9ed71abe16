"""The words for actions in the audit log; what is recorded is the name of a route."""

from crowdfund.kernel import access
from crowdfund.kernel.i18n import _, _l

ACTIONS = {
    "sign_in.enter": _l("Signed in"),
    "accounts.enter": _l("Signed in"),  # its name until 2026
    "document.view": _l("Opened a document"),
    "clock.advance": _l("Moved the clock forward"),
    "clock.reset": _l("Set the clock back to real time"),
    "create-admin": _l("Created an admin"),
    "admin.ask": _l("Requested a change of a user"),
    "admin.confirm": _l("Approved a request"),
    "admin.refuse": _l("Refused a request"),
    "admin.withdraw": _l("Withdrew a request"),
    "admin.disable": _l("Closed an account"),
    "admin.enable": _l("Opened an account again"),
    "admin.sign_out": _l("Signed a user out"),
    "campaigns.approve": _l("Approved a campaign"),
    "campaigns.reject": _l("Rejected a campaign"),
    "campaigns.cancel": _l("Cancelled a campaign"),
    "campaigns.deploy": _l("Created the contract again"),
    "releases.prepare": _l("Prepared a release"),
    "releases.approve": _l("Released the money"),
    "releases.refuse": _l("Refused a release"),
    "releases.withdraw": _l("Withdrew a release"),
    "campaigns.retry": _l("Tried the end of a campaign again"),
    "campaigns.redirect": _l("Requested another wallet for a release"),
    "campaigns.propose_limits": _l("Proposed new limits"),
    "campaigns.approve_limits": _l("Approved new limits"),
    "campaigns.refuse_limits": _l("Refused new limits"),
    "plans.propose": _l("Proposed a version of the plan"),
    "plans.approve": _l("Approved a version of the plan"),
    "plans.refuse": _l("Refused a version of the plan"),
    "plans.withdraw": _l("Withdrew a proposed version of the plan"),
    "exchange_rates.propose": _l("Proposed an exchange rate"),
    "exchange_rates.approve": _l("Approved an exchange rate"),
    "exchange_rates.refuse": _l("Refused an exchange rate"),
    "exchange_rates.withdraw": _l("Withdrew a proposed exchange rate"),
    "campaigns.withdraw_limits": _l("Withdrew a proposal of limits"),
    "campaign.redirected": _l("Release goes to another wallet"),
    "fx.added": _l("Exchange rate added"),
    "compliance.decide_document": _l("Decided on a document"),
    "compliance.decide_company_document": _l("Decided on a document"),
    "compliance.decide_payout": _l("Decided on a payout account"),
    "compliance.decide_nominee": _l("Decided on a nominee"),
    "compliance.approve_person": _l("Verified a person"),
    "compliance.reject_person": _l("Rejected a person"),
    "compliance.revoke_person": _l("Removed a verification"),
    "compliance.approve": _l("Approved a company"),
    "compliance.reject": _l("Rejected a company"),
    "compliance.register_again": _l("Registered a company again"),
    "compliance.approve_changes": _l("Approved changes of a company"),
    "compliance.reject_changes": _l("Rejected changes of a company"),
    "compliance.deactivate": _l("Deactivated a company"),
    "compliance.reactivate": _l("Activated a company again"),
    "chain.replay": _l("Sent a chain write again"),
    "chain.close": _l("Closed a chain write"),
    "chain.fill_nonce": _l("Filled a gap in the transactions of a key"),
    "chain.dismiss_alert": _l("Dismissed an alert about a key"),
    "chain.ask_key": _l("Requested a change of keys"),
    "chain.confirm_key": _l("Approved a change of keys"),
    "chain.refuse_key": _l("Refused a change of keys"),
    "chain.withdraw_key": _l("Withdrew a change of keys"),
    "chain.retry_key": _l("Tried a change of keys again"),
    "notifications.retry": _l("Sent a message again"),
    "payments.check": _l("Asked the bank about a payment"),
    "payments.resolve": _l("Decided on a payment"),
    "payments.replay": _l("Processed a webhook again"),
    "payments.replay_all": _l("Processed all failed webhooks again"),
    "payouts.approve": _l("Approved a withdrawal"),
    "payouts.reject": _l("Rejected a withdrawal"),
    "payouts.ask": _l("Asked the bank about a withdrawal"),
    "payouts.settle": _l("Ended a withdrawal by hand"),
    "payouts.send_again": _l("Let a withdrawal be sent to the bank again"),
    "payouts.dismiss": _l("Closed a question about a withdrawal"),
    "questions.hide": _l("Hid a question"),
    "questions.hide_answer": _l("Hid an answer"),
    "questions.staff_copy_to_faq": _l("Copied a question to the frequently asked ones"),
    "term_changes.approve_material": _l("Had investors reconfirm changed terms"),
    "term_changes.approve_correction": _l("Published a correction of terms"),
    "term_changes.reject": _l("Sent a change of terms back"),
    "updates.take_down": _l("Took an update down"),
    "reconciliation.compare": _l("Compared books and contract"),
    "reconciliation.ask": _l("Requested to follow a contract"),
    "reconciliation.approve": _l("Approved to follow a contract"),
    "reconciliation.refuse": _l("Refused to follow a contract"),
    "reconciliation.withdraw": _l("Withdrew a request to follow a contract"),
    "reports.retry": _l("Tried background work again"),
}


def action_words(action: str) -> str:
    """Return what an entry of the audit log says was done; for an unknown action, its name."""
    if action in ACTIONS:
        return str(ACTIONS[action])
    if action.endswith("_csv"):
        return _("Downloaded a list")
    if access.is_staff_only(action):
        return _("Opened a staff page")
    if action.startswith("chain."):
        return _("On chain: %(event)s", event=action.removeprefix("chain."))
    return action
