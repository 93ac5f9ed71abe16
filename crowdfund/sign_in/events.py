"""What happens while a person signs in."""

from dataclasses import dataclass

from crowdfund.kernel.outbox import Event


@dataclass(frozen=True, kw_only=True)
class CodeRequested(Event, name="otp.requested"):
    """A sign-in code was requested."""

    otp_id: str
