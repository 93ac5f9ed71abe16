"""The one access table: every route and who may use it, and the navigation that follows from it.

A route without a row fails the build (tests/test_guards.py) and answers 403.
"""

from crowdfund.kernel.i18n import lazy as _l

STAFF = ("admin", "compliance", "finance", "regulator")
PUBLIC = frozenset({"visitor"})
SIGNED_IN = frozenset({"investor"})
EVERY_STAFF = frozenset(STAFF)


def staff(*roles: str) -> frozenset[str]:
    """Return the staff roles that may use a route (a regulator only where named)."""
    unknown = set(roles) - EVERY_STAFF
    if unknown:
        raise ValueError(f"unknown roles {unknown}")
    return frozenset(roles)


def readers(*roles: str) -> frozenset[str]:
    """Return the roles of a read-only staff page: those named and the regulator."""
    return staff(*roles) | {"regulator"}


# Sorted by feature. Object-level rules (own company, own payment) are in the queries.
TABLE: dict[str, frozenset[str]] = {
    # accounts
    "sign_in.sign_in": PUBLIC,
    "sign_in.enter_code": PUBLIC,
    "sign_in.join": PUBLIC,
    "sign_in.methods": SIGNED_IN,
    "sign_in.confirm_method": SIGNED_IN,
    "sign_in.remove_method": SIGNED_IN,
    "sign_in.oidc_begin": PUBLIC,
    "sign_in.oidc_leave": PUBLIC,
    "sign_in.oidc_callback": PUBLIC,
    "sign_in.oidc_prove": PUBLIC,
    "sign_in.connect_method": SIGNED_IN,
    "sign_in.wallet_ask": PUBLIC,
    "sign_in.wallet_prove": PUBLIC,
    "sign_in.passkey_ask": PUBLIC,
    "sign_in.passkey_enter": PUBLIC,
    "sign_in.sign_out": SIGNED_IN,
    # the second factor: asked of who is signed in or half way through it (views.second_factor.who)
    "security.second_factor": PUBLIC,
    "security.recovery_code": PUBLIC,
    "security.passkey_options": PUBLIC,
    "security.passkey_prove": PUBLIC,
    "security.security": SIGNED_IN,
    "security.app_add": SIGNED_IN,
    "security.app_remove": SIGNED_IN,
    "security.recovery_make": SIGNED_IN,
    "security.recovery_codes": SIGNED_IN,
    "security.recovery_codes_file": SIGNED_IN,
    "security.recovery_stored": SIGNED_IN,
    "security.passkey_add": SIGNED_IN,
    "security.passkey_new_options": SIGNED_IN,
    "security.passkey_remove": SIGNED_IN,
    "security.changes": SIGNED_IN,
    "security.change": SIGNED_IN,
    "security.change_cancel": SIGNED_IN,
    "payout_accounts.payout": SIGNED_IN,
    "payout_accounts.payout_state": SIGNED_IN,
    "payout_accounts.payout_edit": SIGNED_IN,
    "payout_accounts.payout_remove": SIGNED_IN,
    "security.sessions": SIGNED_IN,
    "security.session_end": SIGNED_IN,
    "security.session_end_others": SIGNED_IN,
    "sign_in.choose_language": SIGNED_IN,
    "sign_in.show": SIGNED_IN,
    # admin: the audit log and the users; a regulator reads both
    "admin.audit": readers("admin"),
    "admin.audit_csv": readers("admin"),
    "admin.audit_entry": readers("admin"),
    "admin.users": readers("admin"),
    "admin.users_csv": readers("admin"),
    "admin.user": readers("admin"),
    "admin.ask": staff("admin"),
    "admin.disable": staff("admin"),
    "admin.enable": staff("admin"),
    "admin.sign_out": staff("admin"),
    "admin.requests": readers("admin"),
    "admin.requested": readers("admin"),
    "admin.confirm": staff("admin"),
    "admin.refuse": staff("admin"),
    "admin.withdraw": staff("admin"),
    # campaigns: what everyone reads, what a company does (its own: queries.for_member), the desk
    "campaigns.home": PUBLIC,
    "campaigns.index": PUBLIC,
    "campaigns.detail": PUBLIC,
    "campaigns.funding": PUBLIC,
    "campaigns.file": PUBLIC,
    "campaigns.document": PUBLIC,
    "campaigns.public_document": PUBLIC,
    "campaigns.share_picture": PUBLIC,
    "campaigns.default_share_picture": PUBLIC,
    "campaigns.follow": SIGNED_IN,
    "campaigns.unfollow": SIGNED_IN,
    "campaigns.followed": SIGNED_IN,
    "campaigns.dashboard": SIGNED_IN,
    "campaigns.company": SIGNED_IN,
    "campaigns.create": SIGNED_IN,
    "campaigns.manage": SIGNED_IN,
    "campaigns.public_preview": SIGNED_IN,
    "campaigns.state": SIGNED_IN,
    "campaigns.qr_code": SIGNED_IN,
    "campaigns.edit": SIGNED_IN,
    "campaigns.preview": SIGNED_IN,
    "campaigns.documents": SIGNED_IN,
    "campaigns.remove_document": SIGNED_IN,
    "campaigns.check": SIGNED_IN,
    "campaigns.close": SIGNED_IN,
    "campaigns.withdraw": SIGNED_IN,
    "campaigns.approvals": readers("admin", "compliance"),
    "campaigns.staff_list": readers("admin", "compliance", "finance"),
    "campaigns.staff_csv": readers("admin", "compliance", "finance"),
    "campaigns.staff_detail": readers("admin", "compliance", "finance"),
    "campaigns.staff_state": readers("admin", "compliance", "finance"),
    "campaigns.staff_preview": readers("admin", "compliance", "finance"),
    "campaigns.approve": staff("admin", "compliance"),
    "campaigns.reject": staff("admin", "compliance"),
    "campaigns.cancel": staff("admin"),
    "campaigns.deploy": staff("admin", "compliance"),
    "campaigns.retry": staff("admin", "finance"),
    "campaigns.redirect": staff("admin"),
    # releases: one prepares, another approves
    "releases.prepare": staff("admin", "finance"),
    "releases.request": readers("admin", "finance"),
    "releases.approve": staff("admin", "finance"),
    "releases.refuse": staff("admin", "finance"),
    "releases.withdraw": staff("admin", "finance"),
    # the dated limits of all campaigns: one proposes, another approves
    "campaigns.limits": readers("admin", "finance"),
    "campaigns.limits_version": readers("admin", "finance"),
    "campaigns.propose_limits": staff("admin", "finance"),
    "campaigns.approve_limits": staff("admin", "finance"),
    "campaigns.refuse_limits": staff("admin", "finance"),
    "campaigns.withdraw_limits": staff("admin", "finance"),
    # compliance: a person's own verification and nominees (loaders by the signed-in person), the
    # desks
    "compliance.verification": SIGNED_IN,
    "compliance.verification_state": SIGNED_IN,
    "compliance.facts": SIGNED_IN,
    "compliance.documents": SIGNED_IN,
    "compliance.picture": SIGNED_IN,
    "compliance.remove_document": SIGNED_IN,
    "compliance.check": SIGNED_IN,
    "compliance.access_log": SIGNED_IN,
    "compliance.nominees": SIGNED_IN,
    "compliance.nominees_state": SIGNED_IN,
    "compliance.add_nominee": SIGNED_IN,
    "compliance.edit_nominee": SIGNED_IN,
    "compliance.nominee_proof": SIGNED_IN,
    "compliance.remove_nominee": SIGNED_IN,
    "compliance.submit_nominees": SIGNED_IN,
    "compliance.people": readers("admin", "compliance"),
    "compliance.people_csv": readers("admin", "compliance"),
    "compliance.person": readers("admin", "compliance"),
    "compliance.decide_document": staff("admin", "compliance"),
    "compliance.decide_payout": staff("admin", "compliance"),
    "compliance.decide_nominee": staff("admin", "compliance"),
    "compliance.approve_person": staff("admin", "compliance"),
    "compliance.reject_person": staff("admin", "compliance"),
    "compliance.revoke_person": staff("admin", "compliance"),
    "compliance.companies": readers("admin", "compliance"),
    "compliance.companies_csv": readers("admin", "compliance"),
    "compliance.company": readers("admin", "compliance"),
    "compliance.company_state": readers("admin", "compliance"),
    "compliance.approve": staff("compliance", "admin"),
    "compliance.reject": staff("compliance", "admin"),
    "compliance.register_again": staff("compliance", "admin"),
    "compliance.decide_company_document": staff("compliance", "admin"),
    "compliance.approve_changes": staff("compliance", "admin"),
    "compliance.reject_changes": staff("compliance", "admin"),
    "compliance.deactivate": staff("compliance", "admin"),
    "compliance.reactivate": staff("compliance", "admin"),
    # documents: whom the owner's feature lets (documents.service.may_open)
    "documents.file": SIGNED_IN,
    # chain
    "chain.writes": readers("admin", "compliance", "finance"),
    "chain.writes_csv": readers("admin", "compliance", "finance"),
    "chain.write": readers("admin", "compliance", "finance"),
    "chain.replay": staff("admin"),
    "chain.close": staff("admin"),
    "chain.fill_nonce": staff("admin"),
    "chain.dismiss_alert": staff("admin"),
    "chain.keys": readers("admin"),
    "chain.key_request": readers("admin"),
    "chain.ask_key": staff("admin"),
    "chain.confirm_key": staff("admin"),
    "chain.refuse_key": staff("admin"),
    "chain.withdraw_key": staff("admin"),
    "chain.retry_key": staff("admin"),
    # investments
    "investments.new": SIGNED_IN,
    "investments.quote": SIGNED_IN,
    "investments.room": SIGNED_IN,
    "investments.show": SIGNED_IN,
    "investments.receipt": SIGNED_IN,
    "investments.cancel": SIGNED_IN,
    "investments.cancel_paid": SIGNED_IN,
    "investments.pay_rest": SIGNED_IN,
    "investments.portfolio": SIGNED_IN,
    "investments.campaign_days": SIGNED_IN,
    # plans: the plan and its simulator are public; one proposes a version, another approves it
    "plans.plan": PUBLIC,
    "plans.index": readers("admin", "finance"),
    "plans.show": readers("admin", "finance"),
    "plans.propose": staff("admin", "finance"),
    "plans.approve": staff("admin", "finance"),
    "plans.refuse": staff("admin", "finance"),
    "plans.withdraw": staff("admin", "finance"),
    # exchange_rates: one proposes a rate, another approves it
    "exchange_rates.index": readers("admin", "finance"),
    "exchange_rates.history": readers("admin", "finance"),
    "exchange_rates.show": readers("admin", "finance"),
    "exchange_rates.propose": staff("admin", "finance"),
    "exchange_rates.approve": staff("admin", "finance"),
    "exchange_rates.refuse": staff("admin", "finance"),
    "exchange_rates.withdraw": staff("admin", "finance"),
    # token_payments: a payment with tokens from the payer's own wallet
    "token_payments.pay": SIGNED_IN,
    "token_payments.state": SIGNED_IN,
    "token_payments.choose": SIGNED_IN,
    "token_payments.permit": SIGNED_IN,
    "token_payments.sent": SIGNED_IN,
    "token_payments.problem": SIGNED_IN,
    # content: what the page of a campaign shows beside its story, and what its team writes of it
    "content.picture": PUBLIC,
    "content.small_picture": PUBLIC,
    "content.faq": SIGNED_IN,
    "content.new_faq": SIGNED_IN,
    "content.edit_faq": SIGNED_IN,
    "content.move_faq": SIGNED_IN,
    "content.remove_faq": SIGNED_IN,
    "content.pictures": SIGNED_IN,
    "content.edit_picture": SIGNED_IN,
    "content.move_picture": SIGNED_IN,
    "content.remove_picture": SIGNED_IN,
    "content.people": SIGNED_IN,
    "content.new_person": SIGNED_IN,
    "content.edit_person": SIGNED_IN,
    "content.move_person": SIGNED_IN,
    "content.remove_person": SIGNED_IN,
    # updates and questions: what everyone reads, what a company's team does, what staff do
    "updates.index": PUBLIC,
    "updates.show": PUBLIC,
    "updates.manage": SIGNED_IN,
    "updates.write": SIGNED_IN,
    "updates.draft": SIGNED_IN,
    "updates.edit": SIGNED_IN,
    "updates.picture": SIGNED_IN,
    "updates.remove_picture": SIGNED_IN,
    "updates.publish": SIGNED_IN,
    "updates.discard": SIGNED_IN,
    "updates.staff_list": readers("admin", "compliance"),
    "updates.staff_show": readers("admin", "compliance"),
    "updates.take_down": staff("admin", "compliance"),
    # changes of the terms of a live campaign: everyone reads the versions, the team proposes,
    # investors answer, staff decide
    "term_changes.versions": PUBLIC,
    "term_changes.version": PUBLIC,
    "term_changes.manage": SIGNED_IN,
    "term_changes.write": SIGNED_IN,
    "term_changes.show": SIGNED_IN,
    "term_changes.document": SIGNED_IN,
    "term_changes.edit": SIGNED_IN,
    "term_changes.submit": SIGNED_IN,
    "term_changes.withdraw": SIGNED_IN,
    "term_changes.ask": SIGNED_IN,
    "term_changes.keep": SIGNED_IN,
    "term_changes.take_back": SIGNED_IN,
    "term_changes.staff_list": readers("admin", "compliance"),
    "term_changes.staff_show": readers("admin", "compliance"),
    "term_changes.staff_document": readers("admin", "compliance"),
    "term_changes.approve_material": staff("admin", "compliance"),
    "term_changes.approve_correction": staff("admin", "compliance"),
    "term_changes.reject": staff("admin", "compliance"),
    "questions.index": PUBLIC,
    "questions.ask": SIGNED_IN,
    "questions.manage": SIGNED_IN,
    "questions.answer": SIGNED_IN,
    "questions.decline": SIGNED_IN,
    "questions.copy_to_faq": SIGNED_IN,
    "questions.staff_list": readers("admin", "compliance"),
    "questions.staff_show": readers("admin", "compliance"),
    "questions.hide": staff("admin", "compliance"),
    "questions.staff_copy_to_faq": staff("admin", "compliance"),
    "questions.hide_answer": staff("admin", "compliance"),
    # issuer_desk: the investors of a campaign, for its company's team; staff see the same
    "issuer_desk.investors": SIGNED_IN,
    "issuer_desk.investors_csv": SIGNED_IN,
    "issuer_desk.staff_investors": readers("admin", "compliance", "finance"),
    "issuer_desk.staff_investors_csv": readers("admin", "compliance", "finance"),
    # issuers: the own company only by the role in it (queries.for_member)
    "issuers.start": SIGNED_IN,
    "issuers.overview": SIGNED_IN,
    "issuers.state": SIGNED_IN,
    "issuers.edit": SIGNED_IN,
    "issuers.check": SIGNED_IN,
    "issuers.officers": SIGNED_IN,
    "issuers.new_officer": SIGNED_IN,
    "issuers.officer": SIGNED_IN,
    "issuers.remove_officer": SIGNED_IN,
    "issuers.documents": SIGNED_IN,
    "issuers.document": SIGNED_IN,
    "issuers.remove_document": SIGNED_IN,
    "issuers.changes": SIGNED_IN,
    "issuers.send_changes": SIGNED_IN,
    "issuers.take_back_changes": SIGNED_IN,
    "issuers.drop_changes": SIGNED_IN,
    "issuers.team": SIGNED_IN,
    "issuers.set_role": SIGNED_IN,
    "issuers.remove_member": SIGNED_IN,
    "issuers.hand_over": SIGNED_IN,
    "issuers.revoke": SIGNED_IN,
    "issuers.invitation": SIGNED_IN,
    "issuers.accept": SIGNED_IN,
    "issuers.decline": SIGNED_IN,
    # ledger
    "ledger.wallet": SIGNED_IN,
    "ledger.wallet_csv": SIGNED_IN,
    "ledger.wallet_statement": SIGNED_IN,
    "ledger.accounts": readers("admin", "finance"),
    "ledger.accounts_csv": readers("admin", "finance"),
    "ledger.account_csv": readers("admin", "finance"),
    "ledger.account": readers("admin", "finance"),
    "ledger.entry": readers("admin", "finance"),
    # notifications: one's own; the signed link of an e-mail is the permission to end that kind
    "notifications.index": SIGNED_IN,
    "notifications.bell": SIGNED_IN,
    "notifications.open_notice": SIGNED_IN,
    "notifications.mark_read": SIGNED_IN,
    "notifications.mark_all": SIGNED_IN,
    "notifications.preferences": SIGNED_IN,
    "notifications.unsubscribe": PUBLIC,
    "notifications.messages": readers("admin", "compliance"),
    "notifications.message": readers("admin", "compliance"),
    "notifications.retry": staff("admin"),
    "notifications.previews": readers("admin", "compliance", "finance"),
    "notifications.preview_html": readers("admin", "compliance", "finance"),
    # payments: one's own (queries.get_for_owner); webhooks prove themselves by their signature
    "payments.neo_webhook": PUBLIC,
    "payments.gateway_webhook": PUBLIC,
    "payments.come_back": SIGNED_IN,
    "payments.show": SIGNED_IN,
    "payments.index": readers("admin", "finance"),
    "payments.index_csv": readers("admin", "finance"),
    "payments.exceptions_csv": readers("admin", "finance"),
    "payments.inbox_csv": readers("admin", "finance"),
    "payments.detail": readers("admin", "finance"),
    "payments.check": staff("admin", "finance"),
    "payments.exceptions": readers("admin", "finance"),
    "payments.exception": readers("admin", "finance"),
    "payments.resolve": staff("admin", "finance"),
    "payments.inbox": readers("admin", "finance"),
    "payments.webhook": readers("admin", "finance"),
    "payments.replay": staff("admin", "finance"),
    "payments.replay_all": staff("admin", "finance"),
    # payouts: one's own (queries.for_owner); finance decides, never about its own
    "payouts.new": SIGNED_IN,
    "payouts.confirm": SIGNED_IN,
    "payouts.index": SIGNED_IN,
    "payouts.show": SIGNED_IN,
    "payouts.cancel": SIGNED_IN,
    # refunds: one's own (queries.for_owner)
    "refunds.index": SIGNED_IN,
    "refunds.show": SIGNED_IN,
    "refunds.send_back": SIGNED_IN,
    "refunds.keep": SIGNED_IN,
    "refunds.always": SIGNED_IN,
    "payouts.desk": readers("admin", "finance"),
    "payouts.desk_csv": readers("admin", "finance"),
    "payouts.detail": readers("admin", "finance"),
    "payouts.approve": staff("admin", "finance"),
    "payouts.reject": staff("admin", "finance"),
    "payouts.ask": staff("admin", "finance"),
    "payouts.settle": staff("admin", "finance"),
    "payouts.send_again": staff("admin", "finance"),
    "payouts.dismiss": staff("admin", "finance"),
    # reconciliation: everyone may see whether books and contracts agree; two people have a campaign
    # follow
    "reconciliation.drift": PUBLIC,
    "reconciliation.contract": readers("admin", "finance"),
    "reconciliation.compare": staff("admin", "finance"),
    "reconciliation.ask": staff("admin", "finance"),
    "reconciliation.requests": readers("admin", "finance"),
    "reconciliation.requested": readers("admin", "finance"),
    "reconciliation.approve": staff("admin", "finance"),
    "reconciliation.refuse": staff("admin", "finance"),
    "reconciliation.withdraw": staff("admin", "finance"),
    # tracing: each amount as the page on which it stands; its query knows whose it is, and which
    # staff may read it
    "tracing.campaign_settled": PUBLIC,
    "tracing.campaign_on_its_way": PUBLIC,
    "tracing.drift_compared": PUBLIC,
    "tracing.portfolio_invested": SIGNED_IN,
    "tracing.portfolio_on_its_way": SIGNED_IN,
    "tracing.wallet_balance": SIGNED_IN,
    "tracing.wallet_balance_after": SIGNED_IN,
    "tracing.wallet_available": SIGNED_IN,
    "tracing.wallet_on_hold": SIGNED_IN,
    "tracing.investment_amount": SIGNED_IN,
    "tracing.payment_amount": SIGNED_IN,
    "tracing.payment_received": SIGNED_IN,
    "tracing.payment_missing": SIGNED_IN,
    "tracing.withdrawal_amount": SIGNED_IN,
    "tracing.refund_amount": SIGNED_IN,
    "tracing.refund_in_wallet": SIGNED_IN,
    "tracing.posting_amount": SIGNED_IN,
    "tracing.campaign_arriving": SIGNED_IN,
    "tracing.term_change_kept": SIGNED_IN,
    "tracing.term_change_taken_back": SIGNED_IN,
    "tracing.term_change_lapsed": SIGNED_IN,
    "tracing.term_change_open": SIGNED_IN,
    "tracing.campaign_released": SIGNED_IN,
    "tracing.campaign_fee": SIGNED_IN,
    "tracing.company_balance": SIGNED_IN,
    "tracing.account_balance": readers("admin", "finance"),
    "tracing.account_balance_after": readers("admin", "finance"),
    "tracing.account_held": readers("admin", "finance"),
    "tracing.exception_amount": readers("admin", "finance"),
    "tracing.payments_asked": readers("admin", "finance"),
    "tracing.payments_received": readers("admin", "finance"),
    "tracing.contract_recorded": readers("admin", "finance"),
    "tracing.contract_refused": readers("admin", "finance"),
    "tracing.contract_tokens": readers("admin", "finance"),
    # reports
    "reports.desk": readers("admin", "compliance", "finance"),
    "reports.queues_now": readers("admin", "compliance", "finance"),
    "reports.releases": readers("admin", "finance"),
    "reports.work": readers("admin"),
    "reports.retry": staff("admin"),
    # about: what everyone may read about the platform
    "about.help_page": PUBLIC,
    "about.contact": PUBLIC,
    "about.how_it_works": PUBLIC,
    "about.fees": PUBLIC,
    "about.terms": PUBLIC,
    "about.accept_terms": SIGNED_IN,
    "about.privacy": PUBLIC,
    "about.legal_notice": PUBLIC,
    "about.favicon": PUBLIC,
    "about.manifest": PUBLIC,
    "about.robots": PUBLIC,
    "about.sitemap": PUBLIC,
    "about.sitemap_part": PUBLIC,
    # static files and health
    "static": PUBLIC,
    "web.health_live": PUBLIC,
    "web.health_report": PUBLIC,
    "web.health_strict": PUBLIC,
    "web.choose_language": PUBLIC,
}

