"""Languages: which one a request or a message speaks, and its texts (gettext catalogues by Babel).

A text is its own key: `_("Enter your name.")`, `_("At most %(most)s.", most=…)`; `_l` for what is
made at import time (labels of forms). Catalogues are read from `locales/<language>/LC_MESSAGES/
messages.po` when first needed, so nothing has to be compiled.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale, dates, numbers
from babel.core import negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import LazyProxy, NullTranslations, Translations
from jinja2 import Environment
from markupsafe import Markup, escape

from crowdfund.kernel import config, ethiopian

LANGUAGES = {"en": "English", "am": "አማርኛ", "hi": "हिन्दी"}
PSEUDO = "en_XA"  # English with accents: what is not accented was never marked as a text (tests)
FOLDER = Path(__file__).parents[1] / "locales"
CALENDARS = ("gregorian", "ethiopian", "both")
# Where a language is spoken: it decides on which day a week begins.
_TERRITORIES = {"en": "en_GB", PSEUDO: "en_GB", "am": "am_ET", "hi": "hi_IN"}
_manner: ContextVar[tuple[str, str]] = ContextVar("manner", default=("en", "gregorian"))
_ASIDE = frozenset({7, *range(200, 241)})  # combining classes of nukta and of accents
_HELD = re.compile(r"(%\(\w+\)[sd]|%%|<[^>]+>|&\w+;|\{\w*\})")
_ACCENTS = str.maketrans("aceginorsuyzACEGINORSUYZ", "áçéĝíñóŕšúýžÁÇÉĜÍÑÓŔŠÚÝŽ")


def language() -> str:
    """Return the language in force, like `am`."""
    return _manner.get()[0]


def calendar() -> str:
    """Return in which calendar dates are written: gregorian, ethiopian or both."""
    return _manner.get()[1]


def manner() -> tuple[str, str]:
    """Return language and calendar: on these depends how a text is written."""
    return _manner.get()


def use(name: str, calendar: str = "") -> None:
    """Speak a language from now on in this context; one that we do not have becomes English.

    `calendar` is the reader's choice. Without one it is both for readers of Amharic, else the
    Gregorian one.
    """
    if calendar not in CALENDARS:
        calendar = "both" if name == "am" else "gregorian"
    _manner.set((name if name in LANGUAGES or name == PSEUDO else "en", calendar))


@contextmanager
def using(name: str, calendar: str = "") -> Iterator[None]:
    """Speak a language within a block (a message to someone else), with dates in their calendar."""
    before = _manner.get()
    use(name, calendar)
    try:
        yield
    finally:
        _manner.set(before)


def best(wanted: Iterable[str]) -> str:
    """Return the first of the wanted languages that we have, else English."""
    found = negotiate_locale([one.replace("-", "_") for one in wanted], list(LANGUAGES))
    return found or "en"


def gettext(message: str, /, **values: object) -> str:
    """Return a text in the language in force, its `%(name)s` filled."""
    text = _translated(message)
    return text % values if values else text


def ngettext(one: str, many: str, count: int, /, **values: object) -> str:
    """Return the singular or plural of a text for a count, which fills `%(num)s`."""
    num = count if -1_000 < count < 1_000 else number(count)
    return _translated_plural(one, many, count) % {"num": num, **values}


def _translated(message: str) -> str:
    name = language()
    return _pseudo(message) if name == PSEUDO else _texts(name).gettext(message)


def _translated_plural(one: str, many: str, count: int) -> str:
    name = language()
    if name == PSEUDO:
        return _pseudo(one if count == 1 else many)
    return _texts(name).ngettext(one, many, count)


def page_text(message: str, /, **values: object) -> Markup:
    """Return a text for a template: markup of its own counts, what fills it is escaped."""
    if not values:
        return _fixed_page_text(message, language())
    return Markup(_translated(message) % _escaped(values))


def page_plural(one: str, many: str, count: int, /, **values: object) -> Markup:
    """Return the singular or plural of a text for a template, as `page_text` does."""
    return Markup(_translated_plural(one, many, count) % _escaped({"num": number(count), **values}))


@lru_cache(maxsize=8_192)
def _fixed_page_text(message: str, _language: str) -> Markup:
    return Markup(_translated(message) % {})  # `%%` is a sign there as in other texts


def _escaped(values: Mapping[str, object]) -> dict[str, object]:
    return {name: value if type(value) is int else escape(value) for name, value in values.items()}


def install(environment: Environment) -> None:
    """Give an environment's templates `_` and `ngettext`; it must escape by itself.

    jinja2's own extension asks four functions for each text, and formats those that have no values.
    """
    environment.globals.update(_=page_text, ngettext=page_plural)


_ = gettext


def lazy(message: str, /, **values: object) -> str:
    """Return a text that is looked up each time it is shown, for what is made at import time."""
    return LazyProxy(gettext, message, enable_cache=False, **values)  # type: ignore[return-value]


_l = lazy


def locale() -> Locale:
    """Return Babel's locale of the language in force, for numbers, dates and weeks."""
    name = language()
    return _locale(_TERRITORIES.get(name, name))


