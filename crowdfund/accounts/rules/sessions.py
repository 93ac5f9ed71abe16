"""Devices: what a browser calls itself, in words that people know."""

import re

from ...i18n import _, _l

METHODS: dict[str, str] = {
    "code": _l("by code"),
    "oidc": _l("by another provider"),
    "wallet": _l("by wallet"),
}
# The first that is found counts: almost every browser also claims to be Chrome and Safari.
_BROWSERS = (
    (r"\bEdg(e|A|iOS)?/", "Edge"),
    (r"\b(OPR|Opera)/", "Opera"),
    (r"\bSamsungBrowser/", "Samsung Internet"),
    (r"\b(UCBrowser|UBrowser)/", "UC Browser"),
    (r"\bYaBrowser/", "Yandex Browser"),
    (r"\bVivaldi/", "Vivaldi"),
    (r"\b(Firefox|FxiOS)/", "Firefox"),
    (r"\b(Chrome|CriOS|Chromium|HeadlessChrome)/", "Chrome"),
    (r"\bVersion/\S+ .*\bSafari/", "Safari"),
)
_SYSTEMS = (
    (r"\bAndroid\b", "Android"),
    (r"\biPhone\b", "iPhone"),
    (r"\biPad\b", "iPad"),
    (r"\bCrOS\b", "ChromeOS"),
    (r"\bWindows\b", "Windows"),
    (r"\b(Mac OS X|Macintosh)\b", "Mac"),
    (r"\bLinux\b", "Linux"),
)


def device_name(user_agent: str) -> str:
    """Return a browser's name in plain words, like "Firefox, Windows"."""
    browser = next((name for pattern, name in _BROWSERS if re.search(pattern, user_agent)), "")
    system = next((name for pattern, name in _SYSTEMS if re.search(pattern, user_agent)), "")
    return ", ".join(part for part in (browser, system) if part) or _("Unknown device")
