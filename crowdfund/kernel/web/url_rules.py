"""URL rules whose addresses are compiled when the first one is built."""

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule


class LazyRule(Rule):
    """A rule that compiles its two builders of addresses at their first use.

    Werkzeug compiles both for every rule at the start: a sixth of the time of `import app`, mostly
    for addresses that the process never builds. How requests are matched does not change.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        attribute = "_build_unknown" if append_unknown else "_build"
        compile_now = super()._compile_builder

        def build(rule: Rule, *args: Any, **values: Any) -> tuple[str, str]:
            compiled = compile_now(append_unknown).__get__(rule, None)
            setattr(rule, attribute, compiled)
            built: tuple[str, str] = compiled(*args, **values)
            return built

        return build
