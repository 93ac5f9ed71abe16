"""Cut the parts of Tabler that crowdfund never uses, so that a first page stays under 150 kB.

Families are dropped by name (tabler_drop.txt), not by scanning templates: a template author keeps
the whole of Tabler's grid, spacing, cards, tables, forms, buttons and alerts. `tests/look` fails
when a template uses a class that no stylesheet defines.
"""

import re
from collections.abc import Iterator
from pathlib import Path

TONED = "bg|text|btn|btn-outline|badge|status|border|steps|alert|avatar|ribbon|link"
UNUSED_THEMES = re.compile(
    r"data-bs-navbar-theme|\[data-theme|^body\[data-bs|data-bs-theme-|\[data-vc|\.theme-dark"
)


def dropped_names() -> re.Pattern[str]:
    """Read tabler_drop.txt into one pattern for class names."""
    parts: dict[str, list[str]] = {}
    for line in (Path(__file__).parent / "tabler_drop.txt").read_text().splitlines():
        if line.startswith("["):
            words = parts.setdefault(line.strip("[]"), [])
        elif not line.startswith("#"):
            words += line.split()
    component, colour, utility = (
        "|".join(parts[name]) for name in ("component", "colour", "utility")
    )
    return re.compile(rf"^(({component})(-|$)|({TONED})-({colour})(-lt|-fg|-inv)?$|{utility})")


DROP = dropped_names()


def split(css: str) -> Iterator[str]:
    """Yield the top-level rules of minified CSS."""
    depth = start = i = 0
    quote = ""
    while i < len(css):
        char = css[i]
        if char == "\\":
            i += 1
        elif quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char == "{":
            depth += 1
        elif char == "}" or (char == ";" and depth == 0):
            depth -= char == "}"
            if depth == 0:
                yield css[start : i + 1]
                start = i + 1
        i += 1


def selectors(text: str) -> list[str]:
    """Split a selector list at its top-level commas."""
    return [part.strip() for part in re.split(r",(?![^(]*\))", text)]


def keep_selector(selector: str) -> bool:
    """Say whether a selector may match on our pages."""
    if UNUSED_THEMES.search(selector):
        return False
    plain = re.sub(r":not\([^)]*\)", "", selector)
    return not any(DROP.match(name) for name in re.findall(r"\.([a-zA-Z][\w-]*)", plain))


def keep_rule(rule: str) -> str:
    """Return the rule without its unused selectors, or nothing."""
    head, brace, body = rule.partition("{")
    if not brace:
        return rule
    if head.startswith(("@media", "@supports", "@container")):
        inner = "".join(keep_rule(inner) for inner in split(body[:-1]))
        return f"{head}{{{inner}}}" if inner else ""
    if head.startswith("@"):
        return rule
    kept = [selector for selector in selectors(head) if keep_selector(selector)]
    return ",".join(kept) + "{" + body if kept else ""


PROPERTY = re.compile(r"(?<=[{;])(--[\w-]+):((?:[^;{}\"]|\"[^\"]*\")*)(;|(?=\}))")


def without_unread(css: str, also_used: str) -> str:
    """Remove the custom properties that nothing reads, and rules that are empty then."""
    used = set(re.findall(r"var\((--[\w-]+)", css + also_used))
    return re.sub(
        r"(?<=[{}])[^{}@]+\{\}", "", PROPERTY.sub(lambda m: m[0] if m[1] in used else "", css)
    )


def drop_unused(css: str, also_used: str) -> str:
    """Remove unread properties until none is left, and keyframes that nothing plays."""
    while (smaller := without_unread(css, also_used)) != css:
        css = smaller
    played = " ".join(re.findall(r"animation(?:-name)?:([^;}]+)", css))
    rules = list(split(css))
    return "".join(
        r for r in rules if not r.startswith("@keyframes") or r[11 : r.index("{")].strip() in played
    )


def subset(css: str, also_used: str) -> str:
    """Return the smaller stylesheet; `also_used` is the CSS of our own that reads Tabler's
    properties."""
    notice = re.search(r"/\*!.*?\*/", css, re.S)
    body = re.sub(r"/\*.*?\*/", "", css, flags=re.S)
    body = re.sub(r"^@charset[^;]*;", "", body)
    body = "".join(keep_rule(rule) for rule in split(body))
    return (notice[0] if notice else "") + "\n" + drop_unused(body, also_used)
