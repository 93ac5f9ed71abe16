"""What code and documents say about each other is there."""

import re
from functools import cache
from pathlib import Path

import pytest

from crowdfund.local.environment import ROOT

CODE = sorted(
    path
    for folder in ("crowdfund", "tests", "tools", "benchmarks", "migrations")
    for path in (ROOT / folder).rglob("*.py")
    if path.parent != Path(__file__).parent
)
DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "benchmarks/*.md", "contracts/*.md", "deploy/*.md")
    for path in ROOT.glob(pattern)
)
# A decision and a list of changes name what was there in their day.
PRESENT = [path for path in DOCUMENTS if path.parent.name != "adr" and path.name != "CHANGELOG.md"]
RULE = re.compile(r"(?<![/\w-])rules\.md(?:,\s+(?:#\s+)?([A-Z][\w -]*[\w]))?")
INVARIANT = re.compile(r"(?<![\w'-])I(\d+)(?!\w)")
RANGE = re.compile(r"\bI(\d+)–I(\d+)\b")
CITED = re.compile(r"(?<![\w/])([a-z][\w-]*(?:/[\w-]+)*\.md)\b")
PATH = re.compile(
    r"`((?:crowdfund|tests|tools|docs|contracts|migrations|deploy|benchmarks)/[\w./-]+)`"
)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def name_of(path):
    return str(path.relative_to(ROOT))


@cache
def headings(path):
    text = re.sub(r"^```.*?^```", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"^#{1,6} (.+)$", text, re.MULTILINE)


def anchors(path):
    """Return the anchors that GitHub makes of a document's headings."""
    plain = [re.sub(r"[^\w -]", "", heading.lower()) for heading in headings(path)]
    return {heading.replace(" ", "-") for heading in plain}


def rule_citations(text):
    """Return the heading that each citation of rules.md names; None where it names none."""
    flat = re.sub(r"\s*\n\s*", " ", text)
    return [match.group(1) for match in RULE.finditer(flat)]


def invariants(text):
    """Return the numbers of the invariants that a text names, ranges written out."""
    numbers = {int(number) for number in INVARIANT.findall(text)}
    for first, last in RANGE.findall(text):
        numbers |= set(range(int(first), int(last) + 1))
    return numbers


def documented_invariants():
    return {
        int(number)
        for heading in headings(ROOT / "docs" / "invariants.md")
        for number in re.findall(r"^I(\d+) ", heading)
    }


def test_a_citation_is_found_wherever_its_line_ends():
    assert rule_citations("by them (rules.md,\n    KYC of a person).") == ["KYC of a person"]
    assert rule_citations("# rules.md, KYC. More") == ["KYC"]
    assert rule_citations("(rules.md)") == [None]
    assert invariants("Prove I1–I3, I7 and not I-beam or I18n") == {1, 2, 3, 7}


def test_each_citation_of_a_rule_names_a_heading_that_is_there():
    known = headings(ROOT / "docs" / "rules.md")
    lost = [
        f"{name_of(path)}: {found or 'names no heading'}"
        for path in CODE
        for found in rule_citations(path.read_text())
        if found not in known
    ]
    assert lost == []


def test_rules_are_cited():
    assert sum(len(rule_citations(path.read_text())) for path in CODE) >= 20


def test_each_invariant_that_code_names_is_described():
    known = documented_invariants()
    assert known == set(range(1, 15))
    named = {name_of(path): invariants(path.read_text()) - known for path in CODE}
    assert {path: numbers for path, numbers in named.items() if numbers} == {}


def test_each_invariant_is_proved_or_says_that_it_is_not_checked():
    text = (ROOT / "docs" / "invariants.md").read_text()
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        assert ("Proof: `" in section and "Test: `" in section) != (
            "**Not checked:**" in section
        ), section


def test_each_document_that_code_names_exists():
    known = {path.name for path in DOCUMENTS} | {name_of(path) for path in DOCUMENTS}
    lost = [
        f"{name_of(path)}: {found}"
        for path in CODE
        for found in CITED.findall(path.read_text())
        if found not in known
    ]
    assert lost == []


@pytest.mark.parametrize("path", PRESENT, ids=name_of)
def test_each_file_that_a_document_names_exists(path):
    lost = [found for found in PATH.findall(path.read_text()) if not (ROOT / found).exists()]
    assert lost == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_each_link_of_a_document_leads_somewhere(path):
    lost = []
    for target in LINK.findall(path.read_text()):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        file, _, anchor = target.partition("#")
        found = (path.parent / file).resolve() if file else path
        if not found.exists() or (anchor and anchor not in anchors(found)):
            lost.append(target)
    assert lost == []
