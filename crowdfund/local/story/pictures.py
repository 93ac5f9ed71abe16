"""Drawings for the demo campaigns, a plain PDF memorandum, a specimen passport; made here."""

from datetime import date
from io import BytesIO
from textwrap import wrap

from PIL import Image, ImageDraw, ImageFont

_FRAME = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1280 720" role="img">'
    '<defs><linearGradient id="s" x1="0" y1="0" x2="0" y2="1"><stop offset="0" '
    'stop-color="{sky1}"/>'
    '<stop offset="1" stop-color="{sky2}"/></linearGradient></defs>'
    '<rect width="1280" height="720" fill="url(#s)"/>{body}</svg>'
)


def _hills(*colours: str) -> str:
    shapes = (
        "M0 520 Q220 380 460 500 T940 470 T1280 500 V720 H0 Z",
        "M0 590 Q300 470 620 580 T1280 560 V720 H0 Z",
        "M0 660 Q380 580 760 650 T1280 640 V720 H0 Z",
    )
    return "".join(f'<path d="{d}" fill="{c}"/>' for d, c in zip(shapes, colours, strict=True))


def _sun(x: int, y: int, r: int, colour: str) -> str:
    return (
        f'<circle cx="{x}" cy="{y}" r="{r * 2}" fill="{colour}" opacity=".18"/>'
        f'<circle cx="{x}" cy="{y}" r="{r}" fill="{colour}"/>'
    )


def _panel(x: int, y: int) -> str:
    lines = "".join(
        f'<path d="M{x + i * 55 + 10} {y}l-40 130" stroke="#8fb7e0" stroke-width="4"/>'
        for i in range(1, 5)
    )
    return (
        f'<path d="M{x} {y}h290l-46 130h-290z" fill="#17406d" stroke="#0b2948" '
        f'stroke-width="6"/>{lines}'
        f'<path d="M{x - 22} {y + 65}h290" stroke="#8fb7e0" stroke-width="4"/>'
    )


def _house(x: int, y: int, colour: str) -> str:
    return (
        f'<rect x="{x}" y="{y}" width="240" height="150" fill="{colour}"/>'
        f'<rect x="{x + 95}" y="{y + 60}" width="54" height="90" fill="#5a3b28"/>'
        f'<rect x="{x + 22}" y="{y + 40}" width="50" height="42" fill="#ffe9b0"/>'
        f'<rect x="{x + 170}" y="{y + 40}" width="50" height="42" fill="#ffe9b0"/>'
    )


def _solar() -> str:
    houses = _house(210, 470, "#d9a26b") + _house(560, 450, "#c98b5a") + _house(900, 475, "#e0b184")
    panels = _panel(235, 350) + _panel(585, 330) + _panel(925, 355)
    return (
        _sun(1010, 190, 80, "#ffd25a") + _hills("#e9a66a", "#c97f4d", "#8a5533") + houses + panels
    )


def _coffee() -> str:
    cherries = "".join(
        f'<circle cx="{x}" cy="{y}" r="38" fill="#c62f36"/><circle cx="{x - 12}" cy="{y - 12}" '
        'r="9" fill="#f08b8b"/>'
        for x, y in ((330, 300), (400, 250), (470, 320), (560, 240), (620, 310), (700, 250))
    )
    leaves = "".join(
        f'<path d="M{x} {y}q90 -110 200 -60q-60 110 -200 60z" fill="#2f7a4b"/>'
        for x, y in ((180, 270), (430, 190), (650, 200))
    )
    cup = (
        '<path d="M850 380h250v120a110 110 0 0 1-110 110h-30a110 110 0 0 1-110-110z" fill="#fff"/>'
        '<path d="M1100 410h40a50 50 0 0 1 0 110h-46" fill="none" stroke="#fff" stroke-width="24"/>'
        '<ellipse cx="975" cy="385" rx="124" ry="26" fill="#4a2a1a"/>'
        '<path d="M930 330q-30-50 10-90M1000 330q-30-50 10-90" stroke="#fff" stroke-width="10" '
        'fill="none" opacity=".7"/>'
    )
    branch = '<path d="M120 330q300 -110 700 -60" stroke="#6b4428" stroke-width="18" fill="none"/>'
    return _hills("#6fa778", "#4a8660", "#2d5f44") + branch + leaves + cherries + cup


def _greenhouse() -> str:
    roof = (
        '<path d="M160 600V360L400 240 640 360 880 240 1120 360V600z" fill="#dff3ee" '
        'opacity=".85"/>'
        '<path d="M160 600V360L400 240 640 360 880 240 1120 360V600M400 240V600M640 360V600'
        'M880 240V600M160 360H1120" '
        'fill="none" stroke="#5d8f86" stroke-width="8"/>'
    )
    plants = "".join(
        f'<path d="M{x} 600q-8-90 10-130q24 44 10 130z" fill="#3b8f4e"/>'
        f'<circle cx="{x + 22}" cy="520" r="14" fill="#e2483d"/>'
        for x in range(200, 1090, 80)
    )
    return _sun(240, 150, 60, "#fff1a8") + _hills("#a9d3a0", "#84bd84", "#5f9f68") + plants + roof


