"""Why a backup was not made or not restored; each sentence says what to do."""

from crowdfund.kernel.errors import Conflict


class BackupFailed(Conflict):
    """The backup could not be made; nothing was changed."""

    code = "backup_failed"


class RestoreFailed(Conflict):
    """A restore stopped on its way; the database is filled in part."""

    code = "restore_failed"

    def __init__(self, why: str) -> None:
        super().__init__(
            f"{why} The database is filled in part only: restore again with --replace."
        )


class RestoreRefused(Conflict):
    """The backup does not fit here; nothing was changed."""

    code = "restore_refused"
