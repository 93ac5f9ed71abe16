"""What pages show of a company's file, for its own people and for staff."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import url_for

from crowdfund.issuers import queries
from crowdfund.issuers.rows import AccountRow, CompanyRow
from crowdfund.issuers.rules import diffs, lists, requirements, steps
from crowdfund.issuers.rules.life import ChangeStatus
from crowdfund.kernel import clock
from crowdfund.kernel.fields.names import Match, compare_companies
from crowdfund.kernel.regions import country_name
from crowdfund.security.rules import HOLD


def step_url(company_id: str, step: str) -> str:
    """Return the address of a page of the wizard."""
    if step in ("officers", "documents"):
        return url_for(f"issuers.{step}", company_id=company_id)
    return url_for("issuers.edit", company_id=company_id, step=step)


def answers(company: CompanyRow, *, editable: bool) -> dict[str, Any]:
    """Return the facts in force as `issuers/_answers.html` shows them."""
    return {
        "company": company,
        "editable": editable,
        "officers": [
            (officer, diffs.officer_text(officer)) for officer in queries.officers(company.id)
        ],
        "bank": queries.bank_account(company.id),
        "documents": queries.documents_of(company.id),
        "document_names": requirements.KINDS,
        "sector": lists.SECTORS.get(company.sector or ""),
        "country": country_name(company.country),
    }


def changes(company: CompanyRow) -> dict[str, Any]:
    """Return the changes that are written or wait, as `issuers/_changes.html` shows them."""
    running = queries.running_changes(company.id)
    return {
        "changes": [
            (change, steps.STEP_TITLES[change.part], diffs.differences(change.old, change.new))
            for change in running
        ],
        "pending": any(change.status == ChangeStatus.PENDING for change in running),
        "returned": next((change.reason for change in running if change.reason), None),
        "held": held_account(company.id),
    }


def holder_to_compare(file: Mapping[str, Any]) -> dict[str, str] | None:
    """Return holder and legal name where only a person can say whether they are one company.

    `file` is what `answers` and `changes` returned; what waits for review counts before what is in
    force.
    """
    facts = {"legal_name": file["company"].legal_name, "bank": file["bank"]}
    for change, *_shown in file["changes"]:
        facts |= change.new
    holder, name = (facts["bank"] or {}).get("holder"), facts["legal_name"]
    if not holder or not name or compare_companies(name, holder) is Match.SAME:
        return None
    return {"holder": holder, "name": name}


def held_account(company_id: str) -> tuple[AccountRow, datetime] | None:
    """Return a bank account that is on hold, with the moment when that ends, or None."""
    waiting = queries.proposed_account(company_id)
    if waiting is None or waiting.added_at + HOLD < clock.now():
        return None
    sent = [row for row in queries.running_changes(company_id) if row.part == "bank"]
    return None if sent else (waiting, waiting.added_at + HOLD)
