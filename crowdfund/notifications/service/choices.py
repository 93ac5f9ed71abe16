"""What a person wants to be told by which channel."""

from collections.abc import Collection

import sqlalchemy as sa

from ... import clock
from ...db import db
from ...errors import Invalid
from ...i18n import _
from .. import queries
from ..kinds import CHANNELS, KINDS
from ..models import Choice

_C = Choice.__table__


def choose(person_id: str, kind: str, channel: str, *, is_wanted: bool) -> None:
    """Keep whether a person wants a kind by a channel; raises Invalid for what cannot be chosen."""
    if channel not in CHANNELS or kind not in KINDS or KINDS[kind].mandatory:
        raise Invalid(_("This message cannot be switched on or off. Reload the page and choose again."))
    db.session.execute(
        sa.delete(_C).where(_C.c.person_id == person_id, _C.c.kind == kind, _C.c.channel == channel)
    )
    if is_wanted != (channel in KINDS[kind].channels):  # what the kind declares needs no row
        row = {"person_id": person_id, "kind": kind, "channel": channel, "is_wanted": is_wanted,
               "changed_at": clock.now()}  # fmt: skip
        db.session.execute(sa.insert(_C).values(row))


def choose_all(
    person_id: str, wanted: Collection[tuple[str, str]], *, among: Collection[tuple[str, str]]
) -> None:
    """Keep the whole table of choices as the person sees it: `among` is on the page, `wanted` is ticked."""
    chosen = queries.choices([person_id]).get(person_id, {})
    for kind, channel in sorted(among):
        now = chosen.get((kind, channel), channel in KINDS[kind].channels)
        if ((kind, channel) in wanted) != now:
            choose(person_id, kind, channel, is_wanted=not now)