# Where the browser comes back from somebody else: a GET by the protocol, and yet it writes. An
# identity provider's opens accounts, after a single-use state has proved that this browser asked
# for it. A gateway's has the gateway asked about its owner's payment, at most every 10 seconds.
WRITING_GETS = frozenset({"sign_in.oidc_callback", "payments.come_back"})

# Where the form of an address is that takes posts alone, if it is not the page above that address.
FORM_PAGES = {
    "campaigns.create": "campaigns.dashboard",
    "chain.dismiss_alert": "chain.writes",
    "content.move_faq": "content.faq",
    "content.move_picture": "content.pictures",
    "content.move_person": "content.people",
    "content.remove_faq": "content.faq",
    "content.remove_picture": "content.pictures",
    "content.remove_person": "content.people",
    "chain.fill_nonce": "chain.writes",
    "issuers.remove_document": "issuers.documents",
    "issuers.revoke": "issuers.team",
    "issuers.start": "campaigns.dashboard",
    "payout_accounts.payout_remove": "payout_accounts.payout",
    "security.app_remove": "security.security",
}

# Parts of pages that are read in the background. None of them is a page to return to.
FRAGMENTS = frozenset(
    {
        "campaigns.company",
        "campaigns.funding",
        "campaigns.preview",
        "campaigns.staff_state",
        "campaigns.state",
        "compliance.company_state",
        "compliance.nominees_state",
        "compliance.verification_state",
        "investments.quote",
        "investments.room",
        "issuers.state",
        "notifications.bell",
        "payout_accounts.payout_state",
        "token_payments.state",
        "reports.queues_now",
        "security.changes",
    }
)

