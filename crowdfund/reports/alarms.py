"""What the self-check found, as staff read it: a sentence with money, and the thing it is about.

The proofs write lines for operators and programs (`I5 campaign 01a2…: 100 in escrow, 90 paid in`).
A line that no pattern knows gets the general sentence of its invariant.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from crowdfund.kernel import money
from crowdfund.kernel.i18n import _, _l
from crowdfund.ledger import rules as ledger_rules

_N = r"-?\d+"
# Groups whose names end with `_minor` are money; `kind` and id of the subject are in _SUBJECTS.
_SENTENCES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), sentence)
    for pattern, sentence in (
        (rf"I5 campaign \w+: (?P<escrow_minor>{_N}) in escrow, (?P<due_minor>{_N}) paid in$",
         _l("Its escrow account holds %(escrow)s, but %(due)s was paid in.")),
        (rf"I7 campaign \w+: (?P<escrow_minor>{_N}) in escrow, "
         rf"(?P<due_minor>{_N}) not returned yet$",
         _l("Its escrow account holds %(escrow)s, but %(due)s has still to be returned.")),
        (rf"I5 campaign \w+: reserved and settled are \((?P<a_minor>{_N}), (?P<b_minor>{_N})\), "
         rf"investments say \((?P<c_minor>{_N}), (?P<d_minor>{_N})\)$",
         _l("Its totals say %(a)s reserved and %(b)s received, its investments say %(c)s and "
            "%(d)s.")),
        (r"I5 campaign \w+ has sold more than its goal$", _l("It has sold more than its goal.")),
        (rf"I5 campaign \w+: (?P<a_minor>{_N}) of token money counted, (?P<b_minor>{_N}) seen$",
         _l("It counts %(a)s paid in tokens, but its contract has received %(b)s.")),
        (rf"I5 campaign \w+: (?P<a>{_N}) investors, counted (?P<b>{_N})$",
         _l("Investors: it shows %(a)s, but there are %(b)s.")),
        (rf"I5 campaign \w+: (?P<a_minor>{_N}) on its days, investments say (?P<b_minor>{_N})$",
         _l("Its days add up to %(a)s, its investments to %(b)s.")),
        (rf"I5 campaign \w+: (?P<a>{_N}) refused payments, counted (?P<b>{_N})$",
         _l("Refused payments: it shows %(a)s, but there are %(b)s.")),
        (rf"I9 campaign \w+: the contract refused (?P<a>\d+) payments of (?P<b_minor>{_N}) in all$",
         _l("Its contract refused payments of %(b)s in all (number: %(a)s).")),
        (r"I9 campaign \w+: \w+ is not done since (?P<since>[\d: -]+\d)",
         _l("Its end has not been confirmed on chain since %(since)s.")),
        (r"I9 campaign \w+ should have been closed on (?P<day>[\d-]+)",
         _l("It should have been closed on %(day)s.")),
        (r"I9 the chain does not answer", _l("The blockchain node does not answer.")),
        (r"I4 payment \w+ is ", _l("Its state and its postings do not match.")),
        (rf"I4 suspense has (?P<a_minor>{_N}) \w+, open exceptions (?P<b_minor>{_N})$",
         _l("%(a)s is held for review, but the payments to review add up to %(b)s.")),
        (rf"I2 \S+ \w+: balance (?P<a_minor>{_N}), postings (?P<b_minor>{_N})$",
         _l("The balance is %(a)s, but the postings add up to %(b)s.")),
        (rf"I2 all \w+ balances sum to (?P<a_minor>{_N}), not 0$",
         _l("All balances add up to %(a)s instead of zero.")),
        (rf"I3 \S+ \w+ is under its floor: (?P<a_minor>{_N})$",
         _l("The balance is %(a)s, which is below zero.")),
        (r"I10 webhook \w+ is dead$", _l("It was given up: stored, but not booked.")),
    )
)  # fmt: skip
_GENERAL = {
    "I1": _l("An entry of the journal is not complete."),
    "I2": _l("A balance does not match its postings."),
    "I3": _l("Money on hold does not match what it is held for."),
    "I4": _l("A payment and its postings do not match."),
    "I5": _l("The totals of a campaign do not match its investments."),
    "I7": _l("A campaign that ended still has money in escrow."),
    "I8": _l("Transactions on the blockchain are not in order."),
    "I9": _l("A campaign and its contract do not match."),
    "I10": _l("Background work is not finished."),
    "I11": _l("The journal is not what was written."),
    "I14": _l("The audit log is not what was written."),
}
_SUBJECTS = (
    ("campaign", re.compile(r"I\d+ campaign (\w+)")),
    ("payment", re.compile(r"I4 payment (\w+)")),
    ("inbox", re.compile(r"I10 webhook (\w+)")),
    ("entry", re.compile(r"I1+ .*?entry (?!number)(\w{32})\b")),
    ("account", re.compile(r"I[23] (\w+(?::\w+)+) ")),
)


@dataclass(frozen=True, slots=True)
class Alarm:
    """A problem in words; `kind` and `thing_id` are what it is about, `line` is for operators."""

    kind: str
    thing_id: str
    words: str
    line: str


def read(lines: Sequence[str]) -> list[Alarm]:
    """Return the alarms of a run; a line may hold several problems of one thing."""
    return [_alarm(one) for line in lines for one in re.split(r"; (?=I\d+ )", line)]


def _alarm(line: str) -> Alarm:
    kind, thing_id = next(
        ((kind, found[1]) for kind, subject in _SUBJECTS if (found := subject.match(line))),
        ("", ""),
    )
    return Alarm(kind, thing_id, _words(line), line)


def _words(line: str) -> str:
    for pattern, sentence in _SENTENCES:
        if found := pattern.match(line):
            values = {
                name.removesuffix("_minor"): money.fmt(int(text), _currency(line))
                if name.endswith("_minor")
                else text
                for name, text in found.groupdict().items()
            }
            return str(sentence) % values
    return str(_GENERAL.get(line.split(" ")[0], _("A check failed. Read the details.")))


def _currency(line: str) -> str:
    """Return the currency that a line names, else the platform's."""
    return next((one for one in money.DECIMALS if f" {one}" in line), "ETB")


def general_name(alarm: Alarm) -> str:
    """Return what to call the subject of an alarm that has no name of its own."""
    words = {
        "campaign": _("Campaign"),
        "payment": _("Payment"),
        "inbox": _("Webhook"),
        "entry": _("Journal entry"),
    }
    if alarm.kind == "account":
        return ledger_rules.account_words(alarm.thing_id)
    return words.get(alarm.kind, "")
