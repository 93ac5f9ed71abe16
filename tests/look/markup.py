"""A strict reading of HTML: tags close, ids are unique, references lead somewhere,
nothing is inline."""

from collections import Counter
from html.parser import HTMLParser

VOID = {
    "area",
    "base",
    "br",
    "col",
    "embed",
    "hr",
    "img",
    "input",
    "link",
    "meta",
    "source",
    "track",
    "wbr",
}
SELF_CLOSED = {"path", "rect", "circle", "line", "use", "polyline", "polygon", "ellipse", "stop"}
REFERENCES = ("for", "aria-describedby", "aria-labelledby", "aria-controls")


class Reader(HTMLParser):
    """Collects what is wrong with a document or a fragment."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.ids: Counter[str] = Counter()
        self.wanted: set[str] = set()

    def handle_starttag(self, tag, attrs):
        self._look_at(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self._look_at(tag, attrs)
        if tag not in VOID | SELF_CLOSED:
            self.wrong.append(f"<{tag}/> does not close itself")

    def handle_endtag(self, tag):
        if not self.open or self.open[-1] != tag:
            self.wrong.append(f"</{tag}> at line {self.getpos()[0]} closes {self.open[-1:]}")
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def _look_at(self, tag, attrs):
        given = dict(attrs)
        if len(given) != len(attrs):
            self.wrong.append(f"<{tag}> at line {self.getpos()[0]} repeats an attribute")
        self.ids.update(filter(None, [given.get("id")]))
        for name in REFERENCES:
            self.wanted.update((given.get(name) or "").split())
        for name in given:
            if name == "style" or (name.startswith("on") and tag != "svg"):
                self.wrong.append(f"<{tag} {name}> would be refused by the content policy")
        if tag in ("a", "button") and tag in self.open:
            self.wrong.append(f"<{tag}> inside <{tag}> at line {self.getpos()[0]}")


def problems(html: str) -> list[str]:
    """Return every problem found in a document or fragment."""
    reader = Reader()
    reader.feed(html)
    reader.close()
    wrong = reader.wrong + [f"<{tag}> is never closed" for tag in reader.open]
    wrong += [
        f"id {name} is there {count} times" for name, count in reader.ids.items() if count > 1
    ]
    return wrong + [
        f"nothing has the id {name}" for name in sorted(reader.wanted - reader.ids.keys())
    ]
