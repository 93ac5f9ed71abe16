"""The first page stays light: what a new visitor downloads, compressed,
fonts and icons included."""

import gzip
import re

from crowdfund.kernel import vendored

from . import sample

LIMIT = 150_000  # bytes; product goal for a first page, before its pictures
READY = (".woff2",)  # compressed already


def weigh(name: str, body: bytes) -> int:
    """Return what a server that compresses sends."""
    return len(body) if name.endswith(READY) else len(gzip.compress(body, 6))


def first_page() -> dict[str, int]:
    """Return the compressed size of the page and of every file that it asks for."""
    html = sample.gallery(with_errors=False, signed_in=False)
    names = set(re.findall(r'(?:src|href)="/static/([\w./-]+)', html))
    sizes = {name: weigh(name, (vendored.STATIC / name).read_bytes()) for name in names}
    return sizes | {"the page itself": weigh("html", html.encode())}


def test_a_first_page_weighs_at_most_150_kilobytes():
    sizes = first_page()
    assert {
        "app.css",
        "app.js",
        "live.js",
        "vendor/icons.svg",
        "vendor/inter-latin.woff2",
    } <= sizes.keys()
    assert sum(sizes.values()) <= LIMIT, sizes


if __name__ == "__main__":
    for name, size in sorted(first_page().items(), key=lambda item: -item[1]):
        print(f"{size:>8,}  {name}")
    print(f"{sum(first_page().values()):>8,}  in all, of {LIMIT:,}")
