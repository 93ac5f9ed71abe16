"""Cut the parts of Tabler that crowdfund never uses, so that a first page stays under 150 kB.

Families are dropped by name, not by scanning templates: a template author keeps the whole of Tabler's grid, spacing,
cards, tables, forms, buttons and alerts. `tests/look` fails when a template uses a class that no stylesheet defines.
"""

import re
from collections.abc import Iterator

# Needs Tabler's JavaScript, or a native element does it better (dialog, details, progress).
COMPONENTS = (
    "offcanvas carousel popover tooltip accordion modal dropdown dropup dropend dropstart toast collaps "
    "ribbon signal sparkline sortable calendar chart strength tag mention otp legend carousel-item switch-icon "
    "form-floating form-imagecheck form-colorinput form-colorcheck form-range progress progressbg steps step timeline divide "
    "table-(primary|secondary|success|info|warning|danger|light|dark|active) rating datepicker litepicker "
    "payment flag social apexcharts jvm star chat nav-segmented input-icon-addon-lg card-rotate card-stacked "
    "card-cover card-loading card-sponsor stamp card-stamp placeholder demo settings hr-text-spaceless demo-icon markdown "
    "layout-boxed layout-fluid page-center-x bs-popover bs-tooltip trending tracking loader "
    "btn-ghost btn-floating btn-action btn-square btn-animate btn-loading-x object column(s)? grid g-col g-start "
    "navbar-vertical navbar-overlap navbar-expand-(sm|md|xl|xxl) navbar-side navbar-transparent navbar-dark navbar-light "
    "nav-bordered nav-vertical list-group-(primary|secondary|success|info|warning|danger|light|dark) list-group-horizontal "
    "focus-ring icon-link icon-pulse icon-tada icon-rotate img-responsive ratio vr avatar-list avatar-upload "
    "link-(primary|secondary|success|info|warning|danger|light|dark|muted|opacity|underline|offset) "
    "rounded-(start|end|top|bottom) border-(start|end|top|bottom|x|y)-wide hover- theme- bg-blur bg-gradient"
).split()
HUES = "azure indigo purple pink lime cyan teal muted gray gray-\\d+ light dark"
SOCIAL = "x facebook twitter linkedin google youtube vimeo dribbble github instagram pinterest vk rss flickr bitbucket tabler"
COLOURED = "|".join((HUES + " " + SOCIAL).split())
WIDE = r"(m|p)(x|y|s|e|t|b)?-xxl-|(m|p)(x|y|s|e|t|b)?-(sm|md|lg|xl)-n|[\w-]+-xxl(-|$)|m(x|y|s|e|t|b)?-n\d"
WIDE += r"|(m|p|mx|my|ms|me|mt|mb|px|py|ps|pe|pt|pb|gap|row-gap|column-gap|g|gx|gy|order|offset|align|justify|flex|float|text)-xl-"
DROP = re.compile(
    r"^((" + "|".join(COMPONENTS) + r")(-|$)|(bg|text|btn|btn-outline|badge|status|border|steps|alert|avatar|ribbon|link)-"
    r"(" + COLOURED + r")(-lt|-fg|-inv)?$|" + WIDE + ")"
)
UNUSED_THEMES = re.compile(r"data-bs-navbar-theme|\[data-theme|^body\[data-bs|data-bs-theme-|\[data-vc|\.theme-dark")


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


def drop_unused(css: str, also_used: str) -> str:
    """Remove custom properties that nothing reads, and keyframes that nothing plays, until none is left."""
    while True:
        used = set(re.findall(r"var\((--[\w-]+)", css + also_used))
        smaller = re.sub(
            r"(?<=[{;])(--[\w-]+):((?:[^;{}\"]|\"[^\"]*\")*)(;|(?=\}))", lambda m: m[0] if m[1] in used else "", css
        )
        smaller = re.sub(r"(?<=[{}])[^{}@]+\{\}", "", smaller)
        if smaller == css:
            break
        css = smaller
    played = " ".join(re.findall(r"animation(?:-name)?:([^;}]+)", css))
    return "".join(r for r in split(css) if not r.startswith("@keyframes") or r[11 : r.index("{")].strip() in played)


def subset(css: str, also_used: str) -> str:
    """Return the smaller stylesheet; `also_used` is the CSS of our own that reads Tabler's properties."""
    notice = re.search(r"/\*!.*?\*/", css, re.S)
    body = re.sub(r"/\*.*?\*/", "", css, flags=re.S)
    body = re.sub(r"^@charset[^;]*;", "", body)
    body = "".join(keep_rule(rule) for rule in split(body))
    return (notice[0] if notice else "") + "\n" + drop_unused(body, also_used)
