"""What happens while somebody signs in."""

from dataclasses import dataclass

from crowdfund.kernel.outbox import Event


@dataclass(frozen=True, kw_only=True)
class CodeRequested(Event, name="otp.requested"):
    """Somebody has asked for a sign-in code."""

    otp_id: str
