"""What the regular self-checks found."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from crowdfund.kernel.db import ID, Base, Json, UTCDateTime, append_only, new_id


@append_only
class SelfcheckRun(Base):
    """One run of the proofs; `problems` is empty when everything holds."""

    __tablename__ = "selfcheck_run"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    problems: Mapped[list[str]] = mapped_column(Json)
