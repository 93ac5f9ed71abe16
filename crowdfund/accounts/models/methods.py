"""The ways in which a person may sign in."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ...db import ID, UTCDateTime, db, new_id, one_of

# A subject is compared letter by letter; MySQL would take `abc` for `ABC` and let in somebody else.
_VALUE = sa.String(512).with_variant(sa.String(512, collation="utf8mb4_bin"), "mysql", "mariadb")


class SignInMethod(db.Model):
    """One verified way into an account: an address, a number, an identity elsewhere, or a wallet.

    `value` is the normal form: lower-case e-mail, E.164, `issuer|subject`, EIP-55 address.
    """

    __tablename__ = "sign_in_method"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("person.id"), index=True)
    kind: Mapped[str] = mapped_column(sa.String(8))
    value: Mapped[str] = mapped_column(_VALUE)
    label: Mapped[str] = mapped_column(sa.String(120), default="")
    added_at: Mapped[datetime] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (
        sa.UniqueConstraint("kind", "value"),
        one_of("kind", "email", "phone", "oidc", "wallet"),
    )
