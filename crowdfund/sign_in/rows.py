"""Rows that queries of signing in return."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class OtpRow:
    """A request for a sign-in code; `identifier` is an e-mail address or a number in E.164."""

    id: str
    kind: str
    identifier: str
    digits: int
    language: str
    attempts: int
    device: str
    expires_at: datetime
