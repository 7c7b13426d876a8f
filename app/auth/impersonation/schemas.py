from typing import Annotated

from pydantic import Field

from app.core.schemas import Input, Line


class SeeAsInput(Input):
    """Why a member of staff looks through a customer's eyes."""

    reason: Annotated[
        str,
        Line(200, min_length=3, help="Such as a ticket's number, or what they asked. It is kept in the audit."),
        Field(title="Why"),
    ]
