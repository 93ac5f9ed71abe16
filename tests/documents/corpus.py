"""Uploads that nobody should send, made by code: name -> (file name, bytes, what must happen).

What must happen is a word of the sentence that refuses it, or `None` where a harmless rewritten
file is right. MARK stands for whatever a payload would do; no output may hold it.
"""

import io
import struct
import zipfile
import zlib

import pikepdf
from PIL import Image

MARK = b"PAYLOAD-7c1f"
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
MB = 1024 * 1024
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="%s"/></rdf:RDF></x:xmpmeta>'
)


def cases():
    """Return every case by name."""
    return pictures() | papers() | bombs() | strangers()


# --- pictures -------------------------------------------------------------------------------------


def picture(kind="JPEG", size=(320, 200), **more):
    out = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(out, kind, **more)
    return out.getvalue()


def archive(name="run.sh", data=MARK):
    out = io.BytesIO()
    with zipfile.ZipFile(
        out, "w", zipfile.ZIP_DEFLATED if len(data) > MB else zipfile.ZIP_STORED
    ) as made:
        made.writestr(name, data)
    return out.getvalue()


def chunk(kind, data):
    return struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))


def png(width, height, *, bits=1, colour=0, rows=b""):
    head = struct.pack("!IIBBBBB", width, height, bits, colour, 0, 0, 0)
    parts = (
        chunk(b"IHDR", head)
        + chunk(b"IDAT", rows or zlib.compress(b"\0" * 4096))
        + chunk(b"IEND", b"")
    )
    return b"\x89PNG\r\n\x1a\n" + parts


def moving():
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:], duration=100)
    return out.getvalue()


def with_place():
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif.get_ifd(0x8825)[1] = "N"
    exif[0x010E] = MARK.decode()
    return picture(exif=exif.tobytes(), comment=b"<script>" + MARK + b"</script>")


def camera():
    """Return what many phones write: a photo, and behind it a preview in the same file (MPO)."""
    out = io.BytesIO()
    photo = Image.linear_gradient("L").resize((320, 200)).convert("RGB")
    photo.save(
        out, "MPO", save_all=True, append_images=[Image.new("RGB", (64, 48), "blue")], quality=90
    )
    return out.getvalue()


def sixteenths(*values):
    return b"".join(struct.pack("!i", round(value * 65_536)) for value in values)


def display_p3():
    """Return a colour profile of the kind that phones with wide colours write: Display P3."""
    space = b"XYZ \0\0\0\0"
    curve = b"para\0\0\0\0\0\3\0\0" + sixteenths(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    text = b"desc\0\0\0\0" + struct.pack("!I", 11) + b"Display P3\0" + b"\0" * 79
    tags = {
        b"desc": text,
        b"wtpt": space + sixteenths(0.9642, 1.0, 0.8249),
        b"rXYZ": space + sixteenths(0.5151, 0.2412, -0.0011),
        b"gXYZ": space + sixteenths(0.2920, 0.6922, 0.0419),
        b"bXYZ": space + sixteenths(0.1571, 0.0666, 0.7841),
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve),
    }
    table, body, at = b"", b"", 132 + 12 * len(tags)
    for name, value in tags.items():
        value += b"\0" * (-len(value) % 4)
        table += name + struct.pack("!II", at + len(body), len(value))
        body += value
    head = struct.pack(
        "!I4sI4s4s4s", at + len(body), b"\0" * 4, 0x02400000, b"mntr", b"RGB ", b"XYZ "
    )
    head += struct.pack("!6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28
    head += sixteenths(0.9642, 1.0, 0.8249) + b"\0" * 48
    return head + struct.pack("!I", len(tags)) + table + body


def pictures():
    rows = zlib.compressobj()
    empty = b"".join(rows.compress(b"\0" * 1876) for _ in range(15_000)) + rows.flush()
    text = chunk(b"zTXt", b"note\0\0" + zeros(200))
    small = picture("PNG")
    huge_head = bytearray(picture())
    at = huge_head.index(b"\xff\xc0") + 5
    huge_head[at : at + 4] = struct.pack("!HH", 65_000, 65_000)
    return {
        "jpeg and zip in one": ("me.jpg", picture() + archive(), None),
        "gif and jar in one": ("me.gif", picture("GIF") + archive(), "GIF"),
        "jpeg with place and comment": ("me.jpeg", with_place(), None),
        "camera jpeg of the mpo kind": ("DSC_0001.JPG", camera(), None),
        "camera jpeg of the mpo kind, cut off in the preview": ("me.jpg", camera()[:-200], None),
        "jpeg without an ending": ("1000012345", picture(), None),
        "webp called jpg": ("me.jpg", picture("WEBP"), None),
        "jpeg in display p3": ("me.jpg", picture(icc_profile=display_p3()), None),
        "large webp in display p3": (
            "me.webp",
            picture("WEBP", (2040, 2040), icc_profile=display_p3()),
            None,
        ),
        "jpeg with a broken colour profile": ("me.jpg", picture(icc_profile=MARK * 9), None),
        "webp": ("me.webp", picture("WEBP") + MARK, None),
        "png 15k x 15k": ("me.png", png(15_000, 15_000, rows=empty), "too many pixels"),
        "png that says 15k x 15k in colour": (
            "me.png",
            png(15_000, 15_000, bits=8, colour=6),
            "too many pixels",
        ),
        "jpeg that says 65k x 65k": ("me.jpg", bytes(huge_head), "too many pixels"),
        "png with 200 MB of text": ("me.png", small[:33] + text + small[33:], "picture"),
        "moving webp": ("me.webp", moving(), "moves"),
        "truncated jpeg": ("me.jpg", picture()[:-900], "cut off"),
        "truncated png": ("me.png", small[:-400], "cut off"),
        "png called jpg": ("me.jpg", small, None),
        "only the first bytes of a jpeg": ("me.jpg", b"\xff\xd8\xff\xe0" + MARK * 40, "picture"),
    }


# --- papers ---------------------------------------------------------------------------------------


def paper(change=lambda pdf: None, *, pages=1, **how):
    """Return a PDF whose pages say something, changed by a function before it is saved."""
    with pikepdf.new() as pdf:
        for number in range(pages):
            pdf.add_blank_page(page_size=(595, 842))
            pdf.pages[-1].Contents = pdf.make_stream(b"BT (page %d) Tj ET" % number)
        change(pdf)
        out = io.BytesIO()
        pdf.save(out, **how)
    return out.getvalue()


def script(pdf):
    return pdf.make_indirect(pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String(MARK)))


