"""What can be wrong with an expression. Messages are for whoever wrote it."""


class ExpressionError(ValueError):
    """`at` counts characters from the beginning of the expression, where that is known."""

    def __init__(self, message: str, at: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.at = at


class BadExpression(ExpressionError):
    """It can't be read, or can never be right: found before anything runs."""


class EvaluationFailed(ExpressionError):
    """These values can't be computed with: a text minus a number, a division by zero."""


class TooMuch(EvaluationFailed):
    """It asks for more work, or for a larger value, than an expression may."""
