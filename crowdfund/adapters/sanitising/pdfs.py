"""PDFs: pages copied into a new file: what is seen stays, what acts goes. Runs in `child.py` only."""

import io
import zlib

import pikepdf
from pikepdf import Name
from refused import RefusedError

MAX_PAGES = 200
MAX_STREAM = 48 * 1024 * 1024  # unpacked bytes of one drawing or font
MAX_TOTAL = 160 * 1024 * 1024  # and of all of them
MAX_IMAGE_PIXELS = 60_000_000
MAX_FILTERS = 3

# A page keeps only what draws it; inherited values have been pushed down before.
PAGE_KEYS = {"/Type", "/MediaBox", "/CropBox", "/Rotate", "/Contents", "/Resources", "/Group", "/UserUnit"}
# What acts, carries other files or tells about the author, wherever it stands.
ACTING = {
    "/A", "/AA", "/AF", "/Alternates", "/Annots", "/EF", "/EmbeddedFile", "/JS", "/JavaScript", "/Launch",
    "/Metadata", "/OPI", "/OpenAction", "/PieceInfo", "/PS", "/Ref", "/RichMedia", "/StructParent",
    "/StructParents", "/URI", "/URL", "/XFA", "/LastModified",
}  # fmt: skip
OUTSIDE = {"/F", "/FFilter", "/FDecodeParms"}  # of a stream: its bytes would lie in another file


def rewrite(data: bytes) -> tuple[bytes, int]:
    """Return a new PDF with the pages of an old one, and how many there are."""
    if b"%%EOF" not in data[-2048:]:
        raise RefusedError("truncated")
    try:
        with pikepdf.open(io.BytesIO(data)) as source, pikepdf.new() as fresh:
            _check(source)
            _flatten(source)
            for page in source.pages:
                _strip(page.obj)
            fresh.pages.extend(source.pages)
            _sweep(fresh)
            out = io.BytesIO()
            fresh.save(
                out,
                object_stream_mode=pikepdf.ObjectStreamMode.generate,
                compress_streams=True,
                preserve_pdfa=False,
                static_id=False,
            )
            return out.getvalue(), len(fresh.pages)
    except pikepdf.PasswordError as error:
        raise RefusedError("encrypted") from error
    except pikepdf.PdfError as error:
        raise RefusedError("unreadable") from error


def _check(source: pikepdf.Pdf) -> None:
    if source.is_encrypted:
        raise RefusedError("encrypted")
    # The file's own count first: walking ten thousand pages costs time, a lie costs nothing.
    told = source.Root.get("/Pages", pikepdf.Dictionary()).get("/Count", 0)
    if int(told) > MAX_PAGES or len(source.pages) > MAX_PAGES:
        raise RefusedError("pages")
    if not source.pages:
        raise RefusedError("empty")


def _flatten(source: pikepdf.Pdf) -> None:
    """Draw what stands in form fields and notes into the pages: they go, their text stays."""
    if "/AcroForm" in source.Root:
        if "/XFA" in source.Root.AcroForm:
            del source.Root.AcroForm["/XFA"]
        source.generate_appearance_streams()
    source.flatten_annotations("screen")


def _strip(page: pikepdf.Dictionary) -> None:
    for key in set(page.keys()) - PAGE_KEYS - {"/Parent"}:
        del page[key]


def _sweep(fresh: pikepdf.Pdf) -> None:
    """Take what acts out of every object, and pack every stream so that no byte of it lies open."""
    total = 0
    for thing in fresh.objects:
        if isinstance(thing, pikepdf.Dictionary | pikepdf.Array | pikepdf.Stream):
            _defuse(thing)
        if isinstance(thing, pikepdf.Stream):
            total += _pack(thing)
            if total > MAX_TOTAL:
                raise RefusedError("bomb")


def _defuse(thing: pikepdf.Object) -> None:
    """Take what acts out of an object and of what is written inside it; indirect ones have their own turn."""
    waiting, is_first = [thing], True
    while waiting:
        one = waiting.pop()
        if isinstance(one, pikepdf.Array):
            waiting += [part for part in one if _is_inside(part)]
            continue
        bad = ACTING | (OUTSIDE if is_first and isinstance(one, pikepdf.Stream) else set())
        for key in bad & set(one.keys()):
            del one[key]
        waiting += [part for _key, part in one.items() if _is_inside(part)]
        is_first = False


def _is_inside(part: object) -> bool:
    return isinstance(part, pikepdf.Dictionary | pikepdf.Array) and not part.is_indirect


def _pack(stream: pikepdf.Stream) -> int:
    """Write a stream anew under Flate; return how much it unpacks to. Pictures stay as they are inside."""
    if stream.get("/Subtype") == Name.Image:
        if int(stream.get("/Width", 0)) * int(stream.get("/Height", 0)) > MAX_IMAGE_PIXELS:
            raise RefusedError("bomb")
        return _wrap(stream)
    plain = _unpack(stream)
    stream.write(plain)
    return len(plain)


def _unpack(stream: pikepdf.Stream) -> bytes:
    filters = _filters(stream)
    if filters == ["/FlateDecode"] and "/DecodeParms" not in stream:
        unpacker = zlib.decompressobj()
        try:
            plain = unpacker.decompress(stream.read_raw_bytes(), MAX_STREAM)
        except zlib.error as error:
            raise RefusedError("unreadable") from error
        if unpacker.unconsumed_tail:
            raise RefusedError("bomb")
        return plain
    if len(filters) > MAX_FILTERS or filters.count("/FlateDecode") > 1 or filters.count("/LZWDecode") > 1:
        raise RefusedError("bomb")
    plain = stream.read_bytes()  # other packings; the memory of this process is the limit
    if len(plain) > MAX_STREAM:
        raise RefusedError("bomb")
    return plain


def _wrap(stream: pikepdf.Stream) -> int:
    """Put Flate around a picture's bytes: what hides behind its last line is no file by itself any more."""
    filters = _filters(stream)
    if "/FlateDecode" in filters:
        return 0
    raw, parms = stream.read_raw_bytes(), stream.get("/DecodeParms")
    inner = list(parms) if isinstance(parms, pikepdf.Array) else [parms] * len(filters)
    kept: list[object] = [None, *inner]
    names = pikepdf.Array([Name.FlateDecode, *(Name(name) for name in filters)])
    packed = zlib.compress(raw, 1)
    if any(parm is not None for parm in kept):
        stream.write(packed, filter=names, decode_parms=pikepdf.Array(kept))
    else:
        stream.write(packed, filter=names)
    return 0


def _filters(stream: pikepdf.Stream) -> list[str]:
    found = stream.get("/Filter", pikepdf.Array())
    return [str(name) for name in (found if isinstance(found, pikepdf.Array) else [found])]