def active(pdf):
    """Put a script or an action wherever one may be."""
    names = pikepdf.Dictionary(Names=pikepdf.Array([pikepdf.String("x"), script(pdf)]))
    pdf.Root.OpenAction, pdf.Root.Names = script(pdf), pikepdf.Dictionary(JavaScript=names)
    page = pdf.pages[0].obj
    page.AA = pikepdf.Dictionary(O=script(pdf))
    launch = pikepdf.Dictionary(S=pikepdf.Name.Launch, F=pikepdf.String(MARK))
    submit = pikepdf.Dictionary(S=pikepdf.Name.SubmitForm, F=pikepdf.String(MARK))
    uri = pikepdf.Dictionary(
        S=pikepdf.Name.URI, URI=pikepdf.String(b"https://evil.example/" + MARK)
    )
    page.Annots = pikepdf.Array(
        [link(pdf, action) for action in (launch, submit, uri, script(pdf))]
    )
    xfa = pdf.make_stream(b"<script>" + MARK + b"</script>")
    pdf.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array(), XFA=xfa)
    # Reached from what is kept: a resource that is an action, a form with a stream in another file.
    form = pdf.make_stream(
        b"q Q", Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form, BBox=[0, 0, 9, 9]
    )
    form.PieceInfo, form.Ref = (
        pikepdf.Dictionary(X=pikepdf.String(MARK)),
        pikepdf.Dictionary(F=pikepdf.String(MARK)),
    )
    page.Resources = pikepdf.Dictionary(
        XObject=pikepdf.Dictionary(A=form), Properties=pikepdf.Dictionary(MC0=script(pdf))
    )


def link(pdf, action):
    name = pikepdf.Name
    return pdf.make_indirect(
        pikepdf.Dictionary(Type=name.Annot, Subtype=name.Link, Rect=[0, 0, 100, 100], A=action)
    )


def carrying(data):
    def change(pdf):
        pdf.attachments["evil.exe"] = data

    return change


def described(pdf):
    pdf.docinfo["/Author"] = MARK.decode()
    pdf.Root.Metadata = pdf.make_stream(XMP % MARK)


def photo_with_tail(pdf):
    image = pdf.make_stream(picture() + b"<html>" + MARK + b"</html>" + archive())
    image.Type, image.Subtype, image.Filter = (
        pikepdf.Name.XObject,
        pikepdf.Name.Image,
        pikepdf.Name.DCTDecode,
    )
    image.Width, image.Height, image.BitsPerComponent = 320, 200, 8
    image.ColorSpace = pikepdf.Name.DeviceRGB
    pdf.pages[0].obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(A=image))
    pdf.pages[0].Contents = pdf.make_stream(b"q 320 0 0 200 100 500 cm /A Do Q")


