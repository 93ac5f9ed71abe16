"""PDFs: copy the pages into a new file without active content. Runs in `child.py` only."""

import io
import zlib
from typing import cast

import fields
import layers
import pikepdf
from pikepdf import Name
from refused import RefusedError

MAX_PAGES = 200
MAX_STREAM = 48 * 1024 * 1024  # unpacked bytes of one drawing or font
MAX_TOTAL = 160 * 1024 * 1024  # and of all of them
MAX_IMAGE_PIXELS = 60_000_000
MAX_FILTERS = 3
PIECE = 1024 * 1024

# The keys of a page that draw it; inherited values have been copied to the pages before.
PAGE_KEYS = {
    "/Type",
    "/MediaBox",
    "/CropBox",
    "/Rotate",
    "/Contents",
    "/Resources",
    "/Group",
    "/UserUnit",
}
# Active content, attached files and data about the author, anywhere in the file. Short names are
# left out: `/A` may be a font or a letter. Actions are known by what they are (`_is_action`).
FORBIDDEN = {
    "/AA", "/AF", "/AcroForm", "/Alternates", "/Annots", "/EF", "/EmbeddedFiles", "/JavaScript",
    "/LastModified", "/Metadata", "/OPI", "/OpenAction", "/PieceInfo", "/RichMedia",
    "/StructParent", "/StructParents", "/XFA",
}  # fmt: skip
ACTIONS = {
    "/GoToE", "/GoToR", "/Hide", "/ImportData", "/JavaScript", "/Launch", "/Movie", "/Named",
    "/Rendition", "/ResetForm", "/RichMediaExecute", "/SetOCGState", "/Sound", "/SubmitForm",
    "/Thread", "/Trans", "/URI",
}  # fmt: skip
# Of a stream: its bytes would lie in another file, or be a program for a printer.
OUTSIDE = {"/F", "/FFilter", "/FDecodeParms", "/PS", "/Ref", "/Subtype2"}


def rewrite(data: bytes) -> tuple[bytes, int]:
    """Return a new PDF with the pages of an old one, and how many there are."""
    if b"%%EOF" not in data[-2048:]:
        raise RefusedError("truncated")
    try:
        with pikepdf.open(io.BytesIO(data)) as source, pikepdf.new() as fresh:
            _check(source)
            _flatten(source)
            for page in source.pages:
                for key in set(page.obj.keys()) - PAGE_KEYS - {"/Parent"}:
                    del page.obj[key]
            fresh.pages.extend(source.pages)
            layers.carry(source, fresh)
            _sweep(fresh)
            out = io.BytesIO()
            fresh.save(
                out, object_stream_mode=pikepdf.ObjectStreamMode.generate, compress_streams=True
            )
            return out.getvalue(), len(fresh.pages)
    except pikepdf.PasswordError as error:
        raise RefusedError("encrypted") from error


def _check(source: pikepdf.Pdf) -> None:
    """Refuse by the structure; a file that opens without a password but forbids copying is fine."""
    # The file's own count first: it is cheap to read, and walking all pages is not.
    count = source.Root.get("/Pages", pikepdf.Dictionary()).get("/Count", 0)
    if int(count) > MAX_PAGES or len(source.pages) > MAX_PAGES:
        raise RefusedError("pages")
    if not source.pages:
        raise RefusedError("empty")
    if _is_placeholder(source):
        raise RefusedError("form")


def _is_placeholder(source: pikepdf.Pdf) -> bool:
    """Return whether a reader would build the pages from a form in XML (XFA) that few can read.

    The only page of such a file says "Please wait". Forms that have ordinary fields too can be
    read without the XML: their pages and fields are what readers show.
    """
    form = source.Root.get("/AcroForm")
    if not isinstance(form, pikepdf.Dictionary) or "/XFA" not in form:
        return False
    if source.Root.get("/NeedsRendering", False) is True:
        return True
    return not form.get("/Fields") and _has_template(form.XFA)


def _has_template(xfa: pikepdf.Object) -> bool:
    """Return whether the XML describes pages: as a part of that name, or within one stream."""
    if isinstance(xfa, pikepdf.Array):
        return any(isinstance(one, pikepdf.String) and str(one) == "template" for one in xfa)
    return isinstance(xfa, pikepdf.Stream) and b"template" in _beginning(xfa)


def _beginning(stream: pikepdf.Stream) -> bytes:
    """Return at most one megabyte of a stream that may unpack to very much."""
    raw = stream.read_raw_bytes()
    if _filters(stream) != ["/FlateDecode"]:
        return raw[:PIECE]
    try:
        return zlib.decompressobj().decompress(raw, PIECE)
    except zlib.error as error:
        raise RefusedError("unreadable") from error


