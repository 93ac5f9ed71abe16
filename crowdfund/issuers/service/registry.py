"""What the issuer registry on chain is sent about a company, and what it answers."""

from crowdfund.chain import rules as chain_rules
from crowdfund.chain import service as chain_service
from crowdfund.documents import rules
from crowdfund.issuers import queries
from crowdfund.issuers.models import Company
from crowdfund.issuers.rules import steps
from crowdfund.issuers.rules.life import Status
from crowdfund.issuers.service.shared import locked, note, notify, touch
from crowdfund.kernel import clock
from crowdfund.kernel.errors import WrongState
from crowdfund.kernel.i18n import _

FUNCTIONS = ("updateIssuer", "deactivateIssuer", "reactivateIssuer")


def is_known(company: Company) -> bool:
    """Return whether the registry has the company, or will once a write under way is confirmed."""
    under_way = company.registration_tries > 0 and company.registration_error is None
    return company.registered_at is not None or under_way


def register(company: Company) -> None:
    """Have a company entered; each try has an intent of its own."""
    company.registration_tries += 1
    company.registration_error = None
    _commit_to(company)
    touch(company)
    intent = _register_intent(company)
    _write(company, "registerIssuer", intent, _facts(company))


def refresh(company: Company) -> None:
    """Send the registry the facts that are now verified."""
    if not is_known(company):
        return register(company)
    _commit_to(company)
    return _ask(company, "updateIssuer")


def deactivate(company: Company) -> None:
    """Have new campaigns stopped on chain too; one under way runs on there."""
    if is_known(company):
        _ask(company, "deactivateIssuer")


def reactivate(company: Company) -> None:
    """Undo a deactivation on chain; a company that never was entered is entered now."""
    if is_known(company):
        _ask(company, "reactivateIssuer")
    else:
        register(company)


def again(company_id: str, *, actor: str) -> None:
    """Try once more what the chain refused; raises WrongState if nothing was."""
    company = locked(company_id)
    if company.registration_error is not None and company.registered_at is None:
        note(company, actor, "tried the issuer registry again")
        register(company)
    elif company.chain_failed is not None:
        note(company, actor, f"tried {company.chain_failed} again")
        _ask(company, _still_wanted(company, company.chain_failed))
    else:
        raise WrongState(_("There is no failed registration to try again."))


def mark_registered(company_id: str, tx_hash: str) -> None:
    """Note that the registry holds the company; a repeated or outdated message changes nothing."""
    company = locked(company_id)
    if company.registered_at is not None:
        return
    company.registered_at, company.register_tx = clock.now(), tx_hash
    company.registration_error = None
    note(company, "system", "entered in the issuer registry on chain")
    touch(company)
    notify(company, "company.registered", key="registered")


def mark_registration_failed(company_id: str, reason: str, *, intent_id: str) -> None:
    """Note why the registry refused, for compliance to try again."""
    company = locked(company_id)
    if company.registered_at is not None or intent_id != _register_intent(company):
        return
    company.registration_error = reason[:500]
    note(company, "system", f"registration refused: {reason}")
    touch(company)
    notify(company, "company.registration_failed", key=f"registration:{company.registration_tries}")


def mark_accepted(company_id: str, function: str, *, intent_id: str) -> None:
    """Note that the registry took an update, a deactivation or a reactivation."""
    company = locked(company_id)
    note(company, "system", f"the registry took {function}")
    if intent_id == _intent(company, function):
        company.chain_failed = company.chain_error = None
    touch(company)


def mark_refused(company_id: str, function: str, reason: str, *, intent_id: str) -> None:
    """Note why the registry refused the newest call; older refusals are history only."""
    company = locked(company_id)
    note(company, "system", f"the registry refused {function}: {reason}")
    if intent_id == _intent(company, function):
        company.chain_failed, company.chain_error = function, reason[:500]
    touch(company)


def _still_wanted(company: Company, function: str) -> str:
    """Return the call that brings the registry to the company's present status."""
    if function == "updateIssuer":
        return function
    return "deactivateIssuer" if company.status == Status.DEACTIVATED else "reactivateIssuer"


def _commit_to(company: Company) -> None:
    """Compute what goes on chain: salted commitments to the answers and to the documents."""
    accepted = [row for row in queries.documents_of(company.id) if row.status == "verified"]
    documents = sorted([row.kind, row.sha256_commitment] for row in accepted)
    company.documents_commitment = rules.commitment(company.salt, documents)
    company.vc_hash = rules.commitment(company.salt, _credential(company))


def _credential(company: Company) -> dict[str, object]:
    names = [name for step in ("company", "contacts") for name in steps.columns(step)]
    facts: dict[str, object] = {name: getattr(company, name) for name in names}
    facts["officers"] = queries.officers(company.id)
    facts["bank"] = queries.bank_account(company.id)
    return facts | {"reviewed_by": company.reviewed_by, "reviewed_at": str(company.reviewed_at)}


def _facts(company: Company) -> list[object]:
    return [company.wallet_address, company.vc_hash, company.documents_commitment]


def _register_intent(company: Company) -> str:
    return f"company:{company.id}:register:{company.registration_tries}"


def _intent(company: Company, function: str) -> str:
    return f"company:{company.id}:{function}:{company.chain_tries}"


def _ask(company: Company, function: str) -> None:
    company.chain_tries += 1
    company.chain_failed = company.chain_error = None
    touch(company)
    facts = _facts(company) if function == "updateIssuer" else []
    _write(company, function, _intent(company, function), facts)


def _write(company: Company, function: str, intent: str, facts: list[object]) -> None:
    chain_service.write(
        intent,
        "IssuerRegistry",
        function,
        [chain_rules.intent_bytes32(intent), chain_rules.intent_bytes32(company.id), *facts],
        subject=("company", company.id),
    )
