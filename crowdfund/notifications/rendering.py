"""Turn a kind or a template and its context into text, in the current language."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from html import unescape
from typing import Any

import css_inline
from jinja2 import Environment, PackageLoader, StrictUndefined, Template, Undefined

from crowdfund.kernel import access, config, i18n, money
from crowdfund.notifications.kinds import ANY, KINDS, WORDS

_inliner = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


@dataclass(frozen=True, slots=True)
class Words:
    """A notice as a person reads it."""

    title: str
    text: str
    reason: str
    action: str


def words(kind: str, context: dict[str, Any]) -> Words:
    """Return a notice in the current language; raises KeyError for a value that its text lacks."""
    found, known = KINDS[kind], values(context)
    reason = str(context.get("reason") or "")
    return Words(str(found.title) % known, str(found.text) % known, reason, str(found.action))


def facts(kind: str, context: dict[str, Any]) -> list[tuple[str, str]]:
    """Return label and value of each row of a kind's receipt; leaves out what is not known."""
    known = values(context)
    return [(str(label), known[name]) for label, name in KINDS[kind].facts if known.get(name)]


class _Blanks(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return str(ANY.get(name, "…"))


def label(kind: str) -> str:
    """Return the title of a kind in general, with general words for its values."""
    text = str(KINDS[kind].title) % _Blanks()
    return text[:1].upper() + text[1:]


def values(context: dict[str, Any]) -> dict[str, str]:
    """Return a context as text: `amount_minor` becomes `amount`, times, days and codes words.

    `received_minor` is in `received_currency` if there is one, else in `currency`.
    """
    shown: dict[str, str] = {}
    for name, value in context.items():
        if name.endswith("_minor"):
            what = name.removesuffix("_minor")
            shown[what] = money.fmt(value, context.get(f"{what}_currency") or context["currency"])
        else:
            shown[name] = _shown(name, value)
    return shown


def _shown(name: str, value: object) -> str:
    if name in WORDS:
        return str(WORDS[name].get(str(value), value))
    if name.endswith("_on"):
        return i18n.day(date.fromisoformat(str(value)))
    if name == "at" or name.endswith("_at"):
        return i18n.moment(datetime.fromisoformat(str(value)))
    return i18n.number(value) if type(value) is int else str(value)


def render(template: str, context: dict[str, Any]) -> tuple[str, str, str]:
    """Return subject, plain text and HTML of an e-mail, with its styles inlined."""
    block, filled = _page(template, context)
    html = _environment().get_template(f"{template}.html").render(filled)
    foot = _environment().get_template("base.html")
    text = f"{block('text')}\n\n{_block(foot, 'foot', filled)}\n"
    return " ".join(block("subject").split()), text, _inliner.inline(html)


def render_sms(template: str, context: dict[str, Any]) -> str:
    """Return the text of an SMS."""
    return _page(template, context)[0]("sms")


def _page(template: str, context: dict[str, Any]) -> tuple[Callable[[str], str], dict[str, Any]]:
    page = _environment().get_template(f"{template}.html")
    filled = {
        **context,
        "public_url": config.settings().public_url,
        "operator": config.settings().operator,
        "links": [(str(label), path) for label, _endpoint, path in access.SITE],
        "lang": i18n.language().replace("_", "-"),
        "text_dir": i18n.text_direction(),
    }

    def block(name: str) -> str:
        return _block(page, name, filled)

    return block, filled


def _block(page: Template, name: str, filled: dict[str, Any]) -> str:
    return unescape("".join(page.blocks[name](page.new_context(filled)))).strip()


def _never_missing(value: object) -> object:
    # `None` in an e-mail is as wrong as an undefined name.
    if value is None or isinstance(value, Undefined):
        raise ValueError("an e-mail shows something that it was not given")
    return value


@lru_cache(maxsize=1)
def _environment() -> Environment:
    env = Environment(
        loader=PackageLoader("crowdfund", "templates/email"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_never_missing,
    )
    i18n.install(env)
    env.globals.update(money_fmt=money.fmt)
    return env