def _flatten(source: pikepdf.Pdf) -> None:
    """Draw form fields and notes into the pages and remove the fields and notes themselves."""
    if "/AcroForm" in source.Root:
        if "/XFA" in source.Root.AcroForm:
            del source.Root.AcroForm["/XFA"]
        fields.draw(source)
    layers.hide_notes(source)
    source.flatten_annotations("screen")


def _sweep(fresh: pikepdf.Pdf) -> None:
    """Remove active content from every object and compress every stream."""
    total = 0
    for thing in fresh.objects:
        if isinstance(thing, pikepdf.Dictionary | pikepdf.Array | pikepdf.Stream):
            _defuse(thing)
        if isinstance(thing, pikepdf.Stream):
            total += _pack(thing)
            if total > MAX_TOTAL:
                raise RefusedError("bomb")


def _defuse(thing: pikepdf.Object) -> None:
    """Remove active content from an object and from the direct objects inside it."""
    waiting = [thing]
    while waiting:
        one = waiting.pop()
        if isinstance(one, pikepdf.Array):
            waiting += [part for part in one if _is_inside(part)]
            continue
        for key in _bad_keys(one) & set(one.keys()):
            del one[key]
        waiting += [part for _key, part in one.items() if _is_inside(part)]


def _bad_keys(one: pikepdf.Object) -> set[str]:
    if isinstance(one, pikepdf.Stream):
        return FORBIDDEN | OUTSIDE
    is_file = one.get("/Type") in (Name.Filespec, Name.F)
    return set(one.keys()) if is_file or _is_action(one) else FORBIDDEN


def _is_action(one: pikepdf.Object) -> bool:
    kind = one.get("/S")
    return isinstance(kind, pikepdf.Name) and str(kind) in ACTIONS


def _is_inside(part: object) -> bool:
    return isinstance(part, pikepdf.Dictionary | pikepdf.Array) and not part.is_indirect


def _pack(stream: pikepdf.Stream) -> int:
    """Recompress a stream with Flate, pictures as they are; return its unpacked size in bytes."""
    filters = _filters(stream)
    if stream.get("/Subtype") == Name.PS:
        stream.write(b"")
        return 0
    if stream.get("/Subtype") == Name.Image:
        if int(stream.get("/Width", 0)) * int(stream.get("/Height", 0)) > MAX_IMAGE_PIXELS:
            raise RefusedError("bomb")
        _wrap(stream, filters)
        return 0
    if filters == ["/FlateDecode"]:
        return _measure(stream)
    if (
        len(filters) > MAX_FILTERS
        or filters.count("/FlateDecode") > 1
        or filters.count("/LZWDecode") > 1
    ):
        raise RefusedError("bomb")
    plain = stream.read_bytes()  # of other packings the memory of this process is the limit
    if len(plain) > MAX_STREAM:
        raise RefusedError("bomb")
    stream.write(zlib.compress(plain), filter=Name.FlateDecode)
    return len(plain)


def _measure(stream: pikepdf.Stream) -> int:
    """Return the unpacked size of a Flate stream in bytes; drop data after its end."""
    raw, unpacker, size = stream.read_raw_bytes(), zlib.decompressobj(), 0
    waiting = raw
    try:
        while waiting and not unpacker.eof:
            size += len(unpacker.decompress(waiting, PIECE))
            waiting = unpacker.unconsumed_tail
            if size > MAX_STREAM:
                raise RefusedError("bomb")
    except zlib.error as error:
        raise RefusedError("unreadable") from error
    if unpacker.unused_data:
        parms = cast("pikepdf.Dictionary | None", stream.get("/DecodeParms"))
        stream.write(raw[: -len(unpacker.unused_data)], filter=Name.FlateDecode, decode_parms=parms)
    return size


def _wrap(stream: pikepdf.Stream, filters: list[str]) -> None:
    """Compress a picture's bytes with Flate: data hidden after its end is no file by itself."""
    if filters[:1] == ["/FlateDecode"]:
        return
    parms = stream.get("/DecodeParms")
    inner = list(parms) if isinstance(parms, pikepdf.Array) else [parms] * len(filters)
    names = pikepdf.Array([Name.FlateDecode, *(Name(name) for name in filters)])
    packed = zlib.compress(stream.read_raw_bytes(), 1)
    if any(parm is not None for parm in inner):
        stream.write(packed, filter=names, decode_parms=pikepdf.Array([None, *inner]))
    else:
        stream.write(packed, filter=names)


def _filters(stream: pikepdf.Stream) -> list[str]:
    found = stream.get("/Filter", pikepdf.Array())
    return [str(name) for name in (found if isinstance(found, pikepdf.Array) else [found])]