def layered(pdf, base="ON"):
    """Put a layer that is off where layers are: in a drawing, a form, a note, behind a rule."""
    name, page = pikepdf.Name, pdf.pages[0].obj
    on, off = (
        pdf.make_indirect(pikepdf.Dictionary(Type=name.OCG, Name=pikepdf.String(label)))
        for label in ("seen", "draft")
    )
    either = pikepdf.Dictionary(Type=name.OCMD, OCGs=pikepdf.Array([off]), P=name.AnyOn)
    form, note = (
        pdf.make_stream(b"0 0 9 9 re f", Type=name.XObject, Subtype=name.Form, BBox=[0, 0, 9, 9])
        for _ in range(2)
    )
    form.OC = off
    page.Annots = pikepdf.Array([
        pikepdf.Dictionary(
            Type=name.Annot, Subtype=name.Stamp, Rect=[0, 0, 9, 9], F=4, OC=off,
            AP=pikepdf.Dictionary(N=note),
        )
    ])  # fmt: skip
    page.Resources = pikepdf.Dictionary(
        Properties=pikepdf.Dictionary(A=on, B=off, C=pdf.make_indirect(either)),
        XObject=pikepdf.Dictionary(F=form),
    )
    page.Contents = pdf.make_stream(
        b"/OC /B BDC 0 0 9 9 re f EMC /OC /A BDC 9 9 9 9 re f EMC /F Do"
    )
    other = pdf.make_indirect(pikepdf.Dictionary(Type=name.Catalog, JS=script(pdf)))
    default = pikepdf.Dictionary(
        Name=pikepdf.String(MARK), BaseState=name("/" + base), Order=pikepdf.Array([on, off])
    )
    default.OFF = pikepdf.Array([off, other, 7] if base == "ON" else [])
    default.ON = pikepdf.Array([on])
    for_screens = pikepdf.Dictionary(
        Event=name.View, Category=pikepdf.Array([name.View, 7]), OCGs=pikepdf.Array([off])
    )
    default.AS = pikepdf.Array([for_screens, 7])
    pdf.Root.OCProperties = pikepdf.Dictionary(OCGs=pikepdf.Array([on, off, 7]), D=default)


def off_from_the_start(pdf):
    layered(pdf, "OFF")


def broken_layers(pdf):
    pdf.Root.OCProperties = pikepdf.Dictionary(OCGs=7, D=pikepdf.Array([7]))


def form_in_xml(xfa=b"<xdp><template>Please wait</template></xdp>", **more):
    """Return a change that adds a form in XML, as a stream or in parts, and what else is named."""

    def change(pdf):
        parts = pikepdf.Array([pikepdf.String("template"), pdf.make_stream(xfa)])
        form = pikepdf.Dictionary(Fields=pikepdf.Array(), XFA=pdf.make_stream(xfa))
        form.XFA = parts if more.get("in_parts") else form.XFA
        if more.get("fields"):
            field = pikepdf.Dictionary(
                Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Widget, FT=pikepdf.Name.Tx,
                T=pikepdf.String("name"), Rect=[0, 0, 90, 20],
                V=pikepdf.String(more.get("value", "Abebe")), F=more.get("flags", 4),
            )  # fmt: skip
            if drawn := more.get("drawn"):
                look = pdf.make_stream(drawn, Type=pikepdf.Name.XObject, BBox=[0, 0, 90, 20])
                look.Subtype = pikepdf.Name.Form
                field.AP = pikepdf.Dictionary(N=look)
            form.Fields = pikepdf.Array([pdf.make_indirect(field)])
            font = pikepdf.Dictionary(
                Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
            )
            form.DR = pikepdf.Dictionary(Font=pikepdf.Dictionary(Helv=font))
            form.DA = pikepdf.String("/Helv 12 Tf 0 g")
            form.NeedAppearances = more.get("is_stale", True)
            pdf.pages[0].obj.Annots = form.Fields
        if more.get("is_rendered"):
            pdf.Root.NeedsRendering = True
        pdf.Root.AcroForm = form

    return change


