"""What a shared campaign says about itself, and the links that share it; pure.

A link names the campaign alone: it holds nothing of the person who shares it.
"""

from dataclasses import dataclass
from urllib.parse import quote

DEFAULT_PICTURE = "/share-pictures/default.jpg"
_PICTURE = ".webp"  # what the platform draws itself is SVG, which nobody shows beside a link


@dataclass(frozen=True, slots=True)
class Shared:
    """Title, text and absolute addresses of a page and its picture."""

    title: str
    text: str
    url: str
    image_url: str
    image_alt: str

    @property
    def mail_url(self) -> str:
        """Return the link that opens an e-mail."""
        return f"mailto:?subject={quote(self.title, safe='')}&body={quote(self.url, safe='')}"

    @property
    def whatsapp_url(self) -> str:
        """Return the link that opens WhatsApp."""
        return f"https://wa.me/?text={quote(f'{self.title} {self.url}', safe='')}"

    @property
    def telegram_url(self) -> str:
        """Return the link that opens Telegram."""
        url, text = quote(self.url, safe=""), quote(self.title, safe="")
        return f"https://t.me/share/url?url={url}&text={text}"


def picture_path(image_id: str | None) -> str:
    """Return the path of the picture for links to a campaign: one for each picture it ever had."""
    name, is_picture, _ = (image_id or "").partition(_PICTURE)
    return f"/share-pictures/{name}.jpg" if is_picture else DEFAULT_PICTURE
