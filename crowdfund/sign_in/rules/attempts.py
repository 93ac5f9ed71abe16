"""Sign-ins at a provider or in a wallet: how long they last and how many may be started."""

from datetime import timedelta

from crowdfund.kernel.errors import CrowdfundError, TooMany
from crowdfund.kernel.i18n import _
from crowdfund.sign_in.rules.limits import MINUTE, Limit

ATTEMPT_LIFETIME = timedelta(minutes=10)
# A signature cannot be guessed; this keeps one visitor from filling the table. Many people may
# share an address and its network.
ATTEMPTS = (Limit("browser", MINUTE, 20), Limit("ip", MINUTE, 200), Limit("network", MINUTE, 600))


class AttemptStale(CrowdfundError):
    """The sign-in was used, has expired, or was started in another browser: one answer for all."""

    status = 409
    code = "attempt_stale"

    def __init__(self) -> None:
        reason = _(
            "This sign-in was already used, is older than 10 minutes, "
            "or was started in another browser."
        )
        advice = _("Nothing was changed. Start again.")
        super().__init__(f"{reason} {advice}")


class TooManyAttempts(TooMany):
    """More sign-ins were started from one network than people need."""

    code = "too_many_attempts"

    def __init__(self) -> None:
        text = _("Too many sign-ins were started from here. Wait a minute, then try again.")
        super().__init__(text)