def papers():
    html = b"%<html><script>" + MARK + b"</script></html>\n"
    good = paper()
    version, rest = good.split(b"\n", 1)
    locked = pikepdf.Encryption(owner="owner", user="secret")
    owned = pikepdf.Encryption(owner="owner", user="")
    return {
        "good pdf": ("doc.pdf", good, None),
        "200 pages": ("doc.pdf", paper(pages=200), None),
        "pdf and html in one": ("doc.pdf", version + b"\n" + html + rest + html, None),
        "pdf and zip in one": ("doc.pdf", good + archive(), None),
        "pdf that acts": ("doc.pdf", paper(active), None),
        "pdf that carries eicar": ("doc.pdf", paper(carrying(EICAR)), None),
        "pdf with metadata": ("doc.pdf", paper(described), None),
        "pdf with a photo and a tail": ("doc.pdf", paper(photo_with_tail), None),
        "html before pdf": ("doc.pdf", b"<html><script>" + MARK + b"</script>" + good, "web page"),
        "pdf with a password": ("doc.pdf", paper(encryption=locked), "password"),
        "pdf that forbids copying": ("doc.pdf", paper(encryption=owned), None),
        "pdf with layers that are off": ("doc.pdf", paper(layered), None),
        "pdf with layers that are off from the start": (
            "doc.pdf",
            paper(off_from_the_start),
            None,
        ),
        "pdf with broken layers": ("doc.pdf", paper(broken_layers), None),
        "pdf with a form in xml": ("doc.pdf", paper(form_in_xml()), "print it to PDF anew"),
        "pdf with a form in xml, in parts": (
            "doc.pdf",
            paper(form_in_xml(in_parts=True)),
            "print it to PDF anew",
        ),
        "pdf with a form in xml that says so": (
            "doc.pdf",
            paper(form_in_xml(b"<x/>", fields=True, is_rendered=True)),
            "print it to PDF anew",
        ),
        "pdf with a form in xml and fields": ("doc.pdf", paper(form_in_xml(fields=True)), None),
        "pdf with a field in letters that we cannot draw": (
            "doc.pdf",
            paper(form_in_xml(fields=True, value="አበበ")),
            "print it to PDF anew",
        ),
        "pdf without an ending": ("scan 12.05.2026", good, None),
        "truncated pdf": ("doc.pdf", paper(pages=20)[:-300], "cut off"),
        "pdf without pages": ("doc.pdf", paper(pages=0), "no pages"),
        "10,000 pages": ("doc.pdf", many_pages(10_000), "200 pages"),
        "10,000 pages that say one": ("doc.pdf", many_pages(10_000, told=1), "200 pages"),
    }


# --- bombs ----------------------------------------------------------------------------------------


def raw_pdf(objects, *, root=1):
    """Return a PDF of these objects, written by hand: no library writes what a bomb needs."""
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return bytes(out) + (
        b"trailer << /Size %d /Root %d 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (len(places) + 1, root, start)
    )


def stream(data, extra=b""):
    return b"<< /Length %d %s >>\nstream\n" % (len(data), extra) + data + b"\nendstream"


PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] %s >>"


def many_pages(count, told=None):
    kids = b" ".join(b"%d 0 R" % number for number in range(3, 3 + count))
    tree = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, told or count)
    return raw_pdf([b"<< /Type /Catalog /Pages 2 0 R >>", tree, *[PAGE % b""] * count])


def one_page(extra, *more):
    catalog, tree = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    )
    return raw_pdf([catalog, tree, PAGE % extra, *more])


