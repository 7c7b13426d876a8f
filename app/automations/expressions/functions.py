"""All functions that expressions may call, by name."""

from app.automations.expressions import dates, number_functions, text_functions
from app.automations.expressions.registry import REGISTERED

__all__ = ["FUNCTIONS", "dates", "number_functions", "text_functions"]

FUNCTIONS = REGISTERED
