"""The chained rows, and the head whose lock orders them."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund.kernel.db import ID, Base, Json, UTCDateTime, append_only, one_of


@append_only
class AuditEntry(Base):
    """An action that was done or refused, or a view; `hash` covers the row and the hash before.

    `actor` is a person's id, `system` or `cli`; `detail` holds ids and the reason given, never
    personal data or secrets.
    """

    __tablename__ = "audit_entry"
    seq: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    actor: Mapped[str] = mapped_column(ID)
    roles: Mapped[str] = mapped_column(sa.String(80), default="")
    action: Mapped[str] = mapped_column(sa.String(80))
    outcome: Mapped[str] = mapped_column(sa.String(8), default="done")
    subject_kind: Mapped[str] = mapped_column(sa.String(32), default="")
    subject_id: Mapped[str] = mapped_column(sa.String(80), default="")
    detail: Mapped[dict[str, Any]] = mapped_column(Json)
    request_id: Mapped[str] = mapped_column(sa.String(12), default="", index=True)
    previous: Mapped[str] = mapped_column(sa.String(64))
    hash: Mapped[str] = mapped_column(sa.String(64))
    __table_args__ = (
        one_of("outcome", "done", "denied"),
        sa.Index(None, "actor", "seq"),
        sa.Index(None, "action", "seq"),
        sa.Index(None, "subject_id", "subject_kind"),
        sa.Index(None, "outcome", "at"),
        sa.Index(None, "outcome", "seq"),
    )


class AuditHead(Base):
    """The last link of the chain; its row lock orders all appending."""

    __tablename__ = "audit_head"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(sa.BigInteger)
    hash: Mapped[str] = mapped_column(sa.String(64))


audit_table = AuditEntry.__table__
