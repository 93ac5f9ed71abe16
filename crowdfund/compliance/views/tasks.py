"""The state of a person's file as the lists that pages show: tasks, answers, progress."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from crowdfund.compliance.rows import ReviewRow
from crowdfund.compliance.rules import facts, requirements
from crowdfund.documents.rows import DocumentRow
from crowdfund.kernel import i18n
from crowdfund.kernel.i18n import _, _l
from crowdfund.kernel.person import Person
from crowdfund.kernel.regions import country_name

To = Callable[..., str]
_ROLES = {
    "admin": _l("administration"),
    "compliance": _l("compliance"),
    "finance": _l("finance"),
    "regulator": _l("regulator"),
}


def role_name(role: str) -> str:
    """Return the name of a staff role on pages."""
    return str(_ROLES.get(role, role))


def task_list(
    file: requirements.File, level: str, documents: Sequence[DocumentRow], to: To
) -> list[dict[str, Any]]:
    """Return the tasks of a level, without those of a lower one: label, url, state, hint."""
    asked = [one for one in requirements.asked(file, level) if one.level == level]
    return [_task(file, one, documents, to) for one in asked]


def _task(
    file: requirements.File, one: requirements.Requirement, documents: Sequence[DocumentRow], to: To
) -> dict[str, Any]:
    state, kinds = requirements.state(file, one), requirements.kinds_for(file, one)
    if len(kinds) > 1:
        hint = _("First choose which document you have.")
        return {"label": one.label, "url": None, "state": "locked", "hint": hint}
    if one.key == "contact":
        url = to("sign_in.show")
    elif one.step:
        url = to("compliance.facts", step=one.step)
    else:
        url = to("compliance.documents", kind=kinds[0])
    if state == "problem":
        hint = _problems([document for document in documents if document.kind in kinds])
    else:
        hint = "" if state == "verified" else one.hint
    shown_state = "done" if state == "verified" else state
    return {"label": one.label, "url": url, "state": shown_state, "hint": hint}


def _problems(documents: Sequence[DocumentRow]) -> str:
    """Return why documents were rejected or have expired."""
    expired = _("It has expired. Send a newer one.")
    return " ".join(
        document.reason or expired
        for document in documents
        if document.status in ("rejected", "expired")
    )


def level_to_ask(file: requirements.File, person: Person, review: ReviewRow | None) -> str:
    """Return the level that the person can request now, or an empty text."""
    ready = requirements.complete_level(file)
    if ready == "none" or (review is not None and review.level == ready):
        return ""
    if person.kyc_status == "verified" and person.kyc_level in (ready, "enhanced"):
        return ""
    return ready


def answers(file: requirements.File, to: To | None) -> list[dict[str, Any]]:
    """Return the facts as rows to check, with the address of the page to change each."""
    return [
        {"label": facts.LABELS[name], "value": shown(name, file.facts.get(name))}
        | ({"url": to("compliance.facts", step=step)} if to else {})
        for step, names in facts.STEPS.items()
        for name in names
    ]


def shown(name: str, value: object) -> str:
    """Return one fact as a person reads it."""
    if not value:
        return ""
    if isinstance(value, date):
        return i18n.day(value)
    text = str(value)
    if name in ("nationality", "country"):
        return country_name(text) or text
    if name == "id_kind":
        return str(requirements.KIND_NAMES.get(text, text))
    return text


def timeline(review: ReviewRow | None) -> list[dict[str, Any]]:
    """Return the steps of the newest request, or nothing before the first one."""
    if review is None or review.status == "withdrawn":
        return []
    steps = [{"label": _("Sent"), "at": review.submitted_at, "state": "done"}]
    if review.level == "enhanced":
        steps.append(_proposal(review))
    steps.append(_decision(review))
    return steps


def _proposal(review: ReviewRow) -> dict[str, Any]:
    state = "current" if review.decided_at is None else "todo"
    return {
        "label": _("First reviewer agrees"),
        "at": review.proposed_at,
        "state": "done" if review.proposed_at else state,
    }


def _decision(review: ReviewRow) -> dict[str, Any]:
    if review.status == "rejected":
        return {"label": _("Not accepted"), "at": review.decided_at, "state": "failed"}
    is_enhanced = review.level == "enhanced"
    label = _("Second reviewer confirms") if is_enhanced else _("Reviewed by our staff")
    state = "todo" if is_enhanced and not review.proposed_at else "current"
    at = review.decided_at
    return {"label": label, "at": at, "state": "done" if at is not None else state}
