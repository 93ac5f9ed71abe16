"""Fetch the pinned npm packages and rebuild crowdfund/static/vendor and vendor.json.

    python tools/vendor_assets.py            # needs npm; run it only to change a version

Every version below is exact. The result is checked in; `flask vendor check` proves that nobody
touched it.
"""

import base64
import hashlib
import json
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

import tabler_subset

STATIC = Path(__file__).resolve().parent.parent / "crowdfund" / "static"
VENDOR = STATIC / "vendor"
TABLER, HTMX, INTER, ICONS = (
    ("@tabler/core", "1.6.1"),
    ("htmx.org", "4.0.1"),
    ("@fontsource-variable/inter", "5.3.0"),
    ("@tabler/icons", "3.51.0"),
)
# For PDF files, which bring their letters: Latin, Greek, Cyrillic and Devanagari; Ethiopic.
NOTO, ETHIOPIC = (
    ("@expo-google-fonts/noto-sans", "0.4.2"),
    ("@expo-google-fonts/noto-sans-ethiopic", "0.4.2"),
)
PACKAGES = (TABLER, HTMX, INTER, ICONS, NOTO, ETHIOPIC)
LICENCES = dict.fromkeys((HTMX, INTER, ICONS), "LICENSE")
LICENCES |= dict.fromkeys((NOTO, ETHIOPIC), "LICENSE_FONT")
MIT_TERMS = "Permission is hereby granted"
COPIES = {
    "htmx.min.js": (HTMX, "dist/htmx.min.js"),
    "inter-latin.woff2": (INTER, "files/inter-latin-wght-normal.woff2"),
    "inter-latin-ext.woff2": (INTER, "files/inter-latin-ext-wght-normal.woff2"),
    "noto-sans.ttf": (NOTO, "400Regular/NotoSans_400Regular.ttf"),
    "noto-sans-bold.ttf": (NOTO, "700Bold/NotoSans_700Bold.ttf"),
    "noto-sans-ethiopic.ttf": (ETHIOPIC, "400Regular/NotoSansEthiopic_400Regular.ttf"),
    "noto-sans-ethiopic-bold.ttf": (ETHIOPIC, "700Bold/NotoSansEthiopic_700Bold.ttf"),
}
STROKE = 'fill="none" stroke="currentColor" stroke-width="1.75"'
ROUND = 'stroke-linecap="round" stroke-linejoin="round"'


def fetch(package: tuple[str, str], into: Path) -> Path:
    """Download one exact npm package and return its unpacked folder."""
    name, version = package
    folder = into / re.sub(r"\W+", "-", name)
    folder.mkdir()
    command = ["npm", "pack", "--silent", f"{name}@{version}"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"


def sprite(icons: Path) -> str:
    """Build one SVG file with a <symbol> for each icon."""
    symbols = []
    for name in (Path(__file__).parent / "icons.txt").read_text().split():
        svg = (icons / "icons" / "outline" / f"{name}.svg").read_text()
        inner = re.search(r"<svg[^>]*>(.*)</svg>", svg, re.S)[1]
        compact = re.sub(r"\s*\n\s*", "", inner)
        symbols.append(
            f'<symbol id="{name}" viewBox="0 0 24 24" {STROKE} {ROUND}>{compact}</symbol>'
        )
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def tabler_licence(css: str, mit: str) -> str:
    """Build Tabler's licence text, which its npm package leaves out.

    The copyright lines come from the head of its CSS, which also names the licence (MIT); the terms
    are those of its sister package. Raises ValueError if Tabler changes its licence.
    """
    head = css[: css.index("*/")]
    if "Licensed under MIT" not in head:
        raise ValueError(
            "Tabler is no longer under the MIT licence. Read the new one before you update."
        )
    holders = re.findall(r"Copyright \d.*", head)
    return "MIT License\n\n" + "\n".join(holders) + "\n\n" + mit[mit.index(MIT_TERMS) :]


def entry(name: str, package: tuple[str, str]) -> dict[str, str]:
    """Describe a vendored file for vendor.json."""
    digest = base64.b64encode(hashlib.sha384((VENDOR / name).read_bytes()).digest()).decode()
    return {"file": name, "package": package[0], "version": package[1], "sha384": digest}


def build(folders: dict[tuple[str, str], Path]) -> list[dict[str, str]]:
    """Write every vendored file and return the entries of vendor.json."""
    sources = {name: package for name, (package, _) in COPIES.items()}
    for name, (package, inside) in COPIES.items():
        (VENDOR / name).write_bytes((folders[package] / inside).read_bytes())
    ours = (STATIC / "app.css").read_text()
    tabler = (folders[TABLER] / "dist/css/tabler.min.css").read_text()
    (VENDOR / "tabler.subset.css").write_text(tabler_subset.subset(tabler, ours))
    (VENDOR / "icons.svg").write_text(sprite(folders[ICONS]))
    sources |= {"tabler.subset.css": TABLER, "icons.svg": ICONS}
    texts = {package: (folders[package] / name).read_text() for package, name in LICENCES.items()}
    texts[TABLER] = tabler_licence(tabler, texts[ICONS])
    for package, text in texts.items():
        licence = "LICENSE." + re.sub(r"\W+", "-", package[0]).strip("-") + ".txt"
        (VENDOR / licence).write_text(text)
        sources[licence] = package
    return [entry(name, sources[name]) for name in sorted(sources)]


def main() -> None:
    """Rebuild the folder and its manifest."""
    VENDOR.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temp:
        folders = {package: fetch(package, Path(temp)) for package in PACKAGES}
        entries = build(folders)
    (STATIC / "vendor.json").write_text(json.dumps(entries, indent=2) + "\n")


if __name__ == "__main__":
    main()
