"""Sign-ins that are under way at an identity provider or in a wallet."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ...db import ID, Json, UTCDateTime, db, one_of


class SignInAttempt(db.Model):
    """What the server itself has said at the start, so that it believes nothing that comes back.

    The id is random and secret to the browser that began (the `state` of OIDC, the request id of
    EIP-4361). `facts` hold what the answer must fit: nonce and verifier, or the text to be signed.
    """

    __tablename__ = "sign_in_attempt"
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(8))
    browser: Mapped[str] = mapped_column(sa.String(64))
    ip: Mapped[str] = mapped_column(sa.String(45))
    network: Mapped[str] = mapped_column(sa.String(45))
    # Who was signed in at the start and so adds a way in; nobody when somebody signs in.
    person_id: Mapped[str | None] = mapped_column(ID)
    facts: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (sa.Index(None, "network", "created_at"), one_of("kind", "oidc", "wallet"))