def _looms() -> str:
    colours = ("#b8324f", "#e39a3b", "#2f6f8f", "#f2d06b", "#5c3b6e", "#d8663f", "#3f8f6b")
    threads = "".join(
        f'<path d="M{250 + i * 28} 130V600" stroke="{colours[i % 7]}" stroke-width="12"/>'
        for i in range(28)
    )
    cloth = "".join(
        f'<rect x="240" y="{430 + i * 26}" width="790" height="20" fill="{colours[i % 7]}" '
        'opacity=".92"/>'
        for i in range(7)
    )
    frame = (
        '<path d="M200 110H1070M200 620H1070M220 90V650M1050 90V650" stroke="#6b4428" '
        'stroke-width="30" '
        'stroke-linecap="round"/>'
    )
    return threads + cloth + frame


def _van() -> str:
    wheels = "".join(
        f'<circle cx="{x}" cy="600" r="58" fill="#27313a"/><circle cx="{x}" cy="600" r="24" '
        'fill="#c8d2da"/>'
        for x in (480, 860)
    )
    flake = "".join(
        f'<path d="M560 455L{560 + dx} {455 + dy}" stroke="#2b7fb8" stroke-width="12" '
        'stroke-linecap="round"/>'
        for dx, dy in ((0, -70), (0, 70), (60, -35), (-60, 35), (60, 35), (-60, -35))
    )
    body = (
        '<path d="M340 340H800V600H340z" fill="#f7fafc"/><path d="M800 400h110l90 100v100H800z" '
        'fill="#e4ecf2"/>'
        '<path d="M830 425h70l62 75H830z" fill="#8dbbd8"/><path d="M340 560H1000" '
        'stroke="#2b7fb8" stroke-width="14"/>'
    )
    return _hills("#8fb9d4", "#6b9fbe", "#4b7f9e") + body + flake + wheels


def _bike() -> str:
    wheels = "".join(
        f'<circle cx="{x}" cy="540" r="110" fill="none" stroke="#22303a" stroke-width="18"/>'
        f'<circle cx="{x}" cy="540" r="16" fill="#22303a"/>'
        for x in (470, 830)
    )
    frame = (
        '<path d="M470 540L590 360H760L640 540ZM590 360L640 540M760 360L830 540" fill="none" '
        'stroke="#e2562f" '
        'stroke-width="20" stroke-linejoin="round"/>'
        '<path d="M560 340h70M740 300l30 60M720 300h70" stroke="#22303a" '
        'stroke-width="18" stroke-linecap="round"/><rect x="640" y="385" width="100" height="46" '
        'rx="12" fill="#2f9e6d"/>'
        '<path d="M380 400h150v70H380z" fill="#c9a36a"/>'
    )
    return _hills("#b7c7a3", "#92a984", "#6d8a66") + wheels + frame


_SCENES = {
    "solar": (("#ffe3b0", "#ffb57a"), _solar),
    "coffee": (("#e9f3e4", "#c2dfc4"), _coffee),
    "greenhouse": (("#dff1fb", "#f4faf0"), _greenhouse),
    "looms": (("#f8ead8", "#efd3b0"), _looms),
    "coldchain": (("#e3f1fa", "#c3def0"), _van),
    "ebikes": (("#f3ead7", "#e4d9b8"), _bike),
}


def picture(slug: str) -> bytes:
    """Return the drawing of a demo campaign as SVG, 1280 × 720."""
    (sky1, sky2), scene = _SCENES[slug]
    return _FRAME.format(sky1=sky1, sky2=sky2, body=scene()).encode()


def memorandum(company: str, text: str) -> bytes:
    """Return a one-page PDF with the company's name and what it says of itself."""
    plain = text.replace("|", " ").replace("#", "").encode("ascii", "ignore").decode()
    lines = [piece for part in plain.splitlines() for piece in (wrap(part, 88) or [""])][:46]
    shown = ["Information memorandum", company, "", *lines]
    escaped = [line.replace("\\", "").replace("(", "\\(").replace(")", "\\)") for line in shown]
    content = (
        "BT /F1 11 Tf 60 780 Td 15 TL " + " ".join(f"({line}) Tj T*" for line in escaped) + " ET"
    )
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        "/Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = "%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    return (out + f"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF\n").encode(
        "ascii"
    )


def passport(name: str, number: str, expires_on: date) -> bytes:
    """Return a PNG that looks like the page of a passport, marked as a specimen."""
    page = Image.new("RGB", (1000, 700), "#e9e4d4")
    draw = ImageDraw.Draw(page)
    font, large = ImageFont.load_default(28), ImageFont.load_default(64)
    draw.rectangle((40, 120, 320, 480), fill="#b9b2a0")
    draw.ellipse((120, 180, 240, 310), fill="#8d8674")
    draw.pieslice((90, 300, 270, 560), 180, 360, fill="#8d8674")
    draw.text((40, 40), "SPECIMEN, NOT A DOCUMENT", fill="#9c2a2a", font=large)
    expiry = ("Date of expiry", f"{expires_on:%d %b %Y}".upper())
    for line, text in enumerate(
        (
            "Surname and names",
            name,
            "",
            "Nationality",
            "ETHIOPIAN",
            "",
            "Number",
            number,
            "",
            *expiry,
        )
    ):
        draw.text((360, 130 + line * 42), text, fill="#3b372c", font=font)
    draw.text((40, 600), "P<ETH" + name.replace(" ", "<").ljust(39, "<"), fill="#3b372c", font=font)
    out = BytesIO()
    page.save(out, "PNG", optimize=True)
    return out.getvalue()
