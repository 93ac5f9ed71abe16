"""What a written PDF file says: its text as PDFium reads it, which puts Hindi together again."""

import pypdfium2


def text_of(content: bytes) -> str:
    """Return the text of the first page, each run of blanks as one."""
    with pypdfium2.PdfDocument(content) as document:
        return " ".join(document[0].get_textpage().get_text_bounded().split())