def zeros(megabytes, times=1):
    """Return so many megabytes of zeros, packed once or several times over."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = packer.compress(b"\0" * MB) + packer.flush(zlib.Z_FULL_FLUSH)
    check = struct.pack("!HH", megabytes * MB % 65_521, 1)
    data = b"\x78\xda" + piece * megabytes + b"\x03\x00" + check
    for _ in range(times - 1):
        data = zlib.compress(data, 9)
    return data


def deep_tree(depth):
    nodes = [
        b"<< /Type /Pages /Kids [%d 0 R] /Count 1 >>" % (number + 3) for number in range(depth)
    ]
    last = b"<< /Type /Page /MediaBox [0 0 9 9] >>"
    return raw_pdf([b"<< /Type /Catalog /Pages 2 0 R >>", *nodes, last])


def hidden_objects(packed):
    """Return a PDF whose catalog lies in a stream of objects that unpacks to very much."""
    head = b"%PDF-1.7\n"
    store = stream(packed, b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode")
    body = b"5 0 obj\n" + store + b"\nendobj\n"
    rows = b"".join(
        struct.pack("!BIH", *row)
        for row in [
            (0, 0, 65535),
            (2, 5, 0),
            *[(0, 0, 0)] * 3,
            (1, len(head), 0),
            (1, len(head) + len(body), 0),
        ]
    )
    table = stream(rows, b"/Type /XRef /Size 7 /W [1 4 2] /Root 1 0 R")
    return (
        head
        + body
        + b"6 0 obj\n"
        + table
        + b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % (len(head) + len(body))
    )


def packed_form(pdf, packed):
    """Add a form in XML that unpacks to very much; nothing of it may be unpacked."""
    xfa = pdf.make_stream(b"")
    xfa.write(packed, filter=pikepdf.Name.FlateDecode)
    pdf.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array(), XFA=xfa)


def bombs():
    gigabyte = zeros(1000)
    flate = b"/Filter /FlateDecode"
    twice = b"/Filter [/FlateDecode /FlateDecode]"
    many = [stream(zeros(40), flate) for _ in range(1)] * 12
    refs = b" ".join(b"%d 0 R" % number for number in range(4, 16))
    image = b"/Type /XObject /Subtype /Image /Width 60000 /Height 60000 /BitsPerComponent 8"
    nested = b"/Resources << /Properties << /A " + b"[" * 100_000 + b"]" * 100_000 + b" >> >>"
    return {
        "zip bomb": ("doc.zip", archive("zeros", b"\0" * 30 * MB), "Office file or a ZIP"),
        "zip bomb called pdf": (
            "doc.pdf",
            archive("zeros", b"\0" * 30 * MB),
            "Office file or a ZIP",
        ),
        "drawing of 1 GB": (
            "doc.pdf",
            one_page(b"/Contents 4 0 R", stream(gigabyte, flate)),
            "unpacks",
        ),
        "drawing packed twice": (
            "doc.pdf",
            one_page(b"/Contents 4 0 R", stream(zeros(1000, 2), twice)),
            "unpacks",
        ),
        "many drawings": ("doc.pdf", one_page(b"/Contents [" + refs + b"]", *many), "unpacks"),
        "picture of 10 GB": (
            "doc.pdf",
            one_page(
                b"/Resources << /XObject << /I 4 0 R >> >>", stream(gigabyte, image + b" " + flate)
            ),
            "unpacks",
        ),
        "form in xml of 1 GB": (
            "doc.pdf",
            paper(lambda pdf: packed_form(pdf, gigabyte)),
            None,
        ),
        "objects of 1 GB": ("doc.pdf", hidden_objects(gigabyte), "damaged"),
        "arrays in arrays": ("doc.pdf", one_page(nested), ""),
        "pages in pages": ("doc.pdf", deep_tree(50_000), "damaged"),
        "pages in a circle": (
            "doc.pdf",
            raw_pdf(
                [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>"]
            ),
            "",
        ),
    }


# --- what is something else -----------------------------------------------------------------------


def strangers():
    svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>" + MARK + b"</script></svg>"
    office = io.BytesIO()
    with zipfile.ZipFile(office, "w") as made:
        made.writestr("[Content_Types].xml", b"<Types/>")
        made.writestr("word/document.xml", MARK)
    return {
        "nothing": ("doc.pdf", b"", "empty"),
        "11 MB": ("doc.pdf", b"%PDF-1.7\n" + b"\0" * 11 * MB, "larger than 10 MB"),
        "svg with a script": ("logo.svg", svg, "drawing"),
        "svg called png": ("logo.png", b"<?xml version='1.0'?>" + svg, "drawing"),
        "html called pdf": (
            "doc.pdf",
            b"<!DOCTYPE html><script>" + MARK + b"</script>",
            "web page",
        ),
        "program called jpg": ("me.jpg", b"MZ\x90\0" + MARK * 200, "program"),
        "program called pdf": ("doc.pdf", b"\x7fELF\x02\x01\x01" + MARK * 200, "program"),
        "office file": ("doc.docx", office.getvalue(), "Office file"),
        "old office file": (
            "doc.doc",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + MARK * 200,
            "Office file",
        ),
        "eicar": ("doc.pdf", EICAR, "cannot read this file"),
        "text": ("doc.txt", MARK * 9, "cannot read this file"),
        "heic": ("me.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + MARK, "HEIC"),
        "png called pdf": ("doc.pdf", picture("PNG"), "end in .png"),
        "pdf called png": ("doc.png", paper(), "end in .pdf"),
        "jpeg called page": ("me.html", picture(), "end in .jpg"),
        "good pdf called exe": ("doc.pdf.exe", paper(), "end in .pdf"),
    }
