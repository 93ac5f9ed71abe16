"""Reads the amounts of a page, and an explanation as a program sees it."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "input", "img", "br", "hr", "use", "source", "path"}
AMOUNT = re.compile(r"([+−-]?)([\d,]+)\.(\d\d) ([A-Z]{3})")


@dataclass
class Amount:
    """An amount as a page shows it: the link to its explanation, and what stands beside it."""

    text: str = ""
    href: str = ""
    label: str = ""
    near: str = ""

    @property
    def minor(self):
        sign, whole, fraction, _ = AMOUNT.fullmatch(self.text.strip()).groups()
        value = int(whole.replace(",", "")) * 100 + int(fraction)
        return -value if sign in ("−", "-") else value


class Page(HTMLParser):
    """The amounts of `main`, with the column, the term or the sentence in which each stands."""

    def __init__(self, html):
        super().__init__()
        self.amounts, self.links, self._stack, self._term = [], [], [], ""
        self._open: list[tuple[int, Amount]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        classes = (given.get("class") or "").split()
        if tag == "a" and any(one[0] == "main" for one in self._stack):
            self.links.append(given.get("href", ""))
        if tag == "dt":
            self._term = ""
        if "money" in classes and any(one[0] == "main" for one in self._stack):
            amount = Amount(href=given.get("href", ""), label=self._label())
            self.amounts.append(amount)
            self._open.append((len(self._stack), amount))
        if tag not in VOID:
            self._stack.append([tag, given, ""])

    def _label(self):
        for tag, given, _text in reversed(self._stack):
            if tag == "td":
                return given.get("data-label", "")
            if tag == "dd":
                return self._term.strip()
        return ""

    def handle_data(self, data):
        for each in self._stack:
            if each[0] in ("p", "li", "dt"):
                each[2] += data
        if self._stack and self._stack[-1][0] == "dt":
            self._term += data
        for _depth, amount in self._open:
            amount.text += data

    def handle_endtag(self, tag):
        if not self._stack or tag in VOID:
            return
        while self._stack and self._stack[-1][0] != tag:
            self._stack.pop()
        name, _given, text = self._stack.pop()
        self._open = [one for one in self._open if one[0] < len(self._stack)]
        if name in ("p", "li"):
            for amount in self.amounts:
                if not amount.near and not amount.label and amount.text in text:
                    amount.near = " ".join(text.split())


@dataclass
class Explanation:
    """What an explanation says for programs: its number, its sum, its lines on all pages."""

    number: int
    sum: int
    lines: list[int] = field(default_factory=list)
    links: list[str] = field(default_factory=list)


def explanation(client, href):
    """Open an explanation and all further pages of its lines."""
    found, seen = None, set()
    while href and href not in seen:
        seen.add(href)
        answer = client.get(href)
        assert answer.status_code == 200, (href, answer.status_code)
        html = answer.text
        number, total = (
            int(re.search(rf'data-{name}="(-?\d+)"', html).group(1)) for name in ("number", "sum")
        )
        found = found or Explanation(number, total)
        found.lines += [int(one) for one in re.findall(r'<tr data-amount="(-?\d+)"', html)]
        found.links += [one for one in Page(html).links if one.startswith("/")]
        following = re.search(r'rel="next" href="([^"]+)"', html)
        href = following.group(1).replace("&amp;", "&") if following else ""
    return found
