"""What the operations of a domain look like. They flush, and never commit. `actor` is whoever is signed in, an
`Identity`, which core knows nothing of."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar

from app.core.errors import Conflict

T = TypeVar("T")
R_contra = TypeVar("R_contra", contravariant=True)
R_co = TypeVar("R_co", covariant=True)
I_contra = TypeVar("I_contra", contravariant=True)


class Create(Protocol[I_contra, R_co]):
    def __call__(self, values: I_contra, /, *, actor: Any) -> R_co: ...


class CreateBelow(Protocol[I_contra, R_co]):
    def __call__(self, parent: Any, values: I_contra, /, *, actor: Any) -> R_co: ...


class CreateMany(Protocol[I_contra, R_co]):
    def __call__(self, many: Sequence[I_contra], /, *, actor: Any) -> Sequence[R_co]: ...


class Update(Protocol[R_contra]):
    def __call__(self, record: R_contra, changes: Mapping[str, Any], /, *, actor: Any) -> object: ...


class UpdateMany(Protocol[R_contra]):
    def __call__(self, changed: Sequence[tuple[R_contra, Mapping[str, Any]]], /, *, actor: Any) -> object: ...


class Act(Protocol[R_contra]):
    def __call__(self, record: R_contra, /, *, actor: Any) -> object: ...


class ActOnMany(Protocol[R_contra]):
    def __call__(self, several: Sequence[R_contra], /, *, actor: Any) -> object: ...


def required(operation: T | None) -> T:
    """The operation that a kind may have."""
    if operation is None:
        raise Conflict("This can't be done with a record of this kind.")
    return operation
