"""Errors that know how they are shown: status, sentence for a person, machine code."""

from collections.abc import Mapping


class CrowdfundError(Exception):
    """Base of every refusal; `user_message` says what happened and what to do."""

    status = 400
    code = "bad_request"

    def __init__(
        self, user_message: str, *, status: int | None = None, field: str | None = None
    ) -> None:
        super().__init__(str(user_message))
        self.user_message = str(user_message)  # in the language of the reader
        self.field = field
        if status is not None:
            self.status = status


class Invalid(CrowdfundError):
    """Input that breaks a rule; `field` names where."""

    status = 422
    code = "invalid"


class InvalidFields(Invalid):
    """Several fields break a rule; `errors` maps each to its sentence."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        field, message = next(iter(errors.items()))
        super().__init__(message, field=field)
        self.errors = dict(errors)


class InvalidAmount(Invalid):
    """Text that is not an amount of money."""

    code = "invalid_amount"


class FileRefused(Invalid):
    """An upload that is not what it should be; the sentence says what to send instead."""

    code = "file_refused"


class NotSignedIn(CrowdfundError):
    """The page needs a person."""

    status = 401
    code = "not_signed_in"


class Forbidden(CrowdfundError):
    """This person may not do this."""

    status = 403
    code = "forbidden"


class NotYours(Forbidden):
    """Four eyes: this needs someone else than the person, author, owner or company concerned."""

    code = "not_yours"


class NotFound(CrowdfundError):
    """No such thing, or none that this person may see."""

    status = 404
    code = "not_found"


class Conflict(CrowdfundError):
    """The thing changed meanwhile, or its state does not allow this."""

    status = 409
    code = "conflict"


class WrongState(Conflict):
    """The thing is not in a state that allows this."""

    code = "wrong_state"


class TooMany(CrowdfundError):
    """A limit per person, address or minute was reached."""

    status = 429
    code = "too_many"


class Unavailable(CrowdfundError):
    """An outside part does not answer; nothing was lost."""

    status = 503
    code = "unavailable"
