"""What the rules say about a file, as the lists that pages show."""

from collections.abc import Callable, Sequence
from typing import Any

from crowdfund.compliance.rules import facts, requirements
from crowdfund.documents.queries import DocumentRow
from crowdfund.kernel import i18n
from crowdfund.kernel.i18n import _, _l

To = Callable[..., str]
_ROLES = {
    "admin": _l("administration"), "compliance": _l("compliance"), "finance": _l("finance"),
    "regulator": _l("regulator"),
}  # fmt: skip


def role_name(role: str) -> str:
    """Return what a staff role is called on pages."""
    return str(_ROLES.get(role, role))


def task_list(
    file: requirements.File, level: str, papers: Sequence[DocumentRow], to: To
) -> list[dict[str, Any]]:
    """Return the tasks that belong to a level itself (not to a lower one): label, url, state, hint."""
    asked = [one for one in requirements.asked(file, level) if one.level == level]
    return [_task(file, one, papers, to) for one in asked]


def _task(
    file: requirements.File, one: requirements.Requirement, papers: Sequence[DocumentRow], to: To
) -> dict[str, Any]:
    state, kinds = requirements.state(file, one), requirements.kinds_for(file, one)
    if one.key == "contact":
        url = to("sign_in.show")
    elif one.step:
        url = to("compliance.facts", step=one.step)
    else:
        url = to("compliance.papers", kind=kinds[0])
    if len(kinds) > 1:
        return {
            "label": one.label,
            "url": None,
            "state": "locked",
            "hint": _("First choose which document you have."),
        }
    why = [paper.reason or _("It has expired. Send a newer one.") for paper in papers
           if paper.kind in kinds and paper.status in ("rejected", "expired")]  # fmt: skip
    hint = " ".join(why) if state == "problem" else "" if state == "verified" else one.hint
    return {
        "label": one.label,
        "url": url,
        "state": "done" if state == "verified" else state,
        "hint": hint,
    }


def level_to_ask(file: requirements.File, status: str, level: str, review: Any) -> str:  # noqa: ANN401 - a row
    """Return the level for which the person can ask now, or an empty text."""
    ready = requirements.complete_level(file)
    if ready == "none" or (review is not None and review.level == ready):
        return ""
    if status == "verified" and (level == ready or level == "enhanced"):
        return ""
    return ready


def answers(file: requirements.File, to: To | None) -> list[dict[str, Any]]:
    """Return the facts as rows to check, each with the way to change it."""
    rows = []
    for step, names in facts.STEPS.items():
        for name in names:
            row = {"label": facts.LABELS[name], "value": shown(name, file.facts.get(name))}
            rows.append(row | ({"url": to("compliance.facts", step=step)} if to else {}))
    return rows


def shown(name: str, value: Any) -> str:  # noqa: ANN401 - a text, a date or nothing
    """Return one fact as a person reads it."""
    if not value:
        return ""
    if name == "born_on":
        return i18n.day(value)
    if name in ("nationality", "country"):
        return str(i18n.locale().territories.get(value, value))
    if name == "id_kind":
        return str(requirements.KIND_NAMES.get(value, value))
    return str(value)


def timeline(person: Any, review: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - rows
    """Return the steps of the newest request, or nothing before the first one."""
    if review is None or review.status == "withdrawn":
        return []
    is_enhanced, is_over = review.level == "enhanced", review.decided_at is not None
    steps = [{"label": _("Sent"), "at": review.submitted_at, "state": "done"}]
    if is_enhanced:
        state = "done" if review.proposed_at else "todo" if is_over else "current"
        steps.append(
            {"label": _("First reviewer agrees"), "at": review.proposed_at, "state": state}
        )
    if review.status == "rejected":
        steps.append({"label": _("Not accepted"), "at": review.decided_at, "state": "failed"})
    else:
        label = _("Second reviewer confirms") if is_enhanced else _("Reviewed by our staff")
        waits = "todo" if is_enhanced and not review.proposed_at else "current"
        steps.append(
            {"label": label, "at": review.decided_at, "state": "done" if is_over else waits}
        )
    return steps
