"""Kinds of notice about updates, questions and answers of a campaign."""

from crowdfund.kernel.i18n import _l
from crowdfund.notifications.kinds.base import Kind

_ID = "0123456789abcdef0123456789abcdef"
_SAMPLE = {"campaign": "A roastery for Yirga"}
_UPDATE = {**_SAMPLE, "title": "The second roaster has arrived"}
_ASK = "/campaigns/a-roastery-for-yirga/questions/ask"
_QUESTIONS = f"/my/campaigns/{_ID}/questions"

KINDS = {
    "update.published": Kind(
        _l("%(campaign)s: new update"),
        _l("The company has published an update: %(title)s"),
        "news",
        _UPDATE,
        action=_l("Read the update"),
        path=f"/campaigns/a-roastery-for-yirga/updates/{_ID}",
    ),
    "question.answered": Kind(
        _l("%(campaign)s: your question was answered"),
        _l("The company has answered your question. Everyone can read the answer."),
        "news",
        _SAMPLE,
        action=_l("Read the answer"),
        path=_ASK,
    ),
    "question.hidden": Kind(
        _l("%(campaign)s: your question was hidden"),
        _l("Your question is not public. Read the reason. You can ask another question."),
        "news",
        {**_SAMPLE, "reason": "The contract is confidential."},
        action=_l("See your questions"),
        path=_ASK,
    ),
    "question.asked": Kind(
        _l("%(campaign)s: new question"),
        _l("Someone has asked a question about your campaign. It becomes public when you answer."),
        "campaign",
        _SAMPLE,
        action=_l("Read the questions"),
        path=_QUESTIONS,
    ),
    "question.answer_hidden": Kind(
        _l("%(campaign)s: an answer was hidden"),
        _l("Our staff have hidden your answer. Read the reason. You can write another answer."),
        "campaign",
        {**_SAMPLE, "reason": "It promises a return."},
        action=_l("Open the question"),
        path=f"{_QUESTIONS}/{_ID}",
    ),
    "update.taken_down": Kind(
        _l("%(campaign)s: an update was taken down"),
        _l("Our staff have taken down your update “%(title)s”. Read the reason."),
        "campaign",
        {**_UPDATE, "reason": "It promises a return."},
        action=_l("Open the update"),
        path=f"/my/campaigns/{_ID}/updates/{_ID}",
    ),
}
