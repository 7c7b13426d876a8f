"""What can go wrong with a request that is well understood. Each surface (HTML, JSON, jobs) maps these in one place.

A domain raises a subclass that states its rule in its name (`SlugTaken`, `ProductIsArchived`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

_BETWEEN_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True)
class FieldError:
    """One thing that is wrong with one value.

    `pointer` is a JSON Pointer (RFC 6901) into the body (`/features/2`), or `/query/NAME` for a query parameter.
    """

    pointer: str
    message: str
    code: str


class DomainError(Exception):
    """A rule said no. `message` is for the person who asked: what is wrong and what would be right.

    Its `code` is what the class is called (`slug-taken`), where it sets no other: to rename the class is to rename the
    code. A rule that always says the same has that as `says`. One about a field has its pointer as `at`, and as `wrong`
    the code of the field's error, where it isn't its own; `errors` is for what is wrong with several.
    """

    status = 500
    code = "error"
    says = ""
    at = ""
    wrong = ""

    def __init_subclass__(cls) -> None:
        if "code" not in cls.__dict__:
            cls.code = _BETWEEN_WORDS.sub("-", cls.__name__).lower()

    def __init__(self, message: str = "", *, at: str = "", wrong: str = "", errors: Sequence[FieldError] = ()) -> None:
        super().__init__(message or self.says)
        self.message, at = message or self.says, at or self.at
        here = [FieldError(at, self.message, wrong or self.wrong or self.code)] if at else []
        self.errors = tuple(errors or here)

    @classmethod
    def saying(cls, message: str, *, errors: Sequence[FieldError] = ()) -> Self:
        """This error with another message than it would make itself, about these fields alone."""
        error = cls.__new__(cls)
        DomainError.__init__(error, message)
        error.errors = tuple(errors)
        return error


class Unauthorized(DomainError):
    """The asker hasn't said who it is, or not in a way that counts."""

    status = 401


class NotFound(DomainError):
    """There is no such thing, or the asker may not know of it."""

    status = 404


class Refused(DomainError):
    """The asker may not do this."""

    status = 403


class Conflict(DomainError):
    """The present state forbids it: a duplicate, or a step out of order."""

    status = 409


class PreconditionFailed(DomainError):
    """The object changed since the asker read it (`If-Match`)."""

    status, code = 412, "changed-since"


class Invalid(DomainError):
    """The input breaks a rule of shape or content; `errors` says where."""

    status = 422
