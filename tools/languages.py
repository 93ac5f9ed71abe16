"""Bring the catalogues in line with the code: `python tools/languages.py` (or `make languages`).

Extracts every marked text of Python and templates and merges it into
`crowdfund/locales/*/LC_MESSAGES/ messages.po`; texts that are gone are dropped. `--check` changes
nothing and names what is missing.
"""

import re
import sys
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
CODE = ROOT / "crowdfund"
FOLDER = CODE / "locales"
LANGUAGES = ("am", "hi")
METHODS = [("templates/**.html", "jinja2"), ("**.py", "python")]
OPTIONS = {
    "templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true", "encoding": "utf-8"}
}
KEYWORDS = {"_": None, "_l": None, "lazy": None, "gettext": None, "ngettext": (1, 2)}
HELD = re.compile(r"%\((\w+)\)s|(</?[a-z]+)")


def template() -> Catalog:
    """Return every text of the code."""
    found = Catalog(project="crowdfund", charset="utf-8")
    for _file, _line, message, _comments, _context in extract_from_dir(
        CODE, METHODS, OPTIONS, keywords=KEYWORDS, comment_tags=()
    ):
        found.add(message)
    return found


def read(language: str) -> Catalog:
    """Return a language's catalogue as it is stored; an empty one if there is none."""
    path = FOLDER / language / "LC_MESSAGES" / "messages.po"
    if not path.is_file():
        return Catalog(locale=language, project="crowdfund", charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=language)


def wrong(catalog: Catalog, wanted: Catalog) -> list[str]:
    """Name the texts that are missing, stale, or lack a placeholder or tag of the original."""
    lines = []
    for message in wanted:
        if not message.id:
            continue
        found = catalog.get(message.id)
        texts: Sequence[str] = ()
        if found:
            is_plural = isinstance(found.string, tuple | list)
            texts = found.string if is_plural else (found.string,)
        original = message.id if isinstance(message.id, tuple | list) else (message.id,)
        if not texts or not all(texts):
            lines.append(f"missing: {original[0]}")
        elif any(held(text) != held(original[-1]) for text in texts):
            lines.append(f"placeholders: {original[0]} -> {texts[0]}")
    return lines


def held(text: str) -> set[str]:
    """Return the placeholders and tags of a text."""
    return {a or b for a, b in HELD.findall(text)} - {"num"}


def main(*, check: bool) -> int:
    """Update (or only check) every language; return how many texts are wrong."""
    wanted, count = template(), 0
    for language in LANGUAGES:
        catalog = read(language)
        if not check:
            catalog.update(wanted, no_fuzzy_matching=True)
            catalog.obsolete.clear()
            out = BytesIO()
            write_po(out, catalog, width=0, no_location=True, sort_output=True, omit_header=False)
            text = re.sub(
                r'^"(POT-Creation|PO-Revision)-Date:.*\n', "", out.getvalue().decode(), flags=re.M
            )
            path = FOLDER / language / "LC_MESSAGES" / "messages.po"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        lines = wrong(catalog, wanted)
        count += len(lines)
        for line in lines[:40]:
            print(f"{language}: {line}")
        print(f"{language}: {len(wanted)} texts, {len(lines)} to do")
    return count


if __name__ == "__main__":
    sys.exit(1 if main(check="--check" in sys.argv) and "--check" in sys.argv else 0)
