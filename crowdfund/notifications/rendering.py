"""Turn a template and its context into subject, text and HTML; without a web request."""

from functools import lru_cache
from html import unescape

from jinja2 import Environment, PackageLoader, StrictUndefined

from .. import config, money


@lru_cache(maxsize=1)
def _environment() -> Environment:
    env = Environment(
        loader=PackageLoader("crowdfund", "templates/email"), undefined=StrictUndefined, autoescape=True,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    env.globals["money_fmt"] = money.fmt
    return env


def render(template: str, context: dict[str, object]) -> tuple[str, str, str]:
    """Return subject, plain text and HTML; the template defines the macros' three blocks."""
    page = _environment().get_template(f"{template}.html")
    values = {**context, "public_url": config.settings().public_url}
    blocks = ["".join(page.blocks[name](page.new_context(values))) for name in ("subject", "text")]
    subject, text = (unescape(block).strip() for block in blocks)
    return subject, text + "\n", page.render(values)