# (label, endpoint, icon); shown when the access table allows the endpoint, in this order.
NAV: list[tuple[str, str, str]] = [
    (_l("Campaigns"), "campaigns.index", "layout-grid"),
    (_l("Portfolio"), "investments.portfolio", "chart-pie"),
    (_l("Wallet"), "ledger.wallet", "wallet"),
    (_l("My company"), "campaigns.dashboard", "building-skyscraper"),
]

# The same for staff, whose own investments are in the menu of their account.
STAFF_NAV: list[tuple[str, str, str]] = [
    (_l("Staff desk"), "reports.desk", "clipboard-check"),
    (_l("Approvals"), "campaigns.approvals", "clipboard-check"),
    (_l("People"), "compliance.people", "user"),
    (_l("Campaigns"), "campaigns.staff_list", "layout-grid"),
    (_l("Payments"), "payments.index", "wallet"),
    (_l("Withdrawals"), "payouts.desk", "wallet"),
    (_l("Journal"), "ledger.accounts", "wallet"),
    (_l("Users"), "admin.users", "user"),
    (_l("Audit log"), "admin.audit", "clipboard-check"),
]

# (label, endpoint, path): the foot of every page and of every e-mail. An e-mail is written without
# a request, so it needs the path.
SITE: list[tuple[str, str, str]] = [
    (_l("How it works"), "about.how_it_works", "/how-it-works"),
    (_l("Fees"), "about.fees", "/fees"),
    (_l("Help"), "about.help_page", "/help"),
    (_l("Contact"), "about.contact", "/contact"),
    (_l("Terms of use"), "about.terms", "/terms"),
    (_l("Privacy"), "about.privacy", "/privacy"),
    (_l("Legal notice"), "about.legal_notice", "/legal-notice"),
]

# What opens only for those who have accepted the terms of use, staff among them; staff pages open
# without.
UNDER_TERMS = frozenset(
    endpoint
    for endpoint, allowed in TABLE.items()
    if allowed == SIGNED_IN and endpoint != "about.accept_terms"
)
# Of these, what moves money or puts a company or a campaign forward: not even sent without them.
BINDING = frozenset(
    {
        "campaigns.check",
        "campaigns.create",
        "investments.new",
        "investments.pay_rest",
        "issuers.check",
        "issuers.send_changes",
        "issuers.start",
    }
)


def is_staff_only(endpoint: str) -> bool:
    """Return whether only staff may use a route, so that it is recorded in the audit log."""
    allowed = TABLE.get(endpoint, frozenset())
    return bool(allowed) and allowed <= EVERY_STAFF


def allows(endpoint: str, roles: frozenset[str]) -> bool:
    """Return whether someone with these roles may use a route; unknown routes are refused."""
    allowed = TABLE.get(endpoint, frozenset())
    return "visitor" in allowed or bool(allowed & roles)