def text_direction() -> str:
    """Return `ltr` or `rtl` for the page."""
    return str(locale().text_direction)


def number(value: int) -> str:
    """Return a whole number with the language's grouping."""
    if -1_000 < value < 1_000:  # digits and signs are the same in all of our languages
        return str(value)
    here = locale()
    return f"{value:,}" if here.language == "en" else numbers.format_decimal(value, locale=here)


def sort_key(text: str) -> tuple[str, str]:
    """Return a key that sorts names as a dictionary of the language does.

    Letters with accents stand beside those without, capitals beside small ones. The order of
    Ethiopic and Devanagari is that of their code points; a nukta makes no letter of its own.
    """
    plain = unicodedata.normalize("NFD", text.casefold())
    return "".join(mark for mark in plain if unicodedata.combining(mark) not in _ASIDE), text


def count(value: int, most: int = 1_000) -> str:
    """Return a number that was counted no further than `most` + 1: 7, 1,000, or 1,000+."""
    return f"{number(most)}+" if value > most else number(value)


def day(value: date | datetime) -> str:
    """Return a date as the language writes it, in the reader's calendar or in both.

    A moment is read in the platform's time zone.
    """
    if isinstance(value, datetime):
        value = value.astimezone(_zone()).date()
    which = calendar()
    if which == "ethiopian":
        return ethiopian.written(value, language())
    gregorian = dates.format_date(value, "medium", locale=locale())
    return f"{gregorian} ({ethiopian.written(value, language())})" if which == "both" else gregorian


def moment(value: datetime) -> str:
    """Return date, time and zone of a moment on the platform's clock, as the language writes it.

    All readers see the same clock, wherever they are; scripts write no times.
    """
    shown = value.astimezone(_zone())
    return f"{day(shown)}, {shown:%H:%M} {_zone_name(shown)}"


def _zone_name(shown: datetime) -> str:
    name = shown.tzname() or "UTC"
    return f"UTC{name}" if name[0] in "+-" else name  # many zones have no letters of their own


def _zone() -> ZoneInfo:
    return ZoneInfo(config.settings().time_zone)


@lru_cache(maxsize=8)
def _locale(name: str) -> Locale:
    return Locale.parse(name)


@lru_cache(maxsize=8)
def _texts(name: str) -> NullTranslations:
    source = FOLDER / name / "LC_MESSAGES" / "messages.po"
    if not source.is_file():
        return NullTranslations()
    compiled = BytesIO()
    with source.open("rb") as file:
        write_mo(compiled, read_po(file, locale=name))
    compiled.seek(0)
    texts, rule = Translations(compiled), _locale(_TERRITORIES.get(name, name)).plural_form
    # By the language's own rule, in which 0 may be singular, whatever a catalogue's header says.
    texts.plural = lambda count: int(rule(count) != "one")
    return texts


def _pseudo(message: str) -> str:
    parts = _HELD.split(message)
    return "⟦" + "".join(p if _HELD.fullmatch(p) else p.translate(_ACCENTS) for p in parts) + "⟧"
